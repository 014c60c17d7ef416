#!/usr/bin/env bash
# Checks the one prerequisite, a Swift toolchain, and installs the Debian packages that are missing: setup.sh [PACKAGE...],
# those that are named, too.
set -euo pipefail

if ! command -v swift >/dev/null; then
    echo "AdaDim needs a Swift toolchain, 6.1 or later, on the PATH; 'swift' was not found. See https://www.swift.org/install/linux/" >&2
    exit 1
fi
version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
if [ -z "$version" ] || [ "$(printf '%s\n6.1\n' "$version" | sort -V | head -n 1)" != 6.1 ]; then
    echo "AdaDim needs Swift 6.1 or later; found ${version:-a version that 'swift --version' does not tell}." >&2
    exit 1
fi

missing=()
for package in libopenblas-dev liblapacke-dev libpng-dev pkg-config "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

echo "Installing ${missing[*]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "Please install these Debian packages as root: ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
