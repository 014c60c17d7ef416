"""What a layer is quantized with."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypedDict

from . import _header
from ._arrays import NumberType
from ._gram import integer
from ._layer import Method
from ._calls import check
from ._library import library
from .errors import InvalidArgument

Effort = Literal["fast", "balanced"]
Dimension = Literal["adaptive", "per-oc", "per-ic"]
Selection = Literal["rtn", "sweep"]
Ranges = Literal["minmax", "search"]
Refined = Literal["both", "codes", "scales"]


class Settings(TypedDict, total=False):
    """Keyword arguments of Quantizer and of quantize(). What is not given is as `effort` has it.

    effort: how much is done to lose less: "balanced", the default, or "fast", which is plain GPTQ.
    bits: 2, 3, 4 or 8; 4 by default.
    group_size: weights that share a scale and a zero point, 128 by default; None for a whole channel.
    dimension: along which groups run: "per-oc" inside a row of the weight, the usual way; "per-ic" inside a column;
        "adaptive", the default, whichever reconstructs the layer's outputs better.
    method: "gptq", the default, where later columns compensate for the errors of earlier ones; "rtn", round to nearest.
    selection: by which loss "adaptive" chooses for "gptq": "rtn", the default, that of rounding to nearest in both
        directions, as the paper does; "sweep", that of sweeping in both directions.
    symmetric: whether zero points stand in the middle; False by default.
    damping: λ as a share of H's mean diagonal, 0 to 1; 0.1 balanced, 0.01 fast. It is raised tenfold while there is no
        factor, up to 1, unless it is 0.
    activation_order: act-order, columns by descending activation; True balanced, False fast.
    scale_type: the type of stored scales, "bfloat16" by default.
    ranges: how much of a group's range its grid covers: "minmax", all of it, fast; "search", the part with the smallest
        error (MSE clipping), balanced.
    refine: what the passes of coordinate descent over a swept layer change: "both", the default, "codes" or "scales".
    passes: how many passes, 0 to 1000; 4 balanced, 0 fast. No pass raises the loss under the damped H.
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


def made_options(settings: Mapping[str, Any]) -> _header.Options:
    """The settings as the library takes them."""
    options = _header.Options()
    check(library.adadim_options_init(options, _chosen(_header.EFFORTS)(settings.get("effort", "balanced"), "effort")))
    for name, value in settings.items():
        if name == "effort":
            continue
        if name not in _FIELDS:
            raise TypeError(f"no setting {name!r}{_likely(name)}")
        setattr(options, name, _FIELDS[name](value, name))
    return options


def _likely(name: str) -> str:
    near = difflib.get_close_matches(name, ["effort", *_FIELDS], 1)
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
    "dimension": _chosen(_header.DIMENSIONS),
    "method": _chosen(_header.METHODS),
    "selection": _chosen(_header.SELECTIONS),
    "symmetric": _flag,
    "damping": _number,
    "activation_order": _flag,
    "scale_type": _chosen(_header.TYPES),
    "ranges": _chosen(_header.RANGES),
    "refine": _chosen(_header.REFINED),
    "passes": integer,
}
"""What an argument becomes in the field of its name."""
