"""The study's pictures."""
import math
import pathlib

from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure

from harness.layers import ROLES, short
from harness.pictures import MARKS, dot, losses, save, title

from .figures import Figures
from .settings import PER_OC, RTN_CHOICE, SWEEP_CHOICE, TITLES, Setting, main_set
from .tables import choices

def excesses(figures: Figures, model: str, bits: int, file: pathlib.Path) -> None:
    """Dots with intervals: on the left the excess over the original, on the right the paired difference from the same
    method's per-OC."""
    settings = main_set(model, bits)
    figure = Figure(figsize=(8.6, 4.0), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1, 1])
    # RTN's rows above GPTQ's, with a gap between them.
    places = {setting: place + (0.7 if setting.method == "GPTQ" else 0) for place, setting in enumerate(settings)}
    for number, text in enumerate(figures.texts()):
        colour, mark = MARKS[number]
        shift = 0.13 * (2 * number - 1)
        for setting, place in places.items():
            dot(left, figures.excess(setting, text), place + shift, colour, mark, text if place == 0 else None)
            if setting.direction != PER_OC:
                baseline = Setting(model, bits, setting.method, PER_OC)
                dot(right, figures.excess(setting, text, over=baseline), place + shift, colour, mark)
    left.set_yticks(list(places.values()), [f"{s.method} {s.direction}" for s in settings])
    left.invert_yaxis()
    left.set_title("excess over the original", fontsize=10)
    right.set_title("difference from the same method's per-OC", fontsize=10)
    left.set_xlim(left=min(0, left.get_xlim()[0]))
    for axes in (left, right):
        losses(axes)
    figure.legend(*left.get_legend_handles_labels(), loc="outside upper right", ncols=2, frameon=False)
    title(figure, f"{TITLES[model]}, {bits} bits")
    save(figure, file)


def depths(figures: Figures, model: str, bits: int, file: pathlib.Path) -> None:
    """Kind of layer × block, for both ways to choose: colour is the compared loss per-IC over per-OC, a dot is per-IC."""
    first = choices(figures, Setting(model, bits, "GPTQ", RTN_CHOICE))
    blocks = len(first[ROLES[0]].taken)
    figure = Figure(figsize=(max(6.4, 2.0 + 0.235 * blocks), 5.0), layout="constrained")
    both = figure.subplots(2, 1, sharex=True)
    for axes, direction in zip(both, (RTN_CHOICE, SWEEP_CHOICE)):
        found = choices(figures, Setting(model, bits, "GPTQ", direction))
        shades = [[max(-1.0, min(1.0, math.log2(ratio))) for ratio in found[role].ratios] for role in ROLES]
        image = axes.pcolormesh(shades, cmap="PuOr", norm=TwoSlopeNorm(0, -1, 1), edgecolors="white", linewidth=1)
        dots = [(block + 0.5, row + 0.5) for row, role in enumerate(ROLES)
                for block, taken in enumerate(found[role].taken) if taken == "i"]
        axes.scatter(*zip(*dots), s=14, color="black") if dots else None
        axes.set_yticks([row + 0.5 for row in range(len(ROLES))], [short(role) for role in ROLES])
        axes.set_xticks([block + 0.5 for block in range(0, blocks, 5 if blocks > 12 else 1)],
                        [str(block) for block in range(0, blocks, 5 if blocks > 12 else 1)])
        axes.invert_yaxis()
        axes.tick_params(length=0)
        axes.spines[["left", "bottom"]].set_visible(False)
        axes.set_title(f"{direction}: {sum(len(c.taken) for c in found.values())} layers, {len(dots)} per-IC (dots)",
                       fontsize=10, loc="left")
    both[1].set_xlabel("block")
    bar = figure.colorbar(image, ax=both, ticks=[-1, -0.5, 0, 0.5, 1], shrink=0.8, pad=0.02)
    bar.ax.set_yticklabels(["½ or less", "0.71", "1", "1.41", "2 or more"])
    bar.set_label("loss per-IC ÷ loss per-OC")
    bar.outline.set_visible(False)
    title(figure, f"{TITLES[model]}, {bits} bits, GPTQ")
    save(figure, file)


def all_pictures(figures: Figures, directory: pathlib.Path, cells: list[tuple[str, int]]) -> None:
    for model, bits in cells:
        excesses(figures, model, bits, directory / f"excess-{model}-{bits}.svg")
        depths(figures, model, bits, directory / f"choices-{model}-{bits}.svg")
