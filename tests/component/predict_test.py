"""torchport predict beside torchvision: the same transformation by Pillow, the same network, the same probabilities."""
import json

import numpy
import pytest
import torch
import torchvision
from PIL import Image

import networks
from harness import torchport

LABELS = ["cat", "dog", "owl", "fox"]
TRANSFORMS = [["Resize", 72], ["CenterCrop", 64]]
NORMALISED = torchvision.transforms.Compose([torchvision.transforms.ToTensor(),
                                             torchvision.transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])])
SEEN = torchvision.transforms.Compose([torchvision.transforms.Resize(72), torchvision.transforms.CenterCrop(64), NORMALISED])


@pytest.fixture(scope="module")
def model(shared):
    """The directory of a ResNet-18, and torchvision's network with its weights."""
    return shared / "model", networks.trained_directory(shared / "model", "resnet18", LABELS, TRANSFORMS)


def photos(folder, count):
    """Photos of random colours, each of another size."""
    random = numpy.random.default_rng(4)
    (folder / "deep").mkdir(parents=True)
    for i in range(count):
        height, width = random.integers(70, 140, 2)
        pixels = numpy.full((height, width, 3), random.integers(0, 256, 3)) + random.integers(-40, 40, (height, width, 3))
        Image.fromarray(pixels.clip(0, 255).astype(numpy.uint8)).save(folder / ("deep" if i % 2 else ".") / f"{i:02}.png")
    return sorted(folder.rglob("*.png"))


def probabilities(network, files, seen):
    with torch.no_grad():
        return torch.cat([network(seen(Image.open(file))[None]).softmax(1) for file in files]).numpy()


def test_answers(work, model):
    """The most probable first, each as torchvision has it; a folder stands for all photos below it."""
    files = photos(work / "photos", 19)   # more than a batch
    wanted = dict(zip(map(str, files), probabilities(model[1], files, SEEN)))
    shown = json.loads(torchport("predict", model[0], work / "photos", "--json", "--top", 9).stdout)
    assert shown["model"] == "resnet18" and sorted(row["photo"] for row in shown["photos"]) == sorted(wanted)
    assert numpy.ptp(list(wanted.values()), axis=0).max() > 0.01, "the photos are too alike to be told apart"
    for row in shown["photos"]:
        found = [(LABELS.index(answer["category"]), answer["probability"]) for answer in row["answers"]]
        assert [c for c, _ in found] == list(numpy.argsort(-wanted[row["photo"]], kind="stable"))
        for c, probability in found:
            assert abs(probability - wanted[row["photo"]][c]) <= 1e-5
    text = torchport("predict", model[0], files[3], "--top", 2).stdout
    best = numpy.argsort(-wanted[str(files[3])])[:2]
    assert text == f"{files[3]}: " + ", ".join(f"{LABELS[c]} {100 * wanted[str(files[3])][c]:.2f} %" for c in best) + "\n"


def test_bad_photos(work, model):
    """Each is named with its reason, and counted; the others get their answers."""
    good = photos(work / "photos", 1)[0]
    (work / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    done = torchport("predict", model[0], work / "broken.jpg", good, work / "absent.png", status=6)
    assert done.stdout.startswith(f"{good}: ") and done.stdout.count("\n") == 1
    assert f"warning: '{work}/broken.jpg' cannot be used: " in done.stderr
    assert f"warning: '{work}/absent.png' cannot be used: No such file or directory\n2 of 3 photos could not be used.\n" in done.stderr
    shown = json.loads(torchport("predict", model[0], work / "absent.png", "--json", status=6).stdout)
    assert shown["photos"] == [{"photo": f"{work}/absent.png", "fault": "No such file or directory"}]


def test_without_a_note(work):
    """A model that does not say what photos go through sees them as they are, in their own sizes."""
    network = networks.trained_directory(work / "model", "densenet121", LABELS)
    files = photos(work / "photos", 3)
    Image.new("RGB", (20, 20)).save(work / "photos/tiny.png")
    done = torchport("predict", work / "model", *files, work / "photos/tiny.png", "--json", status=6)
    assert "the model does not say what photos go through before" in done.stderr
    assert "20 x 20 pixels, but densenet121 needs at least 29 x 29" in done.stderr
    wanted = probabilities(network, files, NORMALISED)
    for row, expected in zip(json.loads(done.stdout)["photos"], wanted):
        assert abs(row["answers"][0]["probability"] - expected.max()) <= 1e-5


def test_refusals(work, model):
    photo = photos(work / "photos", 1)[0]
    (work / "empty").mkdir()
    assert "the folder of photos holds no image" in torchport("predict", model[0], work / "empty", status=5).stderr
    (work / "photos/_applied_transforms.json").write_text("[]")
    refused = torchport("predict", model[0], work / "photos", status=5).stderr
    assert f"the folder of photos '{work}/photos' is an image directory whose images are transformed already" in refused
    torchport("run", "resnet", "--model_name=resnet18", "--pretrained=False", f"--untrained_model_path={work / 'untrained'}", "--run-dir", work / "r")
    assert "the trained model is untrained" in torchport("predict", work / "untrained", photo, status=3).stderr
    assert "predict needs a MODEL PHOTO..." in torchport("predict", model[0], status=2).stderr
