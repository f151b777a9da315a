"""--device: what it refuses on a machine without a GPU, and what it does on one that is a stand-in."""
import json
import os
import pathlib
import re
import subprocess

import pytest

import gpu
from gpu import pretend
from harness import BIN, ORIGINAL, SOURCE, command, torchport

VERSION = re.search(r"kVersion = (\d+);", (SOURCE / "component/cuda/plugin.h").read_text())[1]
TRAIN, VALID = ORIGINAL / "image_directory_labelled", ORIGINAL / "image_directory_valid"
REAL = BIN / "torchport-cuda.so"


@pytest.fixture(scope="module")
def model(shared):
    torchport("run", "resnet", "--model_name=resnet18", "--pretrained=False", f"--untrained_model_path={shared / 'model'}",
              "--run-dir", shared / "model-run")
    return shared / "model"


@pytest.fixture(scope="module")
def stand_in(shared):
    return gpu.programs(shared / "stand-in")


def train(bin, model, work, *more, status=14, env=None, device="cuda", epochs=1, batch=8):
    return command(bin / "torchport", "run", "train_pytorch_model", "--untrained-model-path", model, "--train-data-path", TRAIN,
                   "--valid-data-path", VALID, "--trained-model-path", work / "out", "--run-dir", work / "run", "--epochs", epochs,
                   "--batch-size", batch, "--device", device, *more, status=status, env=env)


def refusal(bin, model, work, **what):
    """The sentence, after which nothing is left of the output."""
    status = what.pop("status", 14)
    done = train(bin, model, work, status=status, env=pretend(**what))
    assert not (work / "out").exists()
    return re.search(r"^error\[.*?\] train_pytorch_model: (.*)$", done.stderr, re.M)[1]


def test_no_module(model, work):
    bin = gpu.programs(work / "bin", module=None)
    assert refusal(bin, model, work) == f"there is no '{bin.resolve()}/torchport-cuda.so', which computes on GPUs"


def test_module_that_cannot_be_loaded(model, work):
    bin = gpu.programs(work / "bin", module=None)
    (bin / "torchport-cuda.so").write_bytes(b"no library, though it has this name" * 9)
    said = refusal(bin, model, work)
    assert said.startswith(f"'{bin.resolve()}/torchport-cuda.so', which computes on GPUs, could not be loaded: "), said
    assert said.endswith("invalid ELF header"), said


def test_module_of_another_build(model, work, stand_in):
    assert f"has version 99 of its interface, but this program needs version {VERSION}" in refusal(stand_in, model, work, version=99, status=2)
    assert refusal(stand_in, model, work, libtorch="1.0").endswith("was built with LibTorch 1.0, but this program with 2.11.0")


def test_without_a_usable_gpu(model, work, stand_in):
    assert refusal(stand_in, model, work, driver=0, count_fails="driver_too_old") == \
        "no GPU can be used: there is no NVIDIA driver here (driver_too_old)"
    assert refusal(stand_in, model, work, driver=12020, count_fails="driver_too_old") == \
        "NVIDIA's driver is for CUDA 12.2, but CUDA 13.0 is needed (driver_too_old)"
    assert refusal(stand_in, model, work, count_fails="unknown_error") == "the GPU failed: unknown_error"
    assert refusal(stand_in, model, work, gpus=0) == "this process sees no GPU; CUDA_VISIBLE_DEVICES is '0'"
    assert refusal(stand_in, model, work, capability=75, name="Turing") == \
        "the GPU Turing has compute capability 7.5, but at least 8.0 is needed"
    assert refusal(stand_in, model, work, use_fails="busy") == "the GPU failed: busy"


def test_kernel_that_is_not_started(model, work, stand_in):
    assert refusal(stand_in, model, work, kernel_fails="no_registers") == "the GPU failed: a kernel was not started: no_registers"


def test_out_of_memory(model, work, stand_in):
    said = refusal(stand_in, model, work, memory=60, status=12)
    found = re.fullmatch(r"the GPU has no room for (\d+) MiB more: (\d+) MiB of this process are in use, (\d+) of 60 MiB are free", said)
    assert found, said
    asked, used, free = map(int, found.groups())
    assert asked >= free and 58 <= used + free <= 60, said


def test_training_and_scoring(model, work, stand_in):
    train(stand_in, model, work, status=0, env=pretend())
    log = (work / "run/logs/70_driver_log_0").read_text()
    assert "Device: GPU 0 of 1, Stand-in, compute capability 9.0, PCI 0000:01:00.0, driver for CUDA 13.0.\n" in log
    assert json.loads((work / "run/run.json").read_text())["device"] == "Stand-in, compute capability 9.0"
    tables = []
    for device in ("cuda", "cpu"):
        command(stand_in / "torchport", "run", "score_image_model", "--trained-model", work / "out", "--dataset", VALID,
                "--scored-dataset", work / device, "--scored-format", "csv", "--run-dir", work / f"{device}-run", "--device", device, env=pretend())
        tables.append([path.read_text() for path in sorted((work / device).glob("*.csv"))])
    numbers = [[float(word) for word in re.findall(r"\d\.\d{3,}(?:e-\d+)?", "".join(table))] for table in tables]
    assert len(numbers[0]) > 10 and len(numbers[0]) == len(numbers[1])
    assert all(abs(a - b) < 1e-4 for a, b in zip(*numbers)), "the stand-in and the CPU disagree"


def test_threads_that_load_for_a_gpu(model, work, stand_in):
    """As many as it takes, up to the cores; those that are asked for stay."""
    def said(name, *more):
        (work / name).mkdir()
        train(stand_in, model, work / name, *more, status=0, env=pretend(), epochs=2, batch=4)
        log = (work / name / "run/logs/70_driver_log_0").read_text()
        return re.findall(r"The GPU takes \d+ training images/s, and one thread loads \d+: (.*)", log)
    sized, given = said("sized"), said("given", "--loader-threads", 3)
    most = len(os.sched_getaffinity(0))
    assert sized in [[f"{n} thread{'s' if n > 1 else ''} of at most {most}."] for n in range(1, most + 1)], sized
    assert given == ["3 threads, as asked for."]
    assert (work / "sized/out/model").read_bytes() == (work / "given/out/model").read_bytes()


def test_auto_is_the_cpu(model, work, stand_in):
    train(stand_in, model, work, status=0, device="auto", env=pretend())
    assert "Device:" not in (work / "run/logs/70_driver_log_0").read_text()


def test_the_real_module_on_a_machine_without_a_gpu(model, work):
    if not REAL.exists():
        assert refusal(BIN, model, work) == f"there is no '{REAL.resolve()}', which computes on GPUs"
        return
    if pathlib.Path("/proc/driver/nvidia/version").exists():
        pytest.skip("there is a driver here")
    missing = re.findall(r"(\S+) => not found", subprocess.run(["ldd", REAL], capture_output=True, text=True).stdout)
    said = refusal(BIN, model, work)
    if missing:
        assert "could not be loaded" in said and any(name in said for name in missing), said
    else:
        assert said == "no GPU can be used: there is no NVIDIA driver here (CUDA driver version is insufficient for CUDA runtime version)"
