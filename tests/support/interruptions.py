"""Trainings that are interrupted at drawn moments, again and again, and must end as if they had been left alone.

The checks draw a few, ./dev bench kills draws many. A moment is a number of lines that the training has printed and a part of the time that
a line takes, from before its first line to after its last: so it is drawn alike on a slow machine and on a quick one.
"""
import collections
import os
import pathlib
import re
import select
import shutil
import signal
import time

from checkpoints import EACH_STEP, checkpoints, last_line, record, same, start, stop, train, wait_for, whole
from harness import nothing_left

STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)
LONGEST_STOP = 25   # seconds
STEPS = 16          # of the training of checkpoints.py in one process; two ranks have half as many, and print as much for each
BEGINS = "Start training epochs."


def leave_alone(folder, ranks):
    """Trains without an interruption or a checkpoint, into whole/ and whole-run/, with what all others are compared."""
    train(folder, folder / "whole", folder / "whole-run", "--checkpoints=False", ranks=ranks)
    return folder


class Interrupted:
    """Trainings in `work`, one after the other; `inputs` as leave_alone() leaves it."""

    def __init__(self, inputs, work, draw, ranks):
        self.inputs, self.draw, self.ranks = inputs, draw, ranks
        self.out, self.folder = work / "out", work / "run"
        lines = (inputs / "whole-run/logs/70_driver_log_0").read_text().splitlines()
        self.before = next(number for number, line in enumerate(lines) if BEGINS in line)
        self.lines = len(lines) + STEPS // ranks   # and one for each checkpoint
        self.begun = self.finished = self.late = 0

    def kills(self, count):
        """kill -9 to a drawn process of `count` trainings, or to all at once. Which, for each kill."""
        killed = []
        while len(killed) < count or self.begun:
            run = self.start()
            if len(killed) < count and self.moment(run):
                killed.append(self.send(run, signal.SIGKILL))
                run.communicate(timeout=120)
                nothing_left(self.out, 60)   # mpirun's end is not that of its ranks
                whole(self.folder)
                if not self.out.exists():
                    continue
            else:
                said, errors = run.communicate(timeout=600)
                assert run.returncode == 0, said + errors
            self.finish()
        return killed

    def stops(self, count):
        """Signals that ask `count` trainings to stop. (who, signal, seconds until the end) of each."""
        stopped = []
        while len(stopped) < count or self.begun:
            run = self.start()
            sent = self.draw.choice(STOPS)
            if len(stopped) < count and wait_for(run, BEGINS) and self.moment(run, 0):
                begun = time.monotonic()
                who = self.send(run, sent)
                said, errors = run.communicate(timeout=120)
                seconds = time.monotonic() - begun
                what = f"{sent.name} to {who}, {seconds:.1f} s: exit {run.returncode}\n{said}\n{errors}"
                if self.out.exists():   # it had trained to the end, and was about to leave
                    self.late += 1
                else:
                    assert run.returncode == 75 and seconds <= LONGEST_STOP and whole(self.folder) > 0, what
                    assert (record(self.folder)["state"], record(self.folder)["exit_status"]) == ("stopped", 75), what
                    assert self.ranks == 1 or last_line(self.folder / "logs/70_mpi_log").startswith("RESULT exit=75 "), what
                    stopped.append((who, sent.name, seconds))
                    continue
            else:
                said, errors = run.communicate(timeout=600)
                assert run.returncode == 0, said + errors
            self.finish()
        return stopped

    def start(self):
        self.begun += 1
        return start(self.inputs, self.out, self.folder, EACH_STEP, ranks=self.ranks)

    def finish(self):
        same(self.out, self.folder, self.inputs / "whole", self.inputs / "whole-run")
        self.begun, self.finished = 0, self.finished + 1
        shutil.rmtree(self.out)
        shutil.rmtree(self.folder)

    def moment(self, run, before=None):
        """Waits for a drawn moment of what is left to train, or of the lines `before` that. False: the training ended first."""
        begun = time.monotonic()
        last = checkpoints(self.folder)[:1]
        epoch, step = map(int, last[0].name.split(".")) if last else (1, 0)
        left = 1 - ((epoch - 1) * STEPS / 4 + step * self.ranks) / STEPS
        wanted = self.draw.randint(0, (self.before if before is None else before) + round((self.lines - self.before) * left))
        for _ in range(wanted):
            if not run.stdout.readline():
                return False
        pause = self.draw.uniform(0, 2 * (time.monotonic() - begun) / wanted if wanted else 1)
        select.select([], [], [], pause)
        return run.poll() is None

    def send(self, run, sent):
        """To the launcher, mpirun or a rank, as far as they have been started; kill -9 to all of them as well. Says to which."""
        there = {"the process" if self.ranks == 1 else "the launcher": [run.pid]}
        for mpirun in children(run.pid):
            ranks = children(mpirun)
            there |= {f"rank {number}": [process] for number, process in enumerate(ranks)}
            if sent in (signal.SIGKILL, signal.SIGUSR1):   # of the others it leaves its ranks one second
                there["mpirun"] = [mpirun]
            if sent == signal.SIGKILL:
                there["all"] = [run.pid, mpirun, *ranks]
        who = self.draw.choice(sorted(there))
        for process in there[who]:
            try:
                os.kill(process, sent)
            except ProcessLookupError:
                pass   # it has just ended
        return who


def stopped_training(inputs):
    """The run folder of one that a signal stopped between two checkpoints in its second epoch. To be copied."""
    run = start(inputs, inputs / "stopped", inputs / "stopped-run")
    assert wait_for(run, "Epoch: [2/4]\tIter: [2/4]")
    stop(run)
    return inputs / "stopped-run"


def saving(inputs, stopped, work, output, *inject, calls="write,fsync,rename"):
    """Goes on from the two checkpoints of a copy of `stopped`, and saves once, under strace, which writes those calls of the save to `output`."""
    run = work / "run"
    shutil.copytree(stopped, run)
    folder = run / "checkpoints"
    files = [folder, *(folder / name for name in (".making", ".making/state.safetensors", ".making/state.json", ".making/SHA256SUMS", "2.0"))]
    trace = ["strace", "-f", "-qq", "-o", output, *(word for file in files for word in ("-P", file)), "-e", f"trace={calls}", *inject]
    process = start(inputs, work / "out", run, "--checkpoint-minutes=0", "--stop-at=3.0", before=trace)
    said, errors = process.communicate(timeout=300)
    return run, process.returncode, said + errors


def calls_of_a_save(inputs, stopped, work):
    """(call, its number) of each call that a save makes, in their order."""
    run, status, said = saving(inputs, stopped, work, work / "calls")
    assert status == 75 and whole(run) == 2, said
    counts, calls = collections.Counter(), []
    for call in re.findall(r"^\d+ +(\w+)\(", (work / "calls").read_text(), re.M):
        counts[call] += 1
        calls.append((call, counts[call]))
    return calls


def killed_at(inputs, stopped, work, call, when):
    """kill -9 at one system call of a save: what is there then is whole, and training goes on from it to the same bits."""
    run, status, said = saving(inputs, stopped, work, "/dev/null", "-e", f"inject={call}:signal=KILL:when={when}", calls=call)
    assert status == -signal.SIGKILL, f"no {call} number {when} was made\n{said}"
    assert whole(run) >= 2
    train(inputs, work / "out", run)
    same(work / "out", run, inputs / "whole", inputs / "whole-run")


def children(process):
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1]) == process:
                found.append(int(folder.name))
        except OSError:
            pass   # it has ended meanwhile
    return sorted(found)
