"""torchport view: the page of a run, served while it goes on."""
import http.client
import json
import re
import subprocess

from harness import BIN, class_folders, torchport
from report_page import Page
from report_test import PIPELINE, made_run, training_rows


def answer(address, path, host=None):
    connection = http.client.HTTPConnection(*address, timeout=60)
    connection.request("GET", path, headers={"Host": host} if host else {})
    response = connection.getresponse()
    return response.status, response.read().decode()


def test_view(work):
    """The page is served to this machine alone, changes with the run, and nothing outside of the run's folder is."""
    run = made_run(work / "runs/mine", state="running")
    (run / "secret").symlink_to(work / "outside")
    (work / "outside").write_text("not for a browser")
    with subprocess.Popen([BIN / "torchport", "view"], cwd=work, stdout=subprocess.PIPE, text=True) as server:
        try:
            address = ("127.0.0.1", int(re.fullmatch(r"http://127\.0\.0\.1:(\d+)/\n", server.stdout.readline())[1]))
            status, text = answer(address, "/")
            [stamp] = re.findall(r"const STAMP = '(\d+)'", text)
            assert status == 200 and not Page(text).faults and answer(address, "/stamp") == (200, stamp)
            (run / "metrics.jsonl").write_text("\n".join(training_rows(2)))
            assert answer(address, "/stamp")[1] != stamp, "a run that has gone on is not noticed"
            assert json.loads(answer(address, "/progress")[1]) == [], "a run without a beginning"
            (run / "run.json").write_text(json.dumps({**json.loads((run / "run.json").read_text()), "started": "2026-11-24T01:02:03.456Z"}))
            [now] = json.loads(answer(address, "/progress")[1])
            assert now["name"] == "train_pytorch_model" and " min " in now["time"] and (now["said"], now["share"]) == ("", None), now
            (run / "progress.json").write_text(json.dumps({"epoch": 2, "epochs": 4, "step": 50, "steps": 100, "loss": .75, "images_per_second": 321.0, "eta_seconds": 125}))
            [now] = json.loads(answer(address, "/progress")[1])
            assert now["share"] == .375 and now["said"] == ("epoch 2 of 4, iteration 50 of 100, 321 images per second, loss 0.75; "
                                                            "about 0:02:05 left for training"), now
            [bar] = Page(answer(address, "/")[1]).all("progress")
            assert bar[1]["value"] == "0.375", bar
            assert len(Page(answer(address, "/")[1]).data["charts"]) == 5
            assert "all is well" in answer(address, "/logs/70_driver_log_0")[1] and "70_driver_log_0" in answer(address, "/logs/")[1]
            assert answer(address, "/secret")[0] == 404 and answer(address, "/../../outside")[0] == 404
            assert answer(address, "/", host="evil.example")[0] == 403
        finally:
            server.terminate()


def test_view_of_a_pipeline(work):
    """Its graph is laid out by another program, each time, in one of the server's threads."""
    class_folders(work / "in", each=4)
    (work / "p.yaml").write_text(PIPELINE)
    torchport("run", "p.yaml", cwd=work)
    with subprocess.Popen([BIN / "torchport", "view", "latest"], cwd=work, stdout=subprocess.PIPE, text=True) as server:
        try:
            address = ("127.0.0.1", int(re.search(r":(\d+)/", server.stdout.readline())[1]))
            assert all('id="step&#45;split"' in answer(address, "/")[1] for _ in range(12))
        finally:
            server.terminate()
