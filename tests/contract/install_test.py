"""What `cmake --install` makes runs where it is put, and knows nothing of the folders that it was built from."""
import os
import re
import subprocess

import pytest

from harness import BIN, command
from sources import PRODUCT, assert_none, cpp_files, name

HOME = {key: value for key, value in os.environ.items() if key != "LD_LIBRARY_PATH"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The installed tree, moved from where it was installed."""
    folder = tmp_path_factory.mktemp("install")
    command("cmake", "--install", BIN.parent, "--prefix", folder / "first")
    return (folder / "first").rename(folder / "moved here")


def test_installed_programs_run(installed):
    env = {"LD_LIBRARY_PATH": ""}
    command(installed / "bin/torchport", "--version", env=env)
    command(installed / "bin/torchport", "run", "resnet", "--model_name=resnet18", "--pretrained=False",
            f"--untrained_model_path={installed}/m", "--run-dir", installed / "run", env=env)
    assert (installed / "m/model").exists()


def test_installed_libraries_come_with_the_programs(installed):
    torch = {path.name for path in (installed / "lib").iterdir()}
    assert {"libtorch_cpu.so", "libc10.so"} <= torch, torch
    found = subprocess.run(["ldd", installed / "bin/torchport-worker"], env=HOME, check=True, capture_output=True, text=True).stdout
    elsewhere = [line.strip() for line in found.splitlines()
                 if "not found" in line or re.search(r"=> (?!/(usr/)?lib|/usr/local/)", line.replace(str(installed.resolve()), "/usr/lib"))]
    assert not elsewhere, elsewhere


def test_installed_files_name_no_folder_of_the_build(installed):
    files = [path for path in installed.rglob("*") if path.is_file() and path.read_bytes()[:4] == b"\x7fELF"]
    assert {"torchport", "torchport-worker", "torchport-tiff.so", "torchport-opencv.so"} <= {path.name for path in files}
    for path in files:
        dynamic = subprocess.run(["readelf", "-d", path], check=True, capture_output=True, text=True).stdout
        for places in re.findall(r"\((?:RUNPATH|RPATH)\).*\[(.*)\]", dynamic):
            assert_none(f"{path.name} looks for libraries in {place}" for place in places.split(":") if not place.startswith("$ORIGIN"))


def test_everything_is_compiled_with_the_hardening_flags():
    flags = ["-fstack-protector-strong", "-fstack-clash-protection"]
    built = (BIN.parent / "compile_commands.json").read_text()
    commands = dict(re.findall(r'"command": "((?:[^"\\]|\\.)*)",\s*"file": "([^"]*)"', built))
    by_file = {file: words for words, file in commands.items()}
    sources = [file for file in cpp_files(*PRODUCT, suffixes=(".cpp",)) if str(file) in by_file]
    assert len(sources) > 100, "the scan found hardly any command: it looks in the wrong place"
    assert_none(f"{name(file)} is compiled without {flag}" for file in sources for flag in flags if flag not in by_file[str(file)])
