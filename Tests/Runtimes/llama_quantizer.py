#!/usr/bin/env python3
"""llama.cpp's own quantizer, judged as our runs are: what do its block types lose, and how much do ours lose of that?

    python llama_quantizer.py ADADIM MODEL WORK [--types Q2_K,Q3_K,Q4_K] [--ours GGUF…] [--limit 0.6]

MODEL is quantized by llama.cpp, through the library that llama-cpp-python carries, with an importance matrix from the very
tokens that `adadim quantize --samples 32 --sequence-length 512 --seed 0` draws from the calibration text. Every linear layer
gets the type that is asked for, or what llama.cpp falls back to where a row is not a multiple of 256 weights; embeddings,
norms and lm_head stay as they are. With --ours, a GGUF file of this tool, each layer gets the type that it has there, so
that both are of the same types. The values are read back by PyPI's gguf, the model with them is written in float32, and
`adadim compare` tells its excess over the original in nats per token, ± the standard error over windows, and its divergence.

WORK keeps what was made: a float32 GGUF, the importance matrix, a directory for each type. Prints a table. With --limit it
exits with 1 if an excess of ours is more than that share of llama.cpp's.
"""
import argparse
import collections
import ctypes
import json
import math
import pathlib
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass

import llama_cpp
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

import gguf
from gguf_model import Tensor, configuration_of, gguf_name, read, tensors_of, write_float32
from importance import drawn, importance

ROOT = pathlib.Path(__file__).resolve().parents[2]
CALIBRATION = ROOT / "Models/jargon-6m/texts/calibration.txt"
TEXTS = {"jargon": ROOT / "Models/jargon-6m/texts/held-out.txt", "manual": ROOT / "Benchmarks/texts/manual.txt"}
# The mixes' names are for whole files; `pure` makes each of them its own type throughout.
FILE_TYPES = {"Q2_K": "MOSTLY_Q2_K", "Q3_K": "MOSTLY_Q3_K_M", "Q4_K": "MOSTLY_Q4_K_M", "Q5_K": "MOSTLY_Q5_K_M",
              "Q6_K": "MOSTLY_Q6_K", "Q4_0": "MOSTLY_Q4_0", "Q4_1": "MOSTLY_Q4_1", "Q8_0": "MOSTLY_Q8_0",
              "IQ4_XS": "MOSTLY_IQ4_XS", "IQ4_NL": "MOSTLY_IQ4_NL"}


class ImportanceEntry(ctypes.Structure):
    """llama.h: struct llama_model_imatrix_data. A list of them ends with a name of NULL."""
    _fields_ = [("name", ctypes.c_char_p), ("data", ctypes.POINTER(ctypes.c_float)), ("size", ctypes.c_size_t)]


class TypeOverride(ctypes.Structure):
    """llama.h: struct llama_model_tensor_override. A list of them ends with a pattern of NULL."""
    _fields_ = [("pattern", ctypes.c_char_p), ("type", ctypes.c_int)]


class Parameters(ctypes.Structure):
    """llama.h: struct llama_model_quantize_params, of the version that requirements-llama.txt pins."""
    _fields_ = [
        ("nthread", ctypes.c_int32), ("ftype", ctypes.c_int), ("output_tensor_type", ctypes.c_int),
        ("token_embedding_type", ctypes.c_int), ("allow_requantize", ctypes.c_bool), ("quantize_output_tensor", ctypes.c_bool),
        ("only_copy", ctypes.c_bool), ("pure", ctypes.c_bool), ("keep_split", ctypes.c_bool), ("dry_run", ctypes.c_bool),
        ("imatrix", ctypes.POINTER(ImportanceEntry)), ("kv_overrides", ctypes.c_void_p),
        ("tt_overrides", ctypes.POINTER(TypeOverride)), ("prune_layers", ctypes.c_void_p), ("max_buf_size", ctypes.c_size_t),
    ]


