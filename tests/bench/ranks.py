"""./dev bench ranks: two ranks of batch 8 with a thread each beside one process of batch 16 with two, in turn.

Both train on the same photos, and do the same work on two cores; what is lost is what ranks cost. A speed is images a second of the epochs
after the first, as the training reports it: start-up is in neither. Runs in which others used the CPU are repeated (--others).
"""
import argparse
import json
import statistics

import machine
import measure
import pairs
import programs
from harness import AS_ROOT

KINDS = {"one process": (16, 2, []), "two ranks": (8, 1, ["--process-count-per-node", 2, *AS_ROOT])}   # batch, threads
GOAL = 0.95


def main():
    parser = argparse.ArgumentParser(prog="./dev bench ranks", description=__doc__)
    parser.add_argument("--network", default="resnet18")
    parser.add_argument("--images", type=int, default=320)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--others", type=float, default=pairs.LARGEST_SHARE_OF_OTHERS, help="share of the CPU that others may use")
    options = parser.parse_args()
    print(machine.sentence(machine.facts(programs.ROOT)))
    task = programs.Task(options.network, options.images, 16, "float32", augment=True)
    quiet, speeds = pairs.Quiet(options.others, 2 * options.pairs), {kind: [] for kind in KINDS}
    for number in range(options.pairs):
        for kind in list(KINDS)[::1 if number % 2 == 0 else -1]:
            run = quiet.run(lambda: train(task, kind, options.epochs))
            speeds[kind].append(run["speed"])
            print(f"{number + 1:3} {kind:12} {run['speed']:8.2f} images/s  {run['cpu_s']:7.1f} CPU s  others {run['others']:.1%} of the CPU", flush=True)
    median, low, high = pairs.ratio(speeds["two ranks"], speeds["one process"])
    print(f"two ranks / one process: {median:.3f}   (95 % interval {low:.3f} to {high:.3f}, {options.pairs} pairs; goal {GOAL})")
    if options.others > pairs.LARGEST_SHARE_OF_OTHERS:
        print(f"NOT TO BE QUOTED: others were allowed {options.others:.0%} of the CPU")


def train(task, kind, epochs):
    batch, threads, ranks = KINDS[kind]
    words = task.torchport(epochs)
    words[words.index("--batch-size") + 1] = batch
    run = measure.printed([*words, *ranks], {"OMP_NUM_THREADS": str(threads)})
    rows = [json.loads(line) for line in (programs.WORK / "run/metrics.jsonl").read_text().splitlines()]
    of_epochs = [row["row"]["train_ips"] for row in rows if row["kind"] == "log_row" and row["name"] == "Train images per second"]
    return {**run, "speed": statistics.mean(of_epochs[1:])}


if __name__ == "__main__":
    main()
