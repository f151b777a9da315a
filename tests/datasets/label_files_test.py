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
    assert f"{STORE if kind == 'csv' else LONG}cat/00.jpg is animals/cat/00.jpg" in said, said
    Image.new("RGB", (9, 9)).save(here / "in/animals/other.jpg")
    assert "Left out 1, not listed in the label file: animals/other.jpg" in convert(here, "in").stdout
    shutil.rmtree(here / "in/animals/frog")
    error = convert(here, "in", status=5).stderr
    head = LONG if kind == "mltable" else STORE
    assert "3 of 8 images of the label file are not under 'in'" in error and f"the first is {head}frog/00.jpg" in error, error
    assert f"--path_map '{head}frog/=FOLDER'" in error, error


@pytest.mark.parametrize("file", ["jsonl/labels.jsonl", "csv/labeledDatapoints.csv", "mltable/train_annotations.jsonl"])
def test_a_file_by_itself(here, file):
    """What lies around it is not looked at, so all its images must be where the map says."""
    shutil.copy(LABELS / file, here)
    name = (here / file).name
    said = convert(here, name, *MAP).stdout
    assert "8 images in 3 categories" in said and "not listed" not in said, said
    for options in ([], ["--format=idx", *MAP]):
        error = convert(here, name, *options, status=5).stderr
        assert f"'{name}' is a file by itself, not the folder of a label file and its images" in error and "--input_path=.; or" in error, error
    error = convert(here, name, "--path_map=x://=photos", status=5).stderr
    assert "8 of 8 images of the label file are not under '.'" in error, error
    shutil.copy(LABELS / "coco_mapped/labeledDatapoints.json", here)
    assert "'labeledDatapoints.json' is a file by itself" in convert(here, "labeledDatapoints.json", *MAP, status=5).stderr


def test_coco_beside_its_images(here):
    """As a labeling project exports it into the folder of the images: the addresses in it do not count."""
    text = (LABELS / "coco_mapped/labeledDatapoints.json").read_text()
    (here / "photos/coco.json").write_text(text.replace('"file_name": "UI/2021-03-01_101500_UTC/animals/', '"file_name": "'))
    said = convert(here, "photos").stdout
    assert "8 images in 3 categories" in said and "cat: 3" in said and "dog: 2" in said and "frog: 3" in said, said


def test_the_longest_prefix_counts(here):
    shutil.move(here / "photos/dog", here / "dogs")
    said = convert(here, LABELS / "csv", f"--path_map={STORE}=photos", f"--path_map={STORE}dog/=dogs").stdout
    assert "8 images in 3 categories" in said, said
    error = convert(here, LABELS / "csv", "--path_map=photos", status=2).stderr
    assert "--path_map 'photos' is not PREFIX=FOLDER" in error, error
    error = convert(here, LABELS / "csv", f"--path_map={STORE}=nowhere", status=2).stderr
    assert f"--path_map says that the images of '{STORE}' are in 'nowhere', which is not a folder" in error, error


def test_what_a_map_does_not_cover(here):
    """The first address without a prefix is named, and the head to give; files that are not where the map says; prefixes without use."""
    error = convert(here, LABELS / "jsonl", MAP[0], status=5).stderr
    assert f"4 of 8 images of the label file are not under '{LABELS / 'jsonl'}', the first is {LONG}cat/00.jpg" in error, error
    assert f"--path_map '{LONG}=FOLDER'" in error, error
    (here / "photos/dog/06.jpg").unlink()
    error = convert(here, LABELS / "csv", MAP[0], status=5).stderr
    assert f"1 of 8 images of the label file are not where --path_map says, the first is {STORE}dog/06.jpg: there is no file 'photos/dog/06.jpg'" in error, error
    assert "--path_map: no address begins with s3://" in convert(here, "photos", "--path_map=s3://=photos").stdout
    error = convert(here, LABELS / "coco_mapped", MAP[0], status=5).stderr
    assert f"1 of 8 images of the label file are not under '{LABELS / 'coco_mapped'}', the first is {STORE}dog/06.jpg" in error, error


