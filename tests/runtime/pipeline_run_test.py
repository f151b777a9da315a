"""Running pipelines: what runs, what is reused and why, where it lies, and how runs end."""
import json
import os
import shutil
import signal
import subprocess
import time

from harness import BIN, class_folders, torchport

SIMPLE = """name: small
inputs:
  photos: photos
steps:
  convert:
    component: convert_to_image_directory
    inputs: {input: inputs.photos}
  again:
    component: convert_to_image_directory
    inputs: {input: ./more}
  net:
    component: resnet
    parameters: {model_name: resnet18, pretrained: false}
"""

CHAIN = """name: small
steps:
  convert:
    component: convert_to_image_directory
    inputs: {input: ./photos}
  net:
    component: resnet
    parameters: {model_name: resnet18, pretrained: false}
  train:
    component: train_pytorch_model
    inputs: {untrained_model: net.untrained_model, training_dataset: convert.output, validation_dataset: convert.output}
    parameters: {epochs: 1, batch_size: 2}
"""


def pipeline(work, text=SIMPLE):
    (work / "p.yaml").write_text(text)
    class_folders(work / "photos", each=3)
    class_folders(work / "more", each=2, seed=2)
    for path in [*work.rglob("*.png")]:
        os.utime(path, (time.time() - 60,) * 2)   # files that changed a moment ago are read again, for safety
    for path in [work / "photos", work / "more", *work.glob("*/*")]:
        os.utime(path, (time.time() - 60,) * 2)


def run(work, *options, status=0):
    return torchport("run", "p.yaml", *options, status=status, cwd=work)


def plan(work, *options):
    """{step: (run or reuse, why)}"""
    lines = run(work, "--dry-run", *options).stdout.splitlines()
    return {line.split()[0]: (line.split()[1], line.split(maxsplit=2)[2]) for line in lines}


def record(work, number):
    return json.loads((work / f"runs/small-{number}/pipeline.json").read_text())


def states(work, number):
    return {name: step["state"] for name, step in record(work, number)["steps"].items()}


def test_the_command_is_kept(work):
    """What was typed is in the record with its folder, and typed again there it is the same run."""
    pipeline(work)
    options = ["--set", "inputs.photos=more", "--set", "net.random_seed=2"]
    run(work, *options)
    assert record(work, 1)["command"] == ["torchport", "run", "p.yaml", *options] and record(work, 1)["directory"] == str(work)
    torchport(*record(work, 1)["command"][1:], cwd=record(work, 1)["directory"])
    assert states(work, 2) == all_of("reused")


def all_of(state):
    return {"convert": state, "again": state, "net": state}


def test_reuse(work):
    pipeline(work)
    assert plan(work) == all_of(("run", "it has not run yet")), plan(work)
    first = run(work)
    assert states(work, 1) == all_of("done") and record(work, 1)["state"] == "finished"
    output = work / "runs/small-1/convert/outputs/output"
    assert (output / "_meta.yaml").exists() and (work / "runs/small-1/convert/logs/70_driver_log_0").exists()
    assert "[1/3] convert: Convert to Image Directory, because it has not run yet" in first.stdout, first.stdout
    assert plan(work)["convert"] == ("reuse", "small-1/convert")

    started = time.monotonic()
    second = run(work)
    seconds = time.monotonic() - started
    assert states(work, 2) == all_of("reused") and seconds < 2, seconds
    assert "reused from small-1/convert" in second.stdout
    assert (work / "runs/small-2/convert/outputs/output").resolve() == output.resolve(), "a reused step is found in the new run too"
    steps = record(work, 1)["steps"]
    assert steps["net"]["parameters"]["model_name"] == {"value": "resnet18", "origin": "p.yaml:13:30"}, steps["net"]["parameters"]

    assert plan(work, "--set", "net.random_seed=2") == {**plan(work), "net": ("run", "random_seed was 1")}
    assert plan(work, "--force", "net")["net"] == ("run", "forced")
    os.utime(output / "images.lst", (1, 1))   # an output was touched
    assert plan(work)["convert"] == ("run", "its outputs are changed or gone")
    run(work)
    assert states(work, 3) == {**all_of("reused"), "convert": "done"}
    shutil.rmtree(work / "runs/small-1")
    assert plan(work)["net"] == ("run", "its outputs are changed or gone") and plan(work)["convert"][0] == "reuse"

    photo = next((work / "photos").rglob("*.png"))
    photo.write_bytes(next((work / "more").rglob("*.png")).read_bytes())
    assert plan(work)["convert"] == ("run", "input changed"), plan(work)


def test_chain(work):
    """A step runs again where one before it does, and where one before it was forced."""
    pipeline(work, CHAIN)
    run(work)
    assert states(work, 1) == {"convert": "done", "net": "done", "train": "done"}
    model = work / "runs/small-1/train/outputs/trained_model/model"
    assert model.exists() and (work / "runs/small-1/train/metrics.jsonl").exists()
    assert plan(work)["train"] == ("reuse", "small-1/train")
    assert plan(work, "--force", "convert")["train"] == ("run", "forced")
    for setting in ("comm_timeout=60", "engine=mpirun", "sinks=jsonl", "allow_run_as_root=true"):   # the outputs would be the same
        assert plan(work, "--set", f"train.{setting}")["train"] == ("reuse", "small-1/train"), setting
    changed = plan(work, "--set", "net.random_seed=2")
    assert changed["train"] == ("run", "untrained_model changed") and changed["convert"][0] == "reuse", changed
    # A fault that shows only beside a reused output is found before anything runs.
    done = run(work, "--set", "train.batch_size=7", status=2)
    assert "--batch-size is 7, but must be at most 6" in done.stderr and "at     p.yaml:9:3" in done.stderr, done.stderr
    assert not (work / "runs/small-2").exists()


