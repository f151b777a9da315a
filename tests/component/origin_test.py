"""The way of a photo from its folder to the list of mistakes, and what a trained model notes of its input."""
import csv
import json
import math
import shutil
import zipfile

import pandas
import pytest
from PIL import Image

from harness import NOTES, ORIGINAL, class_folders, torchport

LABELLED = ORIGINAL / "image_directory_labelled"


def run(component, run_dir, status=0, cwd=None, **flags):
    words = [word for flag, value in flags.items() for word in ("--" + flag.replace("_", "-"), value)]
    return torchport("run", component, *words, "--run-dir", run_dir, status=status, cwd=cwd)


def convert(source, out, **more):
    return run("convert_to_image_directory", f"{out}-run", input_path=source, output_path=out, **more)


def split(source, work, status=0):
    return run("split_image_directory", work / "split-run", status, src_path=source, tgt_train_path=work / "train",
               tgt_test_path=work / "test", fraction=0.5)


def apply(transforms, source, out, mode="For inference", status=0, **more):
    transformation = out.parent / f"{out.name}-transformation"
    transformation.mkdir()
    (transformation / "_meta.yaml").write_text("type: TransformationDirectory\nextension: {}\ntransform_type: Image\n")
    (transformation / "_transforms.json").write_text(json.dumps(transforms))
    return run("apply_image_transformation", f"{out}-run", status, mode=mode, input_image_transform_path=transformation,
               input_image_dir_path=source, output_path=out, **more)


def train(model, training, validation, out, **more):
    return run("train_pytorch_model", f"{out}-run", untrained_model_path=model, train_data_path=training, valid_data_path=validation,
               trained_model_path=out, epochs=1, batch_size=4, **more).stdout


def score(model, dataset, out, *more, status=0):
    return torchport("run", "score_image_model", "--trained-model", model, "--dataset", dataset, "--scored-dataset", out,
                     "--run-dir", f"{out}-run", *more, status=status)


def evaluate(scored, out):
    return run("evaluate_model", f"{out}-run", scored_dataset=scored, evaluation_results=out).stdout


def rows(folder):
    return [json.loads(line) for line in (folder / "images.lst").read_text().splitlines()]


def origins(folder):
    """The paths in the directory's list, in order, which must have the index's names."""
    title, *lines = (folder / "_origins.lst").read_text().splitlines()
    assert title == f"torchport image origins 1 {len(lines)}"
    decode = json.JSONDecoder().raw_decode
    found = []
    for line, row in zip(lines, rows(folder), strict=True):
        name, end = decode(line)
        assert name == row["image_info"]["file_name"]
        found.append(decode(line[end + 1:])[0])
    return found


@pytest.fixture(scope="module")
def photos(shared):
    """Photos of three sizes in two categories, one of them with a name that no line of text can hold."""
    folder = class_folders(shared / "photos", each=12, size=40)
    for name, size in {"circle/0001.png": (64, 48), "square/0002.png": (50, 90)}.items():
        Image.effect_noise(size, 90).convert("RGB").save(folder / name)
    (folder / "circle/0000.png").rename(folder / 'circle/a "new"\nline é.png')
    return folder


@pytest.fixture(scope="module")
def untrained(shared):
    run("resnet", shared / "untrained-run", model_name="resnet18", pretrained="False", untrained_model_path=shared / "untrained")
    return shared / "untrained"


TRANSFORMS = [["Resize", 40], ["CenterCrop", 32]]


@pytest.fixture(scope="module")
def trained(shared, photos, untrained):
    """A model whose training was augmented and whose validation was not."""
    folder = shared / "training"
    folder.mkdir()
    convert(photos, folder / "all")
    split(folder / "all", folder)
    apply([*TRANSFORMS, ["RandomHorizontalFlip", {}]], folder / "train", folder / "t", mode="For training", when="every_epoch")
    apply([*TRANSFORMS, ["RandomHorizontalFlip", {}]], folder / "test", folder / "v")
    said = train(untrained, folder / "t", folder / "v", folder / "model", learning_rate=0.01)
    assert "The model notes the size of its images, 32 x 32, and what photos go through before: Resize, CenterCrop." in said, said
    return folder / "model"


def test_origins_of_a_folder(work, photos):
    """As the input was given, whatever a name holds; Split and both kinds of Apply hand the paths on."""
    run("convert_to_image_directory", work / "r", cwd=photos.parent, input_path="photos", output_path=work / "relative")
    convert(photos, work / "all")
    for given, folder in (("photos", "relative"), (str(photos), "all")):
        wanted = sorted(f"{given}/{path.relative_to(photos)}" for path in photos.rglob("*.png"))
        assert sorted(origins(work / folder)) == wanted
    by_id = dict(zip((row["id"] for row in rows(work / "all")), origins(work / "all")))
    split(work / "all", work)
    apply(TRANSFORMS, work / "train", work / "once")
    apply(TRANSFORMS, work / "train", work / "carrying", when="every_epoch")
    for folder in ("train", "test", "once", "carrying"):
        assert origins(work / folder) == [by_id[row["id"]] for row in rows(work / folder)], folder


