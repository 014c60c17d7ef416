"""Layers to test with, and plain NumPy float64 to hold the package's numbers against."""

from __future__ import annotations

import base64
import json
import pathlib
from typing import Any

import numpy as np
import numpy.typing as npt

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
GOLDENS = CHECKOUT / "Tests" / "QuantizationTests" / "Goldens"

Doubles = npt.NDArray[np.float64]


def weight(out: int, inputs: int, seed: int = 1) -> npt.NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(out, inputs)).astype(np.float32)


def activations(tokens: int, inputs: int, seed: int = 2) -> npt.NDArray[np.float32]:
    """[tokens, inputs] whole numbers, each input with something of the one before it, and some louder.

    The squares of up to 1000 tokens sum up to less than 2^24, so that float32 holds every sum exactly.
    """
    own = np.random.default_rng(seed).integers(-16, 16, size=(tokens, inputs + 1))
    loud = np.where(np.arange(inputs) % 17 == 3, 4, 1)
    return ((own[:, 1:] + own[:, :-1]) * loud).astype(np.float32)


def dequantized(
    codes: npt.NDArray[Any], scales: npt.NDArray[Any], zeros: npt.NDArray[Any], dimension: str, group_size: int
) -> Doubles:
    """(code − zero)·scale, by the definition of the groups."""
    out, inputs = codes.shape
    if dimension == "per-oc":
        row, column = np.arange(out)[:, None], np.arange(inputs)[None, :] // group_size
    else:
        row, column = np.arange(out)[:, None] // group_size, np.arange(inputs)[None, :]
    difference = codes.astype(np.float64) - zeros.astype(np.float64)[row, column]
    result: Doubles = difference * scales.astype(np.float64)[row, column]
    return result


def loss(w: npt.NDArray[Any], q: npt.NDArray[Any], x: npt.NDArray[Any]) -> float:
    """‖(W−Q)·X‖² with x [tokens, inputs], by its definition."""
    error = w.astype(np.float64) - q.astype(np.float64)
    return float(np.sum((error @ x.astype(np.float64).T) ** 2))


def loss_bound(w: npt.NDArray[Any], q: npt.NDArray[Any], x: npt.NDArray[Any], damping: float) -> float:
    """How far a loss in float32 may be from the definition: in·eps of the damped loss, from which the sweep takes it."""
    error = w.astype(np.float64) - q.astype(np.float64)
    ridge = damping * float(np.mean(np.sum(x.astype(np.float64) ** 2, axis=0)))
    eps = float(np.finfo(np.float32).eps)
    return float((w.shape[1] + 8) * eps * (loss(w, q, x) + ridge * np.sum(error**2)))


def textbook_cases() -> list[dict[str, Any]]:
    """layers.json: GPTQ and rounding to nearest in NumPy float64, independent of the engine."""
    cases: list[dict[str, Any]] = json.loads((GOLDENS / "layers.json").read_text())["cases"]
    return cases


class SwiftCase:
    """A layer of float-layers.json, which FloatGoldenTests.swift writes: what the Swift API makes of it."""

    def __init__(self, case: dict[str, Any]) -> None:
        out, inputs, tokens, seed = case["out"], case["in"], case["tokens"], case["seed"]
        steps = np.arange(out * inputs, dtype=np.uint64).reshape(out, inputs)
        self.weight = ((_split_mix(seed, steps, 20) - 2**19) / 2**22).astype(np.float32)
        steps = np.arange(tokens * inputs, dtype=np.uint64).reshape(tokens, inputs)
        own = _split_mix(seed + 1, steps, 5) - 16
        before = np.pad(own, ((0, 0), (1, 0)))[:, :-1]
        loud = np.where(np.arange(inputs) % 17 == 3, 4, 1)
        self.activations = ((own + before) * loud).astype(np.float32)
        self.options = {
            "bits": case["bits"],
            "group_size": case.get("groupSize"),
            "symmetric": case["symmetric"],
            "method": case["method"],
            "dimension": case["dimension"],
            "selection": case["selection"],
            "damping": case["damping"],
            "activation_order": case["activationOrder"],
            "scale_type": case["scaleType"],
        }
        result = case["result"]
        self.dimension = result["dimension"]
        self.codes = np.frombuffer(base64.b64decode(result["codes"]), np.uint8).reshape(out, inputs)
        self.scales = np.array(result["scales"], np.float32)
        self.zero_points = np.array(result["zeroPoints"], np.uint8)


def swift_cases() -> list[SwiftCase]:
    return [SwiftCase(case) for case in json.loads((GOLDENS / "float-layers.json").read_text())]


def _split_mix(seed: int, index: npt.NDArray[np.uint64], bits: int) -> npt.NDArray[np.int64]:
    """The uppermost bits of SplitMix64's numbers at some indices."""
    z = np.uint64(seed) + (index + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(64 - bits)).astype(np.int64)
