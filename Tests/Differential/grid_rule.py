"""The grid of a group and the codes on it, from the definitions in Documentation/Design.md: in float32 where everything is given,
and in float64, with how far an engine in float32 may be off, where weights were updated on the way."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# Float32's spacing at 1: twice what one rounding may be off by, relatively.
EPS = 2.0**-23
# What float32 may lose of any product because numbers end there: half its smallest number, and some more.
TINY = 2.0**-148

# Significant bits, exponent of the smallest normal number, largest number.
TYPES = {
    "bfloat16": (8, -126, (2 - 2.0**-7) * 2.0**127),
    "float16": (11, -14, 65504.0),
    "float32": (24, -126, (2 - 2.0**-23) * 2.0**127),
}
SHARES = [np.float32(1) - np.float32(k) / np.float32(10) for k in range(7)]
# Of either end, a pair a column.
CANDIDATES = np.array([(low, high) for low in SHARES for high in SHARES], np.float64).T


def rounded(values: npt.NDArray, type: str) -> Doubles:
    """Positive numbers rounded to the nearest of a type, ties to even; infinite beyond it."""
    precision, least, largest = TYPES[type]
    values = np.asarray(values, np.float64)
    unit = np.ldexp(1.0, np.maximum(np.frexp(values)[1] - 1, least) - precision + 1)
    result = np.rint(values / unit) * unit
    return np.where(result > largest, np.inf, result)


def smallest(type: str) -> float:
    precision, least, _ = TYPES[type]
    return 2.0 ** (least - precision + 1)


@dataclass(frozen=True)
class Grid:
    bits: int
    symmetric: bool
    type: str
    search: bool

    @property
    def largest(self) -> int:
        return 2**self.bits - 1

    @property
    def middle(self) -> int:
        return 2 ** (self.bits - 1)

    def half_range(self, low: npt.NDArray, high: npt.NDArray) -> npt.NDArray:
        return np.maximum(-low, high) if self.symmetric else high / 2 - low / 2

    def exact(self, low: npt.NDArray[np.float32], high: npt.NDArray[np.float32]) -> tuple[Doubles, Doubles]:
        """Scale and zero point of ranges that are given in float32, in float32's own arithmetic."""
        half = self.half_range(low, high)
        scale = rounded(half / np.float32(self.largest / 2), self.type)
        scale = np.where(scale == 0, smallest(self.type), scale)
        with np.errstate(over="ignore"):
            zero = np.clip(np.rint(-low / scale.astype(np.float32)), 0, self.largest).astype(np.float64)
        if self.symmetric:
            zero = np.full_like(zero, self.middle)
        return np.where(half == 0, 1, scale), np.where(half == 0, self.middle if self.symmetric else 0, zero)

    def codes(
        self, weight: npt.NDArray[np.float32], scale: npt.NDArray[np.float32], zero: npt.NDArray[np.float32]
    ) -> npt.NDArray:
        """Codes of weights on given grids, in float32's own arithmetic."""
        return np.rint(np.clip(weight / scale, -zero, np.float32(self.largest) - zero)) + zero

    def fits(self, low: Doubles, high: Doubles, off: Doubles, scale: Doubles, zero: Doubles) -> Mask:
        """Whether a scale and a zero point are those of a range whose ends are known but for `off`."""
        half = self.half_range(low, high)
        least = np.maximum(half - off, 0) * (1 - 2 * EPS) - TINY
        most = (half + off) * (1 + 2 * EPS) + TINY
        bound = self.largest / 2
        smaller = np.maximum(rounded(np.maximum(least, 0) / bound, self.type), smallest(self.type))
        larger = np.maximum(rounded(most / bound, self.type), smallest(self.type))
        scale_fits = (smaller <= scale) & (scale <= larger) | ((least <= 0) & (scale == 1))
        if self.symmetric:
            return scale_fits & (zero == self.middle)
        slack = off / scale + 4 * EPS * self.largest
        first = np.clip(np.rint(np.maximum(-low, 0) / scale - slack), 0, self.largest)
        last = np.clip(np.rint(np.maximum(-low, 0) / scale + slack), 0, self.largest)
        return scale_fits & (first <= zero) & (zero <= last)

    def excess(
        self, target: Doubles, off: Doubles, codes: Doubles, scale: Doubles, zero: Doubles
    ) -> tuple[Doubles, Doubles]:
        """By how much more than half a step each code misses its target, known but for `off`, and by how much it may."""
        with np.errstate(over="ignore"):
            place = np.clip(target / scale, -zero, self.largest - zero)
            return np.abs(codes - zero - place) - 0.5, off / scale + 4 * EPS * (1 + np.abs(place))

    def judge_groups(
        self, members: Doubles, off: Doubles, importance: Doubles, scale: Doubles, zero: Doubles
    ) -> Mask:
        """Whether each group's grid is what the rule makes of its members.

        members, off: [groups, members], known but for off. importance: of each member. scale, zero: [groups].
        """
        low, high = np.minimum(members.min(1), 0), np.maximum(members.max(1), 0)
        most_off = off.max(1)
        if not self.search:
            return self.fits(low, high, most_off, scale, zero)
        # A candidate a row: [candidates, groups].
        lows, highs = (np.outer(shares, end) for shares, end in zip(CANDIDATES, (low, high)))
        least, most = self._trial(members, off, importance, lows, highs, most_off)
        is_best = least <= most.min(0)
        return np.any(is_best & self.fits(lows, highs, most_off + EPS * (high - low), scale, zero), axis=0)

    def _trial(
        self, members: Doubles, off: Doubles, importance: Doubles, low: Doubles, high: Doubles, most_off: Doubles
    ) -> tuple[Doubles, Doubles]:
        """The weighted squared errors of each group on each part of its range, with the scale still unrounded: the least and the
        most that float32 may find, [candidates, groups]."""
        floor = 2.0**-126
        if self.symmetric:
            scale = np.maximum(np.maximum(-low, high) * 2 / self.largest, floor)
            firsts = [np.full(low.shape, -float(self.middle))]
        else:
            scale = np.maximum((high - low) / self.largest, floor)
            place = np.maximum(low / scale, -self.largest)
            slack = most_off / scale + 8 * EPS * self.largest
            firsts = [np.rint(place - slack), np.rint(place + slack)]
            if np.array_equal(*firsts):
                firsts = firsts[:1]
        scale_off = 2 * most_off / self.largest + 8 * EPS * scale
        place = members / scale[..., None]
        sums = []
        for first in firsts:
            code = np.rint(np.clip(place, first[..., None], first[..., None] + self.largest))
            missed = np.abs(members - code * scale[..., None])
            np.abs(code, out=code)
            missed_off = off + 4 * EPS * np.abs(members) + code * (scale_off + 4 * EPS * scale)[..., None]
            sum = missed**2 @ importance
            sum_off = (missed_off * (2 * missed + missed_off)) @ importance + (members.shape[1] + 8) * EPS * sum
            sum_off += members.shape[1] * (TINY + TINY * importance.max())
            sums += [sum - sum_off, sum + sum_off]
        return np.min(sums, axis=0), np.max(sums, axis=0)