def test_origins_of_other_inputs(work, photos):
    """Archives, flat folders, COCO; directories without a list come from where they are."""
    with zipfile.ZipFile(work / "photos.zip", "w") as archive:
        for path in photos.rglob("*.png"):
            archive.write(path, f"top/{path.relative_to(photos)}")
    convert(work / "photos.zip", work / "zip")
    assert sorted(origins(work / "zip")) == sorted(f"{work}/photos.zip!top/{path.relative_to(photos)}" for path in photos.rglob("*.png"))
    convert(photos / "square", work / "flat")
    assert sorted(origins(work / "flat")) == sorted(str(path) for path in (photos / "square").iterdir())
    coco = shutil.copytree(photos / "square", work / "coco")
    names = sorted(path.name for path in coco.iterdir())
    (coco / "all.json").write_text(json.dumps({
        "images": [{"id": i, "file_name": name} for i, name in enumerate(names)], "categories": [{"id": 1, "name": "square"}],
        "annotations": [{"id": i, "image_id": i, "category_id": 1} for i in range(len(names))]}))
    convert(coco, work / "from-coco")
    assert sorted(origins(work / "from-coco")) == [f"{coco}/{name}" for name in names]
    split(LABELLED, work)
    assert origins(work / "train") == [f"{LABELLED}/{row['image_info']['file_name']}" for row in rows(work / "train")]
    for name, folder in {"original": LABELLED, "ours": work / "zip"}.items():   # image directories that were packed
        with zipfile.ZipFile(work / f"{name}.zip", "w") as archive:
            for path in folder.rglob("*"):
                archive.write(path, f"top/{path.relative_to(folder)}")
        convert(work / f"{name}.zip", work / f"{name}-again")
    assert origins(work / "ours-again") == origins(work / "zip")
    assert origins(work / "original-again") == [f"{work}/original.zip!top/{row['image_info']['file_name']}" for row in rows(LABELLED)]
    apply(TRANSFORMS, photos, work / "from-folders")
    assert set(origins(work / "from-folders")) == {str(path) for path in photos.rglob("*.png")}


@pytest.mark.parametrize("damage", ["count", "name", "cut", "version", "link"])
def test_lists_that_do_not_fit(work, photos, damage):
    """Another index, or a damaged list, is said and not used."""
    convert(photos, work / "all")
    path = work / "all/_origins.lst"
    text = path.read_text()
    first = text.splitlines()[1]
    changed = {"count": text.replace(" 24\n", " 23\n"), "name": text.replace(first, first.replace("image/0_", "image/9_")),
               "cut": text[:-20], "version": text.replace("origins 1 ", "origins 2 "), "link": text}[damage]
    path.unlink()
    if damage == "link":
        (work / "elsewhere").write_text(text)
        path.symlink_to(work / "elsewhere")
    else:
        path.write_text(changed)
    said = split(work / "all", work).stdout
    reason = {"count": "it does not fit the images", "name": "it does not fit the images", "cut": "a row is broken",
              "version": "it is of another version", "link": "a symbolic link out of its folder"}[damage]
    assert f"The origins of the images noted in '{path}' are not used: {reason}." in said, said
    assert origins(work / "train") == [f"{work}/all/{row['image_info']['file_name']}" for row in rows(work / "train")]


