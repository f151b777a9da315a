"""docs/licences.md lists every package that ./dev installs, every library that programs and modules are linked with, and Debian's libraries under
the GPL that modules bring along."""
import pathlib
import re
import shutil
import subprocess

import pytest

from harness import BIN, SOURCE
from sources import assert_none

PAGE = SOURCE / "docs/licences.md"
COPYRIGHTS = pathlib.Path("/usr/share/doc")


def listed():
    return set(re.findall(r"`([^`]+)`", PAGE.read_text()))


def built():
    """Programs and modules of the product; modules for tests have no place in the page."""
    found = [BIN / "torchport", BIN / "torchport-worker", *sorted(BIN.glob("torchport-*.so"))]
    return [path for path in found if not re.search("test-module|faulty", path.name)]


def test_packages_are_listed():
    script = (SOURCE / "dev").read_text() + (SOURCE / "cmake/packaging/commands.sh").read_text()
    named = set()
    for words in re.findall(r"^\s*(?!become)(?:\w+=|build_packages\+=)\((.*?)\)", re.sub(r"\s#[^\n]*", "", script), re.M | re.S):
        named |= {re.split("[=<>]", word.strip('"'))[0] for word in words.split() if not word.startswith(("-", "$", '"$'))}
    named |= {word for line in re.findall(r"install_packages ([a-z][^\n;}]*)", script) for word in line.split()}
    named |= {re.split("==", word)[0] for word in re.findall(r"^\w+=([\w.-]+==\S+)", script, re.M)}
    assert {"libheif-dev", "torch", "pyarrow", "slurmd", "clang-format-14", "mlflow"} <= named, "the scan found hardly any package"
    assert_none(f"docs/licences.md does not list {package}, which ./dev installs" for package in sorted(named - listed()))


def test_linked_libraries_are_listed():
    stems = {stem for stem in listed() if stem.startswith(("lib", "ld-"))}
    problems = []
    for path in built():
        needed = re.findall(r"\(NEEDED\).*\[(.+)\]", subprocess.run(["readelf", "-d", path], check=True, capture_output=True, text=True).stdout)
        assert needed, f"{path} needs no library: the scan is broken"
        problems += [f"docs/licences.md does not list {library}, which {path.name} is linked with"
                     for library in needed if re.sub(r"\.so.*$", "", library) not in stems]
    assert_none(problems)


def packages_of(libraries):
    """The Debian package of each of these files that has one."""
    places = {place: library for library in libraries for place in (library, "/usr" + library, str(pathlib.Path(library).resolve()))}
    found = subprocess.run(["dpkg", "-S", *places], capture_output=True, text=True).stdout
    return {places[place]: package for package, place in re.findall(r"^([^\s:,]+)[^\n]*: (/\S+)$", found, re.M) if place in places}


def under_the_gpl(package):
    """What its copyright file says of its files at large, where that is the GPL and nothing else."""
    file = COPYRIGHTS / package / "copyright"
    for paragraph in re.split(r"\n\s*\n", file.read_text(errors="replace") if file.exists() else ""):
        licence = re.search(r"^License:\s*(.+)", paragraph, re.M)
        if licence and re.search(r"^Files:\s*\*\s*$", paragraph, re.M):
            return bool(re.fullmatch(r"GPL-\d\+?( or GPL-\d\+?)*", licence[1].strip()))
    return False


def test_libraries_under_the_gpl_are_named():
    """As Debian's own files say it: on other systems there is nothing to read."""
    if not shutil.which("dpkg") or not (COPYRIGHTS / "libtiff6/copyright").exists():
        pytest.skip("this is not Debian 12")
    loaded = {path.name: set(re.findall(r"=> (/\S+)", subprocess.run(["ldd", path], check=True, capture_output=True, text=True).stdout)) for path in built()}
    packages = packages_of(set().union(*loaded.values()))
    gpl = {package for package in set(packages.values()) if under_the_gpl(package)}
    assert {"libjbig0", "libx265-199"} <= gpl, f"the scan found only {gpl}"
    assert_none(f"docs/licences.md does not name {package}, under the GPL, which {module} loads" for module, libraries in loaded.items()
                for package in sorted({packages[library] for library in libraries if library in packages} & gpl - listed()))
