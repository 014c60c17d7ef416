"""The accuracy page's rules: what figures become, with figures made up here."""

from __future__ import annotations

import json
import math
import pathlib
import re
from typing import Any

import pytest

from accuracy import peers, tables, tried
from accuracy.document import document, spelled
from accuracy.figures import DIVERGENCE, EXCESS, Figures
from accuracy.settings import EFFORTS, PLAIN, REFERENCE, SECTIONS, WAYS, Setting
from accuracy.summary import summary
from accuracy.weightings import FEWEST, PLAIN_MEAN, WEIGHTINGS, Layer, Run, judge, runs
from harness.layers import ROLES
from harness.models import ROOT
from harness.runs import RunError

LAYERS = [f"model.layers.{block}.some.{role}" for block in range(3) for role in ROLES]
WINDOWS = (-0.01, 0.0, 0.01, 0.0)


def entry(way: str, excess: float, *, bits: int = 3, seed: int = 0, divergence: float | None = None,
          losses: list[float] | None = None) -> dict[str, Any]:
    """With the same spread over windows in every entry, and none between seeds but what `excess` has."""
    def text(more: float) -> dict[str, Any]:
        return {"perplexity": 50.0, EXCESS: [excess + more + window for window in WINDOWS],
                DIVERGENCE: [(excess if divergence is None else divergence) + window for window in WINDOWS]}
    return {"way": way, "bits": bits, "seed": seed, "options": "", "seconds": 60.0 + seed, "cpuSeconds": 100.0,
            "meanRelativeLoss": 0.0133, "texts": {"jargon": text(0.1), "manual": text(-0.1)},
            "losses": losses or [0.01] * len(LAYERS), "energies": [1.0] * len(LAYERS)}


def figures(*entries: dict[str, Any]) -> Figures:
    return Figures({
        "run": {"commits": ["abc"], "dates": ["2026-01-01"], "machines": ["a machine"], "threads": [1], "adadim": "0.1.0",
                "blas": "OpenBLAS", "kernels": ["Haswell"]},
        "original": {text: {"perplexity": 49.183, "windows": 4, "windowLength": 512} for text in ("jargon", "manual")},
        "layers": LAYERS, "variants": list(entries)})


def seeds(way: str, *excesses: float, **more: Any) -> list[dict[str, Any]]:
    return [entry(way, excess, seed=seed, **more) for seed, excess in enumerate(excesses)]


def test_the_list_of_variants_holds_together() -> None:
    assert len(WAYS) == sum(map(len, SECTIONS.values()))
    assert {REFERENCE, PLAIN} <= set(WAYS)
    for way in WAYS.values():
        assert set(way.baselines) <= set(WAYS) - {way.name}
        assert "--bits" not in way.options and "--seed" not in way.options


def test_efforts_are_the_presets_of_the_sources() -> None:
    def found(file: str, pattern: str) -> tuple[str, ...]:
        """What the one place of `apply(_ effort:)` that matches has in its groups."""
        body = (ROOT / "Sources" / file).read_text().split("mutating func apply(_ effort: Effort)")[1].split("\n    }\n")[0]
        (match,) = re.findall(pattern, body)
        return match if isinstance(match, tuple) else (match,)

    engine, model = "Quantization/Recipe/QuantizationOptions.swift", "Recipe/ModelRecipe.swift"
    assert found(engine, r"let isPlain = (.+)") == ("effort == .fast",)
    assert found(engine, r"factor\.activationOrder = (.+)") == ("!isPlain",)
    plain = {name: found(engine, rf"{group}\.{name} = isPlain \? (\S+) : (\S+)")
             for group, name in (("grid", "ranges"), ("factor", "damping"), ("refinement", "passes"))}
    tokens = found(model, r"tokenWeights = effort == \.fast \? (\S+) : (\S+)")
    inputs, residual, less = found(
        model, r"correction = effort == \.best \? OutputCorrection\(inputs: (\S+), residual: (\S+)\) : (\S+)")
    assert [plain["ranges"][0], plain["damping"][0], plain["passes"][0], tokens[0], less] == [".full", "0.01", "0", ".equal", ".none"]
    # What a pass changes is no part of an effort: both.
    balanced = (f"--effort fast --activation-order --ranges {plain['ranges'][1][1:]} --refine both --passes {plain['passes'][1]} "
                f"--damping {plain['damping'][1]} --token-weights {tokens[1][1:]}")
    assert EFFORTS == {"adaptive": "--effort fast", "balanced": balanced,
                       "best": f"{balanced} --correct-inputs {inputs} --correct-residual {residual}"}


