"""What the Python tests share: where programs and data are, how a program is run, images to train on."""
import contextlib
import os
import pathlib
import select
import subprocess
import time

BIN = pathlib.Path(os.environ["TORCHPORT_BIN"])
SOURCE = pathlib.Path(os.environ["TORCHPORT_SOURCE"])
ORIGINAL = SOURCE / "tests/data/original"
# What torchport writes beside the files that the original defines (docs/contract.md, "Typed directories").
NOTES = {"_sizes.lst", "_origins.lst", "_applied_transforms.json", "_input.json"}
# mpirun refuses to run as root unless told so; torchport takes the same flag and hands it on.
AS_ROOT = ["--allow-run-as-root"] if os.geteuid() == 0 else []


def golden(name):
    """A large directory that the original wrote. Skips the check if TORCHPORT_GOLDEN does not name the folder that has them."""
    folder = os.environ.get("TORCHPORT_GOLDEN")
    if not folder:
        import pytest
        pytest.skip(f"{name} is not here: TORCHPORT_GOLDEN is not set")
    path = pathlib.Path(folder) / name
    assert path.exists(), f"TORCHPORT_GOLDEN is set, but lacks {path}"
    return path


def torchport(*arguments, status=0, cwd=None, env=None, timeout=600):
    """Runs build/bin/torchport, asserts its exit status (None: any) and returns the finished process with its text."""
    return command(BIN / "torchport", *arguments, status=status, cwd=cwd, env=env, timeout=timeout)


def mpirun(ranks, *arguments, status=0, cwd=None, env=None, timeout=600):
    """Runs `mpirun -np RANKS torchport ARGUMENTS`, with more ranks than cores where need be."""
    return command("mpirun", *AS_ROOT, "--oversubscribe", "-np", ranks, BIN / "torchport", *arguments,
                   status=status, cwd=cwd, env=env, timeout=timeout)


def command(*words, status=0, cwd=None, env=None, timeout=600, text=""):
    """Runs any program with `text` as its standard input; `env` is added to the environment."""
    done = subprocess.run([str(word) for word in words], cwd=cwd, env={**os.environ, **(env or {})}, timeout=timeout,
                          input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if status is not None:
        assert done.returncode == status, \
            f"exit {done.returncode}, not {status}: {' '.join(map(str, words))}\n{done.stdout}\n{done.stderr}"
    return done


def processes_of(folder):
    """Those whose command line names the folder: launcher, mpirun and ranks, frozen ones too."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str(folder).encode() in (entry / "cmdline").read_bytes() and (entry / "stat").read_text().rsplit(") ", 1)[1][0] != "Z":
                found.append(int(entry.name))
    return found


def nothing_left(folder, seconds=10):
    """Waits for the end of what processes_of finds."""
    deadline = time.monotonic() + seconds
    while processes_of(folder):
        assert time.monotonic() < deadline, f"left behind: {processes_of(folder)}"
        select.select([], [], [], 0.05)


def class_folders(folder, categories=("circle", "square"), each=8, size=32, seed=1):
    """Makes a tree of class folders with `each` PNG images per category, which a network can learn to tell apart."""
    import numpy
    from PIL import Image
    random = numpy.random.default_rng(seed)
    for number, category in enumerate(categories):
        target = pathlib.Path(folder) / category
        target.mkdir(parents=True, exist_ok=True)
        for index in range(each):
            pixels = random.integers(0, 128, (size, size, 3), dtype=numpy.uint8)
            pixels[:, :, number % 3] += 100   # a tint of its own for each of three categories
            Image.fromarray(pixels).save(target / f"{index:04}.png")
    return pathlib.Path(folder)
