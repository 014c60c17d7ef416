"""The harness: intervals, keys, and runs that can be cut short, with a stand-in for the tool."""

from __future__ import annotations

import io
import json
import math
import pathlib
import random

import pytest

from harness.intervals import excess, mean_difference, over_common_draws, over_draws, side, t_quantile
from harness.markdown import paragraph, threads
from harness.runs import RunError, Workplace, run_all, run_groups
from harness.variant import Text, Variant, digest

# Writes what the real tool writes, as far as the harness looks at it, and a line for each call.
TOOL = """#!/usr/bin/env python3
import json, os, sys
here = os.path.abspath(__file__)
for _ in range(3):  # it runs as a copy, two directories further down
    here = os.path.dirname(here)
print(" ".join(sys.argv[1:3]), file=open(here + "/calls", "a"))
if os.path.exists(here + "/broken") and sys.argv[1] == "evaluate":
    sys.exit("the model is not to the tool's liking")
if "--spoil" in sys.argv:
    sys.exit("Unknown option '--spoil'")
if sys.argv[1] == "quantize":
    os.mkdir(sys.argv[3])
    json.dump({"options": sys.argv[4:]}, open(sys.argv[3] + "/quantization-report.json", "w"))
elif sys.argv[1] == "compare":
    variants = sys.argv[3:sys.argv.index("--text")]
    print(json.dumps({"windowLength": 3, "windows": 2, "differences": [],
                      "original": {"perplexity": 10.0, "windowLogLikelihoods": [-3.0, -5.0]},
                      "variants": [{"name": path, "perplexity": 11.0 + place, "windowLogLikelihoods": [-4.0 - place, -6.0],
                                    "windowDivergences": [0.5, 0.25], "excess": {}, "divergence": {}}
                                   for place, path in enumerate(variants)]}))
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


def compared(place: pathlib.Path, *options: str) -> Variant:
    return Variant(f"compared {' '.join(options)}", place / "model", (Text("text", place / "text"),), place / "text", options,
                   compared=True)


def calls(place: pathlib.Path) -> int:
    return len((place / "calls").read_text().splitlines()) if (place / "calls").exists() else 0


@pytest.mark.parametrize(
    "freedom, quantile, tolerance",  # from a table of Student's t, four digits
    [(1, 12.7062, 1e-5), (2, 4.3027, 2e-5), (3, 3.1824, 2e-5), (5, 2.5706, 2e-5), (9, 2.2622, 5e-5), (15, 2.1314, 5e-5),
     (49, 2.0096, 5e-5), (10**6, 1.96, 5e-5),
     # 2.5: by numerical integration of the density.
     (2.5, 3.57465, 1e-5)])
def test_t_quantiles(freedom: float, quantile: float, tolerance: float) -> None:
    assert t_quantile(freedom) == pytest.approx(quantile, rel=tolerance)


def test_a_quantile_without_freedom_is_refused() -> None:
    with pytest.raises(ValueError, match="0.5 degrees of freedom, expected at least 1"):
        t_quantile(0.5)


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


@pytest.mark.parametrize("file", ["tool", "text", "model/weights"])
def test_what_files_hold_is_in_the_key(place: pathlib.Path, file: str) -> None:
    key = variant(place, "--bits", "3").key(place / "tool")
    (place / file).write_text((place / file).read_text() + "# other")
    digest.cache_clear()
    assert variant(place, "--bits", "3").key(place / "tool") != key


def test_environments_that_change_blas_are_in_the_key(place: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = variant(place, "--bits", "3").key(place / "tool")
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Prescott")
    assert variant(place, "--bits", "3").key(place / "tool") != key


def test_a_build_meanwhile_is_not_measured_in_the_tools_name(place: pathlib.Path) -> None:
    workplace = Workplace(place / "work", place / "tool")
    (place / "tool").write_text("#!/bin/sh\nexit 1\n")
    assert workplace.run([variant(place, "--bits", "3")])
    digest.cache_clear()
    workplace.lock.close()
    assert Workplace(place / "work", place / "tool").kept(variant(place, "--bits", "3")) is None


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
    with pytest.raises(RunError, match=r"(?s)a variant: .*/tools/.* evaluate .*ended with 1: the model is not to the tool's liking"):
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


def test_draws_that_agree_leave_the_windows_interval() -> None:
    windows = [0.1, 0.3, 0.2, 0.4]
    found, alone = over_draws([[windows] * 3]), mean_difference(windows)
    assert found.mean == pytest.approx(0.25)
    assert found.draws == 3
    assert found.error == pytest.approx(alone.error)
    assert found.freedom == pytest.approx(alone.freedom)


def test_windows_that_agree_leave_the_draws_interval() -> None:
    found = over_draws([[[draw] * 16 for draw in (0.1, 0.2, 0.3)]])
    assert found.error == pytest.approx(0.1 / math.sqrt(3))
    assert found.freedom == pytest.approx(2)
    assert found.half_width == pytest.approx(4.3027 * 0.1 / math.sqrt(3), rel=1e-4)
    assert side(found) == "no significant difference"


def test_a_draw_is_the_same_for_all_texts_and_windows_are_not() -> None:
    # Draws that help on one text what they spoil on the other leave no spread of the means over both.
    found = over_draws([[[0.1, 0.1], [0.3, 0.3]], [[0.3, 0.3], [0.1, 0.1]]])
    assert [found.mean, found.error] == pytest.approx([0.2, 0])
    # Two texts with unrelated windows have half the variance of one.
    one = [[0.1, 0.3, 0.2, 0.4]]
    assert over_draws([one, one]).error == pytest.approx(over_draws([one]).error / math.sqrt(2))
    assert over_draws([one, one]).freedom == pytest.approx(6)


def test_one_draw_alone_has_the_windows_interval() -> None:
    found = over_draws([[[0.1, 0.3, 0.2, 0.4]]])
    assert found.draws == 1
    assert found.half_width == pytest.approx(mean_difference([0.1, 0.3, 0.2, 0.4]).half_width)


def test_unequal_draws_are_refused() -> None:
    with pytest.raises(ValueError, match="expected the same for all"):
        over_draws([[[0.1, 0.2], [0.1, 0.2]], [[0.1, 0.2]]])


def test_differences_are_over_the_draws_that_both_have() -> None:
    mine = {0: {"a": [0.1, 0.3], "b": [0.5, 0.5]},
            1: {"a": [0.2, 0.4], "b": [0.5, 0.5]}, 2: {"a": [9.0, 9.0], "b": [9.0, 9.0]}}
    than = {1: {"a": [0.1, 0.2]}, 0: {"a": [0.0, 0.1]}}
    found, alone = over_common_draws(mine, ["a"], than), over_common_draws(mine, ["a", "b"])
    assert found == over_draws([[[0.1 - 0.0, 0.3 - 0.1], [0.2 - 0.1, 0.4 - 0.2]]])
    assert alone is not None and alone.draws == 3 and alone.mean == pytest.approx((0.35 + 0.4 + 9) / 3)
    assert over_common_draws({2: mine[2]}, ["a"], than) is None
    with pytest.raises(ValueError):
        over_common_draws({0: {"a": [0.1]}}, ["a"], than)


def test_words_of_the_pages() -> None:
    assert [threads(counts) for counts in ([1, 1], [2], (2, 1))] == ["one thread", "2 threads", "1 or 2 threads"]
    assert paragraph("x " * 61 + "per-OC").splitlines() == ["x " * 60 + "x", "per-OC"]


@pytest.mark.parametrize("draw, window, rest", [(1, 0.3, 0.3), (1, 1, 1), (0.3, 1, 0.3), (0, 1, 1), (0, 0, 1)])
def test_intervals_hold_the_truth(draw: float, window: float, rest: float) -> None:
    """Of 3 draws × 16 windows with normal effects of these sizes. Satterthwaite's rule gives away two in a hundred where draws
    and windows weigh alike, and the share of 600 trials is good to another two."""
    dice = random.Random(1)
    held = 0
    for _ in range(600):
        draws, windows = ([dice.gauss(0, size) for _ in range(many)] for size, many in ((draw, 3), (window, 16)))
        found = over_draws([[[a + b + dice.gauss(0, rest) for b in windows] for a in draws]])
        held += found.low < 0 < found.high
    assert held / 600 > 0.91


def test_compared_variants_are_measured_together(place: pathlib.Path) -> None:
    group = [compared(place, "--seed", str(seed)) for seed in range(3)]
    workplace = Workplace(place / "work", place / "tool")
    first = run_groups([group[:2]], workplace, io.StringIO())
    assert calls(place) == 3  # two quantized, one comparison
    (second,) = run_groups([group], workplace, io.StringIO())
    assert calls(place) == 5
    assert second[:2] == first[0]
    assert [result["texts"]["text"]["perplexity"] for result in second] == [11.0, 12.0, 11.0]
    assert second[1]["texts"]["text"] == {
        "windowLength": 3, "windows": 2, "original": {"perplexity": 10.0, "windowLogLikelihoods": [-3.0, -5.0]},
        "perplexity": 12.0, "windowLogLikelihoods": [-5.0, -6.0], "windowDivergences": [0.5, 0.25]}
    assert second[0]["cpuSeconds"] > 0
    assert len(list(workplace.results.iterdir())) == 3
    assert list(workplace.outputs.iterdir()) == []


def test_two_names_for_the_same_work_run_once(place: pathlib.Path) -> None:
    first, second = variant(place, "--bits", "3"), variant(place, "--bits", "3", name="another name")
    results = run_all([first, second], Workplace(place / "work", place / "tool"), io.StringIO())
    assert calls(place) == 2
    assert [result.pop("name") for result in results] == ["a variant", "another name"]
    assert results[0] == results[1]


def test_what_is_compared_has_a_key_of_its_own(place: pathlib.Path) -> None:
    alone = Variant("alone", place / "model", (Text("text", place / "text"),), place / "text", ("--bits", "3"))
    assert compared(place, "--bits", "3").key(place / "tool") != alone.key(place / "tool")


def test_variants_of_several_models_are_not_compared(place: pathlib.Path) -> None:
    (place / "other").mkdir()
    other = Variant("other", place / "other", (Text("text", place / "text"),), place / "text", compared=True)
    with pytest.raises(ValueError, match="expected one model"):
        Workplace(place / "work", place / "tool").run([compared(place), other])


def test_a_failure_need_not_stop_the_rest(place: pathlib.Path) -> None:
    workplace, log = Workplace(place / "work", place / "tool"), io.StringIO()
    groups = [[compared(place, "--spoil")], [compared(place, "--bits", "3")]]
    with pytest.raises(RunError, match=r"(?s)1 of 2 failed:\ncompared --spoil: .*Unknown option '--spoil'"):
        run_groups(groups, workplace, log, go_on=True)
    assert [json.loads(file.read_text())["name"] for file in workplace.results.iterdir()] == ["compared --bits 3"]
    assert list(workplace.outputs.iterdir()) == []
    with pytest.raises(RunError, match="^compared --spoil: "):
        run_groups(groups, workplace, log)
