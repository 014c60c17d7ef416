#!/usr/bin/env bash
# Calls the library from C: the example, then so many hostile calls (Tests/CInterface/hostile.c). `make library` first.
set -euo pipefail
cd "$(dirname "$0")/.."
calls=${1:-20000}
library=.build-library/lib/libadadim.so.0
programs=.build-library/c
mkdir -p "$programs"
# Any C compiler will do; every Swift toolchain brings one.
compiler=${CC:-$(command -v cc || echo "$(dirname "$(readlink -f "$(command -v swift)")")/clang")}
for source in Examples/C/quantize_layer.c Tests/CInterface/hostile.c; do
    "$compiler" -std=c11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror -ISources/CInterface/Header/include "$source" \
        -o "$programs/$(basename "$source" .c)" "$library"
done
export LD_LIBRARY_PATH=$PWD/.build-library/lib

foreign=$(nm -D --defined-only "$library" | awk '$2 ~ /[A-Z]/ && $3 !~ /^adadim_/ { print $3 }')
[ -z "$foreign" ] || { printf 'names that the library should hide:\n%s\n' "$foreign" >&2; exit 1; }
while read -r name; do
    grep -qw "$name" Sources/CInterface/Header/include/adadim.h || { echo "$name is not in adadim.h" >&2; exit 1; }
done < <(nm -D --defined-only "$library" | awk '$2 ~ /[A-Z]/ { print $3 }')
"$programs/quantize_layer" 2>/dev/null
"$programs/hostile" "$calls"
