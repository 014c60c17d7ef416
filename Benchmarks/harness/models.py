"""The real model that variants are made of."""
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def smollm2() -> pathlib.Path:
    """SmolLM2-135M's directory where `make verify` has it; written first if it is missing, complete or not at all."""
    directory = ROOT / "verify-output/smollm2"
    if not (directory / "config.json").exists():
        directory.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=directory.parent) as partial:
            subprocess.run([sys.executable, ROOT / "Tests/RealModel/smollm2.py", f"{partial}/smollm2"], check=True)
            os.replace(f"{partial}/smollm2", directory)
    return directory
