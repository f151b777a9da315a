# What the scripts here share, those that run within a fresh root as well; they source it.
step() { printf '%4d s  %s\n' "$SECONDS" "$1"; }
fail() { printf '%s: %s\n' "${part:-packages}" "$1" >&2; exit 1; }
owner() { su owner -s /bin/bash -c "cd && $1"; }
apt_get() { apt-get -qq -o Dpkg::Use-Pty=0 "$@" >/tmp/apt.log 2>&1 || { tail -30 /tmp/apt.log >&2; fail "apt-get $*"; }; }
photos_of_two_colours() {   # FOLDER: as PNM, a header and bytes
  local number
  mkdir -p "$1"/{red,blue}
  for number in {1..12}; do
    { printf 'P6 32 32 255\n'; head -c 3072 /dev/zero | tr '\0' '\310\012\012'; } >"$1/red/$number.ppm"
    { printf 'P6 32 32 255\n'; head -c $((3072 - number)) /dev/urandom; head -c "$number" /dev/zero; } >"$1/blue/$number.ppm"
  done
  chmod -R a+rX "$1"
}
