"""./dev bench overheads: what checkpoints, the watchdog, the hashes that ranks compare, and all that shows a training cost it on two ranks.

All is CPU time of one run, and so holds on a machine that others use as well. The threads that write checkpoints and watch are looked at from
outside. What the trainer itself does for them, a copy of the state and a hash of the weights, is measured alone, in a program of its own; so are the
same number of steps and epochs told to all sinks (an MLflow that does not answer among them), the look at the first batch, and the report.
"""
import argparse
import collections
import pathlib
import subprocess
import sys
import threading

import machine
import measure
import programs
from harness import AS_ROOT

PIECES = {"checkpoints": "writing a checkpoint", "watch": "watchdog of the ranks", "watcher": "watchdog of the launcher"}   # by thread
GOAL, GOAL_OF_SEEING = 0.02, 0.01
RANKS, BATCH = 2, 8


def main():
    parser = argparse.ArgumentParser(prog="./dev bench overheads", description=__doc__)
    parser.add_argument("--network", default="resnet18")
    parser.add_argument("--images", type=int, default=1000, help="an epoch; there is a checkpoint after each but the last")
    parser.add_argument("--epochs", type=int, default=2)
    options = parser.parse_args()
    print(machine.sentence(machine.facts(programs.ROOT)))
    task = programs.Task(options.network, options.images, BATCH, "float32", augment=True)
    total, threads = train(task, options.epochs)
    copy, writing, digest = alone(options.network)
    checkpoints = options.epochs - 1
    costs = {what: (threads[name], f"thread '{name}'") for name, what in PIECES.items()}
    costs["copies of the state"] = (copy * checkpoints, f"{checkpoints} of {copy:.3f} s")
    costs["hashes of the weights"] = (digest * RANKS * options.epochs, f"{RANKS * options.epochs} of {digest:.4f} s")
    print(f"{options.network}, {RANKS} ranks of batch {BATCH}, {options.epochs} epochs of {options.images} photos, {checkpoints} checkpoint(s): {total:.1f} CPU s")
    show(costs, total, GOAL)
    print(f"a checkpoint alone: {copy:.3f} s that the training waits for, {writing:.3f} s beside it")
    print("what it costs to be seen:")
    show(seeing(options.images // (RANKS * BATCH), options.epochs), total, GOAL_OF_SEEING)


def show(costs, total, goal):
    for what, (seconds, how) in costs.items():
        print(f"  {what:26}{seconds:8.2f} CPU s{seconds / total:9.2%}   {how}")
    share = sum(seconds for seconds, _ in costs.values()) / total
    print(f"  {'all':26}{share * total:8.2f} CPU s{share:9.2%}   (goal: at most {goal:.0%})")


def train(task, epochs):
    """CPU seconds of the whole run, and of each of its threads by name."""
    words = [str(word) for word in (*task.torchport(epochs), "--process-count-per-node", RANKS, *AS_ROOT)]
    before = measure.own_seconds()
    process = measure.started(words, {"OMP_NUM_THREADS": "1"})
    lines, seen = [], {}
    reader = threading.Thread(target=lambda: lines.extend(process.stdout))
    reader.start()
    while process.poll() is None:
        seen |= of_threads(process.pid)
        reader.join(0.2)
    reader.join()
    measure.finished(process, words, lines)
    threads = collections.Counter()
    for name, seconds in seen.values():
        threads[name] += seconds
    missing = set(PIECES) - set(threads)
    if missing:
        sys.exit(f"no thread was called {', '.join(missing)}")
    return measure.own_seconds() - before, threads


def seeing(steps, epochs):
    """Costs of telling all sinks of that many steps and epochs, of the first batch, and of the report of the run that train() left."""
    done = subprocess.run([programs.ROOT / "build/bin/telling_cost", programs.WORK / "telling", str(steps), str(epochs)], check=True, stdout=subprocess.PIPE, text=True)
    telling, first = map(float, done.stdout.split())
    before = measure.own_seconds()
    subprocess.run([programs.TORCHPORT, "report", programs.WORK / "run", "-o", programs.WORK / "report.html"], check=True, stdout=subprocess.DEVNULL)
    return {"events to all sinks": (telling, f"{steps * epochs} steps, {epochs} epochs"), "the first batch": (first, "16 of 32 images"),
            "the report": (measure.own_seconds() - before, f"{(programs.WORK / 'report.html').stat().st_size:,} bytes")}


def of_threads(pid):
    """{thread: (its name, CPU seconds)} of a process and its children. The kernel counts nanoseconds here."""
    found = {}
    for process in measure.tree(pid):
        for folder in pathlib.Path(f"/proc/{process}/task").glob("*"):
            try:
                found[folder.name] = ((folder / "comm").read_text().strip(), int((folder / "schedstat").read_text().split()[0]) / 1e9)
            except (OSError, ValueError):
                pass   # it ended meanwhile
    return found


def alone(network):
    done = subprocess.run([programs.ROOT / "build/bin/checkpoint_parts", network, programs.WORK / "checkpoint_parts"], check=True,
                          stdout=subprocess.PIPE, text=True)
    return map(float, done.stdout.split())


if __name__ == "__main__":
    main()