def test_failure(work):
    """The exit status is the step's; the next run goes on behind what is finished."""
    pipeline(work)
    for path in (work / "more").rglob("*.png"):
        path.write_bytes(b"no image")
    done = run(work, status=None)
    assert done.returncode == 5, done
    assert states(work, 1) == {"convert": "done", "again": "failed", "net": "waiting"} and record(work, 1)["state"] == "failed"
    assert ("error[FailedToCompleteOperationError] small: the step again ended with exit status 5\n"
            "  hint   Its log: runs/small-1/again/logs/70_driver_log_0. --set again.NAME=VALUE gives a parameter of it another value. The same command goes on from there: "
            "what is finished is reused.\n") in done.stderr, done.stderr
    assert plan(work)["again"] == ("run", "it did not finish")
    for path in (work / "more").rglob("*.png"):
        path.write_bytes(next((work / "photos").rglob("*.png")).read_bytes())
    run(work)
    assert states(work, 2) == {"convert": "reused", "again": "done", "net": "done"}


def test_stop(work):
    """SIGTERM and Ctrl-C stop the step that runs, and the record says so."""
    pipeline(work, CHAIN.replace("epochs: 1", "epochs: 100000, patience: 100000"))
    for number, (sent, status) in enumerate([(signal.SIGTERM, 75), (signal.SIGINT, 75)], 1):
        process = subprocess.Popen([BIN / "torchport", "run", "p.yaml"], cwd=work, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        lines = []
        assert any("Iter:" in line for line in process.stdout if lines.append(line) is None), process.communicate()
        assert any("train: goes on from where small-1/train was stopped" in line for line in lines) == (number == 2), lines
        assert f"small-{number}  running" in torchport("runs", "list", cwd=work).stdout
        process.send_signal(sent)
        process.communicate(timeout=30)
        assert process.returncode == status, process.returncode
        assert states(work, number)["train"] == "stopped" and record(work, number)["state"] == "stopped"
        assert record(work, number)["exit_status"] == status
        assert not (work / f"runs/small-{number}/train/outputs/trained_model").exists()
    assert states(work, 2)["net"] == "reused"


def test_two_at_once(work):
    pipeline(work)
    both = [subprocess.Popen([BIN / "torchport", "run", "p.yaml"], cwd=work, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(2)]
    for process in both:
        output = process.communicate(timeout=120)
        assert process.returncode == 0, output
    assert {record(work, number)["state"] for number in (1, 2)} == {"finished"}
    assert not (work / "runs/small-3").exists()


def test_changing_inputs(work):
    """What ran with inputs that changed after they were hashed is not reused."""
    pipeline(work)
    process = subprocess.Popen([BIN / "torchport", "run", "p.yaml"], cwd=work, stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if "convert: Convert" in line:   # the plan is made, and the second step has not begun
            (work / "more/circle/new.png").write_bytes(next((work / "photos").rglob("*.png")).read_bytes())
        if "again" in line and "changed" in line:
            assert line.endswith("an input changed while the pipeline ran; this step will not be reused\n"), line
    assert process.wait() == 0
    assert plan(work) == {"convert": ("reuse", "small-1/convert"), "again": ("run", "an input changed while it ran"),
                          "net": ("reuse", "small-1/net")}


def test_processes(work):
    """What mpirun would refuse is said before the first step runs."""
    pipeline(work, CHAIN)
    done = run(work, "--set", "train.process_count_per_node=4096", status=None)
    assert done.returncode != 0 and "at     p.yaml:9:3" in done.stderr and "4096" in done.stderr, done.stderr
    assert not (work / "runs").exists()


def test_killed(work):
    """A run that was killed is not taken for a running one."""
    pipeline(work)
    run(work)
    path = work / "runs/small-1/pipeline.json"
    path.write_text(path.read_text().replace('"state": "finished"', '"state": "running"'))
    (work / "runs/small-0").mkdir()
    (work / "runs/small-0/pipeline.json").write_text('{"pipeline": ["no text"], "steps": 7}')
    listed = [line.split()[:2] for line in torchport("runs", "list", cwd=work).stdout.splitlines()]
    assert ["small-1", "lost"] in listed, listed
    shown = torchport("runs", "show", "small-1", cwd=work).stdout
    assert torchport("runs", "show", work / "runs/small-1/", cwd="/").stdout == shown, "its folder names a run too"
    assert "model_name=resnet18 pretrained=false" in shown and "small-1/again" in shown, shown
    missing = torchport("runs", "show", "small-9", cwd=work, status=2).stderr
    assert missing.startswith("error[ParameterParsingError] torchport: there is no run 'small-9'\n"), missing


def test_overhead(work):
    """The graph's own time for each step, that is, without the worker's start."""
    pipeline(work)
    run(work)
    steps = record(work, 1)["steps"].values()
    total = record(work, 1)["seconds"]
    between = (total - sum(step["seconds"] for step in steps)) / len(steps)
    started = time.monotonic()
    torchport("list")
    own = time.monotonic() - started
    print(f"overhead of a step: {1000 * (between + own):.0f} ms")
    assert between + own < 0.5, "far above the bar of 100 ms, even on a busy machine"


def test_launchers(work):
    pipeline(work)
    done = torchport("run", "p.yaml", status=2, cwd=work, env={"OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "2"})
    assert "a pipeline is started once and not by a launcher of several processes" in done.stderr, done.stderr
