"""examples/consumer, a project of its own, is built against an installed tree alone, and its programs run."""
import json
import re

from PIL import Image

from harness import BIN, class_folders, command, torchport


def test_a_project_of_ones_own_builds_and_runs(work):
    """From where it was installed, after the installed tree was moved."""
    command("cmake", "--install", BIN.parent, "--prefix", work / "first")
    installed, build = (work / "first").rename(work / "moved here"), work / "build"
    root = re.search(r"^LIBTORCH_ROOT:[A-Z]+=(.+)$", (BIN.parent / "CMakeCache.txt").read_text(), re.M)[1]
    command("cmake", "-G", "Ninja", "-S", installed / "share/torchport/examples/consumer", "-B", build, f"-DCMAKE_PREFIX_PATH={installed}",
            f"-DLIBTORCH_ROOT={root}")
    command("cmake", "--build", build)
    photos = class_folders(work / "photos", each=6)
    Image.open(photos / "circle/0000.png").save(work / "one.webp", lossless=True)

    def own(*words):
        return command(build / "programs/torchport", "--spec-dir", build / "specs", *words, cwd=work)

    assert "\n  mobilenet " in own("list").stdout
    Image.new("RGB", (8, 90)).save(work / "photos/circle/narrow.png")
    own("run", "convert_to_image_directory", "--input-path=photos", "--output-path=all")
    own("run", "leave_out_small", "--images=all", "--output=images", "--least=32")
    assert len([*(work / "images").rglob("*.png")]) == 12 < len([*(work / "all").rglob("*.png")])
    own("run", "mobilenet", "--pretrained=False", "--untrained_model_path=untrained")
    own("run", "train_pytorch_model", "--untrained-model-path=untrained", "--train-data-path=images", "--valid-data-path=images",
        "--trained-model-path=own", "--epochs=1", "--batch-size=4")
    # The library's own program knows the installed networks.
    own("run", "resnet", "--model_name=resnet18", "--pretrained=False", "--untrained_model_path=resnet")
    own("run", "train_pytorch_model", "--untrained-model-path=resnet", "--train-data-path=images", "--valid-data-path=images",
        "--trained-model-path=model", "--epochs=1", "--batch-size=4")
    files = [photos / "circle/0001.png", work / "one.webp", photos / "square/0002.png"]
    said = command(build / "classify", work / "model", *files).stdout.splitlines()
    wanted = json.loads(torchport("predict", work / "model", *files, "--json", "--top=1").stdout)["photos"]
    for line, file, photo in zip(said, files, wanted, strict=True):
        path, category, probability = line.split("\t")
        assert (path, category) == (str(file), photo["answers"][0]["category"])
        assert abs(float(probability) - photo["answers"][0]["probability"]) < 1e-4
    refused = command(build / "classify", work / "nothing", files[0], status=1).stderr
    assert "classify: the trained model does not exist" in refused and str(work / "nothing") in refused, refused
