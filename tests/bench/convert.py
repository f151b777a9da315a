"""Convert to Image Directory, timed from outside: images a second and peak memory, of class folders and of archives of them.

    build/bin has the programs (TORCHPORT_BIN names another place); numpy and Pillow make the images once, into build/bench.
    python3 tests/bench/convert.py --images 2000 --rounds 3
"""
import argparse
import os
import pathlib
import platform
import shutil
import subprocess
import tarfile
import time
import zipfile

import images
import numpy
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
TORCHPORT = pathlib.Path(os.environ.get("TORCHPORT_BIN", ROOT / "build/bin")) / "torchport"
CATEGORIES = 10


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    work = ROOT / "build/bench/convert"
    work.mkdir(parents=True, exist_ok=True)
    print(f"JPEGs of 500 x 375, {CATEGORIES} categories; {platform.machine()}, {os.cpu_count()} cores")
    print(f"{'input':10}{'images':>8}{'MB':>8}{'seconds':>10}{'images/s':>10}{'peak MB':>10}")
    for count in (max(options.images // 10, CATEGORIES), options.images):   # memory shall not grow with the number of images
        for source in inputs(work, count):
            for _ in range(options.rounds):
                seconds, peak = convert(source, work)
                megabytes = sum(path.stat().st_size for path in ([source] if source.is_file() else source.glob("*/*"))) / 1e6
                print(f"{source.suffix or 'folders':10}{count:8}{megabytes:8.1f}{seconds:10.2f}{count / seconds:10.0f}{peak:10.1f}", flush=True)


def inputs(work, count):
    """The same images as class folders, as a ZIP file and as a compressed tar file; made once."""
    folder = work / f"photos-{count}"
    if not (work / f"{folder.name}.tgz").exists():
        shutil.rmtree(folder, ignore_errors=True)
        make(folder, work / "photos", count)
        with zipfile.ZipFile(work / f"{folder.name}.zip", "w") as archive:
            for path in sorted(folder.glob("*/*")):
                archive.write(path, path.relative_to(folder))
        with tarfile.open(work / f"{folder.name}.tgz", "w:gz", compresslevel=1) as archive:
            archive.add(folder, ".")
    return [folder, work / f"{folder.name}.zip", work / f"{folder.name}.tgz"]


def make(folder, samples, count, size=(500, 375)):
    """JPEGs cut from sample photos: random parts of them, with a little noise as a sensor has it."""
    photos = [Image.open(path).convert("RGB") for path in images.sample_photos(samples).values()]
    random = numpy.random.default_rng(1)
    for index in range(count):
        photo = photos[random.integers(len(photos))]
        scale = random.uniform(0.5, 1) * min(photo.width / size[0], photo.height / size[1])
        width, height = int(scale * size[0]), int(scale * size[1])
        left, top = int(random.integers(photo.width - width + 1)), int(random.integers(photo.height - height + 1))
        part = photo.resize(size, Image.BICUBIC, (left, top, left + width, top + height))
        pixels = numpy.asarray(part, numpy.float32) + random.normal(0, 2, (size[1], size[0], 1))
        target = folder / f"category_{index % CATEGORIES}"
        target.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.clip(0, 255).astype(numpy.uint8)).save(target / f"{index:05}.jpg", quality=90)


def convert(source, work):
    """Seconds from start to exit, and the peak resident memory in MB."""
    output = work / "converted"
    shutil.rmtree(output, ignore_errors=True)
    os.sync()
    begin = time.monotonic()
    process = subprocess.Popen([TORCHPORT, "run", "convert_to_image_directory", f"--input_path={source}", f"--output_path={output}", "--run-dir",
                                work / "run"], cwd=work, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - begin
    assert status == 0, f"the conversion of {source} failed"
    shutil.rmtree(output)
    shutil.rmtree(work / "run")
    return seconds, usage.ru_maxrss / 1024


main()
