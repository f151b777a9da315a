"""Control and reducer on 1, 2 and 4 ranks: reductions, agreement, and what happens where a rank does not answer."""
import socket
import time

import pytest

from harness import AS_ROOT, BIN, command


HOST = socket.gethostname()


def cases(ranks, *words, status=0):
    return command("mpirun", *AS_ROOT, "--oversubscribe", "-np", ranks, BIN / "collective_cases", *words, status=status, timeout=120)


def own_lines(done):
    """What the ranks printed, sorted: mpirun does not keep their order."""
    return sorted(line for line in done.stdout.splitlines() if line)


@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_reductions(ranks):
    cases(ranks, "reductions")
    cases(ranks, "unwound")


def test_reductions_without_mpirun():
    command(BIN / "collective_cases", "reductions")


@pytest.mark.parametrize("ranks", [2, 4])
def test_agreement(ranks):
    done = cases(ranks, "agreement", status=5)
    assert own_lines(done) == [f"rank {rank}: the dataset of rank 1 holds no image, first rank 1" for rank in range(ranks)], done.stdout


def test_mismatch():
    done = cases(2, "mismatch", status=2)
    assert own_lines(done) == ["the launcher started 3 processes, but MPI knows of 2"] * 2, done.stdout


def test_stuck_rank():
    started = time.monotonic()
    done = cases(2, "stuck", status=13)
    assert own_lines(done) == ["rank 0: barrier number 2 did not end within 2 s: another process is stuck or lost"], done.stdout
    assert time.monotonic() - started < 30, "a stuck rank held the others up for too long"


def test_rank_that_fails_alone():
    done = cases(2, "alone", status=12)
    assert own_lines(done) == ["rank 1: alone"], done.stdout


def test_out_of_step():
    done = cases(3, "out_of_step", status=13)
    expected = f"the processes are not in step at call number 1: rank 0 (host {HOST}) came to all-reduce of 8000000 bytes, " \
               f"rank 1 (host {HOST}) came to agreement of 8 bytes"
    assert own_lines(done) == [expected] * 3, done.stdout


def test_one_time_out_for_all_sums():
    started = time.monotonic()
    done = cases(2, "stuck_sums", status=13)
    assert own_lines(done) == ["all-reduce number 2 did not end within 2 s: another process is stuck or lost"], done.stdout
    assert time.monotonic() - started < 15, "each pending sum was waited for"


def test_end_that_does_not_come():
    started = time.monotonic()
    done = cases(2, "end", status=None)
    assert done.returncode != 0 and own_lines(done) == ["too long"], done
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("ranks, guilty, others", [(2, 1, f"rank 0 (host {HOST})"), (4, 2, "3 other ranks"), (4, 0, "3 other ranks")])
def test_replicas(ranks, guilty, others):
    done = cases(ranks, "replicas", guilty, status=10)
    expected = f"the weights of rank {guilty} (host {HOST}) are not those of {others} in epoch 2: 1 of 62 tensors differ, first fc.bias; first rank {guilty}"
    assert own_lines(done) == [expected] * ranks, done.stdout
