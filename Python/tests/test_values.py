"""Numbers: against NumPy, the textbook, the C interface and the Swift API."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import adadim
import layers
import raw


def gram_of(x: Any) -> adadim.Gram:
    gram = adadim.Gram(x.shape[-1])
    gram.accumulate(x)
    return gram


@pytest.mark.parametrize("index", range(12))
@pytest.mark.parametrize("method", ["rtn", "gptq"])
def test_codes_equal_the_textbooks(index: int, method: Any) -> None:
    """The textbook computes in float64; no number of these layers stands so near a tie that float32 would differ."""
    case = layers.textbook_cases()[index]
    w = np.array(case["weight"], np.float32).reshape(case["out"], case["in"])
    x = np.ascontiguousarray(np.array(case["activations"], np.float32).reshape(case["in"], case["tokens"]).T)
    layer = adadim.quantize(
        w,
        gram_of(x),
        effort="fast",
        bits=case["bits"],
        group_size=case["groupSize"],
        dimension=case["dimension"],
        method=method,
        symmetric=case["symmetric"],
        damping=case["damping"],
        activation_order=case["activationOrder"],
    )
    expected = case["results"][method]
    assert layer.dimension == case["dimension"]
    assert layer.codes.ravel().tolist() == expected["codes"]
    assert layer.scales.ravel().tolist() == expected["scales"]
    assert layer.zero_points.ravel().tolist() == expected["zeroPoints"]
    # These activations are no whole numbers: their Gram matrix, too, carries tokens·eps of the squares that it sums up.
    energy = np.sum((np.abs(w.astype(float) - layer.dequantize()) @ np.abs(x.T.astype(float))) ** 2)
    bound = layers.loss_bound(w, layer.dequantize(), x, case["damping"]) + x.shape[0] * np.finfo(np.float32).eps * energy
    assert abs(layer.loss - expected["loss"]) <= bound < 1e-2 * expected["loss"]


@pytest.mark.parametrize("index", range(6))
def test_codes_equal_the_swift_apis(index: int) -> None:
    case = layers.swift_cases()[index]
    options: dict[str, Any] = case.options
    layer = adadim.quantize(case.weight, gram_of(case.activations), **{"effort": "fast", **options})
    assert layer.dimension == case.dimension
    assert np.array_equal(layer.codes, case.codes)
    assert np.array_equal(layer.scales.ravel(), case.scales)
    assert np.array_equal(layer.zero_points.ravel(), case.zero_points)


def test_swift_cases_are_six() -> None:
    assert len(layers.swift_cases()) == 6
    assert len(layers.textbook_cases()) == 12


@pytest.mark.parametrize(
    "python, c",
    [
        ({}, {}),
        ({"effort": "balanced"}, {"ranges": 1, "damping": 0.1, "activation_order": 1, "passes": 4}),
        ({"bits": 3, "group_size": 40, "selection": "sweep"}, {"bits": 3, "group_size": 40, "selection": 1}),
        ({"bits": 2, "group_size": None, "dimension": "per-oc"}, {"bits": 2, "group_size": 0, "dimension": 1}),
        ({"bits": 8, "dimension": "per-ic", "symmetric": True}, {"bits": 8, "dimension": 2, "symmetric": 1}),
        ({"method": "rtn", "scale_type": "float32"}, {"method": 1, "scale_type": 0}),
        ({"bits": 3, "ranges": "search", "passes": 2}, {"bits": 3, "ranges": 1, "passes": 2}),
        ({"passes": 1, "refine": "scales", "dimension": "per-ic"}, {"passes": 1, "refine": 2, "dimension": 2}),
        (
            {"damping": 0.1, "activation_order": True, "scale_type": "float16"},
            {"damping": 0.1, "activation_order": 1, "scale_type": 2},
        ),
    ],
)
def test_everything_equals_the_c_interfaces(python: dict[str, Any], c: dict[str, Any]) -> None:
    w, x = layers.weight(150, 210), layers.activations(400, 210)
    x[:, 7] = 0
    layer = adadim.quantize(w, gram_of(x), **{"effort": "fast", **python})
    expected = raw.quantize(w, x, raw.options(**c))
    for name in ("codes", "scales", "zero_points", "packed_codes"):
        assert np.array_equal(getattr(layer, name).ravel(), expected[name]), name
    losses = layer.losses
    found = (
        176, *layer.shape, layer.bits, layer.group_size, *layer.scales.shape, layer.packed_codes.shape[1], 0,
        layer.inactive_inputs, layer.loss, layer.relative_loss, layer.output_energy, layer.damping,
        *(losses.get(d, {}).get(m, np.nan) for m in ("rtn", "gptq", "refined") for d in ("per-oc", "per-ic")),
        {"per-oc": 1, "per-ic": 2}[layer.dimension], {"gptq": 0, "rtn": 1}[layer.method], 0,
    )  # fmt: skip
    np.testing.assert_array_equal(found, expected["info"])
    assert layer.inactive_inputs == 1


@pytest.mark.parametrize("dimension", ["per-oc", "per-ic"])
@pytest.mark.parametrize("group_size", [1, 16, 50, 64, None, 1000])
@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_dequantize_is_code_minus_zero_times_scale(dimension: Any, group_size: int | None, bits: int) -> None:
    w, x = layers.weight(64, 100), layers.activations(300, 100)
    layer = adadim.quantize(w, gram_of(x), bits=bits, group_size=group_size, dimension=dimension)
    length = 100 if dimension == "per-oc" else 64
    assert layer.group_size == min(group_size or length, length)
    groups = -(-length // layer.group_size)
    assert layer.scales.shape == layer.zero_points.shape == ((64, groups) if dimension == "per-oc" else (groups, 100))
    q = layers.dequantized(layer.codes, layer.scales, layer.zero_points, dimension, layer.group_size)
    # Codes of up to 8 bits times scales of 8 bits: exact in float32.
    assert np.array_equal(layer.dequantize(), q)
    assert np.array_equal(layer.dequantize("float16"), q.astype(np.float16))
    # Of all the grids' numbers none is far from its weight: GPTQ moves weights, by a few steps at most.
    assert layer.codes.max() < 2**bits
    bound = layers.loss_bound(w, q, x, 0.01)
    assert abs(layer.loss - layers.loss(w, q, x)) <= bound
    assert layer.relative_loss == pytest.approx(layer.loss / layers.loss(w, 0 * w, x), rel=1e-5)


@pytest.mark.parametrize("selection", ["rtn", "sweep"])
def test_adaptive_takes_the_smaller_loss(selection: Any) -> None:
    w, x = layers.weight(96, 80), layers.activations(300, 80)
    # One loud input makes its own column a good group.
    x[:, 5] *= 16
    gram = gram_of(x)
    layer = adadim.quantize(w, gram, effort="fast", bits=3, group_size=32, selection=selection)
    method: Any = "rtn" if selection == "rtn" else "gptq"
    losses = {direction: found[method] for direction, found in layer.losses.items()}
    assert set(losses) == {"per-oc", "per-ic"}
    assert layer.dimension == min(losses, key=lambda direction: losses[direction]) == "per-ic"
    assert layer.loss == layer.losses[layer.dimension]["gptq"]
    for direction in losses:
        fixed = adadim.quantize(w, gram, effort="fast", bits=3, group_size=32, dimension=direction, method=method)
        # Swept beside another direction or alone, the sums differ in their order.
        assert losses[direction] == pytest.approx(layers.loss(w, fixed.dequantize(), x), rel=1e-4)


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_packed_codes_are_streams_of_bits(bits: int) -> None:
    layer = adadim.quantize(layers.weight(5, 43), gram_of(layers.activations(100, 43)), bits=bits)
    for codes, words in zip(layer.codes, layer.packed_codes, strict=True):
        stream = sum(int(code) << (bits * place) for place, code in enumerate(codes))
        assert len(words) == -(-43 * bits // 32)
        assert sum(int(word) << (32 * place) for place, word in enumerate(words)) == stream


def test_layers_of_one_quantizer_equal_layers_quantized_alone() -> None:
    gram = gram_of(layers.activations(300, 90))
    quantizer = adadim.Quantizer(gram, bits=3, group_size=32)
    assert quantizer.inputs == 90
    for seed, out in enumerate((30, 64)):
        w = layers.weight(out, 90, seed)
        shared, alone = quantizer.quantize(w), adadim.quantize(w, gram, bits=3, group_size=32)
        assert np.array_equal(shared.codes, alone.codes) and shared.loss == alone.loss


def test_damping_is_told_as_it_was_raised() -> None:
    """One token: H has rank 1 and no factor as it is; some ill-conditioned ones have none with little damping."""
    x = layers.activations(1, 40) + 17
    layer = adadim.quantize(layers.weight(8, 40), gram_of(x), damping=1e-12)
    assert layer.damping > 1e-12
    ratio = np.log10(layer.damping / 1e-12)
    assert ratio == pytest.approx(round(ratio), abs=1e-9)
    assert adadim.quantize(layers.weight(8, 40), gram_of(layers.activations(200, 40)), damping=0.5).damping == 0.5


def test_arrays_of_a_layer_are_read_once_and_kept_from_changes() -> None:
    layer = adadim.quantize(layers.weight(8, 16), gram_of(layers.activations(50, 16)))
    assert layer.codes is layer.codes
    for array in (layer.codes, layer.scales, layer.zero_points, layer.packed_codes):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 1
    own = layer.dequantize()
    own[0, 0] += 1
    assert layer.dequantize()[0, 0] == own[0, 0] - 1


def test_threads_are_the_librarys() -> None:
    before = adadim.thread_count()
    try:
        adadim.set_thread_count(1)
        assert adadim.thread_count() == 1 == thread_count_of_c()
        adadim.set_thread_count(2)
        assert adadim.thread_count() == 2 == thread_count_of_c()
    finally:
        adadim.set_thread_count(before)


def thread_count_of_c() -> int:
    import ctypes

    count = ctypes.c_int64()
    assert raw.C.adadim_thread_count(ctypes.byref(count)) == 0
    return count.value


def test_balanced_is_the_default() -> None:
    rng = np.random.default_rng(3)
    w, x = rng.standard_normal((24, 40), np.float32), rng.standard_normal((200, 40), np.float32)
    settings: list[dict[str, Any]] = [{}, {"effort": "balanced"}, {"effort": "fast"}]
    found, balanced, fast = (
        adadim.quantize(w, gram_of(x), bits=3, group_size=20, **effort) for effort in settings
    )
    assert np.array_equal(found.codes, balanced.codes) and np.array_equal(found.scales, balanced.scales)
    assert not np.array_equal(found.codes, fast.codes)
