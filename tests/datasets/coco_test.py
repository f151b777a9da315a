"""Convert to Image Directory with COCO files: those for classification become a labelled directory, others are refused with the reason."""
import json
import shutil

import harness


def convert(here, *arguments, **options):
    return harness.torchport("run", "convert_to_image_directory", "--input_path=in", "--output_path=out", "--run-dir=run", *arguments, cwd=here, **options)


def document():
    """Four images in a folder, with ids that have gaps; the third has no annotation."""
    return {"info": {"year": 2026, "nested": [[1, [2]]]},
            "images": [{"id": 70, "file_name": "train/b.png", "width": 32}, {"id": 5, "file_name": "train/a.png", "coco_url": "https://example.org/a.png"},
                       {"id": 8, "file_name": "train/c.png"}, {"id": 9, "file_name": "train/d.png"}],
            "categories": [{"id": 7, "name": "zebra"}, {"id": 3, "name": "Ångström"}, {"id": 12, "name": "unused"}],
            "annotations": [{"id": 1, "image_id": 5, "category_id": 7, "bbox": [], "area": 0.0}, {"id": 2, "image_id": 70, "category_id": 3},
                            {"id": 3, "image_id": 9, "category_id": 7}, {"id": 4, "image_id": 9, "category_id": 7}]}


def folder(here, text):
    images = harness.class_folders(here / "images", categories=["train"], each=4)
    (here / "in/nested/train").mkdir(parents=True)
    for letter, path in zip("abcd", sorted((images / "train").iterdir())):
        (here / f"in/nested/train/{letter}.png").write_bytes(path.read_bytes())
    (here / "in/nested/0_settings.json").write_text('{"images": "none"}')
    (here / "in/nested/1_broken.json").write_text("{")
    (here / "in/nested/labels.json").write_text(text if isinstance(text, str) else json.dumps(text))


def test_classification(here):
    """convert: a COCO file's categories become ids from 0 in its order of ids, and images are named by their ids."""
    folder(here, document())
    said = convert(here).stdout
    assert "Left out 1, without an annotation: train/c.png" in said and "1 categories have no image: unused" in said and "3 images in 3 categories:" in said, said
    lines = [json.loads(line) for line in (here / "out/images.lst").read_text().splitlines()]
    assert [(line["image_info"]["file_name"], line["category"]) for line in lines] == \
        [("image/70.png", "Ångström"), ("image/5.png", "zebra"), ("image/9.png", "zebra")]
    for name, source in (("70", "b"), ("5", "a"), ("9", "d")):
        assert (here / f"out/image/{name}.png").read_bytes() == (here / f"in/nested/train/{source}.png").read_bytes()
    schema = json.loads((here / "out/_schema.json").read_text())
    assert schema["columnAttributes"][2]["properties"]["categories"] == \
        [{"id": 0, "name": "Ångström"}, {"id": 1, "name": "zebra"}, {"id": 2, "name": "unused"}]
    harness.torchport("run", "split_image_directory", "--src_path=out", "--tgt_train_path=t", "--tgt_test_path=v", "--fraction=0.5", cwd=here)


def test_without_annotations(here):
    """convert: a COCO file without annotations gives no labels; without images, a COCO file's folder is any folder."""
    folder(here, {**document(), "annotations": []})
    assert "4 images without labels" in convert(here).stdout


def test_not_coco(here):
    """convert: other JSON files do not make a COCO folder, and --format=coco says so."""
    folder(here, {"images": ["train/a.png"], "labels": [1]})
    assert "the input is not a folder of the format coco" in convert(here, "--format=coco", status=5).stderr
    assert "  train: 4" in convert(here).stdout


