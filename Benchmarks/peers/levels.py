"""Is a model what it is taken for: dequantized weights with few values in each group, everything else as it was?"""
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Weights = Mapping[str, NDArray[np.float32]]


class LevelsError(Exception):
    """A model that is not what its bits and group size say."""


@dataclass(frozen=True)
class Levels:
    """What was found: layers by the direction of their groups, and the most values that a group has."""
    along_inputs: int
    along_outputs: int
    most: int


def most_levels(weight: NDArray[np.float32], group_size: int, groups: NDArray[np.int32] | None = None) -> int:
    """The most different values that a group of a row has. `groups` names the group of every column; without it,
    `group_size` neighbours are one."""
    rows, columns = weight.shape
    if groups is not None:
        sizes = np.bincount(groups)
        if len(groups) != columns or np.any(sizes != group_size):
            raise LevelsError(f"{columns} inputs in groups of {sorted(set(sizes.tolist()))}, expected groups of {group_size}")
        weight = weight[:, np.argsort(groups, kind="stable")]
    if columns % group_size:
        raise LevelsError(f"{columns} inputs do not make whole groups of {group_size}")
    grouped = np.sort(weight.reshape(rows, columns // group_size, group_size), axis=-1)
    return int((np.diff(grouped, axis=-1) != 0).sum(axis=-1).max()) + 1


def check(original: Weights, variant: Weights, bits: int, group_size: int, groups: Mapping[str, NDArray[np.int32]] = {},
          either_direction: bool = False) -> Levels:
    """Refuses a variant whose decoder layers have more values in a group than `bits` can distinguish, or that differs from
    the original elsewhere. Groups run along the inputs of an output, or, with `either_direction`, along the outputs of an
    input, layer by layer."""
    if original.keys() != variant.keys():
        raise LevelsError(f"other tensors: {', '.join(sorted(original.keys() ^ variant.keys()))}")
    counts, along_outputs = [], 0
    for name, weight in variant.items():
        before = original[name]
        if before.shape != weight.shape:
            raise LevelsError(f"{name} is {list(weight.shape)}, expected {list(before.shape)}")
        if not name.endswith("_proj.weight"):
            if not np.array_equal(before, weight):
                raise LevelsError(f"{name} is not a layer to quantize, and is changed")
            continue
        found = most_levels(weight, group_size, groups.get(name))
        if found > 2**bits and either_direction:
            found = most_levels(weight.T, group_size)
            along_outputs += 1
        if found > 2**bits:
            raise LevelsError(f"{name} has a group of {found} values, expected at most {2**bits}")
        counts.append(found)
    if not counts:
        raise LevelsError("no layer to quantize")
    return Levels(len(counts) - along_outputs, along_outputs, max(counts))
