"""Makes the bench's images: class folders of JPEGs, cut from the sample photos that two Python packages carry.

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


def make(folder, train, valid, size=(224, 224), seed=1):
    """Fills folder/train and folder/valid with images of size = (width, height) once; a second call finds them there. Returns folder/train."""
    folder = pathlib.Path(folder)
    done = folder / f"made-{train}-{valid}-{size[0]}x{size[1]}-{seed}"
    if done.exists():
        return folder / "train"
    photos = {name: Image.open(path).convert("RGB") for name, path in sample_photos(folder.with_name("photos")).items()}
    random = numpy.random.default_rng(seed)
    for part, count in (("train", train), ("valid", valid)):
        for index in range(count):
            category = sorted(CLASSES)[index % len(CLASSES)]
            photo = photos[CLASSES[category][random.integers(len(CLASSES[category]))]]
            target = folder / part / category
            target.mkdir(parents=True, exist_ok=True)
            cut(photo, size, random).save(target / f"{index:05}.jpg", quality=90)
    done.touch()
    return folder / "train"


def fashion_mnist():
    """The folder of the Debian package's IDX files."""
    folder = pathlib.Path("/usr/share/datasets/fashion-mnist")
    if not folder.exists():
        sys.exit(f"{folder} is missing: Debian's package dataset-fashion-mnist has it")
    return folder


def cut(photo, size, random):
    """A random part of the photo in the shape of `size`, mirrored half the time, with a little noise as a sensor has it."""
    scale = min(extent / side for extent, side in zip(photo.size, size)) * random.uniform(0.45, 1.0)
    width, height = (int(side * scale) for side in size)
    left, top = (int(random.integers(0, extent - side + 1)) for extent, side in zip(photo.size, (width, height)))
    image = photo.crop((left, top, left + width, top + height)).resize(size, Image.BICUBIC)
    pixels = numpy.asarray(image, numpy.float32)[:, :: int(random.choice([-1, 1]))]
    pixels = pixels * random.uniform(0.8, 1.15) + random.normal(0, 2.0, pixels.shape)
    return Image.fromarray(pixels.clip(0, 255).astype(numpy.uint8))


def sample_photos(folder):
    """Unpacks the photos from the packages' wheels; nothing of the packages is installed."""
    names = {name for photos in CLASSES.values() for name in photos}
    if not all((folder / name).exists() for name in names):
        wheels = folder.with_name("wheels")
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", wheels, *PACKAGES], check=True)
        folder.mkdir(parents=True, exist_ok=True)
        for wheel in wheels.glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                for member in archive.namelist():
                    if pathlib.PurePath(member).name in names and ("skimage/data/" in member or "sklearn/datasets/images/" in member):
                        (folder / pathlib.PurePath(member).name).write_bytes(archive.read(member))
    return {name: folder / name for name in names}
