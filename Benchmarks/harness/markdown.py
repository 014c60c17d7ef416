"""Tables in Markdown, and figures as they stand in them."""
import textwrap
from collections.abc import Iterable, Sequence

from .intervals import UNKNOWN, Interval, side


def table(head: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """The first `left` columns begin at the left, the others end at the right."""
    rule = [":--"] * left + ["--:"] * (len(head) - left)
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, rule, *rows])


def nats(interval: Interval, signed: bool = False) -> str:
    """A mean with the half-width of its interval; bold where the interval excludes zero and the sign matters."""
    digits = 3 if interval.half_width >= 0.01 else 4
    text = minus(f"{interval.mean:{'+' if signed else ''}.{digits}f} ± {interval.half_width:.{digits}f}")
    return f"**{text}**" if signed and side(interval) != UNKNOWN else text


def paragraph(text: str) -> str:
    """In lines as the pages have them. Hyphens stay inside words, as in per-OC."""
    return textwrap.fill(text, 127, break_long_words=False, break_on_hyphens=False)


def threads(counts: Iterable[int]) -> str:
    """One thread, 2 threads, 1 or 2 threads."""
    different = sorted(set(counts))
    return "one thread" if different == [1] else f"{' or '.join(map(str, different))} threads"


def minus(text: str) -> str:
    """With the sign that is as wide as a plus."""
    return text.replace("-", "−")
