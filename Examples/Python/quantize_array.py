#!/usr/bin/env python3
"""Quantizes one layer to 3 bits and prints the loss: `pip install ./Python`, then run this."""
from collections.abc import Iterator

import adadim
import numpy as np

OUT, INPUTS, TOKENS = 384, 512, 1024


def numbers() -> Iterator[int]:
    """Whole numbers from -512 to 511, the same on every machine."""
    state = 1
    while True:
        state = (state * 1664525 + 1013904223) % 2**32
        yield (state >> 22) - 512


# In place of a model: a weight [out, inputs], and calibration inputs [tokens, inputs], two of them much larger.
source = numbers()
weight = np.fromiter(source, np.float32, OUT * INPUTS).reshape(OUT, INPUTS) / 16384
inputs = np.fromiter(source, np.float32, TOKENS * INPUTS).reshape(TOKENS, INPUTS) / 512
inputs[:, 7::200] *= 64

gram = adadim.Gram(INPUTS)
for batch in np.split(inputs, 4):
    gram.accumulate(batch)
layer = adadim.quantize(weight, gram, bits=3, group_size=64)  # layer.dequantize() is the dequantized weight

# FNV-1a over the packed codes: Examples/C and Examples/Swift print the same.
digest = 0xCBF29CE484222325
for word in layer.packed_codes.ravel().tolist():
    digest = (digest ^ word) * 0x100000001B3 % 2**64
print(f"{layer.dimension}, {100 * layer.relative_loss:.2f} % lost, codes {digest:016x}")
