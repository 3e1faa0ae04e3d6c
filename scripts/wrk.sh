#!/bin/sh
# Sees to it that wrk is there: installs the system's when it is not.
set -eu

command -v wrk >/dev/null 2>&1 ||
    sh "$(dirname "$0")/system_package.sh" wrk wrk "the bench needs this load generator" \
        "install it (Debian, Ubuntu, Homebrew: wrk)"
