"""Quantizing weights."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, overload

import numpy.typing as npt

from . import _arrays
from ._calls import ProgressCallback, check, run
from ._gram import Gram
from ._handles import Handle, Owner
from ._layer import QuantizedLayer
from ._library import library
from ._settings import Options, Settings, effort, fill, grid_type

if TYPE_CHECKING:
    import torch
    from typing_extensions import Unpack


class Quantizer(Owner):
    """Quantizes layers that see the same inputs: query, key and value; gate and up. Their Gram matrix is factored once.

    May be used from several threads. A context manager, see `close()`.
    """

    def __init__(
        self,
        gram: Gram,
        *,
        progress: ProgressCallback | None = None,
        consume: bool = False,
        **settings: Unpack[Settings],
    ) -> None:
        """Factors H + λI.

        progress: called with the share of the work that is done, 0 to 1, from any thread, one call at a time; shares
            rise, but start again at 0 when λ is raised. It must return soon and not call this package. An exception of
            it cancels the work and is raised here.
        consume: computes the factor in the memory of the Gram matrix and closes it, so that it is in memory only once.
            It stays open if an argument is refused.

        settings: see Settings; by default effort="balanced".

        In the main thread, a signal handler that raises, as Python's own for the interrupt key does, cancels the work, too.

        Raises InvalidArgument for options out of range; AllInputsInactive where no token was added; NotPositiveDefinite;
        OutOfRange for inputs whose squares are too large for float32; OutOfMemory; Closed.
        """
        _check_gram(gram)
        options = _options(settings)
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
    progress: ProgressCallback | None = ...,
    consume: bool = ...,
    **settings: Unpack[Settings],
) -> QuantizedLayer[npt.NDArray[Any]]: ...


@overload
def quantize(
    weight: torch.Tensor,
    gram: Gram,
    *,
    progress: ProgressCallback | None = ...,
    consume: bool = ...,
    **settings: Unpack[Settings],
) -> QuantizedLayer[torch.Tensor]: ...


def quantize(
    weight: npt.NDArray[Any] | torch.Tensor,
    gram: Gram,
    *,
    progress: ProgressCallback | None = None,
    consume: bool = False,
    **settings: Unpack[Settings],
) -> QuantizedLayer[Any]:
    """Quantizes one weight [out, inputs]; for several that see the same inputs, make one Quantizer.

    Arguments and errors are those of Quantizer and of its method quantize. The share that `progress` receives covers both.
    """
    _check_gram(gram)
    matrix = _arrays.matrix(weight, gram.inputs, "weight")
    # Flops: inputs³/3 of the factor, out·inputs² of each of about three products of a layer.
    factor = gram.inputs / (gram.inputs + 9 * matrix.shape[0])
    quantizer = Quantizer(gram, progress=_part(progress, 0, factor), consume=consume, **settings)
    with quantizer:
        return quantizer._quantize(matrix, _part(progress, factor, 1))


def _part(progress: ProgressCallback | None, start: float, end: float) -> ProgressCallback | None:
    """Reports the shares of a part as shares of the whole."""
    return None if progress is None else lambda share: progress(start + (end - start) * share)


def _check_gram(gram: object) -> None:
    if not isinstance(gram, Gram):
        raise TypeError(f"gram is a {type(gram).__name__}, expected a Gram")


def _options(settings: Mapping[str, Any]) -> Options:
    options = Options()
    check(library.adadim_options_init(options, effort(settings)))
    if "grid" in settings:
        check(library.adadim_options_set_grid(options, grid_type(settings)))
    fill(options, settings)
    return options
