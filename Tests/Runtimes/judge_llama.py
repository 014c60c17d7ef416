#!/usr/bin/env python3
"""A GGUF file of this tool, as PyPI's gguf and llama.cpp open it, beside the dense model of the same values.

    python judge_llama.py FILE.gguf DENSE REFERENCE.npz [--slack STEPS] [--write DIRECTORY]

- gguf's own dequantization gives DENSE's values: to the bit, where DENSE is float32, or within half a unit in the last place
  of DENSE's type;
- llama.cpp makes the same tokens of a text as the model's tokenizer;
- from the same file with its blocks as float32, its perplexity on the windows of REFERENCE (reference.py: DENSE in float32, by
  transformers) is within a tenth of a per cent;
- from the file itself it is near that: llama.cpp's kernels round activations to 8 bits, in blocks of 32 or of 256, which
  costs a model with large outliers about a per cent. So neither logits nor tokens are compared;
- it generates eight tokens, and turns them into text.

With --write nothing is judged: DIRECTORY gets the values, as gguf reads them, as a float32 model. For K-quants, whose values no
other format of this tool holds, that is the DENSE for the perplexity.
"""
import argparse
import json
import pathlib
import shutil
import tempfile

import numpy as np

from gguf_model import configuration_of, read, stored_types, tensors_of, write_unpacked
from judging import BEGINNING, GENERATED, Judge, compare_tensors

ROUNDING = {"F32": 0.0, "F16": 2.0**-11, "BF16": 2.0**-8}
# The key-value cache has float16 numbers: at most 0.00013 was found.
SAME_VALUES = 0.001
# At most 0.0128 was found: Q2_K of a rescaled SmolLM2-135M, on 4 windows. Wrong values are found by the check before.
OWN_KERNELS = 0.015


def write(file: pathlib.Path, model: pathlib.Path, directory: pathlib.Path) -> None:
    from safetensors.numpy import save_file
    configuration = configuration_of(model)
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(model / name, directory)
    kept = {name: value for name, value in configuration.items() if name not in ("dtype", "quantization_config")}
    (directory / "config.json").write_text(json.dumps(kept | {"torch_dtype": "float32"}, indent=2))
    tensors = {name: np.ascontiguousarray(tensor.values) for name, tensor in read(file, configuration).items()}
    save_file(tensors, directory / "model.safetensors", {"format": "pt"})


def perplexity(model, windows: np.ndarray) -> float:
    """As reference.py: the mean over tokens 2 to the last of every window, from nothing."""
    losses = []
    for window in windows:
        model.reset()
        model.eval([int(token) for token in window])
        logits = np.array(model.scores[:len(window) - 1], np.float64)
        top = logits.max(axis=1)
        total = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
        losses.append(float(np.mean(total - logits[np.arange(len(window) - 1), window[1:]])))
    return float(np.exp(np.mean(losses)))


def generate(model, prompt: list[int]) -> list[int]:
    model.reset()
    tokens = list(prompt)
    for _ in range(GENERATED):
        model.reset()
        model.eval(tokens)
        tokens.append(int(np.argmax(model.scores[len(tokens) - 1])))
    return tokens[len(prompt):]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("dense", type=pathlib.Path, help="its config.json and tokenizer are the model's")
    parser.add_argument("reference", type=pathlib.Path, nargs="?")
    parser.add_argument("--slack", type=float, default=0, help="of the largest value of a tensor")
    parser.add_argument("--write", type=pathlib.Path)
    args = parser.parse_args()
    if args.write:
        write(args.file, args.dense, args.write)
        return

    import llama_cpp
    judge = Judge(f"llama.cpp, {args.file.parent.name}/{args.file.name}")
    configuration, known = configuration_of(args.dense), np.load(args.reference)
    found, expected = read(args.file, configuration), tensors_of(args.dense)
    if configuration.get("tie_word_embeddings"):
        expected.pop("lm_head.weight", None)
    rounding = max(ROUNDING[kind] for kind in stored_types(args.dense).values())
    packed = [name for name, tensor in found.items() if tensor.type not in ROUNDING]
    kinds = sorted({tensor.type for tensor in found.values()})
    judge.check(bool(packed), f"{len(packed)} tensors in blocks; types {', '.join(kinds)}")
    compare_tensors(judge, {name: tensor.values for name, tensor in found.items()}, expected, rounding)

    def opened(file: pathlib.Path) -> llama_cpp.Llama:
        length = known["windows"].shape[1]
        return llama_cpp.Llama(str(file), n_ctx=max(length, 64), n_batch=length, n_threads=2, logits_all=True,
                               verbose=False, seed=0)

    theirs = float(known["perplexity"])
    with tempfile.TemporaryDirectory(dir=args.dense.parent) as directory:
        plain = pathlib.Path(directory) / "float32.gguf"
        write_unpacked(args.file, plain)
        model = opened(plain)
        same_values = perplexity(model, known["windows"])
        model.close()
    judge.check(abs(same_values / theirs - 1) <= SAME_VALUES, f"perplexity from float32 blocks {same_values:.4f}, transformers "
                f"{theirs:.4f}: {100 * (same_values / theirs - 1):+.4f} %, at most {100 * SAME_VALUES:g} %")
    model = opened(args.file)
    tokens = model.tokenize(str(known["text"]).encode(), add_bos=False, special=False)
    same = tokens == known["tokens"].tolist()
    first = next((i for i, (a, b) in enumerate(zip(tokens, known["tokens"])) if a != b), min(len(tokens), len(known["tokens"])))
    judge.check(same, f"{len(tokens)} tokens of a text" + ("" if same else f", expected {len(known['tokens'])}, differ from the "
                f"{first}th: {tokens[first:first + 4]}, expected {known['tokens'][first:first + 4].tolist()}"))
    value = perplexity(model, known["windows"])
    judge.check(abs(value / same_values - 1) <= OWN_KERNELS, f"perplexity by its own kernels {value:.4f}: "
                f"{100 * (value / same_values - 1):+.3f} %, at most {100 * OWN_KERNELS:g} %")
    generated = generate(model, [int(token) for token in known["prompt"][:BEGINNING]])
    text = model.detokenize(generated).decode(errors="replace")
    judge.check(len(generated) == GENERATED and bool(text), f"generates {generated}, {text!r}; "
                f"transformers {known['generated'].tolist()}")
    judge.finish()


if __name__ == "__main__":
    main()