def test_mistakes(work, photos, trained):
    """The original paths of all that is taken for something else, worst first; the table itself is the original's."""
    convert(photos, work / "all")
    split(work / "all", work)
    wrong_way = {"circle": "square", "square": "circle"}
    lines = [{**row, "category": wrong_way[row["category"]]} if i % 2 else row for i, row in enumerate(rows(work / "test"))]
    (work / "test/images.lst").write_text("".join(json.dumps(line) + "\n" for line in lines))   # so that there are mistakes, whatever was learnt
    score(trained, work / "test", work / "scored")
    assert {path.name for path in (work / "scored").iterdir()} - NOTES == {"_meta.yaml", "_data.parquet", "schema", "_samples.json", "_data.visualization"}
    said = evaluate(work / "scored", work / "evaluation")
    table = pandas.read_parquet(work / "scored/_data.parquet")
    by_id = dict(zip((row["id"] for row in rows(work / "test")), origins(work / "test")))
    wrong = table[table["category"] != table["Scored Labels"]]
    assert f"Mistakes: {len(wrong)} of {len(table)} images, in '{work}/evaluation/mistakes.csv', those with the largest loss first." in said, said
    with open(work / "evaluation/mistakes.csv", newline="") as file:
        found = list(csv.DictReader(file))
    assert list(found[0]) == ["image", "id", "true_category", "predicted_category", "probability", "true_probability", "loss"]
    assert sorted(int(row["id"]) for row in found) == sorted(wrong["id"])
    losses = [float(row["loss"]) for row in found]
    assert losses == sorted(losses, reverse=True)
    for row in found:
        line = wrong[wrong["id"] == int(row["id"])].iloc[0]
        assert row["image"] == by_id[line["id"]] and row["true_category"] == line["category"] and row["predicted_category"] == line["Scored Labels"]
        truth = line[f"Scored Probabilities_{line['category']}"]
        assert float(row["true_probability"]) == truth and math.isclose(float(row["loss"]), -math.log(truth), rel_tol=1e-12)
        assert float(row["probability"]) == line[f"Scored Probabilities_{line['Scored Labels']}"]
    listed = (work / "scored/_origins.lst").read_text()
    (work / "scored/_origins.lst").write_text(listed.replace(f' {len(table)}\n', f' {len(table) + 1}\n', 1))
    assert f"The origins of the images noted in '{work}/scored/_origins.lst' are not used" in evaluate(work / "scored", work / "stale")
    assert "does not say where its images came from: mistakes.csv has their ids only." in evaluate(ORIGINAL / "scored_valid", work / "original")


def test_photos_are_treated_as_in_training(work, photos, trained):
    """Photos of any size give the numbers of the transformed directory; --as-is and images that nothing explains."""
    assert json.loads((trained / "_input.json").read_text()) == {"height": 32, "width": 32, "transforms": TRANSFORMS}
    convert(photos, work / "all")
    apply(TRANSFORMS, work / "all", work / "once")
    apply(TRANSFORMS, work / "all", work / "carrying", when="every_epoch")
    tables = {}
    for name, dataset in {"photos": work / "all", "folders": photos, "once": work / "once", "carrying": work / "carrying"}.items():
        said = score(trained, dataset, work / f"{name}-scored").stdout
        assert ("as in training: Resize, CenterCrop, to 32 x 32." in said) == (name in ("photos", "folders")), said
        tables[name] = pandas.read_parquet(work / f"{name}-scored/_data.parquet")
        assert tables[name].equals(tables["photos"]), name
    assert "differ in size" in score(trained, work / "all", work / "no", "--as-is", status=5).stderr

    apply([["Resize", [[32, 32]]]], work / "all", work / "other")
    said = score(trained, work / "other", work / "other-scored").stdout
    assert "The images went through another transformation than those of the training, and get no other here: Resize" in said, said
    assert not pandas.read_parquet(work / "other-scored/_data.parquet").equals(tables["photos"])
    apply([["Resize", [[48, 48]]]], work / "all", work / "large")
    said = score(trained, work / "large", work / "no", status=5).stderr
    assert "do not have the size of those that the model was trained on" in said and "here          48 x 48" in said, said
    score(trained, work / "large", work / "large-scored", "--as-is")


def test_notes_of_a_model(work, trained, untrained):
    """A model that is trained further notes its latest training; one without a note scores as the original's; a broken one is refused."""
    said = train(trained, LABELLED, LABELLED, work / "further")
    assert "64 x 64; what photos go through before is not known." in said, said
    assert json.loads((work / "further/_input.json").read_text()) == {"height": 64, "width": 64}
    small = class_folders(work / "small", categories=("circle", "square", "triangle"), each=2, size=40)
    assert "in training   64 x 64" in score(work / "further", small, work / "no", status=5).stderr
    (work / "further/_input.json").unlink()
    score(work / "further", small, work / "scored")
    for text, reason in {"{": "it is not valid JSON", "[]": "it is not a JSON object", '{"height": 0, "width": 5}': "its height is not a whole number, 1 to 65535",
                         '{"height": 5, "width": 5, "transforms": [["Rotate", 5]]}': "its transforms: operation 1, Rotate: there is no such operation"}.items():
        (work / "further/_input.json").write_text(text)
        said = score(work / "further", small, work / "no", status=3).stderr
        assert f"the trained model has a broken _input.json: {reason}" in said, said


