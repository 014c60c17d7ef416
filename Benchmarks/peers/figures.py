"""Documentation/measured/peers.json."""
import json
import pathlib
from collections.abc import Sequence
from typing import Any

from harness.figures import keep_all

# Of a result, what a reader of the figures needs; the rest stays in the work directory.
KEPT = ("peer", "variant", "version", "bits", "seed", "wallSeconds", "cpuSeconds", "threads")
TEXT_KEPT = ("perplexity", "excess", "divergence", "windows", "windowLength", "windowLogLikelihoods", "windowDivergences")
ORIGINAL_KEPT = ("perplexity", "windowLogLikelihoods")  # not its name, a path of the machine
# Nats of a window: beyond what sums in another order change.
JUDGES_AGREE = 0.01


def figures(results: Sequence[dict[str, Any]], failures: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """`original` has what the model itself gives on each text; `failures` what could not be had, and why."""
    originals: dict[str, Any] = {}
    for result in results:
        for name, text in result["texts"].items():
            known = originals.setdefault(name, {part: text["original"][part] for part in ORIGINAL_KEPT})
            if any(abs(a - b) > JUDGES_AGREE for a, b in zip(known["windowLogLikelihoods"], text["original"][
                    "windowLogLikelihoods"], strict=True)):
                raise ValueError(f"{name}: {result['peer']} {result['variant']}, seed {result['seed']} was judged by a build that "
                                 f"judges otherwise; remove its result from the work directory to have it measured again")
    return {
        "run": {"judges": sorted({result["judge"] for result in results}),
                "machines": sorted({result["machine"] for result in results})},
        "original": originals, "failures": list(failures),
        "entries": [{name: result[name] for name in KEPT} | {"texts": {
            name: {part: text[part] for part in TEXT_KEPT} for name, text in result["texts"].items()}} for result in results]}


def names(content: dict[str, Any]) -> list[str]:
    """Of its entries."""
    return [f"{entry['peer']} {entry['variant']}, {entry['bits']} bits, seed {entry['seed']}" for entry in content["entries"]]


def write_figures(file: pathlib.Path, results: Sequence[dict[str, Any]], failures: Sequence[dict[str, Any]],
                  replace: bool = False) -> None:
    """An entry a line. Refuses to take entries out of the file that it writes, unless it is to `replace` it."""
    content = figures(results, failures)
    if not replace:
        keep_all(file, content, names)
    lines = [json.dumps(entry) for entry in content.pop("entries")]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, indent=1)[:-2] + ',\n "entries": [\n' + ",\n".join(lines) + "\n]}\n")
