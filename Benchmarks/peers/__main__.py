"""Quantize a small model with other quantizers too, on CPU, and write what each one lost and took.

    PYTHONPATH=Benchmarks .venv/bin/python -m peers [--only adadim,GPTQModel] [--cells 3:0,3:1] [--work verify-output/peers]
    PYTHONPATH=Benchmarks .venv/bin/python -m peers --trial      # two blocks, two short sequences: does everything run?

A second run does only what is missing. A peer that cannot be installed or does not run is named with the reason.
"""
import argparse
import pathlib
import signal
import sys

from harness.conditions import LENGTH, SEQUENCES
from harness.models import ROOT, smollm2
from harness.runs import RunError
from harness.texts import CALIBRATION
from harness.variant import Text

from .figures import write_figures
from .files import in_float32
from .running import Work, Workplace, known, run_all
from .settings import CELLS, OURS, PEERS, TEXTS, entries
from .tables import failures_table, results_table

FIGURES = "measured/peers.json"
TRIAL_BLOCKS = 2
TRIAL = {"sequences": 2, "length": 128}


def cells(words: str) -> list[tuple[int, int]]:
    """`3:0,4:1` is 3 bits with seed 0, then 4 bits with seed 1."""
    found = []
    for word in words.split(","):
        bits, _, seed = word.partition(":")
        found.append((int(bits), int(seed)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="makers, with commas between them (default: all)")
    parser.add_argument("--cells", type=cells, default=list(CELLS), metavar="BITS:SEED,…", help="what to run, in this order")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "verify-output/peers", help="where results are kept")
    parser.add_argument("--tool", type=pathlib.Path, default=ROOT / ".build/release/adadim")
    parser.add_argument("--documentation", type=pathlib.Path, default=ROOT / "Documentation", help="where the figures go")
    parser.add_argument("--threads", type=int, default=1,
                        help="of each quantizer (default: 1; CPU seconds of several count threads that wait for each other)")
    parser.add_argument("--kept-only", action="store_true", help="write what was measured before, and run nothing")
    parser.add_argument("--replace", action="store_true", help="write, even if figures that the file had are gone")
    parser.add_argument("--trial", action="store_true", help="two blocks and two short sequences; writes no figures")
    args = parser.parse_args()
    only = args.only.split(",") if args.only else []
    if unknown := set(only) - {OURS, *(peer.name for peer in PEERS)}:
        parser.error(f"--only names {', '.join(sorted(unknown))}, expected some of "
                     f"{', '.join([OURS, *(peer.name for peer in PEERS)])}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    work = args.work.resolve()
    try:
        model = in_float32(smollm2(), work / ("trial-model" if args.trial else "model"), TRIAL_BLOCKS if args.trial else None)
        drawn = TRIAL if args.trial else {"sequences": SEQUENCES, "length": LENGTH}
        texts = tuple(Text(text.name, text.file, 2) for text in TEXTS) if args.trial else TEXTS
        workplace = Workplace(work / "trial" if args.trial else work, args.tool.resolve(),
                              Work(model, CALIBRATION, texts, threads=args.threads, **drawn), work / "environments")
        if not args.kept_only:
            run_all(list(entries(args.cells, only)), workplace)
        results, failures = known(list(entries()), workplace)
        print(results_table(results))
        if failures:
            print(f"\n{failures_table(failures)}")
        if not args.trial:
            write_figures(args.documentation / FIGURES, results, failures, args.replace)
            print(f"\nWritten to {args.documentation / FIGURES}", file=sys.stderr)
    except RunError as error:
        sys.exit(f"{error}\nWhat was measured before is kept; run again for the rest.")
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. What was measured is kept; run again for the rest.")


if __name__ == "__main__":
    main()
