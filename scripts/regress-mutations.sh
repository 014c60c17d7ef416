#!/usr/bin/env bash
# Plants faults in a copy of the engine's sources, one at a time, and demands that `adadim regress check` turns red, each
# time through the identity that is meant to catch it. A fault whose place is no longer found fails the script, too.
# Half an hour: every fault is a build. The copy lies under verify-output/mutations.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
out=$PWD/verify-output/mutations
copy=$out/sources
# The sizes at which every stage is met, blocks of columns and panels of rows included; large layers add nothing here.
suite=(--max-size 600)

rm -rf "$copy" "$out/baseline" "$out"/*.json
mkdir -p "$copy"
git ls-files -co --exclude-standard Package.swift Modules Sources Tests | tar -c -T - | tar -x -C "$copy"
[ -f Package.resolved ] && cp Package.resolved "$copy/"

build() {
    swift build -c release --package-path "$copy" --scratch-path "$out/build" --product adadim >"$out/build.log" 2>&1 || {
        tail -n 40 "$out/build.log" >&2
        echo "the build failed: $1" >&2
        exit 1
    }
}

# mutate FILE OLD NEW: replaces the one occurrence of a text, or fails.
mutate() {
    "$python" - "$copy/$1" "$2" "$3" <<'PYTHON'
import sys
path, old, new = sys.argv[1:]
text = open(path, encoding="utf-8").read()
if text.count(old) != 1:
    sys.exit(f"{path}: the place of the fault occurs {text.count(old)} times, expected once:\n{old}")
open(path, "w", encoding="utf-8").write(text.replace(old, new))
PYTHON
}

# caught NAME IDENTITY REPORT: the report must be red, and by that identity.
caught() {
    "$python" - "$@" <<'PYTHON'
import json, sys
name, identity, path = sys.argv[1:]
report = json.load(open(path))
by = {}
for case in report["cases"] + report["refusals"]:
    for kind in {failure["kind"] for failure in case["failures"]}:
        by.setdefault(kind, []).append(case["name"])
if report["isGreen"] or identity not in by:
    sys.exit(f"{name}: expected red by \"{identity}\", found {sorted(by) or 'green'}")
others = ", ".join(f"{kind} {len(cases)}" for kind, cases in sorted(by.items()) if kind != identity)
print(f"{name}: red in {len(by[identity])} by \"{identity}\", first in \"{by[identity][0]}\"; also {others or 'nothing'}")
PYTHON
}

# fault NAME IDENTITY FILE OLD NEW
fault() {
    local name=$1 identity=$2 file=$3 report status=0
    report=$out/${name// /-}.json
    cp "$copy/$file" "$out/original"
    mutate "$file" "$4" "$5"
    build "$name"
    "$out/build/release/adadim" regress check "$out/baseline" "${suite[@]}" --json -q >"$report" || status=$?
    cp "$out/original" "$copy/$file"
    [ $status -eq 1 ] || { echo "$name: exit status $status, expected 1" >&2; exit 1; }
    caught "$name" "$identity" "$report"
}

build "the sources as they are"
"$out/build/release/adadim" regress record "$out/baseline" "${suite[@]}" -q >/dev/null
"$out/build/release/adadim" regress check "$out/baseline" "${suite[@]}" -q | tail -n 1

fault "wrong triangle of the Gram matrix" gram Sources/LinearAlgebra/Gram.swift \
    'syrk(.lower, 1, activations, .none, 1, $0)' 'syrk(.upper, 1, activations, .none, 1, $0)'
fault "wrong triangle in the factor" factor Sources/LinearAlgebra/ReverseCholesky.swift \
    'syrk(.upper, -1, part, .none, 1, c' 'syrk(.lower, -1, part, .none, 1, c'
fault "dropped damping" factor Sources/Quantization/Factorization/Damping.swift \
    '$0 == 0 && damping == 0 ? mean : damping' '$0 == 0 && damping == 0 ? mean : 0'
fault "group boundary one off" grids Sources/Quantization/Sweep/SweepTile.swift \
    'columns: group.columns.count, weight: e.column(start)' \
    'columns: max(1, group.columns.count - 1), weight: e.column(start)'
fault "accumulation in single precision" loss Sources/Quantization/Sweep/SweepTile.swift \
    'loss.damped += pivot * pivot * missed' 'loss.damped = Double(Float(loss.damped + pivot * pivot * missed))'
fault "NaN as if it were finite" refusal Sources/LinearAlgebra/Norms.swift \
    'return zeros.sum() == 0' 'return zeros.sum() == 0 || zeros.sum() != 0'
echo "every planted fault is caught"
