#!/usr/bin/env python3
"""The exact values of a packed directory of this tool, in float32, where a dequantized one in 16 bits has rounded a part of them.

    python exact.py PACKED OUTPUT

PACKED is in compressed-tensors (strategy block, group or channel) or for MLX. A scale of 16 bits times a code of 8 bits less
its zero point is exact in float32. Unpacked by Tests/RealModel/verify_export.py, without any loader. OUTPUT is a model
directory that everything opens.
"""
import json
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "RealModel"))
from safetensors.torch import save_file
from verify_export import layers_ct, layers_mlx, read


def main() -> None:
    packed, output = map(pathlib.Path, sys.argv[1:3])
    tensors, metadata, configuration = read(str(packed))
    unpack = layers_ct if "quantization_config" in configuration else layers_mlx
    found = {f"{layer}.weight": weight for layer, weight in unpack(tensors, metadata, configuration)}
    if not found:
        sys.exit(f"{packed}: no packed layer")
    stems = {name.removesuffix(".weight") for name in found}
    # What is left is dense: biases of layers too, but nothing else that is part of a packed one.
    found.update({name: tensor for name, tensor in tensors.items() if name not in found and (
        name.rpartition(".")[0] not in stems or name.endswith(".bias"))})
    output.mkdir(parents=True)
    save_file({name: tensor.float().contiguous() for name, tensor in found.items()}, output / "model.safetensors", {"format": "pt"})
    dropped = ("quantization_config", "quantization", "adadim", "model_file", "dtype")
    kept = {name: value for name, value in configuration.items() if name not in dropped}
    (output / "config.json").write_text(json.dumps(kept | {"torch_dtype": "float32"}, indent=2))
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(packed / name, output)


if __name__ == "__main__":
    main()
