"""What the two Python counterparts share: command line, network, optimizer, schedule, and how they say what they did.

They train what torchport trains: the same images and first weights, SGD with Nesterov momentum and weight decay, the same schedule.
How they read images and compute is their own. The lines that they print are those that torchport prints, for bench.py to read.
"""
import argparse
import os
import time

MEAN = STD = (0.5, 0.5, 0.5)   # what torchport normalises by where the weights begin at random
# glibc returns large blocks to the system and pays for their pages again in each step; it reads these before main.
MALLOC = {"MALLOC_MMAP_THRESHOLD_": "1073741824", "MALLOC_TRIM_THRESHOLD_": "8589934592", "MALLOC_TOP_PAD_": "268435456"}


def arguments(description, workers):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", required=True, help="class folders to train on")
    parser.add_argument("--val", required=True, help="class folders to validate on after each epoch")
    parser.add_argument("--arch", default="resnet18")
    parser.add_argument("--weights", help="the file `model` of an untrained model directory, to begin with its weights but for the head")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=workers)
    parser.add_argument("--lr", type=float, default=0.001)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--precision", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--no-augment", action="store_true", help="images have the training size: decode and normalise only")
    return parser.parse_args()


def network(options, classes):
    """torchvision's network; all weights but the last layer's are those of the file, if one is named."""
    import torch
    import torchvision
    model = torchvision.models.get_model(options.arch, num_classes=classes)
    if options.weights:
        own = model.state_dict()
        read = {key.removeprefix("model."): value for key, value in torch.load(options.weights, weights_only=True).items()}
        if set(read) != set(own):
            raise SystemExit(f"{options.weights} does not hold the weights of {options.arch}")
        model.load_state_dict({key: read[key] if read[key].shape == own[key].shape else own[key] for key in own})
    return model


def optimizer_and_schedule(model, options, **more):
    """SGD, and torchport's schedule: a polynomial of power 2 from epoch to epoch."""
    import torch
    optimizer = torch.optim.SGD(model.parameters(), lr=options.lr, momentum=0.9, weight_decay=1e-4, nesterov=True, **more)
    return optimizer, torch.optim.lr_scheduler.PolynomialLR(optimizer, options.epochs, power=2)


def say_first_step():
    started = int(open("/proc/self/stat").read().rsplit(")", 1)[1].split()[19]) / os.sysconf("SC_CLK_TCK")
    print(f"First step done {time.clock_gettime(time.CLOCK_BOOTTIME) - started:.2f} s after the process started.", flush=True)


def say_epoch(epoch, train_loss, valid_loss, top1):
    print(f"Epoch {epoch + 1},train_loss {train_loss:.6f},valid_loss {valid_loss:.5f},top1 acc {top1:.5f}", flush=True)
