"""What is run: which peers, in which variants, in which order; and on what."""
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness import texts
from harness.conditions import LENGTH, WINDOWS
from harness.variant import Text

TEXTS = tuple(Text(name, file, WINDOWS, LENGTH) for name, file in texts.TEXTS.items())
OURS = "adadim"
# Options of `adadim quantize` beyond bits, group size and calibration. A line more is a variant more.
OUR_VARIANTS: dict[str, list[str]] = {
    "per-OC": ["--effort", "fast", "--dimension", "per-oc"],
    "fast": ["--effort", "fast"],
    "balanced": ["--effort", "balanced"],
    "best": ["--effort", "best"],
}


@dataclass(frozen=True)
class Peer:
    """A quantizer with an environment of its own. `variants` are options for its runner (runners/), which hands them on in the
    peer's own words; what is not named is the peer's default."""
    name: str
    package: str
    runner: str
    variants: dict[str, dict[str, Any]]


# In order of cost.
PEERS = (
    Peer("llm-compressor", "llmcompressor", "run_llm_compressor.py", {
        "GPTQ, static order": {},
        "GPTQ, static order, observer mse": {"observer": "mse"},
    }),
    Peer("GPTQModel", "GPTQModel", "run_gptqmodel.py", {
        "GPTQ, group-aware order": {},
        "GPTQ, group-aware order, mse": {"mse": 2.4},  # the value that its README has, for another method
    }),
    Peer("Neural Compressor", "neural-compressor-pt", "run_neural_compressor.py", {
        "RTN": {"method": "rtn"},
        "GPTQ": {"method": "gptq"},
        "GPTQ, mse": {"method": "gptq", "use_mse_search": True},
    }),
    Peer("auto-round", "auto-round", "run_auto_round.py", {
        "50 iterations": {"iters": 50},
        "200 iterations": {"iters": 200},
    }),
)


@dataclass(frozen=True)
class Entry:
    """One quantized model. `peer` is None for this project's own."""
    peer: Peer | None
    variant: str
    bits: int
    seed: int

    @property
    def maker(self) -> str:
        return self.peer.name if self.peer else OURS

    @property
    def name(self) -> str:
        return f"{self.maker} {self.variant}, {self.bits} bits, seed {self.seed}"

    @property
    def file_name(self) -> str:
        """What its result's file is called by, and its log."""
        words = "".join(c if c.isalnum() else " " for c in self.name.lower()).split()
        return "-".join(words)

    @property
    def options(self) -> dict[str, Any] | list[str]:
        return self.peer.variants[self.variant] if self.peer else OUR_VARIANTS[self.variant]


# Bits and seed; what matters most first.
CELLS = ((3, 0), (3, 1), (3, 2), (4, 0))


def entries(cells: Sequence[tuple[int, int]] = CELLS, only: Sequence[str] = ()) -> Iterator[Entry]:
    """All of them in the order in which they run; `only` those whose maker's name is among these."""
    for bits, seed in cells:
        for peer in (None, *PEERS):
            for variant in peer.variants if peer else OUR_VARIANTS:
                entry = Entry(peer, variant, bits, seed)
                if not only or entry.maker in only:
                    yield entry
