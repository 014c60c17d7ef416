"""Quantized layers as tensors of other programs' files: compressed-tensors, MLX, GGUF.

    exported = adadim.export.compressed_tensors({"model.layers.0.mlp.down_proj": layer, …})
    safetensors.numpy.save_file(exported.tensors, "model.safetensors")
    config["quantization_config"] = exported.config

Codes, scales and zero points are those of the layers: nothing is rounded again. A layer that a format cannot hold raises
InvalidArgument, which names it. `adadim convert` does the same for whole model directories, with everything else that belongs
to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from .errors import InvalidArgument

__all__ = ["Exported", "compressed_tensors", "gguf", "mlx"]

UInt8s = npt.NDArray[np.uint8]
UInt32s = npt.NDArray[np.uint32]
Floats = npt.NDArray[np.float32]


class Layer(Protocol):
    """What is read of a layer: a QuantizedLayer has all of it."""

    @property
    def shape(self) -> tuple[int, int]: ...
    @property
    def bits(self) -> int: ...
    @property
    def group_size(self) -> int: ...
    @property
    def dimension(self) -> Any: ...
    @property
    def codes(self) -> UInt8s: ...
    @property
    def scales(self) -> Floats: ...
    @property
    def zero_points(self) -> UInt8s: ...


@dataclass(frozen=True)
class Exported:
    """Tensors by their names in a file, and what a configuration has to say of them.

    `config` is the value of `quantization_config` (compressed-tensors) or of `quantization` (MLX) in config.json. For GGUF it is
    the type of each tensor, by its name.
    """

    tensors: dict[str, npt.NDArray[Any]] = field(repr=False)
    config: dict[str, Any]


def compressed_tensors(layers: Mapping[str, Layer], ignore: tuple[str, ...] = ("lm_head",)) -> Exported:
    """compressed-tensors, format pack-quantized, for transformers and, with 4 bits, vLLM.

    Layers that all run per-oc are written with the strategies `group` and `channel`, zero points packed along the outputs, or
    left out where all layers are symmetric. One per-ic layer makes it `block` for all of them, which only transformers opens.
    Of layers with zero points, transformers opens one scheme in a model alone, that is one pair of bits and group size.

    layers: by the full names of their modules. ignore: modules that stay as they are, by name.
    Scales are float32 arrays of numbers of the layer's scale type: stored in that type, they stay the same.
    """
    blocks = any(layer.dimension == "per-ic" for layer in layers.values())
    symmetric = all(_is_symmetric(layer) for layer in layers.values())
    tensors: dict[str, npt.NDArray[Any]] = {}
    groups: dict[tuple[Any, ...], tuple[dict[str, Any], list[str]]] = {}
    for name, layer in layers.items():
        _refuse_short_group(name, layer, "compressed-tensors")
        weights: dict[str, Any] = {"num_bits": layer.bits, "type": "int", "symmetric": symmetric and not blocks, "dynamic": False}
        tensors[f"{name}.weight_packed"] = _packed(layer.codes, layer.bits).view(np.int32)
        tensors[f"{name}.weight_scale"] = layer.scales
        tensors[f"{name}.weight_shape"] = np.array(layer.shape, np.int64)
        if blocks:
            size = layer.group_size
            weights |= {"strategy": "block", "block_structure": [1, size] if layer.dimension == "per-oc" else [size, 1]}
            half = 1 << (layer.bits - 1)
            tensors[f"{name}.weight_zero_point"] = (layer.zero_points.astype(np.int16) - half).astype(np.int8)
        else:
            if layer.group_size == layer.shape[1]:
                weights |= {"strategy": "channel"}
            else:
                weights |= {"strategy": "group", "group_size": layer.group_size}
            if not symmetric:
                packed = _packed(layer.zero_points.T, layer.bits)
                tensors[f"{name}.weight_zero_point"] = np.ascontiguousarray(packed.T).view(np.int32)
        _, targets = groups.setdefault(tuple(map(str, weights.values())), (weights, []))
        targets.append(name)
    config: dict[str, Any] = {
        "quant_method": "compressed-tensors",
        "format": "pack-quantized",
        "quantization_status": "compressed",
        "ignore": list(ignore),
        "config_groups": {
            f"group_{index}": {
                "targets": targets,
                "weights": weights,
                "input_activations": None,
                "output_activations": None,
                "format": "pack-quantized",
            }
            for index, (weights, targets) in enumerate(groups.values())
        },
    }
    # Without it, transformers does not unpack zero points that are packed; with several schemes it fails.
    if not blocks and not symmetric and len(groups) == 1:
        config["dequantize"] = True
    return Exported(tensors, config)


def mlx(layers: Mapping[str, Layer]) -> Exported:
    """MLX's affine mode: weight = scale·code + bias, bias = −zero·scale. Per-oc layers with groups of 32, 64 or 128.

    layers: by the full names of their modules. Scales and biases are float32: a bias is exact there.
    """
    tensors: dict[str, npt.NDArray[Any]] = {}
    schemes: dict[str, dict[str, int]] = {}
    for name, layer in layers.items():
        _refuse_short_group(name, layer, "MLX")
        _refuse_unless(layer.dimension == "per-oc", name, "MLX", f"groups that run {layer.dimension}, expected per-oc")
        _refuse_unless(
            layer.group_size in (32, 64, 128), name, "MLX", f"groups of {layer.group_size} weights, expected 32, 64 or 128"
        )
        _refuse_unless(
            layer.shape[1] * layer.bits % 32 == 0,
            name,
            "MLX",
            f"rows of {layer.shape[1]} codes of {layer.bits} bits, expected whole words of 32 bits",
        )
        tensors[f"{name}.weight"] = _packed(layer.codes, layer.bits)
        tensors[f"{name}.scales"] = layer.scales
        # A product of a number of 24 bits or fewer and a small whole number is rounded once at most; of 16-bit scales never.
        tensors[f"{name}.biases"] = (-layer.zero_points.astype(np.float64) * layer.scales).astype(np.float32)
        schemes[name] = {"group_size": layer.group_size, "bits": layer.bits}
    found = list(schemes.values())
    common = max(found, key=found.count, default={"group_size": 64, "bits": 4})
    return Exported(
        tensors, {**common, "mode": "affine", **{name: scheme for name, scheme in schemes.items() if scheme != common}}
    )


def gguf(layers: Mapping[str, Layer]) -> Exported:
    """GGUF's blocks of 32 weights: symmetric 4 bits as Q4_0, asymmetric 4 bits as Q4_1, symmetric 8 bits as Q8_0.

    layers: per-oc, groups of a multiple of 32, by the names that their tensors shall have (`blk.0.ffn_down.weight`). Tensors
    are uint8 [out, bytes of a row], as `gguf.GGUFWriter.add_tensor` takes them, with `raw_dtype` by `config`.
    Rows of q and k of Llama's family must be in llama.cpp's order before a layer is quantized.

    Raises InvalidArgument for scales that float16 cannot hold.
    """
    tensors: dict[str, npt.NDArray[Any]] = {}
    types: dict[str, Any] = {}
    for name, layer in layers.items():
        _refuse_short_group(name, layer, "GGUF")
        _refuse_unless(layer.dimension == "per-oc", name, "GGUF", f"groups that run {layer.dimension}, expected per-oc")
        _refuse_unless(
            layer.group_size % 32 == 0, name, "GGUF", f"groups of {layer.group_size} weights, expected a multiple of 32"
        )
        symmetric = _is_symmetric(layer)
        kinds = {(4, True): "Q4_0", (4, False): "Q4_1", (8, True): "Q8_0"}
        kind = kinds.get((layer.bits, symmetric))
        grid = "a symmetric" if symmetric else "an asymmetric"
        _refuse_unless(
            kind is not None, name, "GGUF", f"{layer.bits} bits on {grid} grid, expected 4 bits, or 8 bits on a symmetric grid"
        )
        tensors[name] = _blocks(name, layer, kind or "")
        types[name] = kind
    return Exported(tensors, types)


def _blocks(name: str, layer: Layer, kind: str) -> UInt8s:
    """Rows of blocks of 32: d, for Q4_1 m, then the codes; byte j of a 4-bit block has the codes j and j + 16."""
    out, inputs = layer.shape
    repeats = layer.group_size // 32
    codes: npt.NDArray[Any] = layer.codes.reshape(out, inputs // 32, 32)
    scales = np.repeat(layer.scales, repeats, axis=1).astype(np.float64)
    zeros = np.repeat(layer.zero_points, repeats, axis=1).astype(np.int64)
    heads = [scales]
    if kind == "Q8_0":
        body = (codes.astype(np.int16) - 128).astype(np.int8).view(np.uint8)
    else:
        if kind == "Q4_1":
            # Of d and −d, the sign with the smaller offset: 7 or less times a scale fits float16 wherever the scale does.
            flipped = zeros > 7
            codes = np.where(flipped[:, :, None], 15 - codes, codes).astype(np.uint8)
            heads = [np.where(flipped, -scales, scales), np.where(flipped, 15 - zeros, -zeros) * scales]
        body = codes[:, :, :16] | (codes[:, :, 16:] << 4)
    stored = []
    for head in heads:
        with np.errstate(over="ignore"):
            half = head.astype("<f2")
        _refuse_unless(
            bool(np.array_equal(half.astype(np.float64), head)), name, "GGUF", "a scale or an offset that float16 cannot hold"
        )
        stored.append(half[:, :, None].view(np.uint8))
    return np.ascontiguousarray(np.concatenate([*stored, body], axis=2).reshape(out, -1))


def _packed(codes: npt.NDArray[Any], bits: int) -> UInt32s:
    """Codes [rows, n] as uint32 [rows, ⌈n·bits/32⌉]: a dense stream of bits a row, the lowest bit first."""
    rows, count = codes.shape
    stream = np.unpackbits(np.ascontiguousarray(codes, np.uint8)[:, :, None], axis=2, count=bits, bitorder="little")
    padding = -count * bits % 32
    padded = np.pad(stream.reshape(rows, count * bits), ((0, 0), (0, padding)))
    words: UInt32s = np.packbits(padded, axis=1, bitorder="little").view("<u4").astype(np.uint32)
    return words


def _is_symmetric(layer: Layer) -> bool:
    return bool((layer.zero_points == 1 << (layer.bits - 1)).all())


def _refuse_short_group(name: str, layer: Layer, format_name: str) -> None:
    length = layer.shape[1 if layer.dimension == "per-oc" else 0]
    _refuse_unless(
        length % layer.group_size == 0,
        name,
        format_name,
        f"a last group of {length % layer.group_size} weights, expected whole groups of {layer.group_size}",
    )


def _refuse_unless(holds: bool, name: str, format_name: str, reason: str) -> None:
    if not holds:
        raise InvalidArgument(f"layer {name}: {format_name} cannot hold it: it has {reason}")
