"""Documentation/Accuracy.md from the figures."""
import pathlib
from collections.abc import Callable
from string import Template

from harness.conditions import LENGTH, WINDOWS
from harness.markdown import table, threads

from . import peers, tables, tried
from .figures import Figures
from .settings import ADAPTIVE, BITS, COMMON, EFFORTS, PLAIN, REFERENCE, SEEDS, TITLE, WAYS, Way
from .summary import summary

HERE = pathlib.Path(__file__).parent
FOUR_BITS = """**This copy of the model comes from 4-bit weights in per-OC blocks of 32** (`Tests/RealModel/smollm2.py`): a
group of 64 holds two blocks, and the weights of a block lie on 16 levels. A variant that finds those levels again looks better
here than on a model that was never rounded, and per-OC grids most likely do ([Study.md](Study.md#how-it-was-measured))."""
AGAIN = "This copy of the model comes from 4-bit weights in per-OC blocks of 32; see [above](#what-each-variant-loses)."


def document(
        figures: Figures, makers: list[peers.Maker], failures: list[str] | None = None, ideas: tried.Tried | None = None) -> str:
    there = [bits for bits in BITS if tables.measured(figures, bits)]
    beside = [bits for bits in BITS if any(maker.bits == bits for maker in makers)]
    return Template((HERE / "template.md").read_text()).substitute(
        title=TITLE, reference=REFERENCE, windows=WINDOWS, length=LENGTH, common=COMMON,
        bits=" and ".join(map(str, there)), seeds=", ".join(map(str, SEEDS)),
        original=", ".join(f"*{name}* {text['perplexity']:.2f}" for name, text in figures.content["original"].items()),
        summary=summary(figures, makers), verdicts=tables.verdicts(figures, there), direction=tables.direction(figures, there),
        unmeasured=unmeasured(figures), run_in_short=run_in_short(figures), run=details(figures), options=options(),
        variant_tables=each(there, lambda bits: f"{tables.variants(figures, bits)}\n\n"
                            f"![Excess and divergence by variant](accuracy/excess-{bits}.svg)", FOUR_BITS),
        difference_tables=each(there, lambda bits: tables.differences(figures, bits)),
        peers="\n\n".join(filter(None, [
            peers.introduction(makers),
            each(beside, lambda bits: peers.summary([maker for maker in makers if maker.bits == bits])),
            "\n".join(failures or [])])),
        tried=tried.summary(ideas or {}), weightings=each(there, lambda bits: tables.weightings(figures, bits)))


def each(every_bits: list[int], part: Callable[[int], str], at_four: str = AGAIN) -> str:
    return "\n\n".join(f"### {bits} bits\n\n" + (f"{at_four}\n\n" if bits == 4 else "") + part(bits) for bits in every_bits)


def unmeasured(figures: Figures) -> str:
    """Variants on the list that are not on the page, and those with fewer draws than the others."""
    lines = []
    for bits in BITS:
        missing = [name for name, way in WAYS.items() if bits in way.bits and not figures.seeds(name, bits)]
        fewer = [f"{name} (only {', '.join(map(str, seeds))})" for name in WAYS
                 if 0 < len(seeds := figures.seeds(name, bits)) < len(SEEDS)]
        if missing:
            lines.append(f"Not measured at {bits} bits: {'; '.join(missing)}.")
        if fewer:
            lines.append(f"Not all seeds at {bits} bits: {'; '.join(fewer)}. Where there is only one, intervals cover "
                         "windows only.")
    return "\n".join(lines) or "Everything on the list has been measured at every seed."


def options() -> str:
    return table(["variant", "options"], [[way.name, spelled(way)] for way in WAYS.values()], left=2)


def spelled(way: Way) -> str:
    """A variant's options: an effort's in full; of a variant that extends an effort, its name and what differs."""
    effort = EFFORTS.get(way.name, "")
    if effort not in way.options:
        return f"`{way.options}`, which is `{effort}`"
    # The longest first: best begins with all of balanced.
    for name, effort in reversed(EFFORTS.items()):
        if name != PLAIN and way.options.startswith(f"{effort} "):
            return f"*{name}* with `{way.options.removeprefix(effort).removesuffix(ADAPTIVE).strip()}`"
    return f"`{way.options}`"


def run_in_short(figures: Figures) -> str:
    found = figures.content["run"]
    return (f"Build of commit {', '.join(found['commits'])}, {' to '.join(found['dates'])}, on {'; '.join(found['machines'])}, "
            f"with {threads(found['threads'])}.")


def details(figures: Figures) -> str:
    found = figures.content["run"]
    return (f"adadim {found['adadim']}, build of commit {', '.join(found['commits'])}, {' to '.join(found['dates'])}; "
            f"{'; '.join(found['machines'])}; {threads(found['threads'])}; {found['blas']}, "
            f"kernels {', '.join(found['kernels'])}.")
