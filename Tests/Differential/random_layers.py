#!/usr/bin/env python3
"""Quantizes random small layers through the library and judges every one in float64, by an implementation that shares nothing with
the engine: the paper's algorithm and the definitions of Documentation/Design.md.

    python random_layers.py [--layers 2700] [--seed 1] [--first 0] [--library .build-library/lib/libadadim.so.0]

Of each layer: the Gram matrix, damping and how it was raised, grids and codes of round to nearest bit by bit, grids and codes of
GPTQ's sweep decision by decision, passes, all losses, the direction of an adaptive choice, packed codes and dequantized weights; and
of a layer that is refused, whether it had to be. Bounds follow from float32's rounding (layer_judge.py); at most one decision in a
hundred may have one that tells little. Prints what was judged; exits with 1 where a layer is wrong, naming it. check_judge.py plants
faults and looks whether they are found.
"""
from __future__ import annotations

import argparse
import os
import pathlib
import sys
import time
import traceback

# Of NumPy's OpenBLAS and of the library's: before either is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

import layer_cases
from grid_rule import EPS, TINY, Grid
from layer_judge import (
    Factored, Quantized, Tally, Wrong, judge_loss, judge_passes, judge_rounding, judge_sweep, require,
)

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
LARGEST = float(np.finfo(np.float32).max)


NOT_JUDGED = "sweeps without a factor in float64, not judged"


