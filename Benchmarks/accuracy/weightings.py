"""Which weighting of the layers' losses goes with what is measured in the end."""
import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.intervals import t_quantile
from harness.layers import ROLES, depth, role, short
from harness.ranks import rank_correlation

from .figures import DIVERGENCE, EXCESS, Figures
from .settings import WAYS, Setting

# Fewer variants have no order worth the name.
FEWEST = 5


@dataclass(frozen=True)
class Layer:
    """`depth` is 0 for the first block and 1 for the last; `loss` is relative to `energy`, ‖WX‖²."""
    role: str
    depth: float
    loss: float
    energy: float


Weighting = Callable[[Sequence[Layer]], float]
PLAIN_MEAN = "plain mean"
# The layers that write into the residual stream.
WRITERS = ("o_proj", "down_proj")


def weighted(weight: Callable[[Layer], float]) -> Weighting:
    """A mean of relative losses."""
    return lambda layers: sum(weight(each) * each.loss for each in layers) / sum(map(weight, layers))


def only(roles: Sequence[str]) -> Callable[[Layer], float]:
    return lambda layer: float(layer.role in roles)


WEIGHTINGS: dict[str, Weighting] = {
    PLAIN_MEAN: weighted(lambda layer: 1),
    "mean of logarithms": lambda layers: statistics.fmean(math.log(max(layer.loss, 1e-12)) for layer in layers),
    "mean of squares": lambda layers: statistics.fmean(layer.loss**2 for layer in layers),
    "sum of losses over sum of energies": weighted(lambda layer: layer.energy),
    "o and down, mean": weighted(only(WRITERS)),
    "o and down, sum of losses over sum of energies": weighted(lambda layer: layer.energy * (layer.role in WRITERS)),
    "falling with depth": weighted(lambda layer: 1 - layer.depth),
    "rising with depth": weighted(lambda layer: layer.depth),
    "first third of the blocks": weighted(lambda layer: float(layer.depth < 1 / 3)),
    "last third of the blocks": weighted(lambda layer: float(layer.depth > 2 / 3)),
    **{f"{short(kind)}, mean": weighted(only([kind])) for kind in ROLES},
}


@dataclass(frozen=True)
class Run:
    """One variant at one seed: what each weighting makes of its losses, and what was measured."""
    way: str
    seed: int
    predicted: dict[str, float]
    measured: dict[str, float]


def runs(figures: Figures, bits: int) -> list[Run]:
    """Of the variants whose losses are of the same thing."""
    names = figures.content["layers"]
    depths = [depth({"name": name}) for name in names]
    found = []
    for way in WAYS.values():
        for seed in [] if way.own_loss else figures.seeds(way.name, bits):
            entry = figures.entries[Setting(way.name, bits, seed)]
            layers = [Layer(role(name), block / max(1, *depths), loss, energy) for name, block, loss, energy in zip(
                names, depths, entry["losses"], entry["energies"], strict=True)]
            measured = {what: statistics.fmean(statistics.fmean(text[what]) for text in entry["texts"].values())
                        for what in (EXCESS, DIVERGENCE)}
            found.append(Run(way.name, seed, {name: of(layers) for name, of in WEIGHTINGS.items()}, measured))
    return found


def correlation(runs: Sequence[Run], weighting: str, what: str) -> float:
    return rank_correlation([(run.predicted[weighting], run.measured[what]) for run in runs])


@dataclass(frozen=True)
class Verdict:
    """Of one weighting: its correlation over all runs, that within each draw, and how often the other draws chose it."""
    overall: float
    by_seed: tuple[float, ...]
    chosen: int


@dataclass(frozen=True)
class Judgement:
    """`held_out`: the correlations, within a draw, of the weighting that the other draws chose."""
    verdicts: dict[str, Verdict]
    held_out: tuple[float, ...]


def judge(runs: Sequence[Run], what: str) -> Judgement:
    """Each draw in turn is left out: the weighting with the highest correlation over the others is chosen, and judged on the
    one left out, where its choice cannot have been luck with that draw. Of a single draw nothing is chosen."""
    seeds = sorted({run.seed for run in runs})
    chosen = {}
    for seed in seeds if len(seeds) > 1 else []:
        others = [run for run in runs if run.seed != seed]
        chosen[seed] = max(WEIGHTINGS, key=lambda name: correlation(others, name, what))
    within = {seed: [run for run in runs if run.seed == seed] for seed in seeds}
    return Judgement(
        {name: Verdict(correlation(runs, name, what),
                       tuple(correlation(within[seed], name, what) for seed in seeds), list(chosen.values()).count(name))
         for name in WEIGHTINGS},
        tuple(correlation(within[seed], name, what) for seed, name in chosen.items()))


def by_chance(points: int) -> float:
    """How far from zero a rank correlation of so many unrelated points is in one case of twenty, by Student's t."""
    t = t_quantile(points - 2)
    return t / math.sqrt(t**2 + points - 2)
