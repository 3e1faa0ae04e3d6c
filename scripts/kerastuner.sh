#!/bin/sh
# Prepares .venv-kerastuner, the environment of the rival of bench/search.py, from bench/kerastuner/requirements.txt.
#
#   scripts/kerastuner.sh
set -eu
cd "$(dirname "$0")/.."

. scripts/uv_settings.sh

"$uv" venv --quiet --clear --python .venv/bin/python .venv-kerastuner
"$uv" pip sync --quiet --python .venv-kerastuner/bin/python bench/kerastuner/requirements.txt
