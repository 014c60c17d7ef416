"""Model directories and token ids, as safetensors."""
import json
import os
import pathlib
import shutil
import tempfile

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from .calibration import draw

WEIGHTS = "model.safetensors"
COPIED = ("tokenizer.json", "tokenizer_config.json")


def tensors_of(model: pathlib.Path) -> dict[str, NDArray[np.float32]]:
    return load_file(model / WEIGHTS)


def groups_of(model: pathlib.Path) -> dict[str, NDArray[np.int32]]:
    """What a runner wrote beside its model about groups that are not runs of neighbours."""
    file = model.with_suffix(".groups")
    return load_file(file) if file.exists() else {}


def write_sequences(model: pathlib.Path, text: pathlib.Path, sequences: int, length: int, seed: int,
                    file: pathlib.Path) -> pathlib.Path:
    """Token ids drawn from the text, one tensor [sequences, length], as `adadim quantize` takes them too."""
    from tokenizers import Tokenizer
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokens = np.array(tokenizer.encode(text.read_text(), add_special_tokens=False).ids, np.int32)
    save_file({"sequences": draw(tokens, sequences, length, seed)}, file)
    return file


def in_float32(model: pathlib.Path, copy: pathlib.Path, blocks: int | None = None) -> pathlib.Path:
    """The model's values in float32, so that what a quantizer makes of them is rounded by nothing else; of all its decoder
    blocks, or of the first few. Complete or not there at all."""
    if copy.exists():
        return copy
    from safetensors.torch import load_file as load, save_file as save  # NumPy has no bfloat16
    copy.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=copy.parent) as partial:
        directory = pathlib.Path(partial) / copy.name
        directory.mkdir()
        for name in COPIED:
            shutil.copyfile(model / name, directory / name)
        configuration = json.loads((model / "config.json").read_text()) | {"torch_dtype": "float32"}
        blocks = blocks or configuration["num_hidden_layers"]
        configuration["num_hidden_layers"] = blocks
        (directory / "config.json").write_text(json.dumps(configuration, indent=2))
        save({name: tensor.float() for name, tensor in load(model / WEIGHTS).items() if block_of(name) < blocks},
             directory / WEIGHTS, {"format": "pt"})
        os.replace(directory, copy)
    return copy


def block_of(name: str) -> int:
    """The decoder block that a tensor belongs to: model.layers.12.mlp.up_proj.weight is of block 12; -1 outside of all."""
    words = name.split(".")
    return int(words[2]) if words[1] == "layers" else -1
