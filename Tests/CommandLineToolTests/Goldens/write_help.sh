#!/usr/bin/env bash
# Writes the help texts beside this script anew, from the release tool. Read them before committing: they are for people.
set -euo pipefail
cd "$(dirname "$0")"
tool=../../../.build/release/adadim
# The library takes the width from here; where output is no terminal it is 80.
unset COLUMNS LINES
"$tool" --help > adadim-help.txt
for command in quantize convert verify inspect layer evaluate compare variants regress "regress record" "regress check" machine; do
    # Unquoted on purpose: a subcommand of a subcommand is two words.
    "$tool" $command --help > "${command// /-}-help.txt"
done
