"""The examples, run as a user runs them."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

from adadim import _library
import layers

EXAMPLES = layers.CHECKOUT / "Examples"
HEADERS = layers.CHECKOUT / "Sources" / "CInterface" / "Header" / "include"
TEXTS = layers.CHECKOUT / "Models" / "jargon-6m" / "texts"
LAYER = re.compile(r"^(\S+) +(per-oc|per-ic) +(\S+) % lost$", re.M)


def run(*command: str | pathlib.Path) -> str:
    result = subprocess.run(command, capture_output=True, text=True, timeout=1800)
    assert result.returncode == 0, result.stderr
    return result.stdout


def c_compiler() -> str | pathlib.Path | None:
    """Any; every Swift toolchain brings one."""
    found = shutil.which("cc") or shutil.which("clang")
    swift = shutil.which("swift")
    return found or (pathlib.Path(swift).resolve().parent / "clang" if swift else None)


def test_quantize_array_prints_what_the_example_in_c_prints(tmp_path: pathlib.Path) -> None:
    line = run(sys.executable, EXAMPLES / "Python" / "quantize_array.py")
    assert re.fullmatch(r"per-oc, 0\.12 % lost, codes [0-9a-f]{16}\n", line)
    compiler = c_compiler()
    if compiler is None:
        pytest.skip("no C compiler")
    library, program = pathlib.Path(_library.library._name), tmp_path / "quantize_layer"
    source = EXAMPLES / "C" / "quantize_layer.c"
    run(compiler, "-std=c11", f"-I{HEADERS}", source, library, f"-Wl,-rpath,{library.parent}", "-o", program)
    assert line == run(program)


@pytest.mark.skipif(importlib.util.find_spec("transformers") is None, reason="no transformers")
def test_quantize_transformers() -> None:
    model = os.environ.get("ADADIM_TEST_MODEL")
    if model is None:
        pytest.skip("ADADIM_TEST_MODEL names no model")
    example = EXAMPLES / "Python" / "quantize_transformers.py"
    output = run(sys.executable, example, model, TEXTS / "calibration.txt", TEXTS / "held-out.txt", "--windows", "8")
    # Thirty blocks of seven, and both directions, as with the command line tool (README.md).
    found = LAYER.findall(output)
    assert len({name for name, _, _ in found}) == len(found) == 210
    assert {direction for _, direction, _ in found} == {"per-oc", "per-ic"}
    lost = [float(percent) for _, _, percent in found]
    perplexities = re.search(r"^perplexity (\S+) before, (\S+) after: 3 bits, 8 windows", output, re.M)
    assert perplexities is not None
    before, after = map(float, perplexities.groups())
    # Rounding to nearest, without any calibration, loses 3.77 % and multiplies the perplexity by 174.396 / 49.183
    # (README.md, RTN per-oc).
    assert 0 <= min(lost) and 0 < sum(lost) / 210 < 3.77
    assert 1 < after / before < 174.396 / 49.183