def quantize(source: pathlib.Path, target: pathlib.Path, kind: str, weights: dict[str, NDArray[np.float32]],
             types: dict[str, str]) -> None:
    """llama.cpp's quantizer from file to file. weights: the importance matrix; types: layers whose type is not `kind`."""
    library = llama_cpp.llama_cpp._lib
    library.llama_model_quantize_default_params.restype = Parameters
    library.llama_model_quantize.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(Parameters)]
    parameters = library.llama_model_quantize_default_params()
    # With another layout these would hold something else than llama.cpp's defaults.
    defaults = (parameters.ftype, parameters.quantize_output_tensor, parameters.pure, bool(parameters.imatrix),
                bool(parameters.tt_overrides), parameters.prune_layers, parameters.max_buf_size)
    if defaults != (gguf.LlamaFileType.MOSTLY_Q8_0.value, True, False, False, False, None, 8 << 30):
        raise RuntimeError("llama_model_quantize_params has another layout than llama-cpp-python's pinned version")
    entries = (ImportanceEntry * (len(weights) + 1))()
    for entry, (layer, values) in zip(entries, weights.items()):
        entry.name, entry.size = gguf_name(f"{layer}.weight").encode(), values.size
        entry.data = values.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
    overrides = (TypeOverride * (len(types) + 1))()
    for override, (layer, name) in zip(overrides, types.items()):
        override.pattern = f"^{re.escape(gguf_name(f'{layer}.weight'))}$".encode()
        override.type = gguf.GGMLQuantizationType[name].value
    parameters.nthread, parameters.pure = 1, True
    parameters.ftype = gguf.LlamaFileType[FILE_TYPES[kind]].value
    parameters.token_embedding_type = parameters.output_tensor_type = gguf.GGMLQuantizationType.F32.value
    parameters.imatrix = ctypes.cast(entries, ctypes.POINTER(ImportanceEntry))
    parameters.tt_overrides = ctypes.cast(overrides, ctypes.POINTER(TypeOverride))
    if (code := library.llama_model_quantize(str(source).encode(), str(target).encode(), ctypes.byref(parameters))) != 0:
        raise RuntimeError(f"llama_model_quantize to {kind} ended with {code}")


