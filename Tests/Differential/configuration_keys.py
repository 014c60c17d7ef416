#!/usr/bin/env python3
"""Sweep the keys of config.json: what transformers computes with each, this project computes too, or refuses by name.

    swift build -c release --product print-logits
    .venv/bin/python Tests/Differential/configuration_keys.py .build/release/print-logits [--family llama] [--key REGEX] [--list]

The keys are found in the installed transformers, so a new version brings its new ones: the fields of the configuration
classes of each family and of their base class, and whatever the modelling code of the family and the code that all
models share reads of a configuration; and what this project's own outputs have. Each gets several values, one at a
time, in the config.json of tiny random models.
Of transformers' two ways to the logits, the whole sequence at once and in two parts with a key-value cache, both count.

A case fails where
- transformers computes logits and the tool others, by more than a tolerance: ten times the rounding error of
  transformers' own float32 logits (measured against float64 on each model as it was), in proportion to their size;
- transformers' two ways differ and the tool accepts the key;
- the tool refuses what transformers computes without naming the key;
- the tool accepts a key that it knows nothing of, by its own lists, without naming it in a notice.
So does a sweep of everything that compares too little. What transformers itself refuses is not judged. Refusals of what changes nothing are listed at the end.
"""
import argparse
import ast
import dataclasses
import inspect
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

os.environ["TRANSFORMERS_VERBOSITY"] = "critical"
import torch
import transformers
from transformers import AutoConfig, AutoModelForCausalLM, GenerationConfig, PreTrainedConfig

VOCABULARY = 61
TOKENS = [(7 * i * i + 3 * i + 1) % VOCABULARY for i in range(20)]
COMMON = dict(vocab_size=VOCABULARY, hidden_size=32, intermediate_size=52, num_hidden_layers=2, num_attention_heads=4,
              num_key_value_heads=2, max_position_embeddings=128, rms_norm_eps=1e-2, bos_token_id=1, eos_token_id=2,
              tie_word_embeddings=False)
LLAMA3 = dict(rope_type="llama3", rope_theta=500.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=48)
# Family: its models, by what each has besides COMMON.
FAMILIES = {
    "llama": [dict(attention_bias=True, mlp_bias=True), dict(rope_parameters=LLAMA3)],
    "mistral": [dict(sliding_window=7), dict(rope_parameters=dict(rope_type="linear", rope_theta=1000.0, factor=4.0))],
    "qwen2": [dict(use_sliding_window=True, sliding_window=5, max_window_layers=1), dict()],
    "qwen3": [dict(head_dim=12, use_sliding_window=True, sliding_window=5, max_window_layers=1), dict(attention_bias=True)],
}
# Code that all models share; a folder stands for all its files.
SHARED = ["modeling_utils.py", "masking_utils.py", "modeling_rope_utils.py", "cache_utils.py", "modeling_layers.py",
          "core_model_loading.py", "conversion_mapping.py", "configuration_utils.py", "initialization.py",
          "activations.py", "models/auto", "utils/generic.py", "utils/output_capturing.py", "loss/loss_utils.py",
          "integrations/sdpa_attention.py", "integrations/eager_paged.py", "integrations/heterogeneity"]
