"""The variants, in the order in which they run and stand on the page. A variant is one line: its name, its options of
`adadim quantize`, and the names of those that it is compared with."""
from dataclasses import dataclass

from harness.texts import CALIBRATION, TEXTS
from harness.models import smollm2
from harness.variant import Text, Variant

TITLE = "SmolLM2-135M"
BITS = (3, 4)
SEEDS = (0, 1, 2)
WINDOWS, LENGTH = 16, 512
COMMON = "--group-size 64 --samples 32 --sequence-length 512"


@dataclass(frozen=True)
class Way:
    """A way of quantizing. A baseline is what it is compared with, to see what its step brings. `own_loss` says that the losses
    it reports are of something else than ‖(W−Q)X‖² on its own inputs, so that they are not held against others'."""
    name: str
    options: str
    baselines: tuple[str, ...]
    own_loss: bool


def way(name: str, options: str, *baselines: str, own_loss: bool = False) -> Way:
    return Way(name, options, baselines, own_loss)


# All excesses are also given as a share of REFERENCE's, all seconds as multiples of PLAIN's. Options that are defaults are
# written out here: a default may change, these variants may not.
REFERENCE, PLAIN = "per-OC", "adaptive"
OC, IC, ADAPTIVE = "--dimension per-oc", "--dimension per-ic", "--dimension adaptive --select rtn"

SECTIONS = {
    "Choice": [
        way("per-OC", OC),
        way("per-IC", IC, "per-OC"),
        way("adaptive", ADAPTIVE, "per-OC"),
        way("adaptive (sweep)", "--dimension adaptive --select sweep", "adaptive"),
    ],
    "Grids": [
        way("adaptive, symmetric", f"{ADAPTIVE} --symmetric", "adaptive"),
    ],
    "Scales": [],
    "Codes": [
        way("per-OC, activation order", f"{OC} --activation-order", "per-OC"),
        way("adaptive, activation order", f"{ADAPTIVE} --activation-order", "adaptive", "per-OC, activation order"),
        way("adaptive, damping 0.001", f"{ADAPTIVE} --damping 0.001", "adaptive"),
        way("adaptive, damping 0.1", f"{ADAPTIVE} --damping 0.1", "adaptive"),
    ],
    "Target": [
        way("adaptive, original inputs", f"{ADAPTIVE} --propagate original", "adaptive", own_loss=True),
    ],
    "Tokens": [],
    "Effort": [],
}
WAYS = {way.name: way for section in SECTIONS.values() for way in section}


@dataclass(frozen=True)
class Setting:
    """A variant at so many bits, calibrated on one draw of the text."""
    way: str
    bits: int
    seed: int

    @property
    def name(self) -> str:
        return f"{self.way}, {self.bits} bits, seed {self.seed}"

    def variant(self) -> Variant:
        options = f"--bits {self.bits} {COMMON} --seed {self.seed} {WAYS[self.way].options}".split()
        texts = tuple(Text(name, file, WINDOWS, LENGTH) for name, file in TEXTS.items())
        return Variant(self.name, smollm2(), texts, CALIBRATION, tuple(options), compared=True)
