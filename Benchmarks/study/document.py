"""Documentation/Study.md from the figures."""
import pathlib
import statistics
from collections.abc import Callable
from string import Template

from harness.layers import ROLES, short
from harness.markdown import minus, table
from harness.ranks import rank_correlation

from . import tables
from .claims import CLAIMS, OURS, Claim, choice_mixes, where_outliers_are
from .figures import Figures
from .outliers import INPUTS, LENGTH, SEQUENCES
from .settings import BITS, METHODS, ORIGINAL_INPUTS, RTN_CHOICE, SEEDS, SWEEP_CHOICE, TITLES, Setting, main_set

HERE = pathlib.Path(__file__).parent
NOT_RUN = "Not measured in this run."


def document(figures: Figures) -> str:
    cells = complete(figures)
    texts = figures.texts()
    return Template((HERE / "template.md").read_text()).substitute(
        run=run(figures), run_details=details(figures), texts_in_order=", the second for ".join(texts),
        bits_in_words=" and ".join(f"{bits} bits" for bits in dict.fromkeys(bits for _, bits in cells)),
        held=tables.held(figures, cells, TITLES), answers=answers(figures, cells), verdicts=verdicts(figures, cells),
        layer_verdicts=layer_verdicts(figures, cells), discussion=(HERE / "discussion.md").read_text().strip(),
        main_tables=each(cells, lambda model, bits: tables.variants(figures, model, bits)
                         + f"\n\n![Excess by variant](study/excess-{model}-{bits}.svg)"),
        difference_tables=each(cells, lambda model, bits: tables.comparisons(figures, model, bits)),
        roles="\n\n".join(roles(figures, model, [bits for m, bits in cells if m == model])
                          for model in dict.fromkeys(model for model, _ in cells)),
        choice_pictures="\n\n".join(f"![Choices by depth](study/choices-{model}-{bits}.svg)" for model, bits in cells),
        outlier_sequences=f"{SEQUENCES} × {LENGTH} tokens", outliers=outlier_table(figures),
        weights=weights_table(figures),
        original_tables=originals(figures), draws=draws(figures), windows=windows(figures))


def complete(figures: Figures, propagate: str = "quantized", methods: tuple[str, ...] = ("RTN", "GPTQ"),
             seed: int = 0) -> list[tuple[str, int]]:
    """Models and bits of which all variants are there; the larger model first."""
    return [(model, bits) for model in reversed(figures.models()) for bits in BITS
            if all(setting in figures.entries for setting in main_set(model, bits, propagate, methods, seed))]


def each(cells: list[tuple[str, int]], part: Callable[[str, int], str]) -> str:
    return "\n\n".join(f"### {TITLES[model]}, {bits} bits\n\n{part(model, bits)}" for model, bits in cells)


def roles(figures: Figures, model: str, every_bits: list[int]) -> str:
    return tables.roles(figures, TITLES[model], [
        (f"{bits} bits, `{name}`", Setting(model, bits, "GPTQ", direction))
        for bits in every_bits for name, direction in (("rtn", RTN_CHOICE), ("sweep", SWEEP_CHOICE))])


def verdict(figures: Figures, cells: list[tuple[str, int]], claim: Claim, model: str) -> tuple[str, str]:
    """Of all comparisons of a model: the word, and the counts."""
    said = [word for m, bits in cells if m == model for method in METHODS if claim.first in METHODS[method]
            for word in tables.words(figures, claim, model, bits, method)]
    word, _, tally = claim.verdict(said).partition(": ")
    return word, tally


def answers(figures: Figures, cells: list[tuple[str, int]]) -> str:
    """The paper's claims and what became of them."""
    models = list(dict.fromkeys(model for model, _ in cells))
    rows = []
    for claim in CLAIMS:
        found = [verdict(figures, cells, claim, model) for model in models]
        rows.append([claim.words, *(f"**{word}**: {', '.join(tally.split(', ')[:2])}" for word, tally in found)])
    rows.append(["per-IC wins on QKV and DOWN", *(outlier_answer(figures, model, [b for m, b in cells if m == model])
                                                  for model in models)])
    return table(["claim", *(TITLES[model] for model in models)], rows, left=len(models) + 1)


def outlier_answer(figures: Figures, model: str, every_bits: list[int]) -> str:
    """Once, if all bits agree."""
    found = [where_outliers_are(tables.choices(figures, Setting(model, bits, "GPTQ", RTN_CHOICE))) for bits in every_bits]
    parts = [each.partition(": ") for each in dict.fromkeys(found)]
    return " / ".join(f"**{word.capitalize()}**: {where}" for word, _, where in parts)


