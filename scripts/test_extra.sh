#!/bin/sh
# Test what an extra adds, in a fresh virtual environment of its own.
#
#     scripts/test_extra.sh NAME      tests/extras/test_NAME.py, with the extras that it needs
#
# PYTHON chooses the interpreter; TORCH=VERSION installs that torch first, a CPU build say; KEEP=1
# leaves the environment in .venv-NAME.
set -eu
cd "$(dirname "$0")/.."
name=${1:-}
if [ $# -ne 1 ] || [ ! -f "tests/extras/test_$name.py" ]; then
    names=$(cd tests/extras && ls test_*.py | sed 's/^test_//; s/\.py$//' | tr '\n' ' ')
    echo "usage: $0 NAME, one of: $names" >&2
    exit 2
fi
case $name in # where the extra has another name, or there are several
grpo) extras=trl ;;
local) extras=local,llm ;;
policy) extras=sft,constrained ;;
sb3) extras=rl ;;
sft) extras=sft,distill,trl ;;
trl) extras=trl,distill,sft ;;
*) extras=$name ;;
esac
venv=.venv-$name
trap '[ -n "${KEEP:-}" ] || rm -rf "$venv"' EXIT
trap 'exit 130' INT TERM
"${PYTHON:-python3}" -m venv --clear "$venv"
if [ -n "${TORCH:-}" ]; then
    "$venv/bin/pip" install --quiet "torch==$TORCH"
fi
"$venv/bin/pip" install --quiet --editable ".[$extras]" pytest hypothesis
"$venv/bin/pytest" -rs --junit-xml="$venv/junit.xml" "tests/extras/test_$name.py"
if grep -q '<skipped' "$venv/junit.xml"; then
    echo "what was skipped would have wanted an extra that is not installed here" >&2
    exit 1
fi
