"""torchport export and import beside the real torchvision and safetensors: they take what we write, and we take what they write."""
import json
import re
import sys

import numpy
import pytest
import safetensors
import safetensors.torch
import torch
import torchvision
from PIL import Image

import networks
from harness import command, torchport

LABELS = ["cat", "dog", "fox", "owl"]
TRANSFORMS = [["Resize", 72], ["CenterCrop", 64]]
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


@pytest.fixture(scope="module")
def model(shared):
    """The directory of a ResNet-18, and torchvision's network with its weights."""
    return shared / "model", networks.trained_directory(shared / "model", "resnet18", LABELS, TRANSFORMS)


def assert_same_state(ours, theirs):
    assert list(ours) == list(theirs)
    for key, tensor in theirs.items():
        assert torch.equal(ours[key], tensor), key


def answers(directory, *photos):
    """The probabilities of each category for each photo."""
    shown = json.loads(torchport("predict", directory, *photos, "--json", "--top", 99).stdout)
    return [{answer["category"]: answer["probability"] for answer in row["answers"]} for row in shown["photos"]]


def photo(folder, size=(90, 80)):
    Image.fromarray(numpy.random.default_rng(3).integers(0, 256, (*size, 3), dtype=numpy.uint8)).save(folder / "photo.jpg")
    return folder / "photo.jpg"


def labels_file(folder, labels=LABELS):
    (folder / "labels.txt").write_text("".join(f"{label}\n" for label in labels))
    return folder / "labels.txt"


def test_torchvision_takes_the_file_as_it_is(work, model):
    directory, network = model
    assert torchport("export", directory, "--format", "torchvision", "-o", work / "out").stdout == f"{work}/out\n"
    assert sorted(path.name for path in (work / "out").iterdir()) == ["README.md", "labels.txt", "model.pth"]
    state = torch.load(work / "out/model.pth", weights_only=True)
    assert_same_state(state, network.state_dict())
    torchvision.models.resnet18(num_classes=len(LABELS)).load_state_dict(state, strict=True)
    assert (work / "out/labels.txt").read_text().splitlines() == LABELS
    done = torchport("import", work / "out/model.pth", "-o", work / "back")   # of such a file the labels are known, of another's not
    assert f"The categories are those of {work}/out/labels.txt, which torchport export wrote beside it.\n" in done.stderr, done.stderr
    assert [row.split(",")[-1] for row in (work / "back/index_to_label.csv").read_text().splitlines()[-len(LABELS):]] == LABELS
    (work / "out/README.md").write_text("# Another's\n")
    assert "does not name its categories" in torchport("import", work / "out/model.pth", "-o", work / "other", status=2).stderr


def test_the_card_says_how_a_photo_is_looked_at(work, model):
    """Its Python, run as it stands, gives the category that torchport predict gives."""
    directory, _ = model
    torchport("export", directory, "--format", "torchvision", "-o", work / "out")
    card = (work / "out/README.md").read_text()
    assert card.startswith("---\nlibrary_name: torchvision\npipeline_tag: image-classification\n")
    for text in ("# resnet18, 4 categories", "4: cat, dog, fox, owl", "11178564 parameters", '`[["Resize",72],["CenterCrop",64]]`', "[N, 3, 64, 64]"):
        assert text in card, f"{text} is not in\n{card}"
    best = max((given := answers(directory, photo(work / "out"))[0]), key=given.get)
    said = command(sys.executable, "-c", re.search(r"```python\n(.*?)```", card, re.S)[1], cwd=work / "out").stdout
    assert said == best + "\n"


