"""What `make tried` found: ideas in PyTorch, those that were built and those that were left out."""
import json
import pathlib
from statistics import fmean

from harness.markdown import table

# By idea, seed and text: excess and KL divergence, nats per token.
Tried = dict[str, dict[str, dict[str, dict[str, float]]]]


def read(file: pathlib.Path) -> Tried:
    """Nothing where there is no file."""
    found: Tried = json.loads(file.read_text()) if file.exists() else {}
    return found


def summary(tried: Tried) -> str:
    def mean(seeds: dict[str, dict[str, dict[str, float]]], what: str) -> str:
        return f"{fmean(text[what] for texts in seeds.values() for text in texts.values()):.3f}"
    if not tried:
        return "None has been measured yet."
    return table(["idea", "seeds", "excess", "KL divergence"], [
        [name, ", ".join(sorted(seeds)), mean(seeds, "excess"), mean(seeds, "divergence")] for name, seeds in tried.items()])
