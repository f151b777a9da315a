"""torchport explain RUN and torchport logs RUN, of runs as they lie on the disk."""
import json
import pathlib
import socket
import subprocess
import threading

from harness import BIN, torchport

FATAL = 'FATAL code=InvalidDatasetError/0018 rank=0 step=- cause="the training dataset does not exist" path="data" hint="Give one."\n'


def line(second, text):
    return f"2026-11-29 20:58:{second:02},000 studio.core          INFO       {text}\n"


def component_run(folder, text, **record):
    (folder / "logs").mkdir(parents=True)
    (folder / "logs/70_driver_log_0").write_text(text)
    (folder / "run.json").write_text(json.dumps({"component": "resnet", "world_size": 1, **record}))
    return folder


def pipeline_run(folder, **states):
    steps = {name: {"position": at + 1, "state": state, "folder": f"{folder.name}/{name}"} for at, (name, state) in enumerate(states.items())}
    (folder / "pipeline.json").write_text(json.dumps({"pipeline": "p", "state": "failed", "steps": steps}))


def test_a_component(here):
    run = component_run(here / "r", line(1, "begun") + FATAL, state="failed", exit_status=5)
    assert torchport("explain", run).stdout == (
        f"{run}: resnet in 1 process, failed, exit status 5\n"
        "  first     process 0: the training dataset does not exist\n  path      data\n  to do     Give one.\n"
        f"  read      {run}/logs/70_driver_log_0\n  more      torchport explain InvalidDatasetError\n")
    assert torchport("logs", run).stdout == f"0 | {line(1, 'begun')}0 | {FATAL}"
    assert torchport("logs", run, "--rank=0").stdout == line(1, "begun") + FATAL
    assert "the run 'r' has no log of a process 3" in torchport("logs", "r", "--rank=3", cwd=here, status=2).stderr
    for command in ("explain", "logs"):
        assert "there is no run './absent'" in torchport(command, "./absent", cwd=here, status=2).stderr
    assert "unknown error" not in torchport("explain", "18").stdout and "there is no error 'r2'" in torchport("explain", "r2", cwd=here, status=2).stderr


def test_a_pipeline(here):
    """By its name in the runs folder: the step that failed; and the logs of all that it ran, in order."""
    run = here / "runs/p-1"
    component_run(run / "zeta", line(1, "first"), state="finished", exit_status=0)
    component_run(run / "alpha", line(2, "second") + FATAL, state="failed", exit_status=5)
    component_run(run / "old", line(0, "of another run"), state="finished", exit_status=0)
    pipeline_run(run, old="reused", zeta="done", alpha="failed", never="waiting")
    told = torchport("explain", "p-1", cwd=here).stdout
    assert told.startswith("step alpha: runs/p-1/alpha: resnet in 1 process, failed, exit status 5\n  first     process 0: the training"), told
    assert "zeta" not in told
    assert torchport("logs", "p-1", cwd=here).stdout == f"== zeta\n0 | {line(1, 'first')}== alpha\n0 | {line(2, 'second')}0 | {FATAL}"
    pipeline_run(run, zeta="done")
    assert torchport("explain", run).stdout == "Nothing failed in 1 steps.\n"


def test_follow(here):
    """What comes while it runs is shown when it comes, and the end of the run is the end."""
    run = component_run(here / "r", line(1, "begun"), state="running")
    with subprocess.Popen([BIN / "torchport", "logs", run, "--follow"], stdout=subprocess.PIPE, text=True) as shown:
        guard = threading.Timer(60, shown.kill)
        guard.start()
        assert shown.stdout.readline() == f"0 | {line(1, 'begun')}"
        with open(run / "logs/70_driver_log_0", "a", encoding="utf-8") as log:
            log.write(line(2, "more"))
        assert shown.stdout.readline() == f"0 | {line(2, 'more')}"
        (run / "run.json").write_text(json.dumps({"state": "finished"}))
        assert shown.stdout.read() == ""
        guard.cancel()
    assert shown.returncode == 0


def test_follow_the_dead(here):
    """A run whose process was killed, and with it all that could tell of it, is not waited for."""
    with subprocess.Popen(["sleep", "60"]) as lost:   # a process like any other, which has died
        start = int((pathlib.Path("/proc") / str(lost.pid) / "stat").read_text().rsplit(") ", 1)[1].split()[19])
        lost.kill()
    writer = {"host": socket.gethostname(), "boot": pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip(), "process": lost.pid, "start": start}
    run = component_run(here / "r", line(1, "begun"), state="running", process=writer)
    told = torchport("logs", run, "--follow")
    assert told.stdout == f"0 | {line(1, 'begun')}"
    assert told.stderr == f"torchport: process {lost.pid} on {socket.gethostname()}, which wrote this run, has died without a last word: nothing more will come.\n"
