"""Calls into the library: statuses become exceptions, and long calls tell progress and can be interrupted."""

from __future__ import annotations

import _thread
import threading
from collections.abc import Callable
from typing import Any

from . import _header
from ._library import library
from .errors import AdaDimError

ProgressCallback = Callable[[float], object]


def failure(status: int) -> AdaDimError | None:
    """The exception for a status, with this thread's last error for its text. None if the call succeeded."""
    if status == _header.OK:
        return None
    name: str = library.adadim_status_name(status).decode()
    text: str = library.adadim_last_error().decode("utf-8", "replace")
    return _header.ERRORS.get(name, AdaDimError)(text or name)


def check(status: int) -> None:
    """Raises what a status stands for."""
    error = failure(status)
    if error is not None:
        raise error


def run(call: Callable[[Any], int], progress: ProgressCallback | None) -> None:
    """Makes a long call. `call` is handed the progress callback to pass to C, and returns the status.

    An exception that leaves `progress` cancels the call and is raised here. So is what a signal handler raises in
    the main thread, such as KeyboardInterrupt.
    """
    watch = _Watch(progress)
    told = _header.Progress(watch.told)
    if threading.current_thread() is threading.main_thread():
        error = _interruptibly(lambda: failure(call(told)), watch)
    else:
        error = failure(call(told if progress is not None else _header.Progress()))
    # Work that was cancelled too late has succeeded; the caller wants to hear his own exception all the same.
    if watch.error is not None:
        raise watch.error
    if error is not None:
        raise error


class _Watch:
    """Passes progress on until something is raised."""

    def __init__(self, progress: ProgressCallback | None) -> None:
        self.progress = progress
        self.error: BaseException | None = None

    def told(self, share: float, _context: int | None) -> int:
        if self.error is None and self.progress is not None:
            try:
                self.progress(share)
            except BaseException as error:
                self.error = error
        return 0 if self.error is None else 1


def _interruptibly(body: Callable[[], AdaDimError | None], watch: _Watch) -> AdaDimError | None:
    """Runs `body` on a thread of its own while the main thread waits: Python runs signal handlers there and only
    between its own instructions, so not while the main thread itself is inside C."""
    outcomes: list[AdaDimError | None] = []
    failures: list[BaseException] = []
    done = _thread.allocate_lock()
    done.acquire()

    def work() -> None:
        try:
            outcomes.append(body())
        except BaseException as error:
            failures.append(error)
        finally:
            done.release()

    try:
        try:
            _thread.start_new_thread(work, ())
        except RuntimeError as error:
            if "new thread" not in str(error):
                raise
            # There is none to be had; then without interruption.
            work()
        done.acquire()
    except BaseException as error:
        watch.error = watch.error or error
        # C still reads the caller's memory: nothing may return before it does.
        while True:
            try:
                done.acquire()
                break
            except BaseException:
                continue
    if failures:
        raise failures[0]
    return outcomes[0]
