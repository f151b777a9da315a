"""What the ranks of a training find out about each other while it goes on: weights that differ, a rank that lags."""
import json
import re
import shutil
import socket
import subprocess

import pytest
import torch

from harness import AS_ROOT, BIN, class_folders, command, torchport

HOST = socket.gethostname()
LATE = 0.5   # seconds by which an image of a slow rank is opened: it has 8


@pytest.fixture(scope="module")
def inputs(shared):
    torchport("run", "resnet", "--model_name=resnet18", "--pretrained=False", "--untrained_model_path", shared / "m", cwd=shared)
    class_folders(shared / "data")
    return shared


@pytest.fixture
def launchers():
    """Those that a check starts, none of which outlives it."""
    started = []
    yield started
    for one in started:
        if one.poll() is None:
            one.terminate()
            one.communicate()


def start(launchers, inputs, work, data, **changes):
    """Training on two ranks; the launcher once the first step is done, and the process number of rank 1."""
    values = {"untrained-model-path": inputs / "m", "train-data-path": inputs / data, "valid-data-path": inputs / "data",
              "trained-model-path": work / "out", "batch-size": 4, "run-dir": work / "run", "process-count-per-node": 2, **changes}
    words = [BIN / "torchport", "run", "train_pytorch_model", *AS_ROOT, *(word for name, value in values.items() for word in (f"--{name}", value))]
    launcher = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    launchers.append(launcher)
    for line in launcher.stdout:
        if "First step done" in line:
            break
    return launcher, int(re.search(r"process (\d+), rank 1 of 2", log(work, 1)).group(1))


def log(work, rank):
    return (work / f"run/logs/70_driver_log_{rank}").read_text()


def overwrite(process, old, new):
    """Replaces bytes wherever the writable memory of a process has them; how often."""
    count = 0
    with open(f"/proc/{process}/maps") as maps:
        lines = maps.read().splitlines()
    with open(f"/proc/{process}/mem", "r+b", buffering=0) as memory:
        for line in lines:
            place, modes, _, _, inode = line.split()[:5]
            first, last = (int(end, 16) for end in place.split("-"))
            if modes[:2] != "rw" or inode != "0":
                continue
            try:
                memory.seek(first)
                content = memory.read(last - first)
                at = content.find(old)
                while at >= 0:
                    memory.seek(first + at)
                    memory.write(new)
                    count += 1
                    at = content.find(old, at + 1)
            except OSError:   # not the process's own memory, or the run has ended of what was written already
                continue
    return count


def test_weights_that_change_on_one_rank(launchers, inputs, work):
    """A frozen weight of rank 1 is overwritten from outside: the epoch does not count, and no model comes out."""
    launcher, process = start(launchers, inputs, work, "data", **{"train-layers": "head", "epochs": 10000, "patience": 10000})
    weights = torch.load(inputs / "m/model", weights_only=True)["model.conv1.weight"]
    kept = weights.permute(0, 2, 3, 1).contiguous().numpy().tobytes()[:256]   # as channels_last has them in memory
    assert overwrite(process, kept, bytes(8) + kept[8:]) > 0
    _, errors = launcher.communicate(timeout=100)
    assert launcher.returncode == 10, errors
    assert re.search(rf"error\[NaNError\] train_pytorch_model: the weights of rank 1 \(host {HOST}\) are not those of rank 0 \(host {HOST}\) in "
                     r"epoch \d+: 1 of 62 tensors differ, first conv1.weight\n", errors), errors
    assert "first_rank=1" in (work / "run/logs/70_mpi_log").read_text().splitlines()[-1]
    assert not (work / "out").exists()


@pytest.mark.skipif(not shutil.which("strace"), reason="no strace")
def test_slow_rank(inputs, work):
    """On rank 1 each image is opened late, as on a slow disk: the training goes on, and each log says what that costs."""
    torchport("run", "convert_to_image_directory", "--input-path", inputs / "data", "--output-path", work / "in", cwd=work)   # has their sizes
    values = {"untrained-model-path": inputs / "m", "train-data-path": work / "in", "valid-data-path": inputs / "data", "trained-model-path": work / "out",
              "batch-size": 2, "run-dir": work / "run", "epochs": 1, "loader-threads": 1, "train-layers": "head"}
    train = [BIN / "torchport", "run", "train_pytorch_model", *(word for name, value in values.items() for word in (f"--{name}", value))]
    late = ["strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", *(word for image in (work / "in").rglob("*.png") for word in ("-P", image)), "-e", "trace=openat",
            "-e", f"inject=openat:delay_enter={int(LATE * 1e6)}"]
    command("mpirun", *AS_ROOT, "--oversubscribe", "-np", 1, *train, ":", "-np", 1, *late, *train, env={"OMP_NUM_THREADS": "1"})
    for rank in range(2):
        said = re.search(rf"WARNING .*Epoch 1 waited (\d+\.\d) s for rank 1 \(host {HOST}\): \d+\.\d\d img/s of its own work, where half of the others do "
                         r"\d+\.\d\d or more\. Of its time \d+ % went into waiting for data, \d+ % into computing\.\n", log(work, rank))
        assert said and float(said[1]) > 2 * LATE, log(work, rank)
    rows = [json.loads(line) for line in (work / "run/metrics.jsonl").read_text().splitlines()]
    times = [row["row"] for row in rows if row.get("name") == "Rank times"]
    assert [(row["epoch"], row["rank"]) for row in times] == [(1, 0), (1, 1)]
    for row in times:
        assert abs(row["data"] + row["computing"] + row["communicating"] + row["checkpointing"] - 1) < 1e-6, row
    assert times[1]["images_per_second"] < 0.8 * times[0]["images_per_second"] and times[0]["communicating"] > times[1]["communicating"], times
    assert times[1]["data"] > times[0]["data"], times
