#!/usr/bin/env python3
"""Fails if a public symbol has no doc comment: undocumented.py SYMBOL-GRAPH...

Only what somebody wrote counts. What the compiler makes, such as an enumeration's init(rawValue:), has no place in a
source file, and what a protocol adds is not in the graph that scripts/docs.sh makes.
"""

import json
import sys


def undocumented(graph):
    """Places and names of the symbols of a graph that have no doc comment, or an empty one."""
    for symbol in graph["symbols"]:
        lines = symbol.get("docComment", {}).get("lines", [])
        if "location" not in symbol or any(line["text"].strip() for line in lines):
            continue
        file = symbol["location"]["uri"].rpartition("/Sources/")[2]
        line = symbol["location"]["position"]["line"] + 1
        yield f"Sources/{file}:{line}: {'.'.join(symbol['pathComponents'])} has no doc comment"


def main():
    written = 0
    missing = []
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            graph = json.load(file)
        written += sum("location" in symbol for symbol in graph["symbols"])
        missing += undocumented(graph)
    if written == 0:
        sys.exit("no symbols in " + (", ".join(sys.argv[1:]) or "no file") + ", expected those of AdaDim")
    if missing:
        sys.exit("\n".join(sorted(missing)))
    print(f"all {written} public symbols are documented")


main()
