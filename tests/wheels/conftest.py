"""The wheels as somebody has them: installed into a new environment, beside torch and pyarrow, with nothing of the build within reach."""
import glob
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness import SOURCE, class_folders

WHEELS = SOURCE / "build/wheel"
BESIDE = ("torch", "torchgen", "functorch", "pyarrow", "nvidia", "torch-*.dist-info", "pyarrow-*.dist-info", "nvidia_*.dist-info")
BESIDE_FILES = Path(sys.prefix) / "beside"


class Environment:
    """A virtual environment, and commands in it that see neither LD_LIBRARY_PATH nor a torchport on PATH."""

    def __init__(self, folder):
        self.folder = folder
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        self.packages = Path(glob.glob(f"{folder}/lib/python3*/site-packages")[0])

    def pip(self, *words):
        subprocess.run([self.folder / "bin/pip", "--quiet", "--disable-pip-version-check", *words], check=True)

    def pip_beside(self, *names):
        """Packages of beside.txt, which ./dev test-wheels has brought."""
        self.pip("install", "--no-index", "--find-links", BESIDE_FILES, "--no-deps", "--ignore-requires-python", *names)

    def run(self, *words, status=0, cwd=None, **environment):
        if (self.folder / "bin" / str(words[0])).exists():
            words = (self.folder / "bin" / words[0], *words[1:])
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("TORCHPORT", "PYTHON", "LD_"))}
        done = subprocess.run([str(word) for word in words], cwd=cwd, env={**kept, **environment}, capture_output=True, text=True, timeout=600)
        assert status is None or done.returncode == status, f"exit {done.returncode}, not {status}: {words}\n{done.stdout}\n{done.stderr}"
        return done


def with_torch(folder):
    """With the torch and pyarrow of the build as hard links: pip would download gigabytes. LIBTORCH_ROOT says where they are."""
    environment = Environment(folder)
    there = Path(os.environ["LIBTORCH_ROOT"]).parent
    for pattern in BESIDE:
        for path in there.glob(pattern):
            copy = environment.packages / path.name
            shutil.copytree(path, copy, copy_function=link_or_copy, symlinks=True) if path.is_dir() else link_or_copy(path, copy)
    return environment


def link_or_copy(path, copy):
    try:
        os.link(path, copy)
    except OSError:
        shutil.copy2(path, copy)


@pytest.fixture(scope="session")
def environment(tmp_path_factory):
    made = with_torch(tmp_path_factory.mktemp("environment") / "venv")
    made.pip("install", "--no-deps", "--no-index", *WHEELS.glob("*.whl"))
    return made


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    return class_folders(tmp_path_factory.mktemp("data") / "photos", size=40)
