"""What is measured: a model, how it is quantized, on which texts; and the key that a result is kept under."""
import hashlib
import json
import os
import pathlib
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Text:
    """A text to take perplexity on: `windows` of `length` tokens spread over it, all of them if None."""
    name: str
    file: pathlib.Path
    windows: int | None = None
    length: int = 512

    def options(self) -> list[str]:
        limit = [] if self.windows is None else ["--sequences", str(self.windows)]
        return ["--sequence-length", str(self.length), *limit]


@dataclass(frozen=True)
class Variant:
    """A model and the options of `adadim quantize` that make the variant; without calibration, the model as it is. `compared`:
    measured against that model by `adadim compare`, not alone by `adadim evaluate`."""
    name: str
    model: pathlib.Path
    texts: tuple[Text, ...]
    calibration: pathlib.Path | None = None
    options: tuple[str, ...] = ()
    compared: bool = False

    @property
    def is_original(self) -> bool:
        return self.calibration is None

    def key(self, tool: pathlib.Path) -> str:
        """The same for the same work: of what the files hold, not of where they lie. The name has no part in it."""
        work: dict[str, object] = {
            "tool": digest(tool),
            "blas": {name: value for name, value in sorted(os.environ.items()) if name.startswith(("OPENBLAS_", "OMP_"))},
            "model": digest(self.model),
            "calibration": None if self.calibration is None else digest(self.calibration),
            "options": list(self.options),
            "texts": [[text.name, digest(text.file), *text.options()] for text in self.texts],
        }
        if self.compared:
            work["compared"] = True
        return name_of(work)[:20]


def name_of(work: object) -> str:
    """SHA-256 of what JSON can say."""
    return hashlib.sha256(json.dumps(work, sort_keys=True).encode()).hexdigest()


@cache
def digest(path: pathlib.Path) -> str:
    """SHA-256 of a file, or of a directory's files with their names."""
    if path.is_dir():
        whole = hashlib.sha256()
        for file in sorted(file for file in path.rglob("*") if file.is_file()):
            whole.update(f"{file.relative_to(path)} {digest(file)}\n".encode())
        return whole.hexdigest()
    with open(path, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
