"""Files of figures, which pages are made of."""
import json
import pathlib
from collections.abc import Callable, Iterable
from typing import Any

from .runs import RunError


def keep_all(file: pathlib.Path, content: dict[str, Any], names: Callable[[dict[str, Any]], Iterable[str]],
             otherwise: str = "Measure those, too, or write without them: --replace.") -> None:
    """Refuses content that lacks entries of the file; `names` lists a content's entries, `otherwise` says how to continue."""
    if not file.exists():
        return
    there = set(names(content))
    if lost := [name for name in names(json.loads(file.read_text())) if name not in there]:
        raise RunError(f"{file} stays as it is: {len(lost)} of its figures would be gone, such as {lost[0]}. {otherwise}")