def verdicts(figures: Figures, cells: list[tuple[str, int]]) -> str:
    """Each claim's verdict for each model."""
    lines = []
    for claim in CLAIMS + OURS:
        lines.append(f"- {claim.words[0].upper()}{claim.words[1:]}.")
        for model in dict.fromkeys(model for model, _ in cells):
            word, tally = verdict(figures, cells, claim, model)
            lines.append(f"  - {TITLES[model]}: **{word}**: {tally}.")
    return "\n".join(lines)


def layer_verdicts(figures: Figures, cells: list[tuple[str, int]]) -> str:
    lines = []
    for model, bits in cells:
        choices = tables.choices(figures, Setting(model, bits, "GPTQ", RTN_CHOICE))
        there, elsewhere = where_outliers_are(choices).split(": "), choice_mixes(choices).split(": ")
        lines.append(f"- {TITLES[model]}, {bits} bits. QKV and DOWN: **{there[0]}**, {there[1]}. Elsewhere: **{elsewhere[0]}**, "
                     f"{elsewhere[1]}.")
    return "\n".join(lines)


def outlier_table(figures: Figures) -> str:
    rows = []
    for model in reversed(figures.models()):
        choices = tables.choices(figures, Setting(model, 3, "GPTQ", RTN_CHOICE))
        for role, name in INPUTS.items():
            found = figures.content["outliers"][model]["inputs"][role]
            largest, share = ([block[what] for block in found] for what in ("largest", "share"))
            correlations = [(layer, rank_correlation([*zip(largest, choices[f"{layer}_proj"].ratios, strict=True)]))
                            for layer in name.split(", ")]
            rows.append([TITLES[model], name, f"{statistics.median(largest):.1f} ({max(largest):.1f})",
                         f"{100 * statistics.median(share):.0f} % ({100 * max(share):.0f} %)",
                         minus(", ".join(f"{layer} {value:+.2f}" for layer, value in correlations))])
    return table(["model", "inputs of", "largest channel over median", "energy of the largest hundredth",
                  "rank correlation"], rows, left=2)


def weights_table(figures: Figures) -> str:
    models = list(reversed(figures.models()))
    rows = []
    for role in ROLES:
        found = [figures.content["outliers"][model]["weights"][role] for model in models]
        rows.append([short(role), *(f"{statistics.median(block[what] for block in blocks):.2f}"
                                    for blocks in found for what in ("rows", "columns"))])
    return table(["layers", *(f"{TITLES[model]}: {what}" for model in models for what in ("rows", "columns"))], rows)


def originals(figures: Figures) -> str:
    cells = [cell for cell in complete(figures, "original", ("GPTQ",)) if cell[1] in ORIGINAL_INPUTS[cell[0]]]
    if not cells:
        return NOT_RUN
    return tables.held(figures, cells, TITLES, "original", ("GPTQ",)) + "\n\n" + each(
        cells, lambda model, bits: tables.variants(figures, model, bits, "original", ("GPTQ",)) + "\n\n"
        + tables.comparisons(figures, model, bits, "original", ("GPTQ",)))


def draws(figures: Figures) -> str:
    cells = []
    for model in reversed(figures.models()):
        for bits, more in SEEDS[model].items():
            seeds = [seed for seed in (0, *more) if (model, bits) in complete(figures, methods=("GPTQ",), seed=seed)]
            if len(seeds) > 1:
                cells.append((model, bits, seeds))
    return tables.draws(figures, cells, TITLES) if cells else NOT_RUN


def windows(figures: Figures) -> str:
    return "; ".join(f"{TITLES[model]}: " + ", ".join(
        f"{found['windows']} of *{text}*" for text, found in figures.entries[Setting(model)]["texts"].items())
        for model in reversed(figures.models()))


def run(figures: Figures) -> str:
    found = figures.content["run"]
    return f"commit {', '.join(found['commits'])}, {' to '.join(found['dates'])}"


def details(figures: Figures) -> str:
    found = figures.content["run"]
    return (f"adadim {found['adadim']}, commit {', '.join(found['commits'])}, {' to '.join(found['dates'])}; "
            f"{'; '.join(found['machines'])}; {found['threads']} threads; {found['blas']}, kernels {found['kernels']}. The last "
            "digits are this machine's: sums in another order change codes that are close to a tie.")
