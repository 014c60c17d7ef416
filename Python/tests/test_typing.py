"""What mypy is to see. It checks this file, too; here it only runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

import adadim
import layers

if TYPE_CHECKING:
    from typing import assert_type


def test_results_are_of_the_weights_kind() -> None:
    gram = adadim.Gram(8)
    gram.accumulate(layers.activations(30, 8))
    layer = adadim.quantize(layers.weight(4, 8), gram)
    shared = adadim.Quantizer(gram).quantize(layers.weight(4, 8))
    weight = layer.dequantize()
    if TYPE_CHECKING:
        assert_type(layer, adadim.QuantizedLayer[npt.NDArray[Any]])
        assert_type(shared, adadim.QuantizedLayer[npt.NDArray[Any]])
        assert_type(weight, npt.NDArray[Any])
        assert_type(layer.codes, npt.NDArray[np.uint8])
        assert_type(gram.matrix(), npt.NDArray[np.float32])
        assert_type(layer.loss, float)
        # A misspelt option is an error: should mypy stop seeing it, the comment would be one.
        adadim.quantize(layers.weight(4, 8), gram, dimension="per-row")  # type: ignore[call-overload]
    assert isinstance(weight, np.ndarray)