def test_safetensors_and_back(work, model):
    """The real library reads names, values and metadata; the file alone makes the same model again."""
    directory, network = model
    torchport("export", directory, "--format", "safetensors", "-o", work / "out")
    with safetensors.safe_open(work / "out/model.safetensors", "pt") as file:
        state = {key: file.get_tensor(key) for key in network.state_dict()}
        assert set(file.keys()) == set(state)
        notes = file.metadata()
    assert_same_state(state, network.state_dict())
    assert {key: json.loads(notes[key]) for key in ("labels", "mean", "std", "height", "width", "transforms")} == {
        "labels": LABELS, "mean": MEAN, "std": STD, "height": 64, "width": 64, "transforms": TRANSFORMS}
    assert (notes["format"], notes["architecture"]) == ("pt", "resnet18")
    config = json.loads((work / "out/config.json").read_text())
    assert (config["architecture"], config["num_classes"], config["label_names"], config["pretrained_cfg"]["input_size"]) == (
        "resnet18", 4, LABELS, [3, 64, 64])
    done = torchport("import", work / "out/model.safetensors", "-o", work / "again")
    assert "It is a resnet18 with 4 categories." in done.stderr and "warning" not in done.stderr, done.stderr
    assert answers(work / "again", photo(work)) == answers(directory, work / "photo.jpg")


def test_other_normalisation_travels(work):
    """What a training from nothing normalises by is not ImageNet's."""
    done = torchport("import", made(work, "resnet18"), "--labels", labels_file(work), "-o", work / "half", "--mean", "0.5,0.5,0.5", "--std", "0.5,0.5,0.25")
    assert "Images are normalised by mean 0.5, 0.5, 0.5, std 0.5, 0.5, 0.25." in done.stderr
    torchport("export", work / "half", "--format", "safetensors", "-o", work / "out")
    torchport("import", work / "out/model.safetensors", "-o", work / "again")
    assert answers(work / "again", photo(work)) == answers(work / "half", work / "photo.jpg")
    other = torchport("import", work / "w.pth", "--labels", work / "labels.txt", "-o", work / "imagenet")
    assert "warning: the file does not say how its images were normalised" in other.stderr
    assert answers(work / "imagenet", work / "photo.jpg") != answers(work / "half", work / "photo.jpg")


def made(folder, name, wrap=lambda state: state, classes=len(LABELS)):
    torch.save(wrap(networks.torchvision_network(name, classes).state_dict()), folder / "w.pth")
    return folder / "w.pth"


def test_import_finds_the_network(work):
    """By names and shapes, wherever it is in the file; scores equal torchvision's, and it trains further."""
    seen = torchvision.transforms.Compose([torchvision.transforms.ToTensor(), torchvision.transforms.Normalize(MEAN, STD)])
    under = lambda prefix, state: {prefix + key: tensor for key, tensor in state.items()}
    cases = {"resnet34": (lambda state: {"state_dict": under("model.", state), "epoch": 3}, "Found them in its 'state_dict', under the prefix 'model.'."),
             "densenet121": (lambda state: under("module.", state), "Found them under the prefix 'module.'."),
             "wide_resnet50_2": (lambda state: {"model": state}, "Found them in its 'model'.")}
    for name, (wrap, said) in cases.items():
        network = networks.torchvision_network(name, len(LABELS)).eval()
        done = torchport("import", made(work, name, wrap), "--labels", labels_file(work), "-o", work / name)
        assert f"It is a {name} with 4 categories.\n" in done.stderr and said in done.stderr, done.stderr
        with torch.no_grad():
            wanted = network(seen(Image.open(photo(work)).convert("RGB"))[None]).softmax(1)[0]
        found, = answers(work / name, work / "photo.jpg")
        assert max(abs(found[label] - wanted[i].item()) for i, label in enumerate(LABELS)) <= 1e-5
        assert wanted.std() > 0.01
    for number, label in enumerate(LABELS):
        (work / "photos" / label).mkdir(parents=True)
        Image.new("RGB", (32, 32), (60 * number, 99, 9)).save(work / "photos" / label / "a.png")
    trained = torchport("run", "train_pytorch_model", "--untrained-model-path", work / "resnet34", "--train-data-path", work / "photos", "--valid-data-path",
                        work / "photos", "--trained-model-path", work / "trained", "--epochs", 1, "--batch-size", 4, "--run-dir", work / "run")
    assert "its head included: its labels are those of the data" in trained.stdout
    torchport("export", work / "trained", "--format", "torchvision", "-o", work / "out")


