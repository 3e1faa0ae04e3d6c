#!/bin/sh
# Prepares the environments of the bench's rivals: one folder of .bench/ for each folder of bench/rivals/.
#
#   scripts/rivals.sh [NAME …]
#
# The versions are those of bench/rivals/NAME/requirements.txt; `uv pip compile requirements.in -o requirements.txt` made
# them. One that cannot be installed is named and left out; the table says so.
set -eu
cd "$(dirname "$0")/.."

uv_version=$(sed -n "s/^uv_version=//p" scripts/setup.sh)
uv=$PWD/.tools/uv-$uv_version/bin/uv
export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-1}"
export UV_HTTP_TIMEOUT="${UV_HTTP_TIMEOUT:-180}"
export UV_PYTHON_DOWNLOADS=never
export UV_LINK_MODE="${UV_LINK_MODE:-copy}"

[ $# -gt 0 ] || set -- $(ls bench/rivals)
for name in "$@"; do
    versions=bench/rivals/$name/requirements.txt
    cmp -s "$versions" ".bench/$name/.synced" && continue
    echo "bench: installing $name into .bench/$name" >&2
    if nice "$uv" venv --quiet --clear --python .venv/bin/python ".bench/$name" &&
        nice "$uv" pip sync --quiet --python ".bench/$name/bin/python" "$versions"; then
        cp "$versions" ".bench/$name/.synced"
    else
        echo "bench: $name could not be installed; the lines above say why" >&2
    fi
done