def test_refusals(here):
    """convert: what COCO files cannot say about one category for each image is refused, naming it."""
    folder(here, document())
    path = "in/nested/labels.json"

    def refused(change, sentence):
        changed = document()
        change(changed)
        (here / path).write_text(json.dumps(changed))
        said = convert(here, status=5).stderr
        assert said.startswith(f"error[InvalidDatasetError] convert_to_image_directory: {sentence}\n"), said
        assert not (here / "out").exists()

    def with_row(key, row):
        return lambda changed: changed[key].append(row)

    cannot = f"the COCO file '{path}' cannot be used: "
    for key, value, kind in (("bbox", [1, 2, 3, 4], "object detection"), ("segmentation", [[1, 2, 3, 4]], "segmentation"),
                             ("keypoints", [1, 2, 2], "keypoints"), ("caption", "A cat.", "captions")):
        refused(with_row("annotations", {"image_id": 8, "category_id": 7, key: value}), f"the input is annotated for {kind}, not for classification")
    refused(with_row("annotations", {"image_id": 5, "category_id": 3}), cannot + "image 5 has more than one category")
    refused(with_row("annotations", {"id": 9, "image_id": 8}), cannot + "a row of annotations (id 9) has no whole number 'category_id'")
    refused(with_row("annotations", {"image_id": 8, "category_id": 99}), cannot + "the category id 99 is not listed")
    refused(with_row("categories", {"id": 13, "name": "zebra"}), cannot + "the category 'zebra' (id 13) is there twice")
    refused(with_row("images", {"id": 11, "file_name": "train/x.png"}), cannot + "1 of 5 image files are missing, the first is 'train/x.png'")
    refused(with_row("images", {"id": 11, "file_name": "train/../train/a.png"}), cannot + "the file 'train/a.png' is there twice")
    refused(with_row("images", {"id": 11, "file_name": "/etc/passwd.png"}), cannot + "1 of 5 image files are missing, the first is '/etc/passwd.png'")
    refused(with_row("images", {"id": 11, "file_name": "../../../secret.png"}), cannot + "1 of 5 image files are missing, the first is '../../../secret.png'")
    refused(with_row("images", {"id": 2**63, "file_name": "train/e.png"}), cannot + "a row of images (id 9223372036854775808) has no whole number 'id'")
    refused(with_row("images", {"id": 1.5, "file_name": "train/e.png"}), cannot + "a row of images (id 1.5) has no whole number 'id'")
    refused(with_row("images", {"id": "x", "file_name": "train/e.png"}), cannot + "a row of images (id \"x\") has no whole number 'id'")
    refused(with_row("images", {"id": 5, "file_name": "train/a.png"}), cannot + "the image id 5 is there twice")
    refused(with_row("images", ["train/e.png"]), cannot + "a row of images is not an object")
    refused(lambda changed: changed.pop("annotations"), cannot + "it has no list 'annotations'")
    refused(lambda changed: changed.update(images={"5": "train/a.png"}), cannot + "its 'images' is not a list")
    refused(with_row("images", {"id": 6, "file_name": "train/a.png"}), cannot + "the file 'train/a.png' is there twice")
    refused(with_row("images", {"id": 6, "coco_url": "https://example.org/x.png"}), "the input points to images on the web (coco_url), which are not fetched")


def small(**more):
    """Two images of two categories."""
    return {"images": [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "b.png"}],
            "annotations": [{"id": 1, "image_id": 1, "category_id": 1}, {"id": 2, "image_id": 2, "category_id": 2}],
            "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}], **more}


def lay_out(here, images, **files):
    """Images a.png and b.png in a folder below in/, and texts, bytes or documents at the paths that are given as `files`."""
    shutil.rmtree(here / "in", ignore_errors=True)
    shutil.rmtree(here / "out", ignore_errors=True)
    source = harness.class_folders(here / "two", categories=["x"], each=2)
    for folder in images:
        (here / "in" / folder).mkdir(parents=True, exist_ok=True)
        for name, path in zip("ab", sorted((source / "x").iterdir())):
            shutil.copy(path, here / "in" / folder / f"{name}.png")
    for path, text in files.items():
        (here / "in" / path).parent.mkdir(parents=True, exist_ok=True)
        text = text if isinstance(text, (str, bytes)) else json.dumps(text)
        (here / "in" / path).write_bytes(text if isinstance(text, bytes) else text.encode())


def categories(here):
    return [json.loads(line).get("category") for line in (here / "out/images.lst").read_text().splitlines()]


