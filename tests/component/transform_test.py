"""Init and Apply Image Transformation as a user starts them, and Train PyTorch Model on a directory that carries a transformation."""
import filecmp
import json
import shutil

import numpy
import pytest
import torch
import yaml
from PIL import Image

import reference
from harness import BIN, ORIGINAL, class_folders, command, torchport

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
    """All files but the list of sizes, which holds their times."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "_sizes.lst"}


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
    assert f"'{moved / 'torchport-opencv.so'}', which decodes BMP and WebP images, could not be loaded" in broken, broken
    assert not (work / "never").exists()
    shutil.copy(BIN / "torchport-opencv.so", moved)
    command(moved / "torchport", *words)
    shutil.rmtree(work / "never")


def test_refusals(work):
    """What cannot be done is said before anything is written."""
    folder = class_folders(work / "small", categories=("a", "b"), each=12, size=32)
    for name in ("a/0003.png", "b/0011.png"):
        Image.new("RGB", (31, 40)).save(folder / name)
    init(work / "crop", "--resize=False", "--crop_size=32")
    done = apply(work / "crop", folder, work / "never", status=5)
    assert done.stderr == TOO_SMALL + f"""  path         {folder}
  a/0003.png   CenterCrop: the image is 31 x 40, smaller than the crop of 32 x 32
  b/0011.png   CenterCrop: the image is 31 x 40, smaller than the crop of 32 x 32
  hint         Use a smaller crop, or resize before it.
torchport explain NAME says more about an error.
""", done.stderr
    (folder / "a/0003.png").write_bytes(b"no image")
    assert "a/0003.png' of the input image directory cannot be used: " in apply(work / "crop", folder, work / "never", status=6).stderr
    both = apply(IMAGES, GOLDEN, work / "never", mode="Both", status=2).stderr
    assert both.count("error[") == 3 and "is not one of its values" in both and "is of type ImageDirectory, not TransformationDirectory" in both, both
    assert not (work / "never").exists()


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
