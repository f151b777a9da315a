"""Score Image Model against the tables that the original wrote, and against torchvision with the same weights."""
import json
import re
import shutil

import numpy
import pandas
import pyarrow.parquet
import pytest
import torch
import yaml
from PIL import Image

import reference
from harness import NOTES, ORIGINAL, class_folders, golden, torchport

TRAIN, VALID, UNLABELLED = (ORIGINAL / f"image_directory_{name}" for name in ("labelled", "valid", "unlabelled"))
CLASSES = ["circle", "square", "triangle"]
PROBABILITIES = [f"Scored Probabilities_{name}" for name in CLASSES]


def score(model, dataset, out, *more, status=0):
    return torchport("run", "score_image_model", "--trained-model", model, "--dataset", dataset, "--scored-dataset", out,
                     "--run-dir", f"{out}-run", *more, status=status)


def table(folder):
    return pandas.read_parquet(folder / "_data.parquet")


def alike(ours, theirs, tolerance):
    """Whether two JSON documents are equal but for small differences of numbers."""
    if isinstance(theirs, dict):
        return list(ours) == list(theirs) and all(alike(ours[key], theirs[key], tolerance) for key in theirs)
    if isinstance(theirs, list):
        return len(ours) == len(theirs) and all(alike(a, b, tolerance) for a, b in zip(ours, theirs))
    if isinstance(theirs, float):
        return isinstance(ours, float) and abs(ours - theirs) <= tolerance
    return type(ours) is type(theirs) and ours == theirs


def assert_form(out, theirs):
    """A scored dataset has the original's files, schema and form of Parquet, whatever its probabilities."""
    names = sorted(path.relative_to(theirs) for path in theirs.rglob("*") if path.is_file())
    assert sorted(path.relative_to(out) for path in out.rglob("*") if path.is_file() and path.name not in NOTES) == names
    for name in ("_meta.yaml", "schema/_schema.json"):
        assert (out / name).read_bytes() == (theirs / name).read_bytes(), name
    files = [pyarrow.parquet.ParquetFile(folder / "_data.parquet") for folder in (out, theirs)]
    assert files[0].schema_arrow.equals(files[1].schema_arrow)
    described = [json.loads(file.schema_arrow.metadata[b"pandas"]) for file in files]
    assert described[0]["columns"] == described[1]["columns"]
    forms = []
    for file in files:
        group = file.metadata.row_group(0)
        columns = [group.column(i) for i in range(group.num_columns)]
        forms.append((file.metadata.num_row_groups, file.metadata.format_version,
                      [(c.physical_type, c.compression, c.has_dictionary_page, set(c.encodings)) for c in columns]))
    assert forms[0] == forms[1], forms


def assert_like_original(out, theirs):
    """The probabilities are the original's within 1e-5 as well, and so is all that is told of them."""
    assert_form(out, theirs)
    for name in ("_samples.json", "_data.visualization"):
        ours, wanted = ((folder / name).read_text() for folder in (out, theirs))
        assert alike(json.loads(ours), json.loads(wanted), 1e-5), name
        assert ours == json.dumps(json.loads(ours), indent=2), f"{name} is not laid out as the original's"

    ours, wanted = table(out), table(theirs)
    pandas.testing.assert_frame_equal(ours, wanted, rtol=0, atol=1e-5)
    scores = [name for name in wanted if name.startswith("Scored Probabilities_")]
    print(f"{theirs.name}: largest difference to the original's {(ours[scores] - wanted[scores]).abs().max().max():.1e}")


def test_original_tables(work):
    """The original's tables come out of the original's model."""
    model = golden("trained_resnet18")
    score(model, VALID, work / "valid")
    assert_like_original(work / "valid", ORIGINAL / "scored_valid")
    score(model, UNLABELLED, work / "unlabelled")
    assert_like_original(work / "unlabelled", ORIGINAL / "scored_unlabelled")


@pytest.fixture(scope="module")
def model(shared):
    """A trained ResNet-18. The untrained one is in the folder `resnet18` beside it."""
    torchport("run", "resnet", "--model_name=resnet18", "--pretrained=False", f"--untrained_model_path={shared / 'resnet18'}", "--run-dir", shared / "a")
    torchport("run", "train_pytorch_model", "--untrained-model-path", shared / "resnet18", "--train-data-path", TRAIN, "--valid-data-path", VALID,
              "--trained-model-path", shared / "trained", "--epochs", 1, "--batch-size", 8, "--learning-rate", 0.01, "--run-dir", shared / "b")
    return shared / "trained"


