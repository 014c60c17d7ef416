"""The study's tables, in Markdown."""
from collections.abc import Sequence

from harness.intervals import Difference, mean_difference
from harness.layers import ROLES, short
from harness.markdown import minus, nats, table

from .claims import CLAIMS, OURS, Claim, RoleChoice, together
from .figures import Figures
from .settings import METHODS, Setting, main_set


def variants(figures: Figures, model: str, bits: int, propagate: str = "quantized",
             methods: tuple[str, ...] = ("RTN", "GPTQ")) -> str:
    texts = figures.texts()
    head = ["variant", "mean relative loss", "per-IC layers", *(
        f"{text}: {what}" for text in texts for what in ("perplexity", "excess")), "seconds"]
    original = figures.entries[Setting(model)]["texts"]
    rows = [["original", "", "", *(cell for text in texts for cell in (f"{original[text]['perplexity']:.2f}", "")), ""]]
    for setting in main_set(model, bits, propagate, methods):
        entry = figures.entries[setting]
        rows.append([
            f"{setting.method} {setting.direction}", f"{100 * entry['meanRelativeLoss']:.2f} %",
            f"{entry['perInputChannelLayers']} of {entry['layers']}",
            *(cell for text in texts for cell in (
                f"{entry['texts'][text]['perplexity']:.2f}", nats(figures.excess(setting, text)))),
            f"{entry['seconds']:.0f}"])
    return table(head, rows)


def comparisons(figures: Figures, model: str, bits: int, propagate: str = "quantized",
                methods: tuple[str, ...] = ("RTN", "GPTQ")) -> str:
    texts = figures.texts()
    rows = []
    for claim in CLAIMS + OURS:
        for method in methods:
            if claim.first in METHODS[method]:
                rows.append([f"{claim.first} − {claim.second}", method, *(
                    nats(paired(figures, claim, model, bits, method, text, propagate), signed=True) for text in texts)])
    return table(["difference", "method", *texts], rows, left=2)


def paired(figures: Figures, claim: Claim, model: str, bits: int, method: str, text: str,
           propagate: str = "quantized", seed: int = 0) -> Difference:
    first, second = (Setting(model, bits, method, direction, propagate, seed) for direction in (claim.first, claim.second))
    return figures.excess(first, text, over=second)


def words(figures: Figures, claim: Claim, model: str, bits: int, method: str, propagate: str = "quantized") -> list[str]:
    """Each text's verdict on a claim."""
    return [claim.word(paired(figures, claim, model, bits, method, text, propagate)) for text in figures.texts()]


def held(figures: Figures, cells: Sequence[tuple[str, int]], titles: dict[str, str], propagate: str = "quantized",
         methods: tuple[str, ...] = ("RTN", "GPTQ")) -> str:
    """A row for each claim, a column for each model and bits: one verdict, or one for each text."""
    head = ["claim", "method", *(f"{titles[model]}, {bits} bits" for model, bits in cells)]
    rows = [[claim.words, method, *(together(words(figures, claim, model, bits, method, propagate))
                                    for model, bits in cells)]
            for claim in CLAIMS + OURS for method in methods if claim.first in METHODS[method]]
    return table(head, rows, left=len(head))


def choices(figures: Figures, setting: Setting) -> dict[str, RoleChoice]:
    roles = figures.entries[setting]["roles"]
    return {role: RoleChoice(role, roles[role]["taken"], tuple(roles[role]["ratio"])) for role in ROLES}


def roles(figures: Figures, model: str, settings: Sequence[tuple[str, Setting]]) -> str:
    """For each kind of layer of a model how many took per-IC, and per-IC's loss over per-OC's."""
    columns = [choices(figures, setting) for _, setting in settings]
    rows = [[short(role), *(f"{column[role].per_ic} of {len(column[role].taken)} ({column[role].mean_ratio:.2f})"
                            for column in columns)] for role in ROLES]
    return table([model, *(title for title, _ in settings)], rows)


def over_seeds(figures: Figures, claim: Claim, model: str, bits: int, text: str, seeds: Sequence[int]) -> Difference:
    """A difference as other draws of the calibration text give it; its spread is that between draws."""
    return mean_difference(
        [paired(figures, claim, model, bits, "GPTQ", text, seed=seed).mean for seed in seeds])


def draws(figures: Figures, cells: Sequence[tuple[str, int, Sequence[int]]], titles: dict[str, str]) -> str:
    texts = figures.texts()
    rows = []
    for model, bits, seeds in cells:
        for claim in CLAIMS + OURS:
            row = [f"{titles[model]}, {bits} bits, {len(seeds)} draws", f"{claim.first} − {claim.second}"]
            for text in texts:
                found = over_seeds(figures, claim, model, bits, text, seeds)
                means = [paired(figures, claim, model, bits, "GPTQ", text, seed=seed).mean for seed in seeds]
                digits = 3 if found.half_width >= 0.01 else 4
                row += [nats(found, signed=True),
                        minus(f"{min(means):+.{digits}f} to {max(means):+.{digits}f}")]
            rows.append(row)
    return table(["model", "difference", *(
        cell for text in texts for cell in (text, "range"))], rows, left=2)