# What else the code reads by the same names: not keys of config.json.
NOT_KEYS = {
    "model_type": "chooses the family",
    "quantization_config": "says that the model is quantized, which is refused before all else",
    "_attn_implementation_internal": "is never taken from a file", "_experts_implementation_internal": "likewise",
}
# Read in ways that the search does not see: by a name in a variable.
BY_OTHER_WAYS = ["text_config", "generator", "text_encoder", "use_mrope", "rope_interleaved"]
# What this project's outputs have besides quantization_config. They are for mlx-lm; transformers passes over them.
OF_OUTPUTS = ["quantization", "adadim", "model_file"]
ANY = [None, True, False, 0, 1, 3, 0.5, "text", [1], {"a": 1}]
WINDOWS = ["sliding_attention", "full_attention"]
# Values that mean something, besides ANY.
VALUES = {
    "layer_types": [WINDOWS, ["full_attention"] * 2, ["sliding_attention"] * 2, ["full_attention"] * 3,
                    ["chunked_attention"] * 2, ["attention"] * 2],
    "hidden_act": ["silu", "swish", "gelu", "relu"], "dtype": ["float32", "bfloat16"], "torch_dtype": ["float16"],
    "rms_norm_eps": [0.1, 1e-6, 0], "rope_theta": [7, 5e5], "sliding_window": [4, 19, 4096],
    "max_window_layers": [0, 2], "head_dim": [8, 16], "vocab_size": [60, 62], "num_hidden_layers": [2],
    "rope_scaling": [dict(type="linear", factor=2.0), LLAMA3, {}, dict(rope_type="dynamic", factor=2.0),
                     dict(rope_type="yarn", factor=2.0, original_max_position_embeddings=16)],
    "rope_parameters": [dict(rope_type="linear", factor=2.0, rope_theta=50), LLAMA3, {}, dict(rope_theta=40.0),
                        dict(full_attention=dict(rope_type="default", rope_theta=9.0),
                             sliding_attention=dict(rope_type="default", rope_theta=99.0)),
                        dict(rope_type="longrope", short_factor=[1.0] * 4, long_factor=[2.0] * 4, factor=2.0,
                             original_max_position_embeddings=16),
                        dict(rope_type="proportional", rope_theta=10.0)],
    "partial_rotary_factor": [0.25, 1.0], "original_max_position_embeddings": [16, 64],
    "max_position_embeddings": [16, 4096], "per_layer_config": [{"1": {"rms_norm_eps": 0.3}}, {"0": {"sliding_window": 3}}],
    "kv_sharing_modes": [["own", "reuse"]], "text_config": [dict(hidden_size=32)], "configuration_files": [["config.4.0.0.json"]],
    "transformers_weights": ["other.safetensors"], "attribute_map": [{}, {"rms_norm_eps": "initializer_range"}], "is_causal": [False, True], "attention_chunk_size": [4],
    "pad_token_id": [0, 60], "attn_implementation": ["eager", "sdpa"], "id2label": [{"0": "a", "1": "b"}],
    "quantization": [dict(group_size=64, bits=4, mode="affine"),
                     {"group_size": 64, "bits": 4, "mode": "affine", "model.layers.0.mlp.up_proj": dict(group_size=32, bits=4)}],
    "adadim": [{}, {"model.layers.0.mlp.up_proj": dict(group_size=32, bits=4)}], "model_file": ["adadim_model.py"],
    "intermediate_size": [52], "hidden_size": [32], "num_attention_heads": [4], "num_key_value_heads": [4],
}


# Of a sweep of everything: less would mean that something does not work any more.
LEAST_KEYS, LEAST_COMPARED, LEAST_CHANGED, LEAST_REFUSED = 150, 3000, 100, 300


def config_reads(path: pathlib.Path) -> set[str]:
    """The names that a source file reads of what it calls a configuration, methods left out."""
    def is_config(node) -> bool:
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        return name in ("config", "text_config", "decoder_config", "layer_config", "config_dict") or (
            name == "kwargs" and path.name in ("configuration_utils.py", "modeling_rope_utils.py"))

    def text(node) -> str | None:
        return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None

    tree = ast.parse(path.read_text())
    methods = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_config(node.value) and id(node) not in methods:
            names.add(node.attr)
        elif isinstance(node, ast.Subscript) and is_config(node.value):
            names.add(text(node.slice))
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)) and is_config(node.comparators[0]):
            names.add(text(node.left))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("getattr", "hasattr"):
            if is_config(node.args[0]) or path.name in ("configuration_utils.py", "modeling_rope_utils.py"):
                names.add(text(node.args[1]))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("get", "pop"):
            if is_config(node.func.value) and node.args:
                names.add(text(node.args[0]))
    return {name for name in names if name and not name.startswith("__")}


def keys_of(family: str) -> list[str]:
    """All that may be a key of config.json."""
    root = pathlib.Path(transformers.__file__).parent
    files = list((root / "models" / family).glob("*.py"))
    if family == "mistral":
        files += (root / "models" / "ministral").glob("*.py")
    for name in SHARED:
        files += (root / name).glob("*.py") if (root / name).is_dir() else [root / name]
    # Another family's fields, too: a file may have them, and this family's code may find them.
    configs = [AutoConfig.for_model(kind) for kind in FAMILIES]
    keys = {field.name for config in configs for field in dataclasses.fields(config)}
    # What a class has of its own, without its being a field, a file may give another value.
    keys |= {name for config in configs for name in dir(config) if not name.startswith("__")}
    keys |= set(GenerationConfig._get_default_generation_params()) | set(BY_OTHER_WAYS) | set(OF_OUTPUTS)
    for file in files:
        keys |= config_reads(file)
    methods = {name for name, _ in inspect.getmembers(PreTrainedConfig, callable)}
    return sorted(keys - methods - set(NOT_KEYS))


