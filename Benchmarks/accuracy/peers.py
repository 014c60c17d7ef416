"""Other programs' figures beside ours on the same model and windows, from one run of `make peers`: where
Documentation/measured/peers.json has them."""
import json
import pathlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median
from typing import Any

from harness.intervals import Estimate, over_common_draws, window_excesses
from harness.markdown import nats, paragraph, table, threads

from .figures import DIVERGENCE, EXCESS, Windows

OURS = "adadim"
# Of ours: the reference for shares, and the variant that is compared with the others.
PLAIN, BEST = "per-OC", "best"


@dataclass(frozen=True)
class Maker:
    """A variant of a program over its seeds: what each lost in every window, in nats per token [seed][measure][text][window],
    and took."""
    name: str
    variant: str
    versions: tuple[str, ...]
    bits: int
    threads: int
    windows: dict[int, dict[str, dict[str, Windows]]]
    cpu_seconds: float

    @property
    def title(self) -> str:
        return f"{self.name} {self.variant}"

    @property
    def texts(self) -> list[str]:
        return list(next(iter(self.windows.values()))[EXCESS])

    def estimate(self, what: str, texts: Sequence[str], than: "Maker | None" = None) -> Estimate | None:
        """The mean over texts, windows and the seeds that both have; with `than` that of the paired differences from it."""
        def windows(maker: Maker) -> dict[int, dict[str, Windows]]:
            return {seed: measures[what] for seed, measures in maker.windows.items()}
        return over_common_draws(windows(self), texts, windows(than) if than else None)

    def by_seed(self, what: str) -> list[float]:
        return [fmean(map(fmean, of[what].values())) for of in self.windows.values()]


def failures(file: pathlib.Path) -> list[str]:
    """What could not be run, a line each; the reason's last line."""
    content = json.loads(file.read_text()) if file.exists() else {"failures": []}
    return [f"- Could not be run: {one['peer']} {one['variant']}, {one['bits']} bits, seed {one['seed']}: "
            f"`{one['reason'].strip().splitlines()[-1]}`" for one in content["failures"]]


def read(file: pathlib.Path) -> list[Maker]:
    """By name, variant and bits, in the file's order, ours among them; none where there is no file."""
    if not file.exists():
        return []
    content = json.loads(file.read_text())
    found: dict[tuple[str, str, int], list[dict[str, Any]]] = {}
    for entry in content["entries"]:
        found.setdefault((entry["peer"], entry["variant"], entry["bits"]), []).append(entry)
    return [Maker(name, variant, tuple(sorted({str(entry["version"]) for entry in entries})), bits, entries[0]["threads"],
                  {entry["seed"]: _windows(entry, content["original"]) for entry in entries},
                  median(entry["cpuSeconds"] for entry in entries))
            for (name, variant, bits), entries in found.items()]


def _windows(entry: dict[str, Any], original: dict[str, Any]) -> dict[str, dict[str, Windows]]:
    """As differences of rounded sums: a log-likelihood's sixth decimal, over the tokens of a window."""
    return {EXCESS: {name: window_excesses(text["windowLogLikelihoods"], original[name]["windowLogLikelihoods"],
                                           text["windowLength"]) for name, text in entry["texts"].items()},
            DIVERGENCE: {name: [each / (text["windowLength"] - 1) for each in text["windowDivergences"]]
                         for name, text in entry["texts"].items()}}


def others(makers: Sequence[Maker]) -> list[Maker]:
    return [maker for maker in makers if maker.name != OURS]


def ours(makers: Sequence[Maker], variant: str) -> Maker | None:
    return next((maker for maker in makers if (maker.name, maker.variant) == (OURS, variant)), None)


def introduction(makers: Sequence[Maker]) -> str:
    if not makers:
        return "None has been measured yet."
    return paragraph(
        "`make peers` gives the same model, in float32, the same calibration sequences, bits and groups to other quantizers "
        f"on CPU and to this one, all with {threads(maker.threads for maker in makers)}, and measures all on the same windows "
        "([measured/peers.json](measured/peers.json)). All options that a variant's name does not mention are the program's "
        "defaults. CPU seconds "
        "are a process's from start to exit, medians over draws, without reading the result back and writing it for the "
        "comparison, where that can be measured separately. The time for saving is included for GPTQModel and for this program.")


