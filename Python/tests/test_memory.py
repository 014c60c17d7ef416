"""Nothing is left behind: neither by calls that succeed nor by those that fail."""

from __future__ import annotations

import gc
import pathlib
import resource
import weakref
from collections.abc import Callable

import numpy as np
import pytest

import adadim
import layers

SIZE = 192
WEIGHT, INPUTS = layers.weight(SIZE, SIZE), layers.activations(4, SIZE)
SHARED = adadim.Gram.from_matrix(np.eye(SIZE, dtype=np.float32), 4)


class Stop(Exception):
    pass


def stop(share: float) -> None:
    if share > 0.9:
        raise Stop


def whole_layers() -> None:
    gram = adadim.Gram(SIZE)
    gram.accumulate(INPUTS)
    gram.merge(gram)
    layer = adadim.quantize(WEIGHT, gram, method="rtn", dimension="per-oc")
    assert layer.codes.shape == layer.dequantize().shape


def refused() -> None:
    with pytest.raises(adadim.InvalidArgument):
        adadim.quantize(WEIGHT, SHARED, bits=5)
    with pytest.raises(adadim.NotFinite):
        SHARED.accumulate(np.full((100, SIZE), np.nan, np.float32))


def cancelled() -> None:
    with pytest.raises(Stop):
        adadim.quantize(WEIGHT, SHARED, progress=stop, method="rtn", dimension="per-oc")


def consumed() -> None:
    adadim.Quantizer(adadim.Gram.from_matrix(SHARED.matrix(), 4), consume=True)


@pytest.mark.parametrize("work", [whole_layers, refused, cancelled, consumed])
def test_memory_does_not_grow(work: Callable[[], None]) -> None:
    """A layer's codes are 36 kB and a Gram matrix 144 kB: of one kind left behind, 500 make 18 MB or more."""
    for _ in range(100):
        work()
    gc.collect()
    before = resident()
    for _ in range(500):
        work()
    gc.collect()
    assert resident() - before < 8 << 20


def test_a_caught_error_lets_the_weight_go() -> None:
    """At once: an error that held its own traceback would keep gigabytes until the next garbage collection."""
    weight = layers.weight(SIZE, SIZE)
    seen = weakref.ref(weight)
    gc.disable()
    try:
        with pytest.raises(Stop):
            adadim.quantize(weight, SHARED, progress=stop)
        del weight
        assert seen() is None
    finally:
        gc.enable()


def resident() -> int:
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