def layers_of(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The linear layers of decoder blocks."""
    return {name.removesuffix(".weight"): tensor for name, tensor in tensors.items()
            if ".layers." in name and name.endswith("_proj.weight")}


def write_dense(model: pathlib.Path, layers: dict[str, Tensor], output: pathlib.Path) -> pathlib.Path:
    """The model in float32 with the values of these layers."""
    tensors = tensors_of(model)
    for layer, tensor in layers.items():
        if tensors[f"{layer}.weight"].shape != tensor.values.shape:
            raise ValueError(f"{layer}: {tensor.values.shape} in the GGUF file, {tensors[f'{layer}.weight'].shape} in the model")
        tensors[f"{layer}.weight"] = tensor.values
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    for file in model.glob("*.json"):
        shutil.copy(file, output)
    configuration = configuration_of(model) | {"torch_dtype": "float32"}
    configuration.pop("dtype", None)
    (output / "config.json").write_text(json.dumps(configuration, indent=2))
    save_file(tensors, output / "model.safetensors", {"format": "pt"})
    return output


@dataclass(frozen=True)
class Loss:
    """Nats per token over the original, with the standard error over windows, and the mean divergence from it."""
    excess: float
    error: float
    divergence: float


def losses(tool: str, model: pathlib.Path, variants: list[pathlib.Path], windows: int) -> list[dict[str, Loss]]:
    """On each text."""
    found: list[dict[str, Loss]] = [{} for _ in variants]
    for name, text in TEXTS.items():
        said = json.loads(subprocess.run(
            [tool, "compare", model, *variants, "--text", text, "--sequences", str(windows), "--json", "--quiet"],
            check=True, capture_output=True, text=True).stdout)
        tokens = said["windowLength"] - 1
        for mine, variant in zip(found, said["variants"], strict=True):
            per_window = np.subtract(said["original"]["windowLogLikelihoods"], variant["windowLogLikelihoods"]) / tokens
            mine[name] = Loss(
                math.log(variant["perplexity"] / said["original"]["perplexity"]),
                float(np.std(per_window, ddof=1) / math.sqrt(len(per_window))),
                float(np.mean(variant["windowDivergences"])) / tokens)
    return found


def in_words(layers: dict[str, Tensor]) -> str:
    """Q3_K 30, Q4_0 180: how many layers have which type, and the bits per weight of all of them."""
    bits = sum(tensor.values.size * bits_of(tensor.type) for tensor in layers.values())
    counts = collections.Counter(tensor.type for tensor in layers.values())
    weights = sum(tensor.values.size for tensor in layers.values())
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) + f"; {bits / weights:.3f} bits per weight"


def bits_of(kind: str) -> float:
    block, size = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[kind]]
    return 8 * size / block


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("adadim")
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--types", default="Q2_K,Q3_K,Q4_K", help="commas between them; '' for none")
    parser.add_argument("--ours", type=pathlib.Path, nargs="*", default=[], help="GGUF files of this tool, of the same model")
    parser.add_argument("--limit", type=float, help="the largest share of llama.cpp's excess that ours may have")
    parser.add_argument("--calibration", type=pathlib.Path, default=CALIBRATION)
    parser.add_argument("--samples", type=int, default=32)
    parser.add_argument("--sequence-length", type=int, default=512)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--windows", type=int, default=16, help="of each text that is measured on")
    parser.add_argument("--prepare", action="store_true", help="stop after the importance matrix")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    configuration = configuration_of(args.model)

    source, kept = args.work / "float32.gguf", args.work / "importance.safetensors"
    if not source.exists():
        write_float32(args.model, args.work / "partial.gguf")
        (args.work / "partial.gguf").rename(source)
    sequences = drawn(args.model, args.calibration, args.samples, args.sequence_length, args.seed)
    save_file({"sequences": sequences}, args.work / "sequences.safetensors")
    if not kept.exists():
        save_file(importance(args.model, sequences), kept)
    weights = load_file(kept)
    if args.prepare:
        return

    rows: list[tuple[str, str, pathlib.Path]] = []
    for kind in filter(None, args.types.split(",")):
        target = args.work / f"{kind}.gguf"
        quantize(source, target, kind, weights, {})
        layers = layers_of(read(target, configuration))
        rows.append((f"llama.cpp {kind}", in_words(layers), write_dense(args.model, layers, args.work / kind)))
    for file in args.ours:
        ours = layers_of(read(file, configuration))
        types = {layer: tensor.type for layer, tensor in ours.items()}
        kind = collections.Counter(types.values()).most_common(1)[0][0]
        target = args.work / f"as-{file.stem}.gguf"
        quantize(source, target, kind, weights, types)
        theirs = layers_of(read(target, configuration))
        if {layer: tensor.type for layer, tensor in theirs.items()} != types:
            raise RuntimeError(f"{target}: llama.cpp chose other types than {file} has")
        rows.append((f"llama.cpp as {file.stem}", in_words(theirs),
                     write_dense(args.model, theirs, args.work / f"theirs-{file.stem}")))
        rows.append((f"adadim {file.stem}", in_words(ours), write_dense(args.model, ours, args.work / f"ours-{file.stem}")))

    found = losses(args.adadim, args.model, [directory for _, _, directory in rows], args.windows)
    failed = False
    print(f"| what | layers | {' | '.join(TEXTS)} | mean | divergence | of llama.cpp's |")
    print("|---|---|" + "---|" * (len(TEXTS) + 3))
    before = math.nan
    for (name, types, _), loss in zip(rows, found):
        mean = float(np.mean([loss[text].excess for text in TEXTS]))
        divergence = float(np.mean([loss[text].divergence for text in TEXTS]))
        share = ""
        if name.startswith("adadim"):
            share = f"{mean / before:.3f}"
            failed |= args.limit is not None and not mean <= args.limit * before
        before = mean
        words = " | ".join(f"{loss[text].excess:.4f} ± {loss[text].error:.4f}" for text in TEXTS)
        print(f"| {name} | {types} | {words} | {mean:.4f} | {divergence:.4f} | {share} |")
    sys.exit(failed)


if __name__ == "__main__":
    main()
