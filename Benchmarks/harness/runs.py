"""Runs variants, one after another, and keeps what each one gave in a file of its own, so that a second call does only
what is missing. A result file appears complete or not at all; a quantized model is removed once it has been measured."""
import datetime
import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any, TextIO

from .variant import Variant

Result = dict[str, Any]
REPORT = "quantization-report.json"


class RunError(Exception):
    """A run that did not succeed, in the tool's own words."""


class Workplace:
    """A directory for results and, for a while, quantized models. One process at a time works in it."""

    def __init__(self, directory: pathlib.Path, tool: pathlib.Path) -> None:
        if not os.access(tool, os.X_OK):
            raise RunError(f"{tool}: there is no such program, expected the release build of adadim: make build")
        self.tool = tool
        self.results = directory / "results"
        self.outputs = directory / "outputs"
        self.results.mkdir(parents=True, exist_ok=True)
        self.lock = hold(directory)
        # What a run that was killed has left.
        shutil.rmtree(self.outputs, ignore_errors=True)
        self.outputs.mkdir()

    def kept(self, variant: Variant) -> Result | None:
        """What an earlier run of the same work gave."""
        try:
            return dict(json.loads(self._file(variant).read_text()), name=variant.name)
        except FileNotFoundError:
            return None

    def run(self, variant: Variant) -> Result:
        """Quantizes, measures on every text, keeps and returns the figures."""
        output = self.outputs / self._file(variant).stem
        result: Result = {"name": variant.name, "options": list(variant.options), "commit": commit(),
                          "date": datetime.date.today().isoformat(), "machine": machine()}
        try:
            measured = variant.model
            if variant.calibration is not None:
                result["seconds"] = self._timed(
                    variant, ["quantize", variant.model, output, "--calibration", variant.calibration, *variant.options])
                result["report"] = json.loads((output / REPORT).read_text())
                measured = output
            began = time.monotonic()
            result["texts"] = {text.name: json.loads(self._tool(
                variant, ["evaluate", measured, "--text", text.file, *text.options(), "--json"]))
                for text in variant.texts}
            result["evaluationSeconds"] = time.monotonic() - began
        finally:
            shutil.rmtree(output, ignore_errors=True)
        write(self._file(variant), result)
        return result

    def _file(self, variant: Variant) -> pathlib.Path:
        return self.results / f"{variant.key(self.tool)}.json"

    def _timed(self, variant: Variant, arguments: Sequence[object]) -> float:
        began = time.monotonic()
        self._tool(variant, arguments)
        return time.monotonic() - began

    def _tool(self, variant: Variant, arguments: Sequence[object]) -> str:
        command = [str(self.tool), *map(str, arguments), "--quiet"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise RunError(f"{variant.name}: {' '.join(command)}\nended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout


def run_all(variants: Sequence[Variant], workplace: Workplace, log: TextIO = sys.stderr) -> list[Result]:
    """The results of all variants in their order: those that are kept already, the others run. Says what it does, and
    for how long yet."""
    results = [workplace.kept(variant) for variant in variants]
    missing = sum(result is None for result in results)
    print(f"{len(variants)} variants, {len(variants) - missing} of them measured before", file=log, flush=True)
    for place, variant in enumerate(variants):
        if results[place] is not None:
            continue
        result = results[place] = workplace.run(variant)
        quantized = f"quantized in {result['seconds']:.0f} s, " if "seconds" in result else ""
        perplexities = ", ".join(f"{name} {text['perplexity']:.2f}" for name, text in result["texts"].items())
        print(f"[{place + 1}/{len(variants)}] {variant.name}: {quantized}measured in {result['evaluationSeconds']:.0f} s: "
              f"{perplexities}{_left(variants, results)}", file=log, flush=True)
    return [result for result in results if result is not None]


def _left(variants: Sequence[Variant], results: Sequence[Result | None]) -> str:
    """How long the missing variants may take, by the mean of the same model's finished ones."""
    seconds: dict[pathlib.Path, list[float]] = {}
    for variant, result in zip(variants, results):
        if result is not None and not variant.is_original:
            seconds.setdefault(variant.model, []).append(result["seconds"] + result["evaluationSeconds"])
    missing = [variant.model for variant, result in zip(variants, results) if result is None]
    if not missing:
        return ""
    known = sum(sum(seconds[model]) / len(seconds[model]) for model in missing if model in seconds)
    rest = len([model for model in missing if model not in seconds])
    unknown = f", and {rest} variants of a model not met yet" if rest else ""
    return f"; about {known / 60:.0f} min left{unknown}"


def hold(directory: pathlib.Path) -> TextIO:
    """Holds the directory until the process ends."""
    file = open(directory / "lock", "w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise RunError(f"{directory}: another run works here; wait for it, or name another directory") from None
    return file


def write(file: pathlib.Path, result: Result) -> None:
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps(result))
    os.replace(partial, file)


def commit() -> str:
    """The last commit that changed what the tool is built from, with a + if there are changes since."""
    def git(*arguments: str) -> str:
        command = ["git", *arguments, "--", "Sources", "Modules", "Package.swift"]
        root = pathlib.Path(__file__).parents[2]
        return subprocess.run(command, cwd=root, capture_output=True, text=True).stdout.strip()
    return (git("log", "-1", "--format=%h") or "unknown") + ("+" if git("status", "--porcelain") else "")


def machine() -> str:
    """The processor's name and how many of it."""
    names = [line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith("model name")]
    return f"{names[0] if names else 'unknown processor'}, {os.cpu_count()} cores"
