"""Quantized layers."""

from __future__ import annotations

import ctypes
import math
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, Literal, NoReturn, cast

import numpy as np
import numpy.typing as npt

from . import _arrays, _header, _settings
from ._arrays import Array
from ._calls import check
from ._handles import Handle, Owner
from ._library import library
from ._settings import Grid, Method, NumberType

if TYPE_CHECKING:
    import torch

Direction = Literal["per-oc", "per-ic"]
Step = Literal["rtn", "gptq", "refined"]


class QuantizedLayer(Owner, Generic[Array]):
    """A weight [out, inputs] as codes, scales and zero points: weight (i, j) is (code − zero)·scale, less an offset on
    two-level grids that have offsets.

    Arrays are NumPy's, read-only, and copied from the library at their first use. A context manager, see `close()`.
    """

    def __init__(self, handle: Handle, dtype: NumberType, is_tensor: bool) -> None:
        """Not to be called: `quantize` and `Quantizer.quantize` make layers."""
        self._handle = handle
        self._dtype, self._is_tensor = dtype, is_tensor
        self._info = _header.LayerInfo(size=ctypes.sizeof(_header.LayerInfo))
        with self._handle.lent() as pointer:
            check(library.adadim_layer_get_info(pointer, self._info))

    @property
    def shape(self) -> tuple[int, int]:
        """Of the weight and of the codes: (out, inputs)."""
        return self._info.out, getattr(self._info, "in")

    @property
    def bits(self) -> int:
        return int(self._info.bits)

    @property
    def group_size(self) -> int:
        """Weights of a group, at most the length of a channel."""
        return int(self._info.group_size)

    @property
    def dimension(self) -> Direction:
        """Along which groups run: "per-oc" inside a row of the weight, "per-ic" inside a column."""
        return cast(Direction, _name(_settings.DIMENSIONS, self._info.dimension))

    @property
    def grid(self) -> Grid:
        """On which grids the weights are: "uniform", or the type of two-level ones."""
        return cast(Grid, _name(_settings.GRIDS, self._info.grid_type))

    @property
    def method(self) -> Method:
        """How the codes were found."""
        return cast(Method, _name(_settings.METHODS, self._info.method))

    @property
    def loss(self) -> float:
        """‖(W−Q)·X‖², summed over the calibration tokens."""
        return float(self._info.loss)

    @property
    def relative_loss(self) -> float:
        """The loss as a share of ‖W·X‖²; 0 where that is 0."""
        return float(self._info.relative_loss)

    @property
    def output_energy(self) -> float:
        """‖W·X‖², summed over the calibration tokens."""
        return float(self._info.output_energy)

    @property
    def losses(self) -> dict[Direction, dict[Step, float]]:
        """The losses that were measured, by direction and step; "refined" is after the passes of coordinate descent. No key
        where none was."""
        measured: dict[Direction, dict[Step, float]] = {}
        directions: tuple[Direction, ...] = ("per-oc", "per-ic")
        steps: tuple[Step, ...] = ("rtn", "gptq", "refined")
        for direction in directions:
            for step in steps:
                loss = float(getattr(self._info, f"{step}_loss_{direction.replace('-', '_')}"))
                if not math.isnan(loss):
                    measured.setdefault(direction, {})[step] = loss
        return measured

    @property
    def damping(self) -> float:
        """λ over H's mean diagonal: as requested, or as raised."""
        return float(self._info.damping)

    @property
    def inactive_inputs(self) -> int:
        """The number of dead columns: inputs that no token activated."""
        return int(self._info.inactive_inputs)

    @cached_property
    def codes(self) -> npt.NDArray[np.uint8]:
        """uint8 [out, inputs], each in 0 … 2^bits − 1."""
        return self._read("codes", np.uint8, self.shape)

    @cached_property
    def scales(self) -> npt.NDArray[np.float32]:
        """float32, rounded to the scale type already: per-oc [out, ⌈inputs/g⌉], of weight (i, j) at [i, j//g];
        per-ic [⌈out/g⌉, inputs], at [i//g, j]."""
        return self._read("scales", np.float32, self._scale_shape)

    @cached_property
    def zero_points(self) -> npt.NDArray[np.uint8]:
        """The codes of the value 0: uint8, shaped as the scales."""
        return self._read("zero_points", np.uint8, self._scale_shape)

    @cached_property
    def offsets(self) -> npt.NDArray[np.float32] | None:
        """What is subtracted, dmin·m: float32, shaped as the scales; None without offsets, as are the two below."""
        return self._read("offsets", np.float32, self._scale_shape) if self._has_offsets else None

    @cached_property
    def super_offsets(self) -> npt.NDArray[np.float16] | None:
        """dmin: float16 [out, inputs/256]."""
        if not self._has_offsets:
            return None
        return self._halves("super_offsets")

    @cached_property
    def whole_offsets(self) -> npt.NDArray[np.uint8] | None:
        """m: uint8, shaped as the scales."""
        return self._read("whole_offsets", np.uint8, self._scale_shape) if self._has_offsets else None

    @cached_property
    def super_scales(self) -> npt.NDArray[np.float16] | None:
        """d: float16 [out, inputs/256]; None on uniform grids, as is the next."""
        return None if self.grid == "uniform" else self._halves("super_scales")

    @cached_property
    def whole_scales(self) -> npt.NDArray[np.int8] | None:
        """sc: int8, shaped as the scales, which are d·sc."""
        return None if self.grid == "uniform" else self._read("whole_scales", np.int8, self._scale_shape)

    @cached_property
    def packed_codes(self) -> npt.NDArray[np.uint32]:
        """uint32 [out, ⌈inputs·bits/32⌉]: each row a dense stream of bits, least significant bit first, codes
        straddling words, zeros after the last one."""
        return self._read("packed_codes", np.uint32, (self.shape[0], int(self._info.words_per_row)))

    def dequantize(self, dtype: NumberType | npt.DTypeLike | torch.dtype | None = None) -> Array:
        """The dequantized weight [out, inputs], each number rounded to the nearest.

        A torch tensor in main memory if the weight was a tensor, on any device, else a NumPy array.

        dtype: float32, float16 or bfloat16, by name or as a NumPy or torch dtype; None for the weight's own.

        Raises OutOfRange for a weight too large for float16; TypeError; OutOfMemory.
        """
        number_type = self._dtype if dtype is None else _arrays.number_type(dtype)
        result, address = _arrays.empty(self.shape, number_type, self._is_tensor)
        out, inputs = self.shape
        code = _settings.TYPES[number_type]
        with self._handle.lent() as pointer:
            check(library.adadim_layer_dequantized(pointer, address, code, out * inputs, None))
        return cast(Array, result)

    @property
    def _has_offsets(self) -> bool:
        return self.grid in ("Q2_K", "Q4_K", "Q5_K")

    def _halves(self, what: str) -> npt.NDArray[np.float16]:
        numbers = self._read(what, np.float32, (self.shape[0], int(self._info.super_columns)))
        halves = numbers.astype(np.float16)
        halves.flags.writeable = False
        return halves

    @property
    def _scale_shape(self) -> tuple[int, int]:
        return int(self._info.scale_rows), int(self._info.scale_columns)

    def _read(self, what: str, dtype: type[np.generic], shape: tuple[int, int]) -> npt.NDArray[Any]:
        function = getattr(library, f"adadim_layer_{what}")
        result = np.empty(shape, dtype)
        with self._handle.lent() as pointer:
            check(function(pointer, result.ctypes.data_as(function.argtypes[1]), result.size, None))
        result.flags.writeable = False
        return result

    def __reduce__(self) -> NoReturn:
        raise TypeError("a QuantizedLayer cannot be pickled; its codes, scales and zero_points can")

    def __repr__(self) -> str:
        return (
            f"<QuantizedLayer {list(self.shape)}, {self.bits} bits, {self.dimension}, groups of {self.group_size}, "
            f"relative loss {self.relative_loss:.3g}>"
        )


def _name(codes: dict[str, int], code: int) -> str:
    return next(name for name, value in codes.items() if value == code)
