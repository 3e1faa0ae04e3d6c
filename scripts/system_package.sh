#!/bin/sh
# Installs a package of the system's (apt-get, as root or through sudo), or says why it cannot.
#
#   scripts/system_package.sh PACKAGE SPEAKER NEED REMEDY
#
# The complaint reads: SPEAKER: NEED, and this or that is missing: REMEDY
set -eu

package=$1 speaker=$2 need=$3 remedy=$4

fail() {
    echo "$speaker: $need, and $1: $remedy" >&2
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
echo "$speaker: installing $package from the system's packages" >&2
{
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q &&
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$package"
} >&2 || fail "apt-get could not install it; its lines above say why"
