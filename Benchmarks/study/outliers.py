"""Outliers in the inputs of a model's linear layers, on the calibration text, and how uneven its weights are; by PyTorch and
transformers."""
import pathlib
from typing import Any

from harness.texts import CALIBRATION

SEQUENCES, LENGTH = 16, 512
# Layers with the same inputs are one: the first of them stands for all.
INPUTS = {"q_proj": "q, k, v", "o_proj": "o", "gate_proj": "gate, up", "down_proj": "down"}


Found = dict[str, dict[str, list[dict[str, float]]]]


def outliers(model: pathlib.Path) -> Found:
    """`inputs`: for each kind of input, from the first block to the last, the root mean square of the largest channel over
    that of the median channel (`largest`), and the share of the channels' energy that the largest hundredth of them has
    (`share`). The untouched model, on sequences at even distances in the calibration text.

    `weights`: for each kind of layer likewise, how far the root mean squares of its rows are from each other, standard
    deviation over mean (`rows`), and those of its columns."""
    import numpy
    import torch
    from tokenizers import Tokenizer
    from transformers import AutoModelForCausalLM

    ids = Tokenizer.from_file(str(model / "tokenizer.json")).encode(
        CALIBRATION.read_text(encoding="utf-8"), add_special_tokens=False).ids
    starts = numpy.linspace(0, len(ids) - LENGTH, SEQUENCES).astype(int)
    network = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32).eval()
    squares: dict[str, Any] = {}

    def watch(name: str) -> Any:
        def add(module: Any, inputs: Any) -> None:
            squares[name] = squares.get(name, 0) + inputs[0].double().square().sum(dim=(0, 1))
        return add

    weights: dict[str, list[dict[str, float]]] = {}
    for name, module in network.named_modules():
        if ".layers." in name and isinstance(module, torch.nn.Linear):
            rows, columns = (module.weight.detach().square().mean(dim=side).sqrt() for side in (1, 0))
            weights.setdefault(name.rpartition(".")[2], []).append({
                "rows": round((rows.std() / rows.mean()).item(), 4),
                "columns": round((columns.std() / columns.mean()).item(), 4)})
        if name.rpartition(".")[2] in INPUTS:
            module.register_forward_pre_hook(watch(name))
    with torch.no_grad():
        for start in starts:
            network(torch.tensor([ids[start:start + LENGTH]]))
    found: dict[str, list[dict[str, float]]] = {role: [] for role in INPUTS}
    for name in sorted(squares, key=lambda name: int(name.split(".layers.")[1].split(".")[0])):
        energy = squares[name].sort().values
        top = max(1, len(energy) // 100)
        found[name.rpartition(".")[2]].append({
            "largest": round((energy[-1] / energy.median()).sqrt().item(), 3),
            "share": round((energy[-top:].sum() / energy.sum()).item(), 4)})
    return {"inputs": found, "weights": weights}
