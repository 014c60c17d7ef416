"""A processor that is newer than its OpenBLAS, as Tests/Preloaded/old_openblas.c makes one: OpenBLAS then chooses "Prescott"."""

from __future__ import annotations

import os
import pathlib
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
    assert "before Python starts, or leave it unset." in found.stderr


def test_an_openblas_that_is_loaded_already_is_named(old_openblas: str) -> None:
    expected = best()
    file = adadim.blas_report().library
    code = f"import ctypes; ctypes.CDLL({file!r}); import adadim; print(adadim.blas_core())"
    found = run_python(code, LD_PRELOAD=old_openblas)
    assert found.stdout == "Prescott\n"
    assert f"RuntimeWarning: {file} was loaded before adadim, by NumPy perhaps, and has chosen the kernels Prescott, " in found.stderr
    assert f"{BELOW}{expected} before Python starts, or import adadim first." in found.stderr


def test_an_openblas_without_better_kernels_is_named(old_openblas: str) -> None:
    best()
    file = adadim.blas_report().library
    for loaded_before in ("", f"import ctypes; ctypes.CDLL({file!r}); "):
        found = run_python(
            f"{loaded_before}import adadim; print(adadim.blas_report())", LD_PRELOAD=old_openblas, OLD_OPENBLAS_HAS_NO_OTHER="1"
        )
        assert "kernels='Prescott'" in found.stdout
        assert f"RuntimeWarning: {file} has no kernels better than Prescott, which use less than this processor has: a newer" in found.stderr
        assert "Set OPENBLAS_CORETYPE" not in found.stderr


def test_the_best_of_what_the_library_has_is_taken(old_openblas: str) -> None:
    """It lacks the families of AVX-512, or the only better one."""
    best()
    lacking = ["Cooperlake", "SkylakeX"]
    found = run_python(
        "import adadim; print(adadim.blas_core())", LD_PRELOAD=old_openblas, OLD_OPENBLAS_LACKS=",".join(lacking)
    )
    assert found.returncode == 0
    if best() in lacking:
        assert found.stdout.strip() in ("Haswell", "Zen")
        assert f"has no kernels better than {found.stdout.strip()}, which use less" in found.stderr


def test_what_the_report_advises_is_what_is_left_to_try(old_openblas: str) -> None:
    """A family that was requested and is not used is not advised again, nor is a better one."""
    advised = ["Prescott", best()]
    while advised[-1]:
        found = run_python(
            "import warnings; warnings.simplefilter('ignore'); import adadim; print(adadim.blas_report().better_kernels)",
            LD_PRELOAD=old_openblas,
            OLD_OPENBLAS_HAS_NO_OTHER="1",
            OPENBLAS_CORETYPE=advised[-1],
        )
        assert found.returncode == 0
        advised.append(found.stdout.strip())
    assert len(set(advised)) == len(advised) <= 6


def test_another_library_is_left_alone_and_named(old_openblas: str, tmp_path: pathlib.Path) -> None:
    expected = best()
    copy = tmp_path / "libopenblas-other.so"
    shutil.copyfile(adadim.blas_report().library, copy)
    found = run_python("import adadim; print(adadim.blas_report())", LD_PRELOAD=f"{old_openblas} {copy}")
    assert "kernels='Prescott'" in found.stdout and "is_foreign=True" in found.stdout
    assert f"RuntimeWarning: Products are computed by {copy}, not by the OpenBLAS that adadim is linked with" in found.stderr
    assert f"its kernels are Prescott, {BELOW}{expected} before Python starts." in found.stderr


@pytest.mark.parametrize("is_frozen", [False, True])
def test_a_program_with_python_inside_does_not_run_itself_for_ever(tmp_path: pathlib.Path, is_frozen: bool) -> None:
    """sys.executable is the program then: it does what it does, whatever arguments it gets."""
    runs, program, code = tmp_path / "runs", tmp_path / "program", tmp_path / "code.py"
    runs.touch()
    code.write_text(
        f"import sys; open({str(runs)!r}, 'a').write('run\\n'); sys.executable = {str(program)!r}; sys.frozen = {is_frozen}\n"
        "print('Hello'); import adadim\n"
    )
    # Where a run starts another it stops at three.
    program.write_text(f"#!/bin/sh\n[ $(wc -l <{runs}) -ge 3 ] || exec {sys.executable} {code}\n")
    program.chmod(0o755)
    clean = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    found = subprocess.run([str(program)], env=clean, capture_output=True, text=True, timeout=120)
    assert found.returncode == 0 and found.stdout == "Hello\n", found.stderr
    assert len(runs.read_text().splitlines()) == (1 if is_frozen else 2)


def test_too_few_threads_are_named() -> None:
    """SIGINT is ignored, as in the background of a script, so OpenBLAS goes on without the threads that it is refused."""
    user = str(200_000 + os.getpid())
    drop = ["prlimit", "--nproc=1", "setpriv", "--reuid", user, "--regid", user, "--clear-groups"]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "2"}
    code = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); import adadim; print(adadim.thread_count())"
    if subprocess.run([*drop, sys.executable, "-c", "import ctypes"], capture_output=True).returncode != 0:
        pytest.skip("no other user can run Python")
    found = subprocess.run([*drop, sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120)
    if "ModuleNotFoundError" in found.stderr or "PermissionError" in found.stderr:
        pytest.skip("no other user can read the package")
    assert found.returncode == 0 and found.stdout == "1\n", found.stderr
    assert "RuntimeWarning: The system gave OpenBLAS too few threads" in found.stderr
