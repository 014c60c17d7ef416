#!/usr/bin/env python3
"""An MLX directory of this tool, as mlx-lm opens it on a CPU, in float32, beside the dense model of the same values.

    python judge_mlx.py PACKED DENSE REFERENCE.npz [--slack STEPS]

- mlx.core.dequantize gives DENSE's values: to the bit, where DENSE is float32; or within half a unit in the last place of
  DENSE's type. With --slack a value may be off by that many steps of its grid, as where scales and biases are float16;
- the model's logits are those of the same model whose layers mlx has made dense, 0.0 off;
- they are those that transformers computes from DENSE in float32 (REFERENCE, of reference.py), up to the rounding of sums in
  another order;
- it generates the same eight tokens.
"""
import argparse
import json
import pathlib

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from mlx.utils import tree_flatten, tree_map_with_path
from mlx_lm.utils import load_model

from judging import BEGINNING, GENERATED, Judge, compare_logits, compare_tensors

# Half a unit in the last place, relative.
ROUNDING = {mx.float32: 0.0, mx.float16: 2.0**-11, mx.bfloat16: 2.0**-8}
# Float32 sums of some hundred products, in another order than PyTorch's, through all blocks.
SUMS = 2e-4


def weights(model: nn.Module, per_input: dict) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """All parameters as plain tensors, dequantized by mlx, and the steps of the grids spread over the weights."""
    parameters = dict(tree_flatten(model.parameters()))
    modules = dict(model.named_modules())
    found, steps = {}, {}
    for name, value in parameters.items():
        stem, _, kind = name.rpartition(".")
        if kind in ("scales", "biases") and f"{stem}.scales" in parameters:
            continue
        if kind == "weight" and f"{stem}.scales" in parameters:
            module = modules[stem]
            scales, biases = parameters[f"{stem}.scales"].astype(mx.float32), parameters[f"{stem}.biases"].astype(mx.float32)
            value = mx.dequantize(value, scales, biases, group_size=module.group_size, bits=module.bits)
            step = mx.repeat(scales, module.group_size, axis=1)
            if stem in per_input:
                value, step = value.T, step.T
            steps[name] = np.array(step)
        found[name] = np.array(value.astype(mx.float32))
    return found, steps


def generate(model: nn.Module, tokens: list[int], count: int) -> list[int]:
    found: list[int] = []
    for _ in range(count):
        found.append(int(mx.argmax(model(mx.array([tokens + found]))[0, -1])))
    return found


class PlainLinear(nn.Module):
    """As mlx's packed layers, product first, then bias. nn.Linear fuses the two, and mlx then rounds some sums otherwise."""

    def __init__(self, weight: mx.array, bias: mx.array | None) -> None:
        super().__init__()
        self.weight = weight
        if bias is not None:
            self.bias = bias

    def __call__(self, x: mx.array) -> mx.array:
        product = x @ self.weight.T
        return product + self.bias if "bias" in self else product


def dense(model: nn.Module, found: dict[str, np.ndarray]) -> None:
    """Replaces every quantized layer by a plain one with mlx's own values."""
    def replaced(path: str, module: nn.Module) -> nn.Module:
        if "scales" not in module:
            return module
        weight = mx.array(found[f"{path}.weight"])
        if isinstance(module, nn.QuantizedEmbedding):
            plain = nn.Embedding(*weight.shape)
            plain.weight = weight
            return plain
        return PlainLinear(weight, module.bias if "bias" in module else None)
    model.update_modules(tree_map_with_path(replaced, model.leaf_modules(), is_leaf=nn.Module.is_module))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packed", type=pathlib.Path)
    parser.add_argument("dense", type=pathlib.Path)
    parser.add_argument("reference", type=pathlib.Path)
    parser.add_argument("--slack", type=float, default=0)
    args = parser.parse_args()
    mx.set_default_device(mx.cpu)
    judge = Judge(f"mlx, {args.packed.name}")
    per_input = json.loads((args.packed / "config.json").read_text()).get("adadim", {})
    model, _ = load_model(args.packed, trust_remote_code=True)
    # What is dense in the file, and scales and biases: widened, so that no activation is rounded to 16 bits.
    model.set_dtype(mx.float32)
    found, steps = weights(model, per_input)
    plain: dict[str, mx.array] = {}
    for file in sorted(args.dense.glob("*.safetensors")):
        plain.update(mx.load(str(file)))
    kept = {name: tensor for name, tensor in plain.items() if name in found or not name.startswith("lm_head")}
    rounding = max(ROUNDING[tensor.dtype] for tensor in kept.values())
    judge.check(len(steps) > 0, f"{len(steps)} packed tensors, {len(per_input)} of them per-IC")
    expected = {name: np.array(tensor.astype(mx.float32)) for name, tensor in kept.items()}
    compare_tensors(judge, found, expected, rounding, steps, args.slack)

    reference = np.load(args.reference)
    prompt = [int(token) for token in reference["prompt"]]
    exact = rounding == 0 and args.slack == 0
    limit = SUMS if exact else SUMS + 0.05
    logits = np.array(model(mx.array([prompt]))[0])
    compare_logits(judge, "logits in float32", logits, reference["logits"], limit)
    generated = generate(model, prompt[:BEGINNING], GENERATED)
    expected_tokens = [int(token) for token in reference["generated"]]
    judge.check(not exact or generated == expected_tokens, f"generates {generated}"
                + ("" if generated == expected_tokens else f", transformers {expected_tokens}"))
    dense(model, found)
    left = sum("scales" in module for _, module in model.named_modules())
    judge.check(left == 0, f"{left} layers are packed once they were made dense")
    compare_logits(judge, "packed beside mlx's own dense layers", logits, np.array(model(mx.array([prompt]))[0]), 0)
    judge.finish()


if __name__ == "__main__":
    main()
