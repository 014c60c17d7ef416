"""The errors of adadim. Their text is the library's: what was found, and what was expected."""

from __future__ import annotations


class AdaDimError(Exception):
    """Any error of the engine: invalid input, or a failure."""


class LibraryNotFound(AdaDimError, ImportError):
    """No libadadim.so.0 could be loaded, or the one found is of another version than this package."""


class InvalidArgument(AdaDimError, ValueError):
    """An option or another argument is outside its range."""


class WrongSize(AdaDimError, ValueError):
    """Shapes that do not match."""


class NotFinite(AdaDimError, ValueError):
    """A weight, an input or a Gram matrix holds NaN or infinity."""


class NotPositiveDefinite(AdaDimError, ValueError):
    """The damped Gram matrix has no Cholesky factor."""


class AllInputsInactive(AdaDimError, ValueError):
    """The Gram matrix is zero: no token was added; or, from Gram.check_active, every input was zero."""


class OutOfRange(AdaDimError, OverflowError):
    """A result is beyond the range of its type: a scale, a loss, a weight as float16."""


class OutOfMemory(AdaDimError, MemoryError):
    """There is no memory, or less than the work would take."""


class Cancelled(AdaDimError):
    """For progress callbacks to raise. Any other exception that leaves one cancels the work, too."""


class Closed(AdaDimError, ValueError):
    """An object was used after its `close()`, or after a quantizer took its memory."""
