#!/usr/bin/env python3
"""Golden layers for QuantizationTests: the textbook in NumPy float64, independent of the engine.

    pip install numpy==2.4.6
    python Tests/QuantizationTests/Goldens/make_goldens.py

Writes layers.json beside itself: for each case a weight [out, in], activations [in, tokens], and what round-to-nearest and
GPTQ (Frantar et al., arXiv 2210.17323: inverse Hessian, its upper Cholesky factor, column updates) make of them, with the
losses ‖(W − Q)X‖² by their definition. Weights and activations are whole multiples of 2^-12, so JSON carries them exactly.

Further: both with ranges by search; GPTQ refined in passes, of codes by coordinate descent, of scales, of both; wide layers of
several blocks of columns, refined too, whose weights and activations both sides make by a rule; and the weight that
makes up for shifted inputs and a shifted residual, with how far the layer's outputs are from the original ones.
"""
import itertools
import json
import pathlib

import numpy as np

CASES = [  # out, in, bits, group size (None: channel), symmetric, activation order, damping
    (12, 20, 3, 8, False, False, 0.01),
    (9, 16, 4, 4, False, False, 0.1),
    (10, 14, 2, None, False, False, 0.01),
    (8, 24, 4, 16, True, False, 0.01),
    (7, 18, 8, 6, False, False, 0.1),
    (11, 20, 3, 8, False, True, 0.1),
]
REFINEMENTS = [  # name, searched ranges, parts, passes
    ("codes", False, "codes", 2), ("scales", False, "scales", 1), ("both", False, "both", 3), ("searched", True, "both", 2),
]
WIDE = [  # out, in, bits, group size, symmetric, activation order, damping, direction
    (3, 200, 3, 48, False, False, 0.1, "per-oc"),
    (2, 300, 2, 140, False, False, 0.01, "per-oc"),
    (2, 200, 3, 48, False, True, 0.1, "per-oc"),
    (2, 150, 2, None, True, True, 0.01, "per-oc"),
    (5, 150, 3, 4, False, True, 0.1, "per-ic"),
]
CORRECTION_DAMPING = 0.01
CORRECTIONS = [  # out, in, share of the inputs' shift, share of the residual's
    (5, 8, 1.0, 0.0),
    (6, 7, 0.5, 1.0),
]
BLOCK = 128  # columns that a refinement's pass takes at once, in whole per-OC groups


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


# Both ends of a range apart, in steps of a tenth of it down to two fifths; in float32, as the engine has them.
SHARES = [float(np.float32(1) - np.float32(k) / np.float32(10)) for k in range(7)]


def searched(group: np.ndarray, importance: np.ndarray, bits: int, symmetric: bool) -> np.ndarray:
    """The two ends of the range that leaves the smallest Σ importance·(w − value)², on a grid of unrounded scale."""
    low, high, largest = min(group.min(), 0.0), max(group.max(), 0.0), 2**bits - 1
    if low == high:
        return np.array([low, high])
    best, ends = np.inf, None
    for low_share, high_share in itertools.product(SHARES, SHARES):
        a, b = low * low_share, high * high_share
        scale = 2 * max(-a, b) / largest if symmetric else (b - a) / largest
        zero = 2 ** (bits - 1) if symmetric else np.clip(np.rint(-a / scale), 0, largest)
        values = (np.clip(np.rint(group / scale) + zero, 0, largest) - zero) * scale
        loss = float(np.sum(importance * (group - values) ** 2))
        if loss < best:
            best, ends = loss, np.array([a, b])
    return ends


def rescaled(scale: float, share: float) -> float:
    """scale·(1 + share) as bfloat16, where that is nearer to it than the scale itself."""
    if scale * (1 + share) <= 0:
        return scale
    changed = float(to_bfloat16(np.float64(scale * (1 + share))))
    return changed if abs(changed / scale - 1 - share) < abs(share) else scale


def code_of(w: float, scale: float, zero: float, bits: int) -> float:
    return float(np.clip(np.rint(w / scale) + zero, 0, 2**bits - 1))


class Layer:
    """Codes and grids of one weight while they are being found."""

    def __init__(self, w, bits, size, symmetric, direction, importance=None):
        """importance: diag(H) where ranges are searched, None where they are full."""
        self.w, self.bits, self.symmetric, self.direction = w.copy(), bits, symmetric, direction
        self.importance = importance
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
            columns = slice(group * self.size, (group + 1) * self.size)
            members = self.w[i, columns]
            if self.importance is not None:
                members = searched(members, self.importance[columns], self.bits, self.symmetric)
            self.scales[i, group], self.zeros[i, group] = grid(members, self.bits, self.symmetric)

    def set_input_groups(self, j):
        for group in range(len(self.scales)):
            members = self.w[group * self.size:(group + 1) * self.size, j]
            self.scales[group, j], self.zeros[group, j] = self.grid_of(members)

    def grid_of(self, members):
        """The grid of a per-IC group."""
        if self.importance is not None:
            members = searched(members, np.ones(len(members)), self.bits, self.symmetric)
        return grid(members, self.bits, self.symmetric)

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