def test_options_of_a_variant_are_in_its_key(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accuracy.settings.smollm2", lambda: tmp_path)
    (tmp_path / "tool").write_text("a tool")
    variants = [Setting(way, bits, seed).variant() for way in WAYS for bits in (3, 4) for seed in range(3)]
    assert len({variant.key(tmp_path / "tool") for variant in variants}) == 6 * len({way.options for way in WAYS.values()})
    first = variants[0]
    assert first.compared and first.options[:2] == ("--bits", "3")
    assert [text.options() for text in first.texts] == [["--sequence-length", "512", "--sequences", "16"]] * 2


def test_options_are_spelled_without_contradiction() -> None:
    assert spelled(WAYS["damped"]) == f"`{WAYS['damped'].options}`"
    assert spelled(WAYS["best"]) == f"`--effort best --dimension adaptive --select rtn`, which is `{EFFORTS['best']}`"
    assert spelled(WAYS["best, damping 0.01"]) == "*best* with `--damping 0.01`"
    assert spelled(WAYS["best (sweep)"]) == "*best* with `--dimension adaptive --select sweep`"
    assert spelled(WAYS["balanced, inputs 0.4"]) == "*balanced* with `--correct-inputs 0.4`"
    for way in WAYS.values():
        for command in re.findall("`(.*?)`", spelled(way)):
            flags = re.findall("--[a-z-]+", command)
            assert flags and len(set(flags)) == len(flags), way.name


def test_an_entry_is_in_nats_per_token() -> None:
    report: dict[str, Any] = {
        "options": {"threads": 2}, "versions": {"adadim": "0.1.0", "blas": "OpenBLAS", "kernels": "Haswell"},
        "totals": {"meanRelativeLoss": 0.0133456},
        "layers": [{"name": LAYERS[0], "outputEnergy": 200.04, "loss": {"absolute": 3.0, "relative": 0.015}}]}
    text = {"windowLength": 3, "windows": 2, "original": {"perplexity": 10.0, "windowLogLikelihoods": [-3.0, -5.0]},
            "perplexity": 11.1234567, "windowLogLikelihoods": [-4.0, -6.5], "windowDivergences": [0.5, 0.25]}
    result = {"options": ["--bits", "3"], "commit": "abc", "date": "2026-01-01", "machine": "a machine", "seconds": 61.26,
              "cpuSeconds": 100.04, "report": report, "texts": {"jargon": text}}
    found = Figures.of([(Setting("adaptive", 3, 0), result)])
    (kept,) = found.content["variants"]
    assert kept["texts"]["jargon"] == {"perplexity": 11.1235, EXCESS: [0.5, 0.75], DIVERGENCE: [0.25, 0.125]}
    assert (kept["losses"], kept["energies"], kept["seconds"]) == ([0.015], [200.0], 61.3)
    other = report | {"options": {"threads": 1}, "versions": report["versions"] | {"kernels": "Cooperlake"}}
    both = Figures.of([(Setting("adaptive", 3, seed), result | {"report": of}) for seed, of in enumerate([report, other])])
    run = both.content["run"]
    assert (run["threads"], run["kernels"], run["blas"]) == ([1, 2], ["Cooperlake", "Haswell"], "OpenBLAS")


def test_figures_come_back_from_their_file(tmp_path: pathlib.Path) -> None:
    before = figures(*seeds("per-OC", 0.8, 0.9, 0.7), *seeds("adaptive", 0.6, 0.7, 0.5))
    before.write(tmp_path / "measured/accuracy.json")
    after = Figures.read(tmp_path / "measured/accuracy.json")
    assert after.content == before.content
    assert document(after, []) == document(before, [])


def test_figures_are_not_thinned_unseen(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "accuracy.json"
    figures(*seeds("per-OC", 0.8, 0.9, 0.7), entry("adaptive", 0.6)).write(file)
    fewer = figures(*seeds("per-OC", 0.8, 0.9), entry("adaptive", 0.5, bits=4))
    with pytest.raises(RunError, match="2 of its figures would be gone, such as per-OC, 3 bits, seed 2. .*--replace"):
        fewer.write(file)
    assert len(Figures.read(file).entries) == 4
    fewer.write(file, replace=True)
    assert Figures.read(file).content == fewer.content
    # More, or others in place of the same, is no loss.
    more = figures(*seeds("per-OC", 0.1, 0.2, 0.3), entry("adaptive", 0.4, bits=4))
    more.write(file)
    assert Figures.read(file).content == more.content


def test_a_step_is_paired_by_seed_and_window() -> None:
    found = figures(*seeds("per-OC", 0.8, 0.9, 0.7), *seeds("adaptive", 0.61, 0.7, 0.49))
    alone = found.estimate(EXCESS, "adaptive", 3, found.texts)
    step = found.estimate(EXCESS, "adaptive", 3, found.texts, than="per-OC")
    assert alone is not None and step is not None
    assert step.mean == pytest.approx(-0.2)
    # What seeds and windows have in common is gone: 0.01 between the seeds is left.
    assert step.error == pytest.approx(0.01 / 3**0.5)
    assert alone.error > 0.06
    assert tables.words(found, WAYS["adaptive"], "per-OC", 3) == ("better", "better")


def test_only_seeds_that_both_have_are_compared() -> None:
    found = figures(*seeds("per-OC", 0.8, 0.9), *seeds("adaptive", 0.6, 0.7, 5.0))
    step = found.estimate(EXCESS, "adaptive", 3, found.texts, than="per-OC")
    assert step is not None and step.mean == pytest.approx(-0.2) and step.draws == 2
    assert figures(entry("per-OC", 0.8, seed=1), entry("adaptive", 0.6)).estimate(
        EXCESS, "adaptive", 3, ["jargon"], than="per-OC") is None
    assert found.estimate(EXCESS, "adaptive", 4, found.texts) is None


def test_verdicts_are_of_both_measures() -> None:
    found = figures(
        *seeds("per-OC", 0.8, 0.8, 0.8, divergence=0.8), *seeds("per-IC", 0.8, 0.86, 0.77, divergence=0.7),
        *seeds("adaptive", 0.9, 0.91, 0.89, divergence=0.9), *seeds("per-OC", 0.2, 0.2, 0.2, bits=4))
    said = tables.verdicts(found, [3, 4]).splitlines()
    assert said[0] == "| part | step | compared with | 3 bits | 4 bits |"
    assert said[2] == "| Direction | per-IC | per-OC | no significant difference by excess, better by KL: +0.010 ± 0.114 | – |"
    assert said[3] == "| Direction | adaptive | per-OC | worse: **+0.100 ± 0.025** | – |"
    assert len(said) == 4
    assert tables.verdicts(found, [4]) == tables.differences(found, 4) == "No step has both of its variants measured."


def test_an_effort_over_the_plain_method_adds_all_parts() -> None:
    names = ("per-OC", PLAIN, "adaptive, ordered", "damped", "balanced", "best")
    found = figures(*(each for name in names for each in seeds(name, 0.5, 0.6, 0.4)))
    parts = {(way.name, baseline): part for part, way, baseline in tables.comparisons(found, 3)}
    assert parts == {("adaptive", "per-OC"): "Direction", ("adaptive, ordered", "adaptive"): "Act-order",
                     ("balanced", "damped"): "Token weights", ("balanced", "adaptive"): "All parts",
                     ("best", "balanced"): "Asymmetric calibration", ("best", "adaptive"): "All parts"}
    assert "| All parts | balanced | adaptive |" in tables.verdicts(found, [3])
    assert "| All parts | balanced − adaptive |" in tables.differences(found, 3)


def test_whether_the_direction_still_wins_is_said_plainly() -> None:
    found = figures(*seeds("best", 0.2, 0.2, 0.2, divergence=0.3), *seeds("best, per-OC", 0.2, 0.25, 0.16, divergence=0.4))
    said = tables.direction(found, [3, 4])
    assert "at 3 bits excess −0.003 ± " in said and "(no significant difference), KL divergence **−0.1000 ± " in said
    assert said.endswith("(better).")
    assert "were not both measured" in tables.direction(figures(*seeds("best", 0.2, 0.2, 0.2)), [3])


def test_the_table_of_variants() -> None:
    lines = tables.variants(figures(*seeds("per-OC", 0.8, 0.8, 0.8), *seeds("adaptive", 0.6, 0.6, 0.6)), 3).splitlines()
    assert lines[2].startswith("| *Direction* |  |")
    cells = [cell.strip() for cell in lines[3].split("|")[1:-1]]
    assert cells[0] == "per-OC" and cells[1].startswith("0.900 ± ") and cells[2].startswith("0.700 ± ")
    assert cells[4] == "100 %" and cells[6:] == ["1.33 %", "100", "1.00"]
    assert "| 75 % |" in lines[4]


def test_differences_have_every_place_and_bold_where_significant() -> None:
    text = tables.differences(figures(*seeds("per-OC", 0.8, 0.8, 0.8), *seeds("adaptive", 0.6, 0.61, 0.6)), 3)
    assert text.count("**−0.1967 ± 0.0") + text.count("**−0.197 ± 0.0") == 6
    assert text.endswith("| better | better |")
    assert "excess, jargon and manual" in text


def test_the_first_figures_are_at_the_fewest_bits() -> None:
    found = figures(*seeds("per-OC", 0.8, 0.8, 0.8), *seeds("adaptive", 0.6, 0.6, 0.6), *seeds("best", 0.1, 0.1, 0.1, bits=4))
    lines = summary(found, []).splitlines()
    assert "at 3 bits" in lines[0] and len([line for line in lines if line.startswith("| ")]) == 4
    assert lines[-2].startswith("| plain GPTQ, per-OC (`--effort fast --dimension per-oc`) | 0.8000 ± ")
    assert lines[-2].endswith(" | 100 % | 1.00 |") and lines[-1].endswith(" | 75 % | 1.00 |")
    # Without the reference there are no shares.
    assert summary(figures(entry("best", 0.1)), []).endswith(" | – | – |")
    assert summary(figures(entry("damped", 0.1)), []) == "**Answer.** None of the efforts has been measured yet."


def test_what_is_missing_is_named() -> None:
    page = document(figures(*seeds("per-OC", 0.8, 0.8, 0.8), entry("adaptive", 0.6)), [])
    assert "Not measured at 3 bits: per-IC; " in page
    assert "Not all seeds at 3 bits: adaptive (only 0). Where there is only one" in page
    assert "Not measured at 4 bits: per-OC; " in page
    assert "### 4 bits" not in page and "None has been measured yet." in page
    assert "$" not in page


def test_four_bits_come_with_their_reservation() -> None:
    page = document(figures(*seeds("per-OC", 0.2, 0.2, 0.2, bits=4)), [])
    assert page.count("comes from 4-bit weights in per-OC blocks of 32") == 3


def test_peers_are_beside_ours(tmp_path: pathlib.Path) -> None:
    def made(peer: str, variant: str, seed: int, excess: float, **more: Any) -> dict[str, Any]:
        text = {"windowLength": 11, "windowLogLikelihoods": [-40 - 10 * (excess + window) for window in WINDOWS],
                "windowDivergences": [3.0] * len(WINDOWS)}
        return {"peer": peer, "variant": variant, "version": "1.2", "bits": 3, "seed": seed, "threads": 1,
                "wallSeconds": 60.0, "cpuSeconds": 50.0 + seed, "texts": {"jargon": text, "manual": text}} | more
    file = tmp_path / "peers.json"
    assert peers.read(file) == []
    original = {"windowLogLikelihoods": [-40.0] * len(WINDOWS)}
    file.write_text(json.dumps({"original": {"jargon": original, "manual": original}, "failures": [], "entries": [
        made("adadim", "per-OC", 0, 0.9), made("adadim", "per-OC", 1, 1.2), made("adadim", "best", 0, 0.2, cpuSeconds=25.0),
        made("adadim", "best", 1, 0.25, cpuSeconds=25.0), made("an-other", "plain", 0, 0.4), made("an-other", "plain", 1, 0.5),
        made("an-other", "slow", 1, 0.6), made("an-other", "plain", 0, 0.1, bits=4)]}))
    found = peers.read(file)
    assert [(maker.title, maker.bits, len(maker.windows)) for maker in peers.others(found)] == [
        ("an-other plain", 3, 2), ("an-other slow", 3, 1), ("an-other plain", 4, 1)]
    at_three = [maker for maker in found if maker.bits == 3]
    lines = peers.summary(at_three).splitlines()
    assert lines[4].startswith("| an-other 1.2 | plain | 2 | 0.450 ± ")
    assert lines[4].endswith(" | 43 % | 0.3000 ± 0.0000 | 50 | 2.02 |")
    # Of per-OC's with the same draw: over all draws it would be 57 %.
    assert lines[5].startswith("| an-other 1.2 | slow | 1 | ") and " | 50 % | " in lines[5]
    said = "Where there is one draw, intervals cover windows only."
    assert lines[7] == said and said not in peers.summary([maker for maker in at_three if maker.variant != "slow"])
    assert "by excess is an-other plain." in lines[-1]
    assert "excess **−0.225 ± " in lines[-1] or "excess −0.225 ± " in lines[-1]
    assert lines[-1].endswith("its excess is 0.50 of the other's, its time 0.495 of it.")
    sentence = peers.best_other(at_three)
    assert sentence.startswith("Of 1 other program, on the same sequences and with float32 weights, an-other plain has the ")
    assert "excess: 0.450 ± " in sentence and "compared with 0.225 ± " in sentence and "in 2.0 times its CPU time" in sentence
    assert peers.best_other([]) == peers.best_other(peers.others(at_three)) == ""
    assert peers.failures(file) == []
    file.write_text(json.dumps({"failures": [
        {"peer": "third", "variant": "odd", "bits": 3, "seed": 0, "reason": "Traceback\nKeyError: 'x'\n"}]}))
    page = document(figures(*seeds("per-OC", 0.9, 0.9, 0.9)), found, peers.failures(file))
    assert "`make peers` gives" in page and "all with one thread, and" in page and "an-other plain" in page
    assert "`make peers` gives" not in document(figures(*seeds("per-OC", 0.9, 0.9, 0.9)), [])
    assert page.count("- Could not be run: third odd, 3 bits, seed 0: `KeyError: 'x'`") == 1


def test_the_table_of_ideas() -> None:
    def made(baseline: str, shift: float) -> dict[str, Any]:
        texts = {name: {EXCESS: [0.2 + shift, 0.3 + shift], DIVERGENCE: [0.3, 0.4]} for name in ("one", "two")}
        further = {name: {EXCESS: [0.4 + shift, 0.5 + shift], DIVERGENCE: [0.3, 0.4]} for name in texts}
        return {"baseline": baseline, "seeds": {"0": texts, "1": further}}
    table = tried.summary({"plain": made("", 0), "moved": made("plain", 0.125)})
    assert "| plain | 0.250, 0.450 | 0.350 ±" in table
    assert "| plain | **+0.1250 ± 0.0000** | +0.0000 ± 0.0000 |" in table
    assert tried.summary({}) == tried.NONE


def test_weightings_of_layers() -> None:
    layers = [Layer("up_proj", 0.0, 0.01, 1.0), Layer("down_proj", 0.5, 0.02, 3.0), Layer("o_proj", 1.0, 0.06, 4.0)]
    others = ("q,", "k,", "v,", "gate,")
    value = {name: weighting(layers) for name, weighting in WEIGHTINGS.items() if not name.startswith(others)}
    assert value[PLAIN_MEAN] == pytest.approx(0.03)
    assert value["sum of losses over sum of energies"] == pytest.approx(0.31 / 8)
    assert value["o and down, mean"] == pytest.approx(0.04)
    assert value["o and down, sum of losses over sum of energies"] == pytest.approx(0.3 / 7)
    assert value["falling with depth"] == pytest.approx(0.02 / 1.5)
    assert value["last third of the blocks"] == pytest.approx(0.06)
    assert value["up, mean"] == pytest.approx(0.01)


def predicting(*factors: dict[str, list[float]]) -> list[Run]:
    """Four variants whose excess is 1 to 4, at a seed each for the factors by which a weighting is off; others are off by more."""
    return [Run(f"way {place}", seed, {
        name: (place + 1) * told.get(name, [1.0, 9.0, 1.0, 9.0])[place] for name in WEIGHTINGS}, {EXCESS: place + 1.0})
        for seed, told in enumerate(factors) for place in range(4)]


def test_a_weighting_is_judged_on_the_variant_left_out() -> None:
    rising, plain = "rising with depth", PLAIN_MEAN
    found = judge(predicting({rising: [2.0, 2.0, 2.0, 2.0], plain: [1.0, 1.0, 1.0, 1.5]}), EXCESS)
    # Off by the same factor throughout is not off at all.
    assert found.verdicts[rising].miss == pytest.approx(0) and found.verdicts[rising].by_seed == (1,)
    # The last one is missed by what it is off; each of the others, by the third of it that the last brings into their factor.
    assert found.verdicts[plain].miss == pytest.approx(math.log(1.5) * math.sqrt((1 + 3 / 9) / 4))
    # Without the last variant both are right, and the one that stands first is chosen, which then misses it.
    assert (found.verdicts[rising].chosen, found.verdicts[plain].chosen) == (3, 1)
    assert found.held_out == pytest.approx(math.log(1.5) / 2)
    # Draws of one variant are one point: what one of them is off and another back is not.
    twice = judge(predicting({plain: [1.0, 1.0, 1.0, 1.5]}, {plain: [1.0, 1.0, 1.0, 1 / 1.5]}), EXCESS)
    assert twice.verdicts[plain].miss == pytest.approx(0) and len(twice.verdicts[plain].by_seed) == 2


def test_few_variants_have_no_correlation() -> None:
    few = figures(*seeds("per-OC", 0.8, 0.8, 0.8), *seeds("adaptive", 0.6, 0.6, 0.6))
    assert tables.weightings(few, 3).startswith(f"2 variants have comparable losses. Fewer than {FEWEST} ")


def test_losses_of_something_else_are_left_out() -> None:
    names = [way.name for way in WAYS.values() if not way.own_loss][:FEWEST]
    other = next(way.name for way in WAYS.values() if way.own_loss)
    found = figures(*(each for place, name in enumerate([*names, other]) for each in seeds(
        name, *[0.5 + 0.1 * place + 0.01 * seed for seed in range(3)],
        losses=[0.01 + 0.001 * place + 0.0001 * layer for layer in range(len(LAYERS))])))
    assert {run.way for run in runs(found, 3)} == set(names)
    text = tables.weightings(found, 3)
    assert "| plain mean |" in text and f"{FEWEST} variants, 3 draws." in text


def test_the_layers_that_hold_most_of_the_energy_are_named() -> None:
    energies = [1.0] * len(LAYERS)
    energies[3], energies[20] = 40.0, 41.0
    found = figures(entry("per-OC", 0.8), entry("per-OC", 0.8, seed=1), entry("adaptive", 0.6))
    for setting, one in found.entries.items():
        one["energies"] = energies if setting.way == "per-OC" else [1.0] * len(LAYERS)
    # The third is the first of those that are alike: 82 of 100.
    assert f"dominate: `{LAYERS[20]}`, `{LAYERS[3]}`, `{LAYERS[0]}` hold 82 % of all energy in per-OC." in tables.heaviest(found, 3)
    assert tables.heaviest(found, 4) == ""
