"""./dev bench data: the data path without a network, ours and Python's: decode, transform, loader.

RandomResizedCrop and a flip, from JPEG files in the page cache. "CPU ms" is processor time an image, and what to go by on a machine
that others use; images/s is wall time. The Python rows are Pillow with torchvision's transforms, and torchvision.io with transforms.v2 on
bytes; a loader of theirs would have as many worker processes as ours has threads, so "N processes" is N copies of the loop.
"""
import argparse
import collections
import itertools
import json
import multiprocessing
import shutil
import statistics
import subprocess
import sys
import time

import torch
import torchvision
from PIL import Image
from torchvision import transforms
from torchvision.transforms import v2

import images
import machine
import pairs
import programs


def main():
    parser = argparse.ArgumentParser(prog="./dev bench data")
    parser.add_argument("--images", type=int, default=256)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=5, help="for each row")
    parser.add_argument("--photo", default="500x375", metavar="WIDTHxHEIGHT", help="of the photos (default 500x375)")
    parser.add_argument("--rounds", type=int, default=5, help="how often ours and Python's alternate")
    parser.add_argument("--rows", type=int, help="of the index, in which the photos then come again and again")
    options = parser.parse_args()
    size = tuple(map(int, options.photo.split("x")))
    photos = images.make(programs.WORK / f"data-{options.images}-{options.photo}", options.images, 0, size)
    plain, folder = photos.with_suffix(".dir"), photos.with_suffix(f".{programs.INPUT}")
    programs.torchport("convert_to_image_directory", plain, f"--input_path={photos}", f"--output_path={plain}")
    programs.carry_transformation("train", plain, folder)
    if options.rows:
        folder = with_rows(folder, options.rows)
    print(machine.sentence(machine.facts(programs.ROOT)))
    print(f"{options.rows or options.images} rows, {options.images} photos of {options.photo}")
    files = sorted(photos.rglob("*.jpg"))
    rates, costs = collections.defaultdict(list), collections.defaultdict(list)

    def add(name, rate, cpu):
        rates[name].append(rate)
        costs[name].append(cpu)

    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
        ours = subprocess.Popen([programs.ROOT / "build/bin/data_path", folder, str(options.threads), str(options.seconds)],
                                stdout=subprocess.PIPE, text=True)
        for line in ours.stdout:
            row = json.loads(line)
            add(f"torchport: {row['row']}", row["images_per_second"], row["cpu_ms"])
        if ours.wait() != 0:
            raise SystemExit("data_path failed")
        for name, read in READERS.items():
            add(f"{name}, 1 process", *loop((read, files, options.seconds)))
        for name in ("Pillow: transform", "torchvision.io + v2: transform"):
            with multiprocessing.Pool(options.threads) as pool:
                rows = pool.map(loop, [(READERS[name], files, options.seconds)] * options.threads, chunksize=1)
            add(f"{name}, {options.threads} processes", sum(rate for rate, _ in rows), sum(cpu for _, cpu in rows) / len(rows))
    print(f"{'median of ' + str(options.rounds) + ' rounds':44}{'images/s':>10}{'least':>10}{'most':>10}{'CPU ms':>9}")
    for name, found in rates.items():
        print(f"{name:44}{statistics.median(found):10.1f}{min(found):10.1f}{max(found):10.1f}{statistics.median(costs[name]):9.3f}")
    for ours, theirs in itertools.product((name for name in rates if "loader" in name and "float" not in name),
                                          (name for name in rates if name.endswith("processes"))):
        ratio, low, high = pairs.ratio(rates[ours], rates[theirs])
        print(f"{ours} / {theirs}: {ratio:.2f}   (95 % interval {low:.2f} to {high:.2f}, {options.rounds} rounds)")


def with_rows(folder, count):
    """A copy of an image directory whose index has `count` rows: its images again and again."""
    longer = folder.with_name(f"{folder.name}.{count}")
    if not (longer / "images.lst").exists():
        shutil.copytree(folder, longer, ignore=shutil.ignore_patterns("images.lst"), dirs_exist_ok=True)
        lines = [json.loads(line) for line in (folder / "images.lst").read_text().splitlines()]
        with (longer / "unfinished").open("w") as index:
            for row, line in zip(range(count), itertools.cycle(lines)):
                index.write(json.dumps({**line, "id": row}) + "\n")
        (longer / "unfinished").rename(longer / "images.lst")
    return longer


def loop(job):
    """Images a second, and CPU milliseconds an image, of one process with one thread."""
    read, files, seconds = job
    torch.set_num_threads(1)
    read(files[0])
    started, cpu, done = time.monotonic(), time.process_time(), 0
    while time.monotonic() - started < seconds:
        read(files[done % len(files)])
        done += 1
    return done / (time.monotonic() - started), 1000 * (time.process_time() - cpu) / done


def pillow_decode(file):
    with Image.open(file) as image:
        return image.convert("RGB")


def pillow_transform(file):
    return PILLOW(pillow_decode(file))


def io_decode(file):
    return torchvision.io.decode_jpeg(torchvision.io.read_file(str(file)))


def io_transform(file):
    return TENSOR(io_decode(file))


PILLOW = transforms.Compose([transforms.RandomResizedCrop(programs.INPUT), transforms.RandomHorizontalFlip(), transforms.PILToTensor()])
TENSOR = v2.Compose([v2.RandomResizedCrop(programs.INPUT, antialias=True), v2.RandomHorizontalFlip()])
READERS = {"Pillow: decode": pillow_decode, "Pillow: transform": pillow_transform, "torchvision.io: decode": io_decode,
           "torchvision.io + v2: transform": io_transform}


if __name__ == "__main__":
    main()
