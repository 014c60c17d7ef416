"""Numbers as C takes them."""

from __future__ import annotations

import operator

from .errors import InvalidArgument


def integer(value: int, name: str) -> int:
    """An integer that C's int64_t holds; ctypes would truncate others silently.

    Raises InvalidArgument, and TypeError for other types.
    """
    number = operator.index(value)
    if not -(2**63) <= number < 2**63:
        raise InvalidArgument(f"{name} is {number}, expected less than 2^63")
    return number
