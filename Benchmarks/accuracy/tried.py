"""What `make tried` found: ideas in PyTorch, those that were built and those that were left out."""
import json
import pathlib
from typing import Any

from harness.intervals import Estimate, over_draws
from harness.markdown import nats, table

from .figures import DIVERGENCE, EXCESS

Tried = dict[str, dict[str, Any]]
NONE = "None has been measured yet."


def read(file: pathlib.Path) -> Tried:
    """By idea: its baseline, and by seed and text every window's excess and divergence. Nothing where there is no file."""
    found: Tried = json.loads(file.read_text()) if file.exists() else {}
    return found


def estimate(tried: Tried, what: str, idea: str, than: str | None = None) -> Estimate | None:
    """Over the seeds that both have; None where they share none."""
    mine, theirs = tried[idea]["seeds"], tried[than]["seeds"] if than else None
    seeds = sorted(seed for seed in mine if theirs is None or seed in theirs)
    if not seeds:
        return None
    return over_draws([[[value - (theirs[seed][text][what][place] if theirs else 0)
                         for place, value in enumerate(mine[seed][text][what])] for seed in seeds]
                       for text in mine[seeds[0]]])


def summary(tried: Tried) -> str:
    rows = []
    for idea, entry in tried.items():
        losses = [_nats(estimate(tried, what, idea)) for what in (EXCESS, DIVERGENCE)]
        baseline = entry["baseline"]
        steps = [_nats(estimate(tried, what, idea, baseline), True) if baseline in tried else "" for what in (EXCESS, DIVERGENCE)]
        rows.append([idea, str(len(entry["seeds"])), *losses, baseline, *steps])
    return table(["idea", "draws", "excess", "KL", "minus", "excess", "KL"], rows) if rows else NONE


def _nats(found: Estimate | None, signed: bool = False) -> str:
    return "" if found is None else nats(found, signed)