class Judge:
    """One layer in all the ways in which it is quantized."""

    def __init__(self, adadim, case: layer_cases.Case, tally: Tally) -> None:
        self.adadim, self.case, self.tally = adadim, case, tally
        options = case.options
        self.grid = Grid(options["bits"], options["symmetric"], options["scale_type"], options["ranges"] == "search")

    def run(self) -> None:
        gram = self.gram()
        if gram is None:
            return
        options = self.case.options
        try:
            factored = self.factored(gram)
            if factored is None:
                return
            fixed = self.directions(gram, factored)
        except self.adadim.OutOfRange as error:
            self.judge_overflow(str(error))
            return
        if options["dimension"] == "adaptive":
            self.judge_choice(gram, factored, fixed)

    def gram(self):
        x = self.case.activations
        gram = self.adadim.Gram(x.shape[1])
        gram.accumulate(x)
        with np.errstate(over="ignore"):
            sums = x.astype(np.float64).T @ x.astype(np.float64)
        if np.max(np.diagonal(sums)) > LARGEST:
            try:
                self.adadim.Quantizer(gram)
            except self.adadim.OutOfRange:
                self.tally.count("Gram matrices beyond float32, refused")
                return None
            raise Wrong("a Gram matrix beyond float32 was not refused")
        roots = np.sqrt(np.diagonal(sums))
        off = (len(x) + 8) * (EPS * np.outer(roots, roots) + TINY)
        require(np.abs(gram.matrix() - sums) <= off, "Gram matrix")
        return gram

    def quantizer(self, gram, **changes):
        options = {**self.case.options, **changes}
        return self.adadim.Quantizer(gram, **options)

    def factored(self, gram) -> Factored | None:
        """The factor with the damping that the engine came to, if it had to come to it."""
        options = self.case.options
        h = gram.matrix().astype(np.float64)
        asked = options["damping"]
        bound = 4 * (len(h) + 16) * EPS

        def had_to_be_raised(share: float) -> bool:
            return Factored.of(h, share, False).least_eigenvalue <= bound

        try:
            quantizer = self.quantizer(gram)
        except self.adadim.NotPositiveDefinite:
            if not had_to_be_raised(asked if asked == 0 else 1.0):
                raise Wrong("no factor, and H + λI is positive definite") from None
            self.tally.count("Gram matrices without a factor, refused")
            return None
        layer = quantizer.quantize(self.case.weight)
        inactive = int(np.sum(np.diagonal(h) == 0)) if np.mean(np.diagonal(h)) >= 2.0**-126 else len(h)
        require(layer.inactive_inputs == inactive, "number of inactive inputs")
        share = asked
        while share != layer.damping:
            if not 0 < share < 1:
                raise Wrong(f"a damping of {layer.damping} where {asked} was requested")
            if not had_to_be_raised(share):
                raise Wrong(f"damping was raised from {share}, and H + λI is positive definite")
            share = min(share * 10, 1)
        if share != asked:
            self.tally.count("layers whose damping had to be raised")
        if inactive == len(h):
            self.tally.count("layers without an active input")
        return Factored.of(h, share, options["activation_order"])

    def directions(self, gram, factored: Factored) -> dict:
        options = self.case.options
        asked = options["dimension"]
        fixed = {}
        for dimension in ["per-oc", "per-ic"] if asked == "adaptive" else [asked]:
            fixed[dimension] = self.judge_direction(gram, factored, dimension)
        return fixed

    def judge_direction(self, gram, factored: Factored, dimension: str) -> dict:
        """What a direction loses by each step, judged."""
        options, w = self.case.options, self.case.weight
        wide = w.astype(np.float64)
        layer = self.quantizer(gram, dimension=dimension, method="rtn", passes=0).quantize(w)
        q = Quantized.of(layer)
        judge_rounding(w, q, self.grid, factored.importance, self.tally)
        self.judge_losses(layer, q, factored, layer.loss, factored.loss_off(wide - q.values), "loss of round to nearest")
        self.tally.count(f"layers rounded {dimension}")
        found = {"rtn": layer}
        if options["method"] == "rtn":
            return found
        layer = self.quantizer(gram, dimension=dimension, passes=0).quantize(w)
        before = Quantized.of(layer)
        if factored.upper is None:
            self.tally.count(NOT_JUDGED)
        else:
            off = judge_sweep(w, before, self.grid, factored, self.tally)
            self.judge_losses(layer, before, factored, layer.loss, off, "loss of the sweep")
            self.tally.count(f"layers swept {dimension}")
        found["gptq"] = layer
        if options["passes"] == 0:
            return found
        layer = self.quantizer(gram, dimension=dimension).quantize(w)
        after = Quantized.of(layer)
        judge_passes(w, before, after, self.grid, factored, options["refine"], options["passes"], self.tally)
        self.judge_losses(
            layer, after, factored, layer.loss, factored.loss_off(wide - after.values), "loss after passes")
        require(layer.losses[dimension]["gptq"] == found["gptq"].loss, "loss of the sweep before its passes")
        self.tally.count(f"layers refined {dimension}")
        found["refined"] = layer
        return found

    def judge_losses(self, layer, q: Quantized, factored: Factored, loss: float, off: float, what: str) -> None:
        w = self.case.weight.astype(np.float64)
        if np.mean(np.diagonal(factored.gram)) < 2.0**-126:
            require(loss == 0 and layer.output_energy == 0 and layer.relative_loss == 0, f"{what}, without an active input")
        else:
            judge_loss(loss, factored.loss(w - q.values), off, what, self.tally)
            judge_loss(layer.output_energy, factored.loss(w), factored.loss_off(w), "‖WX‖²", self.tally)
        share = layer.loss / layer.output_energy if layer.output_energy > 0 else 0
        require(layer.relative_loss == share, "relative loss")
        values = (layer.codes.astype(np.float32) - q.spread(q.zeros).astype(np.float32)) * q.spread(q.scales).astype(
            np.float32)
        require(layer.dequantize("float32") == values, "dequantized weights")
        require(unpacked(layer) == layer.codes, "packed codes")

    def judge_choice(self, gram, factored: Factored, fixed: dict) -> None:
        """An adaptive layer is the one of the smaller loss, per-OC where they are equal."""
        options = self.case.options
        layer = self.quantizer(gram).quantize(self.case.weight)
        by = "rtn" if options["method"] == "rtn" or options["selection"] == "rtn" else (
            "refined" if options["passes"] else "gptq")
        losses = {dimension: layer.losses[dimension][by] for dimension in fixed}
        expected = "per-ic" if losses["per-ic"] < losses["per-oc"] else "per-oc"
        require(layer.dimension == expected, f"direction of the smaller loss, {losses}")
        last = "rtn" if options["method"] == "rtn" else "refined" if options["passes"] else "gptq"
        self.tally.count(f"adaptive layers that chose {expected}")
        alone = fixed[expected][last]
        names = ("codes", "scales", "zero_points")
        if not all(np.array_equal(getattr(layer, name), getattr(alone, name)) for name in names):
            # Two directions side by side share products, whose sums may be in another order than those of one.
            self.tally.count("adaptive layers with other codes than their direction alone")
            if last == "gptq" and factored.upper is not None:
                judge_sweep(self.case.weight, Quantized.of(layer), self.grid, factored, self.tally)
            elif last == "rtn":
                raise Wrong("an adaptive layer that is not its direction rounded to nearest")
            return
        off = factored.loss_off(self.case.weight - Quantized.of(alone).values)
        for dimension, loss in losses.items():
            if fixed[dimension][by] is alone:
                judge_loss(loss, alone.loss, off, f"loss {by} {dimension} of an adaptive layer", self.tally)
        judge_loss(layer.loss, alone.loss, off, "loss of an adaptive layer", self.tally)

    def judge_overflow(self, message: str) -> None:
        """A layer may be refused for its size if something of it comes near the largest number of its type."""
        w = np.abs(self.case.weight.astype(np.float64))
        x = self.case.activations.astype(np.float64)
        scale = w.max() * 2 / self.grid.largest
        energy = np.sum((w @ np.abs(x).T) ** 2)
        if "scale" in message:
            # Where the sweep moves weights, at most far beyond them.
            if scale * 1e3 < {"float16": 65504}.get(self.grid.type, LARGEST):
                raise Wrong(f"refused: {message}; the largest scale of the weight is {scale:.3g}")
        elif energy < LARGEST / 1e3:
            raise Wrong(f"refused: {message}; ‖WX‖² is at most {energy:.3g}")
        self.tally.count("layers beyond their types, refused")


