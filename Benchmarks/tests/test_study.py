"""The study's rules: which words a figure becomes."""

from __future__ import annotations

from typing import Any

import pytest

from harness.intervals import Difference, side
from harness.layers import ROLES, depth
from harness.markdown import nats
from harness.ranks import rank_correlation
from study.claims import CLAIMS, Claim, RoleChoice, choice_mixes, together, where_outliers_are
from study.figures import Figures, compared
from study.settings import METHODS, Setting, settings
from study.tables import paired

BETTER, WORSE, UNKNOWN = Difference(-0.1, 0.01, 16), Difference(0.1, 0.01, 16), Difference(0.01, 0.01, 16)


def test_a_difference_is_significant_where_the_interval_excludes_zero() -> None:
    assert [side(d) for d in (BETTER, WORSE, UNKNOWN)] == ["better", "worse", "no significant difference"]
    # 16 windows: 2.13 standard errors.
    assert side(Difference(-0.0214, 0.01, 16)) == "better"
    assert side(Difference(-0.0213, 0.01, 16)) == "no significant difference"


@pytest.mark.parametrize("kind, words, verdict", [
    ("always", ["held", "held"], "Held: better in 2 of 2 comparisons, worse in 0, no significant difference in 0"),
    ("always", ["held", "no significant difference"], "Held wherever significant: "),
    ("always", ["held", "did not hold"], "Held in part: better in 1 of 2 comparisons, worse in 1,"),
    ("always", ["did not hold", "no significant difference"], "Did not hold: "),
    ("always", ["held", "no significant difference", "no significant difference"], "Mostly no significant difference: "),
    ("somewhere", ["held", "did not hold", "held"], "Held: "),
    ("somewhere", ["held", "did not hold"], "In doubt: "),
    ("somewhere", ["did not hold", "no significant difference", "did not hold"], "Did not hold: "),
    ("somewhere", ["no significant difference"], "No significant difference: "),
    ("never", ["held", "held", "no significant difference"], "Held: "),
    ("never", ["held", "held", "did not hold"], "In doubt: "),
    ("never", ["held", "did not hold", "did not hold"], "Did not hold: "),
    ("never", ["no significant difference"], "No significant difference: "),
])
def test_verdicts(kind: str, words: list[str], verdict: str) -> None:
    assert Claim("one is better", "one", "other", "better", kind).verdict(words).startswith(verdict)


def test_a_claim_that_something_is_worse() -> None:
    claim = CLAIMS[0]
    assert [claim.word(d) for d in (WORSE, BETTER, UNKNOWN)] == ["held", "did not hold", "no significant difference"]
    assert claim.verdict(["held", "held"]) == "Held: worse in 2 of 2 comparisons, better in 0, no significant difference in 0"


def test_texts_that_agree_share_a_word() -> None:
    assert together(["held", "held"]) == "held"
    assert together(["held", "no significant difference"]) == "held / no significant difference"


def test_nats_show_what_the_interval_allows() -> None:
    assert nats(Difference(-0.1234, 0.01, 16)) == "−0.123 ± 0.021"
    assert nats(Difference(-0.12345, 0.001, 16), signed=True) == "**−0.1235 ± 0.0021**"
    assert nats(Difference(0.01, 0.01, 16), signed=True) == "+0.010 ± 0.021"


def roles(**taken: str) -> dict[str, RoleChoice]:
    return {role: RoleChoice(role, taken.get(role, "oooooooooo"), (2.0, 0.5)) for role in ROLES}


def test_where_per_ic_wins() -> None:
    everywhere = {role: "iiiiiiooii" for role in ("q_proj", "k_proj", "v_proj", "down_proj")}
    assert where_outliers_are(roles(**everywhere)) == "held: per-IC has the majority in q, k, v, down"
    assert where_outliers_are(roles(q_proj="iiiiiioooo", up_proj="iiiiiioooo")) == (
        "held in part: per-IC has the majority in q, up")
    assert where_outliers_are(roles()) == "did not hold: per-IC has the majority in no kind of layer"


def test_where_the_choice_mixes() -> None:
    mixed = {"o_proj": "ioioioioio", "gate_proj": "iooooooooo", "up_proj": "iiiiiiiiio"}
    assert choice_mixes(roles(**mixed)) == (
        "held: o 5 of 10 per-IC with 9 changes, gate 1 of 10 per-IC with 1 change, up 9 of 10 per-IC with 1 change")
    assert choice_mixes(roles()).startswith("did not hold: ")
    assert roles()["q_proj"].mean_ratio == pytest.approx(1)


def layer(**losses: Any) -> dict[str, Any]:
    return {"name": "model.layers.12.mlp.up_proj", "losses": losses}


def test_the_losses_that_were_compared() -> None:
    def of(rtn: float | None, gptq: float | None) -> dict[str, Any]:
        return {"rtn": rtn and {"absolute": rtn}, "gptq": gptq and {"absolute": gptq}}
    assert depth(layer()) == 12
    assert compared(layer(**{"per-oc": of(2.0, None), "per-ic": of(3.0, 1.0)})) == 1.5
    assert compared(layer(**{"per-oc": of(None, 4.0), "per-ic": of(None, 1.0)})) == 0.25
    assert compared(layer(**{"per-oc": of(None, 4.0)})) is None


def test_settings_are_all_different_work() -> None:
    for model in ("jargon-6m", "smollm2"):
        every = settings(model)
        assert len(set(every)) == len(every)
        assert len({setting.name for setting in every}) == len(every)
    assert "adaptive (sweep)" not in METHODS["RTN"]


def test_a_paired_difference_is_of_the_same_windows() -> None:
    def entry(direction: str, *likelihoods: float) -> dict[str, Any]:
        return {"setting": {"model": "m", "bits": 3, "method": "GPTQ", "direction": direction, "propagate": "quantized",
                            "seed": 0},
                "texts": {"t": {"windowLength": 2, "windows": 2, "windowLogLikelihoods": list(likelihoods)}}}
    figures = Figures({"variants": [entry("per-IC", -3.0, -5.0), entry("per-OC", -2.0, -4.0)]})
    assert figures.texts() == ["t"]
    assert Setting("m", 3, "GPTQ", "per-OC") in figures.entries
    found = paired(figures, CLAIMS[0], "m", 3, "GPTQ", "t")
    assert (found.mean, found.error) == (1.0, 0.0)


def test_rank_correlation() -> None:
    assert rank_correlation([(1, 10), (2, 100), (3, 1000)]) == pytest.approx(1)
    assert rank_correlation([(1, 3), (2, 2), (3, 1)]) == pytest.approx(-1)
    # Ranks 0, 1, 2.5, 2.5 against 0, 2, 1, 3.
    assert rank_correlation([(1, 1), (2, 3), (5, 2), (5, 4)]) == pytest.approx(0.6324555)
