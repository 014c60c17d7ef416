"""The harness: intervals, keys, and runs that can be cut short, with a stand-in for the tool."""

from __future__ import annotations

import io
import math
import pathlib

import pytest

from harness.intervals import excess, mean_difference, t_quantile
from harness.runs import RunError, Workplace, run_all
from harness.variant import Text, Variant, digest

# Writes what the real tool writes, as far as the harness looks at it, and a line for each call.
TOOL = """#!/usr/bin/env python3
import json, os, sys
here = os.path.dirname(os.path.abspath(__file__))
print(" ".join(sys.argv[1:3]), file=open(here + "/calls", "a"))
if os.path.exists(here + "/broken") and sys.argv[1] == "evaluate":
    sys.exit("the model is not to the tool's liking")
if sys.argv[1] == "quantize":
    os.mkdir(sys.argv[3])
    json.dump({"options": sys.argv[4:]}, open(sys.argv[3] + "/quantization-report.json", "w"))
else:
    print(json.dumps({"perplexity": 12.5, "windowLength": 3, "windows": 2, "windowLogLikelihoods": [-4.0, -6.0]}))
"""


@pytest.fixture
def place(tmp_path: pathlib.Path) -> pathlib.Path:
    tool = tmp_path / "tool"
    tool.write_text(TOOL)
    tool.chmod(0o755)
    (tmp_path / "model").mkdir()
    (tmp_path / "model/weights").write_text("weights")
    (tmp_path / "text").write_text("text")
    return tmp_path


def variant(place: pathlib.Path, *options: str, name: str = "a variant", windows: int | None = None) -> Variant:
    return Variant(name, place / "model", (Text("text", place / "text", windows),), place / "text", options)


def calls(place: pathlib.Path) -> int:
    return len((place / "calls").read_text().splitlines()) if (place / "calls").exists() else 0


@pytest.mark.parametrize(
    "freedom, quantile, tolerance",  # from a table of Student's t, four digits
    [(1, 12.7062, 1e-5), (2, 4.3027, 2e-5), (3, 3.1824, 2e-3), (5, 2.5706, 2e-4), (9, 2.2622, 5e-5), (15, 2.1314, 5e-5),
     (49, 2.0096, 5e-5), (10**6, 1.9600, 5e-5)])
def test_t_quantiles(freedom: int, quantile: float, tolerance: float) -> None:
    assert t_quantile(freedom) == pytest.approx(quantile, rel=tolerance)


def test_a_difference_is_taken_within_windows() -> None:
    worse = {"windowLength": 3, "windows": 3, "windowLogLikelihoods": [-10.0, -22.0, -36.0]}
    better = {"windowLength": 3, "windows": 3, "windowLogLikelihoods": [-8.0, -18.0, -30.0]}
    found = excess(worse, better)
    assert found.mean == pytest.approx(2.0)  # 1, 2 and 3 nats per token of two tokens each
    assert found.error == pytest.approx(1 / math.sqrt(3))
    assert found.low == pytest.approx(2 - 4.3027 / math.sqrt(3), abs=1e-4)
    assert excess(better, worse).mean == -found.mean


def test_other_windows_are_refused() -> None:
    one = {"windowLength": 3, "windows": 2, "windowLogLikelihoods": [-1.0, -2.0]}
    with pytest.raises(ValueError, match="windows is 2 for one model and 3 for the other"):
        excess(one, {"windowLength": 3, "windows": 3, "windowLogLikelihoods": [-1.0, -2.0, -3.0]})
    with pytest.raises(ValueError, match="1 windows, expected at least 2"):
        mean_difference([1.0])


def test_keys_are_of_the_work(place: pathlib.Path) -> None:
    tool = place / "tool"
    key = variant(place, "--bits", "3").key(tool)
    assert variant(place, "--bits", "3", name="another name").key(tool) == key
    assert variant(place, "--bits", "4").key(tool) != key
    assert variant(place, "--bits", "3", windows=2).key(tool) != key
    (place / "model").rename(place / "elsewhere")
    moved = Variant("moved", place / "elsewhere", (Text("text", place / "text"),), place / "text", ("--bits", "3"))
    assert moved.key(tool) == key
    (place / "elsewhere/weights").write_text("other weights")
    digest.cache_clear()
    assert moved.key(tool) != key


def test_a_second_run_does_what_is_missing(place: pathlib.Path) -> None:
    original = Variant("original", place / "model", (Text("text", place / "text"),))
    workplace, log = Workplace(place / "work", place / "tool"), io.StringIO()
    first = run_all([original, variant(place, "--bits", "3")], workplace, log)
    assert calls(place) == 3
    second = run_all([original, variant(place, "--bits", "3"), variant(place, "--bits", "4")], workplace, log)
    assert calls(place) == 5
    assert second[:2] == first
    assert second[2]["report"]["options"][:4] == ["--calibration", str(place / "text"), "--bits", "4"]
    assert "report" not in first[0]
    assert "[3/3] a variant: quantized in" in log.getvalue()
    assert list(workplace.outputs.iterdir()) == []


def test_a_failure_says_what_failed_and_leaves_nothing(place: pathlib.Path) -> None:
    (place / "broken").touch()
    workplace = Workplace(place / "work", place / "tool")
    with pytest.raises(RunError, match=r"(?s)a variant: .*tool evaluate .*ended with 1: the model is not to the tool's liking"):
        run_all([variant(place)], workplace, io.StringIO())
    assert list(workplace.outputs.iterdir()) == list(workplace.results.iterdir()) == []


def test_what_a_killed_run_left_is_removed(place: pathlib.Path) -> None:
    (place / "work/outputs/half").mkdir(parents=True)
    Workplace(place / "work", place / "tool")
    assert list((place / "work/outputs").iterdir()) == []


def test_two_runs_do_not_share_a_directory(place: pathlib.Path) -> None:
    holder = Workplace(place / "work", place / "tool")
    with pytest.raises(RunError, match="another run works here"):
        Workplace(place / "work", place / "tool")
    holder.lock.close()
    Workplace(place / "work", place / "tool").lock.close()


def test_a_missing_tool_is_named(place: pathlib.Path) -> None:
    with pytest.raises(RunError, match="nowhere: there is no such program, expected .*: make build"):
        Workplace(place / "work", place / "nowhere")
