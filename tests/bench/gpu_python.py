"""PyTorch on the same card, for tests/bench/gpu.sh: its usual training step, or that of torch.compile, on random bytes that are there.

channels-last, bfloat16 autocast, cudnn.benchmark, fused SGD, and no wait for a step's loss: what a careful user writes. The networks are
written out here, as a machine with torch need not have torchvision; gpu_python_test.py compares them with torchvision's.
"""
import argparse
import json
import statistics
import sys
import time

import torch
from torch import nn

WARM_UP, ROUNDS = 10, 5
RESNETS = {"resnet18": (False, (2, 2, 2, 2)), "resnet50": (True, (3, 4, 6, 3))}   # with bottlenecks, blocks
DENSE_BLOCKS, GROWTH = {"densenet121": (6, 12, 24, 16)}, 32


def conv(a, b, kernel, stride=1):
    return nn.Conv2d(a, b, kernel, stride, kernel // 2, bias=False)


class Residual(nn.Module):
    def __init__(self, a, width, stride, bottleneck):
        super().__init__()
        b = width * 4 if bottleneck else width
        layers = ([conv(a, width, 1), conv(width, width, 3, stride), conv(width, b, 1)] if bottleneck
                  else [conv(a, width, 3, stride), conv(width, b, 3)])
        self.layers = nn.ModuleList(nn.ModuleList([layer, nn.BatchNorm2d(layer.out_channels)]) for layer in layers)
        self.shortcut = nn.Sequential(conv(a, b, 1, stride), nn.BatchNorm2d(b)) if stride > 1 or a != b else nn.Identity()

    def forward(self, x):
        y = x
        for number, (layer, norm) in enumerate(self.layers, 1):
            y = norm(layer(y))
            if number < len(self.layers):
                y = torch.relu_(y)
        return torch.relu_(y + self.shortcut(x))


def stem():
    return [conv(3, 64, 7, 2), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]


def tail(features, classes):
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(features, classes)]


def resnet(variant, classes):
    bottleneck, blocks = RESNETS[variant]
    layers, channels = stem(), 64
    for stage, count in enumerate(blocks):
        width = 64 << stage
        for index in range(count):
            layers.append(Residual(channels, width, 2 if stage > 0 and index == 0 else 1, bottleneck))
            channels = width * (4 if bottleneck else 1)
    return nn.Sequential(*layers, *tail(channels, classes))


class DenseLayer(nn.Sequential):
    def __init__(self, a):
        wide = 4 * GROWTH
        super().__init__(nn.BatchNorm2d(a), nn.ReLU(inplace=True), conv(a, wide, 1), nn.BatchNorm2d(wide), nn.ReLU(inplace=True),
                         conv(wide, GROWTH, 3))


class DenseBlock(nn.ModuleList):
    def forward(self, x):
        features = [x]
        for layer in self:
            features.append(layer(torch.cat(features, 1)))
        return torch.cat(features, 1)


def densenet(variant, classes):
    layers, channels = stem(), 64
    for index, count in enumerate(DENSE_BLOCKS[variant]):
        if index > 0:
            layers += [nn.BatchNorm2d(channels), nn.ReLU(inplace=True), conv(channels, channels // 2, 1), nn.AvgPool2d(2)]
            channels //= 2
        layers.append(DenseBlock(DenseLayer(channels + GROWTH * i) for i in range(count)))
        channels += GROWTH * count
    return nn.Sequential(*layers, nn.BatchNorm2d(channels), nn.ReLU(inplace=True), *tail(channels, classes))


def network(variant, classes=1000):
    return resnet(variant, classes) if variant in RESNETS else densenet(variant, classes)


def measure(options):
    """Seconds of a step, median of rounds; the host waits for the device at the end of each."""
    device = torch.device(options.device)
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(1)
    model = network(options.variant).to(device, memory_format=torch.channels_last).train()
    run = torch.compile(model) if options.compile else model
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9, nesterov=True, weight_decay=1e-4, fused=True)
    shape = (options.batch, options.size, options.size, 3)
    data = torch.randint(256, shape, dtype=torch.uint8, device=device)
    labels = torch.randint(1000, (options.batch,), device=device)

    def step():
        images = ((data.float() - 127.5) / 127.5).permute(0, 3, 1, 2)
        with torch.autocast(device.type, torch.bfloat16):
            logits = run(images)
        loss = nn.functional.cross_entropy(logits.float(), labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss

    def seconds(count):
        start = time.perf_counter()
        for _ in range(count):
            loss = step()
        if not torch.isfinite(loss):   # waits
            sys.exit("gpu_python: the loss is not finite")
        return time.perf_counter() - start

    first = seconds(1)
    seconds(min(WARM_UP, options.steps))
    return first, statistics.median(seconds(options.steps) / options.steps for _ in range(ROUNDS))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("variant", choices=[*RESNETS, *DENSE_BLOCKS])
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--steps", type=int, default=20, help="of a round")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--json", required=True, help="file to which the figure is added, as a line")
    options = parser.parse_args()
    first, step = measure(options)
    row = {"part": "rival", "what": "torch.compile" if options.compile else "PyTorch", "network": options.variant, "batch": options.batch,
           "size": options.size, "precision": "bfloat16", "step_ms": step * 1e3, "images_per_s": options.batch / step, "first_step_s": first}
    print(json.dumps(row))
    with open(options.json, "a") as file:
        file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