def test_against_torchvision(work, model):
    """A model that Train made scores as torchvision's softmax with its weights, in either layout, whatever the batch and the threads."""
    network = reference.network(model, "resnet18", len(CLASSES)).eval()
    images, labels = reference.dataset(VALID)
    with torch.no_grad():
        wanted = network(images).softmax(1).numpy()
    tables = {}
    for name, options in {"plain": [], "contiguous": ["--memory-format", "contiguous", "--batch-size", 7],
                          "one": ["--batch-size", 1], "threads": ["--loader-threads", 5]}.items():
        score(model, VALID, work / name, *options)
        tables[name] = table(work / name)
        found = tables[name][PROBABILITIES].to_numpy()
        print(f"{name}: largest difference to torchvision's softmax {numpy.abs(found - wanted).max():.1e}")
        assert numpy.abs(found - wanted).max() <= 1e-5
        assert list(tables[name]["Scored Labels"]) == [CLASSES[i] for i in wanted.argmax(1)]
        assert list(tables[name]["category"]) == [CLASSES[i] for i in labels]
        assert (found == found.astype(numpy.float32)).all(), "probabilities are float32 numbers"
    assert tables["plain"].equals(tables["threads"])
    assert_form(work / "plain", ORIGINAL / "scored_valid")


def test_flip(work, model):
    """--test-time-flip is the mean of torchvision's softmax of the images and of their mirror images, which the images by themselves miss."""
    network = reference.network(model, "resnet18", len(CLASSES)).eval()
    images, _ = reference.dataset(VALID)
    with torch.no_grad():
        plain = network(images).softmax(1)
        wanted = ((plain + network(images.flip(3)).softmax(1)) / 2).numpy()
    for name, options in {"flip": [], "flip-contiguous": ["--memory-format", "contiguous", "--batch-size", 7]}.items():
        score(model, VALID, work / name, "--test-time-flip", "True", *options)
        found = table(work / name)[PROBABILITIES].to_numpy()
        print(f"{name}: largest difference to torchvision's means {numpy.abs(found - wanted).max():.1e}, of the images alone {numpy.abs(plain.numpy() - wanted).max():.1e}")
        assert numpy.abs(found - wanted).max() <= 1e-5 < numpy.abs(plain.numpy() - wanted).max() / 10
    assert "The probabilities are the means of those of each image and of its mirror image." in (work / "flip-run/logs/70_driver_log_0").read_text()
def test_precision(work, model):
    """bfloat16 gives float32's answers but for rounding, says how they differ, and is only used where it is asked for."""
    score(model, VALID, work / "exact")
    done = score(model, VALID, work / "rounded", "--precision", "bfloat16", "--batch-size", 4)
    exact, rounded = table(work / "exact"), table(work / "rounded")
    difference = numpy.abs(exact[PROBABILITIES].to_numpy() - rounded[PROBABILITIES].to_numpy()).max()
    assert 0 < difference < 0.02
    assert re.search(r"Precision: bfloat16\.\n", done.stdout)
    told = re.search(r"bfloat16 beside float32 in the first 4 images: the likeliest category is the same in ([0-4]), and probabilities differ by at most "
                     r"(0\.\d{4})\.", done.stdout)
    same = (exact["Scored Labels"][:4] == rounded["Scored Labels"][:4]).sum()
    assert told and int(told[1]) == same and float(told[2]) <= difference + 1e-4
    assert json.loads((work / "rounded-run/run.json").read_text())["precision"] == "bfloat16"
    assert "bfloat16" not in score(model, VALID, work / "again").stdout


def test_csv(work, model):
    """--scored-format csv gives the same table as text, whose numbers read back to the same bits."""
    score(model, VALID, work / "plain")
    score(model, VALID, work / "csv", "--scored-format", "csv")
    text = pandas.read_csv(work / "csv/_data.csv", converters=dict.fromkeys(PROBABILITIES, float))
    pandas.testing.assert_frame_equal(text, table(work / "plain"), check_exact=True, check_dtype=False)
    assert yaml.safe_load((work / "csv/_meta.yaml").read_text())["format"] == "Csv"


