"""Writes the first files of each target's corpus, seed-*, from this source tree: seeds.py (with tests/support and tests/fuzz on PYTHONPATH)."""
import gzip
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import forge
import kinds.annotations as annotations
import kinds.archives as archives
import kinds.azure_jobs as azure_jobs
import kinds.images as images
import kinds.pipelines as pipelines
from hostile_weights_test import GOOD, GOOD_LEGACY, safetensors
from harness import ORIGINAL, SOURCE

CORPUS = pathlib.Path(__file__).resolve().parent.parent / "corpus"
IMAGES = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png", ".tif": "tiff", ".tiff": "tiff", ".ppm": "pnm", ".pgm": "pnm", ".bmp": "image", ".webp": "image", ".gif": "image"}


def text(path):
    return (ORIGINAL / path).read_bytes()


def seeds():
    for suffix, data in images.sound():
        if len(data) < 1800:
            yield IMAGES[suffix], data
    yield "pickle", forge.GOOD_PICKLE
    for data in (forge.model(), GOOD_LEGACY, safetensors({"w": GOOD, "__metadata__": {"format": "pt"}})):
        yield "weights", data
    yield "model_spec", text("untrained_resnet18/model_spec.yaml")
    yield "label_map", b',label\n0,circle\n1,"a ""b"", c"\n2,triangle\r\n'
    for data in (text("untrained_resnet18/model_spec.yaml"), pipelines.PIPELINE.encode(), b"a: [1, {b: 'c'}, \"d\\n\"]\ne: |\n  f\n"):
        yield "yaml", data
    yield "spec", pipelines.SPEC.encode()
    yield "spec", (SOURCE / "spec/components/densenet.yaml").read_bytes()[:4000]
    yield "pipeline", pipelines.PIPELINE.encode()
    for number, data in enumerate((azure_jobs.JOB.replace("halve.yml", "c.yml"), azure_jobs.COMPONENT)):
        yield "azure_job", bytes([number]) + data.encode()
    yield "azure_job", b"\2" + azure_jobs.GRAPH
    yield "transformation", text("image_transformation/_transforms.json")
    yield "transformation", b'[["Resize", 16], ["Pad", {"padding": 2, "padding_mode": "edge"}], ["RandomCrop", [[8, 8]]], ["RandomHorizontalFlip", {}], ["ColorJitter", [0.1, 0.2, 0.3, 0.1]]]'
    for number, name in enumerate(("_schema.json", "images.lst", "_meta.yaml")):
        yield "image_directory", bytes([number]) + text(f"image_directory_labelled/{name}")[:1500 if name == "images.lst" else None]
    yield "image_directory", b"\3torchport image sizes 1 2\n14203 1764439021123456789 224 224 image/a.png\n13377 1764439021123956790 224 224 image/b.png\n"
    small = json.loads(annotations.coco())
    yield "coco", json.dumps({**small, "images": [{"id": i, "file_name": f"{'ab'[i]}.png"} for i in range(2)], "annotations": small["annotations"][:2]}).encode()
    for number, data in enumerate((annotations.JSON_LINES[:120], annotations.LABEL_CSV[:90], annotations.ML_TABLE)):
        yield "label_file", bytes([number]) + data.replace(b"0.png", b"a.png").replace(b"1.png", b"b.png")
    yield "idx", b"\0" + annotations.idx(2, 2, 2)
    yield "idx", b"\1" + annotations.labels(2)
    yield "idx", b"\2" + gzip.compress(annotations.idx(2, 2, 2))
    yield "archive", archives.zipped(archives.good_files()[:2])
    yield "archive", gzip.compress(archives.tarred(archives.good_members()[:2]))
    yield "table", b"\1" + text("scored_valid/schema/_schema.json")
    yield "table", b"\0" + text("scored_valid/_meta.yaml")


if __name__ == "__main__":
    counts = {}
    for target, data in seeds():
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        counts[target] = counts.get(target, 0) + 1
        (folder / f"seed-{counts[target]}").write_bytes(data)
    print(counts)
