#!/usr/bin/env python3
"""Plants faults in layers that are right, and looks whether the judge of the random layers finds each.

    python check_judge.py

Takes the library as random_layers.py does. Exits with 1 where a fault goes unseen.
"""
from __future__ import annotations

import os
import pathlib
import sys
from dataclasses import replace

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from grid_rule import Grid
from layer_judge import Factored, Quantized, Tally, Wrong, judge_loss, judge_passes, judge_rounding, judge_sweep

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
DAMPING = 0.01


def is_seen(judge) -> bool:
    try:
        judge()
    except Wrong:
        return True
    return False


def changed(numbers: np.ndarray, place: tuple[int, int], change: float) -> np.ndarray:
    result = numbers.copy()
    result[place] += change
    return result


def faults(q: Quantized, grid: Grid, rng: np.random.Generator) -> dict[str, Quantized]:
    """The layer with one code, one scale or one zero point beside the right one."""
    code, group = (tuple(rng.integers(size) for size in numbers.shape) for numbers in (q.codes, q.scales))
    step = 1 if q.codes[code] < grid.largest else -1
    zero = 1 if q.zeros[group] < grid.largest else -1
    return {
        "a code": replace(q, codes=changed(q.codes, code, step)),
        "a scale": replace(q, scales=changed(q.scales, group, q.scales[group] * 2.0**-6)),
        "a zero point": replace(q, zeros=changed(q.zeros, group, zero)),
    }


def main() -> int:
    os.environ.setdefault("ADADIM_LIBRARY", str(CHECKOUT / ".build-library" / "lib" / "libadadim.so.0"))
    sys.path.insert(0, str(CHECKOUT / "Python" / "src"))
    import adadim

    rng = np.random.default_rng(0)
    w, x = (rng.normal(size=(rows, 40)).astype(np.float32) for rows in (24, 200))
    x[:, 1:] += 0.5 * x[:, :-1]
    unseen, planted = [], 0
    gram = adadim.Gram(40)
    gram.accumulate(x)
    for dimension in ("per-oc", "per-ic"):
        for ranges, ordered, symmetric in (("minmax", False, False), ("search", True, False), ("search", False, True)):
            grid = Grid(3, symmetric, "float32", ranges == "search")
            options = dict(
                bits=3, group_size=8, dimension=dimension, ranges=ranges, activation_order=ordered, symmetric=symmetric,
                scale_type="float32", damping=DAMPING, refine="codes")
            factored = Factored.of(gram.matrix().astype(np.float64), DAMPING, ordered)
            diagonal = np.diagonal(factored.gram)

            def layer(**more):
                return adadim.quantize(w, gram, **options, **more)

            rounded, swept, refined = (
                Quantized.of(found) for found in (layer(method="rtn"), layer(passes=0), layer(passes=1)))
            judges = {
                "rounding": (rounded, lambda q: judge_rounding(w, q, grid, diagonal, Tally())),
                "sweep": (swept, lambda q: judge_sweep(w, q, grid, factored, Tally())),
            }
            if dimension == "per-oc":
                judges["descent"] = (
                    refined, lambda q: judge_passes(w, swept, q, grid, factored, "codes", 1, Tally()))
            for step, (right, judge) in judges.items():
                judge(right)
                for _ in range(20):
                    for what, wrong in faults(right, grid, rng).items():
                        planted += 1
                        if not is_seen(lambda: judge(wrong)):
                            unseen.append(f"{what}, {step}, {options}")
            error = w - rounded.values
            loss, off = factored.loss(error), factored.loss_off(error)
            for wrong in (loss * 1.01, loss * 0.99, 0.0, float("nan")):
                planted += 1
                if not is_seen(lambda: judge_loss(wrong, loss, off, "loss", Tally())):
                    unseen.append(f"a loss of {wrong}, {loss}")
    for fault in unseen:
        print("UNSEEN", fault)
    print(f"{planted} faults planted, {len(unseen)} unseen")
    return 1 if unseen else 0


if __name__ == "__main__":
    sys.exit(main())
