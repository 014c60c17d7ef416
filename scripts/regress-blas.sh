#!/usr/bin/env bash
# `adadim regress` across BLAS libraries, kernels and thread counts of this machine: ten checks in a row are green under
# the same kernels, all others within bounds, and the spread is printed as Markdown. Three quarters of an hour on two cores.
# MAX_SIZE=20000 takes the largest layers through all of OpenBLAS's kernels, too, in twice the time; the reference BLAS is
# spared all beyond 1024.
set -euo pipefail
cd "$(dirname "$0")/.."
tool=${TOOL:-$PWD/.build/release/adadim}
python=${PYTHON:-python3}
out=$PWD/verify-output/regress
size=${MAX_SIZE:-2048}
# Plain loops: a layer of 4096 x 4096 would take half an hour.
slow=$((size < 1024 ? size : 1024))
times=${TIMES:-10}
unset OPENBLAS_CORETYPE OPENBLAS_NUM_THREADS
mkdir -p "$out"
rm -rf "$out"/baseline* "$out"/*.json

# Other BLAS and LAPACK libraries beside the system's, not in its place.
libraries=$out/libraries
if [ ! -d "$libraries/usr" ]; then
    mkdir -p "$libraries"
    (cd "$libraries" && apt-get download -q libblas3 liblapack3 libblis4-pthread)
    for package in "$libraries"/*.deb; do dpkg -x "$package" "$libraries"; done
fi
library() { find "$libraries/usr" -path "*/$1" | head -n 1; }
blas=$(library blas/libblas.so.3)
lapack=$(library lapack/liblapack.so.3)
blis=$(library blis-pthread/libblas.so.3)
for file in "$blas" "$lapack" "$blis"; do
    [ -e "$file" ] || { echo "a library is missing from Debian's packages: blas '$blas', lapack '$lapack', blis '$blis'" >&2; exit 1; }
done

# kernels: those of OpenBLAS that this processor can run.
kernels() {
    echo Prescott
    local flag
    for flag in sse4_2:Nehalem avx:Sandybridge avx2:Haswell avx2:Zen avx512f:SkylakeX avx512_bf16:Cooperlake; do
        if grep -qw "${flag%%:*}" /proc/cpuinfo; then echo "${flag##*:}"; fi
    done
}

# check NAME BASELINE SIZE THREADS [VARIABLE=VALUE ...]: must be green.
check() {
    local name=$1 baseline=$2 size=$3 threads=$4
    shift 4
    env "$@" "$tool" regress check "$out/$baseline" --max-size "$size" --threads "$threads" --json -q >"$out/$name.json" || {
        echo "$name: red" >&2
        "$python" scripts/regress-spread.py "$out/$name.json" >&2 || true
        exit 1
    }
    echo "$name: green"
}

# repeat NAME SIZE THREADS [VARIABLE=VALUE ...]: a baseline of its own, then checks that are exact.
repeat() {
    local name=$1 size=$2 threads=$3 i
    shift 3
    env "$@" "$tool" regress record "$out/baseline-$name" --max-size "$size" --threads "$threads" -q >/dev/null
    for i in $(seq "$times"); do check "$name-again-$i" "baseline-$name" "$size" "$threads" "$@"; done
    "$python" scripts/regress-spread.py --exact "$out/$name"-again-*.json
}

repeat native 20000 2 LC_ALL=C
repeat Prescott 20000 2 OPENBLAS_CORETYPE=Prescott
repeat one-thread "$slow" 1 LC_ALL=C
repeat BLIS "$slow" 2 LD_PRELOAD="$blis"

for kernel in $(kernels); do
    for threads in 1 2; do
        check "$kernel-$threads" baseline-native "$size" $threads OPENBLAS_CORETYPE="$kernel"
    done
done
check native-1 baseline-native "$size" 1 LC_ALL=C
check BLIS-2 baseline-native "$size" 2 LD_PRELOAD="$blis"
# The record names the library that computes products.
grep -q '"kernels" : "unknown: .*blis' "$out/BLIS-2.json" || { echo "BLIS is not named as the library that computes products" >&2; exit 1; }
check BLIS-LAPACK-2 baseline-native "$slow" 2 LD_PRELOAD="$blis:$lapack"
check reference-1 baseline-native "$slow" 1 LD_PRELOAD="$blas:$lapack"
grep -q '"file" : ".*/lapack/liblapack.so' "$out/reference-1.json" || { echo "the reference LAPACK is not named" >&2; exit 1; }
check reference-2 baseline-native "$slow" 2 LD_PRELOAD="$blas:$lapack"
"$python" scripts/regress-spread.py $(ls "$out"/*.json | grep -v again)