def unpacked(layer) -> np.ndarray:
    bits = np.unpackbits(layer.packed_codes.view(np.uint8), axis=1, bitorder="little")
    out, width = layer.shape
    require(bits[:, width * layer.bits :] == 0, "bits behind the last packed code")
    return bits[:, : width * layer.bits].reshape(out, width, layer.bits) @ (1 << np.arange(layer.bits))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, default=2700)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--library", default=str(CHECKOUT / ".build-library" / "lib" / "libadadim.so.0"))
    arguments = parser.parse_args()
    os.environ["ADADIM_LIBRARY"] = arguments.library
    sys.path.insert(0, str(CHECKOUT / "Python" / "src"))
    import adadim

    tally, wrong, start = Tally(), 0, time.monotonic()
    for index in range(arguments.first, arguments.first + arguments.layers):
        case = layer_cases.make(arguments.seed, index)
        try:
            with np.errstate(under="ignore"):
                Judge(adadim, case, tally).run()
        except Wrong as error:
            wrong += 1
            print(f"WRONG {error}\n      {case}", flush=True)
        except Exception:
            wrong += 1
            print(f"WRONG {traceback.format_exc()}\n      {case}", flush=True)
    vague = tally.vague / max(tally.decisions, 1)
    swept = sum(tally.counts.get(f"layers swept {dimension}", 0) for dimension in ("per-ic", "per-oc"))
    unjudged = tally.counts.get(NOT_JUDGED, 0) / max(tally.counts.get(NOT_JUDGED, 0) + swept, 1)
    for what, count in sorted(tally.counts.items()):
        print(f"{count:6} {what}")
    print(
        f"{arguments.layers} layers of seed {arguments.seed}, {tally.decisions} codes, {100 * vague:.2f} % of them with a bound above "
        f"a quarter of a step; at most {tally.worst_code:.2f} of a code's and {tally.worst_loss:.2f} of a loss's bound used; "
        f"{time.monotonic() - start:.0f} s")
    if vague > 0.01:
        print("the bounds tell too little: at most one code in a hundred may have one above a quarter of a step")
    if unjudged > 0.02:
        print(f"{100 * unjudged:.1f} % of all sweeps were not judged: at most one in fifty may have no factor in float64")
    print(f"{wrong} wrong")
    return 1 if wrong or vague > 0.01 or unjudged > 0.02 or not swept else 0


if __name__ == "__main__":
    sys.exit(main())
