"""Progress, cancellation, and signals during long calls."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import adadim
import layers


@pytest.fixture(autouse=True)
def interrupts() -> Iterator[None]:
    """Python leaves SIGINT ignored where it was, as in the background of a script."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


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
        quantizer.quantize(weight, progress=progress)
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


def run_python(code: str) -> str:
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, (result.returncode, result.stderr)
    return result.stdout


# Two signals at a time, at any moment of short calls: when they begin, when they end, while they are cancelled. What comes
# elsewhere is ignored.
SIGNALS = """
import os, signal, subprocess, sys
import numpy, adadim

class Stop(Exception):
    pass

def handler(number, frame):
    if frame.f_code.co_filename.startswith(package):
        raise Stop

package, calls, stops = os.path.dirname(adadim.__file__), 0, 0
signal.signal(signal.SIGUSR1, handler)
signal.signal(signal.SIGUSR2, handler)
gram = adadim.Gram.from_matrix(numpy.eye(16, dtype="f"), 16)
weight = numpy.random.default_rng(1).normal(size=(8, 16)).astype("f")
expected = adadim.quantize(weight, gram).codes
sys.unraisablehook = lambda _: None  # exceptions inside finalizers
sender = subprocess.Popen([sys.executable, "-c", f'''
import os, random, time
for _ in range(2000):
    time.sleep(random.uniform(0.0001, 0.001))
    os.kill({os.getpid()}, {int(signal.SIGUSR1)})
    os.kill({os.getpid()}, {int(signal.SIGUSR2)})
'''])
while sender.poll() is None:
    try:
        assert (adadim.quantize(weight, gram).codes == expected).all()
        calls += 1
    except Stop:
        stops += 1
assert (adadim.quantize(weight, gram).codes == expected).all()
print(calls, stops)
"""


def test_signals_at_any_moment_neither_hang_nor_crash() -> None:
    calls, stops = map(int, run_python(SIGNALS).split())
    assert calls > 0 and stops > 0


DAEMON = """
import threading, time, numpy, adadim
random = numpy.random.default_rng(1)
gram = adadim.Gram(1024)
gram.accumulate(random.normal(size=(2000, 1024)).astype("f"))
quantizer = adadim.Quantizer(gram)
weight = random.normal(size=(1024, 1024)).astype("f")
begun = threading.Event()

class Slow:
    def __del__(self, sleep=time.sleep):
        sleep(0.2)

def progress(share):
    begun.set()
    time.sleep(0.001)

def work():
    while True:
        quantizer.quantize(weight, progress=progress)

threading.Thread(target=work, daemon=True).start()
begun.wait()
ending = Slow()  # so that Python is taken down slowly
print("end")
"""


def test_the_process_ends_while_a_daemon_thread_quantizes() -> None:
    """And have Python called, which must not happen once it is being taken down."""
    for _ in range(3):
        assert run_python(DAEMON) == "end\n"
