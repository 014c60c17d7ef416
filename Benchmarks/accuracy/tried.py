"""What `make tried` found: ideas in PyTorch, those that were built and those that were left out."""
import json
import pathlib
from statistics import mean
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
        draws = ", ".join(f"{_mean_excess(texts):.3f}" for _, texts in sorted(entry["seeds"].items()))
        rows.append([idea, draws, *losses, baseline, *steps])
    return table(["idea", "excess of each draw", "excess", "KL", "minus", "excess", "KL"], rows) if rows else NONE


def _mean_excess(texts: dict[str, Any]) -> float:
    """Of one draw, the mean of the texts' means."""
    return float(mean(mean(text[EXCESS]) for text in texts.values()))


def _nats(found: Estimate | None, signed: bool = False) -> str:
    return "" if found is None else nats(found, signed)
