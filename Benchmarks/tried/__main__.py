"""Try ideas on SmolLM2-135M, 3 bits, groups of 64, and print what they lose; figures go to Documentation/measured/tried.json. A
second run does only what is missing there.

    PYTHONPATH=Benchmarks .venv/bin/python -m tried [--only REGEX] [--seeds 0,1,2]
"""
import argparse
import json
import re
import statistics
import sys
import time
from dataclasses import replace

import torch

from harness.models import ROOT, smollm2
from harness.texts import CALIBRATION, TEXTS

from .layer import Idea
from .model import Model, measured, quantized

FIGURES = ROOT / "Documentation/measured/tried.json"
SAMPLES, LENGTH, WINDOWS, BITS, GROUP = 32, 512, 16, 3, 64

BEST = Idea(ranges="search", order="activation", passes=3, inputs=0.4, residual=0.4)
IDEAS = {
    "per-OC": Idea(direction="per-oc"),
    "adaptive": Idea(),
    "searched": Idea(ranges="search"),
    "searched, both ends alike": Idea(ranges="alike"),
    "searched, by tile": Idea(direction="tile", ranges="search"),
    "all": BEST,
    "all, no order": replace(BEST, order=""),
    "all, by tile, no order": replace(BEST, direction="tile", order=""),
    "all, groups in order": replace(BEST, order="group"),
    "all, without first tokens": replace(BEST, first=0.0),
    "all, norms clipped at 2 medians": replace(BEST, clip=2.0),
}


def drawn(ids: torch.Tensor, seed: int) -> torch.Tensor:
    """The sequences that `adadim quantize --seed` draws: SplitMix64, and a start from its high bits."""
    mask, state, starts = (1 << 64) - 1, seed, []
    for _ in range(SAMPLES):
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        starts.append(((z ^ (z >> 31)) * (len(ids) - LENGTH + 1)) >> 64)
    return torch.stack([ids[start:start + LENGTH] for start in starts])


def spread(ids: torch.Tensor) -> torch.Tensor:
    whole = len(ids) // LENGTH
    return torch.stack([ids[i * whole // WINDOWS * LENGTH:][:LENGTH] for i in range(WINDOWS)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="REGEX")
    parser.add_argument("--seeds", default="0,1,2")
    args = parser.parse_args()
    torch.set_grad_enabled(False)
    known = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    model = Model(smollm2())
    text = model.ids(CALIBRATION)
    windows = {name: spread(model.ids(file)) for name, file in TEXTS.items()}
    references = {name: model.final(part) for name, part in windows.items()}
    for seed in args.seeds.split(","):
        for name, idea in IDEAS.items():
            if re.search(args.only, name) is None or seed in known.get(name, {}):
                continue
            began = time.monotonic()
            variant = quantized(model, drawn(text, int(seed)), idea, BITS, GROUP)
            found = {one: measured(model, variant, part, references[one]) for one, part in windows.items()}
            known.setdefault(name, {})[seed] = found
            FIGURES.write_text(json.dumps(known, indent=1) + "\n")
            print(f"{name}, seed {seed}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    for name in IDEAS:
        if seeds := known.get(name):
            means = {part: statistics.fmean(one[part] for found in seeds.values() for one in found.values())
                     for part in ("excess", "divergence")}
            print(f"{name:32} {len(seeds)} draws: excess {means['excess']:.4f}, KL divergence {means['divergence']:.4f}")


if __name__ == "__main__":
    main()
