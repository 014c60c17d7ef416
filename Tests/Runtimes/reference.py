#!/usr/bin/env python3
"""What a dense model computes in float32, by transformers: what the judges of all runtimes compare with.

    python reference.py MODEL TEXT OUTPUT.npz [--windows 4]

OUTPUT holds
    prompt       int32 [64]           the text's first tokens
    logits       float32 [64, vocab]  of every position of the prompt
    generated    int32 [8]            what follows the prompt's first 16 tokens, greedily
    windows      int32 [windows, 256] consecutive windows of the text, spread evenly over it
    perplexity   float64              e to the mean negative log-likelihood of tokens 2 to 256 of all windows
    text         the text that was tokenized, and `tokens` its ids, for tokenizers
"""
import argparse
import pathlib

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

PROMPT, BEGINNING, GENERATED, LENGTH, CHARACTERS = 64, 16, 8, 256, 20_000


def generate(model, tokens: torch.Tensor, count: int) -> list[int]:
    """Greedily, whole sequence after whole sequence: no cache, no options of a generation_config.json."""
    found: list[int] = []
    for _ in range(count):
        whole = torch.cat([tokens, torch.tensor(found, dtype=tokens.dtype)])
        found.append(int(model(whole[None]).logits[0, -1].argmax()))
    return found


def perplexity(model, windows: np.ndarray) -> float:
    losses = []
    for window in torch.from_numpy(windows.astype(np.int64)):
        logits = model(window[None]).logits[0, :-1].double()
        losses.append(torch.nn.functional.cross_entropy(logits, window[1:]).item())
    return float(np.exp(np.mean(losses)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("text", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--windows", type=int, default=4)
    args = parser.parse_args()
    text = args.text.read_text(encoding="utf-8")
    tokenizer = Tokenizer.from_file(str(args.model / "tokenizer.json"))
    ids = np.array(tokenizer.encode(text, add_special_tokens=False).ids, np.int32)
    starts = np.floor(np.linspace(0, len(ids) // LENGTH - 1, args.windows)).astype(int) * LENGTH
    windows = np.stack([ids[start:start + LENGTH] for start in starts])
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32).eval()
    with torch.inference_mode():
        prompt = torch.from_numpy(ids[:PROMPT].astype(np.int64))
        logits = model(prompt[None]).logits[0].float().numpy()
        generated = generate(model, prompt[:BEGINNING], GENERATED)
        value = perplexity(model, windows)
    beginning = text[:CHARACTERS]
    np.savez(args.output, prompt=ids[:PROMPT], logits=logits, generated=np.array(generated, np.int32), windows=windows,
             perplexity=value, text=np.array(beginning),
             tokens=np.array(tokenizer.encode(beginning, add_special_tokens=False).ids, np.int32))


if __name__ == "__main__":
    main()
