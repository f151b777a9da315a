"""Control and reducer on 1, 2 and 4 ranks: reductions, agreement, and what happens where a rank does not answer."""
import time

import pytest

from harness import AS_ROOT, BIN, command


def cases(ranks, name, status=0):
    return command("mpirun", *AS_ROOT, "--oversubscribe", "-np", ranks, BIN / "collective_cases", name, status=status, timeout=120)


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
