"""The figures: what Documentation/measured/accuracy.json holds, and what tables, words and pictures are made of."""
import json
import pathlib
from collections.abc import Callable, Sequence
from statistics import fmean
from typing import Any

from harness.figures import keep_all
from harness.intervals import Estimate, over_common_draws, window_excesses
from harness.runs import Result

from .settings import Setting

EXCESS, DIVERGENCE = "excess", "divergence"
Windows = list[float]


class Figures:
    """Results by setting; every window's excess and divergence in nats per token."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content
        self.entries = {Setting(entry["way"], entry["bits"], entry["seed"]): entry for entry in content["variants"]}

    @classmethod
    def of(cls, measured: Sequence[tuple[Setting, Result]]) -> "Figures":
        results = [result for _, result in measured]
        reports = [result["report"] for result in results]
        return cls({
            "run": {"commits": sorted({result["commit"] for result in results}),
                    "dates": sorted({result["date"] for result in results}),
                    "machines": sorted({result["machine"] for result in results}),
                    "threads": sorted({report["options"]["threads"] for report in reports}),
                    **reports[0]["versions"], "kernels": sorted({report["versions"]["kernels"] for report in reports})},
            "original": {name: {"perplexity": text["original"]["perplexity"], "windows": text["windows"],
                                "windowLength": text["windowLength"]} for name, text in results[0]["texts"].items()},
            # The layers' losses are in this order in every entry.
            "layers": [layer["name"] for layer in reports[0]["layers"]],
            "variants": [_entry(setting, result) for setting, result in measured]})

    @classmethod
    def read(cls, file: pathlib.Path) -> "Figures":
        return cls(json.loads(file.read_text()))

    def write(self, file: pathlib.Path, replace: bool = False) -> None:
        """An entry a line. Refuses to take entries out of the file that it writes, unless it is to `replace` it."""
        if not replace:
            keep_all(file, self.content, lambda content: [setting.name for setting in Figures(content).entries])
        file.parent.mkdir(parents=True, exist_ok=True)
        rest = [f" {json.dumps(name)}: {json.dumps(value)}" for name, value in self.content.items() if name != "variants"]
        lines = [json.dumps(entry, separators=(",", ":")) for entry in self.content["variants"]]
        file.write_text("{\n" + ",\n".join(rest) + ',\n "variants": [\n' + ",\n".join(lines) + "\n]}\n")

    @property
    def texts(self) -> list[str]:
        return list(self.content["original"])

    def seeds(self, way: str, bits: int) -> list[int]:
        return sorted(setting.seed for setting in self.entries if (setting.way, setting.bits) == (way, bits))

    def estimate(self, what: str, way: str, bits: int, texts: Sequence[str], than: str | None = None) -> Estimate | None:
        """The mean excess or divergence over texts, windows and the seeds that both have; with `than` that of the paired
        differences from it. None where they share no seed."""
        def windows(way: str) -> dict[int, dict[str, Windows]]:
            return {seed: {name: text[what] for name, text in self.entries[Setting(way, bits, seed)]["texts"].items()}
                    for seed in self.seeds(way, bits)}
        return over_common_draws(windows(way), texts, windows(than) if than else None)

    def mean(self, way: str, bits: int, value: Callable[[dict[str, Any]], float]) -> float:
        """Over seeds."""
        return fmean(value(self.entries[Setting(way, bits, seed)]) for seed in self.seeds(way, bits))


def _entry(setting: Setting, result: Result) -> dict[str, Any]:
    report = result["report"]
    layers = report["layers"]
    return {
        "way": setting.way, "bits": setting.bits, "seed": setting.seed, "options": " ".join(result["options"]),
        "seconds": round(result["seconds"], 1), "cpuSeconds": round(result["cpuSeconds"], 1),
        "meanRelativeLoss": _short(report["totals"]["meanRelativeLoss"], 5),
        "texts": {name: _text(text) for name, text in result["texts"].items()},
        "losses": [_short(layer["loss"]["relative"]) for layer in layers],
        "energies": [_short(layer["outputEnergy"]) for layer in layers]}


def _text(text: dict[str, Any]) -> dict[str, Any]:
    length = text["windowLength"]
    excesses = window_excesses(text["windowLogLikelihoods"], text["original"]["windowLogLikelihoods"], length)
    return {"perplexity": _short(text["perplexity"], 6), EXCESS: [round(value, 5) for value in excesses],
            DIVERGENCE: [round(value / (length - 1), 5) for value in text["windowDivergences"]]}


def _short(value: float, digits: int = 4) -> float:
    rounded = float(f"{value:.{digits}g}")
    return int(rounded) if rounded.is_integer() else rounded
