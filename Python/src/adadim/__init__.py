"""AdaDim: quantizes linear layers of language models to 2, 3, 4 or 8 bits, on CPUs.

    gram = adadim.Gram(inputs)
    for batch in calibration:                   # [tokens, inputs], float32, float16 or bfloat16
        gram.accumulate(batch)
    layer = adadim.quantize(weight, gram, bits=3, group_size=64)
    layer.codes, layer.scales, layer.zero_points, layer.dimension, layer.relative_loss
    weight = layer.dequantize()

Arrays are NumPy's, or torch tensors. All errors of the engine are AdaDimErrors.
"""

from . import export
from ._gram import Gram
from ._layer import QuantizedLayer
from ._kernels import BlasReport
from ._process import blas_core, blas_report, set_thread_count, thread_count, version
from ._quantizer import Quantizer, quantize
from ._settings import Settings
from .errors import (
    AdaDimError,
    AllInputsInactive,
    Cancelled,
    Closed,
    InvalidArgument,
    LibraryNotFound,
    NotFinite,
    NotPositiveDefinite,
    OutOfMemory,
    OutOfRange,
    WrongSize,
)

__version__ = "0.1.0"

__all__ = [
    "AdaDimError",
    "AllInputsInactive",
    "BlasReport",
    "Cancelled",
    "Closed",
    "Gram",
    "InvalidArgument",
    "LibraryNotFound",
    "NotFinite",
    "NotPositiveDefinite",
    "OutOfMemory",
    "OutOfRange",
    "QuantizedLayer",
    "Quantizer",
    "Settings",
    "WrongSize",
    "blas_core",
    "blas_report",
    "export",
    "quantize",
    "set_thread_count",
    "thread_count",
    "version",
]
