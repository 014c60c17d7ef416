#!/usr/bin/env python3
"""Plain numbers and compressed-tensors, opened by transformers as their files say (dtype="auto"), are the same model.

    swift build -c release --product adadim
    .venv/bin/python Tests/Differential/outputs_loaded.py .build/release/adadim

Tiny random models whose config.json and weights do not agree, or whose tensors have other names or are not all there,
are quantized into both, and into compressed-tensors twice: with layers in either direction, which makes every layer
`block`, and per-OC, which makes layers `group` with packed zero points, as vLLM reads them too. Then:
- all are loaded in the type that the original is loaded in, and have the same logits, bit by bit: the same values in
  the same computation (compressed-tensors unpacks before it multiplies);
- with one layer quantized, the output is the original elsewhere: of the two loaded models every tensor but that layer's
  weight is equal, bit by bit.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ["TRANSFORMERS_VERBOSITY"] = "critical"
import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoModelForSequenceClassification

COMMON = dict(vocab_size=61, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
              num_key_value_heads=2, max_position_embeddings=128, bos_token_id=1, eos_token_id=2, pad_token_id=0,
              tie_word_embeddings=False)
TOKENS = torch.tensor([[(7 * i * i + 3 * i + 1) % 61 for i in range(24)]])
LAYER = "model.layers.1.mlp.down_proj"
# compressed-tensors' strategies, by the options that lead to each: adaptive layers might be per-IC, which only block can hold.
GROUP_SIZE = 16
STRATEGIES = {
    "block": [],
    "group": ["--dimension", "per-oc"],
    "group, symmetric": ["--dimension", "per-oc", "--symmetric"],
}


def model(directory: pathlib.Path, family="llama", kind=AutoModelForCausalLM, dtype=torch.float32, **changes) -> None:
    generator = torch.Generator().manual_seed(5)
    made = kind.from_config(AutoConfig.for_model(family, **(COMMON | changes)))
    for name, parameter in made.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        parameter.data = 1 + 0.3 * noise if "norm" in name else noise * (0.3 if parameter.dim() == 1 else parameter.shape[1] ** -0.5)
    made.to(dtype).save_pretrained(directory)


def stated(directory: pathlib.Path, **members) -> None:
    """Changes config.json; a value of ... takes a key out."""
    config = json.loads((directory / "config.json").read_text()) | members
    (directory / "config.json").write_text(json.dumps({key: value for key, value in config.items() if value is not ...}))


def stored(directory: pathlib.Path, change) -> None:
    """Changes the tensors, each given with its name; None takes one out."""
    tensors = load_file(directory / "model.safetensors")
    tensors = {name: changed.contiguous() for name, tensor in tensors.items() if (changed := change(name, tensor)) is not None}
    save_file(tensors, directory / "model.safetensors", metadata={"format": "pt"})


def types(kept: torch.dtype, said, **options):
    def make(directory):
        model(directory, dtype=kept, **options)
        stated(directory, dtype=said)
    return make


def mixed(directory):
    """No dtype stated; norms and the first block in another type."""
    model(directory, dtype=torch.bfloat16)
    stated(directory, dtype=...)
    stored(directory, lambda name, tensor: tensor.float() if "norm" in name or "layers.0" in name else tensor)


def float_norms(directory):
    model(directory, dtype=torch.bfloat16)
    stated(directory, dtype=...)
    stored(directory, lambda name, tensor: tensor.float() if "norm" in name else tensor)


def without(part: str, **options):
    def make(directory):
        model(directory, **options)
        stored(directory, lambda name, tensor: None if part in name else tensor)
    return make


def renamed(change, **options):
    def make(directory):
        model(directory, dtype=torch.bfloat16, **options)
        file = directory / "model.safetensors"
        save_file({change(name): tensor for name, tensor in load_file(file).items()}, file, metadata={"format": "pt"})
    return make


def tied_apart(directory):
    model(directory, dtype=torch.bfloat16)
    stated(directory, tie_word_embeddings=True)


# Situation: how it is made, the class that opens it.
SITUATIONS = {
    "F32 stored, bfloat16 stated": (types(torch.float32, "bfloat16"), AutoModelForCausalLM),
    "F32 stored, float16 stated": (types(torch.float32, "float16"), AutoModelForCausalLM),
    "BF16 stored, float32 stated": (types(torch.bfloat16, "float32"), AutoModelForCausalLM),
    "BF16 stored, float16 stated": (types(torch.bfloat16, "float16"), AutoModelForCausalLM),
    "F16 stored, bfloat16 stated": (types(torch.float16, "bfloat16"), AutoModelForCausalLM),
    "BF16 stored, bfloat16 stated": (types(torch.bfloat16, "bfloat16"), AutoModelForCausalLM),
    "BF16 stored, nothing stated": (types(torch.bfloat16, ...), AutoModelForCausalLM),
    "F16 stored, null stated": (types(torch.float16, None), AutoModelForCausalLM),
    "mixed layers, nothing stated": (mixed, AutoModelForCausalLM),
    "F32 norms, nothing stated": (float_norms, AutoModelForCausalLM),
    "tied, but stored apart": (tied_apart, AutoModelForCausalLM),
    "no bias of o stored": (without("o_proj.bias", attention_bias=True), AutoModelForCausalLM),
    "no biases of k stored (qwen2)": (without("k_proj.bias", family="qwen2"), AutoModelForCausalLM),
    "tied, stored as lm_head alone": (lambda d: (model(d), stated(d, tie_word_embeddings=True), stored(
        d, lambda name, tensor: None if "embed" in name else tensor)), AutoModelForCausalLM),
    "model. before lm_head": (renamed(lambda name: name.replace("lm_head", "model.lm_head")), AutoModelForCausalLM),
    "model. twice": (renamed(lambda name: "model." + name), AutoModelForCausalLM),
    "model. before the layers alone": (
        renamed(lambda name: name if "layers" in name else name.removeprefix("model.")), AutoModelForCausalLM),
    "model. before nothing but layers of one block": (
        renamed(lambda name: name if "layers.1" in name else name.removeprefix("model.")), AutoModelForCausalLM),
    **{f"the decoder alone ({family})": (lambda d, family=family: model(d, family, AutoModel, head_dim=8), AutoModel)
       for family in ("llama", "mistral", "qwen2", "qwen3")},
    "the decoder alone, tied, as a language model": (
        lambda d: model(d, "qwen3", AutoModel, head_dim=8, tie_word_embeddings=True), AutoModelForCausalLM),
    **{f"a sequence classifier ({family})": (
        lambda d, family=family: model(d, family, AutoModelForSequenceClassification, head_dim=8), AutoModelForSequenceClassification)
       for family in ("llama", "mistral", "qwen2", "qwen3")},
}


def opened(directory: pathlib.Path, kind):
    """The model as its files say, and its outputs."""
    loaded = kind.from_pretrained(directory, dtype="auto").eval()
    with torch.inference_mode():
        output = loaded(TOKENS)
    return loaded, (output.logits if hasattr(output, "logits") else output.last_hidden_state)


def written(directory: pathlib.Path) -> tuple[set, set[int], bool]:
    """Of compressed-tensors: the strategies, the group sizes, and whether there are zero points packed in words of 32 bits."""
    config = json.loads((directory / "config.json").read_text())["quantization_config"]
    weights = [group["weights"] for group in config["config_groups"].values()]
    tensors = load_file(directory / "model.safetensors")
    zeros = [tensor.dtype == torch.int32 for name, tensor in tensors.items() if name.endswith("weight_zero_point")]
    return {each["strategy"] for each in weights}, {each.get("group_size") for each in weights}, bool(zeros) and all(zeros)


def judge(quantize, source: pathlib.Path, kind, type_is_found: bool) -> tuple[list[str], torch.dtype]:
    """What is wrong with the outputs of a model, and the type that they are loaded in."""
    original, outputs = opened(source, kind)
    problems = []
    for number, (strategy, options) in enumerate(STRATEGIES.items()):
        directory = quantize(f"packed-{number}", "--format", "compressed-tensors", *options)
        strategies, sizes, has_packed_zeros = written(directory)
        if strategies != {strategy.split(",")[0]} or (sizes != {GROUP_SIZE} and "group" in strategies):
            problems.append(f"{strategy}: written as {strategies} in groups of {sizes}")
        if has_packed_zeros != (strategy == "group"):
            problems.append(f"{strategy}: {'' if has_packed_zeros else 'no '}packed zero points")
        packed, of_packed = opened(directory, kind)
        plain, of_plain = opened(quantize(f"plain-{number}", "--format", "dequantized", *options), kind)
        # Where nothing is stated, the original's type is that of whatever tensor comes first.
        if packed.dtype != plain.dtype or packed.dtype != original.dtype and not type_is_found:
            problems.append(f"{strategy}: loaded in {packed.dtype}, {plain.dtype}, the original in {original.dtype}")
        if not torch.equal(of_packed, of_plain):
            problems.append(f"{strategy}: outputs differ by {float((of_packed.float() - of_plain.float()).abs().max()):.3g}")
        if torch.equal(of_plain, outputs):
            problems.append(f"{strategy}: nothing was quantized")
    one, _ = opened(quantize("one", "--skip", "model.layers.0.*,*_attn*,*gate*,*up*"), kind)
    # As the original is loaded in the type of the output, whatever it was found to have.
    theirs = dict(kind.from_pretrained(source, dtype=one.dtype).named_parameters())
    for parameter, tensor in one.named_parameters():
        is_quantized = LAYER.endswith(parameter.removeprefix("model.").removesuffix(".weight"))
        if not is_quantized and not torch.equal(tensor, theirs[parameter]):
            problems.append(f"{parameter} is not the original's")
    return problems, packed.dtype


def main() -> None:
    tool = sys.argv[1]
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    failures = 0
    for name, (make, kind) in SITUATIONS.items():
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            make(root / "model")
            save_file({"ids": torch.randint(61, (16, 24), dtype=torch.int32)}, root / "ids.safetensors")

            def quantize(output: str, *options: str) -> pathlib.Path:
                run = subprocess.run(
                    [tool, "quantize", root / "model", root / output, "--calibration", root / "ids.safetensors", "--quiet",
                     "--bits", "4", "--group-size", str(GROUP_SIZE), *options], capture_output=True, text=True)
                if run.returncode:
                    raise RuntimeError(run.stderr.strip())
                return root / output

            try:
                problems, dtype = judge(quantize, root / "model", kind, "nothing stated" in name)
            except RuntimeError as error:
                problems, dtype = [str(error)], None
            failures += bool(problems)
            print(f"{'FAILED' if problems else 'ok'} {name}: {dtype}, {'; '.join(problems[:4]) or 'the same outputs'}", flush=True)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
