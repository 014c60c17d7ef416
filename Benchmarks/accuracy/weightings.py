"""Which weighting of the layers' losses predicts what is measured in the end."""
import math
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.layers import ROLES, depth, role, short
from harness.ranks import rank_correlation

from .figures import DIVERGENCE, EXCESS, Figures
from .settings import WAYS, Setting

# Fewer variants are too few to rank weightings.
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
# Stands for no loss where a logarithm is taken.
LEAST = 1e-12
# The layers that write into the residual stream.
WRITERS = ("o_proj", "down_proj")


def weighted(weight: Callable[[Layer], float]) -> Weighting:
    """A mean of relative losses."""
    return lambda layers: sum(weight(each) * each.loss for each in layers) / sum(map(weight, layers))


def only(roles: Sequence[str]) -> Callable[[Layer], float]:
    return lambda layer: float(layer.role in roles)


WEIGHTINGS: dict[str, Weighting] = {
    PLAIN_MEAN: weighted(lambda layer: 1),
    "geometric mean": lambda layers: math.exp(statistics.fmean(math.log(max(layer.loss, LEAST)) for layer in layers)),
    "root of the mean of squares": lambda layers: math.sqrt(statistics.fmean(layer.loss**2 for layer in layers)),
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

    def ratio(self, weighting: str, what: str) -> float:
        """Of what was measured to what was predicted, as a logarithm."""
        return math.log(max(self.measured[what], LEAST) / max(self.predicted[weighting], LEAST))


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


@dataclass(frozen=True)
class Verdict:
    """Of one weighting: its rank correlation within each draw; by how much it misses a variant that it was not scaled by, as a
    logarithm, root mean square; and for how many variants the others' runs chose it."""
    by_seed: tuple[float, ...]
    miss: float
    chosen: int


@dataclass(frozen=True)
class Judgement:
    """`held_out`: by how much variants are missed, each by the weighting that the others chose."""
    verdicts: dict[str, Verdict]
    held_out: float


def judge(runs: Sequence[Run], what: str) -> Judgement:
    """What is measured should be in proportion to what is predicted. Each variant in turn is left out: the others give the
    factor, and choose the weighting whose factors agree best; then it is seen by how much that misses the one left out."""
    ways = sorted({run.way for run in runs})
    seeds = sorted({run.seed for run in runs})

    def misses(name: str, among: Sequence[str]) -> list[float]:
        """Of each variant, with the factor of the others among these."""
        ratios = {way: statistics.fmean(run.ratio(name, what) for run in runs if run.way == way) for way in among}
        return [ratios[way] - statistics.fmean(ratios[other] for other in among if other != way) for way in among]

    every = {name: misses(name, ways) for name in WEIGHTINGS}
    chosen = {}
    for left_out in ways:
        others = [way for way in ways if way != left_out]
        chosen[left_out] = min(WEIGHTINGS, key=lambda name: _root_mean_square(misses(name, others)))
    count = Counter(chosen.values())

    def by_seed(name: str) -> tuple[float, ...]:
        return tuple(rank_correlation([(run.predicted[name], run.measured[what]) for run in runs if run.seed == seed])
                     for seed in seeds)
    return Judgement(
        {name: Verdict(by_seed(name), _root_mean_square(every[name]), count[name]) for name in WEIGHTINGS},
        _root_mean_square([every[chosen[way]][place] for place, way in enumerate(ways)]))


def _root_mean_square(values: Sequence[float]) -> float:
    return math.sqrt(statistics.fmean(value**2 for value in values))
