"""Sums between GPUs, with MPI in NCCL's place behind the same functions: they are right, and what goes wrong is said, by 1, 2 and 4 ranks."""
import os
import re
import socket
import subprocess

import pytest

import gpu
from checkpoints import stop, wait_for
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


def log_of(work, out, rank):
    return (work / f"run-{out}/logs/70_driver_log_{rank}").read_text()


def train(bin, model, work, ranks, status=0, out="out", options=("--epochs", 1), **what):
    """The sentence of the error, the processes' or the watcher's, or the log of rank 0."""
    done = command("mpirun", *AS_ROOT, "--oversubscribe", "-np", ranks, bin / "torchport", "run", "train_pytorch_model",
                   "--untrained-model-path", model, "--train-data-path", TRAIN, "--valid-data-path", VALID, "--trained-model-path",
                   work / out, "--run-dir", work / f"run-{out}", "--batch-size", 6, "--device", "cuda", *options, status=status,
                   env=pretend(**what))
    if status == 0:
        return log_of(work, out, 0)
    said = re.search(r"^error\[.*?\] (?:train_pytorch_model|torchport): (.*)$", done.stderr, re.M)
    assert said, done.stderr
    return said[1]


def test_training_of_two(bin, model, work):
    log = train(bin, model, work, 2)
    assert re.search(r"NCCL sums 64 MiB at \d+\.\d GB/s, by P2P/fake; interface lo:127.0.0.1\.", log), log
    assert "driver for CUDA 13.0, NCCL 2.28.9." in log
    assert f"Each of the 2 processes of {HOST} sees one GPU only" in log
    assert (work / "out/model").exists() and (work / "run-out/logs/nccl_1").exists()


def test_batch_norms_over_all_processes_are_refused(bin, model, work):
    said = train(bin, model, work, 2, status=14, options=("--epochs", 1, "--sync-batch-norm", "True"))
    assert said == "--sync-batch-norm is not implemented on GPUs, and these are 2 processes with one each"
    assert not (work / "out").exists()


FOUR_EPOCHS = ("--epochs", 4, "--keep", "last")     # of two updates, of which the first three go without a graph
BUCKETS = 3                                         # of ResNet-18
GRAPH = "CUDA graph: updates of 6 images of"


def test_graphs_of_two(bin, model, work):
    """Sums within replays are those of steps without a graph."""
    with_graphs = train(bin, model, work, 2, options=FOUR_EPOCHS)
    without = train(bin, model, work, 2, out="plain", options=(*FOUR_EPOCHS, "--cuda-graphs", "False"))
    assert with_graphs.count(GRAPH) == 1 and "CUDA graph" not in without
    assert GRAPH in log_of(work, "out", 1)
    weights = [(work / out / "model").read_bytes() for out in ("out", "plain")]
    assert weights[0] == weights[1]


def test_graph_that_one_rank_cannot_record(bin, model, work):
    """Then none replays, as its sums would wait for others."""
    log = train(bin, model, work, 2, options=FOUR_EPOCHS, graphs_at_1="fails")
    warning = "No CUDA graphs: {}. Each operation of a step is started by itself"
    assert log.count(warning.format("another process cannot record the step")) == 1 and GRAPH not in log
    assert log_of(work, "out", 1).count(warning.format("operation not permitted")) == 1


def test_sum_of_a_replay_that_does_not_end(bin, model, work):
    """The watcher is the first to say so. The sum has the number that it would have without graphs: two of the probe, then BUCKETS for each
    update. The host waits for the sixth, the last of an epoch, which stands."""
    said = train(bin, model, work, 2, status=13, options=(*FOUR_EPOCHS, "--comm-timeout", 3), all_reduce=f"stands:{2 + 5 * BUCKETS + 1}")
    assert said == f"all processes waited 3 s in NCCL's all-reduce number {2 + 6 * BUCKETS}, and none came through"


def test_stopped_between_replays(bin, model, work):
    """Statistics are read a step late, and the wish to stop with them: both stop after the same step, and go on to the same bits."""
    eight = ("--epochs", 8, "--keep", "last")
    words = [bin / "torchport", "run", "train_pytorch_model", "--untrained-model-path", model, "--train-data-path", TRAIN, "--valid-data-path",
             VALID, "--trained-model-path", work / "out", "--run-dir", work / "run-out", "--batch-size", 6, "--device", "cuda", "--print-freq", 1,
             "--process-count-per-node=2", *AS_ROOT, *eight]
    run = subprocess.Popen(list(map(str, words)), env={**os.environ, **pretend()}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert wait_for(run, "Epoch: [3/8]")
    stop(run)
    assert GRAPH in log_of(work, "out", 0)
    stopped = [re.search(r"Stopping: all processes have come to (\S+)\.$", log_of(work, "out", rank), re.M)[1] for rank in (0, 1)]
    assert stopped[0] == stopped[1] and stopped[0] >= "3.1", stopped
    command(*words, env=pretend())
    assert f"Going on from the checkpoint '{work / 'run-out/checkpoints' / stopped[0]}'" in log_of(work, "out", 0)
    train(bin, model, work, 2, out="plain", options=(*eight, "--cuda-graphs", "False"))
    weights = [(work / out / "model").read_bytes() for out in ("out", "plain")]
    assert weights[0] == weights[1]


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
