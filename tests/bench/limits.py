"""What bounds a training on this machine, measured alone: the step without a loader, its convolutions, copying memory.

bench.py runs it as a program of its own and reads the one JSON line. The step is eager PyTorch's on images that are there, set up as
baseline_fast.py has it; each convolution runs forward and backward with the shapes that the network gives it.
"""
import argparse
import json
import statistics
import time

import torch
import torchvision


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arch", default="resnet18")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--rounds", type=int, default=6, help="how often each is repeated; the median counts")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    model = torchvision.models.get_model(options.arch, num_classes=4).to(memory_format=torch.channels_last)
    images = torch.randn(options.batch, 3, 224, 224).contiguous(memory_format=torch.channels_last)
    seconds = step(model, images, options)
    alone = convolutions(model, images, options)
    print(json.dumps({"python_step": options.batch / seconds, "convolutions": options.batch / alone, "copy_gb_s": copy_speed(options.rounds)}))


def median_seconds(rounds, work):
    """Of `rounds`, after one that does not count."""
    work()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def step(model, images, options):
    labels = torch.arange(len(images)) % 4
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9, weight_decay=1e-4, nesterov=True, fused=True)

    def work():
        with torch.autocast("cpu", torch.bfloat16, enabled=options.precision == "bfloat16"):
            logits = model(images)
        torch.nn.functional.cross_entropy(logits.float(), labels).backward()
        optimizer.step()
        optimizer.zero_grad()
    return median_seconds(options.rounds, work)


def convolutions(model, images, options):
    """Seconds of all convolutions of a step, the input gradient of the first left out: the images need none."""
    shapes = []
    hooks = [module.register_forward_pre_hook(lambda module, inputs: shapes.append((module, inputs[0].shape)))
             for module in model.modules() if isinstance(module, torch.nn.Conv2d)]
    with torch.no_grad():
        model(images)
    for hook in hooks:
        hook.remove()
    dtype = getattr(torch, options.precision)
    seconds, known = 0.0, {}
    for number, (module, shape) in enumerate(shapes):
        key = (tuple(module.weight.shape), module.stride, module.padding, tuple(shape), number == 0)
        if key not in known:   # networks repeat their blocks
            known[key] = convolution(module, shape, dtype, number == 0, options.rounds)
        seconds += known[key]
    return seconds


def convolution(module, shape, dtype, first, rounds):
    inputs = torch.randn(shape, dtype=dtype).contiguous(memory_format=torch.channels_last).requires_grad_(not first)
    weight = module.weight.detach().to(dtype).contiguous(memory_format=torch.channels_last).requires_grad_()
    gradient = None

    def work():
        nonlocal gradient
        output = torch.nn.functional.conv2d(inputs, weight, None, module.stride, module.padding)
        if gradient is None:
            gradient = torch.randn_like(output)
        torch.autograd.grad(output, [weight] if first else [inputs, weight], gradient)
    return median_seconds(rounds, work)


def copy_speed(rounds, megabytes=256):
    """GB read and written a second, of a tensor that no cache holds."""
    source = torch.ones(megabytes * 2**20 // 4)
    target = torch.empty_like(source)
    return 2 * source.nbytes / median_seconds(rounds, lambda: target.copy_(source)) / 1e9


if __name__ == "__main__":
    main()
