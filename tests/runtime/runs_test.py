"""torchport runs: what is listed, shown, compared and removed, of pipelines' runs and of components'; runs/latest; --json and --quiet."""
import json
import os
import pathlib
import pty
import subprocess

from harness import BIN, class_folders, torchport


def component_run(folder, state="finished", started="2026-11-30T08:00:00.000Z", top1=(0.5, 0.75), values=None, **more):
    (folder / "logs").mkdir(parents=True)
    record = {"component": "train_pytorch_model", "state": state, "started": started, "ended": started.replace(":00.000Z", ":12.500Z"),
              "parameters": {"epochs": {"value": 2, "origin": "default"}, **(values or {})},
              "run_settings": {"run_dir": {"value": str(folder), "origin": "command line"}}, "inputs": {}, "versions": {"torchport": "0.1.0"}, "world_size": 1, **more}
    (folder / "run.json").write_text(json.dumps(record))
    rows = [{"kind": "log_row", "name": name, "row": {"epoch": epoch, column: value}} for epoch, value in enumerate(top1, 1)
            for name, column, value in (("Valid loss", "valid_loss", 1 - value), ("Top-1 validation accuracy", "top1_acc", value))]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def pipeline_run(folder, started="2026-11-30T09:00:00.000Z", reused_from="", state="finished"):
    component_run(folder / "train", values={"batch_size": {"value": 4, "origin": "p.yaml:3:4"}})
    steps = {"train": {"position": 1, "component": "train_pytorch_model", "state": "done", "folder": reused_from or f"{folder.name}/train", "seconds": 12.5,
                       "parameters": {"batch_size": {"value": 4, "origin": "command line"}, "epochs": {"value": 2, "origin": "default"}}, "run": {}},
             "score": {"position": 2, "component": "score_image_model", "state": "waiting"}}
    (folder / "pipeline.json").write_text(json.dumps({"pipeline": "p", "file": "/x/p.yaml", "state": state, "started": started, "seconds": 70, "steps": steps}))
    return folder


def rows(*words, cwd):
    return [line.split() for line in torchport("runs", *words, cwd=cwd).stdout.splitlines()]


def listed(work):
    return {run["run"]: run for run in json.loads(torchport("runs", "list", "--json", cwd=work).stdout)}


def test_list(work):
    assert torchport("runs", "list", cwd=work).stdout.split() == ["RUN", "STATE", "STARTED", "TIME", "STEPS", "TOP-1", "LOSS", "WHAT"]
    component_run(work / "runs/train_pytorch_model-1")
    component_run(work / "runs/kept", top1=(0.75, 0.5), result={"kept_epoch": 2}, started="2026-11-30T10:00:00.000Z", state="failed")
    pipeline_run(work / "runs/p-1")
    (work / "runs/photos").mkdir()
    (work / "runs/latest").symlink_to("p-1")
    assert rows("list", cwd=work)[1:] == [
        ["kept", "failed", "2026-11-30T10:00:00.000Z", "12.5", "s", "-", "0.5000", "0.5000", "train_pytorch_model"],
        ["p-1", "finished", "2026-11-30T09:00:00.000Z", "1", "min", "10", "s", "1/2", "0.7500", "0.2500", "pipeline"],
        ["train_pytorch_model-1", "finished", "2026-11-30T08:00:00.000Z", "12.5", "s", "-", "0.7500", "0.2500", "train_pytorch_model"]]
    found = listed(work)
    assert found["p-1"] == {"run": "p-1", "folder": f"{work}/runs/p-1", "what": "pipeline", "state": "finished", "started": "2026-11-30T09:00:00.000Z",
                            "seconds": 70, "top_1": 0.75, "loss": 0.25, "steps": {"finished": 1, "all": 2}}
    (work / "runs/p-1/train/metrics.jsonl").write_text('{"kind": "log_row", "name": "Evaluation", "row": {"rows": 7, "accuracy": 0.9, "log_loss": NaN}}\n')
    assert (listed(work)["p-1"]["top_1"], listed(work)["p-1"]["loss"]) == (0.9, None)


