"""Convert to Image Directory with COCO files: those for classification become a labelled directory, others are refused with the reason."""
import json

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
    assert "1 images without an annotation are left out" in said and "3 images in 3 categories:" in said, said
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
    folder(here, {"images": document()["images"]})
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
    refused(with_row("images", {"id": 11, "file_name": "train/x.png"}), cannot + "1 image files are missing, the first is 'train/x.png'")
    refused(with_row("images", {"id": 5, "file_name": "train/../train/a.png"}), cannot + "the file 'train/../train/a.png' is a path with '..'")
    refused(with_row("images", {"id": 11, "file_name": "/etc/passwd"}), cannot + "the file '/etc/passwd' is an absolute path")
    (here / "in/nested/train/e.png").write_bytes((here / "in/nested/train/a.png").read_bytes())
    refused(with_row("images", {"id": 5, "file_name": "train/e.png"}), cannot + "the image id 5 is there twice")
    refused(with_row("images", {"id": 6, "file_name": "train/a.png"}), cannot + "the file 'train/a.png' is there twice")
    refused(with_row("images", {"id": 6, "coco_url": "https://example.org/x.png"}), "the input points to images on the web (coco_url), which are not fetched")
