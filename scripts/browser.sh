#!/bin/sh
# Says where a Chromium is; installs the system's when there is none.
#
#   scripts/browser.sh          prints its path
#
# BROWSER_PATH names another one.
set -eu

need="the tests of the web page need Chromium"
remedy="install it, or name one in BROWSER_PATH"

find_browser() {
    for candidate in "${BROWSER_PATH:-}" chromium chromium-browser google-chrome google-chrome-stable; do
        [ -n "$candidate" ] && command -v "$candidate" 2>/dev/null && return
    done
    return 1
}

find_browser && exit 0
sh "$(dirname "$0")/system_package.sh" chromium browser "$need" "$remedy"
find_browser || {
    echo "browser: $need, and it is not on PATH even now: $remedy" >&2
    exit 1
}
