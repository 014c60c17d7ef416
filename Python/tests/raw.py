"""The C interface by bare ctypes, declared apart from the package: what a C program would get."""

from __future__ import annotations

import ctypes
import struct
from ctypes import c_int64, c_void_p
from typing import Any

import numpy as np
import numpy.typing as npt

from adadim import _library

C = ctypes.CDLL(_library.library._name)
FLOAT32 = 0


def _ok(status: int) -> None:
    assert status == 0


def quantize(w: npt.NDArray[np.float32], x: npt.NDArray[np.float32], options: bytes) -> dict[str, Any]:
    """w [out, inputs] and x [tokens, inputs]: C-contiguous. options: an adadim_options."""
    (out, inputs), tokens = w.shape, x.shape[0]
    gram, quantizer, layer, count = c_void_p(), c_void_p(), c_void_p(), c_int64()
    _ok(C.adadim_gram_create(c_int64(inputs), ctypes.byref(gram)))
    _ok(C.adadim_gram_accumulate(gram, c_void_p(x.ctypes.data), FLOAT32, c_int64(tokens)))
    _ok(C.adadim_quantizer_create(gram, options, None, None, ctypes.byref(quantizer)))
    _ok(
        C.adadim_quantizer_quantize(
            quantizer, c_void_p(w.ctypes.data), FLOAT32, c_int64(out), None, None, ctypes.byref(layer)
        )
    )
    results: dict[str, Any] = {}
    for name, dtype in {"codes": np.uint8, "scales": np.float32, "zero_points": np.uint8, "packed_codes": np.uint32}.items():
        function = getattr(C, f"adadim_layer_{name}")
        _ok(function(layer, None, c_int64(0), ctypes.byref(count)))
        buffer = np.empty(count.value, dtype)
        _ok(function(layer, c_void_p(buffer.ctypes.data), count, None))
        results[name] = buffer
    info = ctypes.create_string_buffer(struct.pack("q", 176), 176)
    _ok(C.adadim_layer_get_info(layer, info))
    # int64: size, out, in, bits, group_size, scale_rows, scale_columns, words_per_row, super_columns, inactive_inputs; double:
    # loss, relative_loss, output_energy, damping, six losses; int32: dimension, method, grid_type, reserved.
    results["info"] = struct.unpack("10q10d3i4x", info.raw)
    for destroy, handle in ((C.adadim_layer_destroy, layer), (C.adadim_quantizer_destroy, quantizer), (C.adadim_gram_destroy, gram)):
        destroy.restype = None
        destroy(handle)
    return results


def options(
    bits: int = 4, group_size: int = 128, damping: float = 0.01, method: int = 0, dimension: int = 0,
    selection: int = 0, symmetric: int = 0, activation_order: int = 0, scale_type: int = 1,
    ranges: int = 0, refine: int = 0, grid_type: int = 0, passes: int = 0,
) -> bytes:  # fmt: skip
    """adadim_options, field after field."""
    return struct.pack(
        "3qd9i4xq", 80, bits, group_size, damping, method, dimension, selection, symmetric, activation_order, scale_type,
        ranges, refine, grid_type, passes,
    )
