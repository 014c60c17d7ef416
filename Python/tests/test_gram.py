"""Gram matrices: sums, merging, pickling."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import adadim
import layers


def sums(x: np.ndarray) -> np.ndarray:
    return x.astype(np.float64).T @ x.astype(np.float64)


def test_sums_of_batches() -> None:
    x = layers.activations(300, 70)
    gram = adadim.Gram(70)
    assert (gram.inputs, gram.tokens) == (70, 0)
    assert np.array_equal(gram.matrix(), np.zeros((70, 70)))
    for batch in np.split(x, [1, 120, 120, 299]):
        gram.accumulate(batch)
    assert gram.tokens == 300
    assert gram.matrix().dtype == np.float32
    assert np.array_equal(gram.matrix(), sums(x))


def test_leading_dimensions_are_tokens() -> None:
    x = layers.activations(24, 10)
    gram = adadim.Gram(10)
    gram.accumulate(x[:12].reshape(2, 3, 2, 10))
    gram.accumulate(x[12])
    gram.accumulate(x[13:].reshape(11, 1, 10))
    gram.accumulate(np.empty((3, 0, 10), np.float32))
    assert gram.tokens == 24
    assert np.array_equal(gram.matrix(), sums(x))


def test_merging_adds() -> None:
    x = layers.activations(100, 20)
    first, second = adadim.Gram(20), adadim.Gram(20)
    first.accumulate(x[:30])
    second.accumulate(x[30:])
    total = first + second
    assert (total.tokens, first.tokens, second.tokens) == (100, 30, 70)
    assert np.array_equal(total.matrix(), sums(x))
    same = first
    first += second
    assert first is same and first.tokens == 100
    assert np.array_equal(first.matrix(), sums(x))
    first.merge(first)
    assert first.tokens == 200
    assert np.array_equal(first.matrix(), 2 * sums(x))


def test_a_matrix_computed_elsewhere_is_read_above_its_diagonal() -> None:
    x = layers.activations(100, 20)
    matrix = sums(x).astype(np.float32)
    lower = np.tril_indices(20, -1)
    matrix[lower] = 7
    gram = adadim.Gram.from_matrix(matrix, 100)
    assert (gram.inputs, gram.tokens) == (20, 100)
    assert np.array_equal(gram.matrix(), sums(x))
    assert np.array_equal(adadim.Gram.from_matrix(sums(x).astype(np.float32).T, 100).matrix(), sums(x))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickling_keeps_every_bit(protocol: int) -> None:
    gram = adadim.Gram(30)
    gram.accumulate(np.random.default_rng(3).normal(size=(50, 30)).astype(np.float32))
    other = pickle.loads(pickle.dumps(gram, protocol))
    assert other.tokens == 50
    assert other.matrix().tobytes() == gram.matrix().tobytes()
    twin = copy.deepcopy(gram)
    twin.accumulate(np.ones((1, 30), np.float32))
    assert (twin.tokens, gram.tokens) == (51, 50)


def test_closing() -> None:
    with adadim.Gram(4) as gram:
        gram.accumulate(np.ones((2, 4), np.float32))
        assert not gram.closed
    assert gram.closed and repr(gram) == "<Gram, 4 inputs, closed>"
    gram.close()
    with pytest.raises(adadim.Closed, match="closed"):
        gram.matrix()
    with pytest.raises(adadim.Closed):
        adadim.quantize(layers.weight(3, 4), gram)


def test_consuming_closes() -> None:
    w, x = layers.weight(10, 20), layers.activations(100, 20)
    gram, kept = adadim.Gram(20), adadim.Gram(20)
    gram.accumulate(x)
    kept.accumulate(x)
    refused: list[dict[str, Any]] = [{"bits": 5}, {"dimension": "row"}, {"damping": -1.0}]
    for arguments in refused:
        with pytest.raises(adadim.InvalidArgument):
            adadim.quantize(w, gram, consume=True, **arguments)
    with pytest.raises(adadim.WrongSize):
        adadim.quantize(w.T, gram, consume=True)
    assert not gram.closed and gram.tokens == 100
    layer = adadim.quantize(w, gram, consume=True)
    assert gram.closed
    with pytest.raises(adadim.Closed):
        gram.accumulate(x)
    assert np.array_equal(layer.codes, adadim.quantize(w, kept).codes)
    assert not kept.closed
