"""Gram matrices of calibration inputs."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import _arrays
from ._calls import check
from ._handles import Handle, Owner
from ._library import library
from ._numbers import integer
from .errors import InvalidArgument, WrongSize

if TYPE_CHECKING:
    import torch


class Gram(Owner):
    """The Gram matrix H = X·Xᵀ [inputs, inputs] of a layer's calibration inputs X, float32; 4·inputs² bytes.

        gram = Gram(4096)
        for batch in batches:
            gram.accumulate(batch)

    May be used from several threads; calls that change one matrix wait for each other. May be pickled, to be merged
    in another process. A context manager, see `close()`.
    """

    def __init__(self, inputs: int) -> None:
        """The Gram matrix of no tokens.

        Raises InvalidArgument unless inputs is 1 or more, and less than 2^28; OutOfMemory.
        """
        order = integer(inputs, "inputs")
        self._adopt(lambda place: check(library.adadim_gram_create(order, place)), order)

    def _adopt(self, make: Callable[[ctypes.c_void_p], None], inputs: int) -> None:
        self._handle = Handle(make, library.adadim_gram_destroy)
        self._inputs = inputs

    @classmethod
    def from_matrix(cls, matrix: npt.NDArray[Any] | torch.Tensor, tokens: int) -> Gram:
        """One computed elsewhere.

        matrix: symmetric [inputs, inputs], float32; its upper triangle with the diagonal is read.
        tokens: the number of inputs that it sums up.

        Raises NotFinite; InvalidArgument for a negative diagonal or number of tokens; WrongSize; TypeError; OutOfMemory.
        """
        found = _arrays.numbers(matrix, "matrix")
        if found.type != "float32":
            raise TypeError(f"matrix has numbers of type {found.type}, expected float32")
        if len(found.shape) != 2 or found.shape[0] != found.shape[1]:
            raise WrongSize(f"matrix has shape {list(found.shape)}, expected as many rows as columns")
        order, count = found.shape[0], integer(tokens, "tokens")
        gram = cls.__new__(cls)
        gram._adopt(
            lambda place: check(library.adadim_gram_create_from(found.address, order, count, place)), order
        )
        return gram

    def accumulate(self, inputs: npt.NDArray[Any] | torch.Tensor) -> None:
        """Adds a batch of inputs. Adds all of it or, if it fails, nothing.

        inputs: [..., inputs], one token after another, in float32, float16 or bfloat16 (a torch tensor, or NumPy with
        ml_dtypes). C-contiguous arrays in main memory are read in place; others, and tensors on other devices, are
        copied first.

        The interrupt key takes effect after the batch has been added.

        Raises NotFinite with the place of the first NaN or infinity; WrongSize; TypeError; OutOfMemory.
        """
        batch = _arrays.numbers(inputs, "inputs")
        tokens = _arrays.check_rows(batch.shape, self._inputs, "inputs")
        with self._handle.lent() as pointer:
            check(library.adadim_gram_accumulate(pointer, batch.address, batch.type_code, tokens))

    def merge(self, other: Gram) -> None:
        """Adds the sums of another Gram matrix with as many inputs, which stays as it is.

        Raises WrongSize.
        """
        if not isinstance(other, Gram):
            raise TypeError(f"a {type(other).__name__} cannot be merged, expected a Gram")
        with self._handle.lent() as pointer, other._handle.lent() as added:
            check(library.adadim_gram_merge(pointer, added))

    def check_active(self) -> None:
        """Refuses a matrix of zeros. A layer in which all columns are dead, since no token has activated any input, can be
        quantized, with its weights rounded to nearest; this is for callers that treat it as an error.

        Raises AllInputsInactive.
        """
        with self._handle.lent() as pointer:
            check(library.adadim_gram_check_active(pointer))

    def matrix(self) -> npt.NDArray[np.float32]:
        """A copy of H, both triangles: float32 [inputs, inputs]."""
        result = np.empty((self._inputs, self._inputs), np.float32)
        target = result.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        with self._handle.lent() as pointer:
            check(library.adadim_gram_matrix(pointer, target, result.size, None))
        return result

    @property
    def inputs(self) -> int:
        """The order of H."""
        return self._inputs

    @property
    def tokens(self) -> int:
        """The number of inputs that have been added."""
        count = ctypes.c_int64()
        with self._handle.lent() as pointer:
            check(library.adadim_gram_tokens(pointer, count))
        return count.value

    def __iadd__(self, other: Gram) -> Gram:
        self.merge(other)
        return self

    def __add__(self, other: Gram) -> Gram:
        if not isinstance(other, Gram):
            return NotImplemented
        total = Gram.from_matrix(self.matrix(), self.tokens)
        total.merge(other)
        return total

    def __reduce__(self) -> tuple[Callable[..., Gram], tuple[npt.NDArray[np.float32], int]]:
        return Gram.from_matrix, (self.matrix(), self.tokens)

    def __repr__(self) -> str:
        return f"<Gram, {self._inputs} inputs, {'closed' if self.closed else f'{self.tokens} tokens'}>"
