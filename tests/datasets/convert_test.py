"""Convert to Image Directory as a user starts it: what is written, what is said, and what is refused."""
import json
import os
import re
import shlex
import struct
import subprocess

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


def test_account(here):
    """convert: the log ends with an account of what was taken and left out, which the run's record holds as well."""
    harness.class_folders(here / "photos", categories=("cat", "dog"), each=4)
    for number in range(3):
        (here / f"photos/cat/{number}.avif").write_bytes(b"x")
    (here / "photos/dog/bad.png").write_bytes(b"")
    (here / "photos/fox").mkdir()
    harness.class_folders(here / "store", categories=("owl",), each=2)
    (here / "photos/owl").symlink_to("../store/owl")
    said = convert(here, "--input_path=photos", "--output_path=t", "--run-dir=run").stdout
    for line in ("10 images in 3 categories:", "  owl: 2", "Left out 3, of another type (.avif 3): cat/0.avif, cat/1.avif, cat/2.avif",
                 "Left out 1, unreadable: dog/bad.png (the file is empty)", "Without an image, and so no categories: fox (an empty folder)",
                 f"Followed 1 link out of the input: owl (to {here.resolve()}/store/owl)"):
        assert line in said, f"{line}\n--- is not in\n{said}"
    assert not any(path.is_symlink() for path in (here / "t").rglob("*"))
    account = json.loads((here / "run/run.json").read_text())["account"]
    assert account["images"] == 10 and account["categories"] == {"cat": 4, "dog": 4, "owl": 2}, account
    assert account["left_out"]["of another type"] == {"count": 3, "extensions": {".avif": 3}, "first": ["cat/0.avif", "cat/1.avif", "cat/2.avif"]}
    assert account["lost_categories"] == {"fox": "an empty folder"}, account
    assert "Left out 1, links out of the input: owl" in convert(here, "--input_path=photos", "--output_path=u", "--links=inside").stdout
    assert "Left out 1, links: owl" in convert(here, "--input_path=photos", "--output_path=v", "--links=skip").stdout


def test_parts(here):
    """convert: a folder one level too high is known by the many names that parts have, and the commands given work as they stand."""
    for number, parts in enumerate((("seg_test", "seg_train"), ("test_set", "training_set"), ("TestImages", "TrainImages"), ("Train Data", "val2017"))):
        place = here / f"it's {number}"
        for part in parts:
            harness.class_folders(place / "top" / part / part, categories=("cat", "dog"), each=2)
        said = convert(here, f"--input_path={place}", f"--output_path=t{number}", status=5).stderr
        commands = re.findall("^  run +torchport (.+)$", said, re.M)
        assert len(commands) == 2 and all(part in said for part in parts), said
        for command in commands:
            assert "4 images in 2 categories" in harness.torchport(*shlex.split(command), cwd=here).stdout
    harness.class_folders(here / "work", categories=("data entry", "testing gear", "train"), each=2)
    for name in ("data entry", "testing gear", "train"):
        (here / "work" / name / "more").mkdir()
    assert "6 images in 3 categories" in convert(here, "--input_path=work", "--output_path=w").stdout


def test_commands_can_be_pasted(here):
    """convert: a command that an error gives is the same command for Bash, whatever the folder is called."""
    for name in (b"a b", b"it's", b"$HOME", b"new\nline", b"inv\xff'\\n", "é\t".encode()):
        for part in ("train", "val"):
            harness.class_folders(here / os.fsdecode(name) / part, categories=("cat", "dog"), each=1)
        said = convert(here, "--input_path=" + os.fsdecode(name), "--output_path=" + os.fsdecode(name) + " out", status=5, env={"LC_ALL": "C.UTF-8"}).stderr
        [first, _] = re.findall("^  run +(torchport .+)$", said, re.M)
        words = subprocess.run(["bash", "-c", "torchport() { printf '%s\\0' \"$@\"; }; " + first], capture_output=True, check=True).stdout.split(b"\0")
        assert words[2:4] == [b"--input_path=" + name + b"/train", b"--output_path=" + name + b" out_train"], words


def test_deep_folders(here):
    """convert: where no image lies one folder deep it is said which folder may have been meant."""
    for fold in ("fold1", "fold2"):
        harness.class_folders(here / "in" / fold, categories=("cat", "dog"), each=1)
    said = convert(here, "--input_path=in", "--output_path=t").stdout
    assert "Folders are no categories here: no image lies exactly one folder deep. If 'cat' is one, give the folder that it is in: in/fold1" in said, said


def test_links_and_names_of_tools(here):
    """convert: a link to itself is cut like any circle, and folders of tools are no categories."""
    photos = harness.class_folders(here / "photos", categories=("cat", "dog", "Recycled", "FOUND.000", "LOST.DIR", "@tmp"), each=1)
    for name in ("self", "self.zip", "self.json", "cat/self.png"):
        (photos / name).symlink_to(name.split("/")[-1])
    said = convert(here, "--input_path=photos", "--output_path=t").stdout
    assert "2 images in 2 categories" in said and "Left out 4, of tools and systems: @tmp, FOUND.000, LOST.DIR and 1 more" in said, said
    assert "Left out 4, links in a circle or to a folder that counts already: cat/self.png, self, self.json and 1 more" in said, said


