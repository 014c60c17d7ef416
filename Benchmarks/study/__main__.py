"""Run the study and write Documentation/Study.md, its pictures and its figures. A second run does only what is missing.

    PYTHONPATH=Benchmarks .venv/bin/python -m study [--models jargon-6m,smollm2] [--work verify-output/study]
    PYTHONPATH=Benchmarks .venv/bin/python -m study --write-only     # the page from the committed figures
"""
import argparse
import json
import os
import pathlib
import signal
import sys

from harness.models import JARGON, ROOT, smollm2
from harness.runs import Result, RunError, Workplace, run_all

from .document import complete, document
from .figures import Figures
from .outliers import Found, outliers
from .pictures import all_pictures
from .settings import WINDOWS, settings

PAGE, PICTURES, FIGURES = "Study.md", "study", "measured/study.json"


def directory_of(model: str) -> pathlib.Path:
    return JARGON if model == "jargon-6m" else smollm2()


def kept_outliers(model: str, work: pathlib.Path) -> Found:
    file = work / f"outliers-{model}.json"
    if not file.exists():
        partial = file.with_suffix(".partial")
        partial.write_text(json.dumps(outliers(directory_of(model))))
        os.replace(partial, file)
    found: Found = json.loads(file.read_text())
    return found


def measure(models: list[str], work: pathlib.Path, tool: pathlib.Path, kept_only: bool) -> Figures:
    workplace = Workplace(work, tool)
    directories = {model: directory_of(model) for model in models}
    # All models' main tables before the smaller sets.
    chosen = sorted((setting for model in models for setting in settings(model)),
                    key=lambda setting: (setting.seed > 0, setting.propagate != "quantized"))
    variants = [setting.variant(directories[setting.model]) for setting in chosen]
    found: list[Result | None] = [workplace.kept(variant) for variant in variants] if kept_only else [
        *run_all(variants, workplace)]
    measured = [(setting, result) for setting, result in zip(chosen, found, strict=True) if result is not None]
    return Figures.of(measured, outliers={model: kept_outliers(model, work) for model in models})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default=",".join(WINDOWS), help="which, with commas between them (default: all)")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "verify-output/study", help="where results are kept")
    parser.add_argument("--tool", type=pathlib.Path, default=ROOT / ".build/release/adadim")
    parser.add_argument("--documentation", type=pathlib.Path, default=ROOT / "Documentation", help="where the page goes")
    parser.add_argument("--kept-only", action="store_true", help="write the page from what was measured before, and run nothing")
    parser.add_argument("--write-only", action="store_true", help="write the page anew from the committed figures")
    args = parser.parse_args()
    models = args.models.split(",")
    if unknown := set(models) - set(WINDOWS):
        parser.error(f"--models names {', '.join(sorted(unknown))}, expected some of {', '.join(WINDOWS)}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if args.write_only:
            figures = Figures.read(args.documentation / FIGURES)
        else:
            figures = measure(models, args.work, args.tool, args.kept_only)
            figures.write(args.documentation / FIGURES)
    except RunError as error:
        sys.exit(f"{error}\nWhat was measured before is kept; run again for the rest.")
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. What was measured is kept; run again for the rest.")
    (args.documentation / PAGE).write_text(document(figures))
    all_pictures(figures, args.documentation / PICTURES, complete(figures))
    print(f"Written to {args.documentation}: {PAGE}, {PICTURES}, {FIGURES}")


if __name__ == "__main__":
    main()
