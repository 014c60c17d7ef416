#!/usr/bin/env python3
"""Judge `adadim inspect` by NumPy and PyTorch: the definitions of Documentation/Inspection.md in float64, on the inputs
that transformers computes in float64 for the same token ids.

    python judge_inspection.py ADADIM MODEL TEXT [--sequences 4] [--sequence-length 256]

Compares every channel of channels.safetensors. What differs is that the engine runs the model, and sums up the Gram
matrix, in float32: activation figures must agree to 1e-5 of the layer's largest, sensitivities to eps·condition number of
the damped Gram matrix. Prints the worst of each; exits with 1 beyond.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

EPS = 2.0**-23
DAMPING = 0.01
STAGES = (("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"), ("self_attn.o_proj",),
          ("mlp.gate_proj", "mlp.up_proj"), ("mlp.down_proj",))


def token_ids(model: str, text: str, sequences: int, length: int) -> np.ndarray:
    ids = Tokenizer.from_file(f"{model}/tokenizer.json").encode(text, add_special_tokens=False).ids
    return np.array(ids[:sequences * length], dtype=np.int64).reshape(sequences, length)


def inputs_of(model, ids: np.ndarray, names: list[str]) -> dict[str, np.ndarray]:
    """What the named layers see, [in, tokens]."""
    seen: dict[str, list] = {name: [] for name in names}
    modules = dict(model.named_modules())
    hooks = [
        modules[name].register_forward_pre_hook(
            lambda _, args, name=name: seen[name].append(args[0].reshape(-1, args[0].shape[-1]).numpy()))
        for name in names
    ]
    with torch.no_grad():
        for row in ids:
            model(torch.from_numpy(row[None]))
    for hook in hooks:
        hook.remove()
    return {name: np.concatenate(parts).T for name, parts in seen.items()}


class Worst:
    """The largest deviation of each kind, as a share of what is allowed."""

    def __init__(self):
        self.found: dict[str, tuple[float, float, str]] = {}

    def add(self, kind: str, ours, theirs, allowed: float, where: str) -> None:
        """The largest difference, as a share of the largest value."""
        self.note(kind, float(np.max(np.abs(ours - theirs)) / max(np.max(np.abs(theirs)), 1e-300)), allowed, where)

    def note(self, kind: str, deviation: float, allowed: float, where: str) -> None:
        if kind not in self.found or not deviation / allowed <= self.found[kind][0]:
            self.found[kind] = (deviation / allowed, deviation, where)

    def print(self) -> bool:
        for kind, (share, deviation, where) in self.found.items():
            print(f"{kind}: at most {deviation:.1e} apart, {share:.2g} of what is allowed ({where})")
        return all(share <= 1 for share, _, _ in self.found.values())


def compare(worst: Worst, ours: dict, layers: list[str], x: np.ndarray, weights: dict[str, np.ndarray]) -> None:
    first = layers[0]
    deviations = x - x.mean(axis=1, keepdims=True)
    variance = (deviations**2).mean(axis=1)
    h = x @ x.T
    damped = h + DAMPING * np.mean(np.diag(h)) * np.eye(len(h))
    eigenvalues = np.linalg.eigvalsh(damped)
    condition = eigenvalues[-1] / eigenvalues[0]
    inverse = np.diag(np.linalg.inv(damped))
    rms = np.sqrt((x**2).mean(axis=1))
    figures = {"mean": np.abs(x).mean(axis=1), "rms": rms, "max": np.abs(x).max(axis=1)}
    for name, values in figures.items():
        worst.add(name, ours[f"{first}.input.{name}"], values, 1e-5, first)
    # Activations that agree to 1e-5 of their channel's rms have variances, and fourth moments, that agree to 4e-5·rms/σ each.
    kurtosis = (deviations**4).mean(axis=1) / variance**2
    relative = np.abs(ours[f"{first}.input.kurtosis"] / kurtosis - 1)
    worst.note("kurtosis, times σ/rms", float(np.max(relative * np.sqrt(variance) / rms)), 8e-5, first)
    # And each channel against itself: the model's float32 has errors of the size of a token's largest activations.
    worst.note("rms by channel", float(np.max(np.abs(ours[f"{first}.input.rms"] / rms - 1))), 1e-4, first)
    worst.note("Hjj by channel", float(np.max(np.abs(ours[f"{first}.input.hessian_diagonal"] / np.diag(h) - 1))), 2e-4,
               first)
    worst.add("Hjj", ours[f"{first}.input.hessian_diagonal"], np.diag(h), 2e-5, first)
    worst.add("1/[H^-1]jj", 1 / ours[f"{first}.input.inverse_hessian_diagonal"], 1 / inverse, EPS * condition, first)
    for layer in layers:
        for measure, factor, allowed in (
                ("inverse_hessian", 1 / inverse, EPS * condition), ("hessian_diagonal", np.diag(h), 2e-5)):
            s = weights[layer]**2 * factor
            for side, axis in (("inputs", 0), ("outputs", 1)):
                worst.add(f"{measure} by {side}", ours[f"{layer}.sensitivity.{measure}.{side}"], s.sum(axis=axis),
                          allowed, layer)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("adadim")
    parser.add_argument("model")
    parser.add_argument("text")
    parser.add_argument("--sequences", type=int, default=4)
    parser.add_argument("--sequence-length", type=int, default=256)
    args = parser.parse_args()
    text = pathlib.Path(args.text).read_text(encoding="utf-8")
    ids = token_ids(args.model, text, args.sequences, args.sequence_length)
    with tempfile.TemporaryDirectory() as scratch:
        save_file({"ids": ids}, f"{scratch}/ids.safetensors")
        command = [args.adadim, "inspect", args.model, "--calibration", f"{scratch}/ids.safetensors", "--report",
                   f"{scratch}/report", "--bits", "3", "--group-size", "64", "--json", "--quiet"]
        report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        ours = load_file(f"{scratch}/report/channels.safetensors")
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float64).eval()
    weights = {name: module.weight.detach().numpy() for name, module in model.named_modules()
               if isinstance(module, torch.nn.Linear)}
    stages = [[f"model.layers.{block}.{name}" for name in stage]
              for block in range(model.config.num_hidden_layers) for stage in STAGES]
    inputs = inputs_of(model, ids, [layers[0] for layers in stages])
    worst = Worst()
    for layers in stages:
        compare(worst, ours, layers, inputs.pop(layers[0]), weights)
    print(f"{args.model}: {len(report['layers'])} layers, {ids.size} tokens")
    sys.exit(not worst.print())


if __name__ == "__main__":
    main()
