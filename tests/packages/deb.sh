#!/usr/bin/env bash
# deb.sh PACKAGES TAR [--whole]: the Debian packages of the folder PACKAGES in a fresh root (fresh.sh), as root. TAR keeps that root. They are
# installed, run by a user without rights, upgraded over themselves and removed; each step says its time, and the first that fails ends it.
# --whole: the demo with all of its images and epochs. Called by ./dev test-packages.
set -euo pipefail
source "$(dirname "$0")/fresh.sh"
trap 'rm -rf --one-file-system "$said" "${root:-}"' EXIT
need_rights
need_space 3000
need_mirrors
fresh_tar "$2"
root="$(mktemp -d /var/tmp/torchport-deb-XXXXXX)"
fresh_root "$2" "$root" "$(realpath "$1")"
in_root "$root" bash /packages/in_fresh_root.sh "${3:-}"
