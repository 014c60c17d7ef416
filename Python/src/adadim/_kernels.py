"""Kernels that suit the processor. OpenBLAS chooses its own when it is loaded, by the processor's model; a version that is older
than the processor chooses kernels of an old one. So OPENBLAS_CORETYPE is set before the library is loaded, where that
helps and the user has not set it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from typing import NamedTuple

from . import _header

VARIABLE = "OPENBLAS_CORETYPE"


class BlasReport(NamedTuple):
    """Which library computes products, and with which kernels."""

    library: str
    """The file whose code computes products, links resolved; "" if the process cannot tell."""
    kernels: str
    """The family of OpenBLAS's kernels, such as "SkylakeX"; "" if another library computes products."""
    better_kernels: str
    """A family that uses more of this processor, a value for OPENBLAS_CORETYPE; "" if there is none."""
    is_below_processor: bool
    """Whether the kernels use fewer instructions than the processor has."""
    is_foreign: bool
    """Whether another file than the linked OpenBLAS computes products. It is left alone."""


def report_of(library: ctypes.CDLL) -> BlasReport:
    blas = _header.Blas(size=ctypes.sizeof(_header.Blas))
    status = library.adadim_blas_report(ctypes.byref(blas))
    if status != _header.OK:
        raise AssertionError(f"adadim_blas_report: status {status}")
    texts = (blas.library.decode(errors="surrogateescape"), blas.kernels.decode(), blas.better_kernels.decode())
    return BlasReport(*texts, bool(blas.below_processor), bool(blas.foreign))


@contextlib.contextmanager
def suiting_the_processor(path: str) -> Iterator[None]:
    """While the library at `path` is being loaded, OPENBLAS_CORETYPE is what this processor needs, if anything. Other
    libraries and programs never see it."""
    better = None if os.environ.get(VARIABLE) else _better_kernels(path)
    if better is None:
        yield
        return
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = better
    try:
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before


def warn_if_below_processor(library: ctypes.CDLL) -> None:
    """Says that products take longer than they need to, and what helps."""
    found = report_of(library)
    if not found.is_below_processor:
        return
    if os.environ.get(VARIABLE):
        reason = f"{VARIABLE}={os.environ[VARIABLE]} chooses the kernels {found.kernels}"
    else:
        reason = f"{found.library} was loaded before adadim, by NumPy perhaps, and has chosen the kernels {found.kernels}"
    warnings.warn(
        f"{reason}, which use less than this processor has. Set {VARIABLE}={found.better_kernels} before Python starts, "
        "or import adadim first.",
        RuntimeWarning,
        stacklevel=2,
    )


# In a process of its own, since a process loads OpenBLAS once.
_PROBE = """
import ctypes, sys
class Blas(ctypes.Structure):
    _fields_ = [("size", ctypes.c_int64)] + [(name, ctypes.c_char_p) for name in ("library", "kernels", "better")] + [
        ("below", ctypes.c_int32), ("foreign", ctypes.c_int32)]
blas = Blas(size=ctypes.sizeof(Blas))
status = ctypes.CDLL(sys.argv[1]).adadim_blas_report(ctypes.byref(blas))
print(blas.better.decode() if status == 0 else "")
"""


def _better_kernels(path: str) -> str | None:
    """Kernels that suit this processor better than those that OpenBLAS would choose; None where there are none or nobody
    says."""
    if not sys.executable:
        return None
    try:
        probe = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _PROBE, path],
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return probe.stdout.strip() or None if probe.returncode == 0 else None
