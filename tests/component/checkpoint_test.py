"""One process that is killed, stopped, refused a disk or given damaged checkpoints: it goes on to the same bits, or says why it does not."""
import random
import re
import select
import shutil
import signal

import pytest

from checkpoints import EACH_STEP, ENVIRONMENT, checkpoints, figures, last_line, prepare, record, same, start, stop, train, wait_for, whole, words
from harness import command, torchport
from interruptions import Interrupted, killed_at, leave_alone, stopped_training

KILLS = 10   # as many again on two ranks (distributed.checkpoint_test)
STRACE = shutil.which("strace")


@pytest.fixture(scope="module")
def inputs(shared):
    return prepare(shared)


@pytest.fixture(scope="module")
def never_stopped(inputs):
    """Beside a training that was left alone, and took no checkpoints."""
    leave_alone(inputs, 1)
    assert not (inputs / "whole-run/checkpoints").exists()
    return inputs


@pytest.fixture(scope="module")
def stopped(inputs):
    return stopped_training(inputs)


def of_the_stopped(stopped, work):
    shutil.copytree(stopped, work / "run")
    return work / "run"


def test_killed_again_and_again(never_stopped, work):
    assert len(Interrupted(never_stopped, work, random.Random(1), 1).kills(KILLS)) == KILLS


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_stopped(never_stopped, work, number):
    run = start(never_stopped, work / "out", work / "run")
    assert wait_for(run, "Iter:", 2)
    _, errors = stop(run, number)
    last, = checkpoints(work / "run")
    cause = f"the run was stopped by signal {int(number)}, and its training is saved"
    assert errors.startswith(f"error[FailedToCompleteOperationError] train_pytorch_model: {cause}\n"), errors
    line = last_line(work / "run/logs/70_driver_log_0")
    assert line.startswith("FATAL code=FailedToCompleteOperationError/0039 rank=0 step=1.") and f'cause="{cause}" path="{last}"' in line, line
    assert (record(work / "run")["state"], record(work / "run")["exit_status"]) == ("stopped", 75)
    assert cause in (work / "run/module_statistics/error_info.json").read_text()
    if number == signal.SIGTERM:
        train(never_stopped, work / "out", work / "run")
        same(work / "out", work / "run", never_stopped / "whole", never_stopped / "whole-run")
        assert record(work / "run")["resumed_from"] == str(last)


def test_a_second_signal_ends_at_once(inputs, work):
    """Frozen in between, as a second signal counts only a second after the first."""
    run = start(inputs, work / "out", work / "run", "--checkpoint-minutes=0")
    assert wait_for(run, "Checkpoint 2.0 is written")
    run.send_signal(signal.SIGTERM)
    assert wait_for(run, "A second signal ends it at once")
    run.send_signal(signal.SIGSTOP)
    select.select([], [], [], 1.1)
    run.send_signal(signal.SIGTERM)
    run.send_signal(signal.SIGCONT)
    run.communicate(timeout=60)
    assert run.returncode == -signal.SIGTERM
    assert whole(work / "run") > 0 and record(work / "run")["state"] == "stopped"


def test_another_folder(never_stopped, stopped, work):
    """--resume takes a run folder or a checkpoint of another run, whose own folder stays as it is; the metrics of all epochs are in the new one."""
    run = of_the_stopped(stopped, work)
    for number, path in enumerate([run, checkpoints(run)[0]]):
        train(never_stopped, work / f"out-{number}", work / f"run-{number}", "--resume", path)
        same(work / f"out-{number}", work / f"run-{number}", never_stopped / "whole", never_stopped / "whole-run")
    assert whole(run) == len(checkpoints(stopped))


def test_damaged(never_stopped, stopped, work):
    run = of_the_stopped(stopped, work)
    last, before = checkpoints(run)
    with (last / "state.safetensors").open("r+b") as file:
        file.seek(5000)
        file.write(b"damage")
    done = train(never_stopped, work / "out", run)
    assert f"The checkpoint '{last}' cannot be used: state.safetensors is not what was written: its SHA-256 is another. Trying the one before." \
        in done.stdout
    assert f"Going on from the checkpoint '{before}'" in done.stdout
    same(work / "out", run, never_stopped / "whole", never_stopped / "whole-run")


def test_verify(stopped, work):
    run = of_the_stopped(stopped, work)
    done = torchport("verify", run, "--replay", env=ENVIRONMENT)
    last, hash_, begin, end, again = re.fullmatch(r"(\S+)  whole, (\w{12})\n2\.0  whole, \w{12}\nfrom (\S+) to (\S+) again: the same, (\w{12})\n",
                                                  done.stdout).groups()
    assert (begin, end, again) == ("2.0", last, hash_) and not list(run.glob(".replay*"))
    with (checkpoints(run)[1] / "state.json").open("a") as file:
        file.write(" ")
    done = torchport("verify", run, "--replay", status=11)
    assert "2.0  state.json is not what was written: its SHA-256 is another\n" in done.stdout and "again" not in done.stdout


