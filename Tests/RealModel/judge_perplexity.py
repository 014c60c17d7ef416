#!/usr/bin/env python3
"""Judge `adadim evaluate` by transformers: the same perplexity on the same text, computed in float32 by PyTorch.

The text is tokenized whole without special tokens and cut into consecutive windows of L tokens; with N, the windows at
positions floor(linspace(0, count - 1, N)); the mean runs over tokens 2 to L of each window.

    python judge_perplexity.py ADADIM MODEL TEXT [--sequence-length 512] [--sequences N] [--tolerance 0.003]

Prints both figures; exits with 1 if they differ by more than the tolerance, relative.
"""
import argparse
import json
import math
import subprocess
import sys

import numpy
import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM


def transformers_perplexity(directory: str, text: str, length: int, limit: int | None) -> float:
    ids = Tokenizer.from_file(f"{directory}/tokenizer.json").encode(text, add_special_tokens=False).ids
    count = len(ids) // length
    chosen = range(count)
    if limit is not None and limit < count:
        chosen = numpy.floor(numpy.linspace(0, count - 1, limit)).astype(int)
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32).eval()
    losses = []
    with torch.no_grad():
        for i in chosen:
            window = torch.tensor([ids[i * length:(i + 1) * length]])
            logits = model(window).logits[0, :-1].double()
            losses.append(torch.nn.functional.cross_entropy(logits, window[0, 1:]).item())
    return math.exp(sum(losses) / len(losses))


def adadim_perplexity(tool: str, directory: str, text_file: str, length: int, limit: int | None) -> float:
    command = [tool, "evaluate", directory, "--text", text_file, "--sequence-length", str(length), "--json", "--quiet"]
    if limit is not None:
        command += ["--sequences", str(limit)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["perplexity"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("adadim")
    parser.add_argument("model")
    parser.add_argument("text")
    parser.add_argument("--sequence-length", type=int, default=512)
    parser.add_argument("--sequences", type=int)
    parser.add_argument("--tolerance", type=float, default=0.003)
    args = parser.parse_args()
    text = open(args.text, encoding="utf-8", newline="").read()
    theirs = transformers_perplexity(args.model, text, args.sequence_length, args.sequences)
    ours = adadim_perplexity(args.adadim, args.model, args.text, args.sequence_length, args.sequences)
    difference = abs(ours / theirs - 1)
    print(f"{args.model}: transformers {theirs:.5f}, adadim {ours:.5f}, relative difference {difference:.2e}")
    sys.exit(difference > args.tolerance)


if __name__ == "__main__":
    main()
