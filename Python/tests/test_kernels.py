"""A processor that is newer than its OpenBLAS, as Tests/Preloaded/old_openblas.c makes one: OpenBLAS then chooses "Prescott"."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

import adadim
import layers

SOURCE = layers.CHECKOUT / "Tests" / "Preloaded" / "old_openblas.c"
BELOW = "which use less than this processor has. Set OPENBLAS_CORETYPE="


@pytest.fixture(scope="module")
def old_openblas(tmp_path_factory: pytest.TempPathFactory) -> str:
    library = tmp_path_factory.mktemp("preloaded") / "old_openblas.so"
    compiler = shutil.which("cc") or shutil.which("clang")
    assert compiler is not None
    subprocess.run([compiler, "-shared", "-fPIC", str(SOURCE), "-o", str(library)], check=True)
    return str(library)


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    return subprocess.run(
        [sys.executable, "-c", code], env={**clean, **environment}, capture_output=True, text=True, timeout=60
    )


def best() -> str:
    """The family that suits this processor; the test does not run where every kernel does."""
    found = run_python("import adadim; print(adadim.blas_report().better_kernels)", OPENBLAS_CORETYPE="Prescott")
    if not found.stdout.strip():
        pytest.skip("Prescott's kernels use all that this processor has")
    return found.stdout.strip()


def test_report_is_of_the_library_that_computes() -> None:
    report = adadim.blas_report()
    assert "openblas" in report.library and not report.is_foreign
    assert report.kernels == adadim.blas_core()
    assert report.is_below_processor == (report.better_kernels != "")


def test_better_kernels_are_set_before_the_library_is_loaded(old_openblas: str) -> None:
    expected = best()
    code = "import os, adadim; print(adadim.blas_report().kernels, os.environ.get('OPENBLAS_CORETYPE'))"
    found = run_python(code, LD_PRELOAD=old_openblas)
    # The variable is gone afterwards: other programs choose for themselves.
    assert found.stdout == f"{expected} None\n"
    assert found.stderr == ""


def test_a_choice_of_the_users_stands_and_is_named() -> None:
    expected = best()
    found = run_python("import adadim; print(adadim.blas_core())", OPENBLAS_CORETYPE="Prescott")
    assert found.stdout == "Prescott\n"
    assert f"RuntimeWarning: OPENBLAS_CORETYPE=Prescott chooses the kernels Prescott, {BELOW}{expected}" in found.stderr


def test_an_openblas_that_is_loaded_already_is_named(old_openblas: str) -> None:
    expected = best()
    file = adadim.blas_report().library
    code = f"import ctypes; ctypes.CDLL({file!r}); import adadim; print(adadim.blas_core())"
    found = run_python(code, LD_PRELOAD=old_openblas)
    assert found.stdout == "Prescott\n"
    assert f"RuntimeWarning: {file} was loaded before adadim, by NumPy perhaps, and has chosen the kernels Prescott, " in found.stderr
    assert f"{BELOW}{expected} before Python starts, or import adadim first." in found.stderr
