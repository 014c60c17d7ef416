"""Finds and loads libadadim.so.0, by ctypes: one wheel works for every Python, and needs no compiler."""

from __future__ import annotations

import ctypes
import os
import pathlib
import warnings

from . import _header, _kernels
from .errors import LibraryNotFound

FILE_NAME = "libadadim.so.0"
VARIABLE = "ADADIM_LIBRARY"
BUNDLED = pathlib.Path(__file__).parent / "lib" / FILE_NAME


def load() -> ctypes.CDLL:
    """The library that ADADIM_LIBRARY names; else the one bundled in this package; else the system loader's.

    Raises LibraryNotFound, naming every place and what was wrong there. A file that ADADIM_LIBRARY names is the
    only place then.
    """
    named = os.environ.get(VARIABLE)
    if named:
        places = [(named, f"named by {VARIABLE}")]
    else:
        places = [(str(BUNDLED), "bundled in the package"), (FILE_NAME, "by the system's loader")]
    failures = []
    for path, place in places:
        try:
            opened, loaded = _kernels.load(path)
            library = _checked(opened, path)
        except OSError as error:
            failures.append(f"  {path}, {place}: {error}")
        else:
            for warning in _kernels.warnings_of(loaded()):
                warnings.warn(warning, RuntimeWarning, stacklevel=2)
            return library
    advice = f"Build it with 'make library' and set {VARIABLE} to its path."
    raise LibraryNotFound("\n".join(["AdaDim's library could not be loaded:", *failures, advice]))


def _checked(library: ctypes.CDLL, path: str) -> ctypes.CDLL:
    try:
        version = library.adadim_version
    except AttributeError:
        raise LibraryNotFound(f"{path} is no AdaDim library: it has no adadim_version") from None
    version.restype = ctypes.c_char_p
    found: str = version().decode()
    if _interface(found) != _interface(_header.VERSION):
        raise LibraryNotFound(f"{path} has version {found}, this package was written for {_header.VERSION}")
    try:
        _header.declare(library)
    except AttributeError as error:
        raise LibraryNotFound(f"{path} has version {found} but lacks a function: {error}") from None
    return library


def _interface(version: str) -> list[str]:
    """The numbers that must agree: before version 1, the minor one changes with every change of the interface."""
    numbers = version.split(".")
    return numbers[:2] if numbers[0] == "0" else numbers[:1]


library = load()
