"""The variants of the study, in the order in which they run."""
import pathlib
from dataclasses import dataclass

from harness.texts import CALIBRATION, TEXTS
from harness.variant import Text, Variant

# A model's name, and how many windows of each text it is measured on; None for all.
WINDOWS: dict[str, int | None] = {"jargon-6m": None, "smollm2": 16}
TITLES = {"jargon-6m": "jargon-6m", "smollm2": "SmolLM2-135M"}
BITS = (3, 4)

PER_OC, PER_IC, SELECTIVE, RTN_CHOICE, SWEEP_CHOICE = (
    "per-OC", "per-IC", "QKV and DOWN", "adaptive (rtn)", "adaptive (sweep)")
DIRECTIONS = {
    PER_OC: ["--dimension", "per-oc"],
    PER_IC: ["--dimension", "per-ic"],
    SELECTIVE: ["--per-ic", "q_proj,k_proj,v_proj,down_proj"],
    RTN_CHOICE: ["--dimension", "adaptive", "--select", "rtn"],
    SWEEP_CHOICE: ["--dimension", "adaptive", "--select", "sweep"],
}
# With RTN, `sweep` is `rtn`.
METHODS = {"RTN": [PER_OC, PER_IC, SELECTIVE, RTN_CHOICE], "GPTQ": list(DIRECTIONS)}
# The plain method, as in the paper.
COMMON = ["--effort", "fast", "--group-size", "64", "--samples", "32", "--sequence-length", "512"]


@dataclass(frozen=True)
class Setting:
    """A way of quantizing a model; the model as it is, where there is no method."""
    model: str
    bits: int = 0
    method: str = ""
    direction: str = ""
    propagate: str = "quantized"
    seed: int = 0

    @property
    def name(self) -> str:
        if not self.method:
            return f"{self.model} original"
        inputs = "" if self.propagate == "quantized" else f", inputs of the {self.propagate} model"
        draw = f", seed {self.seed}" if self.seed else ""
        return f"{self.model} {self.bits} bits, {self.method} {self.direction}{inputs}{draw}"

    def variant(self, model: pathlib.Path) -> Variant:
        texts = tuple(Text(name, file, WINDOWS[self.model]) for name, file in TEXTS.items())
        if not self.method:
            return Variant(self.name, model, texts)
        options = ["--method", self.method.lower(), "--bits", str(self.bits), *COMMON, "--seed", str(self.seed),
                   "--propagate", self.propagate, *DIRECTIONS[self.direction]]
        return Variant(self.name, model, texts, CALIBRATION, tuple(options))


def main_set(model: str, bits: int, propagate: str = "quantized", methods: tuple[str, ...] = ("RTN", "GPTQ"),
             seed: int = 0) -> list[Setting]:
    return [Setting(model, bits, method, direction, propagate, seed)
            for method in methods for direction in METHODS[method]]


# The smaller sets: inputs from the untouched model as in the paper, and other draws of the calibration text.
ORIGINAL_INPUTS = {"jargon-6m": (3, 4), "smollm2": (3,)}
SEEDS = {"jargon-6m": {3: range(1, 5)}, "smollm2": {3: range(1, 3)}}


def settings(model: str) -> list[Setting]:
    """All of a model's, what matters most first."""
    every = [Setting(model)]
    for bits in BITS:
        every += main_set(model, bits)
    for bits in ORIGINAL_INPUTS[model]:
        every += main_set(model, bits, "original", ("GPTQ",))
    for bits, seeds in SEEDS[model].items():
        for seed in seeds:
            every += main_set(model, bits, methods=("GPTQ",), seed=seed)
    return every
