"""A registered model of Azure ML as it was downloaded: the model directory lies one folder down."""
import shutil

from harness import ORIGINAL, torchport


def test_registered_model(work):
    model = work / "registered/trained_model_outputs"
    torchport("run", "resnet", "--model_name=resnet18", "--pretrained=False", f"--untrained_model_path={work / 'untrained'}", "--run-dir", work / "a")
    images = ORIGINAL / "image_directory_valid"
    torchport("run", "train_pytorch_model", "--untrained-model-path", work / "untrained", "--train-data-path", images, "--valid-data-path", images,
              "--trained-model-path", model, "--epochs", 1, "--batch-size", 8, "--run-dir", work / "b")
    (work / "registered/MLmodel").write_text("flavors: {}\n")
    done = torchport("run", "score_image_model", "--trained-model", work / "registered", "--dataset", images, "--scored-dataset", work / "s", "--run-dir", work / "c")
    assert f"categories from '{model}'." in done.stdout
    torchport("export", work / "registered", "--format", "torchvision", "-o", work / "out")
    assert (work / "out/model.pth").exists()
    shutil.rmtree(work / "untrained")
    torchport("run", "train_pytorch_model", "--untrained-model-path", work / "registered", "--train-data-path", images, "--valid-data-path", images,
              "--trained-model-path", work / "again", "--epochs", 1, "--batch-size", 8, "--run-dir", work / "d")