def test_mapped_images_stay_where_they_are(here):
    """Of an archive the images are moved out of the scratch folder; those that its label file names elsewhere are the user's."""
    shutil.make_archive(here / "export", "zip", LABELS / "jsonl")
    before = sorted(path.read_bytes() for path in (here / "photos").rglob("*.jpg"))
    assert "8 images in 3 categories" in convert(here, "export.zip", *MAP).stdout
    assert sorted(path.read_bytes() for path in (here / "photos").rglob("*.jpg")) == before
    shutil.copytree(here / "photos", here / "both/animals")
    shutil.copytree(LABELS / "jsonl", here / "both", dirs_exist_ok=True)
    shutil.make_archive(here / "export", "zip", here / "both")
    assert "cat/00.jpg is animals/cat/00.jpg" in convert(here, "export.zip").stdout
    assert "export.zip!animals/cat/00.jpg" in (here / "out/_origins.lst").read_text()


@pytest.mark.parametrize("kind", ["jsonl", "coco_mapped"])
def test_links_out_of_a_mapped_folder(here, kind):
    shutil.move(here / "photos/cat/00.jpg", here / "elsewhere.jpg")
    (here / "photos/cat/00.jpg").symlink_to(here / "elsewhere.jpg")
    assert "8 images in 3 categories" in convert(here, LABELS / kind, *MAP).stdout
    for links in ("inside", "skip"):
        error = convert(here, LABELS / kind, *MAP, f"--links={links}", status=5).stderr
        assert "cat/00.jpg leads out of 'photos', where --path_map says that it lies, by a symbolic link" in error and "--links=follow" in error, error


def test_a_source_path_for_each_image(here):
    """Where an image came from is kept, so that a scored table can name it."""
    convert(here, LABELS / "csv", MAP[0])
    assert "photos/dog/02.jpg" in (here / "out/_origins.lst").read_text(), sorted(path.name for path in (here / "out").iterdir())


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
    assert f"1 of 2 images have several labels, of which the one with the highest confidence counts: {a} is y" in said, said
    for text, reason in [
            (lines({"image_url": a, "label": ["x", "y"]}), "line 1 of the label file 'in/l.jsonl' has several labels and no confidence of each"),
            (lines({"image_url": a, "label": ["x", "y"], "label_confidence": [0.5, 0.5]}), "has several labels of the same highest confidence"),
            (lines({"image_url": a, "label": "x"}, {"image_url": a, "label": "y"}), "line 2 of the label file 'in/l.jsonl' has another label for the image of line 1"),
            (lines({"image_url": a, "label": [{"label": "x", "topX": 0.1}, {"label": "y"}]}), "has boxes of several categories"),
            (lines({"image_url": a, "label": "x"}, {"image_url": "AmlDatastore://s/" + a, "label": "y"}), "line 2 of the label file 'in/l.jsonl' has another label"),
            (lines({"image_url": a, "label": {"x": 1}}), "has a label that is neither a text nor a list of texts"),
            (lines({"image_url": a, "label": "x"}) + '{"image_url": "b"', "line 2 of the label file 'in/l.jsonl' is not valid JSON"),
            (lines({"image_url": "../photos/cat/00.jpg", "label": "x"}), "1 of 1 images of the label file are not under 'in'"),
            (lines({"image_url": "s://c/%2e%2e/photos/cat/00.jpg", "label": "x"}), "1 of 1 images of the label file are not under 'in'")]:
        (here / "in/l.jsonl").write_text(text)
        assert reason in convert(here, "in", status=5).stderr, convert(here, "in", status=5).stderr
    (here / "in/l.jsonl").write_text(lines({"image_url": "s://c/%2e%2e/cat/00.jpg", "label": "x"}))
    error = convert(here, "in", "--path_map=s://c/=photos/dog", status=5).stderr
    assert "s://c/%2e%2e/cat/00.jpg leads out of 'photos/dog', where --path_map says that it lies\n" in error and "--links" not in error, error
    assert "1 images in 1 categories" in convert(here, "in", "--path_map=s://c/%2e%2e/=photos").stdout
    (here / "in/l.jsonl").write_text(lines({"image_url": "https://a.blob.core.windows.net/c/cat/00%2Ejpg?sig=abc", "label": [{"label": "x"}, {"label": "x"}]},
                                           {"image_url": a, "label": "x"}, {"image_url": b, "label": "y"}))
    said = convert(here, "in", "--path_map=https://a.blob.core.windows.net/c=in/photos").stdout
    assert "2 images in 2 categories" in said and "Left out 1, listed twice: photos/cat/00.jpg" in said, said


