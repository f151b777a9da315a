"""The sink mlflow and `torchport sync mlflow`, with a server that is well, down, silent, wrong, or gone in the middle of an answer."""
import json
import os
import re
import socket
import subprocess
import time

import pytest

from fake_mlflow import basic, fake_mlflow
from harness import BIN, torchport

@pytest.fixture
def server():
    with fake_mlflow() as made:
        yield made


def environment(**variables):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    return {**kept, "LOGNAME": "somebody", **{f"MLFLOW_{name}": value for name, value in variables.items()}}


class Told:
    """A run whose events are told one by one."""

    def __init__(self, folder, **variables):
        (folder / "logs").mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.process = subprocess.Popen([BIN / "tell_mlflow", folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(**variables))

    def tell(self, *events):
        """Returns the seconds that the sink took for each."""
        took = []
        for event in events:
            print(event, file=self.process.stdin, flush=True)
            took.append(int(self.process.stdout.readline()) / 1e6)
        return took

    def end(self, *events):
        took = self.tell(*events)
        self.process.communicate(timeout=60)
        assert self.process.returncode == 0
        return took

    def log(self):
        return (self.folder / "logs/70_driver_log_0").read_text()

    def warnings(self):
        return [line for line in self.log().splitlines() if " WARNING " in line]


def tell(folder, *events, **variables):
    run = Told(folder, **variables)
    run.end(*events)
    return run


def sync(folder, status=0, **variables):
    done = subprocess.run([BIN / "torchport", "sync", "mlflow", folder], env=environment(**variables), capture_output=True, text=True, timeout=60)
    assert done.returncode == status, done
    return done


def steps(run, name):
    """[(step, value)] in order; each step once."""
    found = sorted((step, value) for key, step, value, _ in run["metrics"] if key == name)
    assert len({step for step, _ in found}) == len(found), found
    return found


EPOCH = [f"step {n}" for n in range(1, 5)] + ["epoch 1"]
WHOLE = [*EPOCH, *(f"step {n}" for n in range(5, 9)), "epoch 2", "end ok"]


def test_a_whole_run(work, server):
    run = tell(work / "run", *WHOLE[:-1], "picture 1", "end ok", TRACKING_URI=server.url + "/", EXPERIMENT_NAME="a b/ä", RUN_NAME="first")
    assert server.experiments == {"Default": "0", "a b/ä": "1"}
    made = server.only_run()
    assert (made["name"], made["status"], made["experiment_id"], made["end"] >= made["start"]) == ("first", "FINISHED", "1", True)
    assert steps(made, "step/loss") == [(0, 1.0), (1, "NaN"), (2, 1 / 3), (3, 0.25), (4, 0.2), (5, 1 / 6), (6, 1 / 7), (7, 0.125)]
    assert steps(made, "Top-1 validation accuracy") == [(4, 0.25), (8, 0.5)] and steps(made, "Rank times/1/data") == [(4, 0.5), (8, 0.5)]
    assert made["params"] == {"epochs": "2", "learning_rate": "0.125", "nesterov": "True", "weights": "https://***@host/w?***", "world_size": "2"}
    assert made["tags"]["torchport.component"] == "train_pytorch_model" and made["tags"]["version.libtorch"] == "2.11.0"
    assert (made["tags"]["mlflow.user"], made["tags"]["mlflow.source.type"]) == ("somebody", "LOCAL")
    assert server.artifacts == {"/api/2.0/mlflow-artifacts/artifacts/1/r1/artifacts/Confusion _matrix_.png": b"\x89PNG"}
    assert run.warnings() == [] and f"MLflow has this run at {server.url} (experiment 1, run r1)." in run.log()
    asked = len(server.asked)
    assert sync(work / "run", TRACKING_URI=server.url).stdout == f"{work}/run: MLflow has all of it, {server.url} (experiment 1, run r1)\n"
    assert len(server.runs) == 1 and [path for _, path in server.asked[asked:]] == ["experiments/get-by-name", "runs/search"]


def test_a_run_under_way(work, server):
    """The server has what came so far; a run without figures is there as well, and one that failed is shown as that."""
    run = Told(work / "run", TRACKING_URI=server.url)
    run.tell(*EPOCH)
    server.wait_for(lambda it: it.runs and (4, 0.25) in steps(it.only_run(), "Top-1 validation accuracy"))
    assert server.only_run()["status"] == "RUNNING"
    run.end("end failed")
    assert server.only_run()["status"] == "FAILED"
    tell(work / "other", "end ok", TRACKING_URI=server.url)
    assert (server.runs["r2"]["status"], server.runs["r2"]["name"], server.runs["r2"]["metrics"]) == ("FINISHED", "other", set())


def test_a_server_that_is_down(work, server):
    with socket.socket() as taken:   # nobody listens there
        taken.bind(("127.0.0.1", 0))
        gone = f"http://user:hidden@127.0.0.1:{taken.getsockname()[1]}"
        begun = time.monotonic()
        run = tell(work / "run", *WHOLE, TRACKING_URI=gone)
        assert time.monotonic() - begun < 4, "the run waited for it"
        warning, = run.warnings()
        assert "MLflow does not have all of this run: " in warning and f"torchport sync mlflow {work}/run sends what is missing." in warning
        refused = sync(work / "run", 13, TRACKING_URI=gone)
    assert re.search(r"MLflow at http://\*\*\*@127\.0\.0\.1:\d+ did not take all of '.*/run': ", refused.stderr), refused.stderr
    assert "hidden" not in refused.stderr + run.log()
    assert " 12 records sent, " in sync(work / "run", TRACKING_URI=server.url).stdout
    made = server.only_run()
    assert len(steps(made, "step/loss")) == 8 and len(steps(made, "Train loss")) == 2 and made["status"] == "FINISHED"


def test_a_server_that_is_silent(work, server):
    server.fault = lambda method, path: "silent" if path == "runs/log-batch" else None
    run = Told(work / "run", TRACKING_URI=server.url)
    took = run.tell(*EPOCH)
    server.wait_for(lambda it: ("POST", "runs/log-batch") in it.asked)
    took += run.tell(*WHOLE[5:-1])
    assert max(took) < 1, f"the training waited for it: {took}"
    end, = run.end("end ok")
    assert end < 8 and "what is left takes too long" in run.warnings()[0] and len(run.warnings()) == 1
    server.fault = lambda method, path: None
    sync(work / "run", TRACKING_URI=server.url)
    assert len(steps(server.only_run(), "step/loss")) == 8 and server.only_run()["status"] == "FINISHED"


def test_a_server_that_errs(work, server):
    """It has got half of a run when it begins to err; then the rest comes, and nothing twice."""
    run = Told(work / "run", TRACKING_URI=server.url)
    run.tell(*EPOCH)
    server.wait_for(lambda it: it.runs and steps(it.only_run(), "Train loss"))
    server.fault = lambda method, path: 502
    run.tell("step 5")
    asked = len(server.asked)
    server.wait_for(lambda it: len(it.asked) > asked)
    run.end(*WHOLE[6:])
    assert len(run.warnings()) == 1 and "it answers 502." in run.warnings()[0]
    assert "it answers 502" in sync(work / "run", 13, TRACKING_URI=server.url).stderr
    server.fault = lambda method, path: None
    assert " 6 records sent, " in sync(work / "run", TRACKING_URI=server.url).stdout, "six records were there"
    assert len(steps(server.only_run(), "step/loss")) == 8 and server.only_run()["status"] == "FINISHED"


def test_half_an_answer(work, server):
    """What was done is not done again, though the server could not say so: one run, each figure once."""
    tell(work / "run", *WHOLE)
    server.fault = lambda method, path: "half" if path == "runs/create" else None
    sync(work / "run", 13, TRACKING_URI=server.url)
    server.fault = lambda method, path: "half" if path == "runs/log-batch" and it_has_metrics(server) else None
    sync(work / "run", 13, TRACKING_URI=server.url)
    server.fault = lambda method, path: None
    sync(work / "run", TRACKING_URI=server.url)
    made = server.only_run()
    assert len(steps(made, "step/loss")) == 8 and made["status"] == "FINISHED" and len(made["params"]) == 5


def it_has_metrics(server):
    return bool(server.runs) and bool(server.only_run()["params"])


def test_a_run_that_goes_on(work, server):
    """It is one run, and what was done again is there once; a new one in the same folder is another."""
    tell(work / "run", *EPOCH, "step 5", "step 6", "end stopped", TRACKING_URI=server.url)
    assert server.only_run()["status"] == "KILLED"
    first = server.only_run()["metrics"].copy()
    run = Told(work / "run", TRACKING_URI=server.url)
    run.tell("earlier 1", "step 6", "step 7")
    server.wait_for(lambda it: it.only_run()["status"] == "RUNNING" and len(steps(it.only_run(), "step/loss")) == 7)
    run.end("step 8", "epoch 2", "end ok")
    made = server.only_run()
    assert made["metrics"] > first and len(steps(made, "step/loss")) == 8 and len(steps(made, "Train loss")) == 2 and made["status"] == "FINISHED"
    tell(work / "run", *WHOLE, TRACKING_URI=server.url)
    assert len(server.runs) == 2 and len(steps(server.runs["r2"], "step/loss")) == 8 and (work / "run/mlflow.1/2.jsonl").exists()
    tell(work / "joins", "earlier 1", "step 5", "end ok", TRACKING_URI=server.url)   # its beginning had no such sink
    assert steps(server.runs["r3"], "Train loss") == [(4, 0.5)] and steps(server.runs["r3"], "step/loss") == [(4, 0.2)]


def test_a_killed_run(work, server):
    """What it left of a line counts for nothing, and how it ended is in its record."""
    run = Told(work / "run")
    run.tell(*EPOCH)
    run.process.communicate("killed 9\n")
    with open(work / "run/mlflow/1.jsonl", "a") as journal:
        journal.write('{"kind": "ste')
    (work / "run/run.json").write_text(json.dumps({"state": "stopped", "exit_status": 137}))
    sync(work / "run", TRACKING_URI=server.url)
    assert server.only_run()["status"] == "KILLED" and len(steps(server.only_run(), "step/loss")) == 4
    tell(work / "run", "earlier 1", "step 5", "end ok", TRACKING_URI=server.url)
    assert server.only_run()["status"] == "FINISHED" and len(steps(server.only_run(), "step/loss")) == 5


def test_secrets(work, server):
    """A user with a password, or a token; what the server says of them is not repeated."""
    server.wants = basic("me", "opensesame")
    tell(work / "user", "end ok", TRACKING_URI=server.url, TRACKING_USERNAME="me", TRACKING_PASSWORD="opensesame", TRACKING_TOKEN="unused")
    server.wants = "Bearer t0ken-9"
    tell(work / "token", "end ok", TRACKING_URI=server.url, TRACKING_TOKEN="t0ken-9")
    assert [run["status"] for run in server.runs.values()] == ["FINISHED", "FINISHED"]
    server.wants = "Bearer other"
    wrong = tell(work / "wrong", "end ok", TRACKING_URI=server.url, TRACKING_TOKEN="t0ken-9")
    said = sync(work / "wrong", 13, TRACKING_URI=server.url, TRACKING_TOKEN="t0ken-9").stderr
    assert "it answers 401 PERMISSION_DENIED: Bearer *** is wrong" in said and "401" in wrong.warnings()[0]
    left = "".join(path.read_text() for folder in work.iterdir() for path in folder.rglob("*") if path.is_file())
    assert not re.search("t0ken-9|opensesame", said + left)


def test_without_a_server(work):
    """The journal is kept, and the run says so."""
    for variables, why in (({}, "MLFLOW_TRACKING_URI is not set"), ({"TRACKING_URI": "sqlite:///x.db"}, "'sqlite:///x.db', which is not the address of a server")):
        folder = work / str(len(variables))
        run = tell(folder, "step 1", "end ok", **variables)
        warning, = run.warnings()
        assert "This run is not sent to MLflow: " in warning and why in warning
        assert [json.loads(line)["kind"] for line in (folder / "mlflow/1.jsonl").read_text().splitlines()] == ["start", "step", "end"]
        assert why in sync(folder, 2, **variables).stderr
    (work / "empty/logs").mkdir(parents=True)
    assert "has nothing for MLflow" in sync(work / "empty", 2, TRACKING_URI="http://127.0.0.1:9").stderr
    assert "sync needs a mlflow RUN" in torchport("sync", "wandb", work / "empty", status=2).stderr


def test_somebody_elses_run(work, server):
    """MLFLOW_RUN_ID: no run is made, its state is left to whoever made it, and parameters that differ are named once."""
    tell(work / "own", "end ok", TRACKING_URI=server.url)
    server.runs["r1"].update(status="RUNNING", params={"train_pytorch_model.epochs": "90"})
    run = tell(work / "run", *WHOLE, TRACKING_URI=server.url, RUN_ID="r1")
    made = server.only_run()
    assert made["status"] == "RUNNING" and len(steps(made, "step/loss")) == 8 and made["tags"]["torchport.folder"] == f"{work}/own"
    assert len(run.warnings()) == 1 and "Changing param values is not allowed" in run.warnings()[0]
    assert "MLflow has all of it" in sync(work / "run", TRACKING_URI=server.url).stdout


def test_artifacts_that_lie_elsewhere(work, server):
    server.artifact_root = "s3://bucket/"
    run = tell(work / "run", "result 1", "picture 1", "end ok", TRACKING_URI=server.url)
    assert "'Confusion _matrix_.png' stays in" in run.warnings()[0] and server.artifacts == {}
    assert steps(server.only_run(), "Evaluation/accuracy") == [(0, 0.75)] and (work / "run/mlflow/Confusion _matrix_.png").exists()
