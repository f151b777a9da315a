"""torchport estimate: counts and bytes against a real run of the same pipeline, and the faults of a dry run."""
import json

import pytest

from harness import SOURCE, class_folders, torchport

PIPELINE = """name: small
inputs: {photos: ./photos}
steps:
  convert: {component: convert_to_image_directory, inputs: {input: inputs.photos}}
  split:
    component: split_image_directory
    inputs: {images: convert.output}
    parameters: {fraction: 0.2}
  crop: {component: init_image_transformation, parameters: {size: 36, crop_size: 32}}
  train_images:
    component: apply_image_transformation
    inputs: {transformation: crop.output, images: split.first}
  valid_images:
    component: apply_image_transformation
    inputs: {transformation: crop.output, images: split.second}
    parameters: {mode: For inference, when: every_epoch}
  net: {component: resnet, parameters: {model_name: resnet18, pretrained: false}}
  train:
    component: train_pytorch_model
    inputs: {untrained_model: net.untrained_model, training_dataset: train_images.output, validation_dataset: valid_images.output}
    parameters: {epochs: 2, batch_size: 4}
  score: {component: score_image_model, inputs: {trained_model: train.trained_model, dataset: valid_images.output}}
  evaluate: {component: evaluate_model, inputs: {scored_dataset: score.scored_dataset}}
"""
# 150 images, of which the trial takes 96; a fifth of them is for training.
IMAGES = {"convert": 150, "split": 150, "crop": None, "train_images": 30, "valid_images": 120, "net": None, "train": 30, "score": 120, "evaluate": 120}


def with_pipeline(folder):
    (folder / "tmp").mkdir()
    (folder / "p.yaml").write_text(PIPELINE)
    class_folders(folder / "photos", each=75, size=40)
    return folder


def estimate(work, *options):
    done = torchport("estimate", "p.yaml", "--json", "--seconds=300", *options, cwd=work, env={"TMPDIR": work / "tmp"})
    assert not [*(work / "tmp").iterdir()], "the estimate left something behind"
    found = json.loads(done.stdout)
    return found, {row["step"]: row for row in found["steps"]}


def written(outputs):
    return sum(path.stat().st_size for path in outputs.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def before(shared):
    """What was estimated before the pipeline ran."""
    found = estimate(with_pipeline(shared))
    assert not (shared / "runs").exists()
    return found


@pytest.fixture(scope="module")
def finished(shared, before):
    """The folder of a pipeline that has run."""
    torchport("run", "p.yaml", cwd=shared)
    return shared


def test_before_a_run(before):
    found, steps = before
    assert {name: row["images"] for name, row in steps.items()} == IMAGES
    assert {row["state"] for row in steps.values()} == {"run"} and all(row["seconds"] > 0 for row in steps.values())
    assert "tried on 96 images" == steps["convert"]["basis"], steps["convert"]
    assert "; 8 steps an epoch" in steps["train"]["basis"], steps["train"]
    assert steps["train"]["memory_bytes"] > 100e6, steps["train"]
    for figure in ("seconds", "disk_bytes"):
        assert abs(found["total"][figure] - sum(row[figure] for row in steps.values())) < 1e-6 * found["total"][figure]


def test_disk_space(finished, before):
    for name, row in before[1].items():
        real = written(finished / "runs/small-1" / name / "outputs")
        print(f"{name}: {row['disk_bytes']} bytes estimated, {real} written")
        assert 0.7 * real - 20_000 <= row["disk_bytes"] <= 1.4 * real + 20_000, (name, row, real)   # of tables not all grows


def test_after_a_run(finished):
    work = finished
    found, steps = estimate(work)
    assert {row["state"] for row in steps.values()} == {"reuse"} and found["total"]["seconds"] == 0 and found["total"]["disk_bytes"] == 0
    found, steps = estimate(work, "--set", "train.epochs=4")
    assert [name for name, row in steps.items() if row["state"] == "run"] == ["train", "score", "evaluate"]
    text = torchport("estimate", "p.yaml", "--seconds=300", cwd=work).stdout
    assert text.startswith("STEP ") and "reused from small-1/train" in text and "\ntotal " in text, text


def test_more_epochs_take_longer(finished):
    """The same trial, so that little but the number of epochs differs; on a busy machine a start may take as long as many epochs."""
    short, long = (estimate(finished, "--set", f"train.epochs={epochs}", "--force", "train")[1]["train"]["seconds"] for epochs in (1, 1000))
    assert long > 5 * short, (short, long)


def test_faults_are_those_of_a_dry_run(finished):
    for fault in ("train.epochs=0", "train.epocs=3", "inputs.photos=/nowhere", "split.fraction=2"):
        dry = torchport("run", "p.yaml", "--dry-run", "--set", fault, cwd=finished, status=None)
        ours = torchport("estimate", "p.yaml", "--set", fault, cwd=finished, status=None)
        assert dry.returncode == ours.returncode != 0 and dry.stderr == ours.stderr and not ours.stdout, (dry.stderr, ours.stderr)
    wrong = torchport("estimate", "p.yaml", "--jsn", cwd=finished, status=2)
    assert "Did you mean --json?" in wrong.stderr, wrong.stderr
    wrong = torchport("estimate", "p.yaml", "--seconds=0", cwd=finished, status=2)
    assert "--seconds is '0'" in wrong.stderr, wrong.stderr


def test_a_trial_that_takes_too_long(finished):
    """Half a gigabyte of weights is not made within a second: the time of the step is not told, nor of those after it."""
    done = torchport("estimate", "p.yaml", "--json", "--seconds=1", "--set", "net.model_name=wide_resnet101_2", cwd=finished)
    found = json.loads(done.stdout)
    unknown = [row["step"] for row in found["steps"] if row["seconds"] is None]
    assert unknown == ["net", "train", "score", "evaluate"] and not found["total"]["all_known"], found


def test_a_step_that_fails(work):
    with_pipeline(work)
    (work / "photos/circle/0000.png").write_bytes(b"no image")
    failed = torchport("estimate", "p.yaml", "--set", "split.fraction=0.5", "--set", "convert.format=flat", cwd=work, status=None)
    assert failed.returncode != 0 and "the estimate's trial of the step " in failed.stderr, failed.stderr


def test_examples(work):
    """The examples whose data are not at hand are sound with other data."""
    folders = class_folders(work / "imagenet", each=20)
    text = (SOURCE / "examples/imagenet/pipeline.yaml").read_text()
    (work / "imagenet.yaml").write_text(text.replace("process_count_per_node: 8", "process_count_per_node: 1"))
    lines = torchport("run", "imagenet.yaml", "--dry-run", "--set", f"inputs.train={folders}", "--set", f"inputs.valid={folders}",
                      cwd=work).stdout.splitlines()
    assert len(lines) == 10 and all(line.split()[1] == "run" for line in lines), lines
