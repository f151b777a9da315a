"""Init and Apply Image Transformation as a user starts them, and Train PyTorch Model on a directory that carries a transformation."""
import filecmp
import json
import shutil

import numpy
import pytest
import torch
import torchvision
import yaml
from PIL import Image, ImageOps

import reference
from harness import BIN, NOTES, ORIGINAL, class_folders, command, torchport

IMAGES = ORIGINAL / "image_directory_labelled"
GOLDEN = ORIGINAL / "image_transformation"
TOO_SMALL = """error[InvalidDatasetError] apply_image_transformation: 2 of 24 images of the input image directory cannot be transformed
"""


def init(out, *arguments):
    torchport("run", "init_image_transformation", *arguments, f"--output_path={out}", "--run-dir", f"{out}-run")
    return json.loads((out / "_transforms.json").read_text())


def apply(transformation, images, out, *arguments, mode="For training", status=0):
    return torchport("run", "apply_image_transformation", f"--mode={mode}", f"--input_image_transform_path={transformation}",
                     f"--input_image_dir_path={images}", f"--output_path={out}", "--run-dir", f"{out}-run", *arguments, status=status)


def pixels(folder, name):
    with Image.open(folder / name) as image:
        assert image.format == "PNG" and image.mode == "RGB", (name, image.format, image.mode)
        return numpy.asarray(image).astype(int)


def names(folder):
    return [json.loads(line)["image_info"]["file_name"] for line in (folder / "images.lst").read_text().splitlines()]


def content(folder):
    """All files that the original defines."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in NOTES}


def test_init(work):
    """The original's directory byte for byte, the documented defaults, and options that do nothing in the original."""
    init(work / "golden", "--size=48", "--crop_size=40", "--pad=True", "--padding=2", "--color_jitter=True", "--brightness=0", "--contrast=0",
         "--saturation=0", "--hue=0", "--random_resized_crop=True", "--random_resized_crop_size=32", "--random_rotation=True",
         "--random_rotation_degrees=10", "--random_perspective=True")
    assert content(work / "golden") == content(GOLDEN)
    assert init(work / "default") == [["Resize", 256], ["CenterCrop", 224], ["RandomHorizontalFlip", {}]]
    everything = ["resize", "center_crop", "pad", "color_jitter", "grayscale", "random_grayscale", "random_resized_crop", "random_crop",
                  "random_horizontal_flip", "random_vertical_flip", "random_rotation", "random_affine", "random_perspective", "random_erasing"]
    assert init(work / "all", *(f"--{name}=True" for name in everything)) == [
        ["Resize", 256], ["CenterCrop", 224], ["Pad", 0], ["ColorJitter", {"brightness": 0.4, "contrast": 0.4, "saturation": 0.4, "hue": 0.1}],
        ["Grayscale", {"num_output_channels": 3}], ["RandomGrayscale", {"p": 0.1}], ["RandomResizedCrop", 256], ["RandomCrop", 224],
        ["RandomHorizontalFlip", {}], ["RandomVerticalFlip", {}], ["RandomRotation", 0], ["RandomAffine", 0], ["RandomPerspective", {}],
        ["RandomErasing", {"p": 0.5}]]


def test_sizes_and_degrees_as_the_program_took_them(work):
    """[height, width] for each size, and a fraction of a degree; the images are torchvision's."""
    assert init(work / "two", "--size=[48, 64]", "--crop_size=[40,50]", "--random_resized_crop=True", "--random_resized_crop_size=[30, 20]", "--random_crop=1",
                "--random_crop_size=[10, 12]", "--random_rotation=True", "--random_rotation_degrees=30.5", "--random_affine=True", "--random_affine_degrees=7.0") == [
        ["Resize", {"size": [48, 64]}], ["CenterCrop", {"size": [40, 50]}], ["RandomResizedCrop", {"size": [30, 20]}], ["RandomCrop", {"size": [10, 12]}],
        ["RandomHorizontalFlip", {}], ["RandomRotation", 30.5], ["RandomAffine", 7]]
    init(work / "fixed", "--size=[48, 64]", "--crop_size=[40, 50]", "--random_horizontal_flip=False")
    apply(work / "fixed", IMAGES, work / "out")
    for name, source in zip(names(work / "out"), names(IMAGES)):
        with Image.open(IMAGES / source) as image:
            wanted = torchvision.transforms.CenterCrop((40, 50))(torchvision.transforms.Resize((48, 64))(image.convert("RGB")))
        assert abs(pixels(work / "out", name) - numpy.asarray(wanted).astype(int)).max() <= 1, name


