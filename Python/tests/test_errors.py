"""Every kind of refusal, with the library's words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import adadim
from adadim import _header, _library
import layers


@pytest.fixture
def gram() -> adadim.Gram:
    gram = adadim.Gram(20)
    gram.accumulate(layers.activations(100, 20))
    return gram


@pytest.mark.parametrize(
    "options, text",
    [
        ({"bits": 5}, "bits is 5, expected 2, 3, 4 or 8"),
        ({"bits": -(2**63)}, "bits is -9223372036854775808"),
        # ctypes would make 4 of it.
        ({"bits": 2**64 + 4}, "bits is 18446744073709551620, expected less than 2\\^63"),
        ({"group_size": 0}, "group_size is 0, expected 1 or more, or None"),
        ({"group_size": -3}, "group_size is -3"),
        ({"group_size": 2**63}, "group_size is 9223372036854775808"),
        ({"damping": -0.5}, "damping is -0.5"),
        ({"damping": 1.5}, "damping is 1.5"),
        ({"damping": float("nan")}, "damping is nan"),
        ({"damping": float("inf")}, "damping is inf"),
        ({"dimension": "row"}, "dimension is 'row', expected one of \"adaptive\", \"per-oc\", \"per-ic\""),
        ({"method": "awq"}, "method is 'awq', expected one of \"gptq\", \"rtn\""),
        ({"selection": "best"}, "selection is 'best', expected one of \"rtn\", \"sweep\""),
        ({"scale_type": "float64"}, "scale_type is 'float64', expected one of \"float32\", \"bfloat16\", \"float16\""),
    ],
)
def test_options_out_of_range(gram: adadim.Gram, options: dict[str, Any], text: str) -> None:
    for make in (lambda: adadim.quantize(layers.weight(4, 20), gram, **options), lambda: adadim.Quantizer(gram, **options)):
        with pytest.raises(adadim.InvalidArgument, match=text) as caught:
            make()
        assert isinstance(caught.value, ValueError) and isinstance(caught.value, adadim.AdaDimError)


@pytest.mark.parametrize("options", [{"bits": 4.0}, {"bits": "4"}, {"group_size": 1.5}, {"damping": "much"}])
def test_options_of_other_types(gram: adadim.Gram, options: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        adadim.quantize(layers.weight(4, 20), gram, **options)
    with pytest.raises(TypeError, match="gram is a ndarray, expected a Gram"):
        adadim.quantize(layers.weight(4, 20), np.eye(20))  # type: ignore[call-overload]


@pytest.mark.parametrize("inputs", [0, -1, 2**28, 2**63, 2**64 + 1])
def test_orders_out_of_range(inputs: int) -> None:
    with pytest.raises(adadim.InvalidArgument, match=f"inputs is {inputs}, expected"):
        adadim.Gram(inputs)


def test_a_gram_matrix_out_of_range() -> None:
    matrix = np.eye(3, dtype=np.float32)
    with pytest.raises(adadim.InvalidArgument, match="-1 tokens, expected 0 or more"):
        adadim.Gram.from_matrix(matrix, -1)
    matrix[1, 1] = -2
    with pytest.raises(adadim.InvalidArgument, match="-2.0 at input 1 of its diagonal"):
        adadim.Gram.from_matrix(matrix, 1)
    matrix[1, 1], matrix[0, 2] = 1, np.inf
    with pytest.raises(adadim.NotFinite, match="the Gram matrix holds NaN or infinity"):
        adadim.Gram.from_matrix(matrix, 1)
    with pytest.raises(adadim.WrongSize, match=r"matrix has shape \[3, 2\], expected as many rows as columns"):
        adadim.Gram.from_matrix(matrix[:, :2], 1)
    with pytest.raises(TypeError, match="matrix has numbers of type float16, expected float32"):
        adadim.Gram.from_matrix(np.eye(3, dtype=np.float16), 1)


def test_sizes_that_do_not_fit(gram: adadim.Gram) -> None:
    with pytest.raises(adadim.WrongSize, match=r"inputs has shape \[5, 19\], expected \[..., 20\]"):
        gram.accumulate(np.zeros((5, 19), np.float32))
    with pytest.raises(adadim.WrongSize, match=r"inputs has shape \[\]"):
        gram.accumulate(np.array(1, np.float32))
    for shape in ((4, 19), (20,), (1, 4, 20)):
        with pytest.raises(adadim.WrongSize, match=r"weight has shape .*, expected \[out, 20\]"):
            adadim.quantize(np.zeros(shape, np.float32), gram)
    with pytest.raises(adadim.WrongSize, match="a Gram matrix of 3 inputs cannot be added to one of 20"):
        gram.merge(adadim.Gram(3))
    with pytest.raises(adadim.InvalidArgument, match="out is 0, expected 1 or more"):
        adadim.quantize(np.zeros((0, 20), np.float32), gram)
    with pytest.raises(TypeError, match="a ndarray cannot be merged"):
        gram.merge(np.eye(20))  # type: ignore[arg-type]
    assert gram.tokens == 100


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite(gram: adadim.Gram, value: float) -> None:
    w, x, before = layers.weight(4, 20), layers.activations(6, 20), gram.matrix()
    w[2, 11] = x[3, 7] = value
    with pytest.raises(adadim.NotFinite, match=r"the weight holds NaN or infinity at \[2, 11\]"):
        adadim.quantize(w, gram)
    with pytest.raises(adadim.NotFinite, match="NaN or infinity at input 7, token 103"):
        gram.accumulate(x)
    assert gram.tokens == 100 and np.array_equal(gram.matrix(), before)


def test_a_matrix_without_a_factor() -> None:
    gram = adadim.Gram.from_matrix(np.array([[1, 3], [3, 1]], np.float32), 1)
    with pytest.raises(adadim.NotPositiveDefinite, match="not positive definite: Cholesky failed at input"):
        adadim.quantize(layers.weight(4, 2), gram)


def test_inputs_that_are_never_active() -> None:
    with pytest.raises(adadim.AllInputsInactive, match="all 5 inputs are inactive: the Gram matrix of 0 tokens"):
        adadim.Quantizer(adadim.Gram(5))
    silent = adadim.Gram(5)
    silent.accumulate(np.zeros((3, 5), np.float32))
    layer = adadim.quantize(layers.weight(4, 5), silent)
    assert layer.inactive_inputs == 5 and layer.loss == 0 and layer.relative_loss == 0 and layer.dimension == "per-oc"
    with pytest.raises(adadim.AllInputsInactive, match="all 5 inputs are inactive: the Gram matrix of 3 tokens is zero"):
        silent.check_active()
    silent.accumulate(np.ones((1, 5), np.float32))
    silent.check_active()


def test_results_beyond_their_type(gram: adadim.Gram) -> None:
    w = layers.weight(4, 20)
    with pytest.raises(adadim.OutOfRange, match="scale .* is too large for float16") as caught:
        adadim.quantize(w * 1e7, gram, scale_type="float16")
    assert isinstance(caught.value, OverflowError)
    layer = adadim.quantize(w * 1e5, gram)
    with pytest.raises(adadim.OutOfRange, match="a weight of the layer is too large for float16"):
        layer.dequantize("float16")
    assert np.isfinite(layer.dequantize()).all()


def test_more_memory_than_there_is() -> None:
    with pytest.raises(adadim.OutOfMemory, match=r"needs .* GB of memory and this process may use") as caught:
        adadim.Gram(2**27)
    assert isinstance(caught.value, MemoryError)


def test_a_thread_count_out_of_range() -> None:
    before = adadim.thread_count()
    for count in (0, -1, 2**64 + 1):
        with pytest.raises(adadim.InvalidArgument, match=f"count is {count}"):
            adadim.set_thread_count(count)
    assert adadim.thread_count() == before


def test_dtypes_of_other_kinds(gram: adadim.Gram) -> None:
    layer = adadim.quantize(layers.weight(4, 20), gram)
    for dtype in ("float64", np.int8):
        with pytest.raises(TypeError, match="expected float32, bfloat16 or float16"):
            layer.dequantize(dtype)
    with pytest.raises(TypeError):
        layer.dequantize("number")


def test_a_closed_layer(gram: adadim.Gram) -> None:
    with adadim.quantize(layers.weight(4, 20), gram) as layer:
        codes = layer.codes
    assert layer.codes is codes and layer.loss > 0
    for read in (lambda: layer.scales, lambda: layer.dequantize()):
        with pytest.raises(adadim.Closed):
            read()
    quantizer = adadim.Quantizer(gram)
    quantizer.close()
    assert repr(quantizer) == "<Quantizer, 20 inputs, closed>"
    with pytest.raises(adadim.Closed):
        quantizer.quantize(layers.weight(4, 20))


def test_layers_cannot_be_pickled(gram: adadim.Gram) -> None:
    import pickle

    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(adadim.quantize(layers.weight(4, 20), gram))


def test_every_status_has_an_exception() -> None:
    """BUFFER_TOO_SMALL is the package's own mistake, if ever: no kind of its own."""
    names = [_library.library.adadim_status_name(status).decode() for status in range(1, 10)]
    assert set(names) - {"ADADIM_BUFFER_TOO_SMALL"} == set(_header.ERRORS)
    assert _library.library.adadim_status_name(10).decode() == "unknown status"
