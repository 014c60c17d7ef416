"""Differences of log-likelihoods, window by window, with their intervals.

Both models see the same windows, so a difference is taken within each window and the spread between windows is that of the
differences. Intervals are Student's t: 95 %, two-sided.
"""
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

Z = statistics.NormalDist().inv_cdf(0.975)
BETTER, WORSE, UNKNOWN = "better", "worse", "no significant difference"


class Interval:
    """Around a mean of losses, by its standard error and the degrees of freedom that this is known with."""
    mean: float
    error: float

    @property
    def freedom(self) -> float:
        raise NotImplementedError

    @property
    def half_width(self) -> float:
        return t_quantile(self.freedom) * self.error

    @property
    def low(self) -> float:
        return self.mean - self.half_width

    @property
    def high(self) -> float:
        return self.mean + self.half_width


@dataclass(frozen=True)
class Difference(Interval):
    """A mean over windows, in nats per token, with its standard error."""
    mean: float
    error: float
    windows: int

    @property
    def freedom(self) -> float:
        return self.windows - 1


@dataclass(frozen=True)
class Estimate(Interval):
    """A mean over windows and draws of the calibration text, with its standard error. Without a spread between draws
    (`draws` is 1) the interval is about other windows only."""
    mean: float
    error: float
    degrees: float
    draws: int

    @property
    def freedom(self) -> float:
        return self.degrees


def side(interval: Interval) -> str:
    """Which side of zero the whole interval of a loss is on; a smaller loss is better."""
    return BETTER if interval.high < 0 else WORSE if interval.low > 0 else UNKNOWN


def excess(worse: dict[str, Any], better: dict[str, Any]) -> Difference:
    """How many nats per token the first model loses more than the second, from two outputs of `adadim evaluate --json` on the
    same windows; negative where the first is the better one."""
    for part in ("windowLength", "windows"):
        if worse[part] != better[part]:
            raise ValueError(f"{part} is {worse[part]} for one model and {better[part]} for the other")
    return mean_difference(window_excesses(
        worse["windowLogLikelihoods"], better["windowLogLikelihoods"], worse["windowLength"]))


def window_excesses(worse: Sequence[float], better: Sequence[float], length: int) -> list[float]:
    """Nats per token that the first model loses more, window by window: each predicts all tokens of a window but its first."""
    return [(b - a) / (length - 1) for a, b in zip(worse, better, strict=True)]


def mean_difference(differences: Sequence[float]) -> Difference:
    """Of one difference per window; two are the fewest that have a spread."""
    if len(differences) < 2:
        raise ValueError(f"{len(differences)} windows, expected at least 2: one has no spread")
    error = statistics.stdev(differences) / math.sqrt(len(differences))
    return Difference(statistics.fmean(differences), error, len(differences))


def over_draws(texts: Sequence[Sequence[Sequence[float]]]) -> Estimate:
    """The mean over texts of differences [text][draw][window], for other draws of the calibration text and other windows of
    the same texts.

    Every draw is measured on the same windows, so neither is nested in the other. With S draws, and W windows in each of T
    texts, the error's square is

        variance of the draws' means / S + sum over texts of (variance of the windows' means / W) / T²

    A draw's mean is over all texts, because a draw is the same for all. What neither draw nor window explains is counted in
    both terms, so the interval is rather too wide. Degrees of freedom are Satterthwaite's: near S − 1 where draws matter most,
    near the windows' where they do.
    """
    draws = len(texts[0])
    if any(len(draw) != len(text[0]) or len(text) != draws for text in texts for draw in text):
        raise ValueError("draws that differ in their windows, or texts in their draws, expected the same for all")
    means = [statistics.fmean(statistics.fmean(text[draw]) for text in texts) for draw in range(draws)]
    by_window = [mean_difference([statistics.fmean(window) for window in zip(*text)]) for text in texts]
    terms = [((part.error / len(texts))**2, part.freedom) for part in by_window]
    if draws > 1:
        terms.append((statistics.variance(means) / draws, draws - 1))
    square = sum(term for term, _ in terms)
    degrees = square**2 / sum(term**2 / freedom for term, freedom in terms) if square > 0 else terms[-1][1]
    return Estimate(statistics.fmean(means), math.sqrt(square), degrees, draws)


def over_common_draws(draws: Mapping[Any, Mapping[str, Sequence[float]]], texts: Sequence[str],
                      than: Mapping[Any, Mapping[str, Sequence[float]]] | None = None) -> Estimate | None:
    """`over_draws` of losses [draw][text][window] in these texts; with `than`, of the differences from that, window by window,
    over the draws that both have. None where they share no draw."""
    common = sorted(draw for draw in draws if than is None or draw in than)

    def windows(text: str, draw: Any) -> Sequence[float]:
        mine = draws[draw][text]
        return mine if than is None else [a - b for a, b in zip(mine, than[draw][text], strict=True)]
    return over_draws([[windows(text, draw) for draw in common] for text in texts]) if common else None


@cache
def t_quantile(freedom: float) -> float:
    """Student's t at 0.975, for any degrees of freedom from 1 on.

    With t = √n·tan θ the density is proportional to cosⁿ⁻¹ θ; Newton's steps find the θ that 95 % of it lies within. Its
    integral is concave and the normal quantile lies below the root, so they come from one side.
    """
    if freedom < 1:
        raise ValueError(f"{freedom} degrees of freedom, expected at least 1")
    power = freedom - 1
    whole = math.sqrt(math.pi) / 2 * math.exp(math.lgamma(freedom / 2) - math.lgamma((freedom + 1) / 2))
    angle, step = math.atan(Z / math.sqrt(freedom)), math.inf
    while step > 1e-10:
        step = (0.95 * whole - _integral(power, angle)) / math.cos(angle)**power
        angle += step
    return math.sqrt(freedom) * math.tan(angle)


def _integral(power: float, angle: float, parts: int = 100) -> float:
    """Of the cosine's power from 0 to the angle, by Simpson's rule."""
    values: list[float] = [math.cos(angle * part / parts)**power for part in range(parts + 1)]
    return angle / parts / 3 * (values[0] + 4 * sum(values[1::2]) + 2 * sum(values[2:-1:2]) + values[-1])
