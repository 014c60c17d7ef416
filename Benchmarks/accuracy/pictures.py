"""The page's pictures."""
import pathlib

from matplotlib.figure import Figure

from harness.pictures import MARKS, dot, losses, save, title

from .figures import DIVERGENCE, EXCESS, Figures
from .peers import Maker, others
from .settings import BITS, REFERENCE, TITLE
from .tables import measured

PANELS = {EXCESS: "excess over the original", DIVERGENCE: "KL divergence from the original"}
GAP = 0.6


def excesses(figures: Figures, peers: list[Maker], bits: int, file: pathlib.Path) -> None:
    """Dots with intervals, means of both texts, sections apart from each other; a line where the reference is. Peers below."""
    places: dict[str, float] = {}
    below = 0.0
    for ways in measured(figures, bits).values():
        for way in ways:
            places[way.name], below = below, below + 1
        below += GAP
    figure = Figure(figsize=(8.6, 1.5 + 0.27 * (below + len(peers))), layout="constrained")
    both = figure.subplots(1, 2, sharey=True)
    for axes, (what, words) in zip(both, PANELS.items()):
        colour, mark = MARKS[0]
        for name, place in places.items():
            if (found := figures.estimate(what, name, bits, figures.texts)) is not None:
                dot(axes, found, place, colour, mark)
        if (reference := figures.estimate(what, REFERENCE, bits, figures.texts)) is not None:
            axes.axvline(reference.mean, color=colour, linewidth=1, linestyle=(0, (4, 3)), label=REFERENCE)
        colour, mark = MARKS[1]
        for number, peer in enumerate(peers):
            axes.plot(peer.by_seed(what), [below + number] * len(peer.windows), mark, color=colour, markersize=5,
                      label="other programs, each seed" if number == 0 else None)
        losses(axes)
        axes.set_title(words, fontsize=10)
        axes.set_xlim(left=min(0, axes.get_xlim()[0]))
    rows = [*places.items(), *((peer.title, below + number) for number, peer in enumerate(peers))]
    both[0].set_yticks([place for _, place in rows], [name for name, _ in rows])
    both[0].set_ylim(rows[-1][1] + 0.6, -0.6)
    figure.legend(*both[0].get_legend_handles_labels(), loc="outside upper right", ncols=2, frameon=False)
    title(figure, f"{TITLE}, {bits} bits")
    save(figure, file)


def all_pictures(figures: Figures, peers: list[Maker], directory: pathlib.Path) -> None:
    for bits in BITS:
        if measured(figures, bits):
            excesses(figures, [peer for peer in others(peers) if peer.bits == bits], bits, directory / f"excess-{bits}.svg")
