"""The real PyTorch's side of the training tests: the original's recipe written with torch, torchvision and Pillow."""
import json
import pathlib

import numpy
import torch
import torchvision
from PIL import Image

from harness import BIN, command


def dataset(folder, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)):
    """All images of an ImageDirectory, normalised (as the original does: to [-1, 1]), float32, and their class indices."""
    folder = pathlib.Path(folder)
    schema = json.loads((folder / "_schema.json").read_text())
    ids = {c["name"]: c["id"] for c in schema["columnAttributes"][2]["properties"]["categories"]}
    rows = [json.loads(line) for line in (folder / "images.lst").read_text().splitlines()]
    pixels = [numpy.asarray(Image.open(folder / row["image_info"]["file_name"]).convert("RGB")) for row in rows]
    images = torch.from_numpy(numpy.stack(pixels)).permute(0, 3, 1, 2).contiguous()
    mean, std = (torch.tensor(channels).reshape(1, 3, 1, 1) for channels in (mean, std))
    return (images.float() / 255 - mean) / std, torch.tensor([ids[row["category"]] for row in rows])


def network(model_directory, architecture, classes):
    """torchvision's network with the weights of a model directory, loaded strictly by the real torch.load."""
    state = torch.load(pathlib.Path(model_directory) / "model", weights_only=True)
    net = torchvision.models.get_model(architecture, num_classes=classes)
    net.load_state_dict({key.removeprefix("model."): value for key, value in state.items()}, strict=True)
    return net


def learning_rate(rate, world, epochs, warmup, epoch):
    """The contract's schedule, by its formula."""
    peak = rate * world
    if epoch < warmup:
        return 1e-4 + (peak - 1e-4) * epoch / warmup
    return (peak - 1e-7) * (1 - (epoch - warmup) / (epochs - warmup)) ** 2 + 1e-7


def optimizer(net):
    """Of the parameters that are not frozen."""
    return torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=1e-4, momentum=0.9, nesterov=True, weight_decay=1e-4)


def batches(rows, batch, world, seed, epochs):
    """Which images, in which order, each rank trains on: [epoch][step][rank], as our sampler says."""
    plan = [[] for _ in range(epochs)]
    for line in command(BIN / "print_batches", rows, batch, world, seed, epochs).stdout.splitlines():
        place, images = line.split(":")
        epoch, step, rank = map(int, place.split())
        if len(plan[epoch]) == step:
            plan[epoch].append([None] * world)
        plan[epoch][step][rank] = list(map(int, images.split()))
    for steps in plan:
        assert sorted(image for ranks in steps for share in ranks for image in share) == list(range(rows))
    return plan


def metrics(run_dir, name):
    """The values of one metric in metrics.jsonl, epoch by epoch."""
    rows = [json.loads(line) for line in (pathlib.Path(run_dir) / "metrics.jsonl").read_text().splitlines()]
    return [list(row["row"].values())[1] for row in rows if row["kind"] == "log_row" and row["name"] == name]
