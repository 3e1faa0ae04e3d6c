#!/bin/sh
# Prepares the environments of the bench's rivals: one folder of .bench/ for each folder of bench/rivals/.
#
#   scripts/rivals.sh [NAME …]
#
# The versions are those of bench/rivals/NAME/requirements.txt; `uv pip compile requirements.in -o requirements.txt` made
# them. One that cannot be installed is named and left out; the table says so.
set -eu
cd "$(dirname "$0")/.."

. scripts/uv_settings.sh

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
