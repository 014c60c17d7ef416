#!/usr/bin/env bash
# After scripts/docs.sh, which has followed all links: is every public symbol explained, does the articles' code run?
set -euo pipefail
cd "$(dirname "$0")/.."

command -v python3 >/dev/null || scripts/setup.sh python3
python3 scripts/undocumented.py .build-docs/symbol-graphs/AdaDim.symbols.json

binaries=$(swift build -c release --show-bin-path)
for snippet in Snippets/*.swift; do
    name=$(basename "$snippet" .swift)
    if ! grep -q "\"AdaDim/Snippets/$name\"" Sources/AdaDim/AdaDim.docc/*.md; then
        echo "$snippet is in no article" >&2
        exit 1
    fi
    # A file that is new to Snippets/ is not looked for in a cached manifest. And SwiftPM sees only that AdaDim itself, which
    # exports the engine's modules, has not changed: code compiled for another layout of theirs would run.
    rm -rf "$binaries/$name.build"
    swift build -q -c release --disable-build-manifest-caching --product "$name"
    "$binaries/$name" >/dev/null
done
echo "all code of the articles runs"
