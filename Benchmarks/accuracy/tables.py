"""The page's tables, in Markdown."""
import math
from statistics import fmean, median

from harness.intervals import Estimate, side
from harness.markdown import minus, nats, paragraph, table

from .figures import DIVERGENCE, EXCESS, Figures
from .settings import EFFORTS, PLAIN, REFERENCE, SECTIONS, Setting, Way
from .weightings import FEWEST, PLAIN_MEAN, WEIGHTINGS, judge, runs

MISSING = "–"
BEST_PER_OC = "best, per-OC"
ALL = "All parts"
HEAVIEST = 3
NO_STEP = "No step has both of its variants measured."


def measured(figures: Figures, bits: int) -> dict[str, list[Way]]:
    """What there is at so many bits, by section."""
    found = {section: [way for way in ways if figures.seeds(way.name, bits)] for section, ways in SECTIONS.items()}
    return {section: ways for section, ways in found.items() if ways}


def direction(figures: Figures, every_bits: list[int]) -> str:
    """Whether the choice of direction still lowers the loss with all other parts, by rule."""
    said = []
    for bits in every_bits:
        if figures.estimate(EXCESS, "best", bits, figures.texts, than=BEST_PER_OC) is None:
            continue
        excess, divergence = (_found(figures, what, "best", bits, figures.texts, BEST_PER_OC) for what in (EXCESS, DIVERGENCE))
        said.append(f"at {bits} bits excess {nats(excess, True)} ({side(excess)}), KL divergence {nats(divergence, True)} "
                    f"({side(divergence)})")
    return f"Adaptive minus per-OC, both with all of `--effort best`: {'; '.join(said)}." if said else (
        "Adaptive and per-OC with all of `--effort best` were not both measured.")


def variants(figures: Figures, bits: int) -> str:
    head = ["variant", *(f"{text}: excess" for text in figures.texts), "both", f"of {REFERENCE}'s", "KL, both",
            "mean relative loss", "CPU seconds", f"× {PLAIN}'s"]
    rows = []
    for section, ways in measured(figures, bits).items():
        rows.append([f"*{section}*"] + [""] * (len(head) - 1))
        for way in ways:
            loss = f"{100 * figures.mean(way.name, bits, lambda entry: float(entry['meanRelativeLoss'])):.3g} %"
            rows.append([
                way.name, *(nats(_found(figures, EXCESS, way.name, bits, [text])) for text in figures.texts),
                nats(_found(figures, EXCESS, way.name, bits, figures.texts)),
                share(mean(figures, way.name, bits), mean(figures, REFERENCE, bits)),
                nats(_found(figures, DIVERGENCE, way.name, bits, figures.texts)), f"({loss})" if way.own_loss else loss,
                f"{seconds(figures, way.name, bits):.0f}",
                times(seconds(figures, way.name, bits), seconds(figures, PLAIN, bits))])
    return table(head, rows)


def comparisons(figures: Figures, bits: int) -> list[tuple[str, Way, str]]:
    """Part of the method, variant and baseline, where both were measured with a seed in common."""
    return [(part_of(section, way, baseline), way, baseline)
            for section, ways in measured(figures, bits).items() for way in ways for baseline in way.baselines
            if figures.estimate(EXCESS, way.name, bits, figures.texts, than=baseline)]


def part_of(section: str, way: Way, baseline: str) -> str:
    """The part that a step adds: that of its section, but all parts for an effort compared with the plain method."""
    return ALL if way.name in EFFORTS and baseline == PLAIN else section


def differences(figures: Figures, bits: int) -> str:
    places = [*([text] for text in figures.texts), figures.texts]
    head = ["part", "difference", *(f"{what}, {' and '.join(place)}" for what in ("excess", "KL") for place in places),
            "by excess", "by KL"]
    rows = []
    for part, way, baseline in comparisons(figures, bits):
        cells = [nats(_found(figures, what, way.name, bits, place, baseline), signed=True)
                 for what in (EXCESS, DIVERGENCE) for place in places]
        rows.append([part, f"{way.name} − {baseline}", *cells, *words(figures, way, baseline, bits)])
    return table(head, rows, left=2) if rows else NO_STEP


def words(figures: Figures, way: Way, baseline: str, bits: int) -> tuple[str, str]:
    """The verdicts of excess and divergence over both texts on a step."""
    excess, divergence = (side(_found(figures, what, way.name, bits, figures.texts, baseline)) for what in (EXCESS, DIVERGENCE))
    return excess, divergence


