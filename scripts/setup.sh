#!/bin/sh
# Prepares .venv from uv.lock on a machine that has Python 3.11+ and nothing else.
#
#   scripts/setup.sh [ENVIRONMENT] [uv sync arguments …]
#
# ENVIRONMENT is the folder of the virtual environment, `.venv` by default.
set -eu
cd "$(dirname "$0")/.."

uv_version=0.13.9
environment=${1:-.venv}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- --extra service --extra opentelemetry --extra trainer --extra local

fail() {
    echo "setup: $1" >&2
    exit 1
}

find_python() {
    for candidate in python3 python3.13 python3.12 python3.11; do
        command -v "$candidate" >/dev/null 2>&1 || continue
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            "$candidate" -c 'import sys; print(sys.executable)'
            return
        fi
    done
    return 1
}

# uv of the version that wrote the lock, in .tools: by pip, or by a small downloader where Debian's python3 came
# without pip.
find_uv() {
    if [ -x ".tools/uv-$uv_version/bin/uv" ]; then
        echo "$PWD/.tools/uv-$uv_version/bin/uv"
        return
    fi
    echo "setup: fetching uv $uv_version" >&2
    if "$python" -m pip --version >/dev/null 2>&1; then
        "$python" -m pip install --quiet --disable-pip-version-check --no-deps --upgrade \
            --target ".tools/uv-$uv_version" "uv==$uv_version" >&2 || return 1
    else
        "$python" scripts/fetch_uv.py "$uv_version" ".tools/uv-$uv_version" >&2 || return 1
    fi
    echo "$PWD/.tools/uv-$uv_version/bin/uv"
}

python=$(find_python) || fail "expected Python 3.11, 3.12 or 3.13 on PATH; received none (Debian: apt-get install python3)"
uv=$(find_uv) || fail "uv $uv_version could not be fetched from the package index; the lines above say why"

. scripts/uv_settings.sh
# Compiled once, here: where PYTHONDONTWRITEBYTECODE is set, as it is in many images, every process would compile
# whatever it imports, tensorflow among it.
UV_PROJECT_ENVIRONMENT="$environment" "$uv" sync --quiet --locked --compile-bytecode --python "$python" "$@" ||
    fail "uv could not install what uv.lock names; the lines above say why"
