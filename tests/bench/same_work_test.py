"""The programs that the bench pairs do the same work: from the same weights, on batches of all images, they have the same losses.

Then the order of images and the random head, which differ, play no part. torchport computes in the reference loop's layout here, because
these images leave little variance, and rounding grows with each step. The parts of a step are measured as well, to see that they run.
"""
import json
import re
import sys

import numpy
from PIL import Image

from harness import AS_ROOT, BIN, SOURCE, command, torchport
from measure import EPOCH

EPOCHS, IMAGES = 3, 16
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
TOLERANCE = {"torchvision": 2e-3, "fast": 3e-2}   # fast is channels-last


def photos(folder, seed):
    random = numpy.random.default_rng(seed)
    for index in range(IMAGES):
        target = folder / ("dark", "light")[index % 2]
        target.mkdir(parents=True, exist_ok=True)
        pixels = numpy.kron(random.integers(0, 128, (8, 8, 3)), numpy.ones((8, 8, 1))) + 100 * (index % 2)
        Image.fromarray(pixels.astype(numpy.uint8)).save(target / f"{index:02}.jpg", quality=90)


def losses(text):
    found = [tuple(map(float, epoch)) for epoch in EPOCH.findall(text)]
    assert len(found) == EPOCHS and "First step done" in text, text
    return numpy.array(found)


def test_losses_are_the_same(work):
    for seed, part in enumerate(("train", "valid")):
        photos(work / part, seed)

    def train(model, out, epochs):
        return torchport("run", "train_pytorch_model", "--untrained-model-path", model, "--train-data-path", "train", "--valid-data-path", "valid",
                         "--trained-model-path", out, "--epochs", epochs, "--batch-size", IMAGES, "--learning-rate", "0.01", "--patience", 9, "--memory-format", "contiguous",
                         cwd=work, env=ONE_THREAD).stdout

    torchport("run", "resnet", "--model_name=resnet18", "--pretrained=False", "--untrained_model_path=random", cwd=work)
    train("random", "start", 1)   # a head for these categories, which all three keep
    ours = losses(train("start", "out", EPOCHS))
    assert ours[-1, 0] < ours[0, 0], f"nothing was learned: {ours}"
    for program in ("torchvision", "fast"):
        done = command(sys.executable, "-B", SOURCE / f"tests/bench/baseline_{program}.py", "--data", "train", "--val", "valid",
                       "--weights", "start/model", "--batch", IMAGES, "--epochs", EPOCHS, "--lr", "0.01", "--threads", 1, "--no-augment", cwd=work)
        theirs = losses(done.stdout)
        print(f"{program}: losses and top-1 differ by at most {numpy.abs(theirs - ours).max():.1e}")
        assert numpy.abs(theirs - ours).max() < TOLERANCE[program], f"torchport:\n{ours}\n{program}:\n{theirs}"


def test_parts_of_a_step_are_measured():
    steps = command(BIN / "step_bench", "resnet18", "--batch", 2, "--size", 64, "--steps", 1, "--threads", 1).stdout
    step = float(re.search(r"^step, fused .* ([\d.]+) images/s", steps, re.MULTILINE)[1])
    limits = json.loads(command(sys.executable, "-B", SOURCE / "tests/bench/limits.py", "--batch", 2, "--rounds", 1, "--threads", 1).stdout)
    assert step > 0 and 0 < limits["python_step"] and 0 < limits["convolutions"] and limits["copy_gb_s"] > 0, (step, limits)


def test_sums_over_ranks_are_measured():
    lines = command("mpirun", *AS_ROOT, "--oversubscribe", "-np", 2, BIN / "all_reduce_speed", "0.01", 4096, 1 << 20).stdout
    assert re.fullmatch(r"4096 \d+ [\d.]+\n1048576 \d+ [\d.]+\n", lines), lines
