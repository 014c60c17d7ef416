"""Layers as a quantization report names them."""
from typing import Any

ROLES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


def role(name: str) -> str:
    """What kind of layer: model.layers.12.mlp.up_proj is an up_proj."""
    return name.rpartition(".")[2]


def depth(layer: dict[str, Any]) -> int:
    """Which decoder block a layer is in: model.layers.12.mlp.up_proj is in block 12."""
    return int(layer["name"].split(".layers.")[1].split(".")[0])


def short(role: str) -> str:
    return role.removesuffix("_proj")
