"""Rows I: memory, descriptors, threads and shared memory that run out."""
import pathlib
import re
import resource
import signal

import pytest

from checkpoints import words
from ending import ended
from harness import BIN
from job import LONG

TIMEOUT = 6
NO_MEMORY = "(not enough memory|the system has no room for a process or thread more)"
NO = ["--checkpoints=False"]


def starved(job, cause):
    """Exit 12 with that cause; of a process that had not come to make its run folder the terminal alone has it."""
    job.wait()
    if job.run.exists():
        return ended(job, 12, 0, cause, failures=[0])
    assert job.status == 12 and re.search(rf"^error\[ModuleOutOfMemoryError\] \S+: {cause}", job.text("stderr"), re.M), f"{job.status}: {job.text('stderr')}"
    assert not any(job.work.iterdir()), f"left behind: {list(job.work.iterdir())}"


@pytest.mark.parametrize("ranks", [1, 2])
def test_i1_meanwhile(start, ranks):
    """A process gets no more than 64 MB beyond what it has when its work begins, which is too little to train: exit 12, with what was asked for."""
    job = start(*LONG, *NO, ranks=ranks)
    job.says("rank . of", ranks - 1)
    victim = job.rank(1) if ranks > 1 else job.process.pid
    size = int(re.search(r"VmSize:\s+(\d+) kB", pathlib.Path(f"/proc/{victim}/status").read_text())[1]) * 1024
    job.now()
    resource.prlimit(victim, resource.RLIMIT_AS, (size + (64 << 20),) * 2)
    ended(job, 12, ranks - 1, f"{NO_MEMORY}.*", failures=range(ranks) if agreed(job) else [ranks - 1], speak=[ranks - 1])


def agreed(job):
    """Whether the other rank was told of the fault, at the end of a step, say."""
    return job.ranks > 1 and (job.wait().run / "logs/failure_0.json").exists()


@pytest.mark.parametrize("megabytes", [700, 900, 1100, 1500, 2500])
def test_i1_limit(start, megabytes):
    """Little address space from the start: exit 12, or it works; never a crash."""
    job = start("--epochs=1", *NO, ranks=1, before=["prlimit", f"--as={megabytes << 20}"]).wait()
    if job.status == 0:
        ended(job, 0, out=True)
    else:
        starved(job, f"{NO_MEMORY}.*")


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


@pytest.mark.parametrize("program, first", [("torchport", 1), ("torchport-worker", 1), ("torchport-worker", 2), ("torchport-worker", 3)])
def test_i3_threads(start, inputs, work, program, first):
    """No more threads can be had: exit 12, or it works; never a bug that is to be reported."""
    none = ["strace", "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=clone3", "-e", f"inject=clone3:error=EAGAIN:when={first}+"]
    command = [BIN / program, *words(inputs, work / "out", work / "run", "--epochs=1", *NO)[1:]]
    job = start(ranks=1, command=command, before=none).wait()
    if job.status == 0:
        ended(job, 0, out=True)
    else:
        starved(job, f"{NO_MEMORY}.*")


@pytest.mark.parametrize("options", ["size=64k", "size=1m", "ro"])
def test_i4(start, options):
    """Shared memory is small or read-only: it works."""
    own = ["unshare", "-m", "bash", "-c", f'mount -t tmpfs -o {options} tmpfs /dev/shm; exec "$@"', "bash"]
    ended(start("--epochs=1", *NO, before=own), 0, out=True)