def damped(h: np.ndarray, share: float) -> np.ndarray:
    return h + share * np.mean(np.diag(h)) * np.eye(len(h))


def gptq(layer: Layer, h: np.ndarray, activation_order: bool, damping: float) -> None:
    n = len(h)
    order = np.argsort(-np.diag(h), kind="stable") if activation_order else np.arange(n)
    u = np.linalg.cholesky(np.linalg.inv(damped(h, damping)[np.ix_(order, order)])).T
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


class Refined:
    """Passes over a layer that GPTQ has left, by the same damped H: w is the weight itself, R = (W − Q)H is found anew where it
    is needed."""

    def __init__(self, layer: Layer, w: np.ndarray, h: np.ndarray, activation_order: bool, damping: float):
        n = len(h)
        self.layer, self.w, self.h = layer, w, damped(h, damping)
        self.order = np.argsort(-np.diag(h), kind="stable") if activation_order else np.arange(n)
        width = BLOCK
        self.scattered = False
        if layer.direction == "per-oc":
            self.scattered = activation_order or layer.size > BLOCK
            if not activation_order:
                width = BLOCK // layer.size * layer.size if layer.size <= BLOCK else BLOCK
        starts = range(0, n, width)
        if self.scattered and not activation_order:  # no block reaches across the start of a wide group
            starts = sorted({s for g in range(0, n, layer.size) for s in range(g, min(n, g + layer.size), BLOCK)})
        bounds = [*starts, n]
        self.blocks = [self.order[a:b] for a, b in zip(bounds, bounds[1:])]

    def residual(self, i, columns):
        return (self.w[i] - self.layer.q[i]) @ self.h[:, columns]

    def run(self, parts: str) -> None:
        layer = self.layer
        groups = range(layer.scales.shape[1 if layer.direction == "per-oc" else 0])
        if layer.direction == "per-oc" and parts != "codes" and self.scattered:
            for group in groups:
                self.rescale_output_group(group)
        for block in self.blocks:
            if layer.direction == "per-oc":
                if parts != "codes" and not self.scattered:
                    for group in sorted({j // layer.size for j in block}):
                        self.rescale_output_group(group)
                if parts != "scales":
                    for j in block:
                        self.recode_column(j)
            else:
                for j in block:
                    for group in groups:
                        self.change_input_group(group, j, parts)

    def rescale_output_group(self, group):
        """Each row's scale to its best, its codes frozen."""
        layer = self.layer
        columns = np.arange(group * layer.size, min(len(self.h), (group + 1) * layer.size))
        for i in range(len(self.w)):
            q = layer.q[i, columns]
            curvature = q @ self.h[np.ix_(columns, columns)] @ q
            if curvature > 0:
                share = float(q @ self.residual(i, columns) / curvature)
                layer.scales[i, group] = rescaled(layer.scales[i, group], share)
            layer.q[i, columns] = (layer.codes[i, columns] - layer.zeros[i, group]) * layer.scales[i, group]

    def target(self, i, j):
        return self.layer.q[i, j] + self.residual(i, j) / self.h[j, j]

    def recode_column(self, j):
        layer, group = self.layer, j // self.layer.size
        for i in range(len(self.w)):
            scale, zero = layer.scales[i, group], layer.zeros[i, group]
            layer.codes[i, j] = code_of(self.target(i, j), scale, zero, layer.bits)
            layer.q[i, j] = (layer.codes[i, j] - zero) * scale

    def change_input_group(self, group, j, parts):
        """Whichever grid misses the target least: the one that is there, its best scale, or one set anew."""
        layer = self.layer
        rows = np.arange(group * layer.size, min(len(self.w), (group + 1) * layer.size))
        target = np.array([self.target(i, j) for i in rows])
        scale, zero = layer.scales[group, j], layer.zeros[group, j]
        q, codes = layer.q[rows, j], layer.codes[rows, j]
        better = rescaled(scale, float(q @ target / (q @ q)) - 1) if np.any(q) else scale
        if parts == "scales":
            found = [(s, zero, codes) for s in (scale, better)]
        else:
            grids = [(scale, zero)]
            if parts == "both":
                grids += [(better, zero), layer.grid_of(target)]
            found = [(s, z, np.array([code_of(t, s, z, layer.bits) for t in target])) for s, z in grids]
        losses = [np.sum((target - (c - z) * s) ** 2) for s, z, c in found]
        scale, zero, codes = found[int(np.argmin(losses))]  # the first of equal ones
        layer.scales[group, j], layer.zeros[group, j] = scale, zero
        layer.codes[rows, j], layer.q[rows, j] = codes, (codes - zero) * scale


def result_of(layer: Layer, w: np.ndarray, x: np.ndarray) -> dict:
    return {
        "codes": layer.codes.astype(int).ravel().tolist(), "scales": layer.scales.ravel().tolist(),
        "zeroPoints": layer.zeros.astype(int).ravel().tolist(), "loss": float(np.sum(((w - layer.q) @ x) ** 2)),
    }


def refined_results(w, x, bits, size, symmetric, activation_order, damping, direction) -> dict:
    h = x @ x.T
    results = {}
    for name, search, parts, passes in REFINEMENTS:
        layer = Layer(w, bits, size, symmetric, direction, np.diag(h) if search else None)
        gptq(layer, h, activation_order, damping)
        refined = Refined(layer, w, h, activation_order, damping)
        for _ in range(passes):
            refined.run(parts)
        results[name] = result_of(layer, w, x)
    return results


def split_mix(seed: int, index: int, bits: int) -> int:
    """The uppermost bits of the number at an index of the sequence."""
    mask = 2**64 - 1
    z = (seed + (index + 1) * 0x9E3779B97F4A7C15) & mask
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    return (z ^ (z >> 31)) >> (64 - bits)


def wide_layer(out: int, width: int, tokens: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """As FloatGoldenTests.Layer makes them: each input has something of the one before it, and some are louder."""
    w = np.array([[(split_mix(seed, i * width + j, 20) - 2**19) / 2**22 for j in range(width)] for i in range(out)])
    own = np.array([[split_mix(seed + 1, t * width + i, 5) - 16 for t in range(tokens)] for i in range(width)])
    before = np.vstack([np.zeros((1, tokens)), own[:-1]])
    return w, (own + before) * np.where(np.arange(width) % 17 == 3, 4, 1)[:, None]


def wide_cases() -> list[dict]:
    cases = []
    for index, (out, width, bits, size, symmetric, activation_order, damping, direction) in enumerate(WIDE):
        seed, tokens = 1000 + 10 * index, 2 * width
        w, x = wide_layer(out, width, tokens, seed)
        cases.append({
            "out": out, "in": width, "tokens": tokens, "seed": seed, "bits": bits, "groupSize": size,
            "symmetric": symmetric, "activationOrder": activation_order, "dimension": direction, "damping": damping,
            "results": refined_results(w, x, bits, size, symmetric, activation_order, damping, direction),
        })
    return cases


def correction_cases() -> list[dict]:
    """T = W + (α·W·K + β·D)·(H + λI)⁻¹ with K = (X − X_q)·X_qᵀ and D = (R − R_q)·X_qᵀ, and ‖WX − QX_q‖² of Q = 0.9·T."""
    random = np.random.default_rng(2025)
    cases = []
    for out, width, inputs_share, residual_share in CORRECTIONS:
        tokens = 2 * width + 1
        w, x, shift = (random.normal(size=s) for s in [(out, width), (width, tokens), (width, tokens)])
        r, residual_shift = (random.normal(size=(out, tokens)) for _ in range(2))
        w, x, shift, r, residual_shift = (np.rint(a * 64) / 64 for a in (w, x, shift, r, residual_shift))
        x[width // 3] *= 8
        x_q, r_q = x + shift / 8, r + residual_shift / 4
        h = x_q @ x_q.T
        change = inputs_share * w @ (x - x_q) @ x_q.T + residual_share * (r - r_q) @ x_q.T
        target = w + np.linalg.solve(damped(h, CORRECTION_DAMPING), change.T).T
        cases.append({
            "out": out, "in": width, "tokens": tokens, "damping": CORRECTION_DAMPING, "inputs": inputs_share,
            "residual": residual_share, "weight": w.ravel().tolist(), "original": x.ravel().tolist(),
            "shifted": x_q.ravel().tolist(), "originalResidual": r.ravel().tolist(), "shiftedResidual": r_q.ravel().tolist(),
            "target": target.ravel().tolist(), "originalLoss": float(np.sum((w @ x - w @ x_q) ** 2)),
            "quantizedLoss": float(np.sum((w @ x - 0.9 * target @ x_q) ** 2)),
        })
    return cases


def main() -> None:
    random = np.random.default_rng(2024)
    cases = []
    for case, direction in itertools.product(CASES, ("per-oc", "per-ic")):
        out, width, bits, size, symmetric, activation_order, damping = case
        w = np.rint(random.normal(size=(out, width)) * 0.1 * 4096) / 4096
        x = np.rint(random.normal(size=(width, 3 * width)) * 4096) / 4096
        x[width // 3] *= 16
        h = x @ x.T
        results = refined_results(w, x, bits, size, symmetric, activation_order, damping, direction)
        for method, search in itertools.product(("rtn", "gptq"), (False, True)):
            layer = Layer(w, bits, size, symmetric, direction, np.diag(h) if search else None)
            round_to_nearest(layer) if method == "rtn" else gptq(layer, h, activation_order, damping)
            results[method + " searched" * search] = result_of(layer, w, x)
        cases.append({
            "out": out, "in": width, "tokens": x.shape[1], "bits": bits, "groupSize": size, "symmetric": symmetric,
            "activationOrder": activation_order, "dimension": direction, "damping": damping,
            "weight": w.ravel().tolist(), "activations": x.ravel().tolist(), "results": results,
        })
    target = pathlib.Path(__file__).parent / "layers.json"
    goldens = {"writtenBy": "make_goldens.py", "cases": cases, "wide": wide_cases(), "corrections": correction_cases()}
    target.write_text(json.dumps(goldens, separators=(",", ":")))


if __name__ == "__main__":
    main()
