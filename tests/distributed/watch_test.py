"""The watch over ranks, from outside: frozen, lost, late and cut-off ranks, engines that hang, launchers that die. Nothing outlives them."""
import contextlib
import os
import pathlib
import re
import select
import signal
import subprocess
import threading
import time

import pytest

from harness import AS_ROOT, BIN, command, nothing_left, processes_of

HOST = os.uname().nodename
TIMEOUT = 6          # seconds that a rank may be missing; its beats, twice a second, come late on a busy machine
BOUND = TIMEOUT + 15   # within which all is over
pytestmark = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="the launcher needs two processing units")


@contextlib.contextmanager
def started(words_of_it, **how):
    """A process that a check follows, killed after a minute and a half: its reader then fails instead of waiting for ever."""
    with subprocess.Popen(words_of_it, **how) as process:
        guard = threading.Timer(90, process.kill)
        guard.start()
        try:
            yield process
        finally:
            guard.cancel()
            process.kill()


@pytest.fixture
def run_dir(work):
    """A run folder; whatever a failed check leaves running is ended with it."""
    yield work / "run"
    for process in processes_of(work):
        with contextlib.suppress(OSError):
            os.kill(process, signal.SIGKILL)


def words(run_dir, timeout=TIMEOUT, worker=BIN / "faulty_rank"):
    return [str(word) for word in (BIN / "launch_faulty", worker, "--run-dir", run_dir, "--process-count-per-node=2", "--comm-timeout", timeout, *AS_ROOT)]


def launch(run_dir, fault, status=13, timeout=TIMEOUT, before=(), worker=BIN / "faulty_rank", env=None):
    """Runs two ranks with a fault; returns what the terminal showed, the last line of 70_mpi_log, and the seconds that it took."""
    began = time.monotonic()
    done = command(*before, *words(run_dir, timeout, worker), status=status, env={"FAULT": fault, **(env or {})}, timeout=120)
    seconds = time.monotonic() - began
    nothing_left(run_dir)
    log = (run_dir / "logs/70_mpi_log").read_text()
    return done.stderr, log.splitlines()[-1], seconds


def result(rank, cause):
    return re.compile(rf'RESULT exit=13 first_rank={rank} cause="{cause}" checkpoint=none')


def missing(rank, operation):
    """The cause that names a frozen rank; its last beat may be half a second old."""
    frozen = rf"process {rank} on host {HOST} \((starting|working); not heard of for \d+ s\)"
    if operation == "MPI_Finalize":
        return rf"nothing was heard of {frozen} within {TIMEOUT} s; others wait in {operation}"
    return rf"{frozen} did not come to {operation}, in which the others waited \d s"


@pytest.mark.parametrize("fault, rank, cause", [
    ("never begins", 1, rf"process 1 did not begin within {TIMEOUT} s of the others"), ("stuck early", 1, missing(1, "MPI_Init")),
    ("stuck", 1, missing(1, "barrier number 2")), ("first stuck", 0, missing(0, "barrier number 2")),
    ("stuck at the end", 1, missing(1, "MPI_Finalize"))])
def test_frozen(run_dir, fault, rank, cause):
    """A rank in SIGSTOP ends the job within the time-out and 15 s, whatever it was at, and is the one to blame, on all ranks."""
    shown, last, seconds = launch(run_dir, fault)
    assert result(rank, cause).fullmatch(last), last
    assert seconds < BOUND + 5, seconds   # to start takes a while as well
    assert len(re.findall(rf"error\[TimeoutOccuredError\] train_pytorch_model: {cause}\n", shown)) == 1, shown
    healthy = run_dir / f"logs/70_driver_log_{1 - rank}"
    if "MPI_Init" not in cause and "begin" not in cause and fault != "stuck at the end":
        assert re.search(rf'^FATAL code=TimeoutOccuredError/0072 rank={rank} step=- cause="{cause}"', healthy.read_text(), re.M), healthy.read_text()


def test_ends_early(run_dir):
    """A rank that exits with 0 before MPI_Init: the other does not wait for it. Mostly mpirun ends the job before the watcher would."""
    _, last, seconds = launch(run_dir, "ends early", timeout=600)
    assert result(1, rf"process 1( on host {HOST} \(starting\))? ended without a word").fullmatch(last), last
    assert seconds < 15, seconds


def test_engine_hangs(run_dir):
    """mpirun hangs where it has hardly any file descriptor: the launcher ends it."""
    shown, last, seconds = launch(run_dir, "", before=["prlimit", "--nofile=32"])
    assert result("-", rf"mpirun did not begin any process within {TIMEOUT} s").fullmatch(last), last
    assert "warning: mpirun has not begun any process in 2 s.\n" in shown, shown
    assert seconds < BOUND + 5, seconds


def read_until(stream, pattern):
    text = ""
    for line in stream:
        text += line
        if re.search(pattern, line):
            return text
    raise AssertionError(f"no line has {pattern}:\n{text}")


