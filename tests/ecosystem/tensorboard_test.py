"""The real TensorBoard reads our event files, and serves over HTTP what metrics.jsonl says."""
import base64
import io
import json
import re
import select
import subprocess
import sys
import time
import urllib.parse
import urllib.request

import pytest
from PIL import Image, ImageStat

from conftest import rows

FIGURES = {"Train loss": "train_loss", "Valid loss": "valid_loss", "Top-1 validation accuracy": "top1_acc", "Train images per second": "train_ips"}


class Server:
    def __init__(self, logdir, fast):
        self.process = subprocess.Popen([sys.executable, "-m", "tensorboard.main", "--logdir", logdir, "--host", "127.0.0.1", "--port", "0", "--load_fast",
                                         fast, "--reload_interval", "1"], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        said = ""
        for line in self.process.stderr:
            said += line
            if found := re.search(r"http://127\.0\.0\.1:\d+/", line):
                self.address = found[0]
                return
        raise AssertionError(said)

    def get(self, path, body=None, **query):
        address = f"{self.address}data/{path}?{urllib.parse.urlencode(query)}"
        request = urllib.request.Request(address, json.dumps(body).encode() if body else None, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def json(self, path, body=None, **query):
        return json.loads(self.get(path, body, **query))

    def wait_for(self, ready):
        """TensorBoard reads the files after it has begun to answer."""
        deadline = time.monotonic() + 120
        while not ready():
            assert time.monotonic() < deadline, self.json("plugin/scalars/tags")
            select.select([], [], [], 0.2)


@pytest.fixture(scope="module", params=["false", "true"])
def server(request, runs):
    """Once with TensorBoard's own reader, once with its data server."""
    server = Server(runs, request.param)
    server.wait_for(lambda: len(server.json("plugin/scalars/tags").get("training/tb", {})) > 10
                    and server.json("plugin/images/tags").get("evaluation/tb"))
    yield server
    server.process.terminate()
    server.process.communicate()


def scalars(server, run, tag):
    return server.json("plugin/scalars/scalars", run=run, tag=tag)


def test_no_step_is_there_twice(server):
    for tag in ("step/loss", "step/error", "step/images per second", "step/learning rate"):
        assert [step for _, step, _ in scalars(server, "training/tb", tag)] == list(range(8)), tag


def test_epochs_are_those_of_the_record(server, runs):
    for tag, column in FIGURES.items():
        found = scalars(server, "training/tb", tag)
        assert [step for _, step, _ in found] == [4, 8], tag
        wanted = [row[column] for row in rows(runs / "training", tag)]
        assert [value for *_, value in found] == pytest.approx(wanted, rel=1e-6), tag


def test_evaluation(server, runs):
    row, = rows(runs / "evaluation", "Evaluation")
    (_, _, accuracy), = scalars(server, "evaluation/tb", "Evaluation/accuracy")
    assert accuracy == pytest.approx(row["accuracy"], rel=1e-6)
    shown, = server.json("plugin/images/images", run="evaluation/tb", tag="Confusion matrix", sample=0)
    picture = Image.open(io.BytesIO(server.get(f"plugin/images/individualImage?{shown['query']}&")))
    assert picture.size == (510, 510), "three categories, 170 pixels each"
    corner, beside = picture.getpixel((0, 0)), picture.getpixel((picture.width // 2, 0))
    assert corner[2] > corner[0] or beside[0] > beside[2], "the diagonal is blue, what is beside it orange"


def test_the_first_batch(server, runs):
    shown, = server.json("plugin/images/images", run="training/tb", tag="First training batch", sample=0)   # the training that went on adds none
    picture = Image.open(io.BytesIO(server.get(f"plugin/images/individualImage?{shown['query']}&")))
    record = json.loads((runs / "training/first_batch.json").read_text())
    assert picture.size == (4 * record["width"], record["height"]), picture.size
    for place, image in enumerate(record["images"]):   # they are noise, of which a JPEG keeps the mean colour
        left = place * record["width"]
        ours = ImageStat.Stat(picture.convert("RGB").crop((left, 0, left + record["width"], record["height"]))).mean
        kept = ImageStat.Stat(Image.open(io.BytesIO(base64.b64decode(image["jpeg"]))).convert("RGB")).mean
        assert ours == pytest.approx(kept, abs=4), (place, ours, kept)


def test_parameters(server):
    asked = {"experimentName": "", "allowedStatuses": ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"], "colParams": [],
             "startIndex": 0, "sliceSize": 10}
    groups = server.json("plugin/hparams/session_groups", body=asked)["sessionGroups"]
    training, = [group for group in groups if group["name"].startswith("training")]
    assert (training["hparams"]["epochs"], training["hparams"]["batch_size"], training["hparams"]["keep"]) == (2.0, 4.0, "best")
    assert [session["status"] for session in training["sessions"]] == ["STATUS_SUCCESS"]
