#!/bin/sh
# Prepares .venv-tables, the environment of the tables that bench/init.py trains on, from bench/tables/requirements.txt.
#
#   scripts/tables.sh
set -eu
cd "$(dirname "$0")/.."

. scripts/uv_settings.sh

"$uv" venv --quiet --clear --python .venv/bin/python .venv-tables
"$uv" pip sync --quiet --python .venv-tables/bin/python bench/tables/requirements.txt