def test_late(run_dir, work):
    """A rank that the other waits for is named in a warning, and all goes on when it comes."""
    go = work / "go"
    with started(words(run_dir, timeout=30), env={**os.environ, "FAULT": "late", "GO": str(go)}, stderr=subprocess.PIPE, text=True) as launcher:
        log = run_dir / "logs/70_mpi_log"
        deadline = time.monotonic() + 60
        warning = rf"Others have waited \d+ s in barrier number 2 for process 1 on host {HOST} \(working\)\."
        while not (log.exists() and re.search(f"^warning: {warning}$", log.read_text(), re.M)):
            assert time.monotonic() < deadline, log.read_text()
            select.select([], [], [], 0.05)
        go.touch()
        _, shown = launcher.communicate(timeout=60)
    assert launcher.returncode == 0, shown
    for rank in (0, 1):
        assert len(re.findall(rf"WARNING    {warning}", (run_dir / f"logs/70_driver_log_{rank}").read_text())) == 1
    assert log.read_text().endswith('RESULT exit=0 first_rank=- cause="ok" checkpoint=none\n')


def test_unwatched(run_dir, work):
    """Ranks that cannot reach the watcher go on without; they are not taken for ranks that never began."""
    worker, go = work / "worker", work / "go"
    worker.write_text(f'#!/bin/bash\nexport TORCHPORT_WATCH=secret@127.0.0.1:1\nexec {BIN}/faulty_rank "$@"\n')
    worker.chmod(0o755)
    with started(words(run_dir, timeout=6, worker=worker), env={**os.environ, "FAULT": "late", "GO": str(go)}, stderr=subprocess.PIPE,
                          text=True) as launcher:
        read_until(launcher.stderr, "process . is not watched: 127.0.0.1:1: Connection refused")
        with contextlib.suppress(subprocess.TimeoutExpired):
            launcher.wait(timeout=9)   # longer than the time-out
        go.touch()
        _, shown = launcher.communicate(timeout=60)
    assert launcher.returncode == 0, shown
    assert "WARNING    This process is not watched: 127.0.0.1:1: Connection refused." in (run_dir / "logs/70_driver_log_1").read_text()


@pytest.mark.parametrize("victim", ["mpirun", "launcher"])
def test_killed_beside_a_frozen_rank(run_dir, victim):
    """kill -9 of mpirun or of the launcher leaves nothing behind, a frozen rank neither."""
    with started(words(run_dir, timeout=60), env={**os.environ, "FAULT": "stuck"}, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as launcher:
        log, deadline = run_dir / "logs/70_driver_log_1", time.monotonic() + 60
        frozen = None
        while frozen is None:
            assert time.monotonic() < deadline
            with contextlib.suppress(OSError, TypeError):
                process = int(re.search(r"process (\d+), rank 1", log.read_text())[1])
                if pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(") ", 1)[1][0] == "T":
                    frozen = process
        child = int(pathlib.Path(f"/proc/{launcher.pid}/task/{launcher.pid}/children").read_text())
        os.kill(child if victim == "mpirun" else launcher.pid, signal.SIGKILL)
        launcher.wait(timeout=30)
        nothing_left(run_dir)
    if victim == "mpirun":
        assert result("-", "mpirun was ended by signal 9 before its processes had").fullmatch((run_dir / "logs/70_mpi_log").read_text().splitlines()[-1])


@pytest.mark.parametrize("fault, cause, status", [
    ("stuck", missing(1, r"barrier number \d+"), 13),
    ("first stuck", r"the process on [\d.]+ that watched over this one was not heard of for 6 s", 13),
    ("stuck early", rf"MPI_Init did not end within {TIMEOUT} s: another process did not come", 13)])
def test_foreign_launcher(run_dir, fault, cause, status):
    """Under the user's own mpirun rank 0 watches; where it is frozen itself, and before MPI_Init has ended, each rank looks after itself."""
    (run_dir / "logs").mkdir(parents=True)
    began = time.monotonic()
    done = command("mpirun", *AS_ROOT, "--oversubscribe", "-np", 2, BIN / "faulty_rank", run_dir, status=status, timeout=120,
                   env={"FAULT": fault, "TIMEOUT": str(TIMEOUT), "TORCHPORT_RUN_DIR": str(run_dir)})
    assert time.monotonic() - began < BOUND + 5
    if fault == "stuck early":   # there is no log yet
        assert re.search(cause, done.stderr), done.stderr
    else:   # mpirun may lose what a rank says at its end
        blamed = 0 if fault == "first stuck" else 1
        last = (run_dir / f"logs/70_driver_log_{1 - blamed}").read_text().splitlines()[-1]
        assert re.match(rf'FATAL code=TimeoutOccuredError/0072 rank={blamed} step=- cause="{cause}"', last), last
        assert len(list(re.finditer(rf"\] torchport: {cause}\n", done.stderr))) <= 1, done.stderr
    nothing_left(run_dir)
