"""Judges a quantized layer in float64, from the definitions in Documentation/Design.md and GPTQ's paper (arXiv 2210.17323).

What an engine in float32 may differ by follows from its backward error: a Cholesky factor V of H + λI satisfies
|V·Vᵀ − (H + λI)| ≤ (in + 1)·eps·d·dᵀ with d the roots of the diagonal (Higham, Accuracy and Stability of Numerical Algorithms,
theorem 10.3), and so do products with it. That moves the loss of errors E by at most γ·Σᵢ(Σ_k |e_ik|·d_k)² with γ = (in + 16)·eps.
For single codes the worst case says little: there roundings are taken as independent, which makes √in of in (Higham and Mary 2019,
doi 10.1137/18M1226312) and Euclidean norms of sums; those of inputs that repeat each other are the same, and add up. To first order
column j's update is then off by

    δ = 2·(√in + 2)·eps·‖d·x‖·‖d·(e, u)‖,   x = [(H+λI)_{≥j,≥j}]⁻¹_{·,j}

with e the errors of the columns before j and u what they have changed of those that are left. A sweep is judged decision by
decision, each after the errors that the engine itself has made before it: a code that falls on the other side of a tie is right, and
so is all that comes of it.
"""
from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from grid_rule import EPS, TINY, Doubles, Grid, Mask, rounded


@dataclass
class Tally:
    """What was checked, and how much of it could be decided."""
    decisions: int = 0
    # Codes and grids whose bound is more than a quarter of a step.
    vague: int = 0
    # Shares of a bound that were used, at most.
    worst_code: float = 0
    worst_loss: float = 0
    counts: dict[str, int] = field(default_factory=dict)

    def judge(self, excess: Doubles, slack: Doubles, what: str) -> None:
        """Codes that miss the nearest place by more than half a step, by so much more, and by how much they may."""
        require(excess <= slack, what)
        self.decisions += len(slack)
        self.vague += int(np.sum(slack > 0.25))
        self.worst_code = max(self.worst_code, float(np.max(excess / slack)))

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1


class Wrong(Exception):
    """What the engine should not have done."""


@dataclass
class Factored:
    """H + λI, its diagonal's roots and the factor U of its inverse, (H + λI)⁻¹ = Uᵀ·U, in the order of the sweep."""
    gram: Doubles
    ridge: Doubles
    is_ordered: bool
    order: np.ndarray
    damped: Doubles
    roots: Doubles
    upper: Doubles | None
    # Of the worst case, and of independent roundings.
    gamma: float
    usual: float
    # The first input of those that are alike, of each input that repeats one; none where all differ.
    alike: np.ndarray | None

    @classmethod
    def of(cls, gram: Doubles, damping: float, ordered: bool) -> Factored:
        diagonal = np.diagonal(gram)
        mean = np.float32(np.sum(diagonal) / len(diagonal))
        share = np.float32(damping) * mean
        # Less than float32's normal numbers has no digits left, and is no more than zero.
        if mean < 2.0**-126:
            ridge = np.ones(len(diagonal))
        else:
            ridge = np.where((diagonal == 0) & (share == 0), np.float64(mean), np.float64(share))
        order = np.argsort(-diagonal, kind="stable") if ordered else np.arange(len(diagonal))
        damped = (gram + np.diag(ridge))[np.ix_(order, order)]
        roots = np.sqrt(np.diagonal(damped))
        _, alike = np.unique(gram[order], axis=0, return_inverse=True)
        upper = None
        try:
            # Of H + λI = V·Vᵀ with V upper triangular U is the inverse; by way of the inverse of H + λI digits would be lost twice.
            flipped = np.linalg.cholesky((damped / np.outer(roots, roots))[::-1, ::-1])
            upper = np.linalg.inv(flipped)[::-1, ::-1] / roots
        except np.linalg.LinAlgError:
            pass
        return cls(gram, ridge, ordered, order, damped, roots, upper, (len(diagonal) + 16) * EPS, 2 * (len(diagonal) ** 0.5 + 2) * EPS,
            None if alike.max() == len(alike) - 1 else alike.reshape(-1))

    @property
    def least_eigenvalue(self) -> float:
        """Of H + λI with a diagonal of ones."""
        return float(np.linalg.eigvalsh(self.damped / np.outer(self.roots, self.roots))[0])

    def norms(self, numbers: Doubles, first: int) -> Doubles:
        """Euclidean norms along the inputs from a first one on, [..., inputs], those of inputs that are alike added up."""
        numbers = np.abs(numbers)
        if self.alike is not None:
            numbers = numbers @ np.eye(self.alike.max() + 1)[self.alike[first : first + numbers.shape[-1]]]
        return np.sqrt(np.sum(numbers**2, axis=-1))

    @property
    def importance(self) -> Doubles:
        """What searched ranges weigh the squared errors at each input by, in the order of the weight."""
        diagonal = np.diagonal(self.gram)
        return np.where((diagonal == 0) | (np.mean(diagonal) < 2.0**-126), self.ridge, diagonal)

    def loss(self, error: Doubles) -> float:
        return float(np.sum((error @ self.gram) * error))

    def damped_loss(self, error: Doubles) -> float:
        return self.loss(error) + float(np.sum(error**2 @ self.ridge))

    def loss_off(self, error: Doubles) -> float:
        """How far a loss by a product with the factor may be off."""
        ordered = np.abs(error[:, self.order])
        underflow = error.size * TINY * (1 + float(np.sum(self.roots**2)))
        return 2 * self.gamma * float(np.sum((ordered @ self.roots) ** 2)) + underflow


