"""The programs that bench compares, as command lines for the same images, network and number of epochs."""
import os
import pathlib
import shutil
import subprocess
import sys

import images

ROOT = pathlib.Path(__file__).resolve().parents[2]
TORCHPORT = ROOT / "build/bin/torchport"
WORK = ROOT / "build/bench"
os.environ |= {"TORCHPORT_BIN": str(ROOT / "build/bin"), "TORCHPORT_SOURCE": str(ROOT)}   # for the tests' helpers, harness and others,
sys.path.append(str(ROOT / "tests/support"))                                              # which can be imported after this module
PHOTO, INPUT = (500, 375), 224   # pixels
VALID_IMAGES = 16   # their pass is in the figures of all programs alike
COUNTERPARTS = ("torchvision", "fast")


class Task:
    """What is trained: a network on `count` images, which are there when this is made."""

    def __init__(self, network, count, batch, precision, augment):
        self.network, self.count, self.batch, self.precision, self.augment = network, count, batch, precision, augment
        self.data = WORK / (f"photos-{count}" if augment else f"squares-{count}")
        images.make(self.data, count, VALID_IMAGES, PHOTO if augment else (INPUT, INPUT))
        self.prepare()

    def prepare(self):
        """The image directories and the untrained model that torchport takes; kept for the next time."""
        data = self.data
        for part in ("train", "valid"):
            torchport("convert_to_image_directory", data / f"{part}.dir", f"--input_path={data / part}", f"--output_path={data / part}.dir")
            if self.augment:
                carry_transformation(part, data / f"{part}.dir", data / f"{part}.{INPUT}")
        torchport(family(self.network), WORK / self.network, f"--model_name={self.network}",
                  "--pretrained=False", f"--untrained_model_path={WORK / self.network}")

    @property
    def train_images(self):
        return self.data / f"train.{INPUT if self.augment else 'dir'}"

    def command(self, program, epochs):
        return self.torchport(epochs) if program == "torchport" else self.counterpart(program, epochs)

    def torchport(self, epochs):
        run_dir = WORK / "run"
        shutil.rmtree(run_dir, ignore_errors=True)
        run_dir.mkdir(parents=True)
        return [TORCHPORT, "run", "train_pytorch_model", "--untrained-model-path", WORK / self.network,
                "--train-data-path", self.train_images, "--valid-data-path", self.train_images.with_stem("valid"),
                "--trained-model-path", run_dir / "model", "--run-dir", run_dir, "--epochs", epochs, "--batch-size", self.batch,
                "--learning-rate", "0.001", "--patience", 1000,
                *([] if self.precision == "float32" else ["--precision", self.precision])]

    def counterpart(self, program, epochs):
        """`fast` computes as torchport is told to, the reference loop in float32 whatever torchport does."""
        return [sys.executable, ROOT / f"tests/bench/baseline_{program}.py", "--data", self.data / "train", "--val", self.data / "valid",
                "--arch", self.network, "--weights", WORK / self.network / "model", "--epochs", epochs, "--batch", self.batch,
                "--threads", os.cpu_count(), "--lr", "0.001", *([] if program == "torchvision" else ["--precision", self.precision]),
                *([] if self.augment else ["--no-augment"])]


OPERATIONS = {
    "train": ["--resize=False", "--center_crop=False", "--random_resized_crop=True", f"--random_resized_crop_size={INPUT}",
              "--random_horizontal_flip=True"],
    "valid": ["--resize=True", "--size=256", "--center_crop=True", f"--crop_size={INPUT}", "--random_horizontal_flip=False"],
}


def family(network):
    """The component that makes it."""
    return "densenet" if network.startswith("densenet") else "resnet"


def carry_transformation(part, images, output):
    """What training, or validation, makes of the photos, drawn again in each epoch."""
    transformation = WORK / f"transformation-{part}"
    torchport("init_image_transformation", transformation, *OPERATIONS[part], f"--output_path={transformation}")
    torchport("apply_image_transformation", output, f"--input_image_transform_path={transformation}", f"--input_image_dir_path={images}",
              f"--output_path={output}", "--when=every_epoch")


def torchport(component, output, *arguments):
    """Runs a component unless its output is there already."""
    if (output / "_meta.yaml").exists():
        return
    shutil.rmtree(output, ignore_errors=True)
    subprocess.run([str(word) for word in (TORCHPORT, "run", component, *arguments)], cwd=output.parent, check=True, stdout=subprocess.DEVNULL)
