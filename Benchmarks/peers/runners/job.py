"""What the runners share. Each runs in its peer's own environment, started with one argument: a file that says what to do.

A runner writes the original's tensors with the linear layers' weights replaced by the peer's dequantized ones, in float32, so
that no weight is rounded once more. Whether the rest is untouched, and whether a group has as few values as its bits allow, is
checked by whoever started it (peers.levels).
"""
import json
import pathlib
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from safetensors.torch import load_file, save_file

SEQUENCES = "sequences"


@dataclass(frozen=True)
class Job:
    """`options` are the peer's own words for the variant. Seeds of its own, where it has any, stay its defaults: draws are of
    the calibration text."""
    model: pathlib.Path
    calibration: pathlib.Path
    output: pathlib.Path
    bits: int
    group_size: int
    threads: int
    options: dict[str, Any]

    @classmethod
    def from_command_line(cls) -> "Job":
        content: dict[str, Any] = json.loads(pathlib.Path(sys.argv[1]).read_text())
        return cls(**content | {name: pathlib.Path(content[name]) for name in ("model", "calibration", "output")})

    def sequences(self) -> torch.Tensor:
        """Token ids, [sequences, length]."""
        return load_file(self.calibration)[SEQUENCES].to(torch.int64)

    @contextmanager
    def uncounted(self) -> Iterator[None]:
        """What is done in here is not the peer's work: reading its packed weights back, writing them for the judge."""
        wall, cpu = time.monotonic(), time.process_time()
        yield
        spent = {"wallSeconds": time.monotonic() - wall, "cpuSeconds": time.process_time() - cpu}
        self.output.with_suffix(".uncounted").write_text(json.dumps(spent))

    def write(self, found: Mapping[str, torch.Tensor], groups: Mapping[str, torch.Tensor] | None = None) -> None:
        """The model's directory. `found` has the peer's tensors by their names in the original, those that it did not touch
        may be left out; `groups` the group of every input, [in], for weights whose groups are not runs of neighbours."""
        tensors = load_file(self.model / "model.safetensors")
        if strange := found.keys() - tensors.keys():
            raise ValueError(f"the peer has {', '.join(sorted(strange))}, which the model has not")
        tensors |= {name: tensor.detach() for name, tensor in found.items()}
        self.output.mkdir()
        for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
            shutil.copyfile(self.model / name, self.output / name)
        save_file({name: tensor.to(torch.float32).contiguous() for name, tensor in tensors.items()},
                  self.output / "model.safetensors", {"format": "pt"})
        if groups:
            save_file({name: group.to(torch.int32).contiguous() for name, group in groups.items()},
                      self.output.with_suffix(".groups"))
