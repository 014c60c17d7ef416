"""Two-level grids: weights are those of their stored parts, and what contradicts a type is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import adadim
import layers

TYPES = {"Q2_K": (2, 16, 0), "Q3_K": (3, 16, 4), "Q4_K": (4, 32, 0), "Q5_K": (5, 32, 0), "Q6_K": (6, 16, 32)}


def gram_of(x: Any) -> adadim.Gram:
    gram = adadim.Gram(x.shape[-1])
    gram.accumulate(x)
    return gram


@pytest.mark.parametrize("grid", TYPES)
@pytest.mark.parametrize("method", ["rtn", "gptq"])
def test_weights_are_those_of_the_parts(grid: Any, method: Any) -> None:
    bits, group, zero = TYPES[grid]
    w, x = layers.weight(9, 512), layers.activations(700, 512)
    layer = adadim.quantize(w, gram_of(x), grid=grid, method=method)
    assert (layer.grid, layer.bits, layer.group_size, layer.dimension) == (grid, bits, group, "per-oc")
    d, sc = layer.super_scales, layer.whole_scales
    assert d is not None and sc is not None and d.dtype == np.float16 and d.shape == (9, 2) and sc.shape == (9, 512 // group)
    value = np.repeat(d, 256, axis=1).astype(np.float64) * np.repeat(sc, group, axis=1) * (layer.codes.astype(int) - zero)
    if zero == 0:
        dmin, m = layer.super_offsets, layer.whole_offsets
        assert dmin is not None and m is not None and layer.offsets is not None
        offsets = np.repeat(dmin, 256, axis=1).astype(np.float64) * np.repeat(m, group, axis=1)
        assert np.array_equal(np.repeat(layer.offsets, group, axis=1), offsets)
        value -= offsets
    else:
        assert layer.super_offsets is None and layer.whole_offsets is None and layer.offsets is None
    # float64 holds both products and their difference exactly, so that this is the one rounding.
    assert np.array_equal(layer.dequantize(), value.astype(np.float32))
    assert layer.loss == pytest.approx(layers.loss(w, value, x), rel=1e-3)


def test_uniform_layers_have_no_parts() -> None:
    layer = adadim.quantize(layers.weight(4, 256), gram_of(layers.activations(300, 256)))
    assert layer.grid == "uniform" and layer.super_scales is None and layer.whole_scales is None and layer.offsets is None


def test_contradictions_are_refused() -> None:
    w, gram = layers.weight(4, 256), gram_of(layers.activations(300, 256))
    with pytest.raises(adadim.InvalidArgument, match="bits is 4, expected 3, which follows from gridType Q3_K"):
        adadim.quantize(w, gram, grid="Q3_K", bits=4)
    with pytest.raises(adadim.InvalidArgument, match="grid is 'Q7_K', expected one of"):
        adadim.quantize(w, gram, grid="Q7_K")  # type: ignore[call-overload]
    with pytest.raises(adadim.WrongSize, match="the weight has 100 inputs, expected a multiple of 256"):
        adadim.quantize(layers.weight(4, 100), gram_of(layers.activations(300, 100)), grid="Q4_K")
