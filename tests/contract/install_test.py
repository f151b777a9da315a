"""What `cmake --install` makes runs where it is put, and knows nothing of the folders that it was built from."""
import os
import re
import shutil
import subprocess

import pytest
from PIL import Image

from harness import BIN, SOURCE, command
from sources import PRODUCT, assert_none, cpp_files, name

HOME = {key: value for key, value in os.environ.items() if key != "LD_LIBRARY_PATH"}


@pytest.fixture(scope="module")
def installed(shared):
    """The installed tree, moved from where it was installed."""
    command("cmake", "--install", BIN.parent, "--prefix", shared / "first")
    return (shared / "first").rename(shared / "moved here")


def test_installed_programs_run(installed):
    """By the link in bin/, from which they find worker, modules and libraries."""
    env = {"LD_LIBRARY_PATH": ""}
    command(installed / "bin/torchport", "--version", env=env)
    command(installed / "bin/torchport", "run", "resnet", "--model_name=resnet18", "--pretrained=False",
            f"--untrained_model_path={installed}/m", "--run-dir", installed / "run", env=env)
    assert (installed / "m/model").exists()


def test_installed_libraries_come_with_the_programs(installed):
    names = {path.name for folder in ("bin", "lib") for path in (installed / "lib/torchport" / folder).iterdir()}
    assert {"libtorch_cpu.so", "libc10.so", "torchport-tiff.so", "torchport-opencv.so"} <= names, names
    assert not {library for library in names if library.startswith("libgomp")}, "OpenMP's library, under the GPL, is the system's"
    found = subprocess.run(["ldd", installed / "lib/torchport/bin/torchport-worker"], env=HOME, check=True, capture_output=True, text=True).stdout
    elsewhere = [line.strip() for line in found.splitlines()
                 if "not found" in line or re.search(r"=> (?!/(usr/)?lib)", line.replace(str(installed.resolve()), "/usr/lib"))]
    assert not elsewhere, elsewhere


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def test_components_are_installed_apart(installed, work):
    """Who runs it needs no headers, who redistributes it may leave OpenCV out."""
    parts = {}
    for part in ("opencv", "devel"):
        command("cmake", "--install", BIN.parent, "--prefix", work / part, "--component", part)
        parts[part] = files(work / part)
    assert {path for path in parts["opencv"] if not path.startswith("share/")} == {"lib/torchport/bin/torchport-opencv.so"}
    assert {"include/torchport/models/nn/classifier.h", "lib/libtorchport_models.a", "lib/cmake/torchport/torchportConfig.cmake"} <= parts["devel"]
    runtime = files(installed) - parts["opencv"] - parts["devel"]
    assert {"bin/torchport", "lib/torchport/bin/torchport-worker", "share/torchport/spec/components/resnet.yaml",
            "share/torchport/schemas/pipeline.schema.json", "share/torchport/examples/photos/pipeline.yaml",
            "share/torchport/licences/torch-LICENSE"} <= runtime
    assert_none(f"{path} is in runtime" for path in runtime if path.endswith((".h", ".a", ".cmake")))


def test_a_module_that_is_not_installed_is_named(installed, work):
    """When a photo comes that wants it, on whatever thread."""
    shutil.copy(installed / "lib/torchport/bin/torchport", work)
    (work / "photos/a").mkdir(parents=True)
    for number in range(4):
        Image.new("RGB", (4, 4), (number, 0, 0)).save(work / f"photos/a/{number}.bmp")
    refused = command(work / "torchport", "check-data", work / "photos", status=2).stderr
    assert "torchport-opencv.so', which decodes BMP images, could not be loaded" in refused and "Debian package" in refused, refused


def test_installed_files_name_no_folder_of_the_build(installed):
    files = [path for path in installed.rglob("*") if path.is_file() and path.read_bytes()[:4] == b"\x7fELF"]
    assert {"torchport", "torchport-worker", "torchport-tiff.so", "torchport-opencv.so"} <= {path.name for path in files}
    for path in files:
        dynamic = subprocess.run(["readelf", "-d", path], check=True, capture_output=True, text=True).stdout
        for places in re.findall(r"\((?:RUNPATH|RPATH)\).*\[(.*)\]", dynamic):
            assert_none(f"{path.name} looks for libraries in {place}" for place in places.split(":") if not place.startswith("$ORIGIN"))
    texts = [path for path in installed.rglob("*") if path.is_file() and path.suffix in (".cmake", ".h", ".yaml", ".cpp")]
    assert len(texts) > 100, "the scan found hardly any file: it looks in the wrong place"
    own = [str(SOURCE), str(BIN.parent), os.environ["HOME"] + "/"]
    assert_none(f"{path.relative_to(installed)} names {folder}" for path in texts for folder in own if folder in path.read_text())


def test_everything_is_compiled_with_the_hardening_flags():
    flags = ["-fstack-protector-strong", "-fstack-clash-protection"]
    built = (BIN.parent / "compile_commands.json").read_text()
    commands = dict(re.findall(r'"command": "((?:[^"\\]|\\.)*)",\s*"file": "([^"]*)"', built))
    by_file = {file: words for words, file in commands.items()}
    sources = [file for file in cpp_files(*PRODUCT, suffixes=(".cpp",)) if str(file) in by_file]
    assert len(sources) > 100, "the scan found hardly any command: it looks in the wrong place"
    assert_none(f"{name(file)} is compiled without {flag}" for file in sources for flag in flags if flag not in by_file[str(file)])
