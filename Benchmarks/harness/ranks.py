"""Correlation of ranks."""
import statistics
from collections.abc import Sequence


def rank_correlation(pairs: Sequence[tuple[float, float]]) -> float:
    """Spearman's: the correlation of the ranks, equal values sharing the mean of theirs."""
    def ranks(values: Sequence[float]) -> list[float]:
        return [sum(other < value for other in values) + (sum(other == value for other in values) - 1) / 2
                for value in values]
    first, second = zip(*pairs)
    return statistics.correlation(ranks(first), ranks(second))