def test_several_labels_in_a_table(here):
    """By the rule of JSON lines; a name in brackets is one."""
    table = here / "photos/l.csv"
    table.write_text('Url,Label,LabelConfidence\ncat/00.jpg,"[""x"", ""cat""]","[0.1, 0.9]"\ncat/04.jpg,[x],1\ndog/02.jpg,"[""dog""]",\ndog/06.jpg,[],\n')
    said = convert(here, "photos", "--format=csv").stdout
    assert "3 images in 3 categories" in said and "  cat: 1" in said and "  [x]: 1" in said and "  dog: 1" in said, said
    assert "1 of 3 images have several labels, of which the one with the highest confidence counts: cat/00.jpg is cat" in said, said
    assert "Left out 1, without a label: dog/06.jpg" in said, said
    for row, reason in [('"[""x"", ""y""]",1', "has several labels and no confidence of each"), ('"[""x"", ""y""]","[1, 1]"', "has several labels of the same"),
                        ("\"['x', 'y']\",1", "has a list of labels that is not JSON")]:
        table.write_text("file,label,confidence\ncat/00.jpg," + row + "\n")
        error = convert(here, "photos", "--format=csv", status=5).stderr
        assert f"line 2 of the label file 'photos/l.csv' {reason}" in error, error


def test_the_heading_of_a_table(here):
    """What is wrong with it is said where the table was meant: by --format, by --path_map, or as there is no image."""
    (here / "in").mkdir()
    for text, reason in [("foo,bar\n", "its heading 'foo,bar' has no column Url, image_url, path or file beside one Label or class"),
                         ("File;Label\n", "its heading 'File;Label' has semicolons between the columns, where commas belong")]:
        (here / "in/l.csv").write_text(text + "cat/00.jpg,cat\n")
        for source, options in [("in", ["--format=csv"]), ("in", MAP), ("in/l.csv", MAP), ("in", [])]:
            error = convert(here, source, *options, status=5).stderr
            assert f"the CSV file 'in/l.csv' is no label file: {reason}" in error, error
            assert ("the input holds no image" in error) == (not options), error
    shutil.copy(here / "in/l.csv", here / "photos")
    said = convert(here, "photos").stdout
    assert "8 images in 3 categories" in said and "no label file" not in said, said


def test_paths_as_windows_writes_them(here):
    """A backslash separates folders, unless a file has it in its name; the hint works, also for names alone."""
    (here / "in").mkdir()
    rows = lines({"image_url": "set\\cat\\00.jpg", "label": "x"}, {"image_url": "set\\dog\\02.jpg", "label": "y"})
    (here / "in/l.jsonl").write_text(rows)
    error = convert(here, "in", status=5).stderr
    assert "the first is set\\cat\\00.jpg" in error and "--path_map 'set\\=FOLDER'" in error, error
    assert "In 2 addresses \\ is read as /: set\\cat\\00.jpg is photos/cat/00.jpg" in convert(here, "in", "--path_map=set\\=photos").stdout
    shutil.copytree(here / "photos", here / "in/set")
    assert "In 2 addresses \\ is read as /: set\\cat\\00.jpg is in/set/cat/00.jpg" in convert(here, "in").stdout
    shutil.copy(here / "photos/cat/04.jpg", here / "in/set\\cat\\00.jpg")
    assert "In 1 addresses \\ is read as /: set\\dog" in convert(here, "in").stdout
    assert (here / "out/image/0_0.jpg").read_bytes() == (here / "photos/cat/04.jpg").read_bytes()
    (here / "in/l.jsonl").write_text(lines({"image_url": "..\\secret.jpg", "label": "x"}))
    assert "leads out of 'photos'" in convert(here, "in", "--path_map==photos", status=5).stderr
    (here / "in/l.jsonl").write_text(lines({"image_url": "cat/00.jpg", "label": "x"}, {"image_url": "dog/02.jpg", "label": "y"}))
    shutil.rmtree(here / "in/set")
    assert "--path_map '=FOLDER'" in convert(here, "in", status=5).stderr
    assert "2 images in 2 categories" in convert(here, "in", "--path_map==photos").stdout