def test_the_training_dataset_answers_where_validation_does_not(work, untrained, photos):
    convert(photos, work / "all")
    apply([["Resize", [[32, 32]]]], work / "all", work / "t")
    shutil.copytree(work / "t", work / "v")
    (work / "v/_applied_transforms.json").write_text("[7]")
    said = train(untrained, work / "t", work / "v", work / "model")
    assert f"The transformation noted in '{work}/v/_applied_transforms.json' is not used: operation 1 is not a name with its arguments." in said, said
    assert json.loads((work / "model/_input.json").read_text())["transforms"] == [["Resize", [[32, 32]]]]
    apply([["CenterCrop", 24], ["RandomVerticalFlip", 0.5]], work / "t", work / "again", mode="For training")
    assert json.loads((work / "again/_applied_transforms.json").read_text()) == [["Resize", [[32, 32]]], ["CenterCrop", 24]]


def test_other_annotations(work):
    """Split and Apply hand boxes on as they stand; Train, Score and check-data want categories."""
    boxes = shutil.copytree(LABELLED, work / "boxes")
    schema = json.loads((boxes / "_schema.json").read_text())
    schema["columnAttributes"][2] = {
        "name": "object_detection_annotation", "type": "Object", "isFeature": False, "elementType": {"typeName": "object", "isNullable": False},
        "properties": {"annotation_type": "COCO_object_detection", "categories": [{"id": 3, "name": "circle"}]}}
    (boxes / "_schema.json").write_text(json.dumps(schema, indent=2))
    lines = []
    for row in rows(boxes):
        del row["category"]
        row["image_info"] |= {"width": 64, "height": 64, "coco_url": "http://nowhere.invalid/1.png"}
        row["object_detection_annotation"] = [{"bbox": [1.5, 2, 30, 40], "category_id": 3, "note": "é"}]
        lines.append(row)
    (boxes / "images.lst").write_text("".join(json.dumps(row) + "\n" for row in lines))
    split(boxes, work)
    texts = {json.dumps(row) + "\n" for row in lines}
    for side in ("train", "test"):
        assert set((work / side / "images.lst").read_text().splitlines(keepends=True)) < texts
        assert (work / side / "_schema.json").read_bytes() == (boxes / "_schema.json").read_bytes()
        samples = json.loads((work / side / "_samples.json").read_text())
        assert all(list(row) == ["image", "id", "object_detection_annotation"] for row in samples), samples
    for when in ("once", "every_epoch"):
        said = apply([["Resize", [[32, 32]]]], boxes, work / when, when=when).stdout
        assert "The annotations (COCO_object_detection) are handed on as they are: boxes and masks do not move with the pixels." in said, said
        assert (work / when / "_schema.json").read_bytes() == (boxes / "_schema.json").read_bytes()
        for ours, theirs in zip(rows(work / when), lines, strict=True):
            size = 32 if when == "once" else 64
            info = {"file_name": ours["image_info"]["file_name"], "width": size, "height": size}
            wanted = {**theirs, "image_info": info}
            assert ours == wanted and list(ours) == list(wanted)
    said = torchport("check-data", boxes, status=5).stderr
    assert "is annotated for COCO_object_detection, not for classification" in said, said


def test_images_elsewhere(work):
    """A symbolic link out of the directory is the dataset's fault: in Split, and in Apply, which may leave it out."""
    folder = shutil.copytree(LABELLED, work / "linked")
    name = rows(folder)[2]["image_info"]["file_name"]
    shutil.copy(folder / name, work / "private.png")
    (folder / name).unlink()
    (folder / name).symlink_to(work / "private.png")
    said = split(folder, work, status=5).stderr
    assert f"error[InvalidDatasetError] split_image_directory: the input image directory names a file outside of its folder: '{name}'" in said, said
    for when in ("once", "every_epoch"):
        said = apply(TRANSFORMS, folder, work / f"{when}-no", status=6, when=when).stderr
        assert f"{name}' of the input image directory cannot be used: a symbolic link out of its folder" in said, said
        apply(TRANSFORMS, folder, work / when, when=when, max_bad_fraction=0.1)
        assert len(rows(work / when)) == 23 and len(origins(work / when)) == 23


def test_categories_that_teach_nothing(work, untrained):
    """One category alone is legal and warned of, and so are categories without an image."""
    one = class_folders(work / "one", categories=("only",), each=8)
    convert(one, work / "t")
    said = train(untrained, work / "t", work / "t", work / "model")
    for what in ("training", "validation"):
        assert f"All images of the {what} dataset are of one category: whatever the network answers is right, and it learns nothing." in said, said
    two = shutil.copytree(work / "t", work / "two")
    schema = json.loads((two / "_schema.json").read_text())
    schema["columnAttributes"][2]["properties"]["categories"] += [{"id": i, "name": f"c{i:02}"} for i in range(1, 13)]
    (two / "_schema.json").write_text(json.dumps(schema))
    said = train(untrained, two, two, work / "model2")
    assert "12 categories of the training dataset have no image: 'c01', 'c02', " in said and "'c10', and 2 more." in said, said
