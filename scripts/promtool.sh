#!/bin/sh
# Prints the path of a promtool: the one on PATH, or one unpacked from Debian's package `prometheus` into .tools. The package
# is not installed, since that would start a Prometheus server.
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "promtool: $1; put one on PATH (https://prometheus.io/download) and try again" >&2
    exit 1
}

if command -v promtool; then
    exit 0
fi
folder=$PWD/.tools/promtool
if [ -x "$folder/usr/bin/promtool" ]; then
    echo "$folder/usr/bin/promtool"
    exit 0
fi
command -v apt-get >/dev/null 2>&1 || fail "there is neither one on PATH nor apt-get to fetch it"
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
# The lists of a fresh machine are empty, and reading them anew takes root.
apt-get download prometheus >/dev/null 2>&1 || {
    if [ "$(id -u)" = 0 ]; then as_root=; else as_root="sudo -n"; fi
    $as_root apt-get update -q >/dev/null 2>&1 || fail "there is none on PATH, and apt-get update failed"
    apt-get download prometheus >&2 || fail "apt-get could not fetch the package prometheus; its lines above say why"
}
dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/promtool || fail "the package prometheus holds no promtool"
rm -f prometheus_*.deb
echo "$folder/usr/bin/promtool"
