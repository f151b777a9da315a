"""Rows G: preemption. Who is told to stop, and when; what a training goes on from. More of G1 to G4 is in component.checkpoint_test and
distributed.checkpoint_test, as rows.py says."""
import re
import shutil
import signal

import pytest

from checkpoints import checkpoints, words
from ending import ended
from harness import BIN, class_folders
from job import LONG, children

SAVED = "the run was stopped by signal {}, and its training is saved"


def test_g1_init(start):
    """The launcher is told to stop before any rank trains: there is nothing to go on from, and the signal's own status says so."""
    job = start(*LONG)
    job.rank(1)
    job.hurt(job.process.pid, signal.SIGTERM)
    job.wait()
    if checkpoints(job.run):   # a quick machine has come to its first step by then
        ended(job, 75, "-", SAVED.format(15), within=25, failures=[0, 1], speak=[0, 1], state="stopped")
    else:
        ended(job, 143, "-", "the run was stopped by signal 15", within=25, begun=any(job.run.glob("logs/70_driver_log_0")), state="unknown",
              also=["module_statistics/error_info.json", r"logs/70_driver_log_.?", "run.json?", "metrics.jsonl?"])


@pytest.mark.parametrize("phase, number", [("load", signal.SIGINT), ("save", signal.SIGHUP), ("validation", signal.SIGTERM)])
def test_g1(start, inputs, work, phase, number):
    """The launcher is told to stop: while data is read, while a checkpoint is written, while the ranks validate."""
    change = {}
    if phase == "validation":   # long enough for the signal to come in it
        change["--valid-data-path"] = class_folders(work / "many", each=200)
    job = start(*LONG, change=change)
    if phase == "load":
        job.says("Start loading images", 1)
    if phase == "save":
        job.says("is written, in")
        job.until((job.run / "checkpoints/.making").exists)
    if phase == "validation":
        job.says(r"Epoch: \[1/\d+\]\tIter: \[2/2\]")
    job.hurt(job.process.pid, number)
    ended(job, 75, "-", SAVED.format(int(number)), within=25, failures=[0, 1], state="stopped", also=["many?"])


def test_g2(start):
    """mpirun itself is told to stop, and leaves its ranks a second: the last checkpoint is whole, or a new one was made."""
    job = start(*LONG)
    job.says("is written, in")
    mpirun, = children(job.process.pid)
    job.hurt(mpirun, signal.SIGTERM)
    job.wait()
    assert checkpoints(job.run)
    if job.status == 75:
        ended(job, 75, ".*", SAVED.format(15), within=25, state="stopped", also=["logs/failure_..json?"])
    else:
        ended(job, 13, ".*", r"(mpirun ended with status \d+ before its processes had|process \d .*)", within=25, also=["logs/failure_..json?"])


def test_g3(start, inputs, work):
    """Another spec, other data, another build: refused, each named; on demand a warning for each, and it goes on."""
    ended(start("--stop-at=2.2", ranks=1), 75, 0, "the training stands at 2.2, where it was to stop, and is saved", failures=[0], saved=2, state="stopped")
    last = checkpoints(work / "run")[0]
    (work / "bin").mkdir()
    for program in ("torchport", "torchport-worker"):
        shutil.copy(BIN / program, work / "bin")
    with (work / "bin/torchport-worker").open("ab") as program:
        program.write(b"another build")
    class_folders(work / "other", each=9)
    how = {"change": {"--train-data-path": work / "other"}, "ranks": 1}
    differ = {"--patience": "was 100, is 99", "torchport": "was .*, is .*", "training dataset": "was 16 images.*, is 18 images.*"}
    command = [work / "bin/torchport", *words(inputs, work / "out", work / "run", "--patience=99")[1:]]
    job = ended(start(command=command, **how), 2, 0, f"the training would not go on from the checkpoint '{last}' as it was: 3 conditions differ", saved=2,
                failures=[0], also=["bin?", "other?", r".*\.1?"])
    rows = dict(re.findall(r"^  (\S+(?: \S+)*)  +(was .*)$", job.text("stderr"), re.M))
    assert rows.keys() == differ.keys() and all(re.fullmatch(differ[name], rows[name]) for name in differ), job.text("stderr")
    job = ended(start(command=[*command, "--allow-inexact-resume=True"], **how), 0, out=True, also=["bin?", "other?", r".*\.[12]?"])
    for name in differ:
        assert re.search(rf"WARNING .*The training does not go on as it was: {name} was ", job.text("stdout")), job.text("stdout")
