# What deb.sh, devel.sh and container.sh share; they source it. A fresh root is the smallest system of this release, of what the machine's own
# apt names. What a machine may lack is tried first, and said: NOT RUN, exit status 69. Whatever fails after that is a failure.
part="$(basename "$0" .sh)"
source "$(dirname "${BASH_SOURCE[0]}")/in_root.sh"
said="$(mktemp -d)"
trap 'rm -rf --one-file-system "$said"' EXIT
lacks() { printf 'NOT RUN: ./dev test-packages %s: %s\n' "$part" "$1" >&2; exit 69; }
last_words() { grep -v '^ *$' "$said/log" | tail -1; }

in_root() {   # ROOT [--bind FOLDER THERE]... COMMAND...: with /proc and /dev, these folders to read, and nothing of this environment
  unshare --mount --pid --fork --propagation private bash -euo pipefail -c '
    root="$1"; shift
    while [[ $1 == --bind ]]; do mkdir -p "$root$3"; mount --bind "$2" "$root$3"; mount -o remount,bind,ro "$root$3"; shift 3; done
    mount -t proc proc "$root/proc"
    mount -t tmpfs tmpfs "$root/dev"
    for node in null zero full random urandom tty; do touch "$root/dev/$node"; mount --bind "/dev/$node" "$root/dev/$node"; done
    mkdir -m 1777 "$root/dev/shm"
    ln -s /proc/self/fd "$root/dev/fd"
    exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"' in_root "$@"
}

need_rights() {   # root, and that a folder can be made one's root
  ((EUID == 0)) || lacks "it wants root"
  mkdir "$said/root"
  unshare --mount --pid --fork --propagation private bash -euc '
    mount --bind / "$1"; mount -t proc proc "$1/proc"; mount -t tmpfs tmpfs "$1/dev"
    touch "$1/dev/null"; mount --bind /dev/null "$1/dev/null"; chroot "$1" true' rights "$said/root" >"$said/log" 2>&1 ||
    lacks "this machine does not let root mount and chroot: $(last_words)"
}

need_space() {   # MEGABYTES, where the roots are
  local free; free="$(df --output=avail -m /var/tmp | tail -1)"
  ((free >= $1)) || lacks "/var/tmp has $((free)) MB free, and $1 are wanted"
}

mirrors() (   # lines for sources.list: those of this release among what the machine's apt has lists of
  . /etc/os-release
  apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)' 'Created-By: Packages' |
    awk -v id="$ID" -v release="$VERSION_CODENAME" 'tolower($5) == id && index($3, release) == 1 {print $1, $2, $3, $4}' | sort -u
)

need_mirrors() {   # and leaves their lines in $said/sources.list
  mirrors >"$said/sources.list"
  [[ -s $said/sources.list ]] || { apt-get -qq update >"$said/log" 2>&1 || true; mirrors >"$said/sources.list"; }
  [[ -s $said/sources.list ]] || lacks "apt-get update of this machine brings no list of its own release"
  mkdir -p "$said/lists/partial"
  apt-get -qq -o Dir::Etc::sourcelist="$said/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$said/lists" -o Acquire::Languages=none \
    -o APT::Sandbox::User=root -o APT::Update::Error-Mode=any -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
    update >"$said/log" 2>&1 || lacks "the mirrors of this machine's apt do not answer: $(head -1 "$said/log")"
  rm -rf "$said/lists"
}

fresh_tar() {   # TAR: is made where it is not there, or came of other mirrors
  local options=()
  apt-config dump Acquire::http >"$said/apt.conf"   # proxies and the like
  apt-config dump Acquire::https >>"$said/apt.conf"
  cat "$said/sources.list" "$said/apt.conf" >"$said/wanted"
  [[ ! -e $1 ]] || ! cmp -s "$said/wanted" "$1.from" || return 0
  mkdir -p "$(dirname "$1")"
  ! grep -q https: "$said/sources.list" || options+=(--include=ca-certificates)
  mmdebstrap --quiet --format=tar --variant=minbase --aptopt="$said/apt.conf" "${options[@]}" "$(. /etc/os-release; echo "$VERSION_CODENAME")" "$1.part" \
    - <"$said/sources.list"
  mv "$1.part" "$1"
  cp "$said/wanted" "$1.from"
  step "the smallest system of this release"
}

fresh_root() {   # TAR ROOT PACKAGES: unpacked, with the packages and this folder's scripts in /packages
  tar -C "$2" --exclude='./dev/*' -xf "$1"
  mkdir -p "$2/packages"
  cp "$3"/*.deb "$(dirname "${BASH_SOURCE[0]}")"/in_*.sh "$2/packages/"
  cp -L /etc/resolv.conf "$2/etc/resolv.conf"
  # A proxy's or a house's own authority, without which no mirror of https answers there.
  ! grep -q https: "$said/sources.list" || cp -L /etc/ssl/certs/ca-certificates.crt "$2/etc/ssl/certs/"
}
