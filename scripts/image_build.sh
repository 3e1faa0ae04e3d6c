#!/bin/sh
# Build one target of the Dockerfile with buildah, without a daemon.
#
#   scripts/image_build.sh FOLDER BASE TARGET CONTEXT
#
# FOLDER keeps all of buildah's storage; BASE is the base image; the image is localhost/onehot-TARGET:dev. This host's
# certificates and index settings are lent to the build by mounts and leave no trace in the image.
set -eu
folder=$1
base=$2
target=$3
context=$4
mkdir -p "$folder"

printf 'system-certs = true\n' >"$folder/uv.toml"
lend="-v $folder/uv.toml:/etc/uv/uv.toml:ro"
for file in /etc/pip.conf /etc/ssl/certs/ca-certificates.crt; do
    [ -f "$file" ] && lend="$lend -v $file:$file:ro"
done
# shellcheck disable=SC2086 # $lend is several words
exec buildah --root "$folder/root" --runroot "$folder/run" --storage-driver overlay \
    bud --isolation chroot --network host --pull-never --layers --format docker \
    --build-arg PYTHON_IMAGE="$base" --target "$target" $lend \
    --tag "localhost/onehot-$target:dev" --file "$context/Dockerfile" "$context"
