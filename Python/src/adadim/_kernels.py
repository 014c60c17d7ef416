"""Kernels that suit the processor. OpenBLAS chooses its own when it is loaded, by the processor's model; a version that is older
than the processor chooses kernels of an old one. So OPENBLAS_CORETYPE is set before the library is loaded, where that
helps and the user has not set it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pathlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

from . import _header

VARIABLE = "OPENBLAS_CORETYPE"
# In the environment of a process that looks for kernels.
LOOKING = "ADADIM_LOOKING_FOR_KERNELS"


class BlasReport(NamedTuple):
    """Which library computes products, and with which kernels."""

    library: str
    """The file whose code computes products, links resolved; "" if unknown."""
    kernels: str
    """The family of OpenBLAS's kernels, such as "SkylakeX"; "" if another library computes products."""
    better_kernels: str
    """A family that uses more of this processor, a value for OPENBLAS_CORETYPE; "" if there is none, or none in this library."""
    is_below_processor: bool
    """Whether the kernels use fewer instructions than the processor has."""
    is_foreign: bool
    """Whether another file than the linked OpenBLAS computes products. It is not configured."""
    lacks_threads: bool
    """Whether the system gave OpenBLAS too few threads when it was loaded, while SIGINT was ignored. It then computes with one."""


class Loaded(NamedTuple):
    """The kernels of the loaded library, and how they were chosen."""

    report: BlasReport
    chosen: str
    """The user's value of OPENBLAS_CORETYPE; "" if it was not set."""
    found: str | None
    """The best family that the library has, of those that use more of this processor than its own choice; "" if it has none of
    them, None if its choice is good or unknown."""
    was_loaded: bool
    """Whether the file that computes products was in this process before."""


def report_of(library: ctypes.CDLL) -> BlasReport:
    blas = _header.Blas(size=ctypes.sizeof(_header.Blas))
    status = library.adadim_blas_report(ctypes.byref(blas))
    if status != _header.OK:
        raise AssertionError(f"adadim_blas_report: status {status}")
    texts = (blas.library.decode(errors="surrogateescape"), blas.kernels.decode(), blas.better_kernels.decode())
    return BlasReport(*texts, bool(blas.below_processor), bool(blas.foreign), bool(blas.lacks_threads))


def load(path: str) -> tuple[ctypes.CDLL, Callable[[], Loaded]]:
    """The library at `path`. While it is being loaded, OPENBLAS_CORETYPE is what this processor needs, if anything; other
    libraries and programs never see it.

    Raises OSError.
    """
    chosen = os.environ.get(VARIABLE, "")
    found = None if chosen else _better_kernels(path)
    before = _files_in_this_process()
    with _environment(VARIABLE, found):
        library = ctypes.CDLL(path)

    def loaded() -> Loaded:
        report = report_of(library)
        return Loaded(report, chosen, found, report.library in before)

    return library, loaded


def warnings_of(loaded: Loaded) -> list[str]:
    """Warnings for the user, with the remedy."""
    threads = "The system gave OpenBLAS too few threads (ulimit -u, pids.max of the control group): adadim computes with one thread."
    return ([threads] if loaded.report.lacks_threads else []) + [text for text in [_slow_kernels(loaded)] if text]


def _slow_kernels(loaded: Loaded) -> str:
    """A warning that products are slower than they could be; "" if they are not."""
    report, library = loaded.report, loaded.report.library or "an unknown library"
    if not report.is_below_processor:
        return ""
    less = "which use less than this processor has"
    if report.is_foreign:
        reason = f"Products are computed by {library}, not by the OpenBLAS that adadim is linked with; its kernels are {report.kernels}"
        advice = f" Set {VARIABLE}={report.better_kernels} before Python starts." if report.better_kernels else ""
        return f"{reason}, {less}.{advice}"
    if loaded.found in ("", report.kernels) or not report.better_kernels:
        return f"{library} has no kernels better than {report.kernels}, {less}: a newer OpenBLAS is faster."
    better = loaded.found or report.better_kernels
    if loaded.chosen:
        reason = f"{VARIABLE}={loaded.chosen} chooses the kernels {report.kernels}"
        return f"{reason}, {less}. Set {VARIABLE}={better} before Python starts, or leave it unset."
    if loaded.was_loaded:
        reason = f"{library} was loaded before adadim, by NumPy perhaps, and has chosen the kernels {report.kernels}"
        return f"{reason}, {less}. Set {VARIABLE}={better} before Python starts, or import adadim first."
    return f"{library} has chosen the kernels {report.kernels}, {less}. Set {VARIABLE}={better} before Python starts."


@contextlib.contextmanager
def _environment(name: str, value: str | None) -> Iterator[None]:
    """The variable has the value inside the `with`; "" and None change nothing."""
    before = os.environ.get(name)
    if value:
        os.environ[name] = value
    try:
        yield
    finally:
        if value and before is None:
            del os.environ[name]
        elif value and before is not None:
            os.environ[name] = before


def _files_in_this_process() -> set[str]:
    """Libraries among them, links resolved; none where the system does not list them."""
    try:
        lines = pathlib.Path("/proc/self/maps").read_bytes().splitlines()
    except OSError:
        return set()
    return {os.fsdecode(fields[5]) for fields in (line.split(maxsplit=5) for line in lines) if len(fields) == 6}


# In a process of its own, since a process loads OpenBLAS once.
_PROBE = """
import ctypes, sys
class Blas(ctypes.Structure):
    _fields_ = [("size", ctypes.c_int64)] + [(name, ctypes.c_char_p) for name in ("library", "kernels", "better")] + [
        (name, ctypes.c_int32) for name in ("below", "foreign", "lacks_threads")]
blas = Blas(size=ctypes.sizeof(Blas))
if ctypes.CDLL(sys.argv[1]).adadim_blas_report(ctypes.byref(blas)) == 0:
    better = "" if blas.foreign else blas.better.decode()
    print(":".join(["adadim", "below" if blas.below else "enough", blas.kernels.decode(), better]))
"""
_ANSWER = re.compile(r"adadim:(below|enough):(\w*):(\w*)\n")


class _Answer(NamedTuple):
    is_below_processor: bool
    kernels: str
    better: str


def _better_kernels(path: str) -> str | None:
    """The best kernels that the library has, of those that suit this processor better than what OpenBLAS would choose; "" where
    it has none of them, or another library computes; None where OpenBLAS's choice is good or unknown."""
    # sys.executable of a program that embeds Python is that program: it would run itself.
    if not sys.executable or getattr(sys, "frozen", False) or LOOKING in os.environ:
        return None
    asked: list[str] = []
    while True:
        answer = _probe(path, asked[-1] if asked else "")
        if answer is None:
            return None
        if not answer.is_below_processor or asked and answer.kernels == asked[-1]:
            return asked[-1] if asked else None
        if not answer.better or answer.better in asked:
            return ""
        asked.append(answer.better)


def _probe(path: str, kernels: str) -> _Answer | None:
    """The library's report where OPENBLAS_CORETYPE has these kernels."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", LOOKING: "1"}
    environment.pop(VARIABLE, None)
    if kernels:
        environment[VARIABLE] = kernels
    try:
        probe = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _PROBE, path],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=30,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    answer = _ANSWER.fullmatch(probe.stdout) if probe.returncode == 0 else None
    return _Answer(answer[1] == "below", answer[2], answer[3]) if answer else None
