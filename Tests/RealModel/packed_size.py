#!/usr/bin/env python3
"""Compare the size of a packed model's linear layers with that of the dense ones they replace.

    python packed_size.py PACKED DENSE [--below SHARE]
"""
import argparse
import json
import pathlib
import sys

from safetensors import safe_open


def tensor_bytes(directory: pathlib.Path) -> dict[str, int]:
    sizes = {}
    for path in sorted(directory.glob("*.safetensors")):
        with safe_open(path, "pt") as file:
            for name in file.keys():
                tensor = file.get_tensor(name)
                sizes[name] = tensor.numel() * tensor.element_size()
    return sizes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packed", type=pathlib.Path)
    parser.add_argument("dense", type=pathlib.Path)
    parser.add_argument("--below", type=float, default=1.0)
    args = parser.parse_args()
    packed, dense = tensor_bytes(args.packed), tensor_bytes(args.dense)
    layers = [layer["name"] for layer in json.loads((args.packed / "quantization-report.json").read_text())["layers"]]
    small = sum(size for name, size in packed.items() if name.rsplit(".", 1)[0] in layers)
    large = sum(dense[f"{layer}.weight"] for layer in layers)
    print(f"{len(layers)} linear layers: {small} bytes packed, {large} dense: {small / large:.4f}")
    sys.exit(not small / large < args.below)


if __name__ == "__main__":
    main()
