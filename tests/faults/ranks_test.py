"""Rows E1 to E4 and E8, E9: ranks that die, freeze or lag, launchers that die, ranks that cannot begin."""
import os
import re
import select
import signal

import pytest

from checkpoints import whole
from ending import SLACK, ended
from harness import BIN, command, processes_of, torchport
from job import LONG, children

KILLED = "process {} was ended by signal {}"
TIMEOUT = 6   # seconds of --comm-timeout: beats come twice a second, and late on a busy machine
FROZEN = (r"process {} on host \S+ \({}(, epoch\.step \d+\.\d+)?; not heard of for \d+ s\) did not come to "
          r"(all-reduce|agreement|broadcast|barrier) number \d+, in which the others waited \d+ s")
NO = ["--checkpoints=False"]
PRELOAD = BIN / "torchport-faulty-calls.so"


@pytest.mark.parametrize("phase", ["init", "load", "train", "save", "end"])
def test_e1(inputs, start, phase):
    """A rank is killed: before MPI_Init, reading, training, writing a checkpoint, at the end."""
    slow = ["strace", "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=renameat2", "-e", "inject=renameat2:delay_enter=5000000"]
    job = start(*(["--epochs=1"] if phase == "end" else LONG), *(["--checkpoint-minutes=0.00001"] if phase == "save" else []),
                before=slow if phase == "end" else [])
    victim = job.rank(1)
    if phase == "load":
        job.says("rank 1 of 2", rank=1)
    if phase == "train":
        job.trains()
    if phase == "save":
        job.says("is written, in")
        victim = job.rank(0)
        job.until((job.run / "checkpoints/.making").exists)
    if phase == "end":   # the other waits for the first, which publishes the model
        job.says("Saving trained model")
        job.until(lambda: any((path / "_meta.yaml").exists() for path in job.work.glob(".torchport-out-*")))
    who = 0 if phase == "save" else 1
    job.hurt(victim, signal.SIGKILL)
    ended(job, 13, who, KILLED.format(who, 9), within=10, also=[r"\.torchport-out-.*?"] if phase == "end" else [], begun=phase != "init")
    if phase == "end":   # what it had staged is cleared away by the next run, which makes the model
        again = start("--epochs=1")
        ended(again, 0, out=True, also=[r".*\.1?"])


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE])
def test_e2_crash(start, number):
    """A rank crashes."""
    job = start(*LONG, *NO).trains()
    job.hurt(job.rank(1), number)
    ended(job, 13, 1, KILLED.format(1, int(number)), within=10)


@pytest.mark.parametrize("status, cause", [(5, "process 1 ended with status 5 without a word"), (0, "process 1( on host .*)? ended without a word")])
def test_e2_exit(start, status, cause):
    """A rank exits in the middle of its work."""
    job = start(*LONG, *NO, env={"LD_PRELOAD": str(PRELOAD), "FAULT_RANK": "1", "FAULT_EXIT": str(status)}).trains()
    job.hurt(job.rank(1), signal.SIGUSR2)
    ended(job, 13, 1, cause, within=10)


@pytest.mark.parametrize("who", [0, 1])
def test_e3(start, who):
    """A rank is frozen while it trains: the others end within the time-out and 15 s, and name it."""
    job = start(*LONG, *NO, f"--comm-timeout={TIMEOUT}").trains()
    job.hurt(job.rank(who), signal.SIGSTOP)
    ended(job, 13, who, FROZEN.format(who, "(training|validating)"), within=TIMEOUT + 15, failures=[1 - who], speak=[1 - who],
          also=[f"logs/failure_{who}.json?"])   # which it may write when it is woken to be ended
    told = torchport("explain", job.run).stdout
    assert re.search(rf"^  first     process {who} on \S+, epoch\.step \d+\.\d+: process {who} on host .*\n  others    process {1 - who} ended for the "
                     rf"same reason\n  to do     .*\n  read      {job.run}/logs/70_driver_log_{who}\n  read      {job.run}/logs/70_mpi_log\n"
                     r"  more      torchport explain TimeoutOccuredError\n\Z", told, re.M), told
    merged = torchport("logs", job.run).stdout
    assert re.search(r"^0 \| .*First step done", merged, re.M) and re.search(r"^mpi \| RESULT exit=13 ", merged, re.M), merged
    last = job.log(1 - who).splitlines()[-1]
    assert torchport("logs", job.run, "--rank", 1 - who, "--follow").stdout.endswith(last + "\n")
    assert "has no log of a process 7" in torchport("logs", job.run, "--rank", 7, status=2).stderr


def test_e4(start):
    """A rank that stands still now and then is named in a warning with its rank and host, and the training ends well."""
    job = start("--epochs=12", "--patience=100000", *NO).trains(1)
    victim, warned = job.rank(1), r"WARNING .*rank 1 \(host \S+\)"
    while not re.search(warned, job.log(0)):
        os.kill(victim, signal.SIGSTOP)
        select.select([], [], [], 2.5)   # costs the others more than the second that is worth a warning
        os.kill(victim, signal.SIGCONT)
        select.select([], [], [], 0.2)
        assert job.process.poll() is None, job.log(0)[-3000:]
    ended(job, 0, out=True)


def test_e8_mpirun(start):
    """mpirun is killed."""
    job = start(*LONG).trains()
    mpirun, = children(job.process.pid)
    job.hurt(mpirun, signal.SIGKILL)
    ended(job, 13, "-", "mpirun was ended by signal 9 before its processes had", within=5)


def test_e8_launcher(start):
    """The launcher is killed: no rank outlives it, and what is there is whole."""
    job = start(*LONG).trains()
    job.says("is written, in")
    job.hurt(job.process.pid, signal.SIGKILL).wait()
    deadline = 5 * SLACK
    while processes_of(job.work) and deadline > 0:
        select.select([], [], [], 0.05)
        deadline -= 0.05
    assert not processes_of(job.work), "a rank outlived the launcher"
    assert whole(job.run) > 0 and not job.out.exists()


def refused(job, status, cause, text, within=30, also=()):
    ended(job.wait(), status, "-", cause, begun=False, also=also)
    assert re.search(text, job.log("70_mpi_log")), job.log("70_mpi_log")
    assert job.seconds < within * SLACK, f"it took {job.seconds:.1f} s"


def test_e9_no_lo(start):
    """No network at all, not even the machine's own."""
    job = start(before=["unshare", "-n"]).now()
    refused(job, 2, r"mpirun ended with status \d+ before the processes had started", "-----")


def test_e9_no_room(start, work):
    """The folder for temporary files is full."""
    disk = work / "disk"
    disk.mkdir()
    command("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk)
    try:
        (disk / "full").write_bytes(bytes(65536))
        job = start(env={"TMPDIR": str(disk)}).now()
        refused(job, 11, f"mpirun could not start its processes: the folder for temporary files '{disk}' cannot be written to: No space left on device", "",
                also=["disk?"])
    finally:
        command("umount", disk)


def test_e9_no_mpirun(start):
    """Open MPI is not installed."""
    refused(start(env={"PATH": "/nonexistent"}).now(), 2, "mpirun could not be started: No such file or directory", "Install Open MPI")


@pytest.mark.skipif(os.geteuid() != 0, reason="not root")
def test_e9_root(start):
    """Root without leave."""
    job = start(env={"OMPI_ALLOW_RUN_AS_ROOT": "0"}, leave=False).now()
    refused(job, 2, "mpirun does not run as root unless told to", "--allow-run-as-root")
