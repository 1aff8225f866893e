#!/bin/sh
# Test what an extra adds, in a fresh virtual environment of its own.
#
#     scripts/test_extra.sh NAME [EXTRA…]      tests/extras/test_NAME.py with the extras EXTRA (NAME)
#
# PYTHON chooses the interpreter; KEEP=1 leaves the environment in .venv-NAME.
set -eu
name=$1
shift
extras=$(echo "${*:-$name}" | tr ' ' ',')
cd "$(dirname "$0")/.."
venv=.venv-$name
"${PYTHON:-python3}" -m venv "$venv"
trap '[ -n "${KEEP:-}" ] || rm -rf "$venv"' EXIT
if [ -n "${TORCH:-}" ]; then
    "$venv/bin/pip" install --quiet "torch==$TORCH" # e.g. a CPU build, before an extra asks for one
fi
"$venv/bin/pip" install --quiet --editable ".[$extras]" pytest hypothesis
"$venv/bin/pytest" "tests/extras/test_$name.py"
