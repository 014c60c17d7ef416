"""NumPy arrays and torch tensors as the library sees them: an address, a number type and a shape.

torch is never imported here: where a tensor is handed in, the caller has imported it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from . import _settings
from ._settings import NumberType
from .errors import WrongSize

if TYPE_CHECKING:
    import torch


# The kind of a dequantized weight: that of the weight.
Array = TypeVar("Array", bound="npt.NDArray[Any] | torch.Tensor")


@dataclass(frozen=True)
class Numbers:
    """Numbers in memory, row-major and without gaps. `owner` keeps the memory alive."""

    address: int
    type: NumberType
    shape: tuple[int, ...]
    owner: object
    is_tensor: bool

    @property
    def type_code(self) -> int:
        return _settings.TYPES[self.type]


def numbers(array: object, name: str) -> Numbers:
    """The numbers of an array or a tensor. C-contiguous ones in main memory are not copied.

    Raises TypeError for anything else, and for numbers that are not float32, bfloat16 or float16.
    """
    if isinstance(array, np.ndarray):
        return _of_numpy(array, name)
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(array, torch.Tensor):
        return _of_torch(array, name)
    raise TypeError(f"{name} is a {type(array).__name__}, expected a NumPy array or a torch tensor")


def _of_numpy(array: npt.NDArray[Any], name: str) -> Numbers:
    if isinstance(array, np.ma.MaskedArray):
        raise TypeError(f"{name} is a masked array, whose mask would be lost; expected a plain array")
    number_type = _numpy_type(array.dtype)
    if number_type is None:
        raise _wrong_type(name, str(array.dtype), "astype(numpy.float32)")
    plain = np.asarray(array)
    owner = np.ascontiguousarray(plain, dtype=plain.dtype.newbyteorder("=")).reshape(plain.shape)
    return Numbers(owner.ctypes.data, number_type, owner.shape, owner, is_tensor=False)


def _numpy_type(dtype: np.dtype[Any]) -> NumberType | None:
    if dtype.kind == "f" and dtype.itemsize == 4:
        return "float32"
    if dtype.kind == "f" and dtype.itemsize == 2:
        return "float16"
    # NumPy has none of its own; this is what the package ml_dtypes registers.
    if dtype.name == "bfloat16" and dtype.itemsize == 2:
        return "bfloat16"
    return None


def _of_torch(tensor: torch.Tensor, name: str) -> Numbers:
    import torch

    number_type = _torch_type(tensor.dtype)
    if number_type is None:
        raise _wrong_type(name, str(tensor.dtype), "to(torch.float32)")
    if tensor.layout != torch.strided or tensor.is_meta:
        kind = "has no memory" if tensor.is_meta else f"has layout {tensor.layout}"
        raise TypeError(f"{name} {kind}, expected a dense tensor")
    # Tensors on other devices are copied, and so are tensors with a lazy negation.
    owner = tensor.detach().cpu().contiguous().resolve_neg()
    return Numbers(owner.data_ptr(), number_type, tuple(owner.shape), owner, is_tensor=True)


def _torch_type(dtype: torch.dtype) -> NumberType | None:
    names: dict[str, NumberType] = {
        "torch.float32": "float32",
        "torch.bfloat16": "bfloat16",
        "torch.float16": "float16",
    }
    return names.get(str(dtype))


def _wrong_type(name: str, found: str, conversion: str) -> TypeError:
    return TypeError(f"{name} has numbers of type {found}, expected float32, bfloat16 or float16; see {conversion}")


def number_type(dtype: object) -> NumberType:
    """The number type that a name, a NumPy or a torch dtype stands for.

    Raises TypeError for others.
    """
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(dtype, torch.dtype):
        found = _torch_type(dtype)
    elif dtype == "bfloat16":
        found = "bfloat16"
    else:
        found = _numpy_type(np.dtype(dtype))  # type: ignore[call-overload]
    if found is None:
        raise TypeError(f"dtype is {dtype}, expected float32, bfloat16 or float16")
    return found


def matrix(array: object, columns: int, name: str) -> Numbers:
    """The numbers of a matrix [rows, columns].

    Raises WrongSize for another shape, and as `numbers` does.
    """
    found = numbers(array, name)
    if len(found.shape) != 2 or found.shape[1] != columns:
        raise WrongSize(f"{name} has shape {list(found.shape)}, expected [out, {columns}]")
    return found


def check_rows(shape: tuple[int, ...], columns: int, name: str) -> int:
    """The number of rows of [..., columns].

    Raises WrongSize for another last dimension.
    """
    if not shape or shape[-1] != columns:
        raise WrongSize(f"{name} has shape {list(shape)}, expected [..., {columns}]")
    rows = 1
    for length in shape[:-1]:
        rows *= length
    return rows


def empty(shape: tuple[int, int], type: NumberType, is_tensor: bool) -> tuple[Any, int]:
    """A new array or tensor, and its address.

    Raises TypeError for a NumPy array of bfloat16 without the package ml_dtypes.
    """
    if is_tensor:
        import torch

        tensor = torch.empty(shape, dtype=getattr(torch, type))
        return tensor, tensor.data_ptr()
    array: npt.NDArray[Any] = np.empty(shape, dtype=_numpy_dtype(type))
    return array, array.ctypes.data


def _numpy_dtype(type: NumberType) -> np.dtype[Any]:
    if type != "bfloat16":
        return np.dtype(type)
    try:
        import ml_dtypes
    except ImportError:
        raise TypeError("NumPy has no bfloat16 unless the package ml_dtypes is installed") from None
    bfloat16: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
    return bfloat16
