#!/usr/bin/env python3
"""Golden layers for QuantizationTests: the textbook in NumPy float64, independent of the engine.

    pip install numpy==2.4.6
    python Tests/QuantizationTests/Goldens/make_goldens.py

Writes layers.json beside itself: for each case a weight [out, in], activations [in, tokens], and what round-to-nearest and
GPTQ (Frantar et al., arXiv 2210.17323: inverse Hessian, its upper Cholesky factor, column updates) make of them, with the
losses ‖(W − Q)X‖² by their definition. Weights and activations are whole multiples of 2^-12, so JSON carries them exactly.
"""
import itertools
import json
import pathlib

import numpy as np

CASES = [  # out, in, bits, group size (None: channel), symmetric, activation order
    (12, 20, 3, 8, False, False),
    (9, 16, 4, 4, False, False),
    (10, 14, 2, None, False, False),
    (8, 24, 4, 16, True, False),
    (7, 18, 8, 6, False, False),
    (11, 20, 3, 8, False, True),
]
DAMPING = 0.01


def to_bfloat16(x: np.ndarray) -> np.ndarray:
    """Nearest bfloat16 of positive numbers, ties to even: eight significant bits."""
    unit = 2.0 ** (np.floor(np.log2(x)) - 7)
    return np.rint(x / unit) * unit


def grid(group: np.ndarray, bits: int, symmetric: bool) -> tuple[float, float]:
    """Scale and zero point of one group of weights."""
    low, high, largest = min(group.min(), 0.0), max(group.max(), 0.0), 2**bits - 1
    if low == high:
        return 1.0, float(2 ** (bits - 1)) if symmetric else 0.0
    if symmetric:
        return float(to_bfloat16(np.float64(2 * max(-low, high) / largest))), float(2 ** (bits - 1))
    scale = float(to_bfloat16(np.float64((high - low) / largest)))
    return scale, float(np.clip(np.rint(-low / scale), 0, largest))


def code_of(w: float, scale: float, zero: float, bits: int) -> float:
    return float(np.clip(np.rint(w / scale) + zero, 0, 2**bits - 1))


class Layer:
    """Codes and grids of one weight while they are being found."""

    def __init__(self, w, bits, size, symmetric, direction):
        self.w, self.bits, self.symmetric, self.direction = w.copy(), bits, symmetric, direction
        out, width = w.shape
        self.size = size or (width if direction == "per-oc" else out)
        groups = -(-(width if direction == "per-oc" else out) // self.size)
        shape = (out, groups) if direction == "per-oc" else (groups, width)
        self.scales, self.zeros, self.codes = np.ones(shape), np.zeros(shape), np.zeros((out, width))
        self.q = np.zeros((out, width))

    def place(self, i, j):
        return (i, j // self.size) if self.direction == "per-oc" else (i // self.size, j)

    def set_output_group(self, group):
        for i in range(len(self.w)):
            members = self.w[i, group * self.size:(group + 1) * self.size]
            self.scales[i, group], self.zeros[i, group] = grid(members, self.bits, self.symmetric)

    def set_input_groups(self, j):
        for group in range(len(self.scales)):
            members = self.w[group * self.size:(group + 1) * self.size, j]
            self.scales[group, j], self.zeros[group, j] = grid(members, self.bits, self.symmetric)

    def round_column(self, j):
        for i in range(len(self.w)):
            scale, zero = self.scales[self.place(i, j)], self.zeros[self.place(i, j)]
            self.codes[i, j] = code_of(self.w[i, j], scale, zero, self.bits)
            self.q[i, j] = (self.codes[i, j] - zero) * scale


def round_to_nearest(layer: Layer) -> None:
    for j in range(layer.w.shape[1]):
        if layer.direction == "per-ic":
            layer.set_input_groups(j)
        elif j % layer.size == 0:
            layer.set_output_group(j // layer.size)
        layer.round_column(j)


def gptq(layer: Layer, h: np.ndarray, activation_order: bool) -> None:
    n = len(h)
    order = np.argsort(-np.diag(h), kind="stable") if activation_order else np.arange(n)
    damped = h + DAMPING * np.mean(np.diag(h)) * np.eye(n)
    u = np.linalg.cholesky(np.linalg.inv(damped[np.ix_(order, order)])).T
    static = activation_order and layer.direction == "per-oc"
    if static:
        for group in range(layer.scales.shape[1]):
            layer.set_output_group(group)
    for k, j in enumerate(order):
        if layer.direction == "per-ic":
            layer.set_input_groups(j)
        elif not static and j % layer.size == 0:
            layer.set_output_group(j // layer.size)
        layer.round_column(j)
        error = (layer.w[:, j] - layer.q[:, j]) / u[k, k]
        layer.w[:, order[k + 1:]] -= np.outer(error, u[k, k + 1:])


def main() -> None:
    random = np.random.default_rng(2024)
    cases = []
    for (out, width, bits, size, symmetric, activation_order), direction in itertools.product(CASES, ("per-oc", "per-ic")):
        w = np.rint(random.normal(size=(out, width)) * 0.1 * 4096) / 4096
        x = np.rint(random.normal(size=(width, 3 * width)) * 4096) / 4096
        x[width // 3] *= 16
        h = x @ x.T
        results = {}
        for method in ("rtn", "gptq"):
            layer = Layer(w, bits, size, symmetric, direction)
            round_to_nearest(layer) if method == "rtn" else gptq(layer, h, activation_order)
            results[method] = {
                "codes": layer.codes.astype(int).ravel().tolist(), "scales": layer.scales.ravel().tolist(),
                "zeroPoints": layer.zeros.astype(int).ravel().tolist(),
                "loss": float(np.sum(((w - layer.q) @ x) ** 2)),
            }
        cases.append({
            "out": out, "in": width, "tokens": x.shape[1], "bits": bits, "groupSize": size, "symmetric": symmetric,
            "activationOrder": activation_order, "dimension": direction, "damping": DAMPING,
            "weight": w.ravel().tolist(), "activations": x.ravel().tolist(), "results": results,
        })
    target = pathlib.Path(__file__).parent / "layers.json"
    target.write_text(json.dumps({"writtenBy": "make_goldens.py", "cases": cases}))


if __name__ == "__main__":
    main()
