"""Calls into the library: statuses become exceptions, and long calls report progress and can be interrupted."""

from __future__ import annotations

import _thread
import atexit
import os
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from . import _header
from ._library import library
from .errors import AdaDimError

ProgressCallback = Callable[[float], object]
Result = TypeVar("Result")


def check(status: int) -> None:
    """Raises the exception of a status, with the text of this thread's last error."""
    if status == _header.OK:
        return
    name: str = library.adadim_status_name(status).decode()
    text: str = library.adadim_last_error().decode("utf-8", "replace")
    raise _header.ERRORS.get(name, AdaDimError)(text or name)


def run(work: Callable[[Any], Result], progress: ProgressCallback | None) -> Result:
    """Does long work, which receives the progress callback to pass to C.

    An exception of `progress` cancels the work and is raised here. So is an exception of a signal handler in the main
    thread, such as KeyboardInterrupt.
    """
    call = _Call(work, progress)
    if threading.get_ident() == threading.main_thread().ident:
        call.make_apart()
    else:
        call.make()
    return call.outcome()


class _Call(Generic[Result]):
    """Work, cancelled by the first error, and its result or error."""

    def __init__(self, work: Callable[[Any], Result], progress: ProgressCallback | None) -> None:
        self._work, self._progress = work, progress
        self._results: list[Result] = []
        self._error: BaseException | None = None
        self._finished = False
        self._claim = _thread.allocate_lock()
        self._done = _thread.allocate_lock()
        self._done.acquire()

    def make(self) -> None:
        """Does the work, unless it was done or abandoned."""
        if not self._claim.acquire(blocking=False):
            return
        try:
            # From now on, the end of the process waits for it.
            _running.add(self)
            if _ending:
                raise SystemExit
            self._results.append(self._work(_header.Progress(self._tell)))
        except BaseException as error:
            self.cancel(error)
        finally:
            self._finished = True
            self._done.release()
            _running.discard(self)

    def make_apart(self) -> None:
        """Does the work on a thread of its own while the main thread waits. Python runs signal handlers in the main thread,
        and only between its own instructions, so not while the main thread itself is inside C.

        The work owns the memory that C uses, not the main thread, which a signal may stop at any instruction.
        """
        try:
            try:
                _thread.start_new_thread(self.make, ())
            except RuntimeError as error:
                if "new thread" not in str(error):
                    raise
                # There is no thread, so the work cannot be interrupted.
                self.make()
            self.wait()
        except BaseException as error:
            self.cancel(error)
            if not self._claim.acquire(blocking=False):
                self.wait()

    def wait(self) -> None:
        """Waits for work that has begun, in the main thread; an error raised there cancels it."""
        while not self._finished:
            try:
                self._done.acquire()
            except BaseException as error:
                self.cancel(error)

    def cancel(self, error: BaseException) -> None:
        if self._error is None:
            self._error = error

    def outcome(self) -> Result:
        error = self._error
        try:
            # Work that was cancelled too late has succeeded; the caller's exception is raised all the same.
            if error is not None:
                raise error
            return self._results.pop()
        finally:
            # Through its traceback, the error refers to the objects of the work.
            self._error = error = None

    def _tell(self, share: float, _context: int | None) -> int:
        if self._error is None and self._progress is not None:
            try:
                self._progress(share)
            except BaseException as error:
                self.cancel(error)
        return 0 if self._error is None else 1


_running: set[_Call[Any]] = set()
_ending = False


def _end() -> None:
    """At the end of the process: the library must not call Python after Python has ended. The work of daemon threads is
    cancelled; they end silently."""
    global _ending
    _ending = True
    for call in list(_running):
        call.cancel(SystemExit())
        call.wait()


def _forget() -> None:
    """In a forked child, in which no thread continues the calls that were running."""
    _running.clear()


atexit.register(_end)
os.register_at_fork(after_in_child=_forget)
