#!/usr/bin/env python3
"""Time `adadim inspect` beside `adadim quantize` with the same options, in turn, so that a machine whose speed drifts is fair
to both.

    python inspection_time.py ADADIM MODEL SCRATCH [--rounds 3] OPTIONS...

Prints seconds by the clock and by the processors, and the medians of both ratios. No failure: time is not a test.
"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import time


def run(command: list[str]) -> tuple[float, float]:
    """Seconds by the clock, and by the processors."""
    before, start = os.times(), time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    elapsed, after = time.monotonic() - start, os.times()
    return elapsed, (after.children_user + after.children_system) - (before.children_user + before.children_system)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("adadim")
    parser.add_argument("model")
    parser.add_argument("scratch")
    parser.add_argument("--rounds", type=int, default=3)
    args, options = parser.parse_known_args()
    quantized, report = f"{args.scratch}/quantized", f"{args.scratch}/report"
    pathlib.Path(args.scratch).mkdir(parents=True, exist_ok=True)
    ratios = []
    for _ in range(args.rounds):
        plain = run([args.adadim, "quantize", args.model, quantized, *options, "--effort", "fast", "--overwrite",
                     "--quiet"])
        seen = run([args.adadim, "inspect", args.model, *options, "--report", report, "--overwrite", "--quiet"])
        ratios.append((seen[0] / plain[0], seen[1] / plain[1]))
        print(f"quantize {plain[0]:.1f} s ({plain[1]:.1f} of processors), inspect {seen[0]:.1f} s ({seen[1]:.1f})")
    shutil.rmtree(args.scratch)
    clock, processors = (statistics.median(column) for column in zip(*ratios))
    print(f"inspect takes {clock:.2f} times as long as quantize, {processors:.2f} times the processors' time")


if __name__ == "__main__":
    main()