def verdicts(figures: Figures, every_bits: list[int]) -> str:
    """What each step gains at each number of bits, in words and nats."""
    found = {bits: comparisons(figures, bits) for bits in every_bits}
    head = ["part", "step", "compared with", *(f"{bits} bits" for bits in every_bits)]
    rows = []
    for step in dict.fromkeys(step for steps in found.values() for step in steps):
        part, way, baseline = step
        cells = []
        for bits in every_bits:
            if step not in found[bits]:
                cells.append(MISSING)
                continue
            excess, divergence = words(figures, way, baseline, bits)
            said = excess if excess == divergence else f"{excess} by excess, {divergence} by KL"
            cells.append(f"{said}: {nats(_found(figures, EXCESS, way.name, bits, figures.texts, baseline), signed=True)}")
        rows.append([part, way.name, baseline, *cells])
    return table(head, rows, left=len(head)) if rows else NO_STEP


def weightings(figures: Figures, bits: int) -> str:
    found = runs(figures, bits)
    ways = len({run.way for run in found})
    if ways < FEWEST:
        return f"{ways} variants have comparable losses. Fewer than {FEWEST} are too few to rank weightings."
    judged = {what: judge(found, what) for what in (EXCESS, DIVERGENCE)}
    head = ["weighting", *(f"{what}: {column}" for what in ("excess", "KL") for column in (
        "missed by", "chosen", "ranks (lowest)"))]
    rows = []
    for name in sorted(WEIGHTINGS, key=lambda name: judged[EXCESS].verdicts[name].miss):
        row = [name]
        for verdict in (judgement.verdicts[name] for judgement in judged.values()):
            row += [_percent(verdict.miss), f"{verdict.chosen} of {ways}",
                    minus(f"{fmean(verdict.by_seed):+.2f} ({min(verdict.by_seed):+.2f})")]
        rows.append(row)
    draws = len({run.seed for run in found})
    return table(head, rows) + "\n\n" + paragraph(
        f"{ways} variants, {draws} draw{'s' if draws > 1 else ''}. A weighting chosen without the variant that it predicts "
        f"misses the excess by {_percent(judged[EXCESS].held_out)} and the KL divergence by "
        f"{_percent(judged[DIVERGENCE].held_out)}; the plain mean, by {_percent(judged[EXCESS].verdicts[PLAIN_MEAN].miss)} and "
        f"{_percent(judged[DIVERGENCE].verdicts[PLAIN_MEAN].miss)}. {heaviest(figures, bits)}")


def heaviest(figures: Figures, bits: int) -> str:
    """Which layers hold most of the energy ‖WX‖², over the reference's draws."""
    entries = [figures.entries[Setting(REFERENCE, bits, seed)] for seed in figures.seeds(REFERENCE, bits)]
    if not entries:
        return ""
    energies = dict(zip(figures.content["layers"], map(sum, zip(*(entry["energies"] for entry in entries))), strict=True))
    names = sorted(energies, key=energies.__getitem__, reverse=True)[:HEAVIEST]
    held = sum(energies[name] for name in names) / sum(energies.values())
    return (f"Where energies are summed, a few layers may dominate: {', '.join(f'`{name}`' for name in names)} hold "
            f"{100 * held:.0f} % of all energy in {REFERENCE}.")


def _percent(logarithm: float) -> str:
    return f"{100 * math.expm1(logarithm):.0f} %"


def share(value: float, whole: float) -> str:
    return f"{100 * value / whole:.0f} %" if whole else MISSING


def times(value: float, unit: float) -> str:
    return f"{value / unit:.2f}" if unit else MISSING


def _found(figures: Figures, what: str, way: str, bits: int, texts: list[str], than: str | None = None) -> Estimate:
    found = figures.estimate(what, way, bits, texts, than)
    assert found is not None, f"{way} at {bits} bits was not measured"
    return found


def mean(figures: Figures, way: str, bits: int) -> float:
    """The excess over all texts; 0 where there is none."""
    found = figures.estimate(EXCESS, way, bits, figures.texts)
    return found.mean if found else 0.0


def seconds(figures: Figures, way: str, bits: int) -> float:
    """The median over seeds; 0 where there is none."""
    found = [figures.entries[Setting(way, bits, seed)]["cpuSeconds"] for seed in figures.seeds(way, bits)]
    return median(found) if found else 0.0