def test_usual_layouts(here):
    """convert: the file lies beside the images, in annotations/ beside images/, or one folder deeper with them; names lead to one file."""
    def named(name):
        return small(images=[{"id": 1, "file_name": name.format("a")}, {"id": 2, "file_name": name.format("b")}])

    def read(images, **files):
        lay_out(here, images, **files)
        said = convert(here).stdout
        assert categories(here) == ["cat", "dog"], said
        return said

    read(["images"], **{"annotations/instances_default.json": small()})
    read(["images/train", "images/val"], **{"annotations/labels_train.json": small()})
    read(["train2017", "val2017"], **{"annotations/instances_val2017.json": small()})
    read(["data"], **{"labels.json": small()})
    read(["data"], **{"labels.JSON": small()})
    read(["train"], **{"train/_annotations.coco.json": small(), "readme.txt": "x"})
    read(["images"], **{"labels.json": named("images/{}.png")})
    read(["images"], **{"annotations/x.json": named("../images/{}.png")})
    read(["images"], **{"annotations/x.json": named("/home/me/data/images/{}.png")})
    read(["images"], **{"annotations/x.json": named("C:\\data\\images\\{}.png")})
    read(["deep/er/left", "deep/er/right"], **{"x.json": named("elsewhere/left/{}.png")})


def test_names_of_several_files(here):
    """convert: a name that fits several files is refused, and COCO files in several folders are named."""
    lay_out(here, ["one", "two"], **{"x.json": small()})
    assert "cannot be used: the file 'a.png' could be 'one/a.png' or 'two/a.png'" in convert(here, status=5).stderr
    lay_out(here, ["train", "valid"], **{"train/_annotations.coco.json": small(), "valid/_annotations.coco.json": small()})
    said = convert(here, status=5).stderr
    assert said.startswith("error[InvalidDatasetError] convert_to_image_directory: several folders of 'in' hold COCO files: "
                           "train/_annotations.coco.json, valid/_annotations.coco.json\n"
                           "  run    torchport run convert_to_image_directory --input_path=in/train --output_path=out_train\n"
                           "  run    torchport run convert_to_image_directory --input_path=in/valid --output_path=out_valid\n"), said


def test_several_coco_files(here):
    """convert: of several COCO files one is taken, the others are named; a broken one is not passed over."""
    detection = small(annotations=[{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}])
    lay_out(here, ["images"], **{"annotations/a_test.json": small(), "annotations/b_train.json": small(), "annotations/settings.json": "{}"})
    said = convert(here).stdout
    assert "Of several COCO files only in/annotations/b_train.json is taken. Left out 1: a_test.json" in said, said
    lay_out(here, ["images"], **{"annotations/a_test.json": small(), "annotations/b_train.json": small()})
    assert "only in/annotations/a_test.json is taken" in convert(here, "--subset=test").stdout
    lay_out(here, ["images"], **{"annotations/a.json": detection, "annotations/b.json": small()})
    assert "Left out 1: a.json" in convert(here).stdout
    lay_out(here, ["images"], **{"annotations/a.json": detection})
    assert "annotated for object detection" in convert(here, status=5).stderr
    lay_out(here, ["images"], **{"annotations/a.json": json.dumps(small())[:-5], "annotations/b.json": small()})
    assert "the COCO file 'in/annotations/a.json' cannot be used: it is not valid JSON" in convert(here, status=5).stderr


def test_as_python_writes_it(here):
    """convert: NaN and Infinity, a byte order mark, whole numbers as floats or texts are understood."""
    text = json.dumps(small(annotations=[{"id": 1, "image_id": 1.0, "category_id": "1", "area": float("nan"), "bbox": float("nan")},
                                         {"id": 2, "image_id": "2", "category_id": 2, "area": float("-inf"), "segmentation": None}]))
    for text in (text, "\ufeff" + text, json.dumps(json.loads(text), indent=1)):
        lay_out(here, ["."], **{"x.json": text})
        convert(here)
        assert categories(here) == ["cat", "dog"]