def test_nothing_usable(inputs, stopped, work):
    run = of_the_stopped(stopped, work)
    for folder in checkpoints(run):
        (folder / "SHA256SUMS").unlink()
    done = train(inputs, work / "out", run, status=11)
    assert "no checkpoint can be used, at last '" in done.stderr and done.stdout.count("cannot be used: ") == 2, done.stderr
    done = train(inputs, work / "out", work / "new", "--resume", work, status=2)
    assert f"there is no checkpoint in '{work}'" in done.stderr
    assert not (work / "out").exists()


def test_finished(inputs, work):
    train(inputs, work / "out", work / "run", "--epochs=1")
    done = train(inputs, work / "again", work / "new", "--resume", work / "run", status=2)
    assert f"the run in '{work / 'run'}' is finished: there is nothing to go on with" in done.stderr


def test_other_conditions(never_stopped, stopped, work):
    """Each is named with what it was and what it is; on demand the training goes on all the same; or anew."""
    run = of_the_stopped(stopped, work)
    first_batch = (run / "first_batch.json").read_text()
    assert record(run)["first_batch"] == "first_batch.json"
    more = ["--patience=99", "--keep=last"]
    done = train(never_stopped, work / "out", run, *more, status=2)
    assert (run / "first_batch.json.1").read_text() == first_batch and "first_batch" not in record(run), "it is not of this attempt"
    assert 'class="seen"' not in (run / "report.html").read_text() and 'class="seen"' in (stopped / "report.html").read_text()
    assert "would not go on from the checkpoint '" in done.stderr and "2 conditions differ" in done.stderr, done.stderr
    assert "was 100, is 99" in done.stderr and "was best, is last" in done.stderr
    assert len(checkpoints(run)) == 2, "a refusal leaves them"
    done = train(never_stopped, work / "out", run, *more, "--print-freq=2", "--allow-inexact-resume=True")
    assert "does not go on as it was: --patience was 100, is 99." in done.stdout and "Going on from" in done.stdout
    assert (run / "first_batch.json").read_text() == first_batch and record(run)["first_batch"] == "first_batch.json", "of the training that goes on"
    assert [row["epoch"] for name, row in figures(run) if name == "Valid loss"] == [1, 2, 3, 4]
    run = of_the_stopped(stopped, work / "b")
    done = train(never_stopped, work / "anew", run, "--resume=never")
    assert "of an earlier run in this folder is removed" in done.stdout and "Going on" not in done.stdout
    same(work / "anew", run, never_stopped / "whole", never_stopped / "whole-run")


@pytest.mark.parametrize("more, fault", [
    (["--stop-at=abc"], "--stop-at is 'abc', which is not EPOCH.STEP"),
    (["--stop-at=0.1"], "--stop-at is '0.1', which is not EPOCH.STEP"),
    (["--stop-at=2.0", "--checkpoints=False"], "--stop-at is 2.0, and --checkpoints is False"),
])
def test_no_place_to_stop_at(inputs, work, more, fault):
    done = train(inputs, work / "none", work / "none-run", *more, status=2)
    assert fault in done.stderr and not (work / "none").exists()


def test_a_place_that_never_comes(never_stopped, work):
    done = train(never_stopped, work / "whole", work / "whole-run", "--stop-at=99.0")
    assert "did not stop at 99.0 (--stop-at): it did not come by there" in done.stdout


def test_no_room(never_stopped, stopped, work):
    """Files may have 60 MB: the trained model fits, a checkpoint does not. Training goes on, and the checkpoints before stay."""
    limited = ["bash", "-c", 'ulimit -f 60000; exec "$@"', "bash"]
    command(*limited, *words(never_stopped, work / "all", work / "all-run", EACH_STEP), env=ENVIRONMENT)
    same(work / "all", work / "all-run", never_stopped / "whole", never_stopped / "whole-run")
    run = of_the_stopped(stopped, work)
    last = checkpoints(run)[0]
    done = command(*limited, *words(never_stopped, work / "out", run, "--stop-at=3.0"), env=ENVIRONMENT, status=75)
    assert "WARNING    |   The checkpoint 3.0 is not there: '" in done.stdout and f"File too large. The last one is {last.name}." in done.stdout
    assert whole(run) == 2 and f"path   {last}\n" in done.stderr
    done = command(*limited, *words(never_stopped, work / "none", work / "none-run", "--stop-at=1.2"), env=ENVIRONMENT, status=11)
    assert "File too large" in done.stderr and checkpoints(work / "none-run") == []   # nothing to go on from: 75 would promise it


@pytest.mark.skipif(not STRACE, reason="no strace")
@pytest.mark.parametrize("call, when", [("write", 2), ("fsync", 1), ("fsync", 3), ("fsync", 5), ("rename", 1), ("rename", 2)])
def test_killed_while_saving(never_stopped, stopped, work, call, when):
    killed_at(never_stopped, stopped, work, call, when)
