#!/usr/bin/env python3
"""Golden inspections for InspectionTests: the definitions of Documentation/Inspection.md in NumPy float64.

    pip install numpy==2.4.6
    python Tests/InspectionTests/Goldens/make_goldens.py

Writes layers.json beside itself: for each case a weight [out, in], activations [in, tokens], and what there is to see of
them. Rounding and GPTQ are the textbook of Tests/QuantizationTests/Goldens/make_goldens.py. Weights and activations are
whole multiples of 2^-12, written as such.
"""
import json
import pathlib
import sys

import numpy as np

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent / "QuantizationTests" / "Goldens"))
import make_goldens as textbook  # noqa: E402

CASES = [  # out, in, bits, group size, outlier channels, shift of one channel's mean in deviations
    (24, 40, 3, 8, {7: 60.0, 31: 45.0}, 0.0),
    (17, 33, 4, 16, {}, 300.0),
    (21, 130, 3, 10, {64: 90.0}, 0.0),
]


def ranks(values: np.ndarray) -> np.ndarray:
    """Places by size, equal values sharing their mean."""
    return np.array([np.mean(np.flatnonzero(np.sort(values) == v)) for v in values])


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(ranks(a), ranks(b))[0, 1])


def top_share(terms: np.ndarray) -> float:
    return float(np.sort(terms)[::-1][:-(-len(terms) // 100)].sum() / terms.sum())


def group_errors(squares: np.ndarray, size: int, direction: str) -> np.ndarray:
    """Sums of a matrix [out, in] over its groups, sorted."""
    matrix = squares if direction == "per-oc" else squares.T
    return np.sort([row[k:k + size].sum() for row in matrix for k in range(0, matrix.shape[1], size)])


def inspect(w: np.ndarray, x: np.ndarray, bits: int, size: int) -> dict:
    h = x @ x.T
    damped = h + textbook.DAMPING * np.mean(np.diag(h)) * np.eye(len(h))
    deviations = x - x.mean(axis=1, keepdims=True)
    largest = np.abs(x).max(axis=1)
    result = {
        "mean": np.abs(x).mean(axis=1).tolist(), "rms": np.sqrt((x**2).mean(axis=1)).tolist(),
        "max": largest.tolist(),
        "kurtosis": ((deviations**4).mean(axis=1) / (deviations**2).mean(axis=1) ** 2).tolist(),
        "outliers": np.flatnonzero((largest >= 6) & (largest >= 20 * np.median(largest))).tolist(),
        "condition": float(np.linalg.cond(damped)), "energy": float(np.sum((w @ x) ** 2)), "losses": {},
        "groupErrors": {}, "sensitivities": {},
    }
    factors = {"inverseHessian": 1 / np.diag(np.linalg.inv(damped)), "hessianDiagonal": np.diag(h)}
    for measure, factor in factors.items():
        s = w**2 * factor
        result["sensitivities"][measure] = {
            "inputs": s.sum(axis=0).tolist(), "outputs": s.sum(axis=1).tolist(),
            "topInputs": top_share(s.sum(axis=0)), "topOutputs": top_share(s.sum(axis=1)),
            "rankCorrelation": correlation(largest, s.sum(axis=0)), "largest": float(s.max()),
        }
    for direction in ("per-oc", "per-ic"):
        losses = {}
        for method in ("rtn", "gptq"):
            layer = textbook.Layer(w, bits, size, False, direction)
            textbook.round_to_nearest(layer) if method == "rtn" else textbook.gptq(layer, h, False)
            losses[method] = float(np.sum(((w - layer.q) @ x) ** 2))
            if method == "rtn":
                squares = (w - layer.q) ** 2 * np.diag(h) / result["energy"]
                result["groupErrors"][direction] = group_errors(squares, size, direction).tolist()
        result["losses"][direction] = losses
    return result


def multiples(matrix: np.ndarray) -> list[int]:
    """How many 2^-12 each element is, row after row."""
    return np.rint(matrix * 4096).astype(int).ravel().tolist()


def main() -> None:
    random = np.random.default_rng(1592)
    cases = []
    for out, width, bits, size, outliers, shift in CASES:
        w = np.rint(random.normal(size=(out, width)) * 0.1 * 4096) / 4096
        x = np.rint(random.normal(size=(width, 2 * width + 21)) * 4096) / 4096
        for channel, factor in outliers.items():
            x[channel] *= factor
        x[5] += shift
        cases.append({
            "out": out, "in": width, "tokens": x.shape[1], "bits": bits, "groupSize": size, "damping": textbook.DAMPING,
            "weight": multiples(w), "activations": multiples(x), **inspect(w, x, bits, size),
        })
    (HERE / "layers.json").write_text(json.dumps({"writtenBy": "make_goldens.py", "cases": cases}))


if __name__ == "__main__":
    main()
