#!/usr/bin/env python3
"""Check that every layer of an adaptive run took the direction with the smaller of the two losses that it compared: of
the finished sweeps with --select sweep, of round-to-nearest otherwise.

    python check_choices.py OUTPUT
"""
import json
import pathlib
import sys


def wrong_choices(report: dict) -> list[str]:
    options = report["options"]
    judged = "gptq" if options["method"] == "gptq" and options["select"] == "sweep" else "rtn"
    wrong = []
    for layer in report["layers"]:
        compared = {d: losses[judged]["absolute"] for d, losses in layer["losses"].items() if losses.get(judged)}
        if len(compared) != 2 or compared[layer["dimension"]] != min(compared.values()):
            wrong.append(f"{layer['name']} took {layer['dimension']}, with {judged} losses {compared}")
    return wrong


def main() -> None:
    report = json.loads((pathlib.Path(sys.argv[1]) / "quantization-report.json").read_text())
    wrong = wrong_choices(report)
    print("\n".join(wrong) or f"{sys.argv[1]}: all {len(report['layers'])} layers took the smaller loss")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
