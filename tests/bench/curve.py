"""./dev bench curve: the loss of 1,000 training steps, ours under mpirun and Python's DistributedDataParallel, from the same weights
and on the same batches.

Two sums in another order differ in the last bit, and training lets small differences grow: the curves part at some step, and from
there on it is their means that have to agree, and what they end at. Two runs of Python with a weight moved by one bit part likewise,
and so do two of ours with another order of sums (the contiguous memory format).
"""
import argparse
import datetime
import re
import time

import torch

import images
import programs   # first: it knows where the tests' helpers lie
import ddp
import reference
from harness import mpirun, torchport

WORLD, SEED, CLASSES = 2, 1, 10


def main():
    parser = argparse.ArgumentParser(prog="./dev bench curve")
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=16, help="images per process")
    parser.add_argument("--rate", type=float, default=0.005, help="learning rate of one process")
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    options = parser.parse_args()
    source = images.fashion_mnist()
    work = programs.WORK / f"curve-{datetime.datetime.now():%Y%m%d-%H%M%S}"
    work.mkdir(parents=True)
    epochs = -(-options.steps // (options.images // (options.batch * WORLD)))
    prepare(work, source, options)
    curves = {"torchport": our_curve(work, options, epochs, "channels_last"),
              "torchport, other sums": our_curve(work, options, epochs, "contiguous")}
    plan = reference.batches(options.images, options.batch, WORLD, SEED, epochs)
    for name, nudge in (("DDP", False), ("DDP, one weight one bit off", True)):
        curves[name] = ddp_curve(work, plan, options, nudge)
    show(curves, options)


def prepare(work, source, options):
    """Images, and a model whose head fits them, so that both sides start from the same weights."""
    for subset, limit in (("train", options.images), ("test", 500)):
        torchport("run", "convert_to_image_directory", f"--input_path={source}", f"--output_path={work / subset}", "--format=idx",
                  f"--subset={subset}", f"--limit={limit}", cwd=work)
    torchport("run", "resnet", "--model_name=resnet18", "--pretrained=False", f"--untrained_model_path={work / 'new'}", cwd=work)
    torchport(*arguments(work, "new", "start"), "--epochs", 1, "--batch-size", min(500, options.images), "--learning-rate", 1e-6,
              cwd=work)


def arguments(work, model, out):
    return ["run", "train_pytorch_model", "--untrained-model-path", work / model, "--train-data-path", work / "train",
            "--valid-data-path", work / "test", "--trained-model-path", work / out, "--run-dir", work / f"{out}-run", "--patience", 1000]


def our_curve(work, options, epochs, memory_format):
    """The loss of each step, and the last validation loss, from the log of rank 0."""
    started = time.monotonic()
    mpirun(WORLD, *arguments(work, "start", memory_format), "--memory-format", memory_format, "--epochs", epochs,
           "--batch-size", options.batch, "--learning-rate", options.rate, "--precision", options.precision, "--print-freq", 1,
           "--keep", "last", cwd=work, timeout=7200)
    log = (work / f"{memory_format}-run/logs/70_driver_log_0").read_text()
    losses = [float(value) for value in re.findall(r"Avg_Loss_Batch/Avg_Loss_Epoch: ([\d.]+)/", log)]
    return losses, reference.metrics(work / f"{memory_format}-run", "Valid loss")[-1], time.monotonic() - started


def ddp_curve(work, plan, options, nudge):
    started = time.monotonic()
    losses, valid = ddp.train(ddp.Training(
        work / "start", CLASSES, work / "train", plan, options.rate, work / f"store-{nudge}", bfloat16=options.precision == "bfloat16",
        memory_format=torch.channels_last, valid=work / "test", nudge=nudge))
    return losses, valid, time.monotonic() - started


def show(curves, options):
    steps = min(options.steps, *(len(losses) for losses, _, _ in curves.values()))
    print(f"ResNet-18, {options.precision}, {WORLD} ranks of {options.batch} images of 28 x 28, {steps} steps, torch {torch.__version__}, "
          f"{datetime.date.today()}")
    names = list(curves)
    ours, other, ddp, moved = (curves[name][0] for name in names)
    for count in (1, 10, 50):
        apart, ours_apart, ddp_apart = (max(abs(a - b) for a, b in zip(one[:count], two[:count]))
                                        for one, two in ((ours, ddp), (ours, other), (ddp, moved)))
        print(f"largest difference in the first {count:2} steps: torchport to DDP {apart:.6f}, "
              f"two of torchport {ours_apart:.6f}, two of DDP {ddp_apart:.6f}")
    print(f"{'mean loss of steps':28}" + "".join(f"{name:>30}" for name in names))
    width = max(1, steps // 10)
    for begin in range(0, steps, width):
        end = min(begin + width, steps)
        print(f"{begin + 1:5} to {end:5}{'':14}" + "".join(f"{sum(curves[name][0][begin:end]) / (end - begin):30.4f}" for name in names))
    print(f"{'validation loss at the end':28}" + "".join(f"{curves[name][1]:30.4f}" for name in names))
    print(f"{'seconds':28}" + "".join(f"{curves[name][2]:30.0f}" for name in names))


if __name__ == "__main__":
    main()