def summary(makers: Sequence[Maker]) -> str:
    """A table of all at the same bits, and how ours at its best compares with the best of the others."""
    texts = makers[0].texts
    plain, best = ours(makers, PLAIN), ours(makers, BEST)
    head = ["by", "variant", "draws", *(f"{text}: excess" for text in texts), "both", f"of {OURS} {PLAIN}'s", "KL, both",
            "CPU seconds", f"× {BEST}'s"]
    rows = []
    for maker in makers:
        version = "" if maker.name == OURS else " " + ", ".join(maker.versions)
        rows.append([
            maker.name + version, maker.variant, str(len(maker.windows)),
            *(nats(_found(maker, EXCESS, [text])) for text in texts), nats(_found(maker, EXCESS, texts)),
            _share(maker, plain), nats(_found(maker, DIVERGENCE, texts)),
            f"{maker.cpu_seconds:.0f}",
            f"{maker.cpu_seconds / best.cpu_seconds:.2f}" if best else ""])
    said = [table(head, rows, left=2)]
    if any(len(maker.windows) == 1 for maker in makers):
        said.append("Where there is one draw, intervals cover windows only.")
    return "\n\n".join(said + _compared(best, others(makers)))


def _share(maker: Maker, plain: Maker | None) -> str:
    """Of what the plain one loses, over the draws that both have."""
    pair = _on_common_draws(maker, plain) if plain else None
    return f"{100 * _mean(pair[0]) / _mean(pair[1]):.0f} %" if pair else ""


def _pairs(best: Maker | None, theirs: Sequence[Maker]) -> list[tuple[Maker, Maker]]:
    """Ours with each of theirs, over the draws that both have; the one that loses least first."""
    pairs = [pair for maker in theirs if best is not None and (pair := _on_common_draws(best, maker))]
    return sorted(pairs, key=lambda pair: _mean(pair[0]) / _mean(pair[1]), reverse=True)


def best_other(makers: Sequence[Maker]) -> str:
    """A sentence on the best of the others, beside ours; none where nothing can be compared."""
    pairs = _pairs(ours(makers, BEST), others(makers))
    if not pairs:
        return ""
    mine, nearest = pairs[0]
    count = len({maker.name for maker in others(makers)})
    return (f"Of {count} other program{'' if count == 1 else 's'}, on the same sequences and with float32 weights, "
            f"{nearest.title} has the smallest excess: {nats(_found(nearest, EXCESS, nearest.texts))}, compared with "
            f"{nats(_found(mine, EXCESS, mine.texts))} of `--effort best` in that run, in "
            f"{nearest.cpu_seconds / mine.cpu_seconds:.1f} times its CPU time ([below](#other-programs)).")


def _compared(best: Maker | None, theirs: Sequence[Maker]) -> list[str]:
    """In words, each over the draws that both have."""
    pairs = _pairs(best, theirs)
    if not pairs:
        return []
    mine, nearest = pairs[0]
    step, further = mine.estimate(EXCESS, mine.texts, nearest), mine.estimate(DIVERGENCE, mine.texts, nearest)
    assert step is not None and further is not None
    draws = "" if len(mine.windows) == max(len(pair[0].windows) for pair in pairs) else f" (draws {sorted(mine.windows)})"
    return [f"The best of the others by excess is {nearest.title}{draws}. {OURS} {BEST} minus that, on the same windows and "
            f"sequences: excess {nats(step, True)}, KL {nats(further, True)}; its excess is {_mean(mine) / _mean(nearest):.2f} of the "
            f"other's, its time {mine.cpu_seconds / nearest.cpu_seconds:.3f} of it."]


def _on_common_draws(a: Maker, b: Maker) -> tuple[Maker, Maker] | None:
    common = sorted(set(a.windows) & set(b.windows))
    if not common:
        return None
    return (replace(a, windows={seed: a.windows[seed] for seed in common}),
            replace(b, windows={seed: b.windows[seed] for seed in common}))


def _found(maker: Maker, what: str, texts: Sequence[str]) -> Estimate:
    found = maker.estimate(what, texts)
    assert found is not None
    return found


def _mean(maker: Maker) -> float:
    return _found(maker, EXCESS, maker.texts).mean