def test_what_is_no_json(here):
    """convert: a file that looks like COCO but is no JSON is named, with the place, and never passed over."""
    text = json.dumps(small())
    cut, comma = text[:text.index("]")], text.replace('"b.png"}]', '"b.png"},]')
    for changed, reason in ((cut, f"it is not valid JSON (column {len(cut) + 1}: the text ends too early)"),
                            (comma, f"it is not valid JSON (column {comma.index(',]') + 2}: a comma with nothing after it)"),
                            (text.encode("utf-16"), "it is UTF-16, not UTF-8"), (text.encode("utf-16-be"), "it is UTF-16, not UTF-8"),
                            (text.replace('"', "'"), "it is not valid JSON (column 2: texts stand in double quotes)"),
                            ("// mine\n" + text, "it is not valid JSON (column 1: comments are not JSON)"),
                            (text + text, f"it is not valid JSON (column {len(text) + 1}: unexpected '{{'; expected end of input)"),
                            (text + "\0", "it has a zero byte"),
                            (text.replace('"images"', '"images": [], "images"'), "it has the key 'images' twice"),
                            ('{"images": [{"file_name": "a.png", "annotations": ' + "[" * 100_000, "it is nested deeper than 32 levels"),
                            (text.replace('"dog"', '"d\\u0000g"'), "a row of categories (id 2) has a zero byte in its 'name'")):
        lay_out(here, ["images"], **{"annotations/x.json": changed})
        said = convert(here, status=5).stderr
        assert said.startswith(f"error[InvalidDatasetError] convert_to_image_directory: the COCO file 'in/annotations/x.json' cannot be used: {reason}\n"), said


def test_annotations_of_other_images(here):
    """convert: annotations of images that are not listed are counted; where all are, that is the error."""
    strange = [{"id": 1, "image_id": 1001, "category_id": 1}, {"id": 2, "image_id": 1002, "category_id": 1}]
    lay_out(here, ["."], **{"x.json": small(annotations=strange)})
    assert "no annotation belongs to a listed image: annotations name the image ids 1001, 1002, but images has 1, 2\n" in convert(here, status=5).stderr
    lay_out(here, ["."], **{"x.json": small(annotations=small()["annotations"] + strange)})
    assert "2 of 4 annotations belong to images that are not listed: ids 1001, 1002" in convert(here).stdout
    lay_out(here, ["."], **{"x.json": small(images=small()["images"] + [{"id": 3, "file_name": "c.svg"}])})
    assert "(.svg 1): c.svg" in convert(here).stdout
    for elsewhere in ("/etc/hostname", "../../etc/hostname"):
        lay_out(here, ["."], **{"x.json": small(images=small()["images"] + [{"id": 3, "file_name": elsewhere}])})
        assert f"another type (no extension 1): {elsewhere}" in convert(here).stdout


def test_other_annotations(here):
    """convert: annotations in another form are named where the folders decide."""
    lay_out(here, ["images"], **{"annotations/default.json": {"categories": {"label": {"labels": [{"name": "cat"}]}}, "items": [{"annotations": []}]}})
    said = convert(here).stdout
    assert "without lists 'images' and 'annotations' at the top: in/annotations/default.json" in said and "  images: 2" in said, said


def test_what_the_file_does_not_list(here):
    """convert: images that the COCO file does not list are counted, and it is not counted itself; links keep to --links."""
    lay_out(here, ["images"], **{"annotations/x.json": small(), "notes.txt": "x"})
    shutil.copy(here / "in/images/a.png", here / "in/images/c.png")
    said = convert(here).stdout
    assert "Left out 1, not listed in the COCO file: images/c.png" in said and "(.txt 1): notes.txt" in said and "x.json" not in said, said
    (here / "in/images/b.png").unlink()
    (here / "in/images/b.png").symlink_to("c.png")
    shutil.rmtree(here / "out")
    assert "Followed 1 link" in convert(here).stdout
    shutil.rmtree(here / "out")
    assert "1 of 2 image files are missing, the first is 'b.png'" in convert(here, "--links=skip", status=5).stderr
