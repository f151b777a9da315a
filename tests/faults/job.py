"""A training that a row hurts: how it is started, waited for and hurt, and what it has left when it is over."""
import contextlib
import os
import pathlib
import re
import select
import signal
import subprocess
import tempfile
import time

from checkpoints import ENVIRONMENT, words
from harness import processes_of

LONG = ["--epochs=100000", "--patience=100000"]   # ends by what the row does to it


class Job:
    """`torchport run train_pytorch_model` in a process of its own. What it prints goes to files, so that it never waits for a reader."""

    def __init__(self, inputs, work, *flags, ranks=2, before=(), env=None, out=None, run=None, command=None, leave=True, change=None):
        self.work, self.ranks = pathlib.Path(work), ranks
        self.out, self.run = out or self.work / "out", run or self.work / "run"
        self.said = {name: tempfile.TemporaryFile("w+") for name in ("stdout", "stderr")}
        self.words = [*map(str, before), *map(str, command or words(inputs, self.out, self.run, *flags, ranks=ranks))]
        for flag, value in (change or {}).items():
            self.words[self.words.index(flag) + 1] = str(value)
        if not leave:
            self.words.remove("--allow-run-as-root")
        self.process = subprocess.Popen(self.words, env={**os.environ, **ENVIRONMENT, **(env or {})}, **self.said)
        self.hurt_at = self.seconds = self.status = None

    def text(self, stream):
        self.said[stream].seek(0)
        return self.said[stream].read()

    def log(self, name):
        """The text of a log so far: a rank's by its number, or 70_mpi_log."""
        path = self.run / "logs" / (f"70_driver_log_{name}" if isinstance(name, int) else name)
        return path.read_text() if path.exists() else ""

    def until(self, condition, seconds=120):
        """Waits for what is to come; fails where the training ends before."""
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            assert self.process.poll() is None, f"ended with {self.process.returncode} too early: {self.text('stdout')[-2000:]}\n{self.text('stderr')[-2000:]}"
            assert time.monotonic() < deadline, f"nothing came in {seconds} s: {self.text('stdout')[-2000:]}\n{self.text('stderr')[-2000:]}"
            select.select([], [], [], 0.02)
        return found

    def says(self, pattern, rank=0):
        return self.until(lambda: re.search(pattern, self.log(rank)))

    def rank(self, number):
        """The process of a rank, from its first moment on."""
        return self.until(lambda: next(iter(rank_processes(self.run, number)), None))

    def trains(self, step=3):
        """Until that many steps are reported."""
        self.until(lambda: len(re.findall(r"Iter: \[", self.log(0))) >= step)
        return self

    def hurt(self, process, number):
        """Sends a signal, from which on the time counts."""
        self.hurt_at = time.monotonic()
        os.kill(process, number)
        return self

    def now(self):
        """What the row has just done counts from here."""
        self.hurt_at = time.monotonic()
        return self

    def wait(self, seconds=240):
        self.status = self.process.wait(timeout=seconds)
        self.seconds = time.monotonic() - self.hurt_at if self.hurt_at else None
        return self

    def end(self):
        """Whatever a row that failed has left running."""
        for process in [self.process.pid, *processes_of(self.work)]:
            with contextlib.suppress(OSError):
                os.kill(process, signal.SIGKILL)
        self.process.wait()
        for stream in self.said.values():
            stream.close()


def rank_processes(run, number):
    """Of the ranks of a run folder, those with that number: one, or none yet."""
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            variables = (entry / "environ").read_bytes().split(b"\0")
            program = (entry / "cmdline").read_bytes().split(b"\0")[0]
            if b"OMPI_COMM_WORLD_RANK=%d" % number in variables and f"TORCHPORT_RUN_DIR={run}".encode() in variables and b"torchport-worker" in program:
                yield int(entry.name)


def children(process):
    """Those of all its threads."""
    found = []
    for task in pathlib.Path(f"/proc/{process}/task").glob("*"):
        with contextlib.suppress(OSError):
            found += map(int, (task / "children").read_text().split())
    return found
