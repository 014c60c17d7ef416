#!/usr/bin/env python3
"""A compressed-tensors directory of this tool, as stock transformers opens it, beside the dequantized one of the same codes.

    python judge_transformers.py PACKED DEQUANTIZED REFERENCE.npz

Both are opened with no argument but dtype="auto". After a first forward pass, which makes transformers unpack:
- every parameter equals the dequantized directory's to the bit: compressed-tensors reads the codes as this tool means them;
- logits differ by 0.0, and eight tokens generated greedily are the same.
"""
import argparse
import os
import pathlib

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
import numpy as np
import torch
from transformers import AutoModelForCausalLM

from judging import BEGINNING, GENERATED, Judge
from reference import generate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packed", type=pathlib.Path)
    parser.add_argument("dequantized", type=pathlib.Path)
    parser.add_argument("reference", type=pathlib.Path)
    args = parser.parse_args()
    judge = Judge(f"transformers, {args.packed.name}")
    prompt = torch.from_numpy(np.load(args.reference)["prompt"].astype(np.int64))
    packed = AutoModelForCausalLM.from_pretrained(args.packed, dtype="auto").eval()
    plain = AutoModelForCausalLM.from_pretrained(args.dequantized, dtype="auto").eval()
    with torch.inference_mode():
        found, expected = packed(prompt[None]).logits.float(), plain(prompt[None]).logits.float()
        difference = float((found - expected).abs().max())
        judge.check(difference == 0 and packed.dtype == plain.dtype,
                    f"logits in {packed.dtype}: off by {difference} of {float(expected.abs().max()):.4g}")
        ours, theirs = (generate(model, prompt[:BEGINNING], GENERATED) for model in (plain, packed))
        judge.check(ours == theirs, f"generates {theirs}" + ("" if ours == theirs else f", expected {ours}"))
    states = packed.state_dict(), plain.state_dict()
    missing = [name for name in states[1] if name not in states[0]]
    unequal = [name for name in states[1] if name in states[0] and not torch.equal(states[0][name], states[1][name])]
    judge.check(not missing and not unequal, f"{len(states[1])} parameters equal to the bit"
                + "".join(f"; {word} {', '.join(names[:3])}" for word, names in (("missing", missing), ("not", unequal)) if names))
    judge.finish()


if __name__ == "__main__":
    main()
