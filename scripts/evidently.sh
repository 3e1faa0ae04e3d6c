#!/bin/sh
# Prepares .venv-evidently, the environment in which bench/drift.py asks Evidently for its figures; it needs no network.
#
#   scripts/evidently.sh
#
# Evidently 0.7 does not load with pandas 3.
set -eu
cd "$(dirname "$0")/.."

. scripts/uv_settings.sh

"$uv" venv --quiet --clear --python .venv/bin/python .venv-evidently
"$uv" pip install --quiet --python .venv-evidently/bin/python "evidently>=0.7,<0.8" "pandas<3"
