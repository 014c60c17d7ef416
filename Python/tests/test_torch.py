"""torch tensors. Skipped without torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import adadim
from adadim import _arrays
import layers

torch: Any = pytest.importorskip("torch")

X, W = layers.activations(100, 50), layers.weight(33, 50)


def gram_of(x: Any) -> adadim.Gram:
    gram = adadim.Gram(x.shape[-1])
    gram.accumulate(x)
    return gram


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_tensors_give_the_bits_of_arrays(dtype: str) -> None:
    x, w = torch.from_numpy(X).to(getattr(torch, dtype)), torch.from_numpy(W).to(getattr(torch, dtype))
    gram, plain = gram_of(x.reshape(4, 25, 50)), gram_of(X)
    assert gram.tokens == 100 and np.array_equal(gram.matrix(), plain.matrix())
    layer, expected = adadim.quantize(w, gram, bits=3), adadim.quantize(w.float().numpy(), plain, bits=3)
    assert np.array_equal(layer.codes, expected.codes) and isinstance(layer.codes, np.ndarray)
    own = layer.dequantize()
    assert own.dtype == w.dtype and torch.equal(own, torch.from_numpy(expected.dequantize()).to(w.dtype))
    for target in (torch.float32, torch.bfloat16, torch.float16):
        other = layer.dequantize(target)
        assert other.dtype == target
        assert torch.equal(other, torch.from_numpy(expected.dequantize()).to(target))
    assert layer.dequantize("float32").dtype == torch.float32
    assert torch.equal(layer.dequantize(np.float16), layer.dequantize(torch.float16))


def test_layouts_give_the_same_bits() -> None:
    w, x, plain = torch.from_numpy(W), torch.from_numpy(X), gram_of(X)
    expected = adadim.quantize(W, plain).codes
    changes: list[Callable[[Any], Any]] = [
        lambda t: t.t().contiguous().t(),
        lambda t: t.repeat_interleave(2, 0)[::2],
        lambda t: torch.nn.Parameter(t),
        lambda t: t.clone().requires_grad_() * 1,
    ]
    for changed in changes:
        gram = gram_of(changed(x))
        assert np.array_equal(gram.matrix(), plain.matrix())
        assert np.array_equal(adadim.quantize(changed(w), gram).codes, expected)
    assert np.array_equal(adadim.Gram.from_matrix(torch.from_numpy(plain.matrix()), 100).matrix(), plain.matrix())


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_contiguous_memory_is_not_copied(dtype: str) -> None:
    x = torch.zeros(4, 6, dtype=getattr(torch, dtype), requires_grad=True)
    for same in (x, x[1:3], x.reshape(2, 2, 6), x.detach(), torch.nn.Parameter(x.detach())):
        found = _arrays.numbers(same, "x")
        assert (found.address, found.type) == (same.data_ptr(), dtype)
    assert _arrays.numbers(x[:, 1:], "x").address != x[:, 1:].data_ptr()


def test_tensors_that_only_say_that_they_are_negative() -> None:
    """As imaginary parts of conjugates do, which share the memory of the numbers that they were made of."""
    x, w = torch.from_numpy(X), torch.from_numpy(W)
    changed = torch._neg_view(w)
    assert changed.is_neg() and changed.data_ptr() == w.data_ptr()
    gram = gram_of(x)
    assert np.array_equal(adadim.quantize(changed, gram).dequantize(), adadim.quantize(-W, gram).dequantize())


@pytest.mark.parametrize("dtype", ["float64", "int8", "complex64", "bool", "float8_e4m3fn"])
def test_other_number_types_are_refused(dtype: str) -> None:
    with pytest.raises(TypeError, match=f"inputs has numbers of type torch.{dtype}, expected float32"):
        adadim.Gram(3).accumulate(torch.zeros(2, 3).to(getattr(torch, dtype)))
    with pytest.raises(TypeError, match="expected float32, bfloat16 or float16"):
        adadim.quantize(torch.from_numpy(W), gram_of(X)).dequantize(getattr(torch, dtype))


def test_tensors_without_dense_memory_are_refused() -> None:
    gram = adadim.Gram(3)
    with pytest.raises(TypeError, match="inputs has no memory, expected a dense tensor"):
        gram.accumulate(torch.zeros(2, 3, device="meta"))
    with pytest.raises(TypeError, match="inputs has layout torch.sparse_coo, expected a dense tensor"):
        gram.accumulate(torch.zeros(2, 3).to_sparse())


def test_errors_are_those_of_arrays() -> None:
    with pytest.raises(adadim.WrongSize, match=r"weight has shape \[50, 33\], expected \[out, 50\]"):
        adadim.quantize(torch.from_numpy(W).t(), gram_of(X))
    w = torch.from_numpy(W).to(torch.bfloat16)
    w[3, 4] = float("nan")
    with pytest.raises(adadim.NotFinite, match=r"\[3, 4\]"):
        adadim.quantize(w, gram_of(X))
    with pytest.raises(adadim.OutOfRange, match="too large for float16"):
        adadim.quantize(torch.from_numpy(W * 1e5), gram_of(X)).dequantize(torch.float16)


def test_tensors_of_other_devices_are_copied() -> None:
    if not torch.cuda.is_available():
        pytest.skip("no GPU")
    x, w = torch.from_numpy(X).cuda(), torch.from_numpy(W).cuda().bfloat16()
    layer = adadim.quantize(w, gram_of(x))
    assert layer.dequantize().device.type == "cpu"
    assert np.array_equal(layer.codes, adadim.quantize(w.cpu(), gram_of(X)).codes)
