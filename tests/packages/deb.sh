#!/usr/bin/env bash
# deb.sh PACKAGES RELEASE.tar [--whole]: the Debian packages of the folder PACKAGES in a fresh root, as root. RELEASE.tar is the smallest system of
# that release, e.g. bookworm, made by mmdebstrap where it is not there. They are installed, run by a user without rights, upgraded over themselves and removed; each
# step says its time, and the first that fails ends it. --whole: the demo with all of its images and epochs. Called by ./dev test-packages.
set -euo pipefail
packages="$(realpath "$1")" tar="$2" whole="${3:-}"
[[ -e $tar ]] || { mkdir -p "$(dirname "$tar")"; mmdebstrap --quiet --format=tar --variant=minbase "$(basename "$tar" .tar)" "$tar.part" && mv "$tar.part" "$tar"; }
root="$(mktemp -d /var/tmp/torchport-deb-XXXXXX)"
trap 'rm -rf --one-file-system "$root"' EXIT
tar -C "$root" --exclude=./dev -xf "$tar"
mkdir -p "$root/dev" "$root/packages"
cp "$packages"/*.deb "$root/packages/"
cp "$(dirname "$0")/in_fresh_root.sh" "$root/packages/"
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
unshare --mount --pid --fork --propagation private bash -euo pipefail -c '
  mount -t proc proc "$1/proc"
  mount -t tmpfs tmpfs "$1/dev"
  for node in null zero full random urandom tty; do touch "$1/dev/$node"; mount --bind "/dev/$node" "$1/dev/$node"; done
  mkdir -m 1777 "$1/dev/shm"
  ln -s /proc/self/fd "$1/dev/fd"
  exec chroot "$1" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
    bash /packages/in_fresh_root.sh "$2"' deb "$root" "$whole"
