"""Label files of data labeling projects and AutoML: JSON lines, MLTable, CSV and COCO whose images lie elsewhere."""
import json
import shutil

import pytest
from PIL import Image

from harness import SOURCE, torchport

LABELS = SOURCE / "tests/data/labels"
PHOTOS = {"cat": (0, 4, 8), "dog": (2, 6), "frog": (0, 4, 8)}
STORE = "AmlDatastore://workspaceblobstore/UI/2021-03-01_101500_UTC/animals/"
LONG = ("azureml://subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/rg/workspaces/ws/datastores/workspaceblobstore/paths/"
        "UI/2021-03-01_101500_UTC/animals/")
MAP = [f"--path_map={STORE}=photos", f"--path_map={LONG}=photos"]


@pytest.fixture
def here(work):
    """The photos of the label files, by their names in the store."""
    for number, (category, names) in enumerate(PHOTOS.items()):
        (work / "photos" / category).mkdir(parents=True)
        for name in names:
            Image.new("RGB", (20 + name, 30), (80 * number, 10 * name, 0)).save(work / "photos" / category / f"{name:02}.jpg")
    return work


def convert(here, source, *options, status=0):
    shutil.rmtree(here / "out", ignore_errors=True)
    return torchport("run", "convert_to_image_directory", f"--input_path={source}", "--output_path=out", *options, status=status, cwd=here)


@pytest.mark.parametrize("kind", ["jsonl", "mltable", "coco_mapped", "csv"])
def test_images_that_lie_elsewhere(here, kind):
    """By the prefixes of their addresses; each image has its own label, whatever the order of the file."""
    said = convert(here, LABELS / kind, *MAP).stdout
    assert "8 images in 3 categories" in said and "cat: 3" in said and "dog: 2" in said and "frog: 3" in said, said
    rows = [json.loads(line) for line in (here / "out/images.lst").read_text().splitlines()]
    for row in rows:   # the pixels say which photo it is
        copied = (here / "out" / row["image_info"]["file_name"]).read_bytes()
        (photo,) = [path for path in (here / "photos").rglob("*.jpg") if path.read_bytes() == copied]
        assert photo.parent.name == row["category"], (photo, row)


@pytest.mark.parametrize("kind", ["jsonl", "mltable", "csv"])
def test_images_beside_the_file(here, kind):
    """Without a map the longest end of the addresses counts that is there for all of them, and it is said."""
    shutil.copytree(LABELS / kind, here / "in")
    shutil.copytree(here / "photos", here / "in/animals")
    said = convert(here, "in").stdout
    assert "8 images in 3 categories" in said and "without the first 2 parts" in said, said
    shutil.rmtree(here / "in/animals/frog")
    error = convert(here, "in", status=5).stderr
    assert "3 of 8 images of the label file are not under 'in', the first is AmlDatastore://" in error and f"--path_map '{STORE}frog/=FOLDER'" in error, error


def test_the_longest_prefix_counts(here):
    shutil.move(here / "photos/dog", here / "dogs")
    said = convert(here, LABELS / "csv", f"--path_map={STORE}=photos", f"--path_map={STORE}dog/=dogs").stdout
    assert "8 images in 3 categories" in said, said
    error = convert(here, LABELS / "csv", "--path_map=photos", status=2).stderr
    assert "--path_map 'photos' is not PREFIX=FOLDER" in error, error


def lines(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_rows(here):
    """Several labels with confidences, none, numbers; what leaves the folder or contradicts itself is refused."""
    (here / "in").mkdir()
    shutil.copytree(here / "photos", here / "in/photos")
    a, b, c = ("photos/cat/00.jpg", "photos/cat/04.jpg", "photos/dog/02.jpg")
    (here / "in/l.jsonl").write_text(lines({"image_url": a, "label": ["x", "y"], "label_confidence": [0.2, 0.8]}, {"image_url": b, "label": ""},
                                           {"image_url": c, "label": 7}, {"image_url": "notes.txt", "label": "x"}))
    said = convert(here, "in").stdout
    assert "7: 1" in said and "y: 1" in said and "2 images in 2 categories" in said and "without a label" in said, said
    for text, reason in [
            (lines({"image_url": a, "label": ["x", "y"]}), "line 1 of the label file 'in/l.jsonl' has several labels and no confidence of each"),
            (lines({"image_url": a, "label": "x"}, {"image_url": a, "label": "y"}), "line 2 of the label file 'in/l.jsonl' has another label for the image of line 1"),
            (lines({"image_url": a, "label": {"x": 1}}), "has a label that is neither a text nor a list of texts"),
            (lines({"image_url": a, "label": "x"}) + '{"image_url": "b"', "line 2 of the label file 'in/l.jsonl' is not valid JSON"),
            (lines({"image_url": "../photos/cat/00.jpg", "label": "x"}), "1 of 1 images of the label file are not under 'in'"),
            (lines({"image_url": "s://c/%2e%2e/photos/cat/00.jpg", "label": "x"}), "1 of 1 images of the label file are not under 'in'")]:
        (here / "in/l.jsonl").write_text(text)
        assert reason in convert(here, "in", status=5).stderr, convert(here, "in", status=5).stderr
    (here / "in/l.jsonl").write_text(lines({"image_url": "s://c/%2e%2e/cat/00.jpg", "label": "x"}))
    assert "1 of 1 images" in convert(here, "in", "--path_map=s://c/=photos/dog", status=5).stderr


def test_tables_of_other_kinds(here):
    """Beside class folders a table is no list of labels; an MLTable that filters its rows is refused by the name of what it does."""
    (here / "photos/index.csv").write_text("file,class\nnone.jpg,x\n")
    said = convert(here, "photos").stdout
    assert "8 images in 3 categories" in said and "is not used as a list of labels" in said, said
    shutil.copytree(LABELS / "mltable", here / "in")
    table = (here / "in/MLTable").read_text()
    for text, reason in [(table + "  - filter: 'col(x) > 1'\n", "has the transformation 'filter', which is not done here"),
                         (table.replace("./train", "azureml://x/train"), "names a file in the cloud"), ("paths: 3\n", "has no list 'paths'"),
                         (table.replace("- file:", "- folder:"), "names no 'file'")]:
        (here / "in/MLTable").write_text(text)
        assert reason in convert(here, "in", *MAP, status=5).stderr, convert(here, "in", *MAP, status=5).stderr


def test_in_a_pipeline(here):
    """Folders of the map are relative to the file, and what lies in them decides on reuse."""
    (here / "sub").mkdir()
    (here / "sub/p.yaml").write_text(f"""name: p
inputs: {{labels: {LABELS / 'jsonl'}}}
steps:
  convert:
    component: convert_to_image_directory
    inputs: {{input: inputs.labels}}
    parameters:
      path_map:
        - {STORE}=../photos
        - {LONG}=../photos
""")
    assert "8 images in 3 categories" in torchport("run", "sub/p.yaml", cwd=here).stderr
    assert torchport("run", "sub/p.yaml", "--dry-run", cwd=here).stdout.split()[1] == "reuse"
    Image.new("RGB", (9, 9)).save(here / "photos/cat/00.jpg")
    assert torchport("run", "sub/p.yaml", "--dry-run", cwd=here).stdout.split()[1] == "run"
