"""What `make tried` found: ideas in PyTorch, those that were built and those that were left out."""
import json
import pathlib
from typing import Any

from harness.intervals import Estimate, over_common_draws
from harness.markdown import nats, table

from .figures import DIVERGENCE, EXCESS, Windows

Tried = dict[str, dict[str, Any]]
NONE = "None has been measured yet."


def read(file: pathlib.Path) -> Tried:
    """By idea: its baseline, and by seed and text every window's excess and divergence. Nothing where there is no file."""
    found: Tried = json.loads(file.read_text()) if file.exists() else {}
    return found


def estimate(tried: Tried, what: str, idea: str, than: str | None = None) -> Estimate | None:
    """Over the seeds that both have; None where they share none."""
    def windows(idea: str) -> dict[str, dict[str, Windows]]:
        return {seed: {name: text[what] for name, text in texts.items()} for seed, texts in tried[idea]["seeds"].items()}
    mine = windows(idea)
    return over_common_draws(mine, list(next(iter(mine.values()))), windows(than) if than else None)


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
