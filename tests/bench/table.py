"""How bench.py's rows, ratios and shares look on a terminal."""
import math
import statistics

import pairs

COLUMNS = (("pair", "", 4), ("program", "", 12), ("whole", "img/s", 9), ("steady", "img/s", 9), ("first step", "s", 12), ("CPU", "s/image", 9),
           ("others", "of CPU", 8), ("train loss", "", 12), ("valid loss", "", 12))
HEAD = "\n".join("".join(f"{column[line]:>{column[2]}}" for column in COLUMNS) for line in (0, 1))


def title(options, network, images, short, long):
    what = "images of 224 x 224" if options.no_augment else "photos of 500 x 375 (random resized crop 224, flip)"
    return f"{network}, {options.precision}, batch {options.batch}, {images} {what} an epoch, {short} and {long} epochs"


def row(of):
    return (f"{of['pair']:4}{of['program']:>12}{of['whole']:9.2f}{of['steady']:9.2f}{of['first_step_s']:12.2f}{of['cpu_s_per_image']:9.4f}"
            f"{of['others']:8.1%}{of['train_loss']:12.4f}{of['valid_loss']:12.4f}")


def summary(options, names, found):
    """The lines below the rows."""
    def of(name, key):
        return [row[key] for row in found["rows"] if row["program"] == name]
    lines = [ratio_line(what, **values) for what, values in found["ratios"].items()]
    lines += [loss_line(name, *([statistics.mean(of(one, key)) for key in ("train_loss", "valid_loss")] for one in ("torchport", name)))
              for name in names[1:]]
    lines.append("start to first step, median s: " + ", ".join(f"{name} {statistics.median(of(name, 'first_step_s')):.2f}" for name in names))
    lines.append("peak memory (PSS), MB: " + ", ".join(f"{name} {found['peak_mb'][name]:.0f}" for name in names))
    lines += limits_lines(found["limits"], {name: statistics.median(of(name, "steady")) for name in names})
    short = sum(row["long_s"] < options.seconds for row in found["rows"])
    if short and not options.quick:
        lines.append(f"{short} of {len(found['rows'])} longer runs took less than the {options.seconds:.0f} s asked")
    if options.quick or options.others > pairs.LARGEST_SHARE_OF_OTHERS:
        lines.append("NOT TO BE QUOTED: " + ("one short pair" if options.quick else f"others were allowed {options.others:.0%} of the CPU"))
    return lines


def ratio_line(what, median, low, high, count):
    interval = "one pair: no interval" if math.isnan(low) else f"95 % interval {low:.3f} to {high:.3f}, {count} pairs"
    return f"{what}: {median:.3f}   ({interval})"


def limits_lines(limits, speeds):
    """The run's own limits, and each program's steady speed as a share of those that apply to it."""
    lines = [f"limits: memory copy {limits['copy_gb_s']:.1f} GB/s (read and written)"]
    for key, what in (("own_step", "torchport's own step, no loader"), ("python_step", "eager PyTorch's step, no loader"),
                      ("convolutions", "convolutions alone")):
        shares = ", ".join(f"{name} {speed / limits[key]:.3f}" for name, speed in speeds.items() if key != "own_step" or name == "torchport")
        lines.append(f"        {what}: {limits[key]:.2f} images/s; steady share of it: {shares}")
    return lines


def loss_line(name, ours, theirs):
    """Means over the pairs, of (train, valid)."""
    parts = [f"{part} {a:.4f} and {b:.4f}" for part, a, b in zip(("train", "valid"), ours, theirs)]
    same = pairs.alike(ours[0], theirs[0])
    return f"losses of torchport and {name}: {', '.join(parts)}" + ("" if same else "   DIFFERENT: they did not do the same work")