def test_what_holds_no_image(here):
    """convert: the folders that might have been categories are named where nothing is left, too."""
    (here / "in/cat").mkdir(parents=True)
    (here / "in/dog").mkdir()
    said = convert(here, "--input_path=in", "--output_path=t", status=5).stderr
    assert "  found   Without an image, and so no categories: cat (an empty folder), dog (an empty folder)\n" in said, said


def test_one_category(here):
    """convert: a single category is said to be one, and refused where more are wanted."""
    harness.class_folders(here / "in", categories=("images",), each=2)
    (here / "in/labels.csv").write_text("image,label")
    assert "Only one category, 'images': a network has nothing to tell apart." in convert(here, "--input_path=in", "--output_path=t").stdout
    said = convert(here, "--input_path=in", "--output_path=u", "--min_categories=2", status=5).stderr
    assert "the input has 1 categories, fewer than 2\n" in said and ".csv 1" in said and not (here / "u").exists(), said


def test_names_that_are_not_utf8(here):
    """convert: all of them are told at once."""
    folder = harness.class_folders(here / "in", categories=("cat",), each=1)
    for name in (b"a\xff.png", b"b\xff.png", b"c\xff.png"):
        (folder / "cat" / os.fsdecode(name)).write_bytes(b"x")
    said = convert(here, "--input_path=in", "--output_path=t", status=5).stderr
    assert "'cat/a\\xff.png'\n" in said and "  count   3\n  also    cat/b\\xff.png\n  also    cat/c\\xff.png\n" in said, said


def test_what_a_download_left(here):
    """convert: a file that is named as an image and is none is called by what it is."""
    folder = harness.class_folders(here / "in", categories=("cat", "dog"), each=1)
    kinds = {"page": b"\n<!DOCTYPE HTML><html>", "pointer": b"version https://git-lfs.github.com/spec/v1\n", "text": b'{"message": 1}'}
    for name, data in kinds.items():
        (folder / f"cat/{name}.jpg").write_bytes(data)
    said = convert(here, "--input_path=in", "--output_path=t").stdout
    for name, kind in (("page", "a web page"), ("pointer", "a pointer of Git LFS: git lfs pull fetches the file"), ("text", "a JSON text")):
        assert f"cat/{name}.jpg (no JPEG, PNG, BMP, GIF, PNM, TIFF, WebP or HEIC image, but {kind})" in said, said


def test_inside_of_the_input(here):
    """convert: whoever stands in the folder of photos gets no category of the folder of runs."""
    harness.class_folders(here / "photos", categories=("cat", "dog"), each=4)
    for _ in range(2):
        said = convert(here / "photos", "--input_path=.", "--output_path=../t").stdout
        assert "8 images in 2 categories:" in said and "WARNING" not in said, said
        subprocess.run(["rm", "-r", here / "t"], check=True)


def test_unreadable(here):
    """convert: a folder or an image that may not be read stops it, and nothing is published."""
    harness.class_folders(here / "photos", categories=("cat", "dog"), each=2)
    user = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []   # root that may not read everything
    (here / "work").mkdir()

    def refused(place):
        said = harness.command(*user, harness.BIN / "torchport", "run", "convert_to_image_directory", f"--input_path={here}/photos",
                               "--output_path=t", "--run-dir=run", cwd=here / "work", status=2).stderr
        assert f"'{here}/photos/{place}' cannot be read: Permission denied" in said, said
        assert not (here / "work/t").exists()
        subprocess.run(["rm", "-r", here / "work/run"], check=True)

    (here / "photos/cat/0000.png").chmod(0)
    refused("cat/0000.png")
    (here / "photos/dog").chmod(0)
    try:
        refused("dog")
    finally:
        (here / "photos/dog").chmod(0o755)


def test_raw_class_folders(here):
    """check-data: of class folders that are used as they are, links out are refused, and what does not count is noted."""
    harness.class_folders(here / "photos", categories=("cat", "dog"), each=2)
    (here / "photos/fox").mkdir()
    (here / "photos/.ipynb_checkpoints").mkdir()
    (here / "photos/.ipynb_checkpoints/1.png").write_bytes((here / "photos/cat/0000.png").read_bytes())
    said = harness.torchport("check-data", "photos", "--thin=1", cwd=here).stdout
    assert ("  categories  cat (2), dog (2)\n" in said and "  note        Left out 1, of tools and systems: .ipynb_checkpoints\n" in said
            and "  note        Without an image, and so no categories: fox (an empty folder)\n" in said), said
    (here / "store").mkdir()
    (here / "photos/owl").symlink_to("../store")
    said = harness.torchport("check-data", "photos", cwd=here, status=5).stderr
    assert said.startswith("error[InvalidDatasetError] check-data: 1 symbolic links lead out of the dataset, the first is 'owl'\n  path   photos\n"
                           "  hint   Convert to Image Directory follows links; class folders that are used as they are must hold their images.\n"), said


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