def rope_keys() -> list[str]:
    """What the rotary embeddings read of their parameters."""
    root = pathlib.Path(transformers.__file__).parent
    source = (root / "modeling_rope_utils.py").read_text()
    found = re.findall(r'rope_parameters(?:_dict)?(?:\[|\.get\(|\.setdefault\()\s*"(\w+)"', source)
    return sorted(set(found))


def random_model(directory: pathlib.Path, family: str, changes: dict, seed: int) -> dict:
    """Writes a model whose every setting counts; gives its config.json."""
    generator = torch.Generator().manual_seed(seed)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(family, **(COMMON | changes)))
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if "norm" in name:
            parameter.data = 1 + 0.3 * noise
        elif name.endswith("bias"):
            parameter.data = 0.3 * noise
        else:
            parameter.data = (0.5 if "embed" in name else 1.5 / parameter.shape[1] ** 0.5) * noise
    model.save_pretrained(directory)
    (directory / "generation_config.json").unlink(missing_ok=True)
    return json.loads((directory / "config.json").read_text())


def theirs(directory: pathlib.Path, dtype=torch.float32) -> tuple[torch.Tensor, torch.Tensor]:
    """transformers' logits, computed at once and in two parts; none where it draws weights at random."""
    model, loading = AutoModelForCausalLM.from_pretrained(directory, dtype=dtype, output_loading_info=True)
    missing = [name for name in loading["missing_keys"] if name.endswith(".weight")]
    if missing:
        raise ValueError(f"no {missing[0]}")
    model.eval()
    tokens = torch.tensor([TOKENS])
    with torch.inference_mode():
        whole = model(tokens, return_dict=True).logits[0]
        first = model(tokens[:, :12], use_cache=True, return_dict=True)
        second = model(tokens[:, 12:], past_key_values=first.past_key_values, use_cache=True, return_dict=True)
    return whole, torch.cat([first.logits[0], second.logits[0]])


