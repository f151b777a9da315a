"""The bench with programs that train nothing: what it measures, in which order, and what it says of disturbed runs."""
import argparse
import contextlib
import io
import sys

import pytest

import compare
import measure
import pairs

TRAINING = """import sys, time
time.sleep({start}); print('x First step done 0.01 s', flush=True)
for epoch in range({epochs}):
    time.sleep({epoch}); print(f'|   Epoch {{epoch + 1}},train_ips 1.0,train_loss {{0.5 / (epoch + 1)}},train_error 0.1,valid_loss 0.75,top1 acc 0.5')"""


def training(start, epoch, epochs):
    return [sys.executable, "-SEc", TRAINING.format(start=start, epoch=epoch, epochs=epochs)]


def test_times():
    run = measure.timed(training(0.2, 0.15, 2))
    assert run["first_step_s"] >= 0.2 and run["seconds"] >= run["first_step_s"] + 0.29, run
    assert (run["train_loss"], run["valid_loss"], run["top1"]) == (0.25, 0.75, 0.5) and 0 <= run["others"] <= 1, run


def test_cpu_of_the_child():
    assert measure.timed(training(0, 0, 1))["cpu_s"] < 1 < measure.timed(
        [sys.executable, "-SEc", TRAINING.format(start=0, epoch=0, epochs=1) + "\nwhile time.process_time() < 1.1: pass"])["cpu_s"], "CPU of the child"


def test_peak_memory():
    megabytes = measure.peak_memory([sys.executable, "-SEc", "import subprocess, sys, time\nkept = b'x' * 50_000_000\n"
                                     "subprocess.run([sys.executable, '-SEc', 'import time; kept = bytes([1]) * 60_000_000; time.sleep(1)'])"], every=0.1)
    assert 100 < megabytes < 200, f"{megabytes} MB: parent and child together hold 110"


def test_what_is_no_training():
    for words in ([sys.executable, "-c", "raise SystemExit(3)"], [sys.executable, "-c", "print('Epoch 1')"]):
        with pytest.raises(SystemExit, match="exit 3|no first step"):
            measure.timed(words)


class Task:
    """Stands in for programs.Task."""
    count = 10

    def command(self, program, epochs):
        return program, epochs


def timed(words):
    """A second to start; an epoch takes torchport 0.1 s, the other 0.2 s."""
    program, epochs = words
    seconds = 1 + epochs * {"torchport": 0.1, "fast": 0.2}[program]
    return {"seconds": seconds, "first_step_s": 1.01, "cpu_s": seconds, "others": 0.04, "train_loss": 0.5, "valid_loss": 0.75, "top1": 0.5}


def compared(**changes):
    options = argparse.Namespace(**{"against": "fast", "others": 1.0, "discards": 3, "quick": True, "pairs": 2, "precision": "float32", "batch": 16,
                                    "no_augment": False, "seconds": 0.0, **changes})
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        return compare.compare(options, "resnet18"), said.getvalue()


@pytest.fixture
def no_training(monkeypatch):
    """Figures in place of all that trains or measures."""
    monkeypatch.setattr(compare, "make_task", lambda *_: Task())
    monkeypatch.setattr(compare, "own_step", lambda *_: 125.0)
    monkeypatch.setattr(compare, "with_images", lambda *_: [[80.0, 100.0]] * 3)
    monkeypatch.setattr(compare, "limits", lambda *_: {"python_step": 80.0, "convolutions": 200.0, "copy_gb_s": 10.0})
    monkeypatch.setattr(measure, "timed", timed)
    monkeypatch.setattr(measure, "peak_memory", lambda words: 100.0)


def test_comparison(no_training):
    found, said = compared()
    assert [(row["pair"], row["program"]) for row in found["rows"]] == [(1, "torchport"), (1, "fast"), (2, "fast"), (2, "torchport")]
    assert set(found["ratios"]) == {"torchport / fast, whole run", "torchport / fast, steady", "torchport, steady / its own step without a loader",
                                    "torchport, speed of steps with a loader / without, alternating"}
    assert abs(found["ratios"]["torchport / fast, steady"]["median"] - 2) < 1e-9
    assert abs(found["ratios"]["torchport / fast, whole run"]["median"] - 1.6 / 1.3) < 1e-9
    assert abs(found["ratios"]["torchport, steady / its own step without a loader"]["low"] - 100 / 125) < 1e-9
    assert "without, alternating: 0.800   (95 % interval 0.800 to 0.800, 3 pairs)" in said, said
    assert found["limits"]["own_step"] == 125.0 and found["discarded"] == []
    assert "torchport / fast, steady: 2.000   (95 % interval 2.000 to 2.000, 2 pairs)" in said, said
    assert "NOT TO BE QUOTED" in said and "DIFFERENT" not in said, said


def test_disturbed_runs(no_training):
    """Where each run is disturbed nothing is quoted, and all that was discarded is on record."""
    found, said = compared(others=0.03)
    assert "NO FIGURES for resnet18: 3 runs were discarded" in said and "ratios" not in found and found["rows"] == [], said
    assert [(run["program"], run["epochs"]) for run in found["discarded"]] == [("torchport", compare.SHORT)] * 3


def test_length_of_runs(no_training):
    """15 % more than 60 s of the faster program, in whole batches; at 100 images/s 3 epochs of 2304."""
    assert compare.images_wanted(argparse.Namespace(seconds=60, batch=16), "resnet18", ["torchport", "fast"], pairs.Quiet(0.05, 3)) == 2512
