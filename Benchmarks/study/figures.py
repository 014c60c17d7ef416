"""The study's figures: what Documentation/measured/study.json holds, and what tables, words and pictures are made of."""
import json
import pathlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from harness.intervals import Difference, excess
from harness.layers import ROLES, depth
from harness.runs import Result

from .settings import Setting

OUTLIER_ROLES = ("q_proj", "k_proj", "v_proj", "down_proj")
PER_OC, PER_IC = "per-oc", "per-ic"


class Figures:
    """Results by setting."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content
        self.entries = {Setting(**entry["setting"]): entry for entry in content["variants"]}

    @classmethod
    def of(cls, measured: Sequence[tuple[Setting, Result]], **more: Any) -> "Figures":
        """`more` is kept as it is."""
        results = [result for _, result in measured]
        report = next(result["report"] for result in results if "report" in result)
        return cls({
            "run": {"commits": sorted({result["commit"] for result in results}),
                    "dates": sorted({result["date"] for result in results}),
                    "machines": sorted({result["machine"] for result in results}),
                    "threads": report["options"]["threads"], **report["versions"]},
            "variants": [_entry(setting, result) for setting, result in measured], **more})

    @classmethod
    def read(cls, file: pathlib.Path) -> "Figures":
        return cls(json.loads(file.read_text()))

    def write(self, file: pathlib.Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(entry) for entry in self.content["variants"]]
        rest = {name: value for name, value in self.content.items() if name != "variants"}
        head = json.dumps(rest, indent=1)[:-2]
        file.write_text(f'{head},\n "variants": [\n' + ",\n".join(lines) + "\n]}\n")

    def models(self) -> list[str]:
        return list(dict.fromkeys(setting.model for setting in self.entries))

    def texts(self) -> list[str]:
        return list(next(iter(self.entries.values()))["texts"])

    def excess(self, setting: Setting, text: str, over: Setting | None = None) -> Difference:
        """Nats per token more than the other setting; than the original model if there is none."""
        other = over or Setting(setting.model)
        return excess(self.entries[setting]["texts"][text], self.entries[other]["texts"][text])


def _entry(setting: Setting, result: Result) -> dict[str, Any]:
    entry = {"setting": asdict(setting), "texts": result["texts"]}
    if (report := result.get("report")) is None:
        return entry
    totals = report["totals"]
    return entry | {
        "seconds": round(result["seconds"], 1), "meanRelativeLoss": totals["meanRelativeLoss"],
        "layers": totals["quantizedLayers"], "perInputChannelLayers": totals["perInputChannelLayers"],
        "roles": {role: _role(report["layers"], role) for role in ROLES}}


def _role(layers: list[dict[str, Any]], role: str) -> dict[str, Any]:
    """One kind of layer, from the first block to the last: relative loss, direction taken ("i" or "o"), and, where both
    directions were tried, the losses that were compared, per-IC over per-OC."""
    mine = sorted((layer for layer in layers if layer["name"].endswith(role)), key=depth)
    kept: dict[str, Any] = {"loss": [_short(layer["loss"]["relative"]) for layer in mine],
                            "taken": "".join("i" if layer["dimension"] == PER_IC else "o" for layer in mine)}
    ratios = [compared(layer) for layer in mine]
    if all(ratio is not None for ratio in ratios):
        kept["ratio"] = [_short(ratio) for ratio in ratios if ratio is not None]
    return kept


def compared(layer: dict[str, Any]) -> float | None:
    """Loss per-IC over loss per-OC, of the method by which the layer was decided; None where only one was tried."""
    for method in ("rtn", "gptq"):
        found = [(layer["losses"].get(dimension) or {}).get(method) for dimension in (PER_IC, PER_OC)]
        if all(found):
            per_ic, per_oc = (float(loss["absolute"]) for loss in found if loss)
            return per_ic / per_oc if per_oc > 0 else None
    return None


def _short(value: float) -> float:
    return float(f"{value:.4g}")
