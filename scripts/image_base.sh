#!/bin/sh
# A stand-in for the official Python image, made from Debian's packages, for machines that reach no image registry.
#
#   scripts/image_base.sh FOLDER NAME
#
# FOLDER keeps all of podman's storage. Prints nothing when NAME is there already.
set -eu
folder=$1
name=$2
storage="--root $folder/root --runroot $folder/run --storage-driver overlay"
mkdir -p "$folder"

# shellcheck disable=SC2086 # $storage is several words
podman $storage image exists "$name" && exit 0
echo "image: making the base $name" >&2
[ -f "$folder/base.tar" ] || mmdebstrap --quiet --variant=minbase \
    --include=ca-certificates,python3,python3-venv,python3-pip \
    --customize-hook='ln -s python3 "$1/usr/bin/python"' \
    --customize-hook='rm -f "$1"/usr/lib/python3*/EXTERNALLY-MANAGED' \
    bookworm "$folder/base.tar"
# shellcheck disable=SC2086
podman $storage import --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
    "$folder/base.tar" "$name" >/dev/null
