#!/usr/bin/env python3
"""Write a model with the same function whose weights have lost the levels that they were once rounded to.

    python rescale.py MODEL OUTPUT [--spread 0.4] [--seed 0]

SmolLM2 as smollm2.py writes it was rounded to 4 bits in blocks of 32 weights. A format of such blocks finds those levels
again and looks nearly free of loss, so no claim about 4 bits is judged on it. Here every column of a linear layer is
multiplied by a factor of its own, exp(u) with u uniform in ±spread, and what its input comes from is divided by it: the
gains of the norm before q, k and v, and before gate and up; v's rows before o; up's rows before down. What remains
different in the function is the rounding of the products to the type of the model.

MODEL is a directory of the Llama family (Llama, Mistral, Qwen2, Qwen3) with one model.safetensors.
"""
import argparse
import json
import pathlib
import shutil

import torch
from safetensors.torch import load_file, save_file

READERS = {"input_layernorm": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
           "post_attention_layernorm": ("mlp.gate_proj", "mlp.up_proj")}


class Rescaled:
    """The tensors of a model in float32; each method leaves the model's function as it is."""

    def __init__(self, tensors: dict[str, torch.Tensor], configuration: dict, spread: float) -> None:
        self.types = {name: tensor.dtype for name, tensor in tensors.items()}
        self.tensors = {name: tensor.float() for name, tensor in tensors.items()}
        self.configuration, self.spread = configuration, spread

    def factors(self, count: int) -> torch.Tensor:
        return torch.exp((torch.rand(count) * 2 - 1) * self.spread)

    def divide_outputs(self, layer: str, factors: torch.Tensor) -> None:
        self.tensors[f"{layer}.weight"] /= factors[:, None]
        if f"{layer}.bias" in self.tensors:
            self.tensors[f"{layer}.bias"] /= factors

    def rescale_block(self, block: str) -> None:
        hidden, heads = self.configuration["hidden_size"], self.configuration["num_attention_heads"]
        groups = self.configuration.get("num_key_value_heads") or heads
        size = self.configuration.get("head_dim") or hidden // heads
        for norm, readers in READERS.items():
            factors = self.factors(hidden)
            self.tensors[f"{block}.{norm}.weight"] /= factors
            for reader in readers:
                self.tensors[f"{block}.{reader}.weight"] *= factors
        # Each head of v feeds heads / groups heads of o.
        factors = self.factors(groups * size)
        self.divide_outputs(f"{block}.self_attn.v_proj", factors)
        spread = factors.reshape(groups, 1, size).expand(groups, heads // groups, size).reshape(-1)
        self.tensors[f"{block}.self_attn.o_proj.weight"] *= spread
        factors = self.factors(self.configuration["intermediate_size"])
        self.divide_outputs(f"{block}.mlp.up_proj", factors)
        self.tensors[f"{block}.mlp.down_proj.weight"] *= factors

    def stored(self) -> dict[str, torch.Tensor]:
        return {name: tensor.to(self.types[name]).contiguous() for name, tensor in self.tensors.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--spread", type=float, default=0.4)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    args.output.mkdir(parents=True)
    configuration = json.loads((args.model / "config.json").read_text())
    torch.manual_seed(args.seed)
    rescaled = Rescaled(load_file(args.model / "model.safetensors"), configuration, args.spread)
    for block in range(configuration["num_hidden_layers"]):
        rescaled.rescale_block(f"model.layers.{block}")
    save_file(rescaled.stored(), args.output / "model.safetensors", metadata={"format": "pt"})
    for file in args.model.glob("*.json"):
        shutil.copy(file, args.output)


if __name__ == "__main__":
    main()
