"""./dev bench transform: Convert and Apply Image Transformation against Pillow and torchvision, on the same photos, alternating.

Photos of 500 x 375 become 224 x 224 (resize 256, center crop, horizontal flip). The Python side does what the original does, image by
image: copy the file, then open, transform and save it as PNG; once in one process, as the original, and once in as many as there are cores.
"""
import argparse
import multiprocessing
import os
import pathlib
import resource
import shutil
import subprocess
import time

import numpy
import PIL
import torchvision
from PIL import Image
from torchvision import transforms

import images

ROOT = pathlib.Path(__file__).resolve().parents[2]
TORCHPORT = ROOT / "build/bin/torchport"
COMPOSE = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224), transforms.RandomHorizontalFlip()])


def main():
    parser = argparse.ArgumentParser(prog="./dev bench transform")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--pairs", type=int, default=3)
    options = parser.parse_args()
    work = ROOT / "build/bench"
    photos = work / f"photos-{options.images}"
    make_photos(photos, options.images, work / "photos")
    cores = os.cpu_count()
    print(f"{options.images} photos of 500 x 375, {cores} cores, Pillow {PIL.__version__}, torchvision {torchvision.__version__}")
    print(f"{'':22}{'images/s':>10}{'convert s':>11}{'apply s':>9}{'output MB':>11}{'peak MB':>9}")
    for _ in range(options.pairs):
        for name, run in (("torchport", ours), ("Python, 1 process", lambda *a: python(*a, 1)), (f"Python, {cores} processes", lambda *a: python(*a, cores))):
            shutil.rmtree(work / "out", ignore_errors=True)
            (work / "out").mkdir(parents=True)
            convert, apply = run(photos, work / "out")
            size = sum(path.stat().st_size for path in (work / "out/transformed").rglob("*.png")) / 1e6
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024 if name == "torchport" else float("nan")
            print(f"{name:22}{options.images / (convert + apply):10.1f}{convert:11.2f}{apply:9.2f}{size:11.1f}{peak:9.0f}", flush=True)


def make_photos(folder, count, samples):
    if folder.exists():
        return
    originals = [Image.open(path).convert("RGB") for path in images.sample_photos(samples).values()]
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


def ours(photos, out):
    def run(*words):
        started = time.monotonic()
        subprocess.run([TORCHPORT, "run", *map(str, words)], cwd=out, check=True, stdout=subprocess.DEVNULL)
        return time.monotonic() - started
    run("init_image_transformation", f"--output_path={out / 'transformation'}")
    return (run("convert_to_image_directory", f"--input_path={photos}", f"--output_path={out / 'converted'}"),
            run("apply_image_transformation", f"--input_image_transform_path={out / 'transformation'}",
                f"--input_image_dir_path={out / 'converted'}", f"--output_path={out / 'transformed'}"))


def python(photos, out, processes):
    started = time.monotonic()
    shutil.copytree(photos, out / "converted")
    converted = time.monotonic()
    files = sorted((out / "converted").rglob("*.jpg"))
    (out / "transformed").mkdir()
    jobs = [(file, out / "transformed" / f"{file.stem}.png") for file in files]
    if processes == 1:
        list(map(transform, jobs))
    else:
        with multiprocessing.Pool(processes) as pool:
            pool.map(transform, jobs, chunksize=16)
    return converted - started, time.monotonic() - converted


def transform(job):
    with Image.open(job[0]) as image:
        COMPOSE(image.convert("RGB")).save(job[1])


if __name__ == "__main__":
    main()
