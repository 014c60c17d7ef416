"""Runs variants, one after another, and keeps what each one gave in a file of its own, so that a second call does only
what is missing. A result file appears complete or not at all; a quantized model is removed once it has been measured."""
import datetime
import fcntl
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any, TextIO

from .variant import Variant, digest

Result = dict[str, Any]
REPORT = "quantization-report.json"


class RunError(Exception):
    """A run that did not succeed, in the tool's own words."""


class Workplace:
    """A directory for results and, for a while, quantized models. One process at a time works in it."""

    def __init__(self, directory: pathlib.Path, tool: pathlib.Path) -> None:
        self.results = directory / "results"
        self.outputs = directory / "outputs"
        self.results.mkdir(parents=True, exist_ok=True)
        self.lock = hold(directory)
        self.tool, self.commit = adopted(tool, directory)
        # What a run that was killed has left.
        shutil.rmtree(self.outputs, ignore_errors=True)
        self.outputs.mkdir()

    def kept(self, variant: Variant) -> Result | None:
        """What an earlier run of the same work gave."""
        try:
            return dict(json.loads(self._file(variant).read_text()), name=variant.name, commit=self.commit)
        except FileNotFoundError:
            return None

    def run(self, variants: Sequence[Variant]) -> list[Result]:
        """Quantizes, measures on every text, keeps and returns the figures. Variants that are compared with their model are
        measured together, so that the model runs once for all of them."""
        outputs = [self.outputs / self._file(variant).stem for variant in variants]
        try:
            results = [self._quantized(*pair) for pair in zip(variants, outputs)]
            began = time.monotonic()
            texts = self._compared(variants, outputs) if variants[0].compared else [
                self._evaluated(*pair) for pair in zip(variants, outputs)]
            seconds = (time.monotonic() - began) / len(variants)
        finally:
            for output in outputs:
                shutil.rmtree(output, ignore_errors=True)
        for variant, result, measured in zip(variants, results, texts, strict=True):
            result |= {"texts": measured, "evaluationSeconds": seconds}
            write(self._file(variant), result)
        return results

    def _quantized(self, variant: Variant, output: pathlib.Path) -> Result:
        result: Result = {"name": variant.name, "options": list(variant.options), "commit": self.commit,
                          "date": datetime.date.today().isoformat(), "machine": machine()}
        if variant.calibration is not None:
            began, before = time.monotonic(), _seconds_of_children()
            self._tool(variant.name, ["quantize", variant.model, output, "--calibration", variant.calibration,
                                      *variant.options])
            result["seconds"] = time.monotonic() - began
            result["cpuSeconds"] = _seconds_of_children() - before
            result["report"] = json.loads((output / REPORT).read_text())
        return result

    def _evaluated(self, variant: Variant, output: pathlib.Path) -> dict[str, Any]:
        measured = variant.model if variant.is_original else output
        return {text.name: json.loads(self._tool(
            variant.name, ["evaluate", measured, "--text", text.file, *text.options(), "--json"])) for text in variant.texts}

    def _compared(self, variants: Sequence[Variant], outputs: Sequence[pathlib.Path]) -> list[dict[str, Any]]:
        """For each variant what `adadim compare` says of it on each text, beside what it says of the original."""
        if len({(variant.model, variant.texts, variant.compared) for variant in variants}) > 1:
            raise ValueError("variants of several models or with several texts, expected one model and the same texts for all")
        found: list[dict[str, Any]] = [{} for _ in variants]
        for text in variants[0].texts:
            said = json.loads(self._tool(variants[0].name, [
                "compare", variants[0].model, *outputs, "--text", text.file, *text.options(), "--json"]))
            same = {part: said[part] for part in ("windowLength", "windows", "original")}
            for one, mine in zip(found, said["variants"], strict=True):
                one[text.name] = same | {part: mine[part] for part in (
                    "perplexity", "windowLogLikelihoods", "windowDivergences")}
        return found

    def _file(self, variant: Variant) -> pathlib.Path:
        return self.results / f"{variant.key(self.tool)}.json"

    def _tool(self, name: str, arguments: Sequence[object]) -> str:
        command = [str(self.tool), *map(str, arguments), "--quiet"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise RunError(f"{name}: {' '.join(command)}\nended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout


def run_all(variants: Sequence[Variant], workplace: Workplace, log: TextIO = sys.stderr) -> list[Result]:
    """The results of all variants in their order: those that are kept already, the others run. Says what it does, and
    how long is left."""
    return [result for group in run_groups([[variant] for variant in variants], workplace, log) for result in group]


def run_groups(groups: Sequence[Sequence[Variant]], workplace: Workplace, log: TextIO = sys.stderr,
               go_on: bool = False) -> list[list[Result]]:
    """As `run_all`, where what is missing of a group runs together. With `go_on`, a group that fails does not keep the
    others from running; failures are reported at the end, as one error."""
    variants = [variant for group in groups for variant in group]
    results = {variant: workplace.kept(variant) for variant in variants}
    measured = sum(results[variant] is not None for variant in variants)
    print(f"{len(variants)} variants, {measured} of them measured before", file=log, flush=True)
    failures = []
    for group in groups:
        # Looked up again: two names may stand for the same work.
        results.update((variant, workplace.kept(variant)) for variant in group)
        missing = [variant for variant in group if results[variant] is None]
        if not missing:
            continue
        try:
            found = workplace.run(missing)
        except RunError as error:
            if not go_on:
                raise
            failures.append(str(error))
            print(failures[-1], file=log, flush=True)
            continue
        results.update(zip(missing, found, strict=True))
        left = _left(variants, [results[variant] for variant in variants])
        for variant, new in zip(missing, found):
            print(f"[{variants.index(variant) + 1}/{len(variants)}] {variant.name}: {_in_words(new)}"
                  f"{left if variant is missing[-1] else ''}", file=log, flush=True)
    if failures:
        raise RunError("\n".join([f"{len(failures)} of {len(groups)} failed:", *failures]))
    return [[result for variant in group if (result := results[variant]) is not None] for group in groups]


def _in_words(result: Result) -> str:
    quantized = f"quantized in {result['seconds']:.0f} s, " if "seconds" in result else ""
    perplexities = ", ".join(f"{name} {text['perplexity']:.2f}" for name, text in result["texts"].items())
    return f"{quantized}measured in {result['evaluationSeconds']:.0f} s: {perplexities}"


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


def _seconds_of_children() -> float:
    """What all processes that were waited for have computed."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def hold(directory: pathlib.Path) -> TextIO:
    """Holds the directory until the process ends."""
    file = open(directory / "lock", "w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise RunError(f"{directory}: another run works here; wait for it, or name another directory") from None
    return file


def adopted(tool: pathlib.Path, directory: pathlib.Path) -> tuple[pathlib.Path, str]:
    """A copy of the tool, so that a build meanwhile is not measured in its name, and the commit that it is of: the checkout's
    when this build was first used here."""
    if not os.access(tool, os.X_OK):
        raise RunError(f"{tool}: there is no such program, expected the release build of adadim: make build")
    copy = directory / "tools" / digest(tool)[:12]
    said = copy.with_suffix(".commit")
    copy.parent.mkdir(exist_ok=True)
    if not said.exists():
        shutil.copy2(tool, copy)
        said.write_text(commit() + "\n")
    return copy, said.read_text().strip()


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
