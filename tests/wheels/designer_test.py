"""The wheel with the designer's module names: the command lines of existing component files, as they are."""
import zipfile

import pytest

from conftest import WHEELS
from harness import AS_ROOT

HERE = "azureml.designer.modules."
CONVERT, SPLIT, INIT, APPLY = (HERE + "computer_vision." + name for name in (
    "preprocess.convert_to_image_directory.convert_to_image_directory", "preprocess.split_image_directory.split_image_directory",
    "transform.init_image_transformation.init_image_transformation", "transform.apply_image_transformation.apply_image_transformation"))
RESNET, TRAIN, SCORE = (HERE + "dl.pytorch." + name for name in (
    "initialize_models.vision.classification.resnet", "train.train_pytorch_model", "score.score_image_model.module_invoker"))
INVOKER = "azureml.studio.modulehost.module_invoker"
EVALUATE = "azureml.studio.modules.ml.evaluate.evaluate_generic_module.evaluate_generic_module"


@pytest.fixture(scope="module")
def job(environment, photos, tmp_path_factory):
    """A job's folder, in which the lines have been run as an existing pipeline has them: dashes and underscores, = and blanks, numbers for truths."""
    folder = tmp_path_factory.mktemp("job")
    out = folder / "made/by/nobody"   # parents that are not there
    def run(module, *words, **more):
        return environment.run("python", "-m", module, *words, cwd=folder, AZUREML_RUN_ID="a-run", **more)
    run(CONVERT, "--input-path", photos, "--output-path", out / "images")
    run(SPLIT, "--src-path", out / "images", "--fraction", "0.75", "--tgt-train-path", out / "train", "--tgt-test-path", out / "test")
    run(INIT, "--resize", "True", "--size", "36", "--center-crop", "224", "--crop_size=32", "--output-path", out / "t")
    for part, mode in (("train", "For training"), ("test", "For inference")):
        run(APPLY, "--mode", mode, "--input-image-transform-path", out / "t", "--input-image-dir-path", out / part, "--output-path", out / f"{part}-small")
    run(RESNET, "--model-name=resnet18", "--pretrained", "False", "--untrained-model-path", out / "m")
    run(TRAIN, "--untrained-model-path", out / "m", "--train-data-path", out / "train-small", "--valid-data-path", out / "test-small",
        "--epochs", "1", "--trained-model-path", out / "trained")
    run(SCORE, "--trained-model", out / "trained", "--dataset", out / "test-small", "--scored-dataset", out / "scored")
    run(INVOKER, f"--module-name={EVALUATE}", "--scored-dataset", out / "scored", "--evaluation-results", out / "evaluation")
    return folder


def test_the_line_from_convert_to_evaluate(job):
    out = job / "made/by/nobody"
    assert {path.name for path in out.iterdir()} == {"images", "train", "test", "t", "train-small", "test-small", "m", "trained", "scored", "evaluation"}
    assert '"RandomHorizontalFlip"' not in (out / "t/_meta.yaml").read_text() + "".join(path.read_text() for path in (out / "t").glob("*.json"))
    log = (job / "logs/torchport/train_pytorch_model/logs/70_driver_log_0").read_text()
    assert "Epoch 1," in log and "Iter: [1/3]" in log, "12 images, and the original's 4 in a batch"
    assert not (job / "runs").exists()
    copied = job / "outputs/trained_model_outputs"
    assert {path.name for path in copied.rglob("*")} == {path.name for path in (out / "trained").rglob("*")}


def test_two_processes(environment, job):
    out = job / "made/by/nobody"
    environment.run("/usr/bin/mpirun", *AS_ROOT, "--oversubscribe", "-np", 2, environment.folder / "bin/python", "-m", TRAIN, "--untrained_model_path", out / "m",
                    "--train_data_path", out / "train-small", "--valid_data_path", out / "test-small", "--epochs=1", "--trained_model_path", job / "ranks",
                    "--run-dir", job / "run", cwd=job, AZUREML_RUN_ID="a-run")
    assert "rank 1 of 2" in (job / "run/logs/70_driver_log_1").read_text()
    assert (job / "ranks/_meta.yaml").exists()


def test_what_is_refused(environment, tmp_path):
    def refused(*words):
        return environment.run("python", "-m", INIT, *words, "--output-path", tmp_path / "t", cwd=tmp_path, status=2).stderr
    assert "unexpected argument '224'" in refused("224")
    assert "unexpected argument '-m'" in refused("-m", "3")
    assert "unknown flag --noresize" in refused("--noresize") and "Did you mean --resize?" in refused("--noresize")
    assert "unknown flag --cent" in refused("--cent", "True")
    assert not (tmp_path / "t").exists()


def test_beside_other_packages(environment, tmp_path):
    """azureml-core has an azureml/__init__.py; the last versions of the designer's packages are empty."""
    environment.pip_beside("azureml-core", "azureml-designer-core", "azureml-designer-cv-modules", "azureml-designer-pytorch-modules")
    line = ("python", "-m", RESNET, "--model-name=resnet18", "--pretrained=False", "--untrained-model-path")
    environment.run(*line, tmp_path / "m", cwd=tmp_path)
    assert (tmp_path / "m/model").exists()
    environment.pip("uninstall", "--yes", "azureml-core")
    environment.run(*line, tmp_path / "again", cwd=tmp_path)


def test_contents():
    [path] = WHEELS.glob("torchport_designer-*.whl")
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        metadata = archive.read(next(name for name in names if name.endswith("METADATA"))).decode()
    assert not [name for name in names if name.startswith("azureml/") and name.endswith("__init__.py")]
    assert "Not by Microsoft" in metadata and "azureml" not in path.name
