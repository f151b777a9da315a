"""./dev bench step: training steps without a loader, our networks beside torchvision's in eager PyTorch, alternating.

Ours are timed by build/bin/step_bench (fused, and operation by operation), theirs by this file in a process of its own: channels-last,
fused SGD, memory kept by glibc. Figures are medians over the steps of all rounds; CPU seconds say more than wall time where the
machine is shared. --profile adds where our step's time goes.
"""
import argparse
import os
import pathlib
import re
import resource
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEEP_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "-1", "MALLOC_TOP_PAD_": str(64 << 20)}
WARM_UP = 2


def main():
    parser = argparse.ArgumentParser(prog="./dev bench step")
    parser.add_argument("--model", action="append", help="default: resnet18, resnet50, densenet121")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--steps", type=int, default=5, help="of each kind in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--bfloat16", action="store_true")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--eager", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.eager:
        return eager(options)
    for model in options.model or ["resnet18", "resnet50", "densenet121"]:
        compare(model, options)


def compare(model, options):
    common = ["--batch", options.batch, "--size", options.size, "--steps", options.steps, "--threads", options.threads]
    common += ["--bfloat16"] if options.bfloat16 else []
    rows = {}
    for number in range(options.rounds):
        profile = ["--profile"] if options.profile and number == options.rounds - 1 else []
        ours = output([ROOT / "build/bin/step_bench", model, *common, *profile])
        theirs = output([sys.executable, __file__, "--eager", model, *common])
        for name, wall, cpu in re.findall(r"^(\S.*?) +([\d.]+) ms .* ([\d.]+) CPU s a step$", ours + theirs, re.MULTILINE):
            rows.setdefault(name, []).append((float(wall) / 1e3, float(cpu)))
    print(f"{model}, batch {options.batch}, {options.size} x {options.size}, {'bfloat16' if options.bfloat16 else 'float32'}, "
          f"{options.threads} threads, {options.rounds} rounds of {options.steps} steps")
    for name, times in rows.items():
        wall, cpu = (statistics.median(column) for column in zip(*times))
        print(f"  {name:28}{wall * 1e3:9.1f} ms{options.batch / wall:9.2f} images/s{cpu:8.3f} CPU s a step")
    if options.profile:
        print(ours[ours.index("fused:\n"):], end="")


def output(words):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True, env=os.environ | KEEP_MEMORY).stdout


def eager(options):
    import torch
    import torchvision
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    network = torchvision.models.get_model(options.eager, num_classes=4).to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.001, momentum=0.9, nesterov=True, weight_decay=1e-4, fused=True)
    images = torch.randn(options.batch, 3, options.size, options.size).contiguous(memory_format=torch.channels_last)
    labels = torch.arange(options.batch) % 4
    walls, cpus = [], []
    for _ in range(WARM_UP + options.steps):
        wall, cpu = time.perf_counter(), cpu_seconds()
        with torch.autocast("cpu", torch.bfloat16, enabled=options.bfloat16):
            logits = network(images)
        torch.nn.functional.cross_entropy(logits.float(), labels).backward()
        optimizer.step()
        optimizer.zero_grad()
        walls.append(time.perf_counter() - wall)
        cpus.append(cpu_seconds() - cpu)
    wall, cpu = statistics.median(walls[WARM_UP:]), statistics.median(cpus[WARM_UP:])
    print(f"step, torchvision eager  {wall * 1e3:.1f} ms  {options.batch / wall:.2f} images/s  {cpu:.3f} CPU s a step")


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
