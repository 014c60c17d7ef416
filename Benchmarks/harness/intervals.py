"""Differences of log-likelihoods, window by window, and how far they can be trusted.

Both models see the same windows, so a difference is taken within each window and the spread between windows is that of the
differences. Intervals are Student's t over windows: 95 %, two-sided.
"""
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Z = statistics.NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Difference:
    """A mean over windows, in nats per token, with its standard error."""
    mean: float
    error: float
    windows: int

    @property
    def half_width(self) -> float:
        return t_quantile(self.windows - 1) * self.error

    @property
    def low(self) -> float:
        return self.mean - self.half_width

    @property
    def high(self) -> float:
        return self.mean + self.half_width


def excess(worse: dict[str, Any], better: dict[str, Any]) -> Difference:
    """How many nats per token the first model loses more than the second, from two outputs of `adadim evaluate --json` on the
    same windows; negative where the first is the better one."""
    for part in ("windowLength", "windows"):
        if worse[part] != better[part]:
            raise ValueError(f"{part} is {worse[part]} for one model and {better[part]} for the other")
    tokens = worse["windowLength"] - 1
    return mean_difference([(b - a) / tokens for a, b in zip(
        worse["windowLogLikelihoods"], better["windowLogLikelihoods"], strict=True)])


def mean_difference(differences: Sequence[float]) -> Difference:
    """Of one difference per window; two are the fewest that have a spread."""
    if len(differences) < 2:
        raise ValueError(f"{len(differences)} windows, expected at least 2: one has no spread")
    error = statistics.stdev(differences) / math.sqrt(len(differences))
    return Difference(statistics.fmean(differences), error, len(differences))


def t_quantile(freedom: int) -> float:
    """Student's t at 0.975: exact for 1 and 2 degrees of freedom, else the Cornish-Fisher expansion around the normal
    quantile (Abramowitz and Stegun 26.7.5), within 0.2 % at 3 degrees and 0.02 % from 5 on."""
    if freedom < 1:
        raise ValueError(f"{freedom} degrees of freedom, expected at least 1")
    if freedom == 1:
        return math.tan(math.pi * 0.475)
    if freedom == 2:
        return 0.95 * math.sqrt(2 / (0.975 * 0.025)) / 2
    z, n = Z, freedom
    return (z + (z**3 + z) / (4 * n) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
            + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
            + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * n**4))