def copy_of(model, target, **changes):
    """A model directory with another spec: keys of nested maps are joined by "__", None removes a key."""
    shutil.copytree(model, target)
    spec = yaml.safe_load((target / "model_spec.yaml").read_text())
    for path, value in changes.items():
        place = spec
        *parents, last = path.split("__")
        for key in parents:
            place = place[key]
        place[last] = value
        if value is None:
            del place[last]
    (target / "model_spec.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))
    return target


def test_other_forms(work, model):
    """Without a pre_processor images are not normalised; an out_linear_model on ImageNet's head counts; without a label map labels are numbers."""
    network = reference.network(model, "resnet18", len(CLASSES)).eval()
    images, _ = reference.dataset(VALID)
    score(copy_of(model, work / "plain-model", inputs=None, label_map_file=None), VALID, work / "not-normalised")
    with torch.no_grad():
        wanted = network(images * 0.5 + 0.5).softmax(1).numpy()
    found = table(work / "not-normalised")
    assert list(found.columns[2:]) == [f"Scored Probabilities_{i}" for i in range(3)] + ["Scored Labels"]
    assert numpy.abs(found.iloc[:, 2:5].to_numpy() - wanted).max() <= 1e-5
    assert list(found["Scored Labels"]) == [str(i) for i in wanted.argmax(1)]

    two_heads = copy_of(model, work / "two-heads", flavor_extras__init_params__pretrained=True)
    state = torch.load(model / "model", weights_only=True)
    torch.manual_seed(1)
    state["model.fc.weight"], state["model.fc.bias"] = torch.randn(1000, 512) / 20, torch.randn(1000)
    state["out_linear_model.weight"], state["out_linear_model.bias"] = torch.randn(3, 1000) / 20, torch.randn(3)
    torch.save(state, two_heads / "model")
    network.fc = torch.nn.Linear(512, 1000)
    network.load_state_dict({key.removeprefix("model."): value for key, value in state.items() if key.startswith("model.")}, strict=True)
    with torch.no_grad():
        wanted = torch.nn.functional.linear(network(images), state["out_linear_model.weight"], state["out_linear_model.bias"]).softmax(1).numpy()
    score(two_heads, VALID, work / "two")
    assert numpy.abs(table(work / "two")[PROBABILITIES].to_numpy() - wanted).max() <= 1e-5


def test_ids(work, model):
    """The id of a row is that of the index, in the index's order."""
    shutil.copytree(VALID, work / "shuffled")
    rows = [json.loads(line) for line in (VALID / "images.lst").read_text().splitlines()][::-3]
    (work / "shuffled/images.lst").write_text("".join(json.dumps(row) + "\n" for row in rows))
    score(model, work / "shuffled", work / "ids")
    assert list(table(work / "ids")["id"]) == [row["id"] for row in rows] == list(range(23, 0, -3))


def test_bad_images(work, model):
    """Images of two sizes are refused, naming both; an unreadable one too, unless some are allowed: then it has no row."""
    folders = class_folders(work / "mixed", each=3, size=40)
    Image.new("RGB", (40, 56)).save(folders / "square/0001.png")
    said = score(model, folders, work / "no", "--as-is", status=5).stderr
    assert said.startswith("error[InvalidDatasetError] score_image_model: the images of the dataset differ in size\n"), said
    assert "circle/0000.png   40 x 40" in said and "square/0001.png   40 x 56" in said, said
    said = score(model, folders, work / "no", status=5).stderr
    assert said == f"""error[InvalidDatasetError] score_image_model: the images of the dataset do not have the size of those that the model was trained on
  path          {folders}
  one image     circle/0000.png   40 x 40
  another       square/0001.png   40 x 56
  in training   64 x 64
  hint          Transform them as those were (Apply Image Transformation), or score them as they are, all of one size, with --as-is.
torchport explain NAME says more about an error.
""", said
    whole = (folders / "square/0002.png").read_bytes()
    Image.new("RGB", (40, 40)).save(folders / "square/0001.png")
    (folders / "square/0002.png").write_bytes(whole[:len(whole) // 2])
    said = score(model, folders, work / "no", "--as-is", status=6).stderr
    assert said.startswith("error[UserError] score_image_model: the image '") and "square/0002.png' of the dataset cannot be used" in said, said
    assert "here          40 x 40" in score(model, class_folders(work / "small", each=3, size=40), work / "no", status=5).stderr
    said = score(model, folders, work / "no", "--as-is", "--max-bad-fraction", 0.1, status=6).stderr
    assert "1 of 6 images of the dataset cannot be used, more than --max-bad-fraction 0.1" in said, said
    assert not (work / "no").exists()
    done = score(model, folders, work / "five", "--as-is", "--max-bad-fraction", 0.2, "--batch-size", 4)
    assert "Scored 5 of 6 images in " in done.stdout and "; 1 left out." in done.stdout, done.stdout
    assert "square/0002.png' cannot be used and is left out: " in done.stdout, done.stdout
    found = table(work / "five")
    assert list(found["id"]) == [0, 1, 2, 3, 4] and list(found["category"]) == ["circle"] * 3 + ["square"] * 2


def test_refusals(work, model):
    """An untrained model, and weights whose probabilities are not finite, are refused; all faults of a request are said at once."""
    said = score(model.parent / "resnet18", work / "nowhere", work / "no", "--batch-size", 0, status=2).stderr
    for fault in ("--batch-size is 0, but must be greater than 0", "the trained model is untrained", "the dataset does not exist"):
        assert fault in said, said
    state = torch.load(model / "model", weights_only=True)
    shutil.copytree(model, work / "huge")
    state["model.fc.weight"].fill_(3e38)   # finite, but no sum of it is
    torch.save(state, work / "huge/model")
    said = score(work / "huge", VALID, work / "no", status=3).stderr
    assert "the trained model gives probabilities that are not finite, first for 'image/0_0.png'" in said, said
    assert not (work / "no").exists()
