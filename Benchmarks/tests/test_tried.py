"""The ideas' own implementation: what holds for any of its layers, and the table of what it found."""
from dataclasses import replace

import pytest

from accuracy import tried as found

torch = pytest.importorskip("torch")
from torch import Tensor  # noqa: E402
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


def test_table() -> None:
    def entry(baseline: str, shift: float) -> dict[str, object]:
        texts = {name: {"excess": [0.2 + shift, 0.3 + shift], "divergence": [0.3, 0.4]} for name in ("one", "two")}
        return {"baseline": baseline, "seeds": {"0": texts, "1": texts}}
    table = found.summary({"plain": entry("", 0), "moved": entry("plain", 0.125)})
    assert "| plain | 2 | 0.250 ±" in table
    assert "| plain | **+0.1250 ± 0.0000** | +0.0000 ± 0.0000 |" in table
    assert found.summary({}) == found.NONE
