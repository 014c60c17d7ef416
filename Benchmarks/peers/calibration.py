"""The sequences that every quantizer is calibrated on."""
import numpy as np
from numpy.typing import NDArray


def draw(tokens: NDArray[np.int32], sequences: int, length: int, seed: int) -> NDArray[np.int32]:
    """[sequences, length], each from anywhere in the text; they may overlap. The same seed draws the same."""
    if len(tokens) < length:
        raise ValueError(f"the text has {len(tokens)} tokens, expected at least {length} for one sequence")
    starts = np.random.default_rng(seed).integers(0, len(tokens) - length + 1, size=sequences)
    return np.stack([tokens[start:start + length] for start in starts])
