"""What the tests of checkpoints share: a short training of many steps, how it is stopped, and when two of them are the same."""
import json
import os
import pathlib
import signal
import subprocess

from harness import AS_ROOT, BIN, class_folders, command, torchport

FAST = ["--epochs=4", "--batch-size=4", "--patience=100", "--learning-rate=0.01", "--print-freq=1", "--num-warmup-steps=1"]
EACH_STEP = "--checkpoint-minutes=0.00001"


def prepare(folder):
    """An untrained model and 16 images in two categories: 4 steps an epoch in one process."""
    torchport("run", "resnet", "--model_name=resnet18", "--pretrained=False", "--untrained_model_path", folder / "m", cwd=folder)
    class_folders(folder / "in")
    return folder


def words(inputs, out, run, *more, ranks=1):
    """The command of such a training; `more` goes before FAST."""
    several = [f"--process-count-per-node={ranks}", *AS_ROOT] if ranks > 1 else []
    given = {str(word).split("=")[0] for word in more}
    fast = [flag for flag in FAST if flag.split("=")[0] not in given]
    return [str(word) for word in (BIN / "torchport", "run", "train_pytorch_model", "--untrained-model-path", inputs / "m", "--train-data-path",
                                   inputs / "in", "--valid-data-path", inputs / "in", "--trained-model-path", out, "--run-dir", run, *fast,
                                   *several, *more)]


ENVIRONMENT = {"OMP_NUM_THREADS": "1"}


def train(inputs, out, run, *more, ranks=1, status=0):
    return command(*words(inputs, out, run, *more, ranks=ranks), env=ENVIRONMENT, status=status)


def start(inputs, out, run, *more, ranks=1, before=()):
    return subprocess.Popen([*map(str, before), *words(inputs, out, run, *more, ranks=ranks)], env={**os.environ, **ENVIRONMENT},
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(process, text, times=1):
    """Reads what the process prints until `text` was in that many lines. False: it ended before."""
    for line in process.stdout:
        times -= text in line
        if times == 0:
            return True
    return False


def stop(process, sent=signal.SIGTERM, status=75):
    process.send_signal(sent)
    out, errors = process.communicate(timeout=120)
    assert process.returncode == status, f"{process.returncode}\n{out}\n{errors}"
    return out, errors


def figures(run):
    """All metrics of a run but those of time."""
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [(row["name"], row["row"]) for row in rows if row["kind"] == "log_row" and row["name"] not in ("Train images per second", "Rank times")]


def same(out, run, other_out, other_run):
    assert (out / "model").read_bytes() == (other_out / "model").read_bytes(), "other weights"
    assert figures(run) == figures(other_run), "other metrics"


def checkpoints(run):
    folder = pathlib.Path(run) / "checkpoints"
    names = [entry.name for entry in folder.iterdir() if not entry.name.startswith(".") and entry.name.count(".") == 1] if folder.is_dir() else []
    return [folder / name for name in sorted(names, key=lambda name: tuple(map(int, name.split("."))), reverse=True)]


def whole(run):
    """By another program than ours."""
    for checkpoint in checkpoints(run):
        command("sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS", cwd=checkpoint)
    return len(checkpoints(run))


def record(run):
    return json.loads((run / "run.json").read_text())


def last_line(path):
    return pathlib.Path(path).read_text().splitlines()[-1]
