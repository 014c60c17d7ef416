"""Nothing is left behind: neither by calls that succeed nor by those that fail."""

from __future__ import annotations

import gc
import pathlib
import resource
from collections.abc import Callable

import numpy as np
import pytest

import adadim
import layers

SIZE = 128
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
def test_memory_does_not_grow_over_2000_calls(work: Callable[[], None]) -> None:
    """A layer's codes are 16 kB and a Gram matrix 64 kB: of one kind left behind, 2000 make 32 MB or more."""
    for _ in range(300):
        work()
    gc.collect()
    before = resident()
    for _ in range(2000):
        work()
    gc.collect()
    assert resident() - before < 8 << 20


def resident() -> int:
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
