"""Several threads at once: the same bits."""

from __future__ import annotations

import ctypes
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import adadim
from adadim import _handles
import layers


def test_eight_threads_get_the_bits_of_one() -> None:
    def work(seed: int) -> tuple[bytes, bytes, float]:
        inputs = 100 + 10 * seed
        gram = adadim.Gram(inputs)
        for batch in np.split(np.random.default_rng(seed).normal(size=(400, inputs)).astype(np.float32), 4):
            gram.accumulate(batch)
        layer = adadim.quantize(
            layers.weight(120, inputs, seed), gram, bits=3, group_size=32, selection="sweep" if seed % 2 else "rtn"
        )
        return gram.matrix().tobytes(), layer.codes.tobytes() + layer.scales.tobytes(), layer.loss

    alone = [work(seed) for seed in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            assert list(pool.map(work, range(8))) == alone


def test_one_gram_matrix_from_many_threads() -> None:
    x = layers.activations(800, 60)
    gram = adadim.Gram(60)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(gram.accumulate, np.split(x, 80)))
    assert gram.tokens == 800
    # Whole numbers: no order of summing them changes a bit.
    assert np.array_equal(gram.matrix(), x.T.astype(np.float64) @ x)
    quantizer, w = adadim.Quantizer(gram, bits=3), layers.weight(50, 60)
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda _: quantizer.quantize(w).codes, range(16)))
    assert all(np.array_equal(found, codes[0]) for found in codes)


def test_each_thread_has_the_text_of_its_own_error() -> None:
    def work(bits: int) -> None:
        gram = adadim.Gram(4)
        for _ in range(200):
            with pytest.raises(adadim.InvalidArgument, match=f"^bits is {bits}"):
                adadim.Quantizer(gram, bits=bits)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(100, 108)))


def test_closing_waits_for_calls_of_other_threads() -> None:
    gram = adadim.Gram(300)
    gram.accumulate(layers.activations(600, 300))
    weight, before = layers.weight(600, 300), adadim.Quantizer(gram)
    expected = before.quantize(weight).codes
    inside = threading.Event()
    quantizer = adadim.Quantizer(gram)

    def progress(share: float) -> None:
        inside.set()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(lambda: quantizer.quantize(weight, progress=progress).codes)
        assert inside.wait(60)
        quantizer.close()
        assert np.array_equal(running.result(), expected)
    with pytest.raises(adadim.Closed):
        quantizer.quantize(weight)


def test_a_gram_matrix_in_use_cannot_be_consumed() -> None:
    gram = adadim.Gram(8)
    gram.accumulate(layers.activations(30, 8))
    with gram._handle.lent(), pytest.raises(RuntimeError, match="another thread is using"):
        adadim.Quantizer(gram, consume=True)
    assert adadim.Quantizer(gram, consume=True).inputs == 8


def test_closing_what_is_being_taken_destroys_it_once() -> None:
    """The library lets go of what it takes, so nobody else may, whenever he closes it."""
    destroyed: list[int | None] = []

    def made(place: ctypes.c_void_p) -> None:
        place.value = 5

    def handle() -> _handles.Handle:
        destroyed.clear()
        return _handles.Handle(made, lambda place: destroyed.append(place.value))

    taken = handle()
    with taken.given_up() as place:
        assert taken.closed
        with pytest.raises(adadim.Closed), taken.lent():
            pass
        taken.close()
        assert destroyed == []
        place.value = None
    assert taken.closed and destroyed == [None]

    refused = handle()
    with refused.given_up():
        pass
    assert not refused.closed and destroyed == []

    refused_and_closed = handle()
    with refused_and_closed.given_up():
        refused_and_closed.close()
    assert refused_and_closed.closed and destroyed == [5]


FORK = """
import multiprocessing, warnings, numpy, adadim
warnings.simplefilter("ignore")  # of forks beside threads
random = numpy.random.default_rng(1)
weight, inputs = random.normal(size=(300, 200)).astype("f"), random.normal(size=(400, 200)).astype("f")

def codes(bits):
    gram = adadim.Gram(200)
    gram.accumulate(inputs)
    return adadim.quantize(weight, gram, bits=bits, progress=lambda share: None).codes.tobytes()

alone = [codes(bits) for bits in (2, 3, 4, 8)]
with multiprocessing.get_context("fork").Pool(2) as pool:
    assert pool.map(codes, (2, 3, 4, 8)) == alone
"""


def test_forked_processes_get_the_same_bits() -> None:
    result = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, timeout=120)
    assert (result.returncode, result.stderr) == (0, "")
