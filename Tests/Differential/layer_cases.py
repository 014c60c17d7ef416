"""Random layers: a weight, inputs and options, the same for a seed on every machine."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

SIZES = [1, 2, 3, 5, 8, 9, 16, 17, 24, 31, 33, 40, 48, 63, 64, 65, 70]
WIDTHS = SIZES + [90, 100, 127, 128, 129, 140, 200, 270]
GROUPS = [None, 1, 2, 3, 5, 8, 16, 24, 32, 50, 64, 100, 128, 150, 1000]
INPUTS = [
    "normal", "correlated", "outliers", "few tokens", "one token", "repeated inputs", "some inactive", "all inactive",
    "constant input", "many scales", "huge", "tiny", "tinier than squares", "huger than squares", "whole numbers",
    "all but tinier than squares",
]
INPUT_SHARES = np.array([10, 12, 12, 10, 3, 8, 10, 2, 5, 6, 4, 4, 1, 1, 9, 1], float)
WEIGHTS = [
    "normal", "heavy tails", "constant rows", "zero rows and columns", "positive", "one outlier", "on a grid", "huge",
    "tiny", "tinier than squares", "zero", "ties",
]
WEIGHT_SHARES = np.array([30, 12, 8, 10, 6, 8, 6, 4, 4, 2, 2, 8], float)


@dataclass(frozen=True)
class Case:
    index: int
    inputs: str
    weights: str
    # [out, in], [tokens, in].
    weight: Floats
    activations: Floats
    # As adadim.Quantizer takes them.
    options: dict[str, Any]

    def __str__(self) -> str:
        named = ", ".join(f"{name}={value!r}" for name, value in self.options.items())
        return (
            f"layer {self.index}, {list(self.weight.shape)}, {len(self.activations)} tokens, weights: {self.weights}, inputs: "
            f"{self.inputs}, {named}")


def make(seed: int, index: int) -> Case:
    rng = np.random.default_rng([seed, index])
    out, width = int(rng.choice(SIZES)), int(rng.choice(WIDTHS))
    inputs = str(rng.choice(INPUTS, p=INPUT_SHARES / INPUT_SHARES.sum()))
    weights = str(rng.choice(WEIGHTS, p=WEIGHT_SHARES / WEIGHT_SHARES.sum()))
    method = "rtn" if rng.random() < 0.25 else "gptq"
    options: dict[str, Any] = {
        "bits": int(rng.choice([2, 3, 4, 8])),
        "group_size": GROUPS[rng.integers(len(GROUPS))],
        "symmetric": bool(rng.random() < 0.35),
        "scale_type": str(rng.choice(["bfloat16", "float16", "float32"])),
        "dimension": str(rng.choice(["per-oc", "per-ic", "adaptive"])),
        "method": method,
        "selection": str(rng.choice(["rtn", "sweep"])),
        "ranges": str(rng.choice(["minmax", "search"])),
        "activation_order": bool(rng.random() < 0.4),
        "damping": float(rng.choice([0, 1e-6, 1e-3, 0.01, 0.1, 1])),
        "passes": int(rng.choice([0, 0, 1, 1, 2, 3, 4])) if method == "gptq" else 0,
        "refine": str(rng.choice(["codes", "scales", "both"])),
    }
    return Case(index, inputs, weights, _weight(rng, weights, out, width), _activations(rng, inputs, width), options)


def _weight(rng: np.random.Generator, kind: str, out: int, width: int) -> Floats:
    w = rng.normal(size=(out, width)) * 0.02
    if kind == "heavy tails":
        w = rng.standard_t(2.5, size=(out, width)) * 0.02
    elif kind == "constant rows":
        w[rng.random(out) < 0.5] = rng.normal() * 0.02
    elif kind == "zero rows and columns":
        w[rng.random(out) < 0.3] = 0
        w[:, rng.random(width) < 0.3] = 0
    elif kind == "positive":
        w = np.abs(w) + 0.01
    elif kind == "one outlier":
        w[rng.integers(out), rng.integers(width)] = 3
    elif kind == "on a grid":
        w = rng.integers(-7, 9, size=(out, width)) / 64
    elif kind == "ties":
        w = rng.integers(-14, 16, size=(out, width)) / 32
    elif kind in ("huge", "tiny", "tinier than squares"):
        w *= {"huge": 1e14, "tiny": 1e-12, "tinier than squares": 1e-27}[kind]
    elif kind == "zero":
        w[:] = 0
    return w.astype(np.float32)


def _activations(rng: np.random.Generator, kind: str, width: int) -> Floats:
    tokens = int(rng.integers(width + 1, 3 * width + 20))
    if kind == "few tokens":
        tokens = int(rng.integers(1, width + 1))
    elif kind == "one token":
        tokens = 1
    x = rng.normal(size=(tokens, width))
    if kind in ("correlated", "outliers", "few tokens"):
        x[:, 1:] = 0.6 * x[:, :-1] + x[:, 1:]
    if kind == "outliers":
        x[:, rng.random(width) < 0.1] *= 40
    elif kind == "repeated inputs":
        x[:, rng.random(width) < 0.4] = x[:, rng.integers(width), None]
    elif kind == "some inactive":
        x[:, rng.random(width) < 0.3] = 0
    elif kind == "all inactive":
        x[:] = 0
    elif kind == "constant input":
        x[:, rng.integers(width)] = 5
    elif kind == "many scales":
        x *= 10.0 ** rng.uniform(-4, 3, size=width)
    elif kind == "whole numbers":
        x = rng.integers(-4, 5, size=(tokens, width)).astype(float)
    elif "squares" in kind or kind in ("huge", "tiny"):
        x *= {
            "huge": 1e14, "tiny": 1e-14, "tinier than squares": 1e-24, "huger than squares": 1e25,
            "all but tinier than squares": 1e-22,
        }[kind]
    return x.astype(np.float32)
