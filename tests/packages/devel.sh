#!/usr/bin/env bash
# devel.sh PACKAGES TAR LIBTORCH_ROOT [ARROW_ROOT]: torchport-dev of the folder PACKAGES in a fresh root (fresh.sh), as root: a user without
# rights builds examples/consumer there with Debian's compiler, and runs what came out. LibTorch and Arrow, whose headers the package does
# not have, are this machine's, read-only: pip would download gigabytes. Called by ./dev test-packages.
set -euo pipefail
source "$(dirname "$0")/fresh.sh"
trap 'rm -rf --one-file-system "$said" "${root:-}"' EXIT
need_rights
need_space 4000
need_mirrors
torch="$(realpath "$3")" arrow="$(realpath "${4:-$3/../pyarrow}")"
fresh_tar "$2"
root="$(mktemp -d /var/tmp/torchport-devel-XXXXXX)"
fresh_root "$2" "$root" "$(realpath "$1")"
# What libtorch_cpu.so of a build for CUDA wants besides, wherever it is here: pip brings it with torch.
ldd "$torch/lib/libtorch_cpu.so" | awk '$1 ~ /^lib(cudart|cupti)[.]/ {print $3}' | xargs -r cp -Lt "$root/usr/local/lib"
in_root "$root" --bind "$torch/.." /opt/wheels --bind "$arrow" /opt/arrow bash /packages/in_devel_root.sh "/opt/wheels/$(basename "$torch")"
