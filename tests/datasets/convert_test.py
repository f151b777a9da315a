"""Convert to Image Directory as a user starts it: what is written, what is said, and what is refused."""
import json
import struct

import harness
import numpy
from PIL import Image


def idx_folder(folder):
    pixels = numpy.random.default_rng(3).integers(0, 256, (40, 5, 7)).astype(numpy.uint8)
    labels = numpy.arange(40, dtype=numpy.uint8) % 4
    folder.mkdir()
    (folder / "train-images-idx3-ubyte").write_bytes(struct.pack(">IIII", 0x803, 40, 5, 7) + pixels.tobytes())
    (folder / "train-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, 40) + labels.tobytes())
    (folder / "names.txt").write_text("cat\ndog\nfox\nowl\n")
    return pixels


def convert(here, *arguments, **options):
    return harness.torchport("run", "convert_to_image_directory", *arguments, cwd=here, **options)


def test_class_folders(here):
    harness.class_folders(here / "photos", categories=("circle", "square"), each=3)
    said = convert(here, "--input_path=photos", "--output_path=t").stdout
    assert "6 images in 2 categories:" in said and "  square: 3" in said, said
    lines = (here / "t/images.lst").read_text().splitlines()
    assert lines[3] == '{"image_info": {"file_name": "image/1_3.png"}, "category": "square", "id": 3}', lines
    assert (here / "t/image/1_3.png").read_bytes() == (here / "photos/square/0000.png").read_bytes()
    again = convert(here, "--input_path=photos", "--output_path=t", status=2).stderr
    assert again.startswith("error[AlreadyExistsError] convert_to_image_directory: the output 't' exists and is not empty\n"), again


def test_idx_files(here):
    pixels = idx_folder(here / "idx")
    convert(here, "--input-path", "idx", "--output-path", "i", "--labels", "idx/names.txt", "--limit", "8", "--seed=5")
    rows = [json.loads(line) for line in (here / "i/images.lst").read_text().splitlines()]
    assert sorted(row["category"] for row in rows) == sorted(["cat", "dog", "fox", "owl"] * 2), rows
    known = {image.tobytes(): index % 4 for index, image in enumerate(pixels)}
    for row in rows:
        with Image.open(here / "i" / row["image_info"]["file_name"]) as image:
            assert image.mode == "L", image.mode
            assert ["cat", "dog", "fox", "owl"][known[image.tobytes()]] == row["category"], row


def test_empty_folder(here):
    (here / "empty").mkdir()
    nothing = convert(here, "--input_path=empty", "--output_path=o", status=5).stderr
    assert nothing.startswith("error[InvalidDatasetError] convert_to_image_directory: the input holds no image\n"), nothing
    assert not (here / "o").exists()
