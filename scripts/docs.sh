#!/usr/bin/env bash
# The site of what `import AdaDim` gives, in .build-docs/site. One module: AdaDim only re-exports three others, so its
# symbol graph is made with theirs in it, which the DocC plugin's own command has no option for. From the plugin comes
# the tool that makes code listings of Snippets/.
set -euo pipefail
cd "$(dirname "$0")/.."
output=.build-docs
build=(swift build -c release --disable-build-manifest-caching)
binaries=$(swift build -c release --show-bin-path)

"${build[@]}" --target AdaDim
"${build[@]}" --product snippet-extract

rm -rf "$output"
mkdir -p "$output/symbol-graphs"
# The modules, and the C that two of them import.
# shellcheck disable=SC2046
swift symbolgraph-extract -module-name AdaDim \
    -experimental-allowed-reexported-modules=AdaDimLinearAlgebra,AdaDimQuantizedMatrices,AdaDimQuantization \
    -minimum-access-level public -skip-inherited-docs -skip-synthesized-members \
    -target "$(swiftc -print-target-info | sed -n 's/^ *"triple": "\(.*\)",$/\1/p' | head -n 1)" \
    -I "$binaries/Modules" -I "$binaries/AdaDimKernels.build" -I "$binaries/AdaDimProcessor.build" -I "$binaries/AdaDimProgramStart.build" -I Modules/COpenBLAS -I Modules/CLAPACKE \
    $(pkg-config --cflags-only-I openblas lapacke) -output-dir "$output/symbol-graphs"
"$binaries/snippet-extract" --module-name AdaDim --output "$output/symbol-graphs/AdaDim-snippets.symbols.json" \
    "$PWD"/Snippets/*.swift

docc convert Sources/AdaDim/AdaDim.docc --additional-symbol-graph-dir "$output/symbol-graphs" \
    --fallback-display-name AdaDim --fallback-bundle-identifier AdaDim --fallback-default-module-kind Library \
    --warnings-as-errors --output-path "$output/site"

echo "python3 -m http.server --directory $output/site, and it is at http://localhost:8000/documentation/adadim"
