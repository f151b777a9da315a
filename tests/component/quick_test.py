"""torchport quick: from a folder of photos to the results, with a line for each step; the example's file does the same."""
import fcntl
import json
import os
import pty
import re
import shlex
import shutil
import struct
import subprocess
import termios

import numpy
import yaml
from PIL import Image

from harness import BIN, SOURCE, torchport

STEPS = ["convert", "split", "transformation", "train_photos", "other_photos", "network", "train", "score", "evaluate"]
SMALL = ["--set", "train.epochs=1", "--set", "transformation.size=36", "--set", "transformation.crop_size=32"]


def photos(folder, each=10):
    """Photos of two categories in many sizes, one of them broken."""
    random = numpy.random.default_rng(1)
    for category, name in enumerate(("cat", "dog")):
        (folder / name).mkdir(parents=True)
        for place in range(each):
            height, width = random.integers(33, 64, 2)
            pixels = random.integers(0, 100, (height, width, 3)) + [[[120 * category, 0, 120 * (1 - category)]]]
            Image.fromarray(pixels.astype(numpy.uint8)).save(folder / name / f"IMG_{place}.jpg")
    (folder / "dog" / "IMG_broken.jpg").write_bytes((folder / "dog/IMG_0.jpg").read_bytes()[:40])
    return folder


def forms(text):
    return [re.sub(r"\d+\.\d s", "TIME", line) for line in text.splitlines()]


def test_quick(work):
    photos(work / "my photos")
    done = torchport("quick", "my photos", *SMALL, cwd=work)
    assert done.stderr == "", done.stderr
    lines = forms(done.stdout)
    steps = [line for line in lines if line.startswith("[")]
    assert [line.split("] ")[1].split(":")[0] for line in steps] == STEPS and all(line.endswith(" (TIME)") for line in steps), done.stdout
    assert steps[0] == "[1/9] convert: 20 images in 2 categories (TIME)" and steps[7] == "[8/9] score: 4 of 4 images scored (TIME)", steps
    at = lines.index(steps[0])
    assert lines[at + 1].startswith("  warning: ") and "IMG_broken.jpg" in lines[at + 1], done.stdout
    assert "studio.core" not in done.stdout, "lines of the steps' logs are shown"
    run = work / "runs/photos-1"
    metrics = json.loads((run / "evaluate/outputs/evaluation/metrics.json").read_text())
    assert f"{100 * metrics['accuracy']:.1f} % of {metrics['rows']} photos that were not trained on" in done.stdout, done.stdout
    rows = [line.split() for line in lines[lines.index("true \\ predicted  cat  dog") + 1:][:2]]
    assert rows == [[name, *map(str, counts)] for name, counts in zip(("cat", "dog"), metrics["confusion_matrix"])], rows
    for label in ("report", "mistakes", "picture", "network", "pipeline"):
        [path] = re.findall(rf"^{label} +(.+)$", done.stdout, re.M)
        assert (work / path).exists(), f"{label}: there is no {path}"
    again = torchport("quick", "my photos", *SMALL, cwd=work)
    assert [line for line in again.stdout.splitlines() if line.startswith("[")] == [
        f"[{place}/{len(STEPS)}] {step}: reused from photos-1/{step}" for place, step in enumerate(STEPS, 1)], again.stdout


def test_quick_on_a_terminal(work):
    """The line of a step shows how far it has come, with the numbers before what a narrow terminal cuts off."""
    photos(work / "photos")
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    pieces = []
    with subprocess.Popen([BIN / "torchport", "quick", "photos", *SMALL], cwd=work, stdout=side, stderr=subprocess.PIPE) as process:
        os.close(side)
        while True:
            try:
                pieces.append(os.read(main, 4096))
            except OSError:   # the other end is closed
                break
        assert process.wait() == 0, process.stderr.read()
    text = b"".join(pieces).decode()
    for bar in (r"\[1/9\] convert: [a-z ]+ \[#*\.*\] \d+/21 ", r"\[7/9\] train: epoch 1/1 \[#+\.*\] \d+/\d+  ETA \S+  loss \d\.", r"\[8/9\] score: [a-z ]+ \[#"):
        assert re.search(bar, text), (bar, text)
    assert all(len(line) < 80 for line in re.findall(r"\x1b\[K(\[\d/9\][^\r\n]*)", text)), text


