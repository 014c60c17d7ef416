"""The ideas' own implementation: what holds for any of its layers, and which figures are of what it is now."""
from __future__ import annotations

import json
import pathlib
import shutil
from dataclasses import asdict, replace
from typing import Any

import pytest

from harness.runs import RunError
from harness.variant import digest

torch = pytest.importorskip("torch")
from torch import Tensor  # noqa: E402
from tried import __main__ as tried  # noqa: E402
from tried.layer import Idea, Layer, damped, loss  # noqa: E402

BITS, GROUP = 3, 64
PASSED = Idea(ranges="search", passes=2)


@pytest.fixture(name="layer")
def fixture_layer() -> tuple[Tensor, Tensor]:
    """W [160, 192] and H; one input in twenty is an outlier, so that tiles of both directions win."""
    generator = torch.Generator().manual_seed(7)
    weight = torch.randn(160, 192, generator=generator)
    inputs = torch.randn(800, 192, generator=generator)
    outlying = torch.rand(192, generator=generator) > 0.95
    weight[:, outlying] *= 6
    inputs[:, outlying] *= 20
    return weight, inputs.T @ inputs


def lost(layer: tuple[Tensor, Tensor], idea: Idea, judged_by: float = 0.0) -> float:
    """Of H with a damping of its own."""
    weight, gram = layer
    errors = weight - Layer(idea, BITS, GROUP).quantized(weight, gram)
    return loss(errors.T, damped(gram, judged_by)) / loss(weight.T, gram)


# Not tiles in activation order: they are swept in the order of their columns.
@pytest.mark.parametrize("direction, order", [
    *((direction, order) for direction in ("per-oc", "per-ic", "adaptive") for order in ("", "activation", "group")),
    ("tile", ""), ("tile", "group")])
def test_passes_never_lose(layer: tuple[Tensor, Tensor], direction: str, order: str) -> None:
    for idea, judged_by in ((PASSED, PASSED.damping), (replace(PASSED, undamped=True), 0.0)):
        losses = [lost(layer, replace(idea, direction=direction, order=order, passes=passes), judged_by) for passes in range(3)]
        assert losses[0] > losses[1] > losses[2] * 0.9999


def test_passes_go_by_the_gram_matrix_that_they_are_told(layer: tuple[Tensor, Tensor]) -> None:
    by_damped, by_plain = (replace(PASSED, direction="per-oc", damping=0.5, undamped=undamped) for undamped in (False, True))
    assert lost(layer, by_damped, 0.5) < lost(layer, by_plain, 0.5)
    assert lost(layer, by_damped) > lost(layer, by_plain)


def test_search_and_order_win(layer: tuple[Tensor, Tensor]) -> None:
    for direction in ("per-oc", "per-ic"):
        assert lost(layer, Idea(direction, "search")) < lost(layer, Idea(direction))
    assert lost(layer, Idea("tile", "search")) <= 1.02 * min(
        lost(layer, Idea("per-oc", "search")), lost(layer, Idea("per-ic", "search")))


@pytest.fixture(name="file")
def fixture_file(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """Of figures, beside copies of all that ideas are measured with."""
    shutil.copytree(tried.HERE, tmp_path / "code")
    for name in ("calibration", "text", "model"):
        (tmp_path / name).write_text(name)
    for name, value in (("HERE", tmp_path / "code"), ("CALIBRATION", tmp_path / "calibration"),
                        ("TEXTS", {"one": tmp_path / "text"}), ("FIGURES", tmp_path / "tried.json")):
        monkeypatch.setattr(tried, name, value)
    return tmp_path / "tried.json"


def entry(name: str, work: str) -> dict[str, Any]:
    return {"baseline": "", "options": asdict(tried.TRIALS[name].idea), "work": work, "seeds": {"0": {}}}


@pytest.mark.parametrize("changed", ["code/layer.py", "code/kernels.c", "code/model.py", "calibration", "text", "model"])
def test_figures_are_of_what_they_were_measured_with(file: pathlib.Path, changed: str) -> None:
    work = tried.work(file.parent / "model")
    assert tried.kept(work, replace=False) == {}
    there = {name: entry(name, work) for name in ("searched", "all")}
    file.write_text(json.dumps(there))
    assert tried.kept(tried.work(file.parent / "model"), replace=False) == there
    with open(file.parent / changed, "a") as appended:
        appended.write("\n")
    digest.cache_clear()
    now = tried.work(file.parent / "model")
    with pytest.raises(RunError, match="2 of its figures would be gone, such as searched. Its options, .*--replace"):
        tried.kept(now, replace=False)
    assert tried.kept(now, replace=True) == {}


def test_ideas_that_are_others_now_are_refused(file: pathlib.Path) -> None:
    there = {name: entry(name, "work") for name in ("searched", "all")}
    for name, one in (("all", entry("searched", "work")), ("not on the list", entry("all", "work"))):
        file.write_text(json.dumps(there | {name: one}))
        with pytest.raises(RunError, match=f"1 of its figures would be gone, such as {name}"):
            tried.kept("work", replace=False)
        assert tried.kept("work", replace=True) == {other: there[other] for other in there if other != name}
