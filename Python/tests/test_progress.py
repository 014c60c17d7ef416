"""Progress, cancellation, and signals during long calls."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import Any

import numpy as np
import pytest

import adadim
import layers


@pytest.fixture(scope="module")
def gram() -> adadim.Gram:
    gram = adadim.Gram(600)
    gram.accumulate(layers.activations(900, 600))
    return gram


@pytest.fixture(scope="module")
def weight() -> Any:
    return layers.weight(900, 600)


def from_both_kinds_of_thread(body: Any) -> None:
    """Runs it in the main thread, where calls can be interrupted, and in another."""
    body()
    failures: list[BaseException] = []

    def run() -> None:
        try:
            body()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


def test_shares_grow_to_one(gram: adadim.Gram, weight: Any) -> None:
    def body() -> None:
        shares: list[float] = []
        layer = adadim.quantize(weight, gram, progress=shares.append)
        assert shares == sorted(shares) and len(shares) > 10
        assert shares[0] > 0 and shares[-1] == pytest.approx(1)
        # The factor's share is 600 of 600 + 9·900.
        assert min(abs(share - 600 / 8700) for share in shares) < 1e-9
        assert np.array_equal(layer.codes, adadim.quantize(weight, gram).codes)

    from_both_kinds_of_thread(body)


class Stop(Exception):
    pass


@pytest.mark.parametrize("kind", [Stop, adadim.Cancelled, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("limit", [0.0, 0.3])
def test_what_progress_raises_cancels_and_comes_out(
    gram: adadim.Gram, weight: Any, kind: type[BaseException], limit: float
) -> None:
    def body() -> None:
        shares: list[float] = []
        error = kind("enough")

        def progress(share: float) -> None:
            shares.append(share)
            if share > limit:
                raise error

        with pytest.raises(kind, match="enough") as caught:
            adadim.quantize(weight, gram, progress=progress)
        assert caught.value is error
        # Not called again after it has raised.
        assert shares[-1] > limit and all(share <= limit for share in shares[:-1])

    from_both_kinds_of_thread(body)


def test_what_progress_returns_does_not_matter(gram: adadim.Gram, weight: Any) -> None:
    layer = adadim.quantize(weight, gram, progress=lambda share: True)
    assert layer.shape == weight.shape


def test_the_last_share_cancels_too(gram: adadim.Gram, weight: Any) -> None:
    quantizer = adadim.Quantizer(gram)

    def progress(share: float) -> None:
        if share > 1 - 1e-9:
            raise Stop

    with pytest.raises(Stop):
        quantizer.quantize(weight, progress)
    assert quantizer.quantize(weight).loss > 0


def test_a_cancelled_factor_leaves_the_gram_matrix(gram: adadim.Gram) -> None:
    def progress(share: float) -> None:
        raise Stop

    before = gram.matrix()
    with pytest.raises(Stop):
        adadim.Quantizer(gram, progress=progress)
    assert np.array_equal(gram.matrix(), before)


def test_an_interrupt_from_outside_ends_a_call_early(gram: adadim.Gram, weight: Any) -> None:
    shares: list[float] = []

    def progress(share: float) -> None:
        if not shares:
            os.kill(os.getpid(), signal.SIGINT)
        shares.append(share)
        time.sleep(0.01)

    with pytest.raises(KeyboardInterrupt):
        adadim.quantize(weight, gram, progress=progress)
    assert shares[-1] < 1


def test_an_interrupt_needs_no_progress_callback() -> None:
    inputs = 1500
    gram = adadim.Gram.from_matrix(np.eye(inputs, dtype=np.float32), 1)
    weight, finished = layers.weight(4 * inputs, inputs), False
    timer = threading.Timer(0.05, lambda: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        timer.start()
        adadim.quantize(weight, gram)
        # Not reached: the work takes many times as long as the timer.
        finished = True
        timer.join()
        time.sleep(1)
    assert not finished


def test_a_handler_that_does_not_raise_does_not_cancel(gram: adadim.Gram, weight: Any) -> None:
    seen: list[int] = []

    def progress(share: float) -> None:
        if not seen:
            os.kill(os.getpid(), signal.SIGUSR1)
            time.sleep(0.05)

    before = signal.signal(signal.SIGUSR1, lambda number, frame: seen.append(number))
    try:
        layer = adadim.quantize(weight, gram, progress=progress)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert signal.SIGUSR1 in seen
    assert np.array_equal(layer.codes, adadim.quantize(weight, gram).codes)


def test_any_exception_of_a_handler_cancels(gram: adadim.Gram, weight: Any) -> None:
    def handler(number: int, frame: Any) -> None:
        raise Stop

    def progress(share: float) -> None:
        os.kill(os.getpid(), signal.SIGUSR1)
        time.sleep(0.01)

    before = signal.signal(signal.SIGUSR1, handler)
    try:
        with pytest.raises(Stop):
            adadim.quantize(weight, gram, progress=progress)
    finally:
        signal.signal(signal.SIGUSR1, before)
