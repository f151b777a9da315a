"""A training that was stopped and went on, and an evaluation, with the sinks of all trackers."""
import json
import shutil

import pytest

from harness import ORIGINAL, class_folders, torchport

SINKS = "jsonl,tensorboard,prometheus,mlflow"


def rows(run, name):
    """The rows of that name in a run's metrics.jsonl."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [line["row"] for line in lines if line["kind"] == "log_row" and line["name"] == name]


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """Two epochs of four steps, stopped after the second step of the second, which is done again; and what Evaluate Model says of the original's table."""
    folder = tmp_path_factory.mktemp("trackers")
    class_folders(folder / "photos")
    torchport("run", "resnet", "--model_name=resnet18", "--pretrained=False", f"--untrained_model_path={folder}/m", "--run-dir", folder / "m-run")
    train = ["run", "train_pytorch_model", "--untrained-model-path", folder / "m", "--train-data-path", folder / "photos", "--valid-data-path",
             folder / "photos", "--trained-model-path", folder / "out", "--run-dir", folder / "runs/training", "--epochs", 2, "--batch-size", 4,
             "--checkpoint-minutes=0.00001", "--sinks", SINKS]
    torchport(*train, "--stop-at", "2.2", status=75)
    shutil.rmtree(folder / "runs/training/checkpoints/2.2")
    torchport(*train)
    assert len(list((folder / "runs/training/tb").iterdir())) == 2
    torchport("run", "evaluate_model", "--scored-dataset", ORIGINAL / "scored_valid", "--evaluation-results", folder / "e", "--run-dir",
              folder / "runs/evaluation", "--sinks", SINKS)
    return folder / "runs"
