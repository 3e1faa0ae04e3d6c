#!/bin/sh
# Says where a Chromium is; installs the system's when there is none (apt-get, as root or through sudo).
#
#   scripts/browser.sh          prints its path
#
# ONEHOT_BROWSER names another one.
set -eu

find_browser() {
    for candidate in "${ONEHOT_BROWSER:-}" chromium chromium-browser google-chrome google-chrome-stable; do
        [ -n "$candidate" ] && command -v "$candidate" 2>/dev/null && return
    done
    return 1
}

find_browser && exit 0

fail() {
    echo "browser: the tests of the web page need Chromium, and $1: install it, or name one in ONEHOT_BROWSER" >&2
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
echo "browser: installing Chromium from the system's packages" >&2
{
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q &&
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends chromium
} >&2 || fail "apt-get could not install it; its lines above say why"
find_browser || fail "it is not on PATH even now"
