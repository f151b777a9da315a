"""./dev bench graph: what a pipeline costs beside its components, and how long a run takes that reuses everything.

The same commands run as steps of a pipeline and by hand, in turns; the difference, for each step, is the graph's. The second figure
is a pipeline with 7,000 images from outside and two directories of as many made from them.
"""
import argparse
import pathlib
import shutil
import statistics
import subprocess
import time

import numpy
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
TORCHPORT = ROOT / "build/bin/torchport"
WORK = ROOT / "build/bench/graph"


def main():
    parser = argparse.ArgumentParser(prog="./dev bench graph")
    parser.add_argument("--steps", type=int, default=10, help="steps of the pipeline")
    parser.add_argument("--rounds", type=int, default=5, help="how often pipeline and commands alternate")
    parser.add_argument("--images", type=int, default=7000)
    options = parser.parse_args()
    shutil.rmtree(WORK, ignore_errors=True)
    images(WORK / "few", 4)
    overhead(options.steps, options.rounds)
    images(WORK / "many", options.images)
    second_run(options.images)


def images(folder, count):
    random = numpy.random.default_rng(1)
    for index in range(count):
        target = folder / f"category_{index % 2}"
        target.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (28, 28, 3), dtype=numpy.uint8)).save(target / f"{index:05}.png")


def timed(*words):
    start = time.monotonic()
    subprocess.run([str(word) for word in words], cwd=WORK, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - start


def pipeline(name, source, steps):
    text = "".join(f"  step_{number}:\n    component: convert_to_image_directory\n    inputs: {{input: ./{source}}}\n" for number in range(steps))
    (WORK / f"{name}.yaml").write_text(f"name: {name}\nsteps:\n{text}")
    return f"{name}.yaml"


def overhead(steps, rounds):
    file = pipeline("few", "few", steps)
    costs, ours, theirs = [], [], []
    for turn in range(rounds):
        ours.append(timed(TORCHPORT, "run", file, "--runs", f"pipeline-{turn}"))
        theirs.append(sum(timed(TORCHPORT, "run", "convert_to_image_directory", "--input_path=few", f"--output_path=by_hand-{turn}-{step}",
                                f"--run-dir=logs-{turn}/{step}") for step in range(steps)))
        costs.append(1000 * (ours[-1] - theirs[-1]) / steps)
    print(f"{steps} steps: {statistics.median(ours):.2f} s as a pipeline, {statistics.median(theirs):.2f} s by hand (medians of {rounds})")
    print(f"the graph's part of a step: {statistics.median(costs):.1f} ms  ({' '.join(f'{cost:.1f}' for cost in costs)})")


def second_run(count):
    file = pipeline("many", "many", 2)
    first = timed(TORCHPORT, "run", file)
    again = [timed(TORCHPORT, "run", file) for _ in range(3)]
    print(f"{count} images from outside: first run {first:.2f} s; then, all reused: {' '.join(f'{seconds:.2f}' for seconds in again)} s")


if __name__ == "__main__":
    main()
