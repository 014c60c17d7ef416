#!/usr/bin/env bash
# What `make install` puts in place, used as others use it: the C example in a Debian root that has neither a Swift toolchain
# nor these sources, the Python example, the Swift example as a client of a clone, the manual page; and `make uninstall`.
# Root is needed, for debootstrap and chroot. Everything lies under verify-output/installed and .build-root.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$PWD/verify-output/installed
prefix=$out/prefix
root=$PWD/.build-root
rm -rf "$out" && mkdir -p "$out"
step() { printf '\n-- %s\n' "$*"; }
must_equal() { [ "$2" = "$3" ] || { printf '%s: found %s, expected %s\n' "$1" "$2" "$3" >&2; exit 1; }; }

step "install"
make --no-print-directory install PREFIX="$prefix"
version=$(PKG_CONFIG_PATH=$prefix/lib/pkgconfig pkg-config --modversion adadim)
must_equal "the tool's version" "$("$prefix/bin/adadim" --version)" "$version"
must_equal "library" "$(readlink -f "$prefix/lib/libadadim.so")" "$prefix/lib/libadadim.so.$version"

step "the Swift example, a client of a clone"
git clone --quiet . "$out/AdaDim"
cp -r Examples/Swift "$out/client" && rm -rf "$out/client/.build"
sed -i "s|\.package(name: \"AdaDim\", path: [^)]*)|.package(url: \"$out/AdaDim\", revision: \"$(git rev-parse HEAD)\")|" \
    "$out/client/Package.swift"
grep -q revision "$out/client/Package.swift"
must_equal "imports of a client" "$(grep -rh '^import' "$out/client/Sources")" "import AdaDim"
swift build -c release --package-path "$out/client" --scratch-path .build-client
expected=$(.build-client/release/QuantizeLayer)
echo "$expected"

step "the C example, in a root of its own"
packages=gcc,libc6-dev,pkgconf,libopenblas0-pthread,liblapacke,libpng16-16
if [ "$(cat "$root/complete" 2>/dev/null)" != "$packages" ]; then
    command -v debootstrap >/dev/null || apt-get install -y -qq debootstrap >/dev/null
    rm -rf "$root"
    read -r suite mirror < <(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' 'Component: main')
    debootstrap --variant=minbase --include="$packages" \
        "$suite" "$root" "$mirror" >"$out/debootstrap.txt"
    echo "$packages" >"$root/complete"
fi
make --no-print-directory install DESTDIR="$root" PREFIX=/usr/local >/dev/null
cp Examples/C/quantize_layer.c "$root/tmp/"
# As in a container: a Swift program reads its arguments from /proc.
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
trap 'umount "$root/proc"' EXIT
inside() { env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin chroot "$root" sh -ec "$1"; }
inside ldconfig
if inside 'command -v swift || find / -xdev -name "libswift*" | grep .'; then
    echo "there is Swift in the root, expected none" >&2
    exit 1
fi
must_equal "the C example" "$(inside 'cd /tmp && cc quantize_layer.c $(pkg-config --cflags --libs adadim) -o quantize_layer &&
    ./quantize_layer 2>/dev/null')" "$expected"
lines=$(wc -l <Examples/C/quantize_layer.c)
[ "$lines" -lt 100 ] || { echo "the C example has $lines lines, expected less than 100" >&2; exit 1; }

step "the tool, in the same root"
rm -rf "$root/tmp/model" && cp -r Models/jargon-6m "$root/tmp/model"
inside 'rm -rf /tmp/out && adadim quantize /tmp/model /tmp/out --calibration /tmp/model/texts/calibration.txt --bits 3 \
    --group-size 64 --samples 4 --quiet && adadim evaluate /tmp/out --text /tmp/model/texts/held-out.txt --quiet'

step "the Python example, with the installed library"
python3 -c 'import ensurepip, venv' 2>/dev/null || scripts/setup.sh python3 python3-venv
python3 -m venv "$out/python"
ADADIM_SKIP_BUILD=1 "$out/python/bin/pip" install --quiet ./Python
must_equal "the Python example" \
    "$(LD_LIBRARY_PATH=$prefix/lib "$out/python/bin/python" Examples/Python/quantize_array.py)" "$expected"

step "the manual page"
if command -v man >/dev/null; then
    must_equal "warnings of man" "$(LC_ALL=C.UTF-8 MANWIDTH=100 man --warnings -l "$prefix/share/man/man1/adadim.1" 2>&1 >/dev/null)" ""
fi

step "uninstall"
make --no-print-directory uninstall PREFIX="$prefix" >/dev/null
must_equal "files left" "$(find "$prefix" ! -type d)" ""
step "installed, used and taken out"
