"""adadim.h for ctypes: its constants, structs and functions, by their names there."""

from __future__ import annotations

import ctypes
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_double, c_float, c_int, c_int8, c_int32, c_int64
from ctypes import c_uint8, c_uint32, c_void_p
from typing import Any

from . import errors
from ._settings import Options

VERSION = "0.1.0"

OK = 0
ERRORS: dict[str, type[errors.AdaDimError]] = {
    "ADADIM_INVALID_ARGUMENT": errors.InvalidArgument,
    "ADADIM_WRONG_SIZE": errors.WrongSize,
    "ADADIM_NOT_FINITE": errors.NotFinite,
    "ADADIM_NOT_POSITIVE_DEFINITE": errors.NotPositiveDefinite,
    "ADADIM_ALL_INPUTS_INACTIVE": errors.AllInputsInactive,
    "ADADIM_OVERFLOW": errors.OutOfRange,
    "ADADIM_OUT_OF_MEMORY": errors.OutOfMemory,
    "ADADIM_CANCELLED": errors.Cancelled,
}


Progress = CFUNCTYPE(c_int, c_double, c_void_p)


class LayerInfo(Structure):
    """adadim_layer_info."""

    _fields_ = [
        ("size", c_int64),
        ("out", c_int64),
        ("in", c_int64),
        ("bits", c_int64),
        ("group_size", c_int64),
        ("scale_rows", c_int64),
        ("scale_columns", c_int64),
        ("words_per_row", c_int64),
        ("super_columns", c_int64),
        ("inactive_inputs", c_int64),
        ("loss", c_double),
        ("relative_loss", c_double),
        ("output_energy", c_double),
        ("damping", c_double),
        ("rtn_loss_per_oc", c_double),
        ("rtn_loss_per_ic", c_double),
        ("gptq_loss_per_oc", c_double),
        ("gptq_loss_per_ic", c_double),
        ("refined_loss_per_oc", c_double),
        ("refined_loss_per_ic", c_double),
        ("dimension", c_int32),
        ("method", c_int32),
        ("grid_type", c_int32),
        ("reserved", c_int32),
    ]


class Blas(Structure):
    """adadim_blas."""

    _fields_ = [
        ("size", c_int64),
        ("library", c_char_p),
        ("kernels", c_char_p),
        ("better_kernels", c_char_p),
        ("below_processor", c_int32),
        ("foreign", c_int32),
        ("lacks_threads", c_int32),
    ]


_HANDLE = POINTER(c_void_p)
_COUNT = POINTER(c_int64)

# Arguments and result of every function; handles are `void *` here.
FUNCTIONS: dict[str, tuple[list[Any], Any]] = {
    "adadim_version": ([], c_char_p),
    "adadim_blas_core": ([], c_char_p),
    "adadim_blas_report": ([POINTER(Blas)], c_int32),
    "adadim_status_name": ([c_int32], c_char_p),
    "adadim_last_error": ([], c_char_p),
    "adadim_thread_count": ([_COUNT], c_int32),
    "adadim_set_thread_count": ([c_int64], c_int32),
    "adadim_gram_create": ([c_int64, _HANDLE], c_int32),
    "adadim_gram_create_from": ([c_void_p, c_int64, c_int64, _HANDLE], c_int32),
    "adadim_gram_destroy": ([c_void_p], None),
    "adadim_gram_accumulate": ([c_void_p, c_void_p, c_int32, c_int64], c_int32),
    "adadim_gram_merge": ([c_void_p, c_void_p], c_int32),
    "adadim_gram_inputs": ([c_void_p, _COUNT], c_int32),
    "adadim_gram_tokens": ([c_void_p, _COUNT], c_int32),
    "adadim_gram_check_active": ([c_void_p], c_int32),
    "adadim_gram_matrix": ([c_void_p, POINTER(c_float), c_int64, _COUNT], c_int32),
    "adadim_options_init": ([POINTER(Options), c_int32], c_int32),
    "adadim_options_set_grid": ([POINTER(Options), c_int32], c_int32),
    "adadim_memory_needed": ([c_int64, c_int64, POINTER(Options), _COUNT], c_int32),
    "adadim_quantizer_create": ([c_void_p, POINTER(Options), Progress, c_void_p, _HANDLE], c_int32),
    "adadim_quantizer_take": ([_HANDLE, POINTER(Options), Progress, c_void_p, _HANDLE], c_int32),
    "adadim_quantizer_destroy": ([c_void_p], None),
    "adadim_quantizer_quantize": (
        [c_void_p, c_void_p, c_int32, c_int64, Progress, c_void_p, _HANDLE],
        c_int32,
    ),
    "adadim_layer_destroy": ([c_void_p], None),
    "adadim_layer_get_info": ([c_void_p, POINTER(LayerInfo)], c_int32),
    "adadim_layer_codes": ([c_void_p, POINTER(c_uint8), c_int64, _COUNT], c_int32),
    "adadim_layer_scales": ([c_void_p, POINTER(c_float), c_int64, _COUNT], c_int32),
    "adadim_layer_zero_points": ([c_void_p, POINTER(c_uint8), c_int64, _COUNT], c_int32),
    "adadim_layer_offsets": ([c_void_p, POINTER(c_float), c_int64, _COUNT], c_int32),
    "adadim_layer_super_scales": ([c_void_p, POINTER(c_float), c_int64, _COUNT], c_int32),
    "adadim_layer_super_offsets": ([c_void_p, POINTER(c_float), c_int64, _COUNT], c_int32),
    "adadim_layer_whole_scales": ([c_void_p, POINTER(c_int8), c_int64, _COUNT], c_int32),
    "adadim_layer_whole_offsets": ([c_void_p, POINTER(c_uint8), c_int64, _COUNT], c_int32),
    "adadim_layer_packed_codes": ([c_void_p, POINTER(c_uint32), c_int64, _COUNT], c_int32),
    "adadim_layer_dequantized": ([c_void_p, c_void_p, c_int32, c_int64, _COUNT], c_int32),
}


def declare(library: ctypes.CDLL) -> None:
    """Declares the prototypes to ctypes.

    Raises AttributeError for a function that the library lacks.
    """
    for name, (arguments, result) in FUNCTIONS.items():
        function = getattr(library, name)
        function.argtypes = arguments
        function.restype = result
