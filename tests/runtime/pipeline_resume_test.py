"""A pipeline whose training was killed: its next run goes on with that step, to what a run that was left alone makes."""
import json
import signal
import subprocess

from checkpoints import wait_for
from harness import BIN, class_folders, torchport

PIPELINE = """name: small
steps:
  net:
    component: resnet
    parameters: {model_name: resnet18, pretrained: false}
  train:
    component: train_pytorch_model
    inputs: {untrained_model: net.untrained_model, training_dataset: ./photos, validation_dataset: ./photos}
    parameters: {epochs: 5, batch_size: 4, print_freq: 1}
"""


def record(work, number):
    return json.loads((work / f"runs/small-{number}/pipeline.json").read_text())


def test_goes_on(work):
    (work / "p.yaml").write_text(PIPELINE)
    class_folders(work / "photos")
    run = subprocess.Popen([BIN / "torchport", "run", "p.yaml"], cwd=work, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                           start_new_session=True)
    assert wait_for(run, "Iter:", 2), run.communicate()
    run.send_signal(signal.SIGKILL)   # of the pipeline: its step is told, and stops with a checkpoint
    run.communicate(timeout=120)
    done = torchport("run", "p.yaml", cwd=work)
    assert "net: reused from small-1/net" in done.stdout
    assert "train: goes on from where small-1/train was stopped" in done.stdout and "Going on from the checkpoint" in done.stdout, done.stdout
    step = record(work, 2)["steps"]["train"]
    assert step["state"] == "done" and step["resumed_from"] == "small-1/train"
    assert not (work / "runs/small-1/train/checkpoints").exists() and not (work / "runs/small-2/train/checkpoints").exists()
    again = torchport("run", "p.yaml", "--force=train", cwd=work).stdout
    assert "goes on" not in again and "Going on" not in again
    models = [(work / f"runs/small-{number}/train/outputs/trained_model/model").read_bytes() for number in (2, 3)]
    assert models[0] == models[1], "other weights than those of a training that was left alone"
