"""SmolLM2-135M in PyTorch, float32, and its quantization stage by stage: q, k, v; o; gate, up; down."""
from __future__ import annotations

import json
import math
import pathlib
from collections.abc import Callable

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention, silu

from .layer import Idea, Layer, damped

BATCH = 8
NAMES = {role: f"{part}.{role}_proj.weight" for part, roles in (("self_attn", "qkvo"), ("mlp", ("gate", "up", "down")))
         for role in roles}


def batches(sequences: Tensor) -> list[Tensor]:
    return [sequences[first:first + BATCH] for first in range(0, len(sequences), BATCH)]


class Model:
    def __init__(self, directory: pathlib.Path) -> None:
        config = json.loads((directory / "config.json").read_text())
        self.blocks, self.heads, self.pairs = (config[name] for name in (
            "num_hidden_layers", "num_attention_heads", "num_key_value_heads"))
        self.hidden, self.epsilon, self.theta = (config[name] for name in ("hidden_size", "rms_norm_eps", "rope_theta"))
        self.tensors = {name: tensor.float() for name, tensor in load_file(directory / "model.safetensors").items()}
        self.tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))

    def ids(self, text: pathlib.Path) -> Tensor:
        return torch.tensor(self.tokenizer.encode(text.read_text(), add_special_tokens=False).ids)

    def weight(self, block: int, role: str) -> Tensor:
        return self.tensors[f"model.layers.{block}.{NAMES[role]}"]

    def norm(self, hidden: Tensor, name: str) -> Tensor:
        return hidden * torch.rsqrt(hidden.square().mean(-1, keepdim=True) + self.epsilon) * self.tensors[name]

    def attention_norm(self, hidden: Tensor, block: int) -> Tensor:
        return self.norm(hidden, f"model.layers.{block}.input_layernorm.weight")

    def feed_forward_norm(self, hidden: Tensor, block: int) -> Tensor:
        return self.norm(hidden, f"model.layers.{block}.post_attention_layernorm.weight")

    def attention(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        sequences, length, width = queries.shape
        size = width // self.heads
        angles = torch.outer(torch.arange(length), self.theta ** (-torch.arange(0, size, 2) / size))
        cosine, sine = (torch.cat([one, one], -1) for one in (angles.cos(), angles.sin()))

        def split(vectors: Tensor, heads: int) -> Tensor:
            return vectors.view(sequences, length, heads, size).transpose(1, 2)

        def rotated(vectors: Tensor) -> Tensor:
            half = torch.cat([-vectors[..., size // 2:], vectors[..., :size // 2]], -1)
            return vectors * cosine + half * sine
        q, k, v = rotated(split(queries, self.heads)), rotated(split(keys, self.pairs)), split(values, self.pairs)
        read = scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        return read.transpose(1, 2).reshape(sequences, length, width)

    def final(self, windows: Tensor) -> Tensor:
        """Normalized hidden states behind the last block."""
        results = []
        for part in batches(windows):
            stream = Stream(self, part)
            for block in range(self.blocks):
                for _ in stream.stages(block, lambda block, role: self.weight(block, role)):
                    pass
            results.append(self.norm(stream.hidden, "model.norm.weight"))
        return torch.cat(results)

    def logits(self, hidden: Tensor) -> Tensor:
        return torch.log_softmax(hidden @ self.tensors["model.embed_tokens.weight"].T, -1)


class Stream:
    """A batch of sequences [sequences, length] on its way through the blocks."""

    def __init__(self, model: Model, ids: Tensor) -> None:
        self.model, self.hidden = model, model.tensors["model.embed_tokens.weight"][ids]

    def stages(self, block: int, weight: Callable[[int, str], Tensor]):  # type: ignore[no-untyped-def]
        """Stops in front of each stage with its input; goes on with the weights that it finds then."""
        def linear(role: str, inputs: Tensor) -> Tensor:
            return inputs @ weight(block, role).T
        inputs = self.model.attention_norm(self.hidden, block)
        yield inputs
        inputs = self.model.attention(*(linear(role, inputs) for role in "qkv"))
        yield inputs
        self.hidden = self.hidden + linear("o", inputs)
        inputs = self.model.feed_forward_norm(self.hidden, block)
        yield inputs
        inputs = silu(linear("gate", inputs)) * linear("up", inputs)
        yield inputs
        self.hidden = self.hidden + linear("down", inputs)


def quantized(model: Model, samples: Tensor, idea: Idea, bits: int, group: int) -> Model:
    """The model with the weights that an idea makes of it."""
    result = Model.__new__(Model)
    result.__dict__ = {**model.__dict__, "tensors": dict(model.tensors)}
    corrects = idea.inputs > 0 or idea.residual > 0
    moved = [Stream(result, part) for part in batches(samples)]
    original = [Stream(model, part) for part in batches(samples)] if corrects else []
    for block in range(model.blocks):
        running = [stream.stages(block, result.weight) for stream in moved]
        untouched = [stream.stages(block, model.weight) for stream in original]
        for roles in ("qkv", "o", ("gate", "up"), ("down",)):
            inputs = [next(stage) for stage in running]
            originals = [next(stage) for stage in untouched]
            sums = Sums(idea, inputs, originals, [
                a.hidden - b.hidden for a, b in zip(original, moved)] if roles in ("o", ("down",)) else [])
            for role in roles:
                name = f"model.layers.{block}.{NAMES[role]}"
                result.tensors[name] = Layer(idea, bits, group).quantized(sums.target(model.tensors[name]), sums.gram)
        for stage in running + untouched:
            for _ in stage:
                pass
    return result


class Sums:
    """H of the inputs that a layer sees, and how far they, and the stream that it adds to, have moved."""

    def __init__(self, idea: Idea, inputs: list[Tensor], originals: list[Tensor], residuals: list[Tensor]) -> None:
        self.idea = idea
        width = inputs[0].shape[-1]
        self.gram = torch.zeros(width, width)
        self.shift = torch.zeros(width, width) if originals else None
        self.residual = torch.zeros(residuals[0].shape[-1], width) if residuals else None
        for index, batch in enumerate(inputs):
            x = batch.reshape(-1, width)
            weighted = x * self.weights(batch).reshape(-1, 1)
            self.gram += weighted.T @ x
            if self.shift is not None:
                self.shift += (originals[index].reshape(-1, width) - x).T @ weighted
            if self.residual is not None:
                self.residual += residuals[index].flatten(0, 1).T @ weighted

    def weights(self, batch: Tensor) -> Tensor:
        """Of tokens [sequences, length]."""
        weights = torch.ones(batch.shape[:2])
        weights[:, 0] = self.idea.first
        if self.idea.clip:
            norms = batch.norm(dim=-1)
            weights *= (self.idea.clip * norms.median() / norms).clamp(max=1).square()
        return weights

    def target(self, weight: Tensor) -> Tensor:
        if self.shift is None:
            return weight
        change = self.idea.inputs * (weight @ self.shift)
        if self.residual is not None:
            change += self.idea.residual * self.residual
        # In float64: a Gram of massive activations is beyond what float32 can solve with.
        factor = torch.linalg.cholesky(damped(self.gram, self.idea.damping).double())
        return weight + torch.cholesky_solve(change.T.double(), factor).T.float()


def measured(original: Model, variant: Model, windows: Tensor, reference: Tensor) -> dict[str, list[float]]:
    """Excess and KL divergence of each window, nats per token; `reference` is the original's final hidden states."""
    found: dict[str, list[float]] = {"excess": [], "divergence": []}
    for window, before, after in zip(windows, reference, variant.final(windows)):
        p, q = original.logits(before[:-1]), original.logits(after[:-1])
        found["excess"].append(round(float((p - q).gather(1, window[1:, None]).mean()), 6))
        found["divergence"].append(round(float((p.exp() * (p - q)).sum(1).mean()), 6))
    if not all(math.isfinite(value) for values in found.values() for value in values):
        raise ValueError("a loss is not finite")
    return found
