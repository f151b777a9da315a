"""Images that cannot be used, all of them, a category of them, or from the middle of a training on: the data's fault, never a bug."""
import shutil
import subprocess

import pytest

from harness import BIN, class_folders, torchport

BROKEN = b"\x89PNG\r\n\x1a\n and no more"


@pytest.fixture(scope="module")
def untrained(shared):
    torchport("run", "resnet", "--model_name=resnet18", "--pretrained=False", "--untrained_model_path", shared / "m", cwd=shared)
    return shared / "m"


@pytest.fixture(scope="module")
def trained(shared, untrained):
    class_folders(shared / "good")
    train(shared, untrained, shared / "good")
    return shared / "out"


def train(folder, untrained, images, *flags, status=0, valid=None):
    return torchport("run", "train_pytorch_model", "--untrained-model-path", untrained, "--train-data-path", images, "--valid-data-path",
                     valid or images, "--trained-model-path", folder / "out", "--batch-size", 4, "--epochs", 1, "--run-dir", folder / "run",
                     *flags, status=status)


def cut_data(folder, names=("circle", "square")):
    """Keeps each header, so that only decoding finds the fault."""
    for name in names:
        for path in (folder / name).iterdir():
            path.write_bytes(path.read_bytes()[:60])


def test_all_at_the_start(work, untrained):
    class_folders(work / "in")
    for path in (work / "in").rglob("*.png"):
        path.write_bytes(BROKEN)
    done = train(work, untrained, work / "in", status=6)
    assert f"error[UserError] train_pytorch_model: the image '{work}/in/circle/0000.png' of the training dataset cannot be used: " \
        in done.stderr, done.stderr
    done = train(work, untrained, work / "in", "--max-bad-fraction=1", status=5)
    assert ("error[InvalidDatasetError] train_pytorch_model: none of the 16 images of the training dataset can be used, such as "
            f"'{work}/in/circle/0000.png'\n  reason   ") in done.stderr, done.stderr


def test_all_while_training(work, untrained):
    class_folders(work / "in")
    class_folders(work / "valid")
    cut_data(work / "in")
    done = train(work, untrained, work / "in", status=6, valid=work / "valid")
    assert "error[UserError] train_pytorch_model: the image '" in done.stderr and "report" not in done.stderr, done.stderr
    for fraction in ("0.5", "1"):
        done = train(work, untrained, work / "in", "--max-bad-fraction", fraction, status=5, valid=work / "valid")
        assert "none of the 16 images of the training dataset can be used, such as '" in done.stderr, done.stderr
    done = train(work, untrained, work / "valid", "--max-bad-fraction=1", status=5, valid=work / "in")
    assert "none of the 16 images of the validation dataset can be used, such as '" in done.stderr, done.stderr
    assert not (work / "out").exists()


def test_a_whole_category(work, untrained):
    """Within the allowed fraction its images would be replaced by those of others: the network would never see it."""
    text = "error[InvalidDatasetError] train_pytorch_model: no image of 1 of the categories of the {} dataset can be used: 'square'\n"
    class_folders(work / "in")
    class_folders(work / "valid")
    cut_data(work / "in", ["square"])
    done = train(work, untrained, work / "in", "--max-bad-fraction=0.5", status=5, valid=work / "valid")
    assert text.format("training") in done.stderr, done.stderr
    done = train(work, untrained, work / "valid", "--max-bad-fraction=0.5", status=5, valid=work / "in")
    assert text.format("validation") in done.stderr, done.stderr
    for path in (work / "in/square").iterdir():
        path.write_bytes(BROKEN)   # found by the headers, before anything is computed
    done = train(work, untrained, work / "in", "--max-bad-fraction=0.5", status=5, valid=work / "valid")
    assert text.format("training") in done.stderr and "Initializing" not in done.stdout, done.stderr


def test_scored(work, trained):
    """A broken image scored alone; a category left out of the table; the count is that of the table's rows."""
    def score(images, *flags, status=0):
        shutil.rmtree(work / "scored", ignore_errors=True)
        return torchport("run", "score_image_model", "--trained-model", trained, "--dataset", work / images,
                         "--scored-dataset", work / "scored", "--run-dir", work / "run", *flags, status=status)
    class_folders(work / "one", ["circle"], each=1)
    cut_data(work / "one", ["circle"])
    assert "error[UserError] score_image_model: the image '" in score("one", status=6).stderr
    done = score("one", "--max-bad-fraction=1", status=5)
    assert "none of the 1 images of the " in done.stderr and "report" not in done.stderr, done.stderr
    class_folders(work / "some", each=2)
    cut_data(work / "some", ["square"])
    done = score("some", "--max-bad-fraction=0.5")
    assert "Scored 2 of 4 images in " in done.stdout and "; 2 left out." in done.stdout, done.stdout
    assert "no image of 1 of the categories of the dataset can be used: 'square'" in done.stdout, done.stdout


@pytest.mark.parametrize("how", ["removed", "renamed", "truncated", "overwritten"])
def test_vanishes_while_training(work, untrained, how):
    """A folder that is deleted, unmounted, cut or overwritten between two epochs ends the run with an image and the reason."""
    class_folders(work / "in")
    class_folders(work / "valid")
    words = [BIN / "torchport", "run", "train_pytorch_model", "--untrained-model-path", untrained, "--train-data-path", work / "in",
             "--valid-data-path", work / "valid", "--trained-model-path", work / "out", "--batch-size=4", "--epochs=1000",
             "--patience=1000", "--cache-memory=0", "--run-dir", work / "run"]
    with subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        for line in run.stdout:
            if "Epoch 1," in line:
                break
        if how == "removed":
            shutil.rmtree(work / "in")
        elif how == "renamed":
            (work / "in").rename(work / "gone")
        else:
            for path in (work / "in").rglob("*.png"):
                path.write_bytes(path.read_bytes()[:60] if how == "truncated" else BROKEN)
        _, errors = run.communicate(timeout=120)
    assert run.returncode == 6, errors
    assert f"error[UserError] train_pytorch_model: the image '{work}/in/" in errors and "report" not in errors, errors


def test_lost_while_divided(work):
    """Split and an Apply that keeps the files look at no image before they copy it."""
    class_folders(work / "photos", each=2)
    torchport("run", "convert_to_image_directory", "--input_path", work / "photos", "--output_path", work / "in", "--run-dir", work / "run")
    torchport("run", "init_image_transformation", "--output_path", work / "tf", "--center_crop=False", "--run-dir", work / "run")
    lost = next((work / "in/image").iterdir())
    lost.unlink()
    for words in (["split_image_directory", "--src_path", work / "in", "--tgt_train_path", work / "a", "--tgt_test_path", work / "b", "--fraction=0.5"],
                  ["apply_image_transformation", "--input_image_transform_path", work / "tf", "--input_image_dir_path", work / "in",
                   "--output_path", work / "a"]):
        done = torchport("run", *words, "--run-dir", work / "run", status=6)
        assert f"error[UserError] {words[0]}: the image '{lost}' of the input image directory cannot be used: No such file" in done.stderr, \
            done.stderr
        assert not (work / "a").exists() and not (work / "b").exists()
