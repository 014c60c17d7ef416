#!/usr/bin/env python3
"""Write a model FACTOR times as deep: the blocks of a Hugging Face directory, repeated. For measuring peak memory,
which must not grow with depth.

    python deepen.py MODEL OUTPUT [--factor 4]
"""
import argparse
import json
import pathlib
import re
import shutil

from safetensors import safe_open
from safetensors.torch import save_file


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--factor", type=int, default=4)
    args = parser.parse_args()
    args.output.mkdir(parents=True)
    config = json.loads((args.model / "config.json").read_text())
    blocks = config["num_hidden_layers"]
    config["num_hidden_layers"] = blocks * args.factor
    (args.output / "config.json").write_text(json.dumps(config, indent=2))
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(args.model / name, args.output / name)
    tensors = {}
    with safe_open(args.model / "model.safetensors", "pt") as file:
        for name in file.keys():
            tensor = file.get_tensor(name)
            place = re.match(r"model\.layers\.(\d+)\.(.*)", name)
            if not place:
                tensors[name] = tensor
                continue
            for copy in range(args.factor):
                tensors[f"model.layers.{int(place[1]) + copy * blocks}.{place[2]}"] = tensor.clone()
    save_file(tensors, args.output / "model.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    main()