def test_the_pipeline_of_a_run_can_be_run_again(work):
    """What quick leaves in the run's folder is the example with the reader's folder, and does the same."""
    folder = photos(work / "photos")
    torchport("quick", "photos", *SMALL, cwd=work)
    left = yaml.safe_load((work / "runs/photos-1/pipeline.yaml").read_text())
    example = yaml.safe_load((SOURCE / "examples/photos/pipeline.yaml").read_text())
    assert left["inputs"] == {"photos": str(folder)}, left["inputs"]
    assert {**left, "inputs": {}} == {**example, "inputs": {}}
    (work / "mine.yaml").write_text((work / "runs/photos-1/pipeline.yaml").read_text())
    again = torchport("run", "mine.yaml", *SMALL, cwd=work)
    assert again.stdout.count(": reused from photos-1/") == len(STEPS), again.stdout


def test_photos_that_were_moved(work):
    """What is reused says where its photos were when it read them: the mistakes are listed with these names."""
    folder = photos(work / "photos")
    torchport("quick", "photos", *SMALL, cwd=work)
    folder.rename(work / "moved")
    for _ in range(2):
        again = torchport("quick", "moved", *SMALL, cwd=work).stdout
        assert f"[1/9] convert: reused from photos-1/convert, which read {folder}\n" in again and again.count("which read") == 1, again


def test_a_step_that_fails_is_shown_with_its_error(work):
    photos(work / "photos", each=4)
    failed = torchport("quick", "photos", *SMALL, cwd=work, status=2)
    assert re.search(r"^\[7/9\] train: failed after [\d.]+ s\nerror\[\w+\] train_pytorch_model: ", failed.stdout, re.M), failed.stdout
    assert failed.stderr.startswith("error[FailedToCompleteOperationError] photos: the step train ended with exit status 2"), failed.stderr


    assert "--set train.NAME=VALUE gives a parameter of it another value" in failed.stderr, failed.stderr
    torchport("quick", "photos", *SMALL, "--set", "train.batch_size=2", cwd=work)


def test_a_folder_without_categories(work):
    """What has nothing to tell apart is refused by the first step; a folder one level too high with the command for each part."""
    photos(work / "it's mine/train_set")
    photos(work / "it's mine/test_set")
    failed = torchport("quick", "it's mine", *SMALL, cwd=work, status=5)
    commands = re.findall("^  run +torchport (.+)$", failed.stdout, re.M)
    assert [shlex.split(command) for command in commands] == [["quick", f"{work}/it's mine/{part}"] for part in ("test_set", "train_set")], failed.stdout
    for folder, count in (("it's mine/train_set/cat", 0), ("one", 1)):
        if count:
            shutil.copytree(work / "it's mine/train_set/cat", work / "one/cat")
        failed = torchport("quick", folder, *SMALL, cwd=work, status=5)
        assert f"the input has {count} categories, fewer than 2" in failed.stdout and "[2/9]" not in failed.stdout, failed.stdout


def test_a_folder_that_is_not_there(work):
    """It is named as it was given, and no file that the reader has never seen."""
    refused = torchport("quick", "nowhere", cwd=work, status=5)
    assert refused.stderr.startswith("error[InvalidDatasetError] nowhere: the input dataset does not exist\n"
                                     f"  at     the FOLDER of torchport quick\n  path   {work}/nowhere\n"), refused.stderr
    assert not (work / "runs").exists()
    (work / os.fsdecode(b"inv\xff")).mkdir()
    broken = torchport("quick", os.fsdecode(b"inv\xff"), cwd=work, status=5)
    assert "the folder of photos has a name that is not UTF-8" in broken.stderr, broken.stderr
    none = torchport("quick", cwd=work, status=2)
    assert none.stderr.startswith("error[ParameterParsingError] torchport: quick needs a FOLDER\n"), none.stderr
