"""torchport check-data finds each of the defects that are planted here, and nothing else."""
import collections
import json

import harness
import numpy
from PIL import Image


def check(*arguments, status, cwd):
    return harness.torchport("check-data", *arguments, status=status, cwd=cwd)


def problems(*arguments, cwd, status=5):
    report = json.loads(check(*arguments, "--json", status=status, cwd=cwd).stdout)
    return report, collections.Counter(problem["kind"] for problem in report["problems"])


def photo(seed, size=(24, 20), mode="RGB"):
    pixels = numpy.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=numpy.uint8)
    return Image.fromarray(pixels).convert(mode)


def clean(folder, first=0, each=12):
    for number, category in enumerate(("cat", "dog")):
        (folder / category).mkdir(parents=True)
        for index in range(each):
            photo(first + 100 * number + index).save(folder / category / f"{index:02}.png")


def test_clean(here):
    """check-data: a sound dataset has no problem, as class folders and as an image directory, alone and beside another."""
    clean(here / "photos")
    clean(here / "others", first=1000)
    harness.torchport("run", "convert_to_image_directory", "--input_path=photos", "--output_path=t", cwd=here)
    assert check("photos", status=0, cwd=here).stdout == (
        f"photos: 24 images, {sum(path.stat().st_size for path in here.glob('photos/*/*'))} bytes\n"
        "  categories  cat (12), dog (12)\n  sizes       24 x 20 (24)\n  modes       PNG RGB (24)\nno problems\n")
    report, kinds = problems("t", "--against=others", cwd=here, status=0)
    assert not kinds and [dataset["images"] for dataset in report["datasets"]] == [24, 24]
    assert problems("t", "--against", "t", cwd=here)[1] == {"leak": 24}


