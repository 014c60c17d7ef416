"""The paper's claims, and the rules by which figures become words."""
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from harness.intervals import BETTER, UNKNOWN, WORSE, Difference, side
from harness.layers import ROLES, short

from .figures import OUTLIER_ROLES
from .settings import PER_IC, PER_OC, RTN_CHOICE, SELECTIVE, SWEEP_CHOICE

HELD, FAILED = "held", "did not hold"
NO_DIFFERENCE = UNKNOWN.capitalize()


@dataclass(frozen=True)
class Claim:
    """That one direction of groups is `expected`, better or worse, than another."""
    words: str
    first: str
    second: str
    expected: str
    # "always": every significant comparison must show it. "somewhere": one that shows it is enough. "never": none may show the
    # opposite. A single comparison decides neither of the last two: among so many, it may be chance.
    kind: str = "always"

    def word(self, difference: Difference) -> str:
        """Of one comparison."""
        found = side(difference)
        return UNKNOWN if found == UNKNOWN else HELD if found == self.expected else FAILED

    def verdict(self, words: Sequence[str]) -> str:
        """Of all comparisons."""
        count = Counter(words)
        held, failed, unknown = count[HELD], count[FAILED], count[UNKNOWN]
        tally = f"{self.expected} in {held} of {len(words)} comparisons, " \
                f"{WORSE if self.expected == BETTER else BETTER} in {failed}, no significant difference in {unknown}"
        return f"{self._overall(held, failed, unknown)}: {tally}"

    def _overall(self, held: int, failed: int, unknown: int) -> str:
        if self.kind == "somewhere":
            return "Held" if held > 1 else "In doubt" if held else "Did not hold" if failed > 1 else NO_DIFFERENCE
        if self.kind == "never":
            return "Did not hold" if failed > 1 else "In doubt" if failed else "Held" if held > 1 else NO_DIFFERENCE
        if unknown > held + failed:
            return f"Mostly {UNKNOWN}"
        if held and failed:
            return "Held in part"
        return "Did not hold" if failed else "Held wherever significant" if unknown else "Held"


CLAIMS = [
    Claim("per-IC everywhere can be worse than per-OC", PER_IC, PER_OC, WORSE, "somewhere"),
    Claim("per-IC on QKV and DOWN only is better than per-OC", SELECTIVE, PER_OC, BETTER),
    Claim("adaptive is never worse than per-OC", RTN_CHOICE, PER_OC, BETTER, "never"),
    Claim("adaptive is better than per-IC on QKV and DOWN only", RTN_CHOICE, SELECTIVE, BETTER),
]
# Ours, not the paper's, which has no choice by finished sweeps.
OURS = [
    Claim("adaptive by `sweep` is better than per-OC", SWEEP_CHOICE, PER_OC, BETTER),
    Claim("adaptive by `sweep` is better than by `rtn`", SWEEP_CHOICE, RTN_CHOICE, BETTER),
]


def together(words: Sequence[str]) -> str:
    """The words of several texts: one if they agree, else all in the texts' order."""
    return words[0] if len(set(words)) == 1 else " / ".join(words)


@dataclass(frozen=True)
class RoleChoice:
    """What an adaptive run chose for one kind of layer."""
    role: str
    taken: str
    ratios: tuple[float, ...]

    @property
    def per_ic(self) -> int:
        return self.taken.count("i")

    @property
    def majority(self) -> bool:
        return 2 * self.per_ic > len(self.taken)

    @property
    def mean_ratio(self) -> float:
        """The geometric mean of per-IC's loss over per-OC's."""
        return math.exp(sum(map(math.log, self.ratios)) / len(self.ratios))

    @property
    def switches(self) -> int:
        """How often the choice is another one than in the block before."""
        return sum(a != b for a, b in zip(self.taken, self.taken[1:]))

    @property
    def mixes(self) -> bool:
        """Whether each direction has at least a tenth of the layers."""
        return min(self.per_ic, len(self.taken) - self.per_ic) * 10 >= len(self.taken)


def where_outliers_are(choices: dict[str, RoleChoice]) -> str:
    """Whether per-IC won the majority in q, k, v and down; and where else it did."""
    won = [role for role in ROLES if choices[role].majority]
    missing = [role for role in OUTLIER_ROLES if role not in won]
    word = HELD if not missing else "held in part" if len(missing) < len(OUTLIER_ROLES) else FAILED
    return f"{word}: per-IC has the majority in {', '.join(map(short, won)) or 'no kind of layer'}"


def choice_mixes(choices: dict[str, RoleChoice]) -> str:
    """Whether both directions occur elsewhere, changing from block to block."""
    others = [choices[role] for role in ROLES if role not in OUTLIER_ROLES]
    mixed = [choice for choice in others if choice.mixes]
    word = HELD if len(mixed) == len(others) else "held in part" if mixed else FAILED
    return f"{word}: " + ", ".join(
        f"{short(c.role)} {c.per_ic} of {len(c.taken)} per-IC with {c.switches} change{'' if c.switches == 1 else 's'}"
        for c in others)
