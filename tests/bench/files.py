"""./dev bench files: from a folder of photos to the first step of a training, as a pipeline: convert, apply with --when=every_epoch, and
train until "Start training epochs.".

--against FOLDER names the programs of another build; the two alternate. Everything lies in the page cache: a pipeline reads all its
inputs before it begins. The photos are small, so that the work on files shows and not the disk.
"""
import argparse
import io
import json
import pathlib
import shutil
import statistics
import subprocess
import time

import numpy
from PIL import Image

import machine
import programs

CATEGORIES = 100
SIZES = ((240, 180), (180, 240), (200, 200), (280, 180))
STEPS = ("convert", "apply", "start")   # what is summed up
PIPELINE = """name: files
steps:
  list: {component: init_image_transformation, parameters: {size: 64, crop_size: 64}}
  net: {component: resnet, parameters: {model_name: resnet18, pretrained: false}}
  few: {component: convert_to_image_directory, inputs: {input: %(few)s}}
  valid: {component: apply_image_transformation, inputs: {transformation: list.output, images: few.output}, parameters: {when: every_epoch}}
  convert: {component: convert_to_image_directory, inputs: {input: %(photos)s}}
  apply: {component: apply_image_transformation, inputs: {transformation: list.output, images: convert.output}, parameters: {when: every_epoch}}
  start:
    component: train_pytorch_model
    inputs: {untrained_model: net.untrained_model, training_dataset: apply.output, validation_dataset: valid.output}
    parameters: {epochs: 1, batch_size: 16}
"""


def main():
    parser = argparse.ArgumentParser(prog="./dev bench files", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--against", type=pathlib.Path, metavar="FOLDER", help="the folder of another torchport")
    options = parser.parse_args()
    work = programs.WORK / "files"
    photos, few = make(work / f"photos-{options.images}", options.images), make(work / "few", CATEGORIES)
    (work / "p.yaml").write_text(PIPELINE % {"few": few, "photos": photos})
    print(machine.sentence(machine.facts(programs.ROOT)))
    size = sum(path.stat().st_size for path in few.rglob("*.jpg")) / CATEGORIES
    print(f"{options.images} JPEG files of {size / 1000:.1f} kB, in the page cache; seconds")
    print(f"{'':10}" + "".join(f"{step:>10}" for step in STEPS) + f"{'sum':>10}")
    builds = {"this": programs.TORCHPORT.parent, **({"other": options.against.resolve()} if options.against else {})}
    sums = {name: [] for name in builds}
    for _ in range(options.rounds):
        for name, folder in builds.items():
            seconds = measure(folder / "torchport", work)
            sums[name].append(sum(seconds))
            print(f"{name:10}" + "".join(f"{one:10.2f}" for one in (*seconds, sum(seconds))), flush=True)
    if options.against:
        ratios = [theirs / ours for ours, theirs in zip(sums["this"], sums["other"])]
        print(f"this is {statistics.median(ratios):.2f} times as fast ({min(ratios):.2f} to {max(ratios):.2f})")


def make(folder, count):
    """Class folders of `count` JPEG files, of some dozen different contents; made once."""
    if folder.exists():
        return folder
    random, unfinished = numpy.random.default_rng(1), folder.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    photos = [photo(random, *SIZES[number % len(SIZES)]) for number in range(48)]
    for category in range(CATEGORIES):
        (unfinished / f"category_{category:03}").mkdir(parents=True)
    for number in range(count):
        (unfinished / f"category_{number % CATEGORIES:03}/photo_{number:07}.jpg").write_bytes(photos[number % len(photos)])
    unfinished.rename(folder)
    time.sleep(3)   # what changed a moment ago is read again by a pipeline
    return folder


def photo(random, width, height):
    coarse = Image.fromarray(random.integers(0, 256, (height // 10, width // 10, 3), dtype=numpy.uint8))
    pixels = numpy.asarray(coarse.resize((width, height), Image.BICUBIC)) + random.normal(0, 5, (height, width, 1))
    file = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(numpy.uint8)).save(file, "jpeg", quality=85)
    return file.getvalue()


def measure(torchport, work):
    """The seconds of STEPS."""
    runs = work / "runs"
    shutil.rmtree(runs, ignore_errors=True)
    subprocess.run(["sync"], check=True)
    time.sleep(10)   # ext4 does not reuse an inode for some seconds after its file was removed, and searches long for others
    words = [torchport, "run", work / "p.yaml", "--runs", runs]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=work)
    lines, began, ready = [], None, None
    for line in process.stdout:
        lines.append(line)
        if "] start: " in line and ", because " in line:
            began = time.monotonic()
        if "Start training epochs." in line:
            ready = time.monotonic() - began
            process.terminate()
            break
    process.stdout.read()
    process.wait()
    if ready is None:
        raise SystemExit(f"the training did not start:\n{''.join(lines)}")
    steps = json.loads((runs / "files-1/pipeline.json").read_text())["steps"]
    return [steps["convert"]["seconds"], steps["apply"]["seconds"], ready]   # of the components, without the pipeline's own books


if __name__ == "__main__":
    main()
