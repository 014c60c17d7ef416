#!/usr/bin/env python3
"""Check what must hold of the variants of one model that `adadim variants --keep DIR` wrote.

    python check_variants.py DIR TABLE

DIR holds rtn-per-oc, rtn-per-ic, rtn-adaptive, gptq-per-oc, gptq-per-ic, gptq-adaptive and more; TABLE is what the command printed.
- every layer of an adaptive run took the smaller of the two losses that it compared;
- GPTQ's mean relative loss is below RTN's in each direction;
- adaptive GPTQ's perplexity is below per-OC GPTQ's and per-IC GPTQ's;
- with more effort it is lower still (with --propagate original, best is balanced, and equal will do).
Exits with 1, naming each line that does not hold.
"""
import json
import pathlib
import re
import sys

from check_choices import wrong_choices


def perplexities(table: str) -> dict[str, float]:
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in table.splitlines() if "|" in line]
    column = rows[0].index("perplexity")
    return {re.sub(r" \(.*\)", "", row[0]): float(row[column]) for row in rows[2:]}


def main() -> None:
    directory, table = pathlib.Path(sys.argv[1]), perplexities(pathlib.Path(sys.argv[2]).read_text())
    reports = {d.name: json.loads((d / "quantization-report.json").read_text()) for d in sorted(directory.iterdir())}
    broken = []
    for name in ("rtn-adaptive", "gptq-adaptive"):
        broken += wrong_choices(reports[name])
    for direction in ("per-oc", "per-ic"):
        gptq, rtn = (reports[f"{m}-{direction}"]["totals"]["meanRelativeLoss"] for m in ("gptq", "rtn"))
        if not gptq < rtn:
            broken.append(f"{direction}: mean relative loss {gptq} with GPTQ, {rtn} with RTN")
    for better, worse in (("balanced", ""), ("best", "balanced")):
        names = [f"GPTQ adaptive, {effort}".removesuffix(", ") for effort in (better, worse)]
        if not table[names[0]] <= table[names[1]]:
            broken.append(f"perplexity {table[names[0]]} {names[0]}, {table[names[1]]} {names[1]}")
    for direction in ("per-oc", "per-ic"):
        if not table["GPTQ adaptive"] < table[f"GPTQ {direction}"]:
            broken.append(f"perplexity {table['GPTQ adaptive']} adaptive, {table[f'GPTQ {direction}']} {direction}")
    print("\n".join(broken) or f"{directory}: choices, losses and perplexities as they must be")
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
