"""The variants, in the order in which they run and stand on the page. A variant is one line: its name, its options of
`adadim quantize`, and the names of those that it is compared with."""
from dataclasses import dataclass

from harness.conditions import GROUP_SIZE, LENGTH, SEQUENCES, WINDOWS
from harness.models import smollm2
from harness.texts import CALIBRATION, TEXTS
from harness.variant import Text, Variant

TITLE = "SmolLM2-135M"
BITS = (3, 4)
SEEDS = (0, 1, 2)
# One thread: threads that wait for each other count as CPU time.
COMMON = f"--group-size {GROUP_SIZE} --samples {SEQUENCES} --sequence-length {LENGTH} --threads 1"


@dataclass(frozen=True)
class Way:
    """A way of quantizing. A baseline is what it is compared with, to see what its step gains. `own_loss` says that its
    tokens have weights or its weights are corrected, so that the losses it reports are not compared with others'."""
    name: str
    options: str
    baselines: tuple[str, ...]
    own_loss: bool
    bits: tuple[int, ...]


def way(name: str, options: str, *baselines: str, own_loss: bool = False, bits: tuple[int, ...] = (3,)) -> Way:
    return Way(name, options, baselines, own_loss, bits)


# All excesses are also given as a share of REFERENCE's, all seconds as multiples of PLAIN's, which is `--effort fast`. Options
# that are defaults are written out here, but for those of the efforts themselves (EFFORTS has their options). What matters
# to users is measured at all BITS.
REFERENCE, PLAIN = "per-OC", "adaptive"
OC, IC, ADAPTIVE = "--dimension per-oc", "--dimension per-ic", "--dimension adaptive --select rtn"
FAST = "--effort fast"
ORDERED = f"{FAST} --activation-order"
SEARCHED = f"{ORDERED} --ranges search"
REFINED = f"{SEARCHED} --refine both --passes 4"
DAMPED = f"{REFINED} --damping 0.1"
WEIGHED = f"{DAMPED} --token-weights attention"
CORRECTED = f"{WEIGHED} --correct-inputs 0.4 --correct-residual 0.4"

SECTIONS = {
    "Direction": [
        way("per-OC", f"{FAST} {OC}", bits=BITS),
        way("per-IC", f"{FAST} {IC}", "per-OC"),
        way("adaptive", f"{FAST} {ADAPTIVE}", "per-OC", bits=BITS),
        way("adaptive (sweep)", f"{FAST} --dimension adaptive --select sweep", "adaptive"),
    ],
    "Act-order": [
        way("per-OC, ordered", f"{ORDERED} {OC}", "per-OC"),
        way("adaptive, ordered", f"{ORDERED} {ADAPTIVE}", "adaptive", "per-OC, ordered"),
    ],
    "MSE clipping": [
        way("adaptive, searched", f"{FAST} --ranges search {ADAPTIVE}", "adaptive"),
        way("ordered, searched", f"{SEARCHED} {ADAPTIVE}", "adaptive, searched", "adaptive, ordered"),
    ],
    "Coordinate descent, scales": [
        way("searched, scales", f"{SEARCHED} --refine scales --passes 4 {ADAPTIVE}", "ordered, searched"),
    ],
    "Coordinate descent, codes": [
        way("searched, codes", f"{SEARCHED} --refine codes --passes 4 {ADAPTIVE}", "ordered, searched"),
        way("searched, both", f"{REFINED} {ADAPTIVE}", "ordered, searched", "searched, codes", "searched, scales"),
        way("searched, both, 8 passes", f"{SEARCHED} --refine both --passes 8 {ADAPTIVE}", "searched, both"),
    ],
    "Damping": [
        way("damped", f"{DAMPED} {ADAPTIVE}", "searched, both"),
    ],
    "Token weights": [
        way("balanced", f"--effort balanced {ADAPTIVE}", "damped", "adaptive", own_loss=True, bits=BITS),
    ],
    "Asymmetric calibration": [
        way("balanced, inputs 0.4", f"{WEIGHED} --correct-inputs 0.4 {ADAPTIVE}", "balanced", own_loss=True),
        way("balanced, residual 0.4", f"{WEIGHED} --correct-residual 0.4 {ADAPTIVE}", "balanced", own_loss=True),
        way("best", f"--effort best {ADAPTIVE}", "balanced", "balanced, inputs 0.4", "balanced, residual 0.4", "adaptive",
            own_loss=True, bits=BITS),
        way("best, both 0.2", f"{WEIGHED} --correct-inputs 0.2 --correct-residual 0.2 {ADAPTIVE}", "best", own_loss=True),
        way("best, both 0.7", f"{WEIGHED} --correct-inputs 0.7 --correct-residual 0.7 {ADAPTIVE}", "best", own_loss=True),
        way("best, both 1", f"{WEIGHED} --correct-inputs 1 --correct-residual 1 {ADAPTIVE}", "best", own_loss=True),
    ],
    "Ablations of best": [
        way("best, per-OC", f"{CORRECTED} {OC}", "best", own_loss=True, bits=BITS),
        way("best (sweep)", f"{CORRECTED} --dimension adaptive --select sweep", "best", own_loss=True),
        way("best, not ordered", f"{CORRECTED} --no-activation-order {ADAPTIVE}", "best", own_loss=True),
        way("best, tokens alike", f"{CORRECTED} --token-weights equal {ADAPTIVE}", "best", own_loss=True),
    ],
    "Damping and number of tokens": [
        way("balanced, damping 0.01", f"{WEIGHED} --damping 0.01 {ADAPTIVE}", "balanced", own_loss=True),
        way("best, damping 0.01", f"{CORRECTED} --damping 0.01 {ADAPTIVE}", "best", own_loss=True),
        way("best, damping 0.03", f"{CORRECTED} --damping 0.03 {ADAPTIVE}", "best", own_loss=True),
        way("best, damping 0.3", f"{CORRECTED} --damping 0.3 {ADAPTIVE}", "best", own_loss=True),
        way("best, 64 × 256", f"{CORRECTED} --samples 64 --sequence-length 256 {ADAPTIVE}", "best", own_loss=True),
        way("best, 128 × 512", f"{CORRECTED} --samples 128 {ADAPTIVE}", "best", own_loss=True),
    ],
}
# The options that `--effort` stands for, as the tool's help lists them.
EFFORTS = {
    "adaptive": FAST, "balanced": WEIGHED, "best": CORRECTED,
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
