#!/bin/sh
# Prepares .venv-tables, the environment of the tables that bench/init.py trains on, from bench/tables/requirements.txt.
#
#   scripts/tables.sh
set -eu
cd "$(dirname "$0")/.."

uv_version=$(sed -n "s/^uv_version=//p" scripts/setup.sh)
uv=$PWD/.tools/uv-$uv_version/bin/uv
export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-1}"
export UV_HTTP_TIMEOUT="${UV_HTTP_TIMEOUT:-180}"
export UV_PYTHON_DOWNLOADS=never
export UV_LINK_MODE="${UV_LINK_MODE:-copy}"

"$uv" venv --quiet --clear --python .venv/bin/python .venv-tables
"$uv" pip sync --quiet --python .venv-tables/bin/python bench/tables/requirements.txt