def test_letterbox(work):
    """Written as an operation of its own, applied as Pillow's ImageOps.pad; what would undo it is refused, and what it leaves unused is said."""
    assert init(work / "square", "--resize_method=letterbox", "--size=40", "--center_crop=False", "--random_horizontal_flip=False") == [
        ["Letterbox", {"size": 40, "fill": 114}]]
    assert init(work / "box", "--resize_method=letterbox", "--size=[40, 64]", "--crop_size=[48, 70]", "--letterbox_fill=0") == [
        ["Letterbox", {"size": [40, 64], "fill": 0}], ["CenterCrop", {"size": [48, 70]}], ["RandomHorizontalFlip", {}]]
    apply(work / "square", IMAGES, work / "out")
    for name, source in zip(names(work / "out"), names(IMAGES)):
        with Image.open(IMAGES / source) as image:
            wanted = ImageOps.pad(image.convert("RGB"), (40, 40), Image.BILINEAR, color=(114, 114, 114))
        assert abs(pixels(work / "out", name) - numpy.asarray(wanted).astype(int)).max() == 0, name
    refused = torchport("run", "init_image_transformation", "--resize_method=letterbox", "--resize=False", f"--output_path={work / 'no'}", "--run-dir", work / "no-run", status=2).stderr
    assert "error[ParameterParsingError] init_image_transformation: --resize_method is letterbox, but --resize is False" in refused, refused
    assert "error[GreaterThanOrEqualToError] init_image_transformation: --crop_size is 224, but must be at least 256, the letterbox's --size: the crop would cut off what the letterbox keeps" in refused
    init(work / "unused", "--letterbox_fill=9")
    assert "--letterbox_fill changes nothing: --resize_method is not letterbox." in (work / "unused-run/logs/70_driver_log_0").read_text()


def test_golden(work):
    """The original's transformed directory, within 1 of 255."""
    apply(GOLDEN, IMAGES, work / "infer", mode="For inference")
    golden = ORIGINAL / "image_directory_transformed_infer"
    for name in ("_meta.yaml", "images.lst", "_schema.json"):
        assert filecmp.cmp(work / "infer" / name, golden / name, shallow=False), name
    worst = max(abs(pixels(work / "infer", name) - pixels(golden, name)).max() for name in names(golden))
    print(f"image_directory_transformed_infer: largest difference {worst}")
    assert worst <= 1
    assert json.loads((work / "infer/_samples.json").read_text())[2]["category"] == "circle"


def test_training_once(work):
    """Random operations follow the seed, not the threads; each image is transformed once."""
    made = {}
    for name, seed, threads in (("a", 3, 1), ("b", 3, 4), ("c", 4, 2)):
        apply(GOLDEN, IMAGES, work / name, "--random_seed", seed, "--threads", threads)
        made[name] = content(work / name)
    assert made["a"] == made["b"] and made["a"] != made["c"]
    sizes = {pixels(work / "a", name).shape for name in names(work / "a")}
    assert sizes == {(32, 32, 3)}, sizes


@pytest.fixture(scope="module")
def flat(shared):
    """An unlabelled directory of a BMP, a JPEG and a PNG image that have one name but for its ending."""
    (shared / "flat").mkdir()
    for number, name in enumerate(("x.bmp", "x.jpg", "x.png")):
        Image.new("RGB", (50, 50), (number, 0, 0)).save(shared / "flat" / name)
    torchport("run", "convert_to_image_directory", f"--input_path={shared / 'flat'}", f"--output_path={shared / 'flat.dir'}", "--run-dir", shared / "run")
    return shared / "flat.dir"


def test_names(work, flat):
    """Files of one name but for its ending do not become one; unlabelled directories stay so."""
    apply(GOLDEN, flat, work / "flat.out", mode="For inference")
    assert names(work / "flat.out") == ["image/x.png", "image/x-2.png", "image/x-3.png"]
    assert pixels(work / "flat.out", "image/x-3.png")[20, 20].tolist() == [2, 0, 0]
    assert [json.loads(line).get("category") for line in (work / "flat.out/images.lst").read_text().splitlines()] == [None] * 3


