#!/usr/bin/env bash
# container.sh PACKAGES TAR: builds cmake/packaging/Containerfile by buildah, as root, on a base made of TAR (fresh.sh), and runs the image: by the
# user that it names, under mpirun too, on photos of a folder that is mounted. No registry is asked. Called by ./dev test-packages.
set -euo pipefail
source "$(dirname "$0")/fresh.sh"
packages="$(realpath "$1")"
here="$(cd "$(dirname "$0")" && pwd)"
export BUILDAH_ISOLATION=chroot
need_rights
need_space 4000
need_mirrors
fresh_tar "$2"
work="$(mktemp -d /var/tmp/torchport-container-XXXXXX)"
trap 'engine rm --all >/dev/null 2>&1 || true; rm -rf --one-file-system "$said" "$work"' EXIT
engine() { buildah --root "$work/storage" --runroot "$work/run" "$@"; }

base_image() {   # and that a container of it runs
  local base; base="$(engine from scratch)" && tar -C "$(engine mount "$base")" --exclude='./dev/*' -xf "$1" &&
    engine commit --quiet --rm "$base" localhost/debian:12 && engine run "$(engine from localhost/debian:12)" -- true
}
base_image "$2" >"$said/log" 2>&1 || lacks "buildah cannot make and run a container on this machine: $(last_words)"
step "a base image of Debian 12"
engine bud --quiet --build-arg BASE=localhost/debian:12 -t torchport -f "$here/../../cmake/packaging/Containerfile" "$packages" >"$work/log" 2>&1 ||
  { tail -30 "$work/log" >&2; fail "the build failed"; }
[[ "$(engine inspect --format '{{.OCIv1.Config.User}} {{index .OCIv1.Config.Entrypoint 0}}' --type image torchport)" == "torchport torchport" ]] ||
  fail "user or entry point are others"
container="$(engine from localhost/torchport)"
step "built: $(du -sxm "$(engine mount "$container")" | cut -f1) MB"
inside() { engine run --volume "$work/photos:/work/photos:ro" "$container" -- "$@"; }
photos_of_two_colours "$work/photos"
chmod a+rX "$work"
[[ "$(inside id -un)" == torchport ]] || fail "it runs as $(inside id -un)"
inside torchport --version
inside torchport quick photos >"$work/log" 2>&1 || { tail -30 "$work/log" >&2; fail "torchport quick"; }
grep -E 'of .* photos that were not trained on' "$work/log" || fail "torchport quick says nothing of photos: $(tail -5 "$work/log")"
step "torchport quick"
inside mpirun --oversubscribe -np 2 torchport run train_pytorch_model --untrained-model-path runs/photos-1/network/outputs/untrained_model \
  --train-data-path runs/photos-1/train_photos/outputs/output --valid-data-path runs/photos-1/other_photos/outputs/output \
  --trained-model-path trained --epochs 1 --batch-size 2 >"$work/log" 2>&1 || { tail -30 "$work/log" >&2; fail "mpirun"; }
inside test -s trained/model || fail "mpirun left no model"
step "mpirun -np 2 torchport"
