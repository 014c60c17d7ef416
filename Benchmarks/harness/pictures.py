"""Pictures for the pages: SVG on a white ground, so that they can be read on dark pages too, in colours that colour-blind
readers can distinguish, with the viewer's own fonts."""
import io
import pathlib
import re
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from .intervals import Interval

matplotlib.rcParams |= {
    "svg.fonttype": "none", "svg.hashsalt": "adadim", "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "Helvetica"], "font.size": 10,
    "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": "#555555",
    "figure.facecolor": "white", "savefig.facecolor": "white"}
MARKS = [("#0072B2", "o"), ("#D55E00", "s")]


def save(figure: Figure, file: pathlib.Path) -> None:
    """Coordinates get two decimals, a hundredth of a pixel; what stands between tags is text and stays."""
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(re.sub(r"<[^>]*>", lambda tag: re.sub(r"(\d+\.\d\d)\d+", r"\1", tag[0]), drawn.getvalue()))


def dot(axes: Any, found: Interval, y: float, colour: str, mark: str, label: str | None = None) -> None:
    """A mean with its interval in row `y`."""
    axes.errorbar(found.mean, y, xerr=found.half_width, fmt=mark, color=colour, markersize=5, linewidth=1.6, label=label)


def losses(axes: Any) -> None:
    """What axes that rows of losses lie along look like."""
    axes.axvline(0, color="#555555", linewidth=1)
    axes.set_xlabel("nats per token; less is better")
    axes.grid(axis="x", color="#dddddd", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.locator_params(axis="x", nbins=6)
    axes.tick_params(axis="y", length=0)


def title(figure: Figure, text: str) -> None:
    figure.suptitle(text, x=0.01, ha="left", fontsize=12, fontweight="bold")
