"""A real MLflow server gets what `torchport sync mlflow` and a run under way send, and MLflow's own client reads it back."""
import os
import socket
import subprocess
import sys
import time
import urllib.request

import mlflow
import pytest

from conftest import rows
from harness import ORIGINAL, torchport


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    with open(folder / "log", "w") as log:
        process = subprocess.Popen([sys.executable, "-m", "mlflow", "server", "--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination",
                                    folder / "artifacts", "--host", "127.0.0.1", "--port", address.rsplit(":", 1)[1], "--workers", "1"],
                                   env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}, stdout=log, stderr=log, start_new_session=True)
    deadline = time.monotonic() + 120
    while True:
        try:
            urllib.request.urlopen(f"{address}/health", timeout=5).read()
            break
        except OSError:
            assert process.poll() is None and time.monotonic() < deadline, (folder / "log").read_text()
    yield mlflow.MlflowClient(address)
    os.killpg(process.pid, 15)
    process.wait()


def history(client, run, name):
    """[(step, value)] in the order of the steps."""
    return sorted((point.step, point.value) for point in client.get_metric_history(run.info.run_id, name))


def the_run(client, experiment):
    run, = client.search_runs([client.get_experiment_by_name(experiment).experiment_id])
    return run


def test_a_training_that_went_on(client, runs):
    """It ran without a server. Sent twice it is there once."""
    environment = {"MLFLOW_TRACKING_URI": client.tracking_uri, "MLFLOW_EXPERIMENT_NAME": ""}
    for word in ("records sent, http://", "MLflow has all of it, http://"):
        assert word in torchport("sync", "mlflow", runs / "training", env=environment).stdout
    run, = client.search_runs(["0"])
    assert (run.info.status, run.info.run_name, run.data.params["epochs"], run.data.params["world_size"]) == ("FINISHED", "training", "2", "1")
    for name, column in (("Train loss", "train_loss"), ("Top-1 validation accuracy", "top1_acc"), ("Valid loss", "valid_loss")):
        assert history(client, run, name) == [(4 * row["epoch"], row[column]) for row in rows(runs / "training", name)]
    assert [step for step, _ in history(client, run, "step/loss")] == [*range(8)]
    assert [artifact.path for artifact in client.list_artifacts(run.info.run_id)] == ["First training batch.png"]
    assert run.data.tags["torchport.component"] == "train_pytorch_model" and run.info.end_time > run.info.start_time


def test_an_evaluation_under_way(client, tmp_path):
    done = torchport("run", "evaluate_model", "--scored-dataset", ORIGINAL / "scored_valid", "--evaluation-results", tmp_path / "e", "--run-dir",
                     tmp_path / "run", "--sinks", "console,jsonl,mlflow",
                     env={"MLFLOW_TRACKING_URI": client.tracking_uri, "MLFLOW_EXPERIMENT_NAME": "live", "MLFLOW_RUN_NAME": "e1"})
    run = the_run(client, "live")
    assert f"MLflow has this run at {client.tracking_uri} (experiment " in done.stdout and "MLflow does not" not in done.stdout
    assert (run.info.status, run.info.run_name) == ("FINISHED", "e1")
    row, = rows(tmp_path / "run", "Evaluation")
    assert {name.removeprefix("Evaluation/"): value for name, value in run.data.metrics.items()} == pytest.approx(row)
    picture, = client.list_artifacts(run.info.run_id)
    assert picture.path == "Confusion matrix.png"
    assert mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path=picture.path, dst_path=str(tmp_path), tracking_uri=client.tracking_uri)
    assert (tmp_path / picture.path).read_bytes() == (tmp_path / "run/mlflow" / picture.path).read_bytes()
