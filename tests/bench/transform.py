"""./dev bench transform: Convert and Apply Image Transformation against Pillow and torchvision, on the same photos, alternating.

Photos of 500 x 375 become 224 x 224 (resize 256, center crop, horizontal flip). The Python side does what the original does, image by
image: copy the file, then open, transform and save it as PNG; once in one process, as the original, and once in as many as there are cores.
"""
import argparse
import multiprocessing
import os
import pathlib
import shutil
import subprocess
import sys
import time

import PIL
import torchvision
from PIL import Image
from torchvision import transforms

import images

ROOT = pathlib.Path(__file__).resolve().parents[2]
TORCHPORT = ROOT / "build/bin/torchport"
# Runs a command and says its peak memory; in a program of its own, because a child counts the memory of whom it was forked from.
PEAK = """import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"""
COMPOSE = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224), transforms.RandomHorizontalFlip()])


def main():
    parser = argparse.ArgumentParser(prog="./dev bench transform")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--pairs", type=int, default=3)
    options = parser.parse_args()
    work = ROOT / "build/bench"
    photos, few = (images.make(work / f"photos-{count}", count, 0, (500, 375)) for count in (options.images, options.images // 10))
    cores = os.cpu_count()
    print(f"{options.images} photos of 500 x 375, {cores} cores, Pillow {PIL.__version__}, torchvision {torchvision.__version__}")
    print(f"{'':22}{'images/s':>10}{'convert s':>11}{'apply s':>9}{'output MB':>11}{'peak MB':>9}")
    for _ in range(options.pairs):
        for name, run in (("torchport", ours), ("Python, 1 process", lambda *a: python(*a, 1)), (f"Python, {cores} processes", lambda *a: python(*a, cores))):
            convert, apply, peak = measure(run, photos, work / "out")
            size = sum(path.stat().st_size for path in (work / "out/transformed").rglob("*.png")) / 1e6
            print(f"{name:22}{options.images / (convert + apply):10.1f}{convert:11.2f}{apply:9.2f}{size:11.1f}{peak:>9}", flush=True)
    print(f"torchport's peak with a tenth of the images: {measure(ours, few, work / 'out')[2]} MB")


def measure(run, photos, out):
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    return run(photos, out)


def ours(photos, out):
    def run(*words):
        started = time.monotonic()
        done = subprocess.run([sys.executable, "-SE", "-c", PEAK, TORCHPORT, "run", *map(str, words)], cwd=out, check=True, stdout=subprocess.PIPE)
        return time.monotonic() - started, int(done.stdout) // 1024
    run("init_image_transformation", f"--output_path={out / 'transformation'}")
    convert, _ = run("convert_to_image_directory", f"--input_path={photos}", f"--output_path={out / 'converted'}")
    apply, peak = run("apply_image_transformation", f"--input_image_transform_path={out / 'transformation'}",
                      f"--input_image_dir_path={out / 'converted'}", f"--output_path={out / 'transformed'}")
    return convert, apply, peak


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
    return converted - started, time.monotonic() - converted, "-"


def transform(job):
    with Image.open(job[0]) as image:
        COMPOSE(image.convert("RGB")).save(job[1])


if __name__ == "__main__":
    main()
