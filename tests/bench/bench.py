"""./dev bench: our training against the torchvision reference loop, on the same images, alternating A B A B.

Everything is measured from outside, for both alike: seconds from start to exit, peak memory of the process tree (PSS), CPU that
other programs used meanwhile. A short and a long run differ in epochs only, so their difference is the steady speed without
start-up. Looking at the memory stops a program for a moment, so only the long run is looked at, and the short one says when its
first step was done. Figures of a machine that others use are worth their ratio, not more.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time

import images

ROOT = pathlib.Path(__file__).resolve().parents[2]
TORCHPORT = ROOT / "build/bin/torchport"
LONG, SHORT = 3, 1   # epochs


def main():
    parser = argparse.ArgumentParser(prog="./dev bench")
    parser.add_argument("--pairs", type=int, default=3, help="how often A and B alternate")
    parser.add_argument("--images", type=int, default=192, help="training images of an epoch")
    parser.add_argument("--model", default="resnet18")
    parser.add_argument("--batch", type=int, default=16)
    options = parser.parse_args()
    work = ROOT / "build/bench"
    data = work / f"images-{options.images}"
    images.make(data, options.images, 16)
    prepare(work, data, options.model)

    print(f"{options.model}, batch {options.batch}, {options.images} images of 224 x 224 an epoch, float32")
    print(f"{datetime.date.today()}, {cpu_name()}, {os.cpu_count()} cores, torch {torch_version()}")
    print(f"{'':8}{'images/s':>10}{'steady':>10}{'first step s':>14}{'peak MB':>10}{'others CPU s':>14}")
    ours, theirs = [], []
    for _ in range(options.pairs):
        for name, rows, command in (("ours", ours, our_command), ("python", theirs, python_command)):
            row = measure(options, lambda epochs: command(work, data, options, epochs))
            rows.append(row)
            print(f"{name:8}{row['rate']:10.2f}{row['steady']:10.2f}{row['first']:14.2f}{row['peak']:10.0f}{row['others']:14.1f}", flush=True)
    for key, title in (("rate", "whole run"), ("steady", "steady")):
        ratios = [a[key] / b[key] for a, b in zip(ours, theirs)]
        print(f"ratio ours / python, {title}: median {statistics.median(ratios):.2f}  pairs {' '.join(f'{r:.2f}' for r in ratios)}")


def prepare(work, data, model):
    """The image directories and the untrained model that our training takes; kept for the next time."""
    for part in ("train", "valid"):
        if not (data / f"{part}.dir").exists():
            run(TORCHPORT, "run", "convert_to_image_directory", f"--input_path={data / part}", f"--output_path={data / part}.dir", cwd=work)
    if not (work / model).exists():
        run(TORCHPORT, "run", "resnet" if "res" in model else "densenet", f"--model_name={model}", "--pretrained=False",
            f"--untrained_model_path={work / model}", cwd=work)


def our_command(work, data, options, epochs):
    run_dir = work / f"runs/{epochs}"
    shutil.rmtree(work / "runs", ignore_errors=True)
    run_dir.mkdir(parents=True)
    return [TORCHPORT, "run", "train_pytorch_model", "--untrained-model-path", work / options.model,
            "--train-data-path", data / "train.dir", "--valid-data-path", data / "valid.dir", "--trained-model-path", run_dir / "model",
            "--epochs", epochs, "--batch-size", options.batch, "--learning-rate", "0.001", "--patience", 100, "--run-dir", run_dir]


def python_command(work, data, options, epochs):
    return [sys.executable, ROOT / "tests/bench/baseline_torchvision.py", "--no-augment", "--data", data / "train", "--val", data / "valid",
            "--arch", options.model, "--epochs", epochs, "--batch", options.batch, "--threads", os.cpu_count()]


def measure(options, command):
    short, long = watched(command(SHORT), memory=False), watched(command(LONG), memory=True)
    return {"rate": LONG * options.images / long["seconds"],
            "steady": (LONG - SHORT) * options.images / (long["seconds"] - short["seconds"]),
            "first": short["first"],
            "peak": long["peak"],
            "others": short["others"] + long["others"]}


def watched(words, memory):
    """Runs a program to its end: seconds, seconds to the first step as it says itself, peak memory, CPU seconds of all others."""
    busy, before, start = busy_seconds(), own_seconds(), time.monotonic()
    process = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    peak = [0]

    def sample():
        while memory and process.poll() is None:
            peak[0] = max(peak[0], sum(pss(pid) for pid in tree(process.pid)))
            time.sleep(0.5)
    sampler = threading.Thread(target=sample)
    sampler.start()
    text = process.communicate()[0]
    seconds = time.monotonic() - start
    sampler.join()
    if process.returncode:
        sys.exit(f"exit {process.returncode}: {' '.join(map(str, words))}\n{text}")
    first = re.search(r"First step done ([\d.]+) s", text) or re.search(r'"first_step_s": ([\d.]+)', text)
    return {"seconds": seconds, "first": float(first[1]), "peak": peak[0] / 1024,
            "others": max(0.0, busy_seconds() - busy - (own_seconds() - before))}


def run(*words, cwd):
    cwd.mkdir(parents=True, exist_ok=True)
    subprocess.run([str(word) for word in words], cwd=cwd, check=True, stdout=subprocess.DEVNULL)


def busy_seconds():
    ticks = [int(word) for word in open("/proc/stat").readline().split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")


def own_seconds():
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def tree(pid):
    pids = [pid]
    for children in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            for child in children.read_text().split():
                pids += tree(int(child))
        except OSError:
            pass   # it ended meanwhile
    return pids


def pss(pid):
    """Proportional set size in KB: pages that processes share count once."""
    try:
        return int(re.search(r"^Pss:\s+(\d+)", open(f"/proc/{pid}/smaps_rollup").read(), re.M)[1])
    except (OSError, TypeError):
        return 0


def cpu_name():
    found = re.search(r"^model name\s*: (.*)$", open("/proc/cpuinfo").read(), re.M)
    return found[1] if found else platform.machine()


def torch_version():
    import importlib.metadata
    return importlib.metadata.version("torch")


if __name__ == "__main__":
    main()
