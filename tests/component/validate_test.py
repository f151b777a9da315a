"""torchport validate on every kind of wrong input of Train PyTorch Model and Convert: the whole text and the exit status."""
import shutil

import pytest

from harness import AS_ROOT, ORIGINAL, class_folders, golden, torchport

SEE = "torchport explain NAME says more about an error.\n"
LABELLED, VALID, UNLABELLED = (ORIGINAL / f"image_directory_{name}" for name in ("labelled", "valid", "unlabelled"))
MAKE_MODEL = "  hint   Give the path of a model directory; ResNet and DenseNet make one.\n"
MAKE_IMAGES = "  hint   Convert to Image Directory makes an image directory.\n"
LABEL_IMAGES = "  hint   Put the images into one folder for each category and use Convert to Image Directory.\n"


@pytest.fixture(scope="module")
def made(shared):
    torchport("run", "resnet", "--model_name=resnet18", "--pretrained=False", f"--untrained_model_path={shared}/model", f"--run-dir={shared}/run")
    return shared / "model"


@pytest.fixture
def work(work, made):
    """A folder with an untrained model in it."""
    shutil.copytree(made, work / "model")
    return work


def validate(work, *extra, model=None, train=LABELLED, valid=VALID, status=0):
    return torchport("validate", "train_pytorch_model", "--untrained-model-path", model or work / "model", "--train-data-path", train,
                     "--valid-data-path", valid, "--trained-model-path", work / "out", *extra, status=status)


def refused(work, text, status, *extra, **paths):
    done = validate(work, *extra, status=None, **paths)
    got, wanted = done.stderr, "".join(f"error[{line}" if line[0].isupper() else line for line in text.splitlines(True)) + SEE
    assert (done.returncode, got, done.stdout) == (status, wanted, ""), f"exit {done.returncode}\n--- got\n{got}--- wanted\n{wanted}"


def test_good(work):
    done = validate(work, "--epochs=7")
    assert done.stdout.startswith("ok: train_pytorch_model can run with these values; image files are read when it does\n"), done.stdout
    rows = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()[1:]}
    assert rows["--epochs"] == ["7", "command", "line"] and rows["--learning-rate"] == ["0.001", "default"], rows
    assert rows["--train-data-path"][0] == str(LABELLED) and done.stderr == ""
    validate(work, "--batch-size=24")
    validate(work, train=class_folders(work / "raw"), valid=work / "raw", *["--batch-size=16"])
    assert not (work / "out").exists(), "validate wrote something"


def test_models(work):
    def bad(text, path, status=3):
        refused(work, f"InvalidModelDirectoryError] train_pytorch_model: {text}", status, model=path)

    bad(f"the untrained model does not exist\n  path   {work}/none\n" + MAKE_MODEL, work / "none")
    (work / "empty").mkdir()
    bad(f"the untrained model is an empty folder\n  path   {work}/empty\n" + MAKE_MODEL, work / "empty")
    bad(f"the untrained model is a file, not a model directory\n  path   {work}/model/model\n" + MAKE_MODEL, work / "model/model")
    bad(f"the untrained model is of type ImageDirectory, not ModelDirectory\n  path   {LABELLED}\n" + MAKE_MODEL, LABELLED)
    bad(f"the untrained model lacks its weights file 'model'\n  path   {ORIGINAL}/untrained_resnet18\n"
        "  hint   Copy the whole model directory again.\n", ORIGINAL / "untrained_resnet18")
    bare = shutil.copytree(work / "model", work / "bare")
    (bare / "_meta.yaml").unlink()
    bad(f"the untrained model has no _meta.yaml\n  path   {bare}\n" + MAKE_MODEL, bare)
    (bare / "_meta.yaml").write_text("type: ModelDirectory\ntype: ModelDirectory\n")
    bad("the untrained model has a broken _meta.yaml: line 2, column 1: the key 'type' is given twice\n"
        f"  path   {bare}\n  hint   Make the model directory again.\n", bare)


