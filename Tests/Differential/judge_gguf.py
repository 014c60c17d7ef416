#!/usr/bin/env python3
"""Judges a directory with model.gguf, written by adadim or by GGUFRealModelTests, by llama.cpp's own programs.

    pip install gguf==0.19.0 numpy==2.4.6 llama-cpp-python==0.3.36 tokenizers
    python Tests/Differential/judge_gguf.py MODEL DIRECTORY [--values FILE] [--generate]

MODEL is the model that was quantized. Checked are, with PyPI's gguf: every tensor that is not in blocks against the model's,
bit by bit after widening; with --values, a .safetensors file of float32 weights, blocks against those, bit by bit. With
--generate llama.cpp opens the file: the ids of some texts must be those of the model's own tokenizer (`tokenizers`), and eight tokens are
generated. Prints a line for each kind of tensor; exits with 1 where anything differs.
"""
import argparse
import json
import pathlib
import struct
import sys

import gguf
import numpy as np

PARTS = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm", "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
}
OUTSIDE = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight", "lm_head.weight": "output.weight"}
TEXTS = [
    "Hello, world! It's 1234567 o'clock.", "  two spaces\n\n\ttabs and 3.14", "größer, naïve, \u4f60\u597d \U0001f600 e\u0301",
    "def f(x):\n    return x**2  # comment", "<|im_start|>user\nHi<|im_end|>", "I'LL don't WE'VE 's", "\u00a0\u3000x\r\ny",
]


def safetensors(path: pathlib.Path) -> dict:
    data = np.memmap(path, np.uint8, "r")
    (length,) = struct.unpack("<Q", bytes(data[:8]))
    result = {}
    for name, entry in json.loads(bytes(data[8:8 + length])).items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        raw = data[8 + length + begin:8 + length + end]
        kind = entry["dtype"]
        if kind == "BF16":
            values = (raw.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
        elif kind in ("F16", "F32"):
            values = raw.view(np.float16 if kind == "F16" else np.float32).astype(np.float32)
        else:
            continue
        result[name] = values.reshape(entry["shape"])
    return result


def stored_name(name: str) -> str | None:
    if name in OUTSIDE:
        return OUTSIDE[name]
    if not name.startswith("model.layers."):
        return None
    _, _, block, *rest = name.split(".")
    module, parameter = ".".join(rest[:-1]), rest[-1]
    return f"blk.{block}.{PARTS[module]}.{parameter}" if module in PARTS else None


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--values", type=pathlib.Path)
    parser.add_argument("--generate", action="store_true")
    given = parser.parse_args()
    config = json.loads((given.model / "config.json").read_text())
    heads = {"attn_q": config["num_attention_heads"], "attn_k": config.get("num_key_value_heads") or config["num_attention_heads"]}
    permutes = config["model_type"] in ("llama", "mistral")
    path = given.directory / "model.gguf"
    reader = gguf.GGUFReader(path)
    found = {tensor.name: tensor for tensor in reader.tensors}

    def values(name: str) -> np.ndarray:
        tensor = found[name]
        result = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        shape = [int(size) for size in reversed(tensor.shape)]
        result = result.reshape(shape)
        part = name.split(".")[2] if name.startswith("blk.") else ""
        if permutes and part in heads:
            result = result.reshape(heads[part], -1, 2, *shape[1:]).swapaxes(1, 2).reshape(shape)
        return result

    faults = 0
    counts: dict = {}

    def compare(name: str, expected: np.ndarray, kind: str) -> None:
        nonlocal faults
        actual = values(stored_name(name))
        # Equal numbers have equal bits, but for the sign of zero.
        same = np.array_equal(actual, expected)
        counts.setdefault(kind, [0, 0])[0 if same else 1] += 1
        if not same:
            faults += 1
            off = np.abs(actual - expected).max() if actual.shape == expected.shape else "shape"
            print(f"{name}: {kind} differ, by {off}")

    originals: dict = {}
    for file in sorted(given.model.glob("*.safetensors")):
        originals.update(safetensors(file))
    for name, expected in originals.items():
        stored = stored_name(name)
        if stored in found and gguf.GGML_QUANT_SIZES[found[stored].tensor_type][0] == 1:
            compare(name, np.ascontiguousarray(expected), "plain numbers")
    if given.values:
        for name, expected in safetensors(given.values).items():
            compare(name, np.ascontiguousarray(expected), "blocks of " + found[stored_name(name)].tensor_type.name)
    expected_names = {stored_name(name) for name in originals} - {None}
    missing, more = expected_names - found.keys(), found.keys() - expected_names
    print(f"{len(found)} tensors; missing: {sorted(missing)}; besides the model's: {sorted(more)}")
    faults += len(missing)
    for kind, (same, differ) in counts.items():
        print(f"{kind}: {same} tensors equal to the bit, {differ} not")
    if given.generate:
        faults += generate(path, given.model)
    return 1 if faults else 0


def generate(path: pathlib.Path, model: pathlib.Path) -> int:
    import llama_cpp
    import tokenizers

    llama = llama_cpp.Llama(str(path), n_ctx=256, n_threads=1, verbose=False, logits_all=False)
    own = tokenizers.Tokenizer.from_file(str(model / "tokenizer.json"))
    faults = 0
    for text in TEXTS:
        expected = own.encode(text, add_special_tokens=False).ids
        actual = llama.tokenize(text.encode(), add_bos=False, special=True)
        if actual != expected:
            faults += 1
            print(f"ids of {text!r}: llama.cpp {actual}, tokenizers {expected}")
    print(f"{len(TEXTS) - faults} of {len(TEXTS)} texts have the same ids")
    prompt = "The capital of France is"
    answer = llama(prompt, max_tokens=8, temperature=0)["choices"][0]["text"]
    print(f"{prompt!r} → {answer!r}")
    return faults if answer else faults + 1


if __name__ == "__main__":
    sys.exit(main())
