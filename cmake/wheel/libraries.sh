#!/usr/bin/env bash
# Builds the libraries that the wheel's programs carry inside and of which Debian has no static library, or one that wants dozens of
# others: `libraries.sh FOLDER`, for ./dev wheel. From Debian's sources of the very versions whose headers the build uses.
set -euo pipefail
target="$1"
fail() { echo "wheel: $*" >&2; exit 2; }
declare -A headers=([curl]=libcurl4-openssl-dev [libarchive]=libarchive-dev [tiff]=libtiff-dev [lcms2]=liblcms2-dev [libjpeg-turbo]=libjpeg62-turbo-dev)
version_of() { dpkg-query -W -f='${source:Version}' "${headers[$1]}" 2>/dev/null || fail "there is no package ${headers[$1]}"; }
wanted="$(for name in "${!headers[@]}"; do echo "$name $(version_of "$name")"; done | sort; sha256sum <"${BASH_SOURCE[0]}")"
[[ ! -f "$target/made" || "$(<"$target/made")" != "$wanted" ]] || exit 0

echo "wheel: building static libraries of ${!headers[*]}, 2 minutes" >&2
rm -rf "$target"
mkdir -p "$target"/{sources,apt/lists/partial,licences}
target="$(realpath "$target")"
log="$target/log"
trap 'status=$?; ((status == 0)) || tail -20 "$log" >&2' EXIT

# --- sources

for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
  [[ ! -f $file ]] || sed -n 's/^deb /deb-src /p' "$file"
done >"$target/apt/sources.list"
parts="$target/apt/parts"
mkdir -p "$parts"
for file in /etc/apt/sources.list.d/*.sources; do
  [[ ! -f $file ]] || sed 's/^Types:.*/Types: deb-src/' "$file" >"$parts/${file##*/}"
done
apt=(apt-get -q -o "Dir::Etc::sourcelist=$target/apt/sources.list" -o "Dir::Etc::sourceparts=$parts" -o "Dir::State::lists=$target/apt/lists"
     -o APT::Sandbox::User=root)
"${apt[@]}" update >>"$log" 2>&1 || true   # a repository without sources is no fault of ours: what lacks is told below
cd "$target/sources"
for name in "${!headers[@]}"; do
  version="$(version_of "$name")"
  "${apt[@]}" source --download-only "$name=$version" >>"$log" 2>&1 || {
    echo "wheel: apt-get source $name=$version: see $log. If Debian has a newer one by now: apt-get update && apt-get upgrade" >&2
    exit 69   # this machine's lack: cmake/packaging/commands.sh
  }
  dpkg-source --no-check -x "$name"_*.dsc "$name" >>"$log" 2>&1
  cp "$name/debian/copyright" "$target/licences/$name"
done

# --- libraries

build() {   # NAME TARGET-THAT-IS-BUILT CMAKE-OPTIONS...
  cmake -G Ninja -S "$1" -B "$1/out" -DCMAKE_BUILD_TYPE=Release -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DBUILD_SHARED_LIBS=OFF "${@:3}" >>"$log" 2>&1
  cmake --build "$1/out" --target "$2" >>"$log" 2>&1
}
build curl libcurl -DBUILD_CURL_EXE=OFF -DBUILD_TESTING=OFF -DHTTP_ONLY=ON -DCURL_DISABLE_LDAP=ON -DENABLE_MANUAL=OFF -DCURL_USE_LIBSSH2=OFF \
  -DCURL_USE_LIBPSL=OFF -DUSE_LIBIDN2=OFF -DCURL_BROTLI=OFF -DCURL_ZSTD=OFF -DUSE_NGHTTP2=OFF -DCURL_USE_GSSAPI=OFF \
  -DCURL_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt -DCURL_CA_PATH=/etc/ssl/certs
build libarchive archive_static -DENABLE_NETTLE=OFF -DENABLE_OPENSSL=OFF -DENABLE_LIBB2=OFF -DENABLE_LZ4=OFF -DENABLE_LIBXML2=OFF \
  -DENABLE_EXPAT=OFF -DENABLE_PCREPOSIX=OFF -DENABLE_ACL=OFF -DENABLE_XATTR=OFF -DENABLE_TAR=OFF -DENABLE_CPIO=OFF -DENABLE_CAT=OFF -DENABLE_TEST=OFF
build tiff tiff -Djbig=OFF -Dlerc=OFF -Dwebp=OFF -Dzstd=OFF -Dtiff-tools=OFF -Dtiff-tests=OFF -Dtiff-contrib=OFF -Dtiff-docs=OFF   # libjbig is GPL; the others are large and rare
# Debian's static one does not fit into a module. For JPEG within TIFF: without SIMD, which gives the same pixels.
build libjpeg-turbo jpeg-static -DWITH_SIMD=OFF -DENABLE_SHARED=OFF -DWITH_TURBOJPEG=OFF
cp libjpeg-turbo/out/libjpeg.a "$target/libjpeg_pic.a"
mkdir lcms2/out
(cd lcms2/out && ../configure --disable-shared --enable-static --with-pic --without-jpeg --without-tiff && make -C src -j"$(nproc)") >>"$log" 2>&1
cp curl/out/lib/libcurl.a libarchive/out/libarchive/libarchive.a tiff/out/libtiff/libtiff.a lcms2/out/src/.libs/liblcms2.a "$target"
rm -rf "$target/sources" "$target/apt"
echo "$wanted" >"$target/made"