@dataclass
class Quantized:
    """What an engine made of a weight, each weight's scale and zero point beside it."""
    codes: Doubles
    scales: Doubles
    zeros: Doubles
    dimension: str
    group: int

    @classmethod
    def of(cls, layer) -> Quantized:
        return cls(
            layer.codes.astype(np.float64), layer.scales.astype(np.float64), layer.zero_points.astype(np.float64),
            layer.dimension, layer.group_size)

    def spread(self, numbers: Doubles) -> Doubles:
        axis = 1 if self.dimension == "per-oc" else 0
        return np.repeat(numbers, self.group, axis=axis)[: self.codes.shape[0], : self.codes.shape[1]]

    @property
    def values(self) -> Doubles:
        """What the codes stand for, in float32: products with scales of 16 bits are exact there."""
        values = (self.codes - self.spread(self.zeros)).astype(np.float32) * self.spread(self.scales).astype(np.float32)
        return values.astype(np.float64)

    def ranges(self, length: int) -> list[slice]:
        return [slice(start, min(start + self.group, length)) for start in range(0, length, self.group)]


def require(holds: Mask | bool, what: str) -> None:
    if not np.all(holds):
        places = np.argwhere(~np.atleast_1d(np.asarray(holds)))
        raise Wrong(f"{what}: {len(places)} of {np.size(holds)}, first at {places[0].tolist()}")


def judge_rounding(weight: np.ndarray, q: Quantized, grid: Grid, importance: np.ndarray, tally: Tally) -> None:
    """Round to nearest: grids and codes are float32's own, bit by bit, but for which of nearly equal ranges a search takes."""
    judge_given_groups(weight, q, grid, importance)
    scale, zero = (q.spread(numbers).astype(np.float32) for numbers in (q.scales, q.zeros))
    require(grid.codes(weight, scale, zero) == q.codes, "codes of round to nearest")
    tally.decisions += q.codes.size


def judge_given_groups(weight: np.ndarray, q: Quantized, grid: Grid, importance: np.ndarray) -> None:
    """Grids that are set from the weight itself."""
    per_oc = q.dimension == "per-oc"
    for index, members in enumerate(q.ranges(weight.shape[1 if per_oc else 0])):
        part = weight[:, members] if per_oc else weight[members].T
        scale, zero = (q.scales[:, index], q.zeros[:, index]) if per_oc else (q.scales[index], q.zeros[index])
        what = f"grids of group {index} of each {'output' if per_oc else 'input'}"
        if grid.search:
            weights = importance[members] if per_oc else np.ones(part.shape[1])
            wide = part.astype(np.float64)
            require(grid.judge_groups(wide, np.zeros_like(wide), weights, scale, zero), what)
        else:
            expected = grid.exact(np.minimum(part.min(1), np.float32(0)), np.maximum(part.max(1), np.float32(0)))
            require((expected[0] == scale) & (expected[1] == zero), what)


