#!/usr/bin/env python3
"""Quantizes every linear layer of a transformers model with forward hooks; prints its perplexity before and after."""
import argparse
import pathlib

import adadim
import torch
import transformers

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("model", help="directory of a causal language model")
parser.add_argument("texts", nargs=2, type=pathlib.Path, help="one to calibrate with, another to measure with")
parser.add_argument("--bits", type=int, default=3)
parser.add_argument("--windows", type=int, default=16, help="of 512 tokens, from the start of each text")
args = parser.parse_args()

torch.set_grad_enabled(False)
tokenizer = transformers.AutoTokenizer.from_pretrained(args.model)
model = transformers.AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32)
ids = [tokenizer(text.read_text(), return_tensors="pt", verbose=False).input_ids for text in args.texts]
calibration, other = (tokens.unfold(1, 512, 512)[0, : args.windows, None] for tokens in ids)  # [windows, 1, 512]
# The head is not quantized: in many models its weight is the embedding table.
linears = {n: m for n, m in model.named_modules() if isinstance(m, torch.nn.Linear) and m is not model.lm_head}


def perplexity() -> float:
    return torch.stack([model(window, labels=window).loss for window in other]).mean().exp().item()


before = perplexity()
grams = {name: adadim.Gram(linear.in_features) for name, linear in linears.items()}
hooks = [m.register_forward_hook(lambda _, x, __, gram=grams[n]: gram.accumulate(x[0])) for n, m in linears.items()]
for window in calibration:
    model(window)
for hook in hooks:
    hook.remove()
for name, linear in linears.items():
    layer = adadim.quantize(linear.weight, grams.pop(name), bits=args.bits, group_size=64, consume=True)
    linear.weight.copy_(layer.dequantize())
    print(f"{name:40} {layer.dimension}  {100 * layer.relative_loss:5.2f} % lost", flush=True)
print(f"perplexity {before:.2f} before, {perplexity():.2f} after: {args.bits} bits, {len(other)} windows of 512 tokens")
