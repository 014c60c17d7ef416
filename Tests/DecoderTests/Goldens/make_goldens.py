#!/usr/bin/env python3
"""Write tiny random models of every supported architecture as Hugging Face directories, with their logits.

    python3 -m venv .venv
    .venv/bin/pip install torch==2.13.0+cpu transformers==5.23.0 numpy==2.4.6 safetensors==0.8.0
    .venv/bin/python make_goldens.py

(torch's +cpu wheels come from PyTorch's own index; a plain torch==2.13.0 gives the same files up to rounding.)

Beside this script, for each model: a directory as `save_pretrained` writes it, and in it expected.json:

    sequences         two lists of token ids of different lengths
    logits            a list per sequence, a row of vocabulary-many float32 values per token, as
                      `transformers` computes them in float32 (weights widened to float32, eager attention)
    reference_logits  the same by `reference_logits` below: NumPy, float64, written from the papers' formulas
    rounding          max |logits - reference_logits|: how far float32 arithmetic strays on this model.
                      Tests allow a small stated multiple of it.
    text, window      token ids, and the length of the windows that they are cut into
    log_likelihoods   float64, a sum per window, over its tokens 2 to `window`, by `reference_logits`

The script fails if the two computations differ by more than 1e-4 of the largest logit: a mistake of either in a
formula shows as a difference of order one.
"""
import json
import pathlib
import shutil

import numpy as np
import torch
from transformers import AutoConfig, AutoModelForCausalLM

HERE = pathlib.Path(__file__).parent
VOCABULARY = 61
LENGTHS = (24, 17)
WINDOW = 16

COMMON = dict(vocab_size=VOCABULARY, hidden_size=32, intermediate_size=52, num_hidden_layers=2,
              num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=128, rms_norm_eps=1e-5,
              bos_token_id=1, eos_token_id=2, pad_token_id=None, tie_word_embeddings=False)

# name: (model type, what differs from COMMON, stored type, generation of config keys, largest shard)
MODELS = {
    "llama": ("llama", dict(num_key_value_heads=4), torch.float32, "new", "40KB"),
    "llama-llama3-rope": (
        "llama", dict(tie_word_embeddings=True, num_hidden_layers=3, rope_parameters=dict(
            rope_type="llama3", rope_theta=500.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
            original_max_position_embeddings=48)), torch.bfloat16, "old", "1GB"),
    "llama-linear-rope": (
        "llama", dict(num_key_value_heads=1, rope_parameters=dict(rope_type="linear", rope_theta=1000.0, factor=4.0)),
        torch.float32, "oldest", "1GB"),
    "llama-biases": ("llama", dict(attention_bias=True, mlp_bias=True), torch.float16, "new", "1GB"),
    "mistral-window": ("mistral", dict(sliding_window=7), torch.bfloat16, "old", "1GB"),
    "qwen2": (
        "qwen2", dict(use_sliding_window=True, sliding_window=5, max_window_layers=1), torch.bfloat16, "new", "1GB"),
    "qwen3": ("qwen3", dict(head_dim=12, tie_word_embeddings=True), torch.float32, "new", "1GB"),
}


def randomize(model: torch.nn.Module, generator: torch.Generator) -> None:
    """Weights large enough that attention is far from uniform and no norm or bias is trivial."""
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if "norm" in name:
            parameter.data = 1 + 0.3 * noise
        elif name.endswith("bias"):
            parameter.data = 0.3 * noise
        elif "embed" in name:
            parameter.data = 0.5 * noise
        else:
            parameter.data = 1.5 * noise / parameter.shape[1] ** 0.5


def rewrite_keys(directory: pathlib.Path, generation: str) -> None:
    """config.json as transformers 4 wrote it; "oldest" also says `type` for `rope_type`."""
    path = directory / "config.json"
    config = json.loads(path.read_text())
    if generation != "new":
        config["torch_dtype"] = config.pop("dtype")
        rope = config.pop("rope_parameters")
        config["rope_theta"] = rope.pop("rope_theta")
        if rope["rope_type"] == "default":
            rope = None
        elif generation == "oldest":
            rope["type"] = rope.pop("rope_type")
        config["rope_scaling"] = rope
        config["transformers_version"] = "4.46.0"
    path.write_text(json.dumps(config, indent=2) + "\n")


def inverse_frequencies(config, dimension: int) -> np.ndarray:
    rope = config.rope_parameters
    frequencies = rope["rope_theta"] ** (-np.arange(0, dimension, 2, dtype=np.float64) / dimension)
    if rope["rope_type"] == "linear":
        return frequencies / rope["factor"]
    if rope["rope_type"] == "llama3":
        turns = rope["original_max_position_embeddings"] * frequencies / (2 * np.pi)
        low, high = rope["low_freq_factor"], rope["high_freq_factor"]
        kept = np.clip((turns - low) / (high - low), 0, 1)
        return kept * frequencies + (1 - kept) * frequencies / rope["factor"]
    assert rope["rope_type"] == "default"
    return frequencies


