"""Quantizing weights."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy.typing as npt

from . import _arrays, _header
from ._arrays import NumberType
from ._calls import ProgressCallback, check, run
from ._gram import Gram, integer
from ._handles import Handle, Owner
from ._layer import Direction, Method, QuantizedLayer
from ._library import library
from .errors import InvalidArgument

if TYPE_CHECKING:
    import torch

Dimension = Literal["adaptive", "per-oc", "per-ic"]
Selection = Literal["rtn", "sweep"]
Ranges = Literal["minmax", "search"]
Refined = Literal["both", "codes", "scales"]


class Quantizer(Owner):
    """Quantizes layers that see the same inputs: query, key and value; gate and up. Their Gram matrix is factored once.

    May be used from several threads. A context manager, see `close()`.
    """

    def __init__(
        self,
        gram: Gram,
        *,
        bits: int = 4,
        group_size: int | None = 128,
        dimension: Dimension = "adaptive",
        method: Method = "gptq",
        selection: Selection = "rtn",
        symmetric: bool = False,
        damping: float = 0.01,
        activation_order: bool = False,
        scale_type: NumberType = "bfloat16",
        ranges: Ranges = "minmax",
        refine: Refined = "both",
        passes: int = 0,
        progress: ProgressCallback | None = None,
        consume: bool = False,
    ) -> None:
        """Factors H + λI.

        bits: 2, 3, 4 or 8.
        group_size: weights that share a scale and a zero point; None for a whole channel.
        dimension: along which groups run: "per-oc" inside a row of the weight, the usual way; "per-ic" inside a column;
            "adaptive" the one that reconstructs the layer's outputs better.
        method: "gptq", later columns compensate for the errors of earlier ones; "rtn", round to nearest.
        selection: by which loss "adaptive" chooses for "gptq": "rtn", of rounding to nearest in both directions, as the
            paper does; "sweep", of sweeping in both directions.
        symmetric: zero points in the middle.
        damping: λ as a share of H's mean diagonal, 0 to 1. It is raised tenfold while there is no factor, up to 1,
            unless it is 0.
        activation_order: act-order, columns by descending activation.
        scale_type: the type of the stored scales.
        ranges: how much of a group's range its grid covers: "minmax" all of it, "search" the part with the
            smallest error (MSE clipping).
        refine: what the passes of coordinate descent over a swept layer change: "both" codes and scales, or only "codes" or
            "scales".
        passes: the number of passes, 0 to 1000. No pass raises the loss under the damped H. "rtn" has no passes.
            ranges="search", activation_order=True, passes=4 and damping=0.1 are the defaults of `adadim layer`.
        progress: called with the share of the work that is done, 0 to 1, from any thread, one call at a time; shares
            rise, but start again at 0 when λ is raised. It must return soon and not call this package. An exception of
            it cancels the work and is raised here.
        consume: computes the factor in the memory of the Gram matrix and closes it, so that it is in memory only once.
            It stays open if an argument is refused.

        In the main thread, a signal handler that raises, as Python's own for the interrupt key does, cancels the work, too.

        Raises InvalidArgument for options out of range; AllInputsInactive where no token was added; NotPositiveDefinite;
        OutOfRange for inputs whose squares are too large for float32; OutOfMemory; Closed.
        """
        _check_gram(gram)
        options = _options(
            bits, group_size, dimension, method, selection, symmetric, damping, activation_order, scale_type,
            ranges, refine, passes,
        )
        self._inputs = gram.inputs

        def factored(told: Any) -> Handle:
            def make(place: ctypes.c_void_p) -> None:
                if consume:
                    with gram._handle.given_up() as taken:
                        check(library.adadim_quantizer_take(taken, options, told, None, place))
                else:
                    with gram._handle.lent() as pointer:
                        check(library.adadim_quantizer_create(pointer, options, told, None, place))

            return Handle(make, library.adadim_quantizer_destroy)

        self._handle = run(factored, progress)

    @property
    def inputs(self) -> int:
        """Inputs of the layers."""
        return self._inputs

    @overload
    def quantize(
        self, weight: npt.NDArray[Any], *, progress: ProgressCallback | None = ...
    ) -> QuantizedLayer[npt.NDArray[Any]]: ...

    @overload
    def quantize(
        self, weight: torch.Tensor, *, progress: ProgressCallback | None = ...
    ) -> QuantizedLayer[torch.Tensor]: ...

    def quantize(
        self, weight: npt.NDArray[Any] | torch.Tensor, *, progress: ProgressCallback | None = None
    ) -> QuantizedLayer[Any]:
        """Quantizes a weight.

        weight: [out, inputs], float32, float16 or bfloat16; see Gram.accumulate for what is copied.
        progress: as above.

        Raises NotFinite with the place; WrongSize; OutOfRange for a scale or a loss; TypeError; OutOfMemory; Closed.
        """
        return self._quantize(_arrays.matrix(weight, self._inputs, "weight"), progress)

    def _quantize(self, weight: _arrays.Numbers, progress: ProgressCallback | None) -> QuantizedLayer[Any]:
        def quantized(told: Any) -> Handle:
            def make(place: ctypes.c_void_p) -> None:
                with self._handle.lent() as pointer:
                    check(
                        library.adadim_quantizer_quantize(
                            pointer, weight.address, weight.type_code, weight.shape[0], told, None, place
                        )
                    )

            return Handle(make, library.adadim_layer_destroy)

        return QuantizedLayer(run(quantized, progress), weight.type, weight.is_tensor)

    def __repr__(self) -> str:
        return f"<Quantizer, {self._inputs} inputs{', closed' if self.closed else ''}>"


@overload
def quantize(
    weight: npt.NDArray[Any],
    gram: Gram,
    *,
    bits: int = ...,
    group_size: int | None = ...,
    dimension: Dimension = ...,
    method: Method = ...,
    selection: Selection = ...,
    symmetric: bool = ...,
    damping: float = ...,
    activation_order: bool = ...,
    scale_type: NumberType = ...,
    ranges: Ranges = ...,
    refine: Refined = ...,
    passes: int = ...,
    progress: ProgressCallback | None = ...,
    consume: bool = ...,
) -> QuantizedLayer[npt.NDArray[Any]]: ...


@overload
def quantize(
    weight: torch.Tensor,
    gram: Gram,
    *,
    bits: int = ...,
    group_size: int | None = ...,
    dimension: Dimension = ...,
    method: Method = ...,
    selection: Selection = ...,
    symmetric: bool = ...,
    damping: float = ...,
    activation_order: bool = ...,
    scale_type: NumberType = ...,
    ranges: Ranges = ...,
    refine: Refined = ...,
    passes: int = ...,
    progress: ProgressCallback | None = ...,
    consume: bool = ...,
) -> QuantizedLayer[torch.Tensor]: ...


def quantize(
    weight: npt.NDArray[Any] | torch.Tensor,
    gram: Gram,
    *,
    bits: int = 4,
    group_size: int | None = 128,
    dimension: Dimension = "adaptive",
    method: Method = "gptq",
    selection: Selection = "rtn",
    symmetric: bool = False,
    damping: float = 0.01,
    activation_order: bool = False,
    scale_type: NumberType = "bfloat16",
    ranges: Ranges = "minmax",
    refine: Refined = "both",
    passes: int = 0,
    progress: ProgressCallback | None = None,
    consume: bool = False,
) -> QuantizedLayer[Any]:
    """Quantizes one weight [out, inputs]; for several that see the same inputs, make one Quantizer.

    Arguments and errors are those of Quantizer and of its method quantize. The share that `progress` receives covers both.
    """
    _check_gram(gram)
    matrix = _arrays.matrix(weight, gram.inputs, "weight")
    # Flops: inputs³/3 of the factor, out·inputs² of each of about three products of a layer.
    factor = gram.inputs / (gram.inputs + 9 * matrix.shape[0])
    quantizer = Quantizer(
        gram, bits=bits, group_size=group_size, dimension=dimension, method=method, selection=selection,
        symmetric=symmetric, damping=damping, activation_order=activation_order, scale_type=scale_type,
        ranges=ranges, refine=refine, passes=passes,
        progress=_part(progress, 0, factor), consume=consume,
    )  # fmt: skip
    with quantizer:
        return quantizer._quantize(matrix, _part(progress, factor, 1))


def _part(progress: ProgressCallback | None, start: float, end: float) -> ProgressCallback | None:
    """Reports the shares of a part as shares of the whole."""
    return None if progress is None else lambda share: progress(start + (end - start) * share)


def _check_gram(gram: object) -> None:
    if not isinstance(gram, Gram):
        raise TypeError(f"gram is a {type(gram).__name__}, expected a Gram")


def _options(
    bits: int,
    group_size: int | None,
    dimension: str,
    method: str,
    selection: str,
    symmetric: bool,
    damping: float,
    activation_order: bool,
    scale_type: str,
    ranges: str,
    refine: str,
    passes: int,
) -> _header.Options:
    options = _header.Options()
    check(library.adadim_options_init(options))
    options.bits = integer(bits, "bits")
    # C's 0 stands for a channel; here, None does.
    options.group_size = 0 if group_size is None else integer(group_size, "group_size")
    if group_size is not None and options.group_size < 1:
        raise InvalidArgument(f"group_size is {group_size}, expected 1 or more, or None for a whole channel")
    options.dimension = _code(_header.DIMENSIONS, dimension, "dimension")
    options.method = _code(_header.METHODS, method, "method")
    options.selection = _code(_header.SELECTIONS, selection, "selection")
    options.symmetric = 1 if symmetric else 0
    options.damping = damping
    options.activation_order = 1 if activation_order else 0
    options.scale_type = _code(_header.TYPES, scale_type, "scale_type")
    options.ranges = _code(_header.RANGES, ranges, "ranges")
    options.refine = _code(_header.REFINED, refine, "refine")
    options.passes = integer(passes, "passes")
    return options


def _code(codes: Mapping[str, int], name: str, argument: str) -> int:
    if name not in codes:
        expected = ", ".join(f'"{name}"' for name in codes)
        raise InvalidArgument(f"{argument} is {name!r}, expected one of {expected}")
    return codes[name]
