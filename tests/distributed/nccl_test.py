"""Sums between GPUs, with MPI in NCCL's place behind the same functions: they are right, and what goes wrong is said, by 1, 2 and 4 ranks."""
import re
import socket
import subprocess

import pytest

import gpu
from gpu import pretend
from harness import AS_ROOT, BIN, ORIGINAL, command, torchport

HOST = socket.gethostname()
TRAIN, VALID = ORIGINAL / "image_directory_labelled", ORIGINAL / "image_directory_valid"
ENDS = {"missing": f"rank 1 (host {HOST}) did not come to it", "all": "all processes came to it"}


def cases(ranks, work, name, status=0, **what):
    """What each rank said, sorted; NCCL's log is work/log."""
    env = {**pretend(**what), "NCCL_DEBUG_FILE": str(work / "log")}
    done = command("mpirun", *AS_ROOT, "--oversubscribe", "-np", ranks, BIN / "nccl_cases", gpu.MODULE, work / "log", name,
                   status=status, env=env, timeout=120)
    return sorted(line for line in done.stdout.splitlines() if line)


@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_sums(work, ranks):
    assert cases(ranks, work, "sums") == ["1"] * ranks
    assert cases(ranks, work, "probe") == [str(int(ranks > 1))] * ranks   # one has no link


def test_log_that_is_elsewhere(work):
    """As where the user has set NCCL_DEBUG_FILE."""
    env = {**pretend(), "NCCL_DEBUG_FILE": str(work / "elsewhere")}
    done = command("mpirun", *AS_ROOT, "--oversubscribe", "-np", 2, BIN / "nccl_cases", gpu.MODULE, work / "log", "sums", env=env, timeout=120)
    assert done.stdout.split() == ["1", "1"] and (work / "elsewhere").exists() and not (work / "log").exists()


def test_begin_that_does_not_end(work):
    """Each rank waits for NCCL, which does not come up."""
    said = cases(2, work, "sums", status=13, init="hangs")
    for rank in (0, 1):
        assert f"rank {rank}: ncclCommInitRank of NCCL did not end within 2 s: {ENDS['all']}" in said
        assert f"rank {rank}, NCCL on {HOST}: lo:127.0.0.1" in said


def test_rank_that_does_not_begin(work):
    said = cases(2, work, "sums", status=None, init_at_1="never")
    assert f"rank 0: ncclCommInitRank of NCCL did not end within 2 s: {ENDS['missing']}" in said


def test_begin_that_fails(work):
    said = cases(2, work, "sums", status=14, init="fails")
    assert "rank 0: ncclCommInitRank failed in NCCL: unhandled system error: Call to connect returned Connection refused" in said
    assert any(line.startswith("rank 0, NCCL: ") and "NCCL WARN Call to connect returned Connection refused" in line for line in said), said


def test_interface_that_is_none(work):
    said = cases(2, work, "sums", status=14, interface="foo")
    assert f"rank 0: NCCL finds no network interface on {HOST}: Bootstrap : no socket interface found" in said


def test_fault_that_comes_later(work):
    said = cases(2, work, "sums", status=14, all_reduce="fails:2")
    assert "rank 1: all-reduce failed in NCCL: remote process exited or there was a network error: " \
        "NET/Socket : Connection reset by peer" in said
    assert (work / "log").read_text().count("INFO abort") == 2


def test_sum_that_does_not_end(work):
    said = cases(4, work, "sums", status=13, all_reduce="stands:2")
    assert [line for line in said if ":" in line[:8] and "NCCL did" in line] == \
        [f"rank {rank}: all-reduce number 2 of NCCL did not end within 2 s: {ENDS['all']}" for rank in range(4)]


def test_rank_that_does_not_come(work):
    said = cases(2, work, "sums", status=None, all_reduce="stands:1", all_reduce_at_1="never:1")
    assert f"rank 0: all-reduce number 2 of NCCL did not end within 2 s: {ENDS['missing']}" in said


def test_abort_that_hangs(work):
    said = cases(2, work, "sums", status=13, all_reduce="stands:2", abort="hangs")
    assert f"rank 0: all-reduce number 2 of NCCL did not end within 2 s: {ENDS['all']}" in said


def test_sums_of_other_sizes(work):
    said = cases(2, work, "unequal", status=13)
    assert f"rank 0: the processes are not in step at call number 1: rank 0 sums 16 bytes, rank 1 (host {HOST}) 32 bytes" in said


# --- by the product's own programs


@pytest.fixture(scope="module")
def bin(shared):
    return gpu.programs(shared / "bin")


@pytest.fixture(scope="module")
def model(shared):
    torchport("run", "resnet", "--model_name=resnet18", "--pretrained=False", f"--untrained_model_path={shared / 'model'}",
              "--run-dir", shared / "model-run")
    return shared / "model"


def train(bin, model, work, ranks, status=0, **what):
    """The error's sentence, or the log of rank 0."""
    done = command("mpirun", *AS_ROOT, "--oversubscribe", "-np", ranks, bin / "torchport", "run", "train_pytorch_model",
                   "--untrained-model-path", model, "--train-data-path", TRAIN, "--valid-data-path", VALID, "--trained-model-path",
                   work / "out", "--run-dir", work / "run", "--epochs", 1, "--batch-size", 6, "--device", "cuda", status=status,
                   env=pretend(**what))
    if status == 0:
        return (work / "run/logs/70_driver_log_0").read_text()
    return re.search(r"^error\[.*?\] train_pytorch_model: (.*)$", done.stderr, re.M)[1]


def test_training_of_two(bin, model, work):
    log = train(bin, model, work, 2)
    assert re.search(r"NCCL sums 64 MiB at \d+\.\d GB/s, by P2P/fake; interface lo:127.0.0.1\.", log), log
    assert "driver for CUDA 13.0, NCCL 2.28.9." in log
    assert f"Each of the 2 processes of {HOST} sees one GPU only" in log
    assert (work / "out/model").exists() and (work / "run/logs/nccl_1").exists()


def test_more_processes_than_gpus(bin, model, work):
    assert train(bin, model, work, 2, status=14, bus="0000:01:00.0") == \
        f"the 2 processes of {HOST} see 1 GPU, and each needs one of its own"
    assert train(bin, model, work, 4, status=14, gpus=2) == f"the 4 processes of {HOST} see 2 GPUs, and each needs one of its own"


def test_two_of_the_same_gpu(bin, model, work):
    assert train(bin, model, work, 2, status=14, gpus=2, bus="0000:07:00.0") == \
        f"rank 0 and rank 1 have the same GPU 0000:07:00.0 of {HOST}, and NCCL refuses that"


def test_other_versions(bin, model, work):
    assert train(bin, model, work, 2, status=14, nccl_at_1=22700) == \
        f"the processes do not have the same NCCL: rank 1 (host {HOST}) has 2.27.0, the other 2.28.9"


def test_nccl_itself_refuses_an_interface(work):
    """The real library, which looks for one before it looks for a GPU."""
    ask = """
import ctypes, sys
try:
    nccl = ctypes.CDLL("libnccl.so.2")
except OSError:
    sys.exit(77)
print(nccl.ncclGetUniqueId(ctypes.create_string_buffer(128)))
"""
    import os, sys
    done = subprocess.run([sys.executable, "-c", ask], env={**os.environ, "NCCL_SOCKET_IFNAME": "foo"}, capture_output=True, text=True)
    if done.returncode == 77:
        pytest.skip("there is no NCCL here")
    invalid_usage = "5"
    assert done.stdout.strip().splitlines()[-1] == invalid_usage, done
