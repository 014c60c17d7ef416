"""Other programs' figures on the same model and windows, where Documentation/measured/peers.json has them."""
import json
import pathlib
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any


@dataclass(frozen=True)
class Peer:
    """One variant of a peer over its seeds."""
    name: str
    variant: str
    version: str
    bits: float
    entries: tuple[dict[str, Any], ...]

    @property
    def title(self) -> str:
        return f"{self.name} {self.variant}".strip()

    def by_seed(self, what: str, texts: list[str]) -> list[float]:
        return [fmean(entry["texts"][text][what] for text in texts) for entry in self.entries]

    def mean(self, what: str, texts: list[str]) -> float:
        return fmean(self.by_seed(what, texts))

    def seconds(self, what: str) -> float | None:
        found = [entry[what] for entry in self.entries if entry.get(what) is not None]
        return median(found) if found else None


def read(file: pathlib.Path) -> list[Peer]:
    """By name and variant, in the file's order; none where there is no file."""
    if not file.exists():
        return []
    content = json.loads(file.read_text())
    found: dict[tuple[str, str, str, float], list[dict[str, Any]]] = {}
    for entry in content if isinstance(content, list) else content["entries"]:
        key = (entry["peer"], entry["variant"], str(entry.get("version", "")), float(entry["bits"]))
        found.setdefault(key, []).append(entry)
    return [Peer(name, variant, version, bits, tuple(entries)) for (name, variant, version, bits), entries in found.items()]
