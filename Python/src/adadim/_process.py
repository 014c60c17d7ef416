"""Properties of the whole process: version, kernels, threads."""

from __future__ import annotations

import ctypes

from ._calls import check
from ._numbers import integer
from ._kernels import BlasReport, report_of
from ._library import library


def version() -> str:
    """The version of the library that is loaded, such as "0.1.0"."""
    text: str = library.adadim_version().decode()
    return text


def blas_core() -> str:
    """The kernels that OpenBLAS chose for this CPU, such as "Haswell"."""
    text: str = library.adadim_blas_core().decode()
    return text


def blas_report() -> BlasReport:
    """Which library computes products, with which kernels, and whether these use all instructions of the processor."""
    return report_of(library)


def thread_count() -> int:
    """The number of threads that a call computes on: one number for the process, at first one thread for each core that the
    process may run on, or OPENBLAS_NUM_THREADS."""
    count = ctypes.c_int64()
    check(library.adadim_thread_count(count))
    return count.value


def set_thread_count(count: int) -> None:
    """count: 1 or more; OpenBLAS takes no more than it was built for. Calls that are computing use the new number from their next
    product on. Where the last bits of results matter, set it while no call computes.

    Raises InvalidArgument.
    """
    check(library.adadim_set_thread_count(integer(count, "count")))
