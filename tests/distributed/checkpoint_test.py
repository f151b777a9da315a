"""Several ranks that are killed or stopped, by the launcher, by mpirun or one of them: they agree on a place, and go on from there to the same bits."""
import os
import random
import re
import signal

import pytest

from checkpoints import EACH_STEP, checkpoints, last_line, prepare, record, same, start, stop, train, wait_for, whole
from interruptions import Interrupted, children, leave_alone

KILLS, STOPS = 10, 4   # as many kills again in one process (component.checkpoint_test)


@pytest.fixture(scope="module")
def inputs(shared):
    return prepare(shared)


@pytest.fixture(scope="module")
def never_stopped(inputs):
    return leave_alone(inputs, 2)


def test_killed_again_and_again(never_stopped, work):
    assert len(Interrupted(never_stopped, work, random.Random(2), 2).kills(KILLS)) == KILLS


def test_stopped_again_and_again(never_stopped, work):
    assert len(Interrupted(never_stopped, work, random.Random(3), 2).stops(STOPS)) == STOPS


def test_a_rank_is_killed(never_stopped, work):
    """RESULT says what there is to go on from."""
    run = start(never_stopped, work / "out", work / "run", EACH_STEP, ranks=2)
    assert wait_for(run, " is written, in ")
    os.kill(children(children(run.pid)[0])[-1], signal.SIGKILL)
    run.communicate(timeout=120)
    line = last_line(work / "run/logs/70_mpi_log")
    assert line.startswith("RESULT exit=13 first_rank=1 ") and line.endswith(f'checkpoint="{checkpoints(work / "run")[0]}"'), line


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_the_launcher_is_stopped(never_stopped, work, sent):
    run = start(never_stopped, work / "out", work / "run", ranks=2)
    assert wait_for(run, "Iter:", 2)
    stop(run, sent)
    last = checkpoints(work / "run")[0]
    cause = f"the run was stopped by signal {int(sent)}, and its training is saved"
    assert last_line(work / "run/logs/70_mpi_log") == f'RESULT exit=75 first_rank=- cause="{cause}" checkpoint="{last}"'
    for rank in range(2):
        line = last_line(work / f"run/logs/70_driver_log_{rank}")
        assert re.match(r"FATAL code=FailedToCompleteOperationError/0039 rank=\d step=1\.", line) and str(last) in line, line
    assert (record(work / "run")["state"], record(work / "run")["exit_status"]) == ("stopped", 75)
    assert cause in (work / "run/module_statistics/error_info.json").read_text()
    if sent == signal.SIGTERM:
        train(never_stopped, work / "out", work / "run", ranks=2)
        same(work / "out", work / "run", never_stopped / "whole", never_stopped / "whole-run")


def test_one_rank_is_stopped(never_stopped, work):
    """Whichever is told, all come to the same place."""
    run = start(never_stopped, work / "out", work / "run", ranks=2)
    assert wait_for(run, "Iter:", 2)
    rank = max(children(children(run.pid)[0]))
    os.kill(rank, signal.SIGTERM)
    run.communicate(timeout=120)
    assert run.returncode == 75 and whole(work / "run") == 1
    line = last_line(work / "run/logs/70_mpi_log")
    assert re.fullmatch(rf'RESULT exit=75 first_rank=\d cause="the run was stopped by signal 15, and its training is saved" '
                        rf'checkpoint="{checkpoints(work / "run")[0]}"', line), line
    assert record(work / "run")["state"] == "stopped"


def test_another_number_of_processes(never_stopped, work):
    run = start(never_stopped, work / "out", work / "run", ranks=2)
    assert wait_for(run, "Epoch: [2/4]\tIter: [1/2]")
    stop(run)
    done = train(never_stopped, work / "out", work / "run", status=2)
    assert "1 condition differs" in done.stderr and re.search(r"processes +was 2, is 1", done.stderr), done.stderr
    done = train(never_stopped, work / "out", work / "run", "--allow-inexact-resume=True")
    assert "processes was 2, is 1." in done.stdout and "Epoch 4," in done.stdout
