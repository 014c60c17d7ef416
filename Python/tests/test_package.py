"""The package itself: its import, its view of the header, how it finds the library."""

from __future__ import annotations

import ctypes
import os
import pathlib
import re
import subprocess
import sys
from typing import Any

import pytest

import adadim
from adadim import LibraryNotFound, _header, _library, _settings
import layers

HEADER = layers.CHECKOUT / "Sources" / "CInterface" / "Header" / "include" / "adadim.h"


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True, timeout=60
    )


def test_import_brings_nothing_but_numpy() -> None:
    names = "sorted(m for m in ('torch', 'ml_dtypes', 'transformers') if m in sys.modules)"
    code = f"import sys, numpy, adadim; g = adadim.Gram(2); g.accumulate(numpy.ones((3, 2), 'float32')); print({names})"
    assert run_python(code).stdout == "[]\n"


def test_versions_agree() -> None:
    macro = re.search(r'#define ADADIM_VERSION "(.*)"', HEADER.read_text())
    assert macro is not None
    assert adadim.version() == adadim.__version__ == _header.VERSION == macro[1]
    assert adadim.blas_core() != ""


def test_constants_are_the_headers() -> None:
    text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.S)
    values = {name: int(value) for name, value in re.findall(r"(ADADIM_\w+) = (\d+)", text)}
    mine = {"ADADIM_OK": _header.OK}
    prefixes = [
        ("ADADIM_", _settings.TYPES),
        ("ADADIM_SELECT_", _settings.SELECTIONS),
        ("ADADIM_", _settings.DIMENSIONS),
        ("ADADIM_RANGES_", _settings.RANGES),
        ("ADADIM_REFINE_", _settings.REFINED),
        ("ADADIM_GRID_", _settings.GRIDS),
    ]
    for prefix, names in prefixes:
        mine |= {prefix + name.upper().replace("-", "_"): value for name, value in names.items()}
    mine |= {f"ADADIM_{name.upper()}": value for name, value in _settings.EFFORTS.items()}
    mine |= {"ADADIM_GPTQ": _settings.METHODS["gptq"], "ADADIM_ROUND_TO_NEAREST": _settings.METHODS["rtn"]}
    statuses = {name: status for name, status in values.items() if name in _header.ERRORS}
    assert set(statuses) == set(_header.ERRORS)
    assert {name: value for name, value in values.items() if name not in _header.ERRORS} == {
        **mine,
        "ADADIM_BUFFER_TOO_SMALL": 3,
    }


@pytest.mark.parametrize("name, struct", [("adadim_options", _settings.Options), ("adadim_layer_info", _header.LayerInfo), ("adadim_blas", _header.Blas)])
def test_structs_are_the_headers(name: str, struct: type[ctypes.Structure]) -> None:
    text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.S)
    body = re.search(rf"typedef struct {name} {{(.*?)}} {name};", text, re.S)
    assert body is not None
    types = {"char": ctypes.c_char_p, "int64_t": ctypes.c_int64, "int32_t": ctypes.c_int32, "adadim_type": ctypes.c_int32, "double": ctypes.c_double}
    fields: list[tuple[str, Any]] = []
    for kind, names in re.findall(r"(\w+) \*?([\w, ]+);", body[1]):
        fields += [(field, types[kind]) for field in names.split(", ")]
    assert list(struct._fields_) == fields
    # As adadim.c asserts.
    assert ctypes.sizeof(struct) == {"adadim_options": 80, "adadim_layer_info": 176, "adadim_blas": 48}[name]


def test_every_function_of_the_header_is_declared() -> None:
    text = re.sub(r"/\*.*?\*/|//.*", "", HEADER.read_text(), flags=re.S)
    declared = {}
    for name, arguments in re.findall(r"(adadim_\w+)\(([^()]*)\);", re.sub(r"\s+", " ", text)):
        declared[name] = 0 if arguments == "void" else arguments.count(",") + 1
    declared.pop("adadim_progress", None)
    assert declared == {name: len(arguments) for name, (arguments, _) in _header.FUNCTIONS.items()}


def test_a_named_library_is_the_only_one_tried() -> None:
    result = run_python("import adadim", ADADIM_LIBRARY="/nowhere/libadadim.so.0")
    assert result.returncode == 1
    assert "LibraryNotFound: AdaDim's library could not be loaded:" in result.stderr
    assert "/nowhere/libadadim.so.0, named by ADADIM_LIBRARY: /nowhere/libadadim.so.0: cannot open" in result.stderr
    assert "by the system's loader" not in result.stderr


def test_a_named_library_is_used(tmp_path: pathlib.Path) -> None:
    copy = tmp_path / "adadim-copy.so"
    copy.write_bytes(pathlib.Path(_library.library._name).read_bytes())
    result = run_python("import adadim; print(adadim._library.library._name)", ADADIM_LIBRARY=str(copy))
    assert result.stdout == f"{copy}\n"


def test_another_library_is_refused() -> None:
    result = run_python("import adadim", ADADIM_LIBRARY="libm.so.6")
    assert "LibraryNotFound: libm.so.6 is no AdaDim library: it has no adadim_version" in result.stderr


def test_every_place_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def refuse(path: str) -> ctypes.CDLL:
        tried.append(path)
        raise OSError("not today")

    monkeypatch.delenv("ADADIM_LIBRARY", raising=False)
    monkeypatch.setattr(ctypes, "CDLL", refuse)
    with pytest.raises(LibraryNotFound, match="set ADADIM_LIBRARY to its path") as caught:
        _library.load()
    assert isinstance(caught.value, ImportError)
    assert tried == [str(_library.BUNDLED), "libadadim.so.0"]
    assert f"{_library.BUNDLED}, bundled in the package: not today" in str(caught.value)
    assert "libadadim.so.0, by the system's loader: not today" in str(caught.value)


@pytest.mark.parametrize(
    "expected, fits", [("0.1.0", True), ("0.1.7", True), ("0.2.0", False), ("1.1.0", False), ("1.0.0", False)]
)
def test_another_version_is_refused(monkeypatch: pytest.MonkeyPatch, expected: str, fits: bool) -> None:
    monkeypatch.setenv("ADADIM_LIBRARY", _library.library._name)
    monkeypatch.setattr(_header, "VERSION", expected)
    if fits:
        assert _library.load().adadim_version().decode() == "0.1.0"
    else:
        with pytest.raises(LibraryNotFound, match=f"has version 0.1.0, this package was written for {expected}"):
            _library.load()
    assert _library._interface("1.2.0") == _library._interface("1.0.0") != _library._interface("2.0.0")


def test_a_library_that_lacks_a_function_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADADIM_LIBRARY", _library.library._name)
    monkeypatch.setitem(_header.FUNCTIONS, "adadim_of_tomorrow", ([], None))
    with pytest.raises(LibraryNotFound, match="has version 0.1.0 but lacks a function: .*adadim_of_tomorrow"):
        _library.load()
