"""One layer, in float32: grids, sweeps and passes, in whatever combination an idea asks for. Shapes: W [out, in], H [in, in];
inside, weights stand transposed, [in, out]."""
from __future__ import annotations

import ctypes
import pathlib
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

RANGES = {"minmax": 0, "search": 1}
BLOCK = 64


@dataclass(frozen=True)
class Idea:
    """What is tried. Without anything: adaptive GPTQ, as the tool's `--effort fast`."""
    direction: str = "adaptive"  # or per-oc, per-ic, tile: by g rows × g columns
    ranges: str = "minmax"  # or search
    order: str = ""  # activation; or group: whole groups by their largest, and each inside itself
    passes: int = 0
    inputs: float = 0.0  # share of W·(X − X_q) that is made up for
    residual: float = 0.0  # share of R − R_q
    damping: float = 0.01
    undamped: bool = False  # passes go by H without damping
    first: float = 1.0  # weight of each sequence's first token in H
    clip: float = 0.0  # weigh tokens down whose norm is beyond so many medians


@cache
def kernels() -> ctypes.CDLL:
    library = pathlib.Path(tempfile.mkdtemp()) / "kernels.so"
    source = pathlib.Path(__file__).parent / "kernels.c"
    subprocess.run(["cc", "-O3", "-march=native", "-shared", "-fPIC", source, "-o", library, "-lm"], check=True)
    return ctypes.CDLL(str(library))


def call(name: str, *arguments: Tensor | int | None) -> None:
    """Tensors must be contiguous; they are handed over as they lie."""
    assert all(a.is_contiguous() for a in arguments if isinstance(a, Tensor))
    getattr(kernels(), name)(*(ctypes.c_void_p(a.data_ptr()) if isinstance(a, Tensor) else a for a in arguments))


def damped(gram: Tensor, share: float) -> Tensor:
    return gram + share * gram.diagonal().mean() * torch.eye(len(gram))


def factor(gram: Tensor, damping: float) -> Tensor:
    """V upper triangular, H + λI = V·Vᵀ."""
    lower: Tensor = torch.linalg.cholesky(damped(gram, damping).flip(0, 1))
    return lower.flip(0, 1).contiguous()


def loss(errors: Tensor, gram: Tensor) -> float:
    return float(((gram @ errors) * errors).sum())


@dataclass
class State:
    """A weight on its way, all [in, out]."""
    errors: Tensor
    codes: Tensor
    scales: Tensor
    zeros: Tensor

    @staticmethod
    def of(weight: Tensor) -> State:
        return State(weight.clone(), *(torch.zeros_like(weight) for _ in range(3)))

    def rows(self, columns: slice) -> tuple[Tensor, ...]:
        return self.errors[columns], self.codes[columns], self.scales[columns], self.zeros[columns]


