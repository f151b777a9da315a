"""Rows I: memory, descriptors, threads and shared memory that run out."""
import re
import resource
import signal

import pytest

from ending import ended
from job import LONG

TIMEOUT = 6
NO = ["--checkpoints=False"]


@pytest.mark.parametrize("ranks", [1, 2])
def test_i1_meanwhile(start, ranks):
    """A process that trains gets no more memory: exit 12, with what was asked for."""
    job = start(*LONG, *NO, ranks=ranks)
    job.trains(2)
    victim = job.rank(ranks - 1) if ranks > 1 else job.process.pid
    job.now()
    resource.prlimit(victim, resource.RLIMIT_AS, (1 << 20, 1 << 20))
    ended(job, 12, ranks - 1, "not enough memory: .*", failures=[ranks - 1], speak=[ranks - 1], within=10)


@pytest.mark.parametrize("megabytes", [700, 900, 1100, 1500, 2500])
def test_i1_limit(start, megabytes):
    """Little address space from the start: exit 12, or it works; never a crash."""
    job = start("--epochs=1", *NO, ranks=1, before=["prlimit", f"--as={megabytes << 20}"]).wait()
    if job.status == 0:
        ended(job, 0, out=True)
    else:
        ended(job, 12, 0, "not enough memory.*", failures=[0], also=["logs/failure_0.json?"])


def test_i2(start):
    """The system kills a rank for its memory: the hint says so."""
    job = start(*LONG, *NO).trains()
    job.hurt(job.rank(0), signal.SIGKILL)
    ended(job, 13, 0, "process 0 was ended by signal 9", within=10)
    assert "hint   The system may have been out of memory" in job.text("stderr"), job.text("stderr")


def test_i3_descriptors(start):
    """Hardly any file descriptors: one process works; of several mpirun hangs, and the launcher ends it."""
    ended(start("--epochs=1", *NO, ranks=1, before=["prlimit", "--nofile=32"]), 0, out=True)


def test_i3_mpirun(start):
    """mpirun has hardly any file descriptors and hangs."""
    job = start(f"--comm-timeout={TIMEOUT}", before=["prlimit", "--nofile=32"]).now()
    ended(job, 13, "-", rf"mpirun did not begin any process within {TIMEOUT} s", within=TIMEOUT + 15, begun=False)


def test_i3_stack(start):
    """A small stack: it works."""
    ended(start("--epochs=1", *NO, ranks=1, before=["prlimit", "--stack=262144", "--core=0"]), 0, out=True)


@pytest.mark.parametrize("first", [1, 3, 6])
def test_i3_threads(start, first):
    """No more threads can be had: exit 12, or it works; never a bug that is to be reported."""
    none = ["strace", "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=clone3,clone", "-e", f"inject=clone3:error=EAGAIN:when={first}+"]
    job = start("--epochs=1", *NO, ranks=1, before=none).wait()
    if job.status == 0:
        ended(job, 0, out=True)
    else:
        ended(job, 12, 0, ".*Resource temporarily unavailable.*", failures=[0])


@pytest.mark.parametrize("options", ["size=64k", "size=1m", "ro"])
def test_i4(start, options):
    """Shared memory is small or read-only: it works."""
    own = ["unshare", "-m", "bash", "-c", f'mount -t tmpfs -o {options} tmpfs /dev/shm; exec "$@"', "bash"]
    ended(start("--epochs=1", *NO, before=own), 0, out=True)
