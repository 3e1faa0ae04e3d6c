#!/bin/sh
# Sees to it that wrk is there: installs the system's when it is not (apt-get, as root or through sudo).
set -eu

command -v wrk >/dev/null 2>&1 && exit 0

fail() {
    echo "wrk: the bench needs this load generator, and $1: install it (Debian, Ubuntu, Homebrew: wrk)" >&2
    exit 1
}

command -v apt-get >/dev/null 2>&1 || fail "there is neither one on PATH nor apt-get to fetch it"
if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    fail "there is none on PATH, and installing it takes root or a sudo without password"
fi
echo "wrk: installing it from the system's packages" >&2
{
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q &&
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends wrk
} >&2 || fail "apt-get could not install it; its lines above say why"
