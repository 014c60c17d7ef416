"""What a layer is quantized with."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from ctypes import Structure, c_double, c_int32, c_int64
from typing import Any, Literal, TypedDict

from ._numbers import integer
from .errors import InvalidArgument

Effort = Literal["fast", "balanced"]
Method = Literal["gptq", "rtn"]
NumberType = Literal["float32", "bfloat16", "float16"]
Dimension = Literal["adaptive", "per-oc", "per-ic"]
Selection = Literal["rtn", "sweep"]
Ranges = Literal["minmax", "search"]
Refined = Literal["both", "codes", "scales"]
Grid = Literal["uniform", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"]


class Settings(TypedDict, total=False):
    """Keyword arguments of Quantizer and of quantize(). What is not given is as `effort` has it.

    effort: how much is done to lose less: "balanced", the default, or "fast", which is plain GPTQ.
    bits: 2, 3, 4 or 8; 4 by default.
    group_size: weights that share a scale and a zero point, 128 by default; None for a whole channel.
    dimension: along which groups run: "per-oc" inside a row of the weight, the usual way; "per-ic" inside a column;
        "adaptive", the default, whichever reconstructs the layer's outputs better.
    method: "gptq", the default, where later columns compensate for the errors of earlier ones; "rtn", round to nearest,
        with the ranges of the effort; the tool's --method rtn starts from "fast".
    selection: by which loss "adaptive" chooses for "gptq": "rtn", the default, that of rounding to nearest in both
        directions, as the paper does; "sweep", that of sweeping in both directions.
    symmetric: whether zero points are in the middle; False by default.
    damping: λ as a share of H's mean diagonal, 0 to 1; 0.1 balanced, 0.01 fast. It is raised tenfold while there is no
        factor, up to 1, unless it is 0.
    activation_order: act-order, columns by descending activation; True balanced, False fast.
    scale_type: the type of stored scales, "bfloat16" by default.
    ranges: how much of a group's range its grid covers: "minmax", all of it, fast; "search", the part with the smallest
        error (MSE clipping), balanced.
    refine: what the passes of coordinate descent over a swept layer change: "both", the default, "codes" or "scales".
    passes: how many passes, 0 to 1000; 4 balanced, 0 fast. No pass raises the loss under the damped H.
    grid: on which grids weights are: "uniform", the default, or the two-level ones of a K-quant of llama.cpp. Bits, group
        size and symmetry follow from it, and groups are per-OC; inputs must be a multiple of 256.
    """

    effort: Effort
    bits: int
    group_size: int | None
    dimension: Dimension
    method: Method
    selection: Selection
    symmetric: bool
    damping: float
    activation_order: bool
    scale_type: NumberType
    ranges: Ranges
    refine: Refined
    passes: int
    grid: Grid


class Options(Structure):
    """adadim_options."""

    _fields_ = [
        ("size", c_int64),
        ("bits", c_int64),
        ("group_size", c_int64),
        ("damping", c_double),
        ("method", c_int32),
        ("dimension", c_int32),
        ("selection", c_int32),
        ("symmetric", c_int32),
        ("activation_order", c_int32),
        ("scale_type", c_int32),
        ("ranges", c_int32),
        ("refine", c_int32),
        ("grid_type", c_int32),
        ("passes", c_int64),
    ]


TYPES = {"float32": 0, "bfloat16": 1, "float16": 2}
EFFORTS = {"fast": 0, "balanced": 1}
METHODS = {"gptq": 0, "rtn": 1}
DIMENSIONS = {"adaptive": 0, "per-oc": 1, "per-ic": 2}
SELECTIONS = {"rtn": 0, "sweep": 1}
RANGES = {"minmax": 0, "search": 1}
REFINED = {"both": 0, "codes": 1, "scales": 2}
GRIDS = {"uniform": 0, "Q2_K": 2, "Q3_K": 3, "Q4_K": 4, "Q5_K": 5, "Q6_K": 6}


def effort(settings: Mapping[str, Any]) -> int:
    """The code of the effort that settings begin with."""
    return _chosen(EFFORTS)(settings.get("effort", "balanced"), "effort")


def grid_type(settings: Mapping[str, Any]) -> int:
    """The code of the grids, from which other settings follow."""
    return _chosen(GRIDS)(settings.get("grid", "uniform"), "grid")


def fill(options: Options, settings: Mapping[str, Any]) -> None:
    """Changes options by settings."""
    for name, value in settings.items():
        if name in ("effort", "grid"):
            continue
        if name not in _FIELDS:
            raise TypeError(f"no setting {name!r}{_likely(name)}")
        setattr(options, name, _FIELDS[name](value, name))


def _likely(name: str) -> str:
    near = difflib.get_close_matches(name, ["effort", "grid", *_FIELDS], 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _chosen(codes: Mapping[str, int]) -> Callable[[Any, str], int]:
    def code(value: Any, name: str) -> int:
        if value not in codes:
            expected = ", ".join(f'"{choice}"' for choice in codes)
            raise InvalidArgument(f"{name} is {value!r}, expected one of {expected}")
        return codes[value]

    return code


def _group_size(value: Any, name: str) -> int:
    # C's 0 stands for a channel; here, None does.
    if value is None:
        return 0
    size = integer(value, name)
    if size < 1:
        raise InvalidArgument(f"{name} is {value}, expected 1 or more, or None for a whole channel")
    return size


def _flag(value: Any, _: str) -> int:
    return 1 if value else 0


def _number(value: Any, _: str) -> Any:
    return value


_FIELDS: dict[str, Callable[[Any, str], Any]] = {
    "bits": integer,
    "group_size": _group_size,
    "dimension": _chosen(DIMENSIONS),
    "method": _chosen(METHODS),
    "selection": _chosen(SELECTIONS),
    "symmetric": _flag,
    "damping": _number,
    "activation_order": _flag,
    "scale_type": _chosen(TYPES),
    "ranges": _chosen(RANGES),
    "refine": _chosen(REFINED),
    "passes": integer,
}
"""What an argument becomes in the field of its name."""