class Tool:
    """The project's side: a process that answers a line for each line."""

    def __init__(self, command: str):
        self.process = subprocess.Popen([command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, question: dict) -> dict:
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def __call__(self, directory: pathlib.Path) -> dict:
        return self.ask({"model": str(directory), "tokens": TOKENS})

    def keys(self, directory: pathlib.Path) -> set[str]:
        """Those of config.json that it knows something of in this model."""
        return set(self.ask({"model": str(directory)})["keys"])


def distance(a: torch.Tensor, b: torch.Tensor) -> float:
    return float((a.double() - b.double()).abs().max()) if a.shape == b.shape else float("inf")


class Sweep:
    def __init__(self, tool: Tool):
        self.tool = tool
        self.failures, self.strict = [], set()
        self.cases = self.same = self.changed = self.refused = self.theirs_refused = self.noticed = 0
        self.closest, self.least_effect = 0.0, float("inf")

    def model(self, family: str, changes: dict, seed: int, keys: list[tuple[str, str | None]]) -> None:
        """All values of all keys, in one model. A key is one of config.json, or of an object in it."""
        with tempfile.TemporaryDirectory() as name:
            directory = pathlib.Path(name)
            config = random_model(directory, family, changes, seed)
            base = theirs(directory)[0]
            rounding = distance(base, theirs(directory, torch.float64)[0])
            self.known = self.tool.keys(directory)
            for key, inner in keys:
                self.key(directory, family, config, base, rounding, key, inner)

    def key(self, directory, family, config, base, rounding, key, inner) -> None:
        present = config.get(key)
        if inner is not None and not isinstance(present, dict):
            return
        values = ANY + VALUES.get(inner or key, [])
        if inner is None and key in config:
            values = values + ["MISSING"]
        for value in values:
            changed = json.loads(json.dumps(config))
            if value == "MISSING":
                del changed[key]
            elif inner is None:
                changed[key] = value
            else:
                changed[key][inner] = value
            (directory / "config.json").write_text(json.dumps(changed))
            name = f"{family} {key}{'.' + inner if inner else ''} = {json.dumps(value)}"
            must_be_named = inner is None and key not in self.known and value != "MISSING"
            self.case(directory, name, inner or key, base, rounding, must_be_named)

    def case(self, directory, name, key, base, rounding, must_be_named) -> None:
        self.cases += 1
        ours = self.tool(directory)
        try:
            whole, parts = theirs(directory)
        except Exception:
            self.theirs_refused += 1
            return
        if not torch.isfinite(whole).all():
            self.theirs_refused += 1
            return
        tolerance = 10 * rounding * max(1.0, float(whole.abs().max() / base.abs().max()))
        effect = distance(whole, base)
        if "error" in ours:
            self.refused += 1
            if not re.search(rf"\b{re.escape(key)}\b", ours["error"]):
                self.failures.append(f"{name}: refused without its name: {ours['error']}")
            if effect <= tolerance and distance(whole, parts) <= tolerance:
                self.strict.add(name)
            return
        if distance(whole, parts) > tolerance:
            self.failures.append(f"{name}: accepted, but transformers' own ways differ by {distance(whole, parts):.3g}")
            return
        error = distance(torch.tensor(ours["logits"]), whole)
        self.closest = max(self.closest, error / tolerance)
        if error > tolerance:
            self.failures.append(f"{name}: logits differ by {error:.3g}, more than {tolerance:.3g}")
        elif effect > tolerance:
            self.changed += 1
            self.least_effect = min(self.least_effect, effect / tolerance)
        else:
            self.same += 1
        is_named = any(re.search(rf"\b{re.escape(key)}\b", notice) for notice in ours["notices"])
        self.noticed += is_named
        if must_be_named and not is_named:
            self.failures.append(f"{name}: accepted without a word, though the key is in none of the tool's lists")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool", help="print-logits")
    parser.add_argument("--family", choices=FAMILIES)
    parser.add_argument("--key", help="only keys that match")
    parser.add_argument("--list", action="store_true", help="list the keys and stop")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    start = time.monotonic()
    sweep, seen = Sweep(Tool(arguments.tool)), set()
    for family, models in FAMILIES.items():
        if arguments.family not in (None, family):
            continue
        keys: list[tuple[str, str | None]] = [(key, None) for key in keys_of(family)]
        keys += [("rope_parameters", key) for key in rope_keys()] + [("no_such_key", None)]
        keys = [key for key in keys if not arguments.key or re.search(arguments.key, ".".join(filter(None, key)))]
        seen |= set(keys)
        if arguments.list:
            print(family, len(keys), *(".".join(filter(None, key)) for key in keys))
            continue
        for seed, changes in enumerate(models):
            # What is unknown to one model of a family is unknown to all: the second one gets what this project reads.
            sweep.model(family, changes, seed, keys if seed == 0 else [key for key in keys if (key[1] or key[0]) in VALUES or key[1]])
    for failure in sweep.failures:
        print("FAILED", failure)
    print("refused though nothing changes:", "; ".join(sorted(sweep.strict)))
    print(f"transformers {transformers.__version__}: {len(seen)} keys, {sweep.cases} cases in {time.monotonic() - start:.0f} s: "
          f"{sweep.same} the same logits as without the key, {sweep.changed} other ones, and ours with them, {sweep.refused} refused, "
          f"{sweep.theirs_refused} refused by transformers; {sweep.noticed} named in a notice; largest difference "
          f"{sweep.closest:.2f} of the tolerance, least effect {sweep.least_effect:.3g} times it; {len(sweep.failures)} failed")
    if not arguments.list and not arguments.family and not arguments.key:
        few = [f"{count} {what}, expected at least {least}" for what, count, least in [
            ("keys", len(seen), LEAST_KEYS), ("logits compared", sweep.same + sweep.changed, LEAST_COMPARED),
            ("of them changed by a key", sweep.changed, LEAST_CHANGED), ("refused", sweep.refused, LEAST_REFUSED)]
            if count < least]
        for shortage in few:
            print("FAILED: too little was looked at:", shortage)
        sys.exit(1 if sweep.failures or few else 0)
    sys.exit(1 if sweep.failures else 0)


if __name__ == "__main__":
    main()
