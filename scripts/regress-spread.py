#!/usr/bin/env python3
"""The spread of `adadim regress check --json` reports, as a Markdown table; with --exact, that they were exact and green."""

import json
import os
import sys


def row(path):
    report = json.load(open(path))
    layers = report["cases"]
    runs = [(run, case["name"]) for case in layers for run in case["runs"]]
    # Where the damping was raised the Gram matrix is singular to working precision; such layers stand apart.
    raised = lambda name: name.startswith("damping that must be raised")
    plain = [(run, name) for run, name in runs if not raised(name)]
    flips = max(plain, key=lambda pair: pair[0]["flippedShare"], default=None)
    beyond = [
        (max(0.0, run["lossDifference"] - run["lossRounding"]) / run["flippedShare"], name)
        for run, name in runs if run["flippedShare"] > 0
    ]
    worst = {item["kind"]: item["value"] for item in report["worst"]}
    return {
        "environment": os.path.basename(path).removesuffix(".json"),
        "layers": len(layers),
        "with flips": sum(any(run["flippedShare"] > 0 for run in case["runs"]) for case in layers),
        "largest share of flips": f"{100 * flips[0]['flippedShare']:.3f} % ({flips[1]})" if flips and flips[0]["flippedShare"] else "0",
        "raised": f"{100 * max(shares):.1f} %" if (shares := [run["flippedShare"] for run, name in runs if raised(name)]) else "another step",
        "largest relative loss": f"{max((run['lossDifference'] for run, name in plain), default=0):.1e}",
        "loss to flips": f"{max(beyond, default=(0, ''))[0]:.2f}",
        "backward error": f"{worst.get('backward error, n·eps', 0):.3f}",
        "factor": f"{worst.get('factor', 0):.3f}",
        "gram": f"{worst.get('gram', 0):.3f}",
        "loss": f"{worst.get('loss', 0):.3f}",
        "codes": f"{worst.get('codes', 0):.4f}",
    }


def main():
    paths = sys.argv[1:]
    if paths and paths[0] == "--exact":
        reports = [json.load(open(path)) for path in paths[1:]]
        if not all(report["isGreen"] and report["isExact"] for report in reports):
            sys.exit("a check in the same environment was not exact and green")
        print(f"{len(reports)} checks in a row: exact and green, {reports[0]['environment']['kernels']}")
        return
    rows = [row(path) for path in paths]
    print("| " + " | ".join(rows[0]) + " |")
    print("|" + " --- |" * len(rows[0]))
    for found in rows:
        print("| " + " | ".join(str(value) for value in found.values()) + " |")
    for path in paths:
        for case in json.load(open(path))["cases"]:
            for failure in case["failures"]:
                print(f"RED {case['name']}: {failure['kind']}: {failure['text']}")


main()