def test_state(work):
    """A run whose first process is gone was killed; one that lives is not removed."""
    class_folders(work / "in", each=2)
    torchport("run", "convert_to_image_directory", "--input_path=in", "--output_path=out", "--run-dir=runs/a", cwd=work)
    path = work / "runs/a/run.json"
    record = {**json.loads(path.read_text()), "state": "running"}
    path.write_text(json.dumps(record))
    assert listed(work)["a"]["state"] == "lost"
    start = int(pathlib.Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[19])
    path.write_text(json.dumps({**record, "process": {**record["process"], "process": os.getpid(), "start": start}}))
    assert listed(work)["a"]["state"] == "running"
    assert "is under way" in torchport("runs", "rm", "a", "--yes", cwd=work, status=2).stderr and path.exists()


def test_show(work):
    component_run(work / "runs/a", values={"batch_size": {"value": 4, "origin": "command line"}})
    pipeline_run(work / "runs/p-1")
    shown = torchport("runs", "show", "a", cwd=work).stdout
    assert shown.startswith("a: finished, started 2026-11-30T08:00:00.000Z, 12.5 s, of train_pytorch_model\n") and "batch_size=4" in shown and "epochs" not in shown
    steps = json.loads(torchport("runs", "show", "p-1", "--json", cwd=work).stdout)["shown"]
    assert [(step["name"], step["state"], step["top_1"], step["seconds"]) for step in steps] == [("train", "done", 0.75, 12.5), ("score", "waiting", None, None)]
    assert steps[0]["values"] == {"batch_size": {"origin": "command line", "value": 4}}
    assert "batch_size=4 (--set)" in torchport("runs", "show", work / "runs/p-1", cwd="/").stdout


def test_diff(work):
    component_run(work / "runs/a", inputs={"photos": {"path": "/x", "sha256": {"images.lst": "0" * 64}}})
    component_run(work / "runs/b", top1=(0.5, 0.875), values={"epochs": {"value": 3, "origin": "command line"}, "patience": {"value": 1, "origin": "command line"}},
                  inputs={"photos": {"path": "/x", "sha256": {"images.lst": "1" * 64}}})
    assert json.loads(torchport("runs", "diff", "a", "b", "--json", cwd=work).stdout) == [
        {"what": "epochs", "a": "2", "b": "3"}, {"what": "content of photos", "a": "images.lst 000000000000", "b": "images.lst 111111111111"},
        {"what": "top-1", "a": "0.7500", "b": "0.8750"}, {"what": "loss", "a": "0.2500", "b": "0.1250"}, {"what": "patience", "a": "-", "b": "1"}]
    assert rows("diff", "a", "b", cwd=work)[:2] == [["WHAT", "a", "b"], ["epochs", "2", "3"]]
    assert torchport("runs", "diff", "a", "a", cwd=work).stdout == "the two have the same values, inputs, versions and results\n"