def test_coco_by_the_ends_of_its_paths(here):
    """What was guessed is said, and what is missing names the flag to give."""
    text = json.loads((LABELS / "coco_mapped/labeledDatapoints.json").read_text())
    for image in text["images"]:
        del image["coco_url"], image["absolute_url"]
    (here / "photos/coco.json").write_text(json.dumps(text))
    first = text["images"][0]["file_name"]
    assert f"8 of 8 images are found by the ends of their paths alone: {first} is cat/00.jpg" in convert(here, "photos").stdout
    (here / "in").mkdir()
    shutil.move(here / "photos/coco.json", here / "in")
    error = convert(here, "in", status=5).stderr
    head = first.removesuffix("cat/00.jpg")
    assert f"8 of 8 image files are missing, the first is '{first}'" in error and f"--path_map '{head}=FOLDER'" in error, error
    said = convert(here, "in", f"--path_map={head}=photos").stdout
    assert "8 images in 3 categories" in said and "by the ends" not in said, said
    for image in text["images"]:
        image["file_name"] = image["file_name"].removeprefix(head).replace("/", "\\")
    (here / "photos/coco.json").write_text(json.dumps(text))
    assert "In 8 addresses \\ is read as /: cat\\00.jpg is cat/00.jpg" in convert(here, "photos").stdout


def test_tables_of_other_kinds(here):
    """Beside class folders a table is no list of labels; an MLTable that filters its rows is refused by the name of what it does."""
    (here / "photos/index.csv").write_text("file,class\nnone.jpg,x\n")
    said = convert(here, "photos").stdout
    assert "8 images in 3 categories" in said and "is not used as a list of labels" in said, said
    shutil.copytree(LABELS / "mltable", here / "in")
    table = (here / "in/MLTable").read_text()
    for text, reason in [(table + "  - filter: 'col(x) > 1'\n", "has the transformation 'filter', which is not done here"),
                         (table.replace("./train", "azureml://x/train"), "names a file in the cloud"), ("paths: 3\n", "has no list 'paths'"),
                         (table.replace("./train", "../x/train"), "names the file '../x/train_annotations.jsonl', which cannot be used"),
                         (table.replace("read_json_lines", "read_delimited").replace("encoding: utf8", "delimiter: ;"), "has delimiter ';'"),
                         (table.replace("- file:", "- folder:"), "names no 'file'")]:
        (here / "in/MLTable").write_text(text)
        assert reason in convert(here, "in", *MAP, status=5).stderr, convert(here, "in", *MAP, status=5).stderr


def test_csv(here):
    """A table of files beside it; lines are counted with those within quotes."""
    (here / "photos/labels.csv").write_text('id,File,Class\r\n1,cat/00.jpg,"a, b"\r\n"2\n",dog/02.jpg,c\r\n3,dog/06.jpg,\r\n')
    said = convert(here, "photos", "--format=csv").stdout
    assert "2 images in 2 categories" in said and "  a, b: 1" in said and "Left out 1, without a label: dog/06.jpg" in said, said
    for text, reason in [('file,label\n"cat\n/00.jpg",x\ncat/00.jpg\n', "line 4 of the label file 'photos/labels.csv' has no address of an image, or no field"),
                         ('file,label\n"cat/00.jpg,x\n', "line 2 of the label file 'photos/labels.csv'")]:
        (here / "photos/labels.csv").write_text(text)
        assert reason in convert(here, "photos", "--format=csv", status=5).stderr, convert(here, "photos", "--format=csv", status=5).stderr
        assert "8 images in 3 categories" in convert(here, "photos").stdout


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
    assert torchport("estimate", "sub/p.yaml", cwd=here).stdout.splitlines()[1].split()[:2] == ["convert", "8"]
    assert "8 images in 3 categories" in torchport("run", "sub/p.yaml", cwd=here).stdout
    both = [word for prefix in (STORE, LONG) for word in ("--set", f"convert.path_map={prefix}=photos")]   # all that are set count
    assert torchport("run", "sub/p.yaml", *both, "--dry-run", cwd=here).stdout.split()[1] == "reuse"
    assert torchport("run", "sub/p.yaml", "--dry-run", cwd=here).stdout.split()[1] == "reuse"
    Image.new("RGB", (9, 9)).save(here / "photos/cat/00.jpg")
    assert torchport("run", "sub/p.yaml", "--dry-run", cwd=here).stdout.split()[1] == "run"