def test_datasets(work):
    def bad(text, path, status=5, error="InvalidDatasetError"):
        refused(work, f"{error}] train_pytorch_model: {text}", status, valid=path)

    bad(f"the validation dataset does not exist\n  path   {work}/none\n  hint   Give the path of an image directory.\n", work / "none")
    (work / "nothing").mkdir()
    bad(f"the validation dataset is an empty folder\n  path   {work}/nothing\n" + MAKE_IMAGES, work / "nothing")
    bad(f"the validation dataset is a file, not an image directory\n  path   {VALID}/images.lst\n" + MAKE_IMAGES, VALID / "images.lst")
    bad(f"the validation dataset is of type ModelDirectory, not ImageDirectory\n  path   {work}/model\n" + MAKE_IMAGES, work / "model")
    bad(f"the validation dataset is not labelled\n  path   {UNLABELLED}\n" + LABEL_IMAGES, UNLABELLED, 4, "NotLabeledDatasetError")
    flat = shutil.copytree(UNLABELLED / "image", work / "flat")
    bad(f"the validation dataset is a plain folder of images without labels\n  path   {flat}\n" + LABEL_IMAGES, flat, 4, "NotLabeledDatasetError")
    text_only = work / "text"
    text_only.mkdir()
    (text_only / "a.txt").write_text("no image")
    bad(f"the validation dataset has no _meta.yaml and is not a tree of class folders\n  path   {text_only}\n"
        "  hint   Convert to Image Directory makes an image directory of it.\n", text_only)


def test_batch_size(work):
    refused(work, "LessThanOrEqualToError] train_pytorch_model: --batch-size is 25, but must be at most 24, the number of training images\n"
                  "  hint   Lower --batch-size, or give more images.\n", 2, "--batch-size=25")
    refused(work, "LessThanOrEqualToError] train_pytorch_model: --batch-size is 13, but must be at most 12, the share of each of 2 processes in "
                  "24 training images\n  hint   Lower --batch-size, use fewer processes, or give more images.\n", 2,
            "--batch-size=13", "--process-count-per-node=2", *AS_ROOT)
    validate(work, "--batch-size=12", "--process-count-per-node=2", *AS_ROOT)


def test_outputs(work):
    full = ORIGINAL / "runs"
    done = torchport("validate", "convert_to_image_directory", "--input_path", work / "none", "--output_path", full, "--labels", work / "no.txt", status=5)
    assert done.stderr == (
        "error[InvalidDatasetError] convert_to_image_directory: the input dataset does not exist\n"
        f"  path   {work}/none\n  hint   Give the path of a folder of images.\n"
        f"error[AlreadyExistsError] convert_to_image_directory: the output '{full}' exists and is not empty\n"
        "  hint   Give another path or empty the folder.\n"
        f"error[CouldNotOpenFileError] convert_to_image_directory: '{work}/no.txt' cannot be read: No such file or directory\n"
        "  hint   Give the path of a readable file.\n" + SEE), done.stderr


SCORE = """
name: score
title: Score
category: Test
launch: single
summary: Has a port for a trained model.
description: It is only validated here.
example: torchport run score
inputs:
  model: {type: ModelDirectory, flag: model, title: Trained model, help: The model.}
"""


def test_trained_ports(work):
    """An untrained model may not enter a port for trained ones."""
    (work / "spec/components").mkdir(parents=True)
    (work / "spec/components/score.yaml").write_text(SCORE)
    done = torchport("--spec-dir", work / "spec", "validate", "score", "--model", work / "model", status=3)
    assert done.stderr == (f"error[InvalidModelDirectoryError] score: the trained model is untrained\n  path   {work}/model\n"
                           "  hint   Train it with Train PyTorch Model.\n" + SEE), done.stderr


def test_trained_model_of_the_original(work):
    """One that the original trained may."""
    (work / "spec/components").mkdir(parents=True)
    (work / "spec/components/score.yaml").write_text(SCORE)
    torchport("--spec-dir", work / "spec", "validate", "score", "--model", golden("trained_resnet18"))
