#!/usr/bin/env python3
"""Gather this project's own prose into one text, for manual.txt: README.md, Documentation/*.md, the articles of
Sources/AdaDim/AdaDim.docc, and the doc comments of Sources/**/*.swift, in this order. Without tables, code, headings and
lists of links; paragraphs of 14 words or more, each on a line, markup taken off, what stands twice taken once.

    python Benchmarks/texts/make_manual.py > manual.txt
"""
import pathlib
import re
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
FEWEST_WORDS = 14


def prose(lines: list[str]) -> Iterator[str]:
    """The paragraphs of a Markdown text; an item of a list is one."""
    paragraph: list[str] = []
    fenced = False
    for line in [*lines, ""]:
        text = line.strip()
        fence, item = text.startswith("```"), re.match(r"(- |\d+\. )", text)
        fenced ^= fence
        if paragraph and (fence or fenced or not text or text[0] in "|#@" or item):
            yield " ".join(paragraph)
            paragraph = []
        indented = not paragraph and not item and line.startswith("    ")
        if not (fence or fenced or not text or text[0] in "|#@" or indented):
            paragraph.append(re.sub(r"^(- |\d+\. )", "", text))


def plain(paragraph: str) -> str:
    """Without Markdown's marks, and without the names that doc comments put in front of a parameter's sentence."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", paragraph)
    text = re.sub(r"<doc:(\w+)>", r"\1", text)
    text = re.sub(r"^(Parameters?|Returns|Throws|Precondition|Complexity)( \w+)?: *", "", text)
    return re.sub(r"\*\*|`+", "", text).strip()


def doc_comments(source: str) -> list[str]:
    """The lines of a file's `///` comments, an empty one between two comments."""
    return [m.group(1) if (m := re.match(r"\s*/// ?(.*)", line)) else "" for line in source.splitlines()]


def main() -> None:
    documents = sorted(p for p in (ROOT / "Documentation").glob("*.md") if p.name != "Study.md")
    articles = sorted((ROOT / "Sources/AdaDim/AdaDim.docc").glob("*.md"))
    texts = [p.read_text().splitlines() for p in [ROOT / "README.md", *documents, *articles]]
    texts += [doc_comments(p.read_text()) for p in sorted((ROOT / "Sources").rglob("*.swift"))]
    seen = set()
    for lines in texts:
        for paragraph in map(plain, prose(lines)):
            if len(paragraph.split()) >= FEWEST_WORDS and paragraph not in seen:
                seen.add(paragraph)
                print(paragraph, end="\n\n")


if __name__ == "__main__":
    main()
