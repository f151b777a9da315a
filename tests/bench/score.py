"""./dev bench score: Score Image Model against a torchvision evaluation loop with the same weights and images, alternating.

Whole programs are timed from outside, start-up and the writing of the Parquet table included; "scoring" is the loop alone, by each program's
own clock. The loop reads class folders with Pillow in as many worker processes as our loader has threads.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import time

import images
import programs

ROOT = pathlib.Path(__file__).resolve().parents[2]
TORCHPORT = ROOT / "build/bin/torchport"


def main():
    parser = argparse.ArgumentParser(prog="./dev bench score")
    parser.add_argument("--images", type=int, default=640)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--model", default="resnet18")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--loop", nargs=2, metavar=("FOLDER", "MODEL"), help="only the torchvision loop, in this process")
    options = parser.parse_args()
    if options.loop:
        return torchvision_loop(options, *options.loop)
    work = ROOT / "build/bench"
    data = work / f"images-16-{options.images}"
    images.make(data, 16, options.images)
    model = prepare(work, data, options.model)
    out = work / "scored"
    ours = [TORCHPORT, "run", "score_image_model", "--trained-model", model, "--dataset", data / "valid.dir", "--scored-dataset", out / "ours",
            "--batch-size", options.batch, "--loader-threads", os.cpu_count(), "--run-dir", out / "run"]
    theirs = [sys.executable, __file__, "--model", options.model, "--batch", options.batch, "--loop", data / "valid", model]
    print(f"{options.model}, batch {options.batch}, {options.images} images of 224 x 224, float32, {os.cpu_count()} cores")
    contiguous = ours + ["--memory-format", "contiguous"]
    print(f"{'':22}{'images/s':>10}{'scoring alone':>15}{'peak MB':>9}")
    for _ in range(options.pairs):
        for name, command in (("torchport", ours), ("torchport, contiguous", contiguous), ("torchvision", theirs)):
            subprocess.run(["rm", "-rf", out], check=True)
            out.mkdir()
            seconds, rate, peak = timed(command, out)
            print(f"{name:22}{options.images / seconds:10.1f}{rate:15.1f}{peak:9.0f}", flush=True)


def prepare(work, data, name):
    """An ImageDirectory of the validation images and a model trained for one step; kept for the next time."""
    def run(*words):
        subprocess.run([TORCHPORT, "run", *map(str, words)], cwd=work, check=True, stdout=subprocess.DEVNULL)
    if not (data / "valid.dir").exists():
        run("convert_to_image_directory", f"--input_path={data / 'valid'}", f"--output_path={data / 'valid.dir'}")
    if not (work / f"{name}-untrained").exists():
        run(programs.family(name), f"--model_name={name}", "--pretrained=False", f"--untrained_model_path={work / name}-untrained")
    if not (work / f"{name}-trained").exists():
        run("train_pytorch_model", "--untrained-model-path", f"{name}-untrained", "--train-data-path", data / "train", "--valid-data-path", data / "train",
            "--trained-model-path", f"{name}-trained", "--epochs", 1, "--batch-size", 16)
    return work / f"{name}-trained"


def timed(command, out):
    """Seconds from start to end, images per second of the loop, peak memory of the main process in MB."""
    with open(out / "said", "w+") as said:
        started = time.monotonic()
        process = subprocess.Popen([str(word) for word in command], cwd=out, stdout=said)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        said.seek(0)
        rates = re.findall(r"([\d.]+) images per second", said.read())
    assert status == 0 and rates, command
    return seconds, float(rates[-1]), usage.ru_maxrss / 1024


def torchvision_loop(options, folder, model):
    """What a user would write instead: ImageFolder, DataLoader, softmax, pandas."""
    import pandas
    import torch
    from torchvision import datasets, models, transforms
    torch.set_num_threads(os.cpu_count())
    found = datasets.ImageFolder(folder, transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,) * 3, (0.5,) * 3)]))
    network = models.get_model(options.model, num_classes=len(found.classes))
    state = torch.load(pathlib.Path(model) / "model", weights_only=True)
    network.load_state_dict({key.removeprefix("model."): value for key, value in state.items()})
    network.eval()
    started = time.monotonic()
    with torch.inference_mode():
        loader = torch.utils.data.DataLoader(found, options.batch, num_workers=os.cpu_count())
        scores = torch.cat([network(batch).softmax(1) for batch, _ in loader])
    print(f"{len(found) / (time.monotonic() - started):.2f} images per second")
    table = pandas.DataFrame(scores.double().numpy(), columns=[f"Scored Probabilities_{name}" for name in found.classes])
    table["Scored Labels"] = [found.classes[i] for i in scores.argmax(1)]
    table.to_parquet("theirs.parquet")


if __name__ == "__main__":
    main()
