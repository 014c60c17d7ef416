"""What the judges share: they print a line for each thing that was looked at, and end with 1 if one of them does not hold."""
import sys

import numpy as np

BEGINNING, GENERATED = 16, 8


class Judge:
    def __init__(self, name: str) -> None:
        self.name, self.failures, self.looked = name, 0, 0

    def check(self, holds: bool, words: str) -> None:
        self.looked += 1
        self.failures += not holds
        print(f"{'ok' if holds else 'FAILED'} {self.name}: {words}", flush=True)

    def finish(self) -> None:
        if self.looked == 0:
            print(f"FAILED {self.name}: nothing was looked at")
        sys.exit(1 if self.failures or not self.looked else 0)


def compare_tensors(judge: Judge, found: dict[str, np.ndarray], expected: dict[str, np.ndarray], rounding: float,
                    steps: dict[str, np.ndarray] | None = None, slack: float = 0) -> None:
    """That all tensors are there and equal. rounding: how far the expected values may be from the exact ones, relative, as half
    a unit in the last place of their type; slack: steps of a layer's grid that the format may have rounded by."""
    missing, strange = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    judge.check(not missing and not strange, f"{len(found)} tensors" + "".join(
        f"; {word} {', '.join(names[:3])}" for word, names in (("missing", missing), ("not expected", strange)) if names))
    unequal, worst, bad = 0, 0.0, []
    for name in sorted(expected.keys() & found.keys()):
        theirs, ours = found[name], expected[name]
        if theirs.shape != ours.shape:
            bad.append(f"{name} is {theirs.shape}, expected {ours.shape}")
            continue
        error = np.abs(theirs.astype(np.float64) - ours)
        unequal += int(np.count_nonzero(error))
        over = error - rounding * np.abs(ours)
        if steps is not None and name in steps:
            step = np.abs(steps[name]).astype(np.float64)
            worst = max(worst, float((np.maximum(over, 0) / np.maximum(step, 1e-30)).max()))
            over = over - slack * step
        if not over.max() <= 0:
            bad.append(f"{name} is off by {error.max():.3e}")
    total = sum(tensor.size for tensor in expected.values())
    judge.check(not bad, f"values of tensors: {unequal} of {total} differ, {worst:.4f} steps beyond the reference's rounding"
                + "".join(f"; {words}" for words in bad[:3]))


def compare_logits(judge: Judge, what: str, found: np.ndarray, expected: np.ndarray, limit: float) -> float:
    """limit: of the largest difference, as a share of the largest logit. Returns the difference."""
    difference, largest = float(np.abs(found.astype(np.float64) - expected).max()), float(np.abs(expected).max())
    judge.check(difference <= limit * largest and bool(np.isfinite(found).all()),
                f"{what}: off by {difference:.3e} of {largest:.4g}, at most {limit:.1e} of it")
    return difference
