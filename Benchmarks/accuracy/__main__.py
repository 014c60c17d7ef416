"""Run the variants and write Documentation/Accuracy.md, its pictures and its figures. A second run does only what is missing.

    PYTHONPATH=Benchmarks .venv/bin/python -m accuracy [--only REGEX] [--bits 3] [--work verify-output/accuracy]
    PYTHONPATH=Benchmarks .venv/bin/python -m accuracy --write-only     # the page from the committed figures
"""
import argparse
import pathlib
import re
import signal
import sys

from harness.models import ROOT
from harness.runs import RunError, Workplace, run_groups

from . import peers, tried
from .document import document
from .figures import Figures
from .pictures import all_pictures
from .settings import BITS, SEEDS, WAYS, Setting

PAGE, PICTURES, FIGURES = "Accuracy.md", "accuracy", "measured/accuracy.json"
PEERS, TRIED = "measured/peers.json", "measured/tried.json"


def groups(only: str, every_bits: list[int]) -> list[list[Setting]]:
    """A variant at all seeds is a group: it is quantized at each and measured at all together."""
    return [[Setting(way.name, bits, seed) for seed in SEEDS] for bits in every_bits for way in WAYS.values()
            if bits in way.bits and re.search(only, way.name)]


def kept(workplace: Workplace) -> Figures:
    """Of everything on the list that was measured, now or before."""
    settings = [setting for group in groups("", list(BITS)) for setting in group]
    found = [(setting, result) for setting in settings if (result := workplace.kept(setting.variant())) is not None]
    if not found:
        raise RunError("Nothing has been measured with this tool, model and texts.")
    return Figures.of(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="REGEX", help="run the variants whose name this matches (default: all)")
    parser.add_argument("--bits", default=",".join(map(str, BITS)), help="which to run, with commas between (default: all)")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "verify-output/accuracy", help="where results are kept")
    parser.add_argument("--tool", type=pathlib.Path, default=ROOT / ".build/release/adadim")
    parser.add_argument("--documentation", type=pathlib.Path, default=ROOT / "Documentation", help="where the page goes")
    parser.add_argument("--kept-only", action="store_true", help="write the page from what was measured before, and run nothing")
    parser.add_argument("--replace", action="store_true", help="write, even if figures that the page had are gone")
    parser.add_argument("--write-only", action="store_true", help="write the page anew from the committed figures")
    args = parser.parse_args()
    every_bits = [int(bits) for bits in args.bits.split(",")]
    if unknown := set(every_bits) - set(BITS):
        parser.error(f"--bits names {', '.join(map(str, sorted(unknown)))}, expected some of {', '.join(map(str, BITS))}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    failure: RunError | None = None
    try:
        if args.write_only:
            figures = Figures.read(args.documentation / FIGURES)
        else:
            workplace = Workplace(args.work, args.tool)
            if not args.kept_only:
                chosen = [[setting.variant() for setting in group] for group in groups(args.only, every_bits)]
                try:
                    run_groups(chosen, workplace, go_on=True)
                except RunError as error:
                    # What the others gave is written all the same.
                    failure = error
            figures = kept(workplace)
            figures.write(args.documentation / FIGURES, args.replace)
    except RunError as error:
        said = f"{failure}\n{error}" if failure else error
        sys.exit(f"{said}\nWhat was measured before is kept; run again for the rest.")
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. What was measured is kept; run again for the rest.")
    others = args.documentation / PEERS
    found = peers.read(others)
    (args.documentation / PAGE).write_text(
        document(figures, found, peers.failures(others), tried.read(args.documentation / TRIED)))
    all_pictures(figures, found, args.documentation / PICTURES)
    print(f"Written to {args.documentation}: {PAGE}, {PICTURES}, {FIGURES}")
    if failure:
        sys.exit(f"{failure}\nThe page has what could be measured; run again for the rest.")


if __name__ == "__main__":
    main()
