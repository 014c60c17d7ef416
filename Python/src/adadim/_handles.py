"""Handles of the library, and the objects that own them."""

from __future__ import annotations

import ctypes
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, TypeVar

from .errors import Closed


class Handle:
    """A handle, destroyed when it is closed or collected, but not before the last call that uses it has returned."""

    def __init__(self, make: Callable[[ctypes.c_void_p], None], destroy: Callable[[Any], object]) -> None:
        """`make` calls the library, which writes the handle to its argument, or raises."""
        place = ctypes.c_void_p()
        try:
            make(place)
        except BaseException:
            # It exists even where the call was interrupted.
            destroy(place)
            raise
        self._place = place
        self._lock = threading.Lock()
        self._users = 0
        self._closed = False
        self._given_up = False
        self._destroy = weakref.finalize(self, destroy, place)
        # When the process ends, the system frees its memory, and other threads may still be at work.
        self._destroy.atexit = False

    @property
    def closed(self) -> bool:
        return self._closed or self._given_up

    @contextmanager
    def lent(self) -> Iterator[int | None]:
        """The pointer, valid inside the `with`.

        Raises Closed.
        """
        with self._lock:
            self._check_open()
            self._users += 1
        try:
            yield self._place.value
        finally:
            self._return()

    @contextmanager
    def given_up(self) -> Iterator[ctypes.c_void_p]:
        """The place of the pointer. If the library sets it to NULL, the handle no longer exists.

        Raises Closed, and RuntimeError while another thread uses the handle.
        """
        with self._lock:
            self._check_open()
            if self._users:
                raise RuntimeError("another thread is using what is to be taken")
            self._users, self._given_up = 1, True
        try:
            yield self._place
        finally:
            self._given_up = self._place.value is None
            self._return()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._destroy_if_unused()

    def _return(self) -> None:
        with self._lock:
            self._users -= 1
            self._destroy_if_unused()

    def _check_open(self) -> None:
        if self.closed:
            raise Closed("this object was closed, or its memory was taken")

    def _destroy_if_unused(self) -> None:
        if self._closed and not self._users:
            self._destroy()


Self = TypeVar("Self", bound="Owner")


class Owner:
    """An object with memory of the library. The memory is freed with the object, or at once by `close()` or at the end of a
    `with`."""

    _handle: Handle

    def close(self) -> None:
        """Frees the memory, after calls of other threads that use it have returned. Closing twice is no error."""
        self._handle.close()

    @property
    def closed(self) -> bool:
        """Whether it was closed, or a quantizer took its memory."""
        return self._handle.closed

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