def judge_sweep(weight: np.ndarray, q: Quantized, grid: Grid, factored: Factored, tally: Tally) -> float:
    """GPTQ's sweep by the paper's algorithm, decision by decision.

    Returns how far the loss that falls out of it may be off.
    """
    order, u, roots, usual = factored.order, factored.upper, factored.roots, factored.usual
    assert u is not None
    per_oc = q.dimension == "per-oc"
    importance = factored.importance
    scale, zero, values = (m[:, order] for m in (q.spread(q.scales), q.spread(q.zeros), q.values))
    codes = q.codes[:, order]
    w = weight.astype(np.float64)[:, order]
    state = w.copy()
    # d·e of the columns so far, and d·u of those that are left.
    sizes = np.zeros_like(w)
    loss_off = 0.0
    # In activation order grids per-OC are set beforehand, from the weight.
    finds = per_oc and not factored.is_ordered
    if per_oc and not finds:
        judge_given_groups(weight, q, grid, importance)
    for j in range(w.shape[1]):
        sizes[:, j:] = (state[:, j:] - w[:, j:]) * roots[j:]
        size = factored.norms(sizes, 0)
        if finds and j % q.group == 0:
            members = slice(j, min(j + q.group, w.shape[1]))
            reach = factored.norms(u[j:, j : members.stop].T @ u[j:, j:] * roots[j:], j)
            off = usual * reach * size[:, None] + 4 * EPS * (np.abs(w[:, members]) + np.abs(state[:, members]))
            off += len(order) * TINY * u[j, j] * reach / reach[0]
            index = j // q.group
            require(
                grid.judge_groups(state[:, members], off, importance[members], q.scales[:, index], q.zeros[:, index]),
                f"grids of group {index} of each output in the sweep")
        reach = factored.norms(u[j, j] * u[j, j:] * roots[j:], j)
        off = usual * reach * size + 4 * EPS * (np.abs(w[:, j]) + np.abs(state[:, j])) + len(order) * TINY * u[j, j]
        # Where the pivot itself is rounding, all is.
        off /= max(1 - usual * (reach / u[j, j]) ** 2, EPS)
        if not per_oc:
            require(
                grid.judge_groups(
                    in_groups(state[:, j], q.group), in_groups(off, q.group), np.ones(q.group), q.scales[:, order[j]],
                    q.zeros[:, order[j]]),
                f"grids of input {order[j]} in the sweep")
        excess, slack = grid.excess(state[:, j], off, codes[:, j], scale[:, j], zero[:, j])
        tally.judge(excess, slack, f"codes of input {order[j]} in the sweep")
        missed = np.abs(state[:, j] - values[:, j])
        pivot = 1 / u[j, j] ** 2
        off += 4 * EPS * np.abs(values[:, j])
        loss_off += float(np.sum(pivot * (2 * missed + off) * off + pivot**2 * usual * reach**2 * missed**2))
        loss_off += len(missed) * (pivot + 1) * TINY + 16 * EPS * pivot * float(np.sum(missed**2))
        made = np.abs(w[:, j] - values[:, j]) + (np.abs(w[:, j]) + 2 * np.abs(values[:, j])) / len(order)
        sizes[:, j] = roots[j] * made
        state[:, j:] -= ((state[:, j] - values[:, j]) / u[j, j])[:, None] * u[j, j:]
    ridge = np.sum((w - values) ** 2 @ factored.ridge[order])
    return loss_off + 16 * EPS * float(ridge)


def in_groups(column: Doubles, size: int) -> Doubles:
    """[groups, size]; zeros, which change no range and no error, fill up the last group."""
    return np.pad(column, (0, -len(column) % size)).reshape(-1, size)


def judge_passes(
    weight: np.ndarray, before: Quantized, after: Quantized, grid: Grid, factored: Factored, parts: str, passes: int,
    tally: Tally,
) -> None:
    """No pass raises the loss as the damped H has it; what is to stay stays; and a single pass over codes per-OC is the coordinate
    descent that it should be, decision by decision."""
    w = weight.astype(np.float64)
    errors = [w - q.values for q in (before, after)]
    losses = [factored.damped_loss(error) for error in errors]
    off = sum(factored.loss_off(error) for error in errors)
    if losses[1] > losses[0] + off:
        raise Wrong(f"passes raise the damped loss from {losses[0]:.9g} to {losses[1]:.9g}, by rounding at most {off:.3g}")
    if parts == "codes" and before.dimension == "per-oc":
        require((before.scales == after.scales) & (before.zeros == after.zeros), "scales that passes over codes leave alone")
        if passes == 1:
            judge_descent(w, before, after, grid, factored, tally)
    elif parts == "scales":
        # Per-IC a code may have to move to the edge of a grid that a scale has made smaller.
        require(before.codes == after.codes, "codes that passes over scales leave alone")
        require(before.zeros == after.zeros, "zero points that passes over scales leave alone")
    if before.dimension == "per-oc":
        require(before.zeros == after.zeros, "zero points per-OC")
    require(after.scales == rounded(after.scales, grid.type), "scales in their type")


def judge_descent(
    w: Doubles, before: Quantized, after: Quantized, grid: Grid, factored: Factored, tally: Tally
) -> None:
    """Each code in turn goes to its best value while all others stay: the nearest to q + r/Hⱼⱼ with r = (E·H)ⱼ."""
    order, damped = factored.order, factored.damped
    scale, zero = (after.spread(m)[:, order] for m in (after.scales, after.zeros))
    old, new, codes = before.values[:, order], after.values[:, order], after.codes[:, order]
    error = w[:, order] - old
    size = np.maximum(np.abs(error), np.abs(w[:, order] - new)) + EPS * (np.abs(w[:, order]) + np.abs(old))
    for j in range(w.shape[1]):
        target = old[:, j] + error @ damped[:, j] / damped[j, j]
        off = factored.usual * np.sqrt(size**2 @ damped[:, j] ** 2) / damped[j, j] + 4 * EPS * (
            np.abs(w[:, j]) + np.abs(target) + np.abs(old[:, j]))
        excess, slack = grid.excess(target, off, codes[:, j], scale[:, j], zero[:, j])
        tally.judge(excess, slack, f"codes of input {order[j]} in a pass")
        error[:, j] = w[:, order[j]] - new[:, j]


def judge_loss(found: float, expected: float, off: float, what: str, tally: Tally) -> None:
    # What rounding makes negative counts as zero.
    difference = abs(found - max(expected, 0))
    if not difference <= off:
        raise Wrong(f"{what} is {found:.9g}, expected {expected:.9g} within {off:.3g}")
    if off > 0:
        tally.worst_loss = max(tally.worst_loss, difference / off)
