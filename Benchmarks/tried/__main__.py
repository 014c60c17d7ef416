"""Try ideas on SmolLM2-135M, 3 bits, groups of 64: figures go to Documentation/measured/tried.json, from where `make accuracy` has
them. A second run does only what is missing there.

    PYTHONPATH=Benchmarks .venv/bin/python -m tried [--only REGEX] [--seeds 0,1,2] [--replace]
"""
import argparse
import json
import pathlib
import re
import statistics
import sys
import time
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch

from harness.conditions import GROUP_SIZE, LENGTH, SEQUENCES, WINDOWS
from harness.figures import keep_all
from harness.models import ROOT, smollm2
from harness.runs import RunError
from harness.texts import CALIBRATION, TEXTS
from harness.variant import digest, name_of

from .layer import Idea
from .model import Model, measured, quantized

HERE = pathlib.Path(__file__).parent
FIGURES = ROOT / "Documentation/measured/tried.json"
BITS = 3

SEARCHED = Idea(ranges="search")
ALL = replace(SEARCHED, passes=3, inputs=0.4, residual=0.4, damping=0.1)
ORDERED = replace(ALL, order="activation")


@dataclass(frozen=True)
class Trial:
    """An idea, and the name of the one that it starts from."""
    idea: Idea
    baseline: str = ""


TRIALS = {
    "searched": Trial(SEARCHED),
    "searched, by tile": Trial(replace(SEARCHED, direction="tile"), "searched"),
    "all, no order": Trial(ALL),
    "all, no order, by tile": Trial(replace(ALL, direction="tile"), "all, no order"),
    "all": Trial(ORDERED, "all, no order"),
    "all, passes without damping": Trial(replace(ORDERED, undamped=True), "all"),
    "all, groups in order": Trial(replace(ALL, order="group"), "all"),
    "all, groups in order, by tile": Trial(replace(ALL, order="group", direction="tile"), "all, groups in order"),
    "all, without first tokens": Trial(replace(ORDERED, first=0.0), "all"),
    "all, norms clipped at 2 medians": Trial(replace(ORDERED, clip=2.0), "all"),
}


def drawn(ids: torch.Tensor, seed: int) -> torch.Tensor:
    """The sequences that `adadim quantize --seed` draws: SplitMix64, and a start from its high bits."""
    mask, state, starts = (1 << 64) - 1, seed, []
    for _ in range(SEQUENCES):
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        starts.append(((z ^ (z >> 31)) * (len(ids) - LENGTH + 1)) >> 64)
    return torch.stack([ids[start:start + LENGTH] for start in starts])


def spread(ids: torch.Tensor) -> torch.Tensor:
    """The windows of `adadim compare --sequences`."""
    places = np.linspace(0, len(ids) // LENGTH - 1, WINDOWS).astype(int)
    return torch.stack([ids[place * LENGTH:(place + 1) * LENGTH] for place in places])


def work(model: pathlib.Path) -> str:
    """The same for the same code, model, texts and conditions."""
    files = [*(HERE / name for name in ("layer.py", "kernels.c", "model.py")), model, CALIBRATION, *TEXTS.values()]
    return name_of([BITS, GROUP_SIZE, SEQUENCES, LENGTH, WINDOWS, *map(digest, files)])[:20]


def kept(work: str, replace: bool) -> dict[str, Any]:
    """What the file has of the ideas as they are now. Whatever else it has is refused, or left out, to `replace` it."""
    there = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    current = {name: entry for name, entry in there.items()
               if name in TRIALS and (entry["options"], entry["work"]) == (asdict(TRIALS[name].idea), work)}
    if not replace:
        keep_all(FIGURES, current, list, "Its options, code, model or texts are others now, or it is not on the list any "
                                         "more: --replace drops it and measures what is on the list.")
    return current


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="REGEX")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--replace", action="store_true", help="drop figures of other options, code, model or texts than now")
    args = parser.parse_args()
    torch.set_grad_enabled(False)
    directory = smollm2()
    now = work(directory)
    try:
        known = kept(now, args.replace)
    except RunError as error:
        sys.exit(str(error))
    model = Model(directory)
    text = model.ids(CALIBRATION)
    windows = {name: spread(model.ids(file)) for name, file in TEXTS.items()}
    references = {name: model.final(part) for name, part in windows.items()}
    for seed in map(int, args.seeds.split(",")):
        for name, trial in TRIALS.items():
            entries = known.setdefault(
                name, {"baseline": trial.baseline, "options": asdict(trial.idea), "work": now, "seeds": {}})
            if re.search(args.only, name) is None or str(seed) in entries["seeds"]:
                continue
            began = time.monotonic()
            variant = quantized(model, drawn(text, seed), trial.idea, BITS, GROUP_SIZE)
            found = {one: measured(model, variant, part, references[one]) for one, part in windows.items()}
            entries["seeds"][str(seed)] = found
            write(known)
            told = ", ".join(f"{what} {statistics.fmean(statistics.fmean(one[what]) for one in found.values()):.4f}"
                             for what in ("excess", "divergence"))
            print(f"{name}, seed {seed}: {told}, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)


def write(known: dict[str, Any]) -> None:
    """An idea a line, complete or not at all."""
    lines = [f"{json.dumps(name)}: {json.dumps(known[name], separators=(',', ':'))}"
             for name in TRIALS if known.get(name, {}).get("seeds")]
    partial = FIGURES.with_suffix(".partial")
    partial.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    partial.replace(FIGURES)


if __name__ == "__main__":
    main()
