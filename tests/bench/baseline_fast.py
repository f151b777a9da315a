"""The fastest training loop found in Python on a CPU: libjpeg-turbo by torchvision.io in one worker process that lives on, uint8
batches, channels-last, bfloat16 autocast where asked for, fused SGD, no waiting for a step's loss, and an allocator that keeps its memory.

torch.compile was no faster on a CPU, more workers disturb the step.
"""
import math
import os
import random
import sys

import baseline_loop

if not baseline_loop.MALLOC.keys() & os.environ.keys():
    os.environ.update(baseline_loop.MALLOC)
    os.execv(sys.executable, [sys.executable, *sys.argv])   # the same process: its clock runs on
options = baseline_loop.arguments(__doc__, workers=1)

import torch  # noqa: E402  (after the environment)
from torchvision import datasets, io  # noqa: E402


def random_crop(width, height):
    """RandomResizedCrop's draw: left, top, width, height."""
    for _ in range(10):
        area = width * height * random.uniform(0.08, 1)
        shape = math.exp(random.uniform(math.log(3 / 4), math.log(4 / 3)))
        w, h = round(math.sqrt(area * shape)), round(math.sqrt(area / shape))
        if 0 < w <= width and 0 < h <= height:
            return random.randint(0, width - w), random.randint(0, height - h), w, h
    side = min(width, height)
    return (width - side) // 2, (height - side) // 2, side, side


def middle(width, height):
    """What a resize to 256 and a center crop of 224 leave."""
    side = int(min(width, height) * 224 / 256)
    return (width - side) // 2, (height - side) // 2, side, side


class Photos(datasets.ImageFolder):
    """Height x width x 3 uint8, and the label."""

    def __init__(self, folder, train):
        super().__init__(folder)
        self.train = train

    def __getitem__(self, index):
        path, label = self.samples[index]
        image = io.decode_jpeg(io.read_file(path), mode=io.ImageReadMode.RGB)
        if options.no_augment:
            return image.permute(1, 2, 0).contiguous(), label
        height, width = image.shape[1:]
        left, top, w, h = (random_crop if self.train else middle)(width, height)
        part = image[None, :, top:top + h, left:left + w].contiguous(memory_format=torch.channels_last)
        part = torch.nn.functional.interpolate(part, (224, 224), mode="bilinear", antialias=True)[0].permute(1, 2, 0)
        return (part.flip(1) if self.train and random.random() < 0.5 else part).contiguous(), label


def start_worker(_):
    torch.set_num_threads(1)
    random.seed(torch.initial_seed())


def loader(photos):
    return torch.utils.data.DataLoader(photos, options.batch, shuffle=photos.train, num_workers=options.workers, prefetch_factor=4,
                                       worker_init_fn=start_worker, persistent_workers=True)


def loss_and_logits(images, labels):
    images = ((images.float() - mean) / std).permute(0, 3, 1, 2)
    with torch.autocast("cpu", torch.bfloat16, enabled=options.precision == "bfloat16"):
        logits = model(images)
    return torch.nn.functional.cross_entropy(logits.float(), labels), logits


torch.manual_seed(options.seed)
torch.set_num_threads(options.threads)
train_set, valid_set = Photos(options.data, train=True), Photos(options.val, train=False)
train_loader, valid_loader = loader(train_set), loader(valid_set)
mean, std = (torch.tensor(values) * 255 for values in (baseline_loop.MEAN, baseline_loop.STD))
model = baseline_loop.network(options, len(train_set.classes)).to(memory_format=torch.channels_last)
optimizer, schedule = baseline_loop.optimizer_and_schedule(model, options, fused=True)

for epoch in range(options.epochs):
    model.train()
    train_loss, valid_loss, correct = torch.zeros(()), torch.zeros(()), torch.zeros(())
    for step, (images, labels) in enumerate(train_loader):
        loss, _ = loss_and_logits(images, labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        train_loss += loss.detach() * len(labels)
        if epoch == step == 0:
            baseline_loop.say_first_step()
    schedule.step()
    model.eval()
    with torch.inference_mode():
        for images, labels in valid_loader:
            loss, logits = loss_and_logits(images, labels)
            valid_loss += loss * len(labels)
            correct += (logits.argmax(1) == labels).sum()
    sums = (value.item() for value in (train_loss, valid_loss, correct))
    baseline_loop.say_epoch(epoch, *(value / len(photos) for value, photos in zip(sums, (train_set, valid_set, valid_set))))
