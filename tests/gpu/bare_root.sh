#!/usr/bin/env bash
# Tries the archive of ./dev pack-gpu where nothing is installed: `bare_root.sh ARCHIVE SITE-PACKAGES [ROOT]`, as root. ROOT (made if it is
# not there) becomes Debian 13's smallest system by debootstrap. SITE-PACKAGES, the folder of a torch wheel for this system's Python and all
# libraries that it needs, is mounted there, read-only, and so is this system's Python. gpu.sh then runs twice: as it is, and as a rehearsal.
set -euo pipefail
archive="$(realpath "$1")" site="$(realpath "$2")" bare="${3:-/var/tmp/torchport-bare}"
[[ -d "$site/torch/lib" ]] || { echo "bare_root: $site has no torch" >&2; exit 2; }
[[ -x "$bare/bin/bash" ]] || debootstrap --variant=minbase trixie "$bare" >/dev/null
python="$(realpath /usr/bin/python3)" version="$(/usr/bin/python3 -c 'import sys; print("python%d.%d" % sys.version_info[:2])')"
exec unshare -m --propagation private bash -euo pipefail -c '
archive="$1" site="$2" bare="$3" python="$4" version="$5"
opt="$bare/opt/python"
rm -rf "$bare/tmp/torchport-gpu" "$opt"
mkdir -p "$opt"/{bin,lib,stdlib/lib/"$version"} "$bare/opt/torch/site-packages"
cp "$python" "$opt/bin/python"
for file in "$python" "/usr/lib/$version"/lib-dynload/*.so; do   # what its modules need of this system, but libc
  ldd "$file" | awk "/=> \\/.*\\/lib(expat|z|ffi|crypto|ssl|lzma|bz2|uuid|sqlite3|readline|tinfo|mpdec)\\./ {print \$3}"
done | sort -u | xargs -r cp -L -t "$opt/lib"
mount --bind "/usr/lib/$version" "$opt/stdlib/lib/$version"
mount --bind "$site" "$bare/opt/torch/site-packages"
mount -o remount,ro,bind "$bare/opt/torch/site-packages"
mount -t proc proc "$bare/proc"
mount --rbind /dev "$bare/dev"
printf "%s\n" "#!/bin/bash" "export LD_LIBRARY_PATH=/opt/python/lib:\$LD_LIBRARY_PATH PYTHONHOME=/opt/python/stdlib" \
  "PYTHONPATH=/opt/torch/site-packages:\$PYTHONPATH exec /opt/python/bin/python \"\$@\"" >"$opt/python3"
chmod +x "$opt/python3"
xz -dc "$archive" | tar -C "$bare/tmp" -xf -
for mode in "" --rehearse; do
  echo "--- gpu.sh $mode"
  chroot "$bare" /usr/bin/env -i PATH=/usr/bin:/bin HOME=/root TORCHPORT_PYTHON=/opt/python/python3 \
    bash /tmp/torchport-gpu/tests/bench/gpu.sh $mode --out "/tmp/gpu${mode:+-rehearsed}" || echo "exit status $?"
done' bare_root "$archive" "$site" "$bare" "$python" "$version"
