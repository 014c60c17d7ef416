"""Runs one entry: quantize, check what came out, measure it, keep the figures."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from harness.conditions import GROUP_SIZE
from harness.runs import Result, RunError, adopted, hold, machine, write
from harness.variant import Text, digest, name_of

from . import environments, levels
from .files import groups_of, tensors_of, write_sequences
from .settings import Entry

HERE = pathlib.Path(__file__).parent
ENDING = 2000  # characters of a failed child's last words that are shown


@dataclass(frozen=True)
class Used:
    """What a process took, with all that it waited for."""
    wall: float
    cpu: float

    def less(self, other: "Used") -> "Used":
        return Used(self.wall - other.wall, self.cpu - other.cpu)


@dataclass(frozen=True)
class Work:
    """What all entries share."""
    model: pathlib.Path
    calibration: pathlib.Path
    texts: tuple[Text, ...]
    sequences: int
    length: int
    threads: int


class Workplace:
    """A directory for results, one file for each entry, and for what they are made with. One process at a time works in it."""

    def __init__(self, directory: pathlib.Path, tool: pathlib.Path, work: Work, environments_at: pathlib.Path) -> None:
        self.directory, self.work, self.environments = directory, work, environments_at
        self.results, self.outputs = directory / "results", directory / "outputs"
        self.results.mkdir(parents=True, exist_ok=True)
        self.lock = hold(directory)
        self.tool, self.commit = adopted(tool, directory)
        # What a run that was killed has left.
        shutil.rmtree(self.outputs, ignore_errors=True)
        self.outputs.mkdir()

    def file(self, entry: Entry) -> pathlib.Path:
        """Named by the key, too, so that other work of the same entry has another file."""
        return self.results / f"{entry.file_name}-{name_of(self.key(entry))[:8]}.json"

    def kept(self, entry: Entry) -> Result | None:
        """What an earlier run of the same work gave."""
        try:
            result: Result = json.loads(self.file(entry).read_text())
        except FileNotFoundError:
            return None
        return result if result["key"] == self.key(entry) else None

    def keep_failure(self, entry: Entry, reason: str) -> None:
        write(self._failure_file(entry), {
            "peer": entry.maker, "variant": entry.variant, "bits": entry.bits, "seed": entry.seed, "reason": reason,
            "key": self.key(entry)})

    def failure(self, entry: Entry) -> dict[str, Any] | None:
        """Why an earlier run of the same work came to nothing."""
        try:
            failure: dict[str, Any] = json.loads(self._failure_file(entry).read_text())
        except FileNotFoundError:
            return None
        return failure if failure.pop("key") == self.key(entry) else None

    def _failure_file(self, entry: Entry) -> pathlib.Path:
        return self.file(entry).with_suffix(".failure")

    def key(self, entry: Entry) -> dict[str, Any]:
        """The same for the same work. The tool has a part in it where it quantizes, not where it only judges: builds that judge
        differently do not come into one table (peers.figures)."""
        work = self.work
        key = {
            "model": digest(work.model), "calibration": digest(work.calibration), "sequences": work.sequences,
            "length": work.length, "options": entry.options, "groupSize": GROUP_SIZE, "threads": work.threads,
            "texts": [[text.name, digest(text.file), *text.options()] for text in work.texts],
        }
        if entry.peer is None:
            return key | {"tool": digest(self.tool)}
        return key | {"runner": [digest(HERE / "runners" / name) for name in (entry.peer.runner, "job.py")],
                      "requirements": digest(environments.requirements(entry.peer))}

    def run(self, entry: Entry) -> Result:
        output = self.outputs / entry.file_name
        sequences = write_sequences(self.work.model, self.work.calibration, self.work.sequences, self.work.length, entry.seed,
                                    self.outputs / "sequences.safetensors")
        try:
            used = self._quantize(entry, sequences, output)
            found = self._check(entry, output)
            texts = {text.name: self.measure(output, text) for text in self.work.texts}
        finally:
            for leftover in self.outputs.iterdir():
                shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        result: Result = {
            "peer": entry.maker, "variant": entry.variant, "bits": entry.bits, "seed": entry.seed,
            "version": environments.version(entry.peer) if entry.peer else self.commit,
            "wallSeconds": round(used.wall, 1), "cpuSeconds": round(used.cpu, 1), "threads": self.work.threads,
            "levels": asdict(found), "texts": texts, "judge": self.commit, "machine": machine(), "key": self.key(entry)}
        write(self.file(entry), result)
        return result

    def measure(self, variant: pathlib.Path, text: Text) -> dict[str, Any]:
        """A variant against the original on a text."""
        command = [str(self.tool), "compare", str(self.work.model), str(variant), "--text", str(text.file), *text.options(),
                   "--json", "--quiet"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise RunError(f"{' '.join(command)}\nended with {done.returncode}: {done.stderr.strip()}")
        compared = json.loads(done.stdout)
        mine = compared["variants"][0]
        return {"windows": compared["windows"], "windowLength": compared["windowLength"],
                **{name: mine[name] for name in
                   ("perplexity", "excess", "divergence", "windowLogLikelihoods", "windowDivergences")},
                "original": compared["original"]}

    def _quantize(self, entry: Entry, sequences: pathlib.Path, output: pathlib.Path) -> Used:
        if entry.peer is None:
            return self._child(entry, [
                str(self.tool), "quantize", str(self.work.model), str(output), "--calibration", str(sequences),
                "--bits", str(entry.bits), "--group-size", str(GROUP_SIZE), "--threads", str(self.work.threads), "--quiet",
                *entry.options])
        interpreter = environments.python(entry.peer, self.environments)
        job = self.outputs / "job.json"
        job.write_text(json.dumps({
            "model": str(self.work.model), "calibration": str(sequences), "output": str(output), "bits": entry.bits,
            "group_size": GROUP_SIZE, "threads": self.work.threads, "options": entry.options}))
        used = self._child(entry, [str(interpreter), str(HERE / "runners" / entry.peer.runner), str(job)])
        apart = output.with_suffix(".uncounted")
        if not apart.exists():
            return used
        uncounted = json.loads(apart.read_text())
        return used.less(Used(uncounted["wallSeconds"], uncounted["cpuSeconds"]))

    def _child(self, entry: Entry, command: Sequence[str]) -> Used:
        """Runs it to its end; what it says goes to a file in the directory, the last words into the error."""
        said = self.directory / "log" / f"{entry.file_name}.txt"
        said.parent.mkdir(exist_ok=True)
        began = time.monotonic()
        with open(said, "w") as log:
            process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=self._environment(), cwd=self.outputs)
            try:
                _, status, usage = os.wait4(process.pid, 0)
            except BaseException:
                process.kill()
                process.wait()
                raise
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise RunError(f"{entry.name}: {' '.join(command)}\nended with {process.returncode}: "
                           f"{said.read_text().strip()[-ENDING:]}")
        return Used(time.monotonic() - began, usage.ru_utime + usage.ru_stime)

    def _environment(self) -> dict[str, str]:
        """A peer finds its own packages only, no accelerator, and asks no hub for anything."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        return mine | {"OMP_NUM_THREADS": str(self.work.threads), "CUDA_VISIBLE_DEVICES": "", "HF_HUB_OFFLINE": "1",
                       "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(self.directory / "hub")}

    def _check(self, entry: Entry, output: pathlib.Path) -> levels.Levels:
        try:
            return levels.check(tensors_of(self.work.model), tensors_of(output), entry.bits, GROUP_SIZE,
                                groups_of(output), either_direction=entry.peer is None)
        except levels.LevelsError as error:
            raise RunError(f"{entry.name}: {error}") from None


def run_all(entries: Sequence[Entry], workplace: Workplace) -> None:
    """Does what is missing. A peer that fails does not keep the others from running."""
    for place, entry in enumerate(entries):
        if (result := workplace.kept(entry)) is None:
            try:
                result = workplace.run(entry)
            except RunError as error:
                workplace.keep_failure(entry, str(error))
                print(f"[{place + 1}/{len(entries)}] {error}", file=sys.stderr, flush=True)
                continue
            perplexities = ", ".join(f"{name} {text['perplexity']:.2f}" for name, text in result["texts"].items())
            print(f"[{place + 1}/{len(entries)}] {entry.name}: {result['wallSeconds']:.0f} s, {result['cpuSeconds']:.0f} s of "
                  f"CPU: {perplexities}", file=sys.stderr, flush=True)


def known(entries: Sequence[Entry], workplace: Workplace) -> tuple[list[Result], list[dict[str, Any]]]:
    """The results that there are, in the entries' order, and what could not be had, with the reason."""
    found = [(entry, workplace.kept(entry)) for entry in entries]
    return ([result for _, result in found if result is not None],
            [failure for entry, result in found if result is None and (failure := workplace.failure(entry)) is not None])