def test_missing_module(work, flat):
    """Programs that were moved without the module that decodes BMP: it is the installation that is broken, not the image."""
    moved = work / "moved"
    moved.mkdir()
    for name in ("torchport", "torchport-worker"):
        shutil.copy(BIN / name, moved)
    words = ["run", "apply_image_transformation", "--mode=For inference", f"--input_image_transform_path={GOLDEN}",
             f"--input_image_dir_path={flat}", f"--output_path={work / 'never'}", "--run-dir", work / "moved-run"]
    broken = command(moved / "torchport", *words, status=2).stderr
    assert f"'{moved / 'torchport-opencv.so'}', which decodes BMP images, could not be loaded" in broken, broken
    assert not (work / "never").exists()
    shutil.copy(BIN / "torchport-opencv.so", moved)
    command(moved / "torchport", *words)
    shutil.rmtree(work / "never")


def test_refusals(work):
    """What cannot be done is said before anything is written."""
    folder = class_folders(work / "small", categories=("a", "b"), each=12, size=32)
    for name in ("a/0003.png", "b/0011.png"):
        Image.new("RGB", (31, 40)).save(folder / name)
    init(work / "crop", "--resize=False", "--center_crop=False", "--random_crop=True", "--random_crop_size=32")
    done = apply(work / "crop", folder, work / "never", status=5)
    assert done.stderr == TOO_SMALL + f"""  path         {folder}
  a/0003.png   RandomCrop: the image is 31 x 40, smaller than the crop of 32 x 32
  b/0011.png   RandomCrop: the image is 31 x 40, smaller than the crop of 32 x 32
  hint         Use a smaller crop, or resize before it.
torchport explain NAME says more about an error.
""", done.stderr
    (folder / "a/0003.png").write_bytes(b"no image")
    said = apply(work / "crop", folder, work / "never", status=6).stderr
    assert "a/0003.png' of the input image directory cannot be used: " in said and "1 of 24 images" in said, said
    both = apply(IMAGES, GOLDEN, work / "never", mode="Both", status=2).stderr
    assert both.count("error[") == 3 and "is not one of its values" in both and "is of type ImageDirectory, not TransformationDirectory" in both, both
    assert not (work / "never").exists()


UNREADABLE = """error[UserError] apply_image_transformation: {bad} of 24 images of the input image directory cannot be used, more than --max-bad-fraction {fraction}
"""


