#!/usr/bin/env bash
# Packs what tests/bench/gpu.sh needs for a machine on which nothing can be built or installed: `pack.sh BUILD LIBTORCH PACKAGES...`, for
# ./dev pack-gpu. The archive, BUILD/gpu/torchport-gpu.tar.xz, has programs, modules and all their libraries but those of glibc and GCC,
# which are the machine's own, and those that come with the PyTorch wheel there. PACKAGES: Debian's, of which something is compiled in.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
build="$(realpath "$1")" torch="$(realpath "$2")"; shift 2
most=60000000   # bytes
fail() { echo "pack-gpu: $*" >&2; exit 2; }
[[ -e "$build/bin/torchport-cuda.so" ]] || fail "there is no module for GPUs in $build/bin: ./dev setup --cuda, and see what CMake says of it"

mkdir -p "$build/gpu"
stage="$(mktemp -d "$build/gpu/stage-XXXXXX")"
trap 'rm -rf "$stage"' EXIT
tree="$stage/torchport-gpu"
programs="$tree/programs"
mkdir -p "$tree"/{bin,programs/fake,lib,licences,tests/bench}

# --- programs, and the libraries that they take from this system

cp "$build"/bin/{torchport,torchport-worker,gpu_step_bench,gpu_proofs,draw_photos} "$programs/"
# Not OpenCV's and libheif's modules, which come with 150 MB of libraries, for BMP and HEIC.
cp "$build"/bin/torchport-{cuda,mpi,tiff,gif,webp}.so "$programs/"
cp "$build/bin/fake/torchport-cuda.so" "$programs/fake/"
needs() {   # of what ldd says: "name path" of each library
  awk '$2 == "=>" && $3 ~ /^\// {print $1, $3} $2 == "=>" && $3 == "not" {print $1, "-"}' | sort -u
}
ours() { case "$1" in   # NAME: whether it is to be carried
  libc.so.* | libm.so.* | libpthread.so.* | libdl.so.* | librt.so.* | libutil.so.* | libresolv.so.* | libstdc++.so.* | libgcc_s.so.* | ld-linux*) false ;;
  *) [[ ! -e "$torch/lib/$1" ]] && ! grep -qxF "$1" "$stage/theirs" ;;
esac; }
# What LibTorch takes from elsewhere than the system is the wheel's: CUDA's libraries, whether they are wheels here or a toolkit.
env -u LD_LIBRARY_PATH ldd "$torch"/lib/libtorch_{cpu,cuda}.so | needs | awk '$2 !~ /^\/(usr\/)?lib\// {print $1}' >"$stage/theirs"
declare -A package=()
while read -r name path; do
  ours "$name" || continue
  [[ $path != - ]] || fail "$name is not here"
  cp -L "$path" "$tree/lib/$name"
  found="$(dpkg -S "$(realpath "$path")" 2>/dev/null | sed -n '1s/:.*//p' || true)"
  [[ -z $found ]] || package[$found]=1
done < <(find "$programs" -type f -exec env -u LD_LIBRARY_PATH ldd {} + | needs)
find "$programs" "$tree/lib" -type f -exec chmod u+w {} + -exec strip --strip-unneeded {} +
echo 'file(RPATH_SET FILE "${file}" NEW_RPATH "$ORIGIN/../lib")' >"$stage/rpath.cmake"   # the folders that they were built with are not there
for file in "$programs"/* "$programs"/fake/*; do
  [[ -d $file ]] || [[ "$(readelf -d "$file")" != *"(RUNPATH)"* ]] || cmake -D "file=$file" -P "$stage/rpath.cmake"
done

# --- what they run with, and whose it is

cp "$root"/tests/bench/{gpu.sh,gpu_python.py,gpu_table.py} "$tree/tests/bench/"
version="$(sed -n "s/^__version__ = '\([0-9.]*\).*/\1/p" "$torch/version.py")"
[[ -n $version ]] || fail "$torch/version.py tells no version"
for program in torchport torchport-worker gpu_step_bench gpu_proofs draw_photos; do
  sed "s/@torch@/$version/" "$root/tests/gpu/launch.sh.in" >"$tree/bin/$program"
  chmod +x "$tree/bin/$program"
done
cp "$root/docs/gpu.md" "$tree/README.md"
cp "$root/LICENSE" "$tree/licences/torchport"
for name in "$@"; do package[$name]=1; done
for name in "${!package[@]}"; do
  cp -L "/usr/share/doc/$name/copyright" "$tree/licences/$name" 2>/dev/null || fail "$name has no /usr/share/doc/$name/copyright"
done
cp -rL /usr/share/common-licenses "$tree/licences/common-licenses"
for file in "$torch"/../pyarrow-*.dist-info/licenses/*; do
  cp "$file" "$tree/licences/pyarrow-${file##*/}" || fail "pyarrow's licence is not beside $torch"
done

# --- the archive

archive="$build/gpu/torchport-gpu.tar.xz"
tar --sort=name --owner=0 --group=0 --numeric-owner -C "$stage" -cf - torchport-gpu | xz -T0 -6 >"$archive.part"
bytes="$(stat -c %s "$archive.part")"
((bytes <= most)) || fail "the archive has $bytes bytes, more than $most"
mv "$archive.part" "$archive"
newest() { find "$programs" "$tree/lib" -type f -exec objdump -T {} + 2>/dev/null | grep -o "$1_[0-9.]*" | sort -uV | tail -1; }
echo "$archive: $bytes bytes, $(find "$tree/lib" -type f | wc -l) libraries; wants torch $version, $(newest GLIBC), $(newest GLIBCXX)"
echo "there: tar -xJf torchport-gpu.tar.xz && torchport-gpu/tests/bench/gpu.sh"