def test_rm(work):
    first, second = component_run(work / "runs/a"), pipeline_run(work / "runs/p-1")
    pipeline_run(work / "runs/p-2", reused_from="p-1/train")
    (work / "runs/latest").symlink_to("a")
    asked = torchport("runs", "rm", "a", "p-1", cwd=work, status=2)
    assert "nothing was removed of a, p-1" in asked.stderr and "steps of it are reused by p-2" in asked.stderr and first.exists() and second.exists()
    assert torchport("runs", "rm", "latest", "-y", cwd=work).stdout.startswith(f"removed {first}: ")
    assert not first.exists() and not (work / "runs/latest").is_symlink() and second.exists()
    for answer, there in (("n", True), ("y", False)):
        main, side = pty.openpty()
        process = subprocess.Popen([BIN / "torchport", "runs", "rm", second], cwd=work, stdin=side, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        os.write(main, f"{answer}\n".encode())
        process.communicate(timeout=60)
        assert second.exists() == there and (process.returncode == 0) == (not there)
        os.close(main), os.close(side)


def test_rm_takes_runs_only(work):
    """Folders elsewhere, of somebody else, or behind a link out of the runs stay, with all that is in them."""
    component_run(work / "runs/a")
    mine, elsewhere = work / "runs/mine/logs", component_run(work / "elsewhere")
    mine.mkdir(parents=True)
    (work / "runs/out").symlink_to(elsewhere)
    (work / "runs/odd").mkdir()
    (work / "runs/odd/pipeline.json").write_text("{}")
    for name in ("mine", elsewhere, "../elsewhere", "out", "odd", ".", "nothing", work):
        assert "there is no run" in torchport("runs", "rm", name, "--yes", cwd=work, status=2).stderr, name
    assert mine.exists() and elsewhere.exists() and (work / "runs/odd").exists()
    assert torchport("runs", "rm", "a", "mine", "--yes", cwd=work, status=2) and (work / "runs/a").exists(), "all or none"


def test_a_folder_used_again(work):
    """The last attempt is the run; those before are beneath it, with their results, under the names that their files have now."""
    a = component_run(work / "runs/a")
    for name in ("run.json", "metrics.jsonl"):
        (a / name).rename(a / f"{name}.1")
    component_run(work / "b", started="2026-11-30T12:00:00.000Z", state="failed", top1=())
    for name in ("run.json", "metrics.jsonl"):
        (work / "b" / name).rename(a / name)
    (a / "run.json.restart1").write_text(json.dumps({"component": "train_pytorch_model", "state": "running", "started": "2026-11-30T07:00:00.000Z"}))
    assert rows("list", cwd=work)[1:] == [
        ["a", "failed", "2026-11-30T12:00:00.000Z", "12.5", "s", "-", "-", "-", "train_pytorch_model"],
        [".1", "finished", "2026-11-30T08:00:00.000Z", "12.5", "s", "-", "0.7500", "0.2500", "train_pytorch_model"],
        [".restart1", "lost", "2026-11-30T07:00:00.000Z", "-", "-", "-", "-", "train_pytorch_model"]]
    assert listed(work)["a"]["earlier"] == [
        {"record": f"{a}/run.json.1", "state": "finished", "started": "2026-11-30T08:00:00.000Z", "seconds": 12.5, "top_1": 0.75, "loss": 0.25},
        {"record": f"{a}/run.json.restart1", "state": "lost", "started": "2026-11-30T07:00:00.000Z", "seconds": None, "top_1": None, "loss": None}]
    assert [(row[0], row[1]) for row in rows("show", "a", cwd=work)[2:]] == [("train_pytorch_model", "failed"), (".1", "finished"), (".restart1", "lost")]


def test_a_second_call_that_fails(work):
    """In the folder of a run that went well: whether a flag is wrong or the work fails, the list says so, and keeps what was."""
    class_folders(work / "in", each=2)
    flags = ["run", "convert_to_image_directory", "--input_path=in", "--run-dir=runs/a"]
    torchport(*flags, "--output_path=out", cwd=work)
    for count, fault in enumerate(("--links=x", "--output_path=out"), 1):
        done = torchport(*flags, *["--output_path=new"] * (count == 1), fault, cwd=work, status=None)
        run = listed(work)["a"]
        assert (run["state"], run["what"], [one["state"] for one in run["earlier"]]) == ("failed", "convert_to_image_directory", ["failed"] * (count - 1) + ["finished"]), run
        assert run["started"] > run["earlier"][0]["started"] and run["seconds"] is not None, run
        assert json.loads((work / "runs/a/run.json").read_text())["exit_status"] == done.returncode != 0
        assert not (work / "runs/a/results.csv").exists() and (work / f"runs/a/metrics.jsonl.{count}").exists(), "a number stands for an attempt"


def test_names_that_are_no_text(work):
    """JSON is UTF-8: other bytes are replaced there, and end no command."""
    component_run(work / "runs/a").rename(work / os.fsdecode(b"runs/a\xff"))
    [run] = listed(work).values()
    assert run["run"] == "a\ufffd" and run["state"] == "finished"


def test_latest(work):
    """The link follows the runs that are numbered; a folder of that name stays."""
    class_folders(work / "in", each=2)
    flags = ["run", "convert_to_image_directory", "--input_path=in"]
    torchport(*flags, "--output_path=out1", cwd=work)
    assert (work / "runs/latest").resolve() == work / "runs/convert_to_image_directory-1"
    torchport(*flags, "--output_path=out2", "--run-dir=elsewhere", cwd=work)
    assert (work / "runs/latest").resolve() == work / "runs/convert_to_image_directory-1"
    (work / "p.yaml").write_text("name: p\nsteps:\n  a:\n    component: convert_to_image_directory\n    inputs: {input: ./in}\n")
    torchport("run", "p.yaml", cwd=work)
    assert (work / "runs/latest").resolve() == work / "runs/p-1" and sorted(listed(work)) == ["convert_to_image_directory-1", "p-1"]
    assert listed(work)["convert_to_image_directory-1"]["seconds"] > 0
    assert "p-1: finished" in torchport("runs", "show", "latest", cwd=work).stdout
    (work / "runs/latest").unlink()
    (work / "runs/latest").mkdir()
    torchport("run", "p.yaml", "--quiet", cwd=work)
    assert (work / "runs/latest").is_dir() and not (work / "runs/latest").is_symlink()


def test_quiet(work):
    """Standard output is for who goes on with it, standard error for what went wrong."""
    class_folders(work / "in", each=2)
    (work / "in/circle/x.png").write_bytes(b"no image")
    done = torchport("run", "convert_to_image_directory", "--input_path=in", "--output_path=out", "--quiet", cwd=work)
    assert done.stdout == "out\n" and done.stderr.startswith("warning: ") and "x.png" in done.stderr and "INFO" not in done.stderr
    assert " INFO " in (work / "runs/convert_to_image_directory-1/logs/70_driver_log_0").read_text()
    failed = torchport("run", "convert_to_image_directory", "--input_path=in", "--output_path=out", "--quiet", cwd=work, status=2)
    assert failed.stdout == "" and "error[AlreadyExistsError]" in failed.stderr
    (work / "p.yaml").write_text("name: p\nsteps:\n  a:\n    component: convert_to_image_directory\n    inputs: {input: ./in}\n")
    done = torchport("run", "p.yaml", "--quiet", cwd=work)
    assert done.stdout == "runs/p-1\n" and "x.png" in done.stderr and "[1/1] a" in done.stderr
    done = torchport("run", "p.yaml", "--quiet", cwd=work)
    assert (done.stdout, done.stderr) == ("runs/p-2\n", "")
    done = torchport("run", "p.yaml", "--json", cwd=work)
    assert json.loads(done.stdout).items() >= {"run": "p-3", "state": "finished", "what": "pipeline"}.items() and done.stderr == ""


def test_json_of_lists(work):
    components = json.loads(torchport("list", "--json").stdout)
    train, = [one for one in components if one["name"] == "train_pytorch_model"]
    assert {"name": "trained_model", "type": "ModelDirectory", "flag": "trained-model-path", "optional": False} in train["outputs"]
    assert {one["name"] for one in components} == {line.split()[0] for line in torchport("list").stdout.splitlines() if line.startswith("  ")}
    assert json.loads(torchport("compute", "list", "--json", cwd=work).stdout) == []
    (work / "computes.yaml").write_text("computes:\n  pair: {engine: mpirun, hosts: [alpha, beta], processing_units: 8}\n")
    pair = {"name": "pair", "engine": "mpirun", "max_nodes": 2, "processing_units": 8, "device": "cpu"}
    assert json.loads(torchport("compute", "list", "--json", cwd=work).stdout) == [pair]
    assert json.loads(torchport("compute", "show", "pair", "--json", cwd=work).stdout).items() >= pair.items()
    (work / "p.yaml").write_text("name: p\nsteps:\n  a:\n    component: convert_to_image_directory\n    inputs: {input: ./in}\n")
    class_folders(work / "in", each=2)
    assert json.loads(torchport("run", "p.yaml", "--dry-run", "--json", cwd=work).stdout) == [
        {"step": "a", "component": "convert_to_image_directory", "runs": True, "why": "it has not run yet"}]
