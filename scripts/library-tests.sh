#!/usr/bin/env bash
# Calls the library from C: the example, eight threads at once, a number of threads that changes meanwhile, the number that a
# process begins with, memory refused, the life of a process, and so many hostile calls (Tests/CInterface). OPENBLAS_OPENMP names a
# folder with an OpenBLAS for OpenMP that is not installed.
# `make library` first. SANITIZE=address builds the library and the hostile calls' program with the address sanitizer instead,
# and runs that program alone.
set -euo pipefail
cd "$(dirname "$0")/.."
calls=${1:-20000}
# Any C compiler will do; every Swift toolchain has one, and the sanitizer has to be its own.
toolchain=$(dirname "$(readlink -f "$(command -v swift)")")
compiler=${CC:-$(command -v cc || echo "$toolchain/clang")}

# compile LIBRARY FOLDER SOURCE FLAG...
compile() {
    local library=$1 folder=$2 source=$3
    shift 3
    mkdir -p "$folder"
    "$compiler" -std=c11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror "$@" -ISources/CInterface/Header/include "$source" \
        -o "$folder/$(basename "$source" .c)" "$library" -pthread
}

if [ "${SANITIZE:-}" = address ]; then
    compiler=$toolchain/clang
    swift build -c release --sanitize=address --scratch-path .build-address --product AdaDimC
    compile .build-address/release/libAdaDimC.so .build-address/c Tests/CInterface/hostile.c -fsanitize=address \
        -fuse-ld=lld
    LD_LIBRARY_PATH=$PWD/.build-address/release ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 \
        .build-address/c/hostile "$calls"
    exit
fi

library=.build-library/lib/libadadim.so.0
programs=.build-library/c
for source in Examples/C/quantize_layer.c Tests/CInterface/{hostile,memory,process,start,threads,toggles}.c; do
    compile "$library" "$programs" "$source"
done
export LD_LIBRARY_PATH=$PWD/.build-library/lib

foreign=$(nm -D --defined-only "$library" | awk '$2 ~ /[A-Z]/ && $3 !~ /^adadim_/ { print $3 }')
[ -z "$foreign" ] || { printf 'names that the library should hide:\n%s\n' "$foreign" >&2; exit 1; }
while read -r name; do
    grep -qw "$name" Sources/CInterface/Header/include/adadim.h || { echo "$name is not in adadim.h" >&2; exit 1; }
done < <(nm -D --defined-only "$library" | awk '$2 ~ /[A-Z]/ { print $3 }')
if ldd "$library" | grep -i swift; then echo "the library needs Swift where it runs" >&2; exit 1; fi
"$programs/quantize_layer" 2>/dev/null
"$programs/threads"
# Whatever count the caller's environment asks for: that is set by the program.
env -u OPENBLAS_NUM_THREADS "$programs/toggles"
# As many as the environment asks for: OpenBLAS's POSIX threads, and those of OpenMP, which begin with the first product.
OPENBLAS_NUM_THREADS=2 "$programs/start" 2 0
(trap '' INT && OPENBLAS_NUM_THREADS=2 "$programs/start" 2 0)
for openmp in $(compgen -G "${OPENBLAS_OPENMP:-/usr/lib/*/openblas-openmp}/libopenblas.so.0"); do
    LD_LIBRARY_PATH=$(dirname "$openmp"):$LD_LIBRARY_PATH OMP_NUM_THREADS=2 "$programs/start" 2 0
done
# One, where the system gives no more and OpenBLAS goes on without. The limit holds for users other than root.
user=$((RANDOM * 32768 + RANDOM + 200000))
drop=(setpriv --reuid $user --regid $user --clear-groups)
if "${drop[@]}" test -x "$programs/start" -a -r "$library" 2>/dev/null; then
    (trap '' INT && OPENBLAS_NUM_THREADS=2 prlimit --nproc=1:100 "${drop[@]}" "$programs/start" 1 1 2>/dev/null)
fi
"$programs/memory"
"$programs/process" "$library"
"$programs/hostile" "$calls"