def test_defects(here):
    """check-data: each planted defect is found and named, and the exit status says so."""
    clean(here / "train")
    clean(here / "valid", first=1000)
    train, valid = here / "train", here / "valid"
    whole = (train / "cat/00.png").read_bytes()
    (train / "cat/broken.png").write_bytes(whole[:len(whole) // 2])
    (train / "cat/empty.png").write_bytes(b"")
    (train / "cat/text.png").write_text("text")
    (train / "cat/copy.png").write_bytes(whole)
    photo(1).save(train / "cat/same.bmp")             # the pixels of cat/01.png in another format
    (train / "dog/stray.png").write_bytes((train / "cat/02.png").read_bytes())
    huge = bytearray(whole)
    huge[16:24] = (30000).to_bytes(4, "big") * 2      # width and height of the PNG header
    (train / "dog/huge.png").write_bytes(huge)
    (valid / "cat/seen.png").write_bytes((train / "cat/03.png").read_bytes())
    photo(104).save(valid / "dog/seen.webp", lossless=True)
    (train / "fox").mkdir()
    photo(5000).save(train / "fox/only.png")
    report, kinds = problems("train", "--against", "valid", cwd=here)
    assert kinds == {"broken": 3, "oversized": 1, "conflict": 1, "duplicate": 2, "leak": 2, "thin_category": 1, "categories_differ": 1}, kinds
    found = [(problem["kind"], problem["files"]) for problem in report["problems"]]
    for wanted in [("broken", ["train/cat/broken.png"]), ("broken", ["train/cat/empty.png"]), ("broken", ["train/cat/text.png"]),
                   ("oversized", ["train/dog/huge.png"]), ("conflict", ["train/cat/02.png", "train/dog/stray.png"]),
                   ("duplicate", ["train/cat/00.png", "train/cat/copy.png"]), ("duplicate", ["train/cat/01.png", "train/cat/same.bmp"]),
                   ("leak", ["train/cat/03.png", "valid/cat/seen.png"]), ("leak", ["train/dog/04.png", "valid/dog/seen.webp"])]:
        assert wanted in found, f"{wanted} is not in {found}"
    texts = {problem["files"][0] if problem["files"] else problem["kind"]: problem["text"] for problem in report["problems"]}
    assert texts["train/cat/00.png"] == "the same bytes" and texts["train/cat/01.png"] == "the same pixels in different files"
    assert texts["train/cat/02.png"] == "the same bytes, in different categories"
    assert texts["train/dog/huge.png"] == "900000000 pixels, more than 67108864"
    assert texts["thin_category"] == "the category 'fox' of train has 1 image, fewer than 10"
    assert "only in training: fox" in texts["categories_differ"]
    assert problems("train", "--against", "valid", "--thin=1", cwd=here)[1]["thin_category"] == 0
    text = check("train", "--against", "valid", status=5, cwd=here).stdout
    assert "leak: the same bytes\n  train/cat/03.png\n  valid/cat/seen.png\n" in text and text.endswith("\n11 problems\n"), text


def test_categories_and_notes(here):
    """check-data: categories without an image and a single category are problems; files that the index does not name are noted."""
    clean(here / "photos")
    harness.torchport("run", "convert_to_image_directory", "--input_path=photos", "--output_path=t", cwd=here)
    schema = here / "t/_schema.json"
    schema.write_text(schema.read_text().replace('"name": "dog"\n', '"name": "dog"\n          },\n          {\n            "id": 2,\n            "name": "fox"\n'))
    photo(7).save(here / "t/image/stray.png")
    report, kinds = problems("t", "--thin=0", cwd=here)
    assert kinds == {"empty_category": 1}, kinds
    assert report["problems"][0]["text"] == "the category 'fox' of t has no image"
    assert report["datasets"][0]["notes"] == ["Left out 1, not named by the index: image/stray.png"], report["datasets"][0]["notes"]
    photo(8).save(here / "photos/cat/more.png")
    (here / "one").mkdir()
    (here / "photos/cat").rename(here / "one/cat")
    assert "one category: 'cat' is the only category of one\n" in check("one", status=5, cwd=here).stdout


def test_modes(here):
    """check-data: formats and modes are those that Pillow names."""
    (here / "mixed").mkdir()
    made = collections.Counter()
    kinds = [("png", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA")] + [("jpg", mode) for mode in ("L", "RGB", "CMYK")] + \
        [("bmp", "RGB"), ("bmp", "P"), ("ppm", "RGB"), ("pgm", "L"), ("webp", "RGB"), ("webp", "RGBA")] + \
        [("tif", mode) for mode in ("1", "L", "P", "RGB", "RGBA", "CMYK")]
    for number, (extension, mode) in enumerate(kinds):
        path = here / f"mixed/{number}.{extension}"
        image = photo(number, size=(10 + number, 10), mode=mode)
        if mode in ("LA", "RGBA"):
            image.putalpha(Image.new("L", image.size, 128))
        image.save(path, **({"lossless": True} if extension == "webp" else {}))
        with Image.open(path) as opened:
            made[f"{opened.format} {opened.mode}"] += 1
    report, _ = problems("mixed", cwd=here, status=0)
    assert {row["mode"]: row["images"] for row in report["datasets"][0]["modes"]} == made, report["datasets"][0]["modes"]
    assert len(report["datasets"][0]["sizes"]) == len(kinds) and not report["datasets"][0]["labelled"]


def test_refusals(here):
    """check-data: a request that makes no sense is refused, all faults at once."""
    said = check("--jsn", status=2, cwd=here).stderr
    assert said.startswith("error[ParameterParsingError] check-data: check-data needs a DIR\n  hint   Usage: torchport check-data DIR\n"
                           "error[ParameterParsingError] check-data: torchport check-data has no option --jsn\n"
                           "  hint   Did you mean --json? torchport check-data --help lists the options.\n"), said
    assert "--against has no value" in check("here", "--against", status=2, cwd=here).stderr
    said = check("--thin", "few", status=2, cwd=here).stderr
    assert said.startswith("error[ParameterParsingError] check-data: check-data needs a DIR\n  hint   Usage: torchport check-data DIR\n"
                           "error[ParameterParsingError] check-data: --thin is 'few', which is not a decimal whole number\n"
                           "  hint   Allowed: >= 0; default: 10.\n"), said
    said = check("nowhere", "--against=neither", status=5, cwd=here).stderr
    assert said.count("does not exist") == 2 and "the dataset does not exist\n  path   nowhere" in said, said
