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
    bits: tuple[int, ...]


def way(name: str, options: str, *baselines: str, own_loss: bool = False, bits: tuple[int, ...] = (3,)) -> Way:
    return Way(name, options, baselines, own_loss, bits)


# All excesses are also given as a share of REFERENCE's, all seconds as multiples of PLAIN's. Options that are defaults are
# written out here: a default may change, these variants may not. What matters to users is measured at all BITS.
REFERENCE, PLAIN = "per-OC", "adaptive"
OC, IC, ADAPTIVE = "--dimension per-oc", "--dimension per-ic", "--dimension adaptive --select rtn"
FAST = "--effort fast"
ORDERED = f"{FAST} --activation-order"
SEARCHED = f"{ORDERED} --ranges search"
REFINED = f"{SEARCHED} --refine both --passes 8"
CORRECTED = f"{REFINED} --correct-inputs 0.4 --correct-residual 0.4"

SECTIONS = {
    "Choice": [
        way("per-OC", f"{FAST} {OC}", bits=BITS),
        way("per-IC", f"{FAST} {IC}", "per-OC"),
        way("adaptive", f"{FAST} {ADAPTIVE}", "per-OC", bits=BITS),
        way("adaptive (sweep)", f"{FAST} --dimension adaptive --select sweep", "adaptive"),
    ],
    "Order": [
        way("per-OC, ordered", f"{ORDERED} {OC}", "per-OC"),
        way("adaptive, ordered", f"{ORDERED} {ADAPTIVE}", "adaptive", "per-OC, ordered"),
    ],
    "Grids": [
        way("adaptive, searched", f"{FAST} --ranges search {ADAPTIVE}", "adaptive"),
        way("ordered, searched", f"{SEARCHED} {ADAPTIVE}", "adaptive, searched", "adaptive, ordered"),
    ],
    "Scales": [
        way("searched, scales", f"{SEARCHED} --refine scales --passes 4 {ADAPTIVE}", "ordered, searched"),
    ],
    "Codes": [
        way("searched, codes", f"{SEARCHED} --refine codes --passes 4 {ADAPTIVE}", "ordered, searched"),
        way("searched, both", f"{SEARCHED} --refine both --passes 4 {ADAPTIVE}", "searched, codes", "searched, scales"),
        way("searched, both, 8 passes", f"{REFINED} {ADAPTIVE}", "searched, both"),
    ],
    "Target": [
        way("refined, inputs", f"{REFINED} --correct-inputs 0.4 {ADAPTIVE}", "searched, both, 8 passes", own_loss=True),
        way("refined, residual", f"{REFINED} --correct-residual 0.4 {ADAPTIVE}", "searched, both, 8 passes", own_loss=True),
        way("corrected", f"{CORRECTED} {ADAPTIVE}", "refined, inputs", "refined, residual", own_loss=True),
        way("corrected in full", f"{REFINED} --correct-inputs 1 --correct-residual 1 {ADAPTIVE}", "corrected", own_loss=True),
    ],
    "Choice, with all of it": [
        way("corrected, per-OC", f"{CORRECTED} {OC}", "corrected", own_loss=True, bits=BITS),
        way("corrected (sweep)", f"{CORRECTED} --dimension adaptive --select sweep", "corrected", own_loss=True),
        way("corrected, not ordered", f"{CORRECTED} --no-activation-order {ADAPTIVE}", "corrected", own_loss=True),
    ],
    "Tokens": [
        way("corrected, damping 0.003", f"{CORRECTED} --damping 0.003 {ADAPTIVE}", "corrected", own_loss=True),
        way("corrected, damping 0.03", f"{CORRECTED} --damping 0.03 {ADAPTIVE}", "corrected", own_loss=True),
        way("corrected, 64 × 256", f"{CORRECTED} --samples 64 --sequence-length 256 {ADAPTIVE}", "corrected", own_loss=True),
        way("corrected, 128 × 512", f"{CORRECTED} --samples 128 {ADAPTIVE}", "corrected", own_loss=True),
    ],
    "Effort": [
        way("fast", f"--effort fast {ADAPTIVE}", bits=BITS),
        way("balanced", f"--effort balanced {ADAPTIVE}", "fast", bits=BITS),
        way("best", f"--effort best {ADAPTIVE}", "balanced", "corrected, per-OC", own_loss=True, bits=BITS),
    ],
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
