"""Arrays of every layout and number type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import adadim
from adadim import _arrays
import layers

Array = npt.NDArray[Any]


def misaligned(x: Array) -> Array:
    memory = np.empty(x.nbytes + 1, np.uint8)[1:]
    result = memory.view(x.dtype).reshape(x.shape)
    result[...] = x
    assert not result.flags.aligned
    return result


def read_only(x: Array) -> Array:
    result = x.copy()
    result.flags.writeable = False
    return result


def every_other(x: Array) -> Array:
    result = np.repeat(np.repeat(x, 2, axis=0), 3, axis=1)[::2, ::3]
    assert not result.flags.c_contiguous and not result.flags.f_contiguous
    return result


LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "Fortran-ordered": np.asfortranarray,
    "strided": every_other,
    "reversed": lambda x: x[::-1, ::-1].copy()[::-1, ::-1],
    "misaligned": misaligned,
    "read-only": read_only,
    "big-endian": lambda x: x.astype(x.dtype.newbyteorder(">")),
    "broadcast and stacked": lambda x: np.broadcast_to(x, (1, *x.shape))[0],
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_layouts_give_the_same_bits(layout: str, dtype: Any) -> None:
    w, x = layers.weight(33, 50).astype(dtype), layers.activations(100, 50).astype(dtype)
    changed = LAYOUTS[layout]
    plain, other = adadim.Gram(50), adadim.Gram(50)
    plain.accumulate(x)
    before = x.copy()
    other.accumulate(changed(x))
    assert np.array_equal(x, before)
    assert other.tokens == 100
    assert np.array_equal(other.matrix(), plain.matrix())
    expected, found = adadim.quantize(w, plain, bits=3), adadim.quantize(changed(w), other, bits=3)
    assert np.array_equal(found.codes, expected.codes) and found.loss == expected.loss
    assert found.dequantize().dtype == dtype
    if dtype == np.float32:
        matrix = adadim.Gram.from_matrix(changed(plain.matrix()), 100)
        assert np.array_equal(matrix.matrix(), plain.matrix())


def test_contiguous_memory_is_not_copied() -> None:
    x = np.zeros((4, 6), np.float32)
    for same in (x, read_only(x), misaligned(x), x[1:3], x.reshape(2, 2, 6), x[0]):
        assert _arrays.numbers(same, "x").address == same.ctypes.data
    for other in (np.asfortranarray(x), every_other(x), x[:, 1:], x.astype(">f4")):
        assert _arrays.numbers(other, "x").address != other.ctypes.data


def test_half_precision_is_widened_exactly() -> None:
    x = layers.activations(100, 50)
    gram = adadim.Gram(50)
    gram.accumulate(x.astype(np.float16))
    assert np.array_equal(gram.matrix(), x.T.astype(np.float64) @ x)
    w = layers.weight(20, 50).astype(np.float16)
    layer = adadim.quantize(w, gram)
    assert np.array_equal(layer.codes, adadim.quantize(w.astype(np.float32), gram).codes)
    assert layer.dequantize().dtype == np.float16
    assert np.array_equal(layer.dequantize(), layer.dequantize(np.float32).astype(np.float16))


def test_bfloat16_of_ml_dtypes() -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    w = layers.weight(20, 50).astype(ml_dtypes.bfloat16)
    x = layers.activations(100, 50)
    assert np.array_equal(x.astype(ml_dtypes.bfloat16).astype(np.float32), x)
    gram = adadim.Gram(50)
    gram.accumulate(x.astype(ml_dtypes.bfloat16))
    assert np.array_equal(gram.matrix(), x.T.astype(np.float64) @ x)
    layer = adadim.quantize(w, gram, scale_type="float32", bits=8)
    assert np.array_equal(layer.codes, adadim.quantize(w.astype(np.float32), gram, scale_type="float32", bits=8).codes)
    wide = layer.dequantize("float32")
    for dtype in (None, "bfloat16", ml_dtypes.bfloat16):
        narrow = layer.dequantize(dtype)
        assert narrow.dtype == ml_dtypes.bfloat16
        assert np.array_equal(narrow, wide.astype(ml_dtypes.bfloat16))
    assert not np.array_equal(wide, narrow.astype(np.float32))


@pytest.mark.parametrize("dtype", [np.float64, np.int8, np.uint16, np.complex64, np.bool_, object, "U4"])
def test_other_number_types_are_refused(dtype: Any) -> None:
    array = np.zeros((2, 3), dtype)
    gram = adadim.Gram(3)
    with pytest.raises(TypeError, match=r"inputs has numbers of type .*, expected float32, bfloat16 or float16"):
        gram.accumulate(array)
    with pytest.raises(TypeError, match="weight has numbers of type"):
        adadim.quantize(array, gram)
    with pytest.raises(TypeError, match="matrix has numbers of type"):
        adadim.Gram.from_matrix(np.zeros((3, 3), dtype), 1)
    assert gram.tokens == 0


@pytest.mark.parametrize("value", [[[1.0, 2.0, 3.0]], 1.0, None, "weight", b"weight", memoryview(b"abc")])
def test_what_is_no_array_is_refused(value: Any) -> None:
    gram = adadim.Gram(3)
    with pytest.raises(TypeError, match=f"inputs is a {type(value).__name__}, expected a NumPy array or a torch tensor"):
        gram.accumulate(value)
    with pytest.raises(TypeError, match="weight is a"):
        adadim.quantize(value, gram)


def test_masks_are_not_lost() -> None:
    with pytest.raises(TypeError, match="masked"):
        adadim.Gram(3).accumulate(np.ma.masked_array(np.ones((2, 3), np.float32), mask=True))
