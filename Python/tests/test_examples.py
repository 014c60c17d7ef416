"""The examples, run as a user runs them."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys

import pytest

import layers

EXAMPLES = layers.CHECKOUT / "Examples" / "Python"
TEXT = layers.CHECKOUT / "Models" / "jargon-6m" / "texts" / "held-out.txt"
LAYER = re.compile(r"^(\S+) +(per-oc|per-ic) +relative loss (\S+)$", re.M)


def run(*command: str) -> str:
    result = subprocess.run([sys.executable, *command], capture_output=True, text=True, timeout=1200)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_quantize_array() -> None:
    """It holds the losses against its own outputs by itself."""
    rows = re.findall(r"^ +(\d)  (\w+) +(?:→ )?per-\w\w +(\S+)  ", run(str(EXAMPLES / "quantize_array.py")), re.M)
    assert len(rows) == 16
    losses = {(int(bits), method): float(loss) for bits, method, loss in rows}
    for bits in (2, 3, 4, 8):
        assert losses[bits, "gptq"] < losses[bits, "rtn"]


@pytest.mark.skipif(importlib.util.find_spec("transformers") is None, reason="no transformers")
@pytest.mark.parametrize("bits, most", [("3", 1.5), ("8", 1.01)])
def test_quantize_transformers(bits: str, most: float) -> None:
    model = os.environ.get("ADADIM_TEST_MODEL")
    if model is None:
        pytest.skip("ADADIM_TEST_MODEL names no model")
    output = run(str(EXAMPLES / "quantize_transformers.py"), model, str(TEXT), "--bits", bits, "--tokens", "2048")
    found = LAYER.findall(output)
    # Thirty blocks of seven.
    assert len({name for name, _, _ in found}) == len(found) == 210
    assert all(0 < float(loss) < 0.2 for _, _, loss in found)
    perplexities = re.search(r"^perplexity (\S+) before, (\S+) after", output, re.M)
    assert perplexities is not None
    before, after = map(float, perplexities.groups())
    assert before * 0.99 < after < before * most
