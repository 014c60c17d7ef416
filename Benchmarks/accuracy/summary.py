"""The page's first figures: what each effort loses, and the best of the other programs."""
from collections.abc import Sequence

from harness.markdown import nats, paragraph, table

from . import peers, tables
from .figures import EXCESS, Figures
from .settings import BITS, PLAIN, REFERENCE, TITLE

# A variant of the list, in a user's words.
ROWS = {
    REFERENCE: "plain GPTQ, per-OC (`--effort fast --dimension per-oc`)",
    PLAIN: "plain GPTQ, adaptive direction (`--effort fast`)",
    "balanced": "`--effort balanced`, the default",
    "best": "`--effort best`",
}


def summary(figures: Figures, makers: Sequence[peers.Maker]) -> str:
    """At the fewest bits that were measured."""
    every = [bits for bits in BITS if any(figures.seeds(name, bits) for name in ROWS)]
    if not every:
        return "**Answer.** None of the efforts has been measured yet."
    bits = every[0]
    rows = []
    for name, words in ROWS.items():
        found = figures.estimate(EXCESS, name, bits, figures.texts)
        if found is not None:
            rows.append([words, nats(found), tables.share(found.mean, tables.mean(figures, REFERENCE, bits)),
                         tables.times(tables.seconds(figures, name, bits), tables.seconds(figures, PLAIN, bits))])
    head = ["variant", "excess", f"share of {REFERENCE}'s", "CPU time, × `fast`'s"]
    other = peers.best_other([maker for maker in makers if maker.bits == bits])
    return "\n\n".join([
        paragraph(f"**Answer.** {TITLE} at {bits} bits loses this much more than the original, in nats per token (*excess*, mean "
                  "over both texts, ± half of the 95 % interval):"),
        table(head, rows), *([paragraph(other)] if other else [])])