@pytest.mark.parametrize("when", ["once", "every_epoch"])
def test_unreadable_images(work, when):
    """All unreadable images are named at once, and as many are left out as are allowed; a category without an image is named."""
    folder = class_folders(work / "photos", categories=("a", "b", "c"), each=8, size=32)
    whole = (folder / "b/0001.png").read_bytes()
    broken = [f"b/{i:04}.png" for i in range(8)] + ["c/0003.png"]
    for name in broken:
        (folder / name).write_bytes(b"no image")
    init(work / "t", "--size=24", "--crop_size=24", "--random_horizontal_flip=False")
    said = apply(work / "t", folder, work / "never", f"--when={when}", status=6).stderr
    assert said.startswith(UNREADABLE.format(bad=9, fraction="0.0")) and all(name in said for name in broken), said
    said = apply(work / "t", folder, work / "never", f"--when={when}", "--max-bad-fraction", 0.37, status=6).stderr
    assert said.startswith(UNREADABLE.format(bad=9, fraction="0.37")), said
    assert not (work / "never").exists()
    done = apply(work / "t", folder, work / "out", f"--when={when}", "--max-bad-fraction", 0.38).stdout
    assert "9 of 24 images cannot be used and are left out: 'b/0000.png' (" in done, done
    assert "The category 'b' has no image left: all 8 cannot be used." in done, done
    rows = [json.loads(line) for line in (work / "out/images.lst").read_text().splitlines()]
    assert [row["id"] for row in rows] == [*range(8), *range(16, 19), *range(20, 24)]
    if when == "every_epoch":
        return
    for name in broken:   # damage that only decoding finds: all of it is named as well
        (folder / name).write_bytes(whole[:len(whole) // 2])
    said = apply(work / "t", folder, work / "never", status=6).stderr
    assert said.startswith(UNREADABLE.format(bad=9, fraction="0.0")) and all(name in said for name in broken), said
    apply(work / "t", folder, work / "again", "--max_bad_fraction=0.38")
    assert content(work / "again") == content(work / "out")


@pytest.mark.parametrize("when", ["once", "every_epoch"])
def test_crop_larger_than_the_image(work, when):
    """Black comes around the image, as with torchvision, and a warning counts the images; Train and Score see the crop's size."""
    folder = class_folders(work / "photos", categories=("a", "b"), each=6, size=40)
    for name, size in {"a/0001.png": (31, 40), "b/0002.png": (33, 20), "b/0005.png": (100, 7)}.items():
        Image.effect_noise(size, 90).convert("RGB").save(folder / name)
    init(work / "t", "--resize=False", "--crop_size=36", "--random_horizontal_flip=False")
    done = apply(work / "t", folder, work / "out", f"--when={when}").stdout
    assert "3 of 12 images are smaller than the CenterCrop and get black around them: a/0001.png, b/0002.png, b/0005.png." in done, done
    if when == "every_epoch":
        said = torchport("check-data", work / "out", status=None).stdout
        assert "black       3 images are smaller than the carried CenterCrop: black comes around them" in said, said
    if when == "once":
        for ours, theirs in zip(names(work / "out"), sorted(folder.rglob("*.png"))):
            with Image.open(theirs) as image:
                wanted = numpy.asarray(torchvision.transforms.CenterCrop(36)(image)).astype(int)
            assert (pixels(work / "out", ours) == wanted).all(), ours
    torchport("run", "resnet", "--model_name=resnet18", "--pretrained=False", f"--untrained_model_path={work / 'm'}", "--run-dir", work / "r1")
    torchport("run", "train_pytorch_model", "--untrained-model-path", work / "m", "--train-data-path", work / "out", "--valid-data-path",
              work / "out", "--trained-model-path", work / "trained", "--epochs", 1, "--batch-size", 6, "--run-dir", work / "r2")
    tables = {}
    for name, dataset in {"transformed": work / "out", "photos": folder}.items():
        said = torchport("run", "score_image_model", "--trained-model", work / "trained", "--dataset", dataset, "--scored-dataset",
                         work / f"{name}-scored", "--scored-format", "csv", "--run-dir", work / f"{name}-run").stdout
        tables[name] = (work / f"{name}-scored/_data.csv").read_text()
    assert "3 of 12 images are smaller than the CenterCrop and get black around them." in said, said
    assert tables["photos"] == tables["transformed"]


def test_every_epoch(work):
    """The files stay as they are and the directory carries the list, which Train applies again in each epoch."""
    init(work / "crop24", "--size=32", "--center_crop=False", "--random_crop=True", "--random_crop_size=24", "--color_jitter=True")
    apply(work / "crop24", IMAGES, work / "carrying", "--when=every_epoch")
    meta = yaml.safe_load((work / "carrying/_meta.yaml").read_text())
    assert json.loads(meta["extension"]["transforms"]) == json.loads((work / "crop24/_transforms.json").read_text())
    assert {**meta, "extension": {}} == yaml.safe_load((IMAGES / "_meta.yaml").read_text())
    ours, theirs = content(work / "carrying"), content(IMAGES)
    assert {**ours, "_meta.yaml": b""} == {**theirs, "_meta.yaml": b""}
    assert "carries a transformation already" in apply(GOLDEN, work / "carrying", work / "never", status=5).stderr

    init(work / "small24", "--size=24", "--crop_size=24", "--random_horizontal_flip=False")
    apply(work / "small24", ORIGINAL / "image_directory_valid", work / "valid", mode="For inference")
    torchport("run", "resnet", "--model_name=resnet18", "--pretrained=False", f"--untrained_model_path={work / 'model'}", "--run-dir", work / "model-run")

    def train(name, *arguments, valid=work / "valid", status=0):
        done = torchport("run", "train_pytorch_model", "--untrained-model-path", work / "model", "--train-data-path", work / "carrying",
                         "--valid-data-path", valid, "--trained-model-path", work / name, "--run-dir", work / f"{name}-run", "--epochs", 2,
                         "--batch-size", 12, *arguments, status=status)
        return done if status else torch.load(work / name / "model", weights_only=True)

    one, four = train("one", "--loader-threads", 1), train("four", "--loader-threads", 4)
    assert all((one[key] == four[key]).all() for key in one), "the number of loader threads changed the result"
    assert "drawn afresh in each epoch" in (work / "one-run/logs/70_driver_log_0").read_text()
    # Carried by the validation dataset, it loses its random crop: 32 x 32 then.
    differ = train("never", valid=work / "carrying", status=5).stderr
    assert "24 x 24" in differ and "32 x 32" in differ, differ
    assert len(reference.metrics(work / "one-run", "Train loss")) == 2
