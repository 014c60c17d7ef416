"""GGUF files of the Llama family, through PyPI's gguf and NumPy alone: nothing here is shared with the tool that it judges.

llama.cpp keeps a pair of rotated coordinates of a head side by side where its architecture is `llama`, so rows of q and k
have another order there than in transformers, which keeps the two halves of a head apart. `qwen2` and `qwen3` are as in
transformers.
"""
import json
import pathlib
import re
from dataclasses import dataclass

import gguf
import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

PARTS = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
    "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
}
OUTSIDE = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
ARCHITECTURES = {"llama": "llama", "mistral": "llama", "qwen2": "qwen2", "qwen3": "qwen3"}


@dataclass(frozen=True)
class Tensor:
    """A tensor as a GGUF file holds it. values: float32, in the order of transformers; type: llama.cpp's name of its blocks."""
    values: NDArray[np.float32]
    type: str


def gguf_name(name: str) -> str:
    """model.layers.3.mlp.up_proj.weight is blk.3.ffn_up.weight."""
    stem, _, kind = name.rpartition(".")
    if stem in OUTSIDE:
        return f"{OUTSIDE[stem]}.{kind}"
    _, _, block, part = stem.split(".", 3)
    return f"blk.{block}.{PARTS[part]}.{kind}"


def transformers_name(name: str) -> str:
    """The inverse of `gguf_name`."""
    stem, _, kind = name.rpartition(".")
    if found := re.fullmatch(r"blk\.(\d+)\.(.*)", stem):
        part = next(ours for ours, theirs in PARTS.items() if theirs == found[2])
        return f"model.layers.{found[1]}.{part}.{kind}"
    return f"{next(ours for ours, theirs in OUTSIDE.items() if theirs == stem)}.{kind}"


def interleaved(rows: NDArray, heads: int) -> NDArray:
    """From the order of transformers to that of llama.cpp."""
    return rows.reshape(heads, 2, rows.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(rows.shape)


def halved(rows: NDArray, heads: int) -> NDArray:
    """The inverse of `interleaved`."""
    return rows.reshape(heads, rows.shape[0] // heads // 2, 2, -1).swapaxes(1, 2).reshape(rows.shape)


def rotated_heads(configuration: dict, name: str) -> int | None:
    """The heads of a tensor whose rows llama.cpp reorders; nil for every other tensor."""
    if ARCHITECTURES[configuration["model_type"]] != "llama":
        return None
    heads = configuration["num_attention_heads"]
    if ".q_proj." in name:
        return heads
    return configuration.get("num_key_value_heads") or heads if ".k_proj." in name else None


def configuration_of(directory: pathlib.Path) -> dict:
    return json.loads((directory / "config.json").read_text())


def tensors_of(directory: pathlib.Path) -> dict[str, NDArray[np.float32]]:
    """Every tensor of a directory of .safetensors files, widened to float32."""
    found = {}
    for path in sorted(directory.glob("*.safetensors")):
        with safe_open(path, "pt") as file:  # NumPy has no bfloat16
            found.update({name: file.get_tensor(name).float().numpy() for name in file.keys()})
    return found


def stored_types(directory: pathlib.Path) -> dict[str, str]:
    """BF16, F16 or F32: the types that a directory's tensors are stored in."""
    found = {}
    for path in sorted(directory.glob("*.safetensors")):
        with safe_open(path, "np") as file:
            found.update({name: file.get_slice(name).get_dtype() for name in file.keys()})
    return found


def read(file: pathlib.Path, configuration: dict) -> dict[str, Tensor]:
    """The tensors by transformers' names, dequantized by gguf."""
    found = {}
    for tensor in gguf.GGUFReader(file).tensors:
        if tensor.name == "rope_freqs.weight":  # what config.json states as rope scaling
            continue
        name = transformers_name(tensor.name)
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        heads = rotated_heads(configuration, name)
        found[name] = Tensor(values if heads is None else halved(values, heads), tensor.tensor_type.name)
    return found


def write_float32(directory: pathlib.Path, file: pathlib.Path) -> None:
    """A model of type llama as a float32 GGUF without a tokenizer: what llama.cpp's quantizer needs, which reads no tokens."""
    configuration = configuration_of(directory)
    if ARCHITECTURES[configuration["model_type"]] != "llama":
        raise ValueError(f"{directory}: model_type is {configuration['model_type']}, expected llama or mistral")
    heads = configuration["num_attention_heads"]
    size = configuration.get("head_dim") or configuration["hidden_size"] // heads
    writer = gguf.GGUFWriter(file, "llama")
    writer.add_context_length(configuration["max_position_embeddings"])
    writer.add_embedding_length(configuration["hidden_size"])
    writer.add_block_count(configuration["num_hidden_layers"])
    writer.add_feed_forward_length(configuration["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(configuration.get("num_key_value_heads") or heads)
    writer.add_key_length(size)
    writer.add_value_length(size)
    writer.add_rope_dimension_count(size)
    writer.add_layer_norm_rms_eps(configuration["rms_norm_eps"])
    writer.add_vocab_size(configuration["vocab_size"])
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    for name, values in tensors_of(directory).items():
        permuted = rotated_heads(configuration, name)
        writer.add_tensor(gguf_name(name), values if permuted is None else interleaved(values, permuted))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_unpacked(source: pathlib.Path, target: pathlib.Path) -> None:
    """The same file with its blocks as float32, so that llama.cpp computes with the values and rounds no activations."""
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(target, reader.fields["general.architecture"].contents())
    for field in reader.fields.values():
        # The header's own fields are written by the writer.
        if field.name.startswith("GGUF.") or field.name in ("general.architecture", "general.file_type"):
            continue
        element = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), field.types[0], element)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