class Layer:
    def __init__(self, idea: Idea, bits: int, group: int) -> None:
        self.idea, self.bits, self.group = idea, bits, group

    def quantized(self, weight: Tensor, gram: Tensor) -> Tensor:
        """Q [out, in] of a target [out, in]."""
        order = self.order(gram)
        if order is None:
            return self._quantized(weight, gram)
        # Per-OC groups that stay whole are swept where they stand; scattered ones have their grids set beforehand.
        inverse = torch.argsort(order)
        if self.idea.order == "group":
            return self._quantized(weight[:, order].contiguous(), gram[order][:, order].contiguous())[:, inverse]
        return self._quantized(weight, gram, order)

    def order(self, gram: Tensor) -> Tensor | None:
        diagonal = gram.diagonal()
        if self.idea.order == "activation":
            return torch.argsort(diagonal, descending=True)
        if self.idea.order == "group":
            places = sorted(range(0, len(diagonal), self.group), key=lambda i: -float(diagonal[i:i + self.group].max()))
            return torch.cat([torch.argsort(diagonal[i:i + self.group], descending=True) + i for i in places])
        return None

    def _quantized(self, weight: Tensor, gram: Tensor, order: Tensor | None = None) -> Tensor:
        transposed = weight.T.contiguous()
        direction = self.idea.direction
        if direction == "adaptive":
            direction = self.better(transposed, gram)
        tiles = torch.full((-(-len(gram) // self.group), -(-len(weight) // self.group)), direction == "per-ic",
                           dtype=torch.uint8)
        state = (self.swept_tiles(transposed, gram, tiles) if direction == "tile"
                 else self.swept(transposed, gram, direction, order))
        passed = gram if self.idea.undamped else damped(gram, self.idea.damping)
        for number in range(self.idea.passes):
            if number == 0:
                self.change_scales(state, passed, tiles)
            self.change_codes(state, passed)
            self.change_scales(state, passed, tiles)
        return (state.codes * state.scales).T.contiguous()

    def better(self, weight: Tensor, gram: Tensor) -> str:
        """The direction that rounding to nearest loses less in."""
        losses = {}
        for direction in ("per-oc", "per-ic"):
            scales, zeros = self.grids(weight, gram, direction)
            codes = torch.clamp(torch.round(weight / scales), -zeros, 2**self.bits - 1 - zeros)
            losses[direction] = loss(weight - codes * scales, gram)
        return min(losses, key=lambda direction: losses[direction])

    def grids(self, weight: Tensor, gram: Tensor, direction: str) -> tuple[Tensor, Tensor]:
        """From the weight itself [in, out]."""
        groups = (weight.T if direction == "per-oc" else weight).reshape(-1, self.group).contiguous()
        importance = gram.diagonal().contiguous() if direction == "per-oc" else None
        scales, zeros = torch.empty(len(groups)), torch.empty(len(groups))
        call("grids", len(groups), self.group, groups, importance, len(gram) // self.group, self.bits,
             RANGES[self.idea.ranges], scales, zeros)

        def spread(one: Tensor) -> Tensor:
            rows = one[:, None].expand(-1, self.group).reshape(weight.T.shape if direction == "per-oc" else weight.shape)
            return (rows.T if direction == "per-oc" else rows).contiguous()
        return spread(scales), spread(zeros)

    def swept(self, weight: Tensor, gram: Tensor, direction: str, order: Tensor | None) -> State:
        preset = self.grids(weight, gram, direction) if direction == "per-oc" and order is not None else None
        if order is not None:
            weight, gram = weight[order].contiguous(), gram[order][:, order].contiguous()
        state = State.of(weight)
        if preset is not None and order is not None:
            state.scales, state.zeros = (one[order].contiguous() for one in preset)
        for columns, base, f in self.blocks(weight, gram, state):
            self.sweep_block(weight, gram, state, columns, base, f, direction, preset is None)
        if order is not None:
            inverse = torch.argsort(order)
            state = State(*(one[inverse].contiguous() for one in state.rows(slice(None))))
        return state

    def blocks(self, weight: Tensor, gram: Tensor, state: State):  # type: ignore[no-untyped-def]
        """Of a group's width each: its columns, what earlier errors bring, its unit triangle."""
        v = factor(gram, self.idea.damping)
        f = v / v.diagonal()
        self.pivots = v.diagonal()
        for start in range(0, len(gram), self.group):
            columns = slice(start, min(start + self.group, len(gram)))
            base = f[:start, columns].T @ state.errors[:start] if start else torch.zeros_like(weight[columns])
            yield columns, base.contiguous(), f[columns, columns].contiguous()

    def sweep_block(self, weight: Tensor, gram: Tensor, state: State, columns: slice, base: Tensor, f: Tensor,
                    direction: str, finds_grids: bool) -> None:
        width = columns.stop - columns.start
        if direction == "per-oc" and finds_grids:
            updated = weight[columns] + torch.linalg.solve_triangular(f.T, base, upper=False)
            importance = gram.diagonal()[columns].contiguous()
            scales, zeros = torch.empty(weight.shape[1]), torch.empty(weight.shape[1])
            call("grids", len(scales), width, updated.T.contiguous(), importance, 1, self.bits, RANGES[self.idea.ranges],
                 scales, zeros)
            state.scales[columns], state.zeros[columns] = scales, zeros
        call("sweep_block", weight.shape[1], width, weight[columns], base, f, self.group if direction == "per-ic" else 0,
             self.bits, RANGES[self.idea.ranges], *state.rows(columns), torch.empty(weight.shape[1]))

    def swept_tiles(self, weight: Tensor, gram: Tensor, tiles: Tensor) -> State:
        """Each tile of g columns × g rows both ways, from the same errors before it; the one that loses less stays."""
        state = State.of(weight)
        for index, (columns, base, f) in enumerate(self.blocks(weight, gram, state)):
            tried = []
            for direction in ("per-oc", "per-ic"):
                one = State(*(part.clone() for part in state.rows(slice(None))))
                self.sweep_block(weight, gram, one, columns, base, f, direction, True)
                missed = (one.errors[columns] + base + torch.triu(f, 1).T @ one.errors[columns]) * self.pivots[columns, None]
                rows = torch.nn.functional.pad(missed.square().sum(0), (0, -len(weight.T) % self.group))
                tried.append((rows.view(-1, self.group).sum(1), one))
            tiles[index] = (tried[1][0] < tried[0][0]).to(torch.uint8)
            inside = self.rows_of(tiles[index], weight.shape[1])
            for place, oc, ic in zip(state.rows(columns), tried[0][1].rows(columns), tried[1][1].rows(columns)):
                place.copy_(torch.where(inside, ic, oc))
        return state

    def rows_of(self, tiles: Tensor, out: int) -> Tensor:
        return tiles.repeat_interleave(self.group)[:out].bool()

    def change_codes(self, state: State, gram: Tensor) -> None:
        out = state.codes.shape[1]
        for start in range(0, len(gram), BLOCK):
            columns = slice(start, min(start + BLOCK, len(gram)))
            errors, codes, scales, zeros = state.rows(columns)
            call("change_codes", out, len(codes), gram[columns, columns].contiguous(), gram[columns] @ state.errors, codes,
                 scales, zeros, errors, self.bits, torch.empty(out))

    def change_scales(self, state: State, gram: Tensor, tiles: Tensor) -> None:
        out = state.codes.shape[1]
        for index, start in enumerate(range(0, len(gram), self.group)):
            columns = slice(start, min(start + self.group, len(gram)))
            errors, codes, scales, _ = state.rows(columns)
            square, residual = gram[columns, columns].contiguous(), gram[columns] @ state.errors
            values = codes * scales
            curvature = ((square @ values) * values).sum(0)
            best = torch.where(curvature > 0, (values * residual).sum(0) / curvature.clamp(min=1e-30), 0)
            changed = (scales[0] * (1 + best)).bfloat16().float()
            step = changed / scales[0] - 1
            takes = (changed > 0) & ((step - best).abs() < best.abs()) & ~self.rows_of(tiles[index], out)
            errors -= torch.where(takes, step, 0) * values
            scales.copy_(torch.where(takes, changed, scales))
            # Groups of rows are one way or the other, so neither changes the other's residual.
            call("change_scales", out, len(codes), self.group, square, residual, codes, scales, errors,
                 tiles[index].contiguous(), torch.empty(out))
