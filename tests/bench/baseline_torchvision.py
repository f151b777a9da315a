"""What a user would run instead: the loop of torchvision's references/classification (PIL, float32, contiguous, SGD).

bench.py runs it beside our training. It prints one JSON line an epoch and, last, when its first step was done.
"""
import argparse
import json
import os
import time


def process_start():
    """Wall-clock time at which this process was started, so that imports count as start-up."""
    started = int(open("/proc/self/stat").read().rsplit(")", 1)[1].split()[19]) / os.sysconf("SC_CLK_TCK")
    return time.time() - (float(open("/proc/uptime").read().split()[0]) - started)


parser = argparse.ArgumentParser()
parser.add_argument("--data", required=True, help="class folders to train on")
parser.add_argument("--val", required=True, help="class folders to validate on after each epoch")
parser.add_argument("--arch", default="resnet18")
parser.add_argument("--batch", type=int, default=16)
parser.add_argument("--epochs", type=int, default=1)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--workers", type=int, default=2)
parser.add_argument("--lr", type=float, default=0.001)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--no-augment", action="store_true", help="images have the training size: decode and normalise only")
options = parser.parse_args()
START = process_start()

import torch  # noqa: E402  (after the clock)
import torchvision  # noqa: E402
from torchvision import datasets, transforms  # noqa: E402

torch.manual_seed(options.seed)
torch.set_num_threads(options.threads)
finish = [transforms.ToTensor(), transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))]
train_transform = [] if options.no_augment else [transforms.RandomResizedCrop(224), transforms.RandomHorizontalFlip()]
valid_transform = [] if options.no_augment else [transforms.Resize(256), transforms.CenterCrop(224)]
train_set = datasets.ImageFolder(options.data, transforms.Compose(train_transform + finish))
valid_set = datasets.ImageFolder(options.val, transforms.Compose(valid_transform + finish))
train_loader = torch.utils.data.DataLoader(train_set, options.batch, shuffle=True, num_workers=options.workers)
valid_loader = torch.utils.data.DataLoader(valid_set, options.batch, num_workers=options.workers)
model = torchvision.models.get_model(options.arch, num_classes=len(train_set.classes))
criterion = torch.nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=options.lr, momentum=0.9, weight_decay=1e-4)
scheduler = torch.optim.lr_scheduler.PolynomialLR(optimizer, options.epochs * len(train_loader), power=0.9)

first_step = None
for epoch in range(options.epochs):
    model.train()
    loss_sum = 0.0
    for images, labels in train_loader:
        loss = criterion(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        loss_sum += loss.item()
        first_step = first_step or time.time() - START
    model.eval()
    correct = 0
    with torch.inference_mode():
        for images, labels in valid_loader:
            correct += (model(images).argmax(1) == labels).sum().item()
    print(json.dumps({"epoch": epoch, "train_loss": loss_sum / len(train_loader), "top1": correct / len(valid_set)}), flush=True)
print(json.dumps({"torch": torch.__version__, "first_step_s": first_step}))
