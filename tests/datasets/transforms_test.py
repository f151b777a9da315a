"""The operations of image transformations against torchvision on Pillow images: pixels, and what the random ones draw."""
import json
import pathlib
import subprocess

import numpy
import PIL
import pytest
import sklearn
import torch
import torchvision
from PIL import Image, ImageOps
from torchvision import transforms as T
from torchvision.transforms import functional as F

from harness import BIN

PHOTOS = pathlib.Path(sklearn.__file__).parent / "datasets/images"   # two photos of 640 x 427, CC BY 2.0
MODES = {0: F.InterpolationMode.NEAREST, 2: F.InterpolationMode.BILINEAR, 3: F.InterpolationMode.BICUBIC}
SMALL, LINE = "small", "line"   # images of odd sizes


class Ours:
    """The program transform_images, fed job by job."""

    def __init__(self, work):
        self.work, self.jobs = work, 0
        self.process = subprocess.Popen([BIN / "transform_images"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, **job):
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def image(self, image, transforms, **key):
        self.jobs += 1
        out = self.work / f"{self.jobs}.rgb"
        answer = self.ask(image=str(image), transforms=transforms, out=str(out), **key)
        assert isinstance(answer, list), f"{transforms}: {answer}"
        pixels = numpy.fromfile(out, numpy.uint8).reshape(answer[1], answer[0], 3)
        out.unlink()
        return pixels


def reference(image, transforms):
    """What torchvision makes of the same list."""
    for name, given in transforms:
        if isinstance(given, dict):
            given = {key: MODES[value] if key == "interpolation" else value for key, value in given.items()}
            image = getattr(T, name)(**given)(image)
        else:
            image = getattr(T, name)(*(given if isinstance(given, list) else [given]))(image)
    return numpy.asarray(image.convert("RGB"))


# Operations without chance, and random ones whose ranges leave only one result. Angles and scales are numbers that float32 has,
# because torchvision draws in float32.
FIXED = [
    [["Resize", 256]], [["Resize", 100]], [["Resize", 700]], [["Resize", [[224, 224]]]], [["Resize", [[500, 900]]]], [["Resize", [[1, 1]]]],
    [["Resize", {"size": 256, "max_size": 300}]], [["Resize", {"size": 200, "interpolation": 3}]], [["Resize", [[31, 333]]]],
    [["Resize", 256], ["CenterCrop", 224]], [["CenterCrop", 7]], [["CenterCrop", [[6, 8]]]], [["Resize", 40], ["CenterCrop", [[25, 38]]]],
    [["Pad", 7]], [["Pad", [[3, 9]]]], [["Pad", [[1, 2, 3, 4], 7]]], [["Pad", {"padding": 3, "fill": [255, 0, 9]}]],
    [["Pad", {"padding": [5, 0, 2, 1], "padding_mode": "edge"}]], [["Pad", {"padding": 40, "padding_mode": "reflect"}]],
    [["Pad", {"padding": 50, "padding_mode": "symmetric"}]], [["Grayscale", {}]], [["Grayscale", 3]],
    [["RandomHorizontalFlip", 1]], [["RandomHorizontalFlip", 0]], [["RandomVerticalFlip", {"p": 1}]], [["RandomGrayscale", {"p": 1}]],
    [["ColorJitter", {}]], [["ColorJitter", {"brightness": [1.3, 1.3]}]], [["ColorJitter", {"brightness": [0.55, 0.55]}]],
    [["ColorJitter", {"contrast": [1.7, 1.7]}]], [["ColorJitter", {"contrast": [0.2, 0.2]}]], [["ColorJitter", {"saturation": [0.4, 0.4]}]],
    [["ColorJitter", {"saturation": [2.2, 2.2]}]], [["ColorJitter", {"hue": [0.2, 0.2]}]], [["ColorJitter", {"hue": [-0.37, -0.37]}]],
    *[[["RandomRotation", {"degrees": [a, a]}]] for a in (0, 17.25, -33, 45, 90, 180, 270, 359.875)],
    [["RandomRotation", {"degrees": [21, 21], "interpolation": 2, "fill": 99}]],
    [["RandomRotation", {"degrees": [90, 90], "center": [3, 4], "fill": [1, 2, 3]}]],
    [["CenterCrop", 16], ["RandomRotation", {"degrees": [90, 90]}]], [["CenterCrop", 16], ["RandomRotation", {"degrees": [-90, -90]}]],
    [["RandomAffine", [[20, 20]]]], [["RandomAffine", {"degrees": [0, 0], "scale": [0.75, 0.75]}]],
    [["RandomAffine", {"degrees": [-40, -40], "scale": [1.375, 1.375], "shear": [10, 10]}]],
    [["RandomAffine", {"degrees": [5, 5], "shear": [10, 10, -7, -7], "interpolation": 2, "fill": 50}]],
    [["RandomAffine", {"degrees": [12, 12], "center": [0, 10]}]],
    [["Resize", 48], ["CenterCrop", 40], ["Pad", 2], ["Grayscale", 3]],
    [["RandomHorizontalFlip", 1], ["CenterCrop", [[20, 30]]]], [["RandomHorizontalFlip", 1], ["Resize", 41]],
    [["CenterCrop", [[21, 30]]], ["Resize", [[33, 27]]], ["RandomHorizontalFlip", 1], ["CenterCrop", [[14, 20]]], ["Resize", 40]],
    [["Resize", {"size": 60, "interpolation": 3}], ["CenterCrop", [[30, 33]]], ["RandomHorizontalFlip", 1], ["Grayscale", 3]],
    # crops larger than the image, in one direction or both, by odd and by even numbers of pixels
    [["CenterCrop", 700]], [["CenterCrop", 701]], [["CenterCrop", [[700, 301]]]], [["CenterCrop", [[24, 701]]]], [["CenterCrop", [[38, 28]]]],
    [["CenterCrop", [[29, 38]]]], [["CenterCrop", [[30, 37]]]], [["Resize", 20], ["CenterCrop", 33], ["RandomHorizontalFlip", 1]],
    [["RandomHorizontalFlip", 1], ["CenterCrop", [[800, 20]]], ["Resize", 41], ["CenterCrop", 64]], [["CenterCrop", 48], ["Pad", 1], ["CenterCrop", 70]],
]


@pytest.fixture
def ours(work):
    started = Ours(work)
    yield started
    started.process.stdin.close()
    assert started.process.wait() == 0


@pytest.fixture(scope="module")
def images(shared):
    """Two photos, decoded once, so that a difference between two builds of libjpeg-turbo does not count, and two images of odd sizes."""
    for name in ("china", "flower"):
        Image.open(PHOTOS / f"{name}.jpg").save(shared / f"{name}.png")
    Image.open(PHOTOS / "china.jpg").crop((100, 50, 137, 79)).save(shared / "small.png")
    Image.fromarray(numpy.random.default_rng(5).integers(0, 256, (1, 23, 3), dtype=numpy.uint8)).save(shared / "line.png")
    print(f"torchvision {torchvision.__version__}, Pillow {PIL.__version__}")
    return {name: shared / f"{name}.png" for name in ("china", "flower", SMALL, LINE)}


def test_fixed(ours, images):
    """Bit for bit, which is more than the 1 of 255 that is asked for."""
    different = []
    for transforms in FIXED:
        for name, path in images.items():
            with Image.open(path) as file:
                image = file.convert("RGB")
            theirs, found = reference(image, transforms), ours.image(path, transforms)
            assert theirs.shape == found.shape, f"{transforms} of {name}: {found.shape}, not {theirs.shape}"
            off = numpy.abs(theirs.astype(int) - found)
            if off.any():
                different.append(f"{transforms} of {name}: up to {off.max()}, in {(off > 0).mean():.2%} of the values")
    print(f"{len(FIXED)} fixed transformations of {len(images)} images, {len(different)} differ")
    assert not different, "\n".join(different)


def test_letterbox(ours, images):
    """Bit for bit Pillow's ImageOps.pad, by itself and with what may come before and after."""
    frames, methods = [(224, 224), (40, 41), (99, 200), (640, 427), (300, 7), (23, 1)], {2: Image.BILINEAR, 3: Image.BICUBIC}
    for name, path in images.items():
        with Image.open(path) as file:
            image = file.convert("RGB")
        for width, height in frames:
            for number, method in methods.items():
                given = {"size": [height, width], "fill": [114, 3, 250], "interpolation": number}
                wanted = ImageOps.pad(image, (width, height), method, color=(114, 3, 250))
                if min(ImageOps.contain(image, (width, height), method).size) < 1:
                    continue
                found = ours.image(path, [["Letterbox", given]])
                assert numpy.array_equal(found, numpy.asarray(wanted)), f"{given} of {name}"
        wanted = ImageOps.pad(F.hflip(F.center_crop(image, [15, 21])), (50, 50), Image.BILINEAR, color=(7, 7, 7))
        around = F.center_crop(F.hflip(wanted), [44, 61])
        found = ours.image(path, [["CenterCrop", [[15, 21]]], ["RandomHorizontalFlip", 1], ["Letterbox", [50, 7]], ["RandomHorizontalFlip", 1], ["CenterCrop", [[44, 61]]]])
        assert numpy.array_equal(found, numpy.asarray(around)), name


def test_drawn(ours, images):
    """The pixels of random operations, given what ours drew."""
    path = images["china"]
    with Image.open(path) as file:
        image = file.convert("RGB")
    width, height = image.size
    scale, ratio = [0.08, 1], [0.75, 4 / 3]
    for index in range(12):
        def drawn(**job):
            return ours.ask(size=[height, width], count=index + 1, **job)[index]

        def same(transforms, theirs, tolerance=0):
            found = ours.image(path, transforms, index=index).astype(int)
            off = numpy.abs(found - numpy.asarray(theirs))
            assert off.max() <= tolerance, f"{transforms}, image {index}: off by {off.max()} in {(off > tolerance).mean():.3%}"

        same([["RandomCrop", [[200, 99]]]], F.crop(image, *drawn(draw="crop", crop=[200, 99])))
        padded = F.pad(F.pad(image, 5), [700 - width - 10, 0])
        box = ours.ask(draw="crop", crop=[300, 700], size=[padded.height, padded.width], count=index + 1)[index]
        same([["RandomCrop", {"size": [300, 700], "padding": 5, "pad_if_needed": True}]], F.crop(padded, *box))
        part = F.resized_crop(image, *drawn(draw="resized_crop", scale=scale, ratio=ratio), [224, 224])
        same([["RandomResizedCrop", 224]], part)
        same([["RandomResizedCrop", 224], ["RandomHorizontalFlip", 1]], F.hflip(part))

        corners = [[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]]
        moved = drawn(draw="perspective", distortion=0.5, p=1)
        same([["RandomPerspective", {"p": 1, "fill": 9}]], F.perspective(image, corners, moved, fill=9), tolerance=1)

        ranges = dict(degrees=[-30, 30], translate=[0.1, 0.3], scale=[0.5, 1.5], shear=[-8, 8, 0, 5])
        angle, x, y, factor, *shear = drawn(draw="affine", **ranges)
        same([["RandomAffine", ranges]], F.affine(image, angle, [int(x), int(y)], factor, shear))

        box = drawn(draw="erasing", scale=[0.02, 0.33], ratio=[0.3, 3.3], p=1)
        tensor = F.erase(F.pil_to_tensor(image), *box, torch.tensor([51, 102, 255], dtype=torch.uint8)[:, None, None])
        same([["RandomErasing", {"p": 1, "value": [0.2, 0.4, 1]}]], tensor.permute(1, 2, 0))

        ranges = [[0.6, 1.4], [0.5, 1.5], [0, 2], [-0.2, 0.2]]
        order, factors = drawn(draw="jitter", ranges=ranges)
        theirs, adjust = image, [F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue]
        for k in order:
            theirs = adjust[k](theirs, factors[k])
        same([["ColorJitter", ranges]], theirs)


def distance(a, b):
    """The Kolmogorov-Smirnov distance of two samples."""
    places = numpy.sort(numpy.concatenate([a, b]))
    return max(abs(numpy.searchsorted(numpy.sort(a), places, "right") / len(a) - numpy.searchsorted(numpy.sort(b), places, "right") / len(b)))


def test_distributions(ours):
    """What ours draw and what torchvision's get_params draw: samples of one distribution, number by number."""
    draws = 4000
    torch.manual_seed(3)
    limit = 2.23 * (2 / draws) ** 0.5   # exceeded by chance once in 10,000 comparisons
    tensor = torch.zeros(3, 60, 90)
    image = Image.new("RGB", (90, 60))
    scale, ratio = [0.08, 1], [0.75, 4 / 3]
    affine = dict(degrees=[-30, 30], translate=[0.1, 0.3], scale=[0.5, 1.5], shear=[-8, 8, 0, 5])
    jitter = [[0.6, 1.4], [0.5, 1.5], [0, 2], [-0.2, 0.2]]

    def flat_affine():
        angle, shift, factor, shear = T.RandomAffine.get_params(affine["degrees"], affine["translate"], affine["scale"], affine["shear"], [90, 60])
        return [angle, *shift, factor, *shear]

    cases = {
        "crop": (dict(crop=[40, 50]), lambda: T.RandomCrop.get_params(image, (40, 50))),
        "resized_crop": (dict(scale=scale, ratio=ratio), lambda: T.RandomResizedCrop.get_params(image, scale, ratio)),
        "erasing": (dict(scale=[0.02, 0.33], ratio=[0.3, 3.3]), lambda: T.RandomErasing.get_params(tensor, [0.02, 0.33], [0.3, 3.3], [0.0])[:4]),
        "affine": (affine, flat_affine),
        "perspective": (dict(distortion=0.5), lambda: numpy.ravel(T.RandomPerspective.get_params(90, 60, 0.5)[1])),
    }
    for name, (job, theirs) in cases.items():
        found = numpy.array([numpy.ravel(row) for row in ours.ask(draw=name, size=[60, 90], count=draws, **job)], float)
        wanted = numpy.array([theirs() for _ in range(draws)], float)
        if name in ("resized_crop", "erasing"):   # area and shape belong together
            found, wanted = (numpy.column_stack([a, a[:, 2] * a[:, 3], a[:, 2] / a[:, 3]]) for a in (found, wanted))
        far = [distance(found[:, k], wanted[:, k]) for k in range(found.shape[1])]
        print(f"{name}: distances of {len(far)} distributions at most {max(far):.4f}, limit {limit:.4f}")
        assert max(far) < limit, f"{name}: {far}"

    drawn = ours.ask(draw="jitter", size=[60, 90], count=draws, ranges=jitter)
    factors = numpy.array([row[1] for row in drawn])
    theirs = numpy.array([T.ColorJitter.get_params(*jitter)[1:] for _ in range(draws)])
    assert max(distance(factors[:, k], theirs[:, k]) for k in range(4)) < limit
    orders = numpy.unique([row[0] for row in drawn], axis=0, return_counts=True)[1]
    assert len(orders) == 24 and abs(orders - draws / 24).max() < 4.5 * (draws / 24) ** 0.5, orders
    heads = numpy.mean(ours.ask(draw="chance", size=[1, 1], count=draws, p=0.3))
    assert abs(heads - 0.3) < 4 * (0.21 / draws) ** 0.5, heads


def test_key(ours, images):
    """Seed, epoch, image and place in the list decide on what is drawn, and nothing else does."""
    path = images["flower"]
    list_of = lambda *before: [*before, ["RandomCrop", 100]]
    first = ours.image(path, list_of(), seed=4, epoch=2, index=7)
    assert (first == ours.image(path, list_of(), seed=4, epoch=2, index=7)).all()
    for key in (dict(seed=5, epoch=2, index=7), dict(seed=4, epoch=3, index=7), dict(seed=4, epoch=2, index=8), dict(seed=2, epoch=4, index=7)):
        assert (first != ours.image(path, list_of(), **key)).any(), key
    assert (first != ours.image(path, list_of(["Pad", 0]), seed=4, epoch=2, index=7)).any()
    twice = ours.image(path, [["RandomCrop", 300], ["RandomCrop", 200]], seed=1)   # two streams, not one twice
    assert (twice != ours.image(path, [["RandomCrop", 200]], seed=1)).any()