def test_import_refuses_what_it_does_not_know(work):
    state = networks.torchvision_network("resnet18", len(LABELS)).state_dict()
    state["layer3.1.conv1.weight"] = torch.zeros(256, 128, 3, 3)
    torch.save({key: tensor for key, tensor in state.items() if key != "bn1.weight"}, work / "w.pth")
    labels = labels_file(work)
    done = torchport("import", work / "w.pth", "--labels", labels, "-o", work / "m", status=3)
    assert f"the weights file '{work}/w.pth' is not of a network that is known here; the nearest is resnet18, from which 2 of its entries differ" in done.stderr
    assert re.search(r"bn1.weight +expected float32 \[64\], found nothing", done.stderr), done.stderr
    assert re.search(r"layer3.1.conv1.weight +expected float32 \[256, 256, 3, 3\], found float32 \[256, 128, 3, 3\]", done.stderr)
    assert "Known networks, by torchvision's names: densenet121," in done.stderr and not (work / "m").exists()
    made(work, "resnet18", classes=7)
    assert f"the weights file '{work}/w.pth' has 7 outputs, but there are 4 labels" in torchport(
        "import", work / "w.pth", "--labels", labels, "-o", work / "m", status=3).stderr
    made(work, "resnet18", lambda whole: {key: tensor for key, tensor in whole.items() if not key.startswith("fc.")})
    assert "lacks the last layer of resnet18" in torchport("import", work / "w.pth", "--labels", labels, "-o", work / "m", status=3).stderr
    assert f"the weights file '{labels}' cannot be used" in torchport("import", labels, "--labels", labels, "-o", work / "m", status=3).stderr
    assert "--labels is missing" in torchport("import", made(work, "resnet18"), "-o", work / "m", status=2).stderr
    assert "--mean is '1,2', which is not three numbers" in torchport(
        "import", work / "w.pth", "--labels", labels, "-o", work / "m", "--mean", "1,2", "--std", "1,1,1", status=2).stderr
    assert not (work / "m").exists()


def test_a_larger_network_is_not_its_beginning(work):
    """ResNet-34 has all entries of ResNet-18, in the same shapes."""
    done = torchport("import", made(work, "resnet34"), "--labels", labels_file(work), "-o", work / "m")
    assert "It is a resnet34" in done.stderr


def test_transformation(work):
    """What an imported model lacks, and what an exported one says instead."""
    torchport("run", "init_image_transformation", "--size=48", "--crop_size=40", f"--output_path={work}/t", "--run-dir", work / "run")
    torchport("import", made(work, "resnet18"), "--labels", labels_file(work), "-o", work / "m", "--transformation", work / "t")
    note = json.loads((work / "m/_input.json").read_text())
    assert (note["height"], note["width"], note["transforms"][-1][0]) == (40, 40, "CenterCrop")
    torchport("export", work / "m", "--format", "safetensors", "-o", work / "out")
    with safetensors.safe_open(work / "out/model.safetensors", "pt") as file:
        assert json.loads(file.metadata()["transforms"]) == note["transforms"]


def test_refusals(work, model):
    torchport("run", "resnet", "--model_name=resnet18", "--pretrained=False", f"--untrained_model_path={work / 'untrained'}", "--run-dir", work / "r")
    assert "the trained model is untrained" in torchport("export", work / "untrained", "--format", "torchvision", "-o", work / "out", status=3).stderr
    assert not (work / "out").exists()
    (work / "full").mkdir()
    (work / "full/mine").write_text("")
    assert "exists and is not empty" in torchport("export", model[0], "--format", "torchvision", "-o", work / "full", status=2).stderr
    assert "--format is 'pth', which is not one of its values" in torchport("export", model[0], "--format", "pth", "-o", work / "out", status=2).stderr
