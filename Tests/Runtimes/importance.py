"""What llama.cpp calls an importance matrix, from exactly the tokens that `adadim quantize` is calibrated on: for each linear
layer the mean square of every input channel, which is the diagonal of the Gram matrix over the number of tokens."""
import pathlib

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

MASK = (1 << 64) - 1


class SplitMix64:
    """The generator of `adadim quantize --seed` (Steele, Lea, Flood 2014), and the way Swift's standard library takes a
    number below a bound from a generator (Lemire, arXiv 1805.10941)."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def next(self) -> int:
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def below(self, bound: int) -> int:
        product = self.next() * bound
        if product & MASK < bound:
            threshold = (MASK + 1 - bound) % bound
            while product & MASK < threshold:
                product = self.next() * bound
        return product >> 64


def drawn(model: pathlib.Path, text: pathlib.Path, samples: int, length: int, seed: int) -> NDArray[np.int32]:
    """Token ids [samples, length]: what `adadim quantize --samples --sequence-length --seed` draws from the text."""
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    ids = tokenizer.encode(text.read_text(encoding="utf-8"), add_special_tokens=False).ids
    if len(ids) < length:
        raise ValueError(f"{text} has {len(ids)} tokens, expected at least {length}")
    generator = SplitMix64(seed)
    starts = [generator.below(len(ids) - length + 1) for _ in range(samples)]
    return np.array([ids[start:start + length] for start in starts], np.int32)


def importance(model: pathlib.Path, sequences: NDArray[np.int32]) -> dict[str, NDArray[np.float32]]:
    """For every linear layer of the decoder blocks, by its name in transformers: [in], the mean of x² over all tokens."""
    loaded = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32).eval()
    sums: dict[str, torch.Tensor] = {}

    def watch(name: str):
        def seen(_, inputs) -> None:
            squares = inputs[0].double().square().sum(dim=(0, 1))
            sums[name] = sums.get(name, 0) + squares
        return seen

    for name, module in loaded.named_modules():
        if isinstance(module, torch.nn.Linear) and ".layers." in name:
            module.register_forward_pre_hook(watch(name))
    with torch.inference_mode():
        for sequence in sequences:
            loaded.model(torch.from_numpy(sequence.astype(np.int64))[None])
    return {name: (total / sequences.size).float().numpy() for name, total in sums.items()}
