"""Compares the programs on one network: how long a run must be, the alternating runs, memory, limits. bench.py calls it."""
import json
import math
import os
import re
import statistics
import sys

import baseline_loop
import measure
import pairs
import programs
import table

SHORT, LONG = 1, 3   # epochs
PROBE = 64   # images an epoch of a quick run, and of the run that tells how many a long one takes
MARGIN = 1.25   # a run is meant to last so much longer than asked


def compare(options, network):
    """All about one network, as a dictionary for the record; said aloud as it comes."""
    names = ["torchport", *options.against.split(",")]
    quiet = pairs.Quiet(options.others, options.discards)
    found = {"network": network, "rows": [], "own_step": []}
    try:
        task = make_task(options, network, PROBE if options.quick else images_wanted(options, network, names, quiet))
        found.update(images=task.count, short_epochs=SHORT, long_epochs=LONG)
        print(f"\n{table.title(options, network, task.count, SHORT, LONG)}\n{table.HEAD}")
        for pair in range(options.pairs):
            for name in names if pair % 2 == 0 else reversed(names):   # what grows slowly shall not favour one of them
                steps = [own_step(options, network, quiet)] if name == "torchport" else []
                found["rows"].append({"pair": pair + 1, "program": name, **measured(task, name, quiet)})
                print(table.row(found["rows"][-1]), flush=True)
                if steps:   # before and after: a machine's speed drifts
                    found["own_step"].append(statistics.mean([*steps, own_step(options, network, quiet)]))
        found["peak_mb"] = {name: measure.peak_memory(task.command(name, SHORT)) for name in names}
        found["limits"] = {**limits(options, network, quiet), "own_step": statistics.median(found["own_step"])}
        found["with_images"] = with_images(options, task, quiet)
        found["ratios"] = ratios(names, found)
        print("\n".join(table.summary(options, names, found)))
    except pairs.Disturbed as disturbed:
        found["disturbed"] = str(disturbed)
        print(f"NO FIGURES for {network}: {disturbed}.\n"
              "Run it again when the machine is quiet, or with --others 1 to see figures that are not to be quoted.")
    found["discarded"] = quiet.discarded
    print(f"runs discarded and repeated: {len(quiet.discarded)}")
    return found


def make_task(options, network, count):
    return programs.Task(network, count, options.batch, options.precision, augment=not options.no_augment)


def images_wanted(options, network, names, quiet):
    """Images of an epoch with which the fastest program's longer run lasts as long as asked; whole batches."""
    task = make_task(options, network, PROBE)
    speed = max(measured(task, name, quiet)["steady"] for name in names)
    return max(1, math.ceil(speed * options.seconds * MARGIN / LONG / options.batch)) * options.batch


def measured(task, name, quiet):
    short, long = (quiet.run(lambda: {"program": name, "epochs": epochs, **measure.timed(task.command(name, epochs))}) for epochs in (SHORT, LONG))
    return {**pairs.speeds(short, long, task.count, SHORT, LONG), "first_step_s": short["first_step_s"], "short_s": short["seconds"],
            "long_s": long["seconds"], "cpu_s_per_image": long["cpu_s"] / (LONG * task.count), "others": max(short["others"], long["others"]),
            **{key: long[key] for key in ("train_loss", "valid_loss", "top1")}}


def own_step(options, network, quiet):
    """Images a second of the trainer's step on a batch that is there, over as many steps as tell what neighbours do to a training as well."""
    return float(re.search(r"^step, fused .* ([\d.]+) images/s", step_bench(options, network, quiet, 2 * options.rounds), re.MULTILINE)[1])


def with_images(options, task, quiet):
    """Milliseconds of steps on a batch that is there, and, alternating, of steps on images that the loader reads."""
    text = step_bench(options, task.network, quiet, 4 * options.rounds, "--images", task.train_images)
    return [[float(one) for one in pair] for pair in re.findall(r"^pair ([\d.]+) ([\d.]+)$", text, re.MULTILINE)]


def step_bench(options, network, quiet, steps, *more):
    words = [programs.ROOT / "build/bin/step_bench", network, "--batch", options.batch, "--threads", os.cpu_count(), "--only-fused",
             "--steps", steps, *(["--bfloat16"] if options.precision == "bfloat16" else []), *more]
    return quiet.run(lambda: {"program": "step_bench", **measure.printed(words)})["text"]


def limits(options, network, quiet):
    """What limits.py says, with the allocator that the fast loop has."""
    words = [sys.executable, programs.ROOT / "tests/bench/limits.py", "--arch", network, "--batch", options.batch,
             "--precision", options.precision, "--threads", os.cpu_count(), "--rounds", options.rounds]
    return json.loads(quiet.run(lambda: {"program": "limits", **measure.printed(words, baseline_loop.MALLOC)})["text"])


def ratios(names, found):
    """{"torchport / fast, steady": {median, low, high, count}, ...}"""
    def speeds(name, key):
        in_order = sorted((row["pair"], row[key]) for row in found["rows"] if row["program"] == name)
        return [speed for _, speed in in_order]
    result = {f"torchport / {name}, {title}": (speeds("torchport", key), speeds(name, key))
              for name in names[1:] for key, title in (("whole", "whole run"), ("steady", "steady"))}
    result["torchport, steady / its own step without a loader"] = speeds("torchport", "steady"), found["own_step"]
    without, fed = zip(*found["with_images"])   # milliseconds
    result["torchport, speed of steps with a loader / without, alternating"] = without, fed
    return {title: {**dict(zip(("median", "low", "high"), pairs.ratio(*both))), "count": len(both[0])} for title, both in result.items()}
