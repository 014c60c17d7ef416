"""Tensors of other formats: unpacked here, bit by bit, by the formats' own descriptions, they are the layers' weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import adadim
import layers

OUT, INPUTS = 24, 128


def quantized(**settings: Any) -> adadim.QuantizedLayer[Any]:
    gram = adadim.Gram(INPUTS)
    gram.accumulate(layers.activations(200, INPUTS))
    return adadim.quantize(layers.weight(OUT, INPUTS), gram, **{"effort": "fast", "dimension": "per-oc", **settings})


def stream(words: npt.NDArray[Any], bits: int, count: int) -> npt.NDArray[np.int64]:
    """Codes of a row of words, one bit after another."""
    result = np.zeros((words.shape[0], count), np.int64)
    unsigned = words.astype(np.int64) & 0xFFFFFFFF
    for index in range(count):
        for bit in range(bits):
            place = index * bits + bit
            result[:, index] |= ((unsigned[:, place // 32] >> (place % 32)) & 1) << bit
    return result


def spread(values: npt.NDArray[Any], shape: tuple[int, int]) -> npt.NDArray[Any]:
    """One value of a group for each of its weights."""
    rows = np.repeat(values, shape[0] // values.shape[0], 0)
    return np.repeat(rows, shape[1] // rows.shape[1], 1)


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
@pytest.mark.parametrize("group_size", [32, None])
@pytest.mark.parametrize("symmetric", [False, True])
def test_compressed_tensors_per_oc(bits: int, group_size: int | None, symmetric: bool) -> None:
    layer = quantized(bits=bits, group_size=group_size, symmetric=symmetric)
    exported = adadim.export.compressed_tensors({"a.b": layer})
    weights = exported.config["config_groups"]["group_0"]["weights"]
    assert weights["strategy"] == ("channel" if group_size is None else "group")
    assert weights.get("group_size") == group_size
    assert weights["symmetric"] == symmetric
    assert exported.config.get("dequantize", False) == (not symmetric)
    tensors = exported.tensors
    assert tensors["a.b.weight_shape"].tolist() == [OUT, INPUTS]
    assert tensors["a.b.weight_packed"].dtype == np.int32
    codes = stream(tensors["a.b.weight_packed"], bits, INPUTS)
    scales = tensors["a.b.weight_scale"]
    if symmetric:
        assert "a.b.weight_zero_point" not in tensors
        zeros = np.full(scales.shape, 1 << (bits - 1))
    else:
        packed = tensors["a.b.weight_zero_point"]
        assert packed.shape == (-(-OUT * bits // 32), scales.shape[1])
        zeros = stream(packed.T, bits, OUT).T
    assert np.array_equal(spread(scales, layer.shape) * (codes - spread(zeros, layer.shape)), layer.dequantize("float32"))


def test_compressed_tensors_with_a_per_ic_layer_has_blocks() -> None:
    both = {"a": quantized(bits=3, group_size=8, dimension="per-ic"), "b": quantized(bits=4, group_size=32, symmetric=True)}
    exported = adadim.export.compressed_tensors(both, ignore=())
    groups = exported.config["config_groups"]
    assert [group["targets"] for group in groups.values()] == [["a"], ["b"]]
    assert [group["weights"]["block_structure"] for group in groups.values()] == [[8, 1], [1, 32]]
    assert all(group["weights"]["strategy"] == "block" and not group["weights"]["symmetric"] for group in groups.values())
    assert "dequantize" not in exported.config
    for name, layer in both.items():
        codes = stream(exported.tensors[f"{name}.weight_packed"], layer.bits, INPUTS)
        zeros = exported.tensors[f"{name}.weight_zero_point"].astype(int) + (1 << (layer.bits - 1))
        scales = exported.tensors[f"{name}.weight_scale"]
        values = spread(scales, layer.shape) * (codes - spread(zeros, layer.shape))
        assert np.array_equal(values, layer.dequantize("float32"))


def test_two_asymmetric_schemes_do_not_ask_for_dequantizing() -> None:
    both = {"a": quantized(bits=3, group_size=32), "b": quantized(bits=4, group_size=32)}
    exported = adadim.export.compressed_tensors(both)
    assert "dequantize" not in exported.config
    assert exported.config["ignore"] == ["lm_head"]


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
@pytest.mark.parametrize("group_size", [32, 64, 128])
def test_mlx(bits: int, group_size: int) -> None:
    layer = quantized(bits=bits, group_size=group_size)
    exported = adadim.export.mlx({"a": layer})
    assert exported.config == {"group_size": group_size, "bits": bits, "mode": "affine"}
    assert exported.tensors["a.weight"].dtype == np.uint32
    codes = stream(exported.tensors["a.weight"], bits, INPUTS)
    scales, biases = (spread(exported.tensors[f"a.{part}"].astype(np.float64), layer.shape) for part in ("scales", "biases"))
    assert np.array_equal(scales * codes + biases, layer.dequantize("float32"))


def test_mlx_names_layers_that_differ() -> None:
    names = {"a": 4, "b": 3, "c": 4}
    exported = adadim.export.mlx({name: quantized(bits=bits, group_size=64) for name, bits in names.items()})
    assert exported.config == {"group_size": 64, "bits": 4, "mode": "affine", "b": {"group_size": 64, "bits": 3}}


def value_of_block(block: npt.NDArray[Any], kind: str) -> list[float]:
    """The 32 weights of a block, as ggml describes it."""
    data = block.tobytes()
    d = float(np.frombuffer(data, "<f2", 1)[0])
    if kind == "Q8_0":
        return [d * code for code in np.frombuffer(data, np.int8, 32, 2).tolist()]
    m = float(np.frombuffer(data, "<f2", 1, 2)[0]) if kind == "Q4_1" else -8 * d
    quants = data[4:] if kind == "Q4_1" else data[2:]
    return [d * (byte & 15) + m for byte in quants] + [d * (byte >> 4) + m for byte in quants]


@pytest.mark.parametrize(
    "bits, symmetric, kind, size", [(4, True, "Q4_0", 18), (4, False, "Q4_1", 20), (8, True, "Q8_0", 34)]
)
@pytest.mark.parametrize("group_size", [32, 64])
def test_gguf(bits: int, symmetric: bool, kind: str, size: int, group_size: int) -> None:
    layer = quantized(bits=bits, symmetric=symmetric, group_size=group_size)
    exported = adadim.export.gguf({"blk.0.ffn_down.weight": layer})
    assert exported.config == {"blk.0.ffn_down.weight": kind}
    rows = exported.tensors["blk.0.ffn_down.weight"]
    assert rows.dtype == np.uint8 and rows.shape == (OUT, INPUTS // 32 * size)
    values = [value_of_block(block, kind) for block in rows.reshape(-1, size)]
    assert np.array_equal(np.array(values).reshape(OUT, INPUTS), layer.dequantize("float32"))
    if kind == "Q4_1":
        heads = rows.reshape(-1, size)[:, :2].copy().view("<f2")
        assert (heads < 0).any() and (heads > 0).any()


@pytest.mark.parametrize(
    "write, settings, text",
    [
        ("mlx", {"dimension": "per-ic", "group_size": 8}, "layer a: MLX cannot hold it: it has groups that run per-ic"),
        ("mlx", {"group_size": 16}, "it has groups of 16 weights, expected 32, 64 or 128"),
        ("gguf", {"dimension": "per-ic", "group_size": 8}, "layer a: GGUF cannot hold it: it has groups that run per-ic"),
        ("gguf", {"group_size": 16}, "it has groups of 16 weights, expected a multiple of 32"),
        ("gguf", {"bits": 3, "group_size": 32}, "it has 3 bits on an asymmetric grid, expected 4 bits, or 8 bits on a symm"),
        ("gguf", {"bits": 4, "group_size": 32, "scale_type": "float32"}, "a scale or an offset that float16 cannot hold"),
        ("mlx", {"group_size": 100}, "it has a last group of 28 weights, expected whole groups of 100"),
        ("compressed_tensors", {"group_size": 100}, "layer a: compressed-tensors cannot hold it: it has a last group of 28"),
    ],
)
def test_refusals(write: str, settings: dict[str, Any], text: str) -> None:
    with pytest.raises(adadim.InvalidArgument, match=text):
        getattr(adadim.export, write)({"a": quantized(**settings)})