def reference_logits(config, weights: dict[str, np.ndarray], tokens: list[int]) -> np.ndarray:
    """The decoder in float64, a row per token."""
    length = len(tokens)
    heads, kv_heads = config.num_attention_heads, config.num_key_value_heads
    dimension = getattr(config, "head_dim", None) or config.hidden_size // heads
    angles = np.outer(np.arange(length), inverse_frequencies(config, dimension))
    cos, sin = np.cos(angles), np.sin(angles)

    def norm(x, name):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + config.rms_norm_eps) * weights[name + ".weight"]

    def linear(x, name):
        y = x @ weights[name + ".weight"].T
        return y + weights[name + ".bias"] if name + ".bias" in weights else y

    def rotate(x):
        first, second = x[:, : dimension // 2], x[:, dimension // 2:]
        return np.concatenate([first * cos - second * sin, second * cos + first * sin], axis=1)

    h = weights["model.embed_tokens.weight"][tokens]
    for index in range(config.num_hidden_layers):
        block = f"model.layers.{index}."
        kinds = getattr(config, "layer_types", None)
        window = getattr(config, "sliding_window", None)
        if kinds is not None and kinds[index] != "sliding_attention":
            window = None
        distance = np.arange(length)[:, None] - np.arange(length)[None, :]
        visible = (distance >= 0) & (distance < (window or length))

        x = norm(h, block + "input_layernorm")
        q, k, v = (linear(x, block + f"self_attn.{part}_proj").reshape(length, -1, dimension) for part in "qkv")
        outputs = []
        for head in range(heads):
            q_head, k_head = q[:, head], k[:, head * kv_heads // heads]
            if config.model_type == "qwen3":
                q_head = norm(q_head, block + "self_attn.q_norm")
                k_head = norm(k_head, block + "self_attn.k_norm")
            scores = np.where(visible, rotate(q_head) @ rotate(k_head).T / np.sqrt(dimension), -np.inf)
            shares = np.exp(scores - scores.max(-1, keepdims=True))
            outputs.append(shares / shares.sum(-1, keepdims=True) @ v[:, head * kv_heads // heads])
        h = h + linear(np.concatenate(outputs, axis=1), block + "self_attn.o_proj")

        x = norm(h, block + "post_attention_layernorm")
        gate = linear(x, block + "mlp.gate_proj")
        h = h + linear(gate / (1 + np.exp(-gate)) * linear(x, block + "mlp.up_proj"), block + "mlp.down_proj")
    h = norm(h, "model.norm")
    return h @ weights["model.embed_tokens.weight" if config.tie_word_embeddings else "lm_head.weight"].T


def log_likelihood(logits: np.ndarray, tokens: list[int]) -> float:
    logits = logits.astype(np.float64)
    peak = logits.max(-1)
    normalizer = peak + np.log(np.exp(logits - peak[:, None]).sum(-1))
    return float(sum(logits[i, token] - normalizer[i] for i, token in enumerate(tokens[1:])))


def main() -> None:
    torch.set_num_threads(1)
    for seed, (name, (kind, changes, dtype, generation, shard)) in enumerate(MODELS.items()):
        generator = torch.Generator().manual_seed(seed)
        config = AutoConfig.for_model(kind, **(COMMON | changes))
        model = AutoModelForCausalLM.from_config(config)
        randomize(model, generator)
        directory = HERE / name
        shutil.rmtree(directory, ignore_errors=True)
        model.to(dtype).save_pretrained(directory, max_shard_size=shard)
        (directory / "generation_config.json").unlink(missing_ok=True)
        rewrite_keys(directory, generation)

        model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32, attn_implementation="eager")
        config = model.config
        weights = {key: value.double().numpy() for key, value in model.state_dict().items()}

        def draw(count: int) -> list[int]:
            return torch.randint(VOCABULARY, (count,), generator=generator).tolist()

        def compute(tokens: list[int]) -> np.ndarray:
            with torch.inference_mode():
                return model(torch.tensor([tokens])).logits[0].numpy()

        sequences = [draw(length) for length in LENGTHS]
        logits = [compute(tokens) for tokens in sequences]
        references = [reference_logits(config, weights, tokens) for tokens in sequences]
        rounding = max(float(np.abs(a - b).max()) for a, b in zip(logits, references))
        largest = max(float(np.abs(b).max()) for b in references)
        assert rounding < 1e-4 * largest, (name, rounding, largest)

        text = draw(4 * WINDOW + 5)
        windows = [text[i:i + WINDOW] for i in range(0, 4 * WINDOW, WINDOW)]
        likelihoods = [log_likelihood(reference_logits(config, weights, window), window) for window in windows]

        expected = {
            "sequences": sequences,
            "logits": [[[float(f"{x:.9g}") for x in row] for row in part.tolist()] for part in logits],
            "reference_logits": [[[float(f"{x:.9g}") for x in row] for row in part.tolist()] for part in references],
            "rounding": rounding, "text": text, "window": WINDOW, "log_likelihoods": likelihoods,
        }
        (directory / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")
        print(f"{name}: largest logit {largest:.3g}, rounding {rounding:.3g}, log-likelihood {likelihoods[0]:.6f}")


if __name__ == "__main__":
    main()
