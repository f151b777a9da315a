"""The table of tests/bench/gpu.sh: how each part ended, what was measured, and which of the bars were met. `gpu_table.py FOLDER` prints what
FOLDER/rows.jsonl, its training and its clocks.csv say, and writes it to FOLDER/table.json too. Needs nothing but Python.
"""
import argparse
import json
import pathlib
import re
import statistics
import sys

TITLES = {"resnet18": "ResNet-18", "resnet50": "ResNet-50", "densenet121": "DenseNet-121"}
# What is wanted of one H200: name, bar, and where the figure comes from.
BARS = (("ResNet-50, batch 256, images/s", 6500, "synthetic"), ("ResNet-50, batch 16, images/s", 4000, "small"),
        ("from JPEGs / synthetic", 0.97, "from_jpegs"), ("ResNet-50, batch 256 / PyTorch", 1.5, "pytorch"),
        ("ResNet-50, batch 256 / torch.compile", 1.2, "compile"), ("DenseNet-121, batch 128 / PyTorch", 1.5, "dense"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--rehearsed", action="store_true")
    options = parser.parse_args()
    table = gathered(options.folder)
    table["rehearsed"] = options.rehearsed
    (options.folder / "table.json").write_text(json.dumps(table, indent=1) + "\n")
    print("\n".join(text(table)))


def gathered(folder):
    path = folder / "rows.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    table = {key: [row for row in rows if row["part"] == part] for key, part in
             (("parts", "run"), ("ceilings", "ceiling"), ("steps", "step"), ("rivals", "rival"))}
    table["training"] = training(folder / "training/logs/70_driver_log_0")
    table["kernels"] = kernels(folder / "bytes.csv")
    table["clocks"] = clocks(folder / "clocks.csv", table["parts"])
    table["figures"] = figures(table)
    table["bars"] = [{"what": what, "bar": bar, "found": table["figures"].get(key),
                      "met": None if table["figures"].get(key) is None else table["figures"][key] >= bar} for what, bar, key in BARS]
    return table


def training(log):
    """Images/s of each epoch; the first one has the start of everything in it."""
    if not log.exists():
        return []
    return [{"epoch": int(epoch), "images_per_s": float(rate), "top1": float(top1)} for epoch, rate, top1 in
            re.findall(r"Epoch (\d+),train_ips ([\d.]+),.*?top1 acc ([\d.]+)", log.read_text())]


def kernels(path):
    """Of ncu's table, by name: launches, bytes and microseconds of all of them, the most bytes first."""
    if not path.exists():
        return []
    import csv
    lines = [line for line in path.read_text().splitlines() if line.startswith('"')]
    scale = {"byte": 1, "Kbyte": 1e3, "Mbyte": 1e6, "Gbyte": 1e9, "nsecond": 1e-3, "usecond": 1, "msecond": 1e3, "ns": 1e-3, "us": 1, "ms": 1e3}
    found = {}
    for row in csv.DictReader(lines):
        of = found.setdefault(row["Kernel Name"], {"kernel": row["Kernel Name"], "launches": 0, "bytes": 0, "us": 0})
        value = float(row["Metric Value"].replace(",", "")) * scale.get(row["Metric Unit"], 1)
        if row["Metric Name"].startswith("dram__bytes"):
            of["bytes"] += value
            of["launches"] += 1
        else:
            of["us"] += value
    return sorted(found.values(), key=lambda of: -of["bytes"])


def clocks(path, parts):
    """Medians by part of what nvidia-smi said each second."""
    import datetime
    samples = []
    for line in path.read_text().splitlines() if path.exists() else ():
        words = [word.strip() for word in line.split(",")]
        try:
            when = datetime.datetime.strptime(words[0], "%Y/%m/%d %H:%M:%S.%f").timestamp()
            samples.append((when, *map(float, words[1:6])))
        except ValueError:
            continue   # a figure that this card does not tell
    rows = []
    for part in parts:
        seen = [sample[1:] for sample in samples if part["begin"] <= sample[0] <= part["begin"] + part["seconds"]]
        if seen:
            rows.append(dict(zip(("name", "sm_mhz", "memory_mhz", "watts", "celsius", "mib"),
                                 (part["name"], *(statistics.median(column) for column in zip(*seen))))))
    return rows


def fastest(rows, **of):
    rates = [row["images_per_s"] for row in rows if all(row.get(key) == value for key, value in of.items())]
    return max(rates) if rates else None


def figures(table):
    """Those that the bars are about; absent where one was not measured."""
    ours = {(network, batch): fastest(table["steps"], network=network, batch=batch, precision="bfloat16")
            for network, batch in (("resnet50", 256), ("resnet50", 16), ("densenet121", 128))}
    def ratio(a, b):
        return a / b if a and b else None
    def rival(what, network, batch):
        return fastest(table["rivals"], what=what, network=network, batch=batch)
    later = [row["images_per_s"] for row in table["training"][1:]]
    large = ours["resnet50", 256]
    return {"synthetic": large, "small": ours["resnet50", 16], "from_jpegs": ratio(max(later, default=None), large),
            "pytorch": ratio(large, rival("PyTorch", "resnet50", 256)), "compile": ratio(large, rival("torch.compile", "resnet50", 256)),
            "dense": ratio(ours["densenet121", 128], rival("PyTorch", "densenet121", 128))}


def text(table):
    if table["rehearsed"]:
        yield "\nA REHEARSAL: our GPU is a stand-in and PyTorch's the CPU. No figure below means anything."
    failed = [row for row in table["parts"] if row["ended"] != "ok"]
    yield f"\n{len(table['parts']) - len(failed)} of {len(table['parts'])} parts ok"
    for row in failed:
        yield f"  {row['name']:16} {row['ended']:9} {row['why']}"
    if table["ceilings"]:
        yield "\nwhat the card can do"
        for row in table["ceilings"]:
            yield f"  {row['what']:56} {row['value']:10.3f} {row['unit']}"
    if table["steps"] or table["rivals"]:
        yield f"\n{'a step':14} {'batch':>5} {'precision':10} {'how':20} {'ms':>9} {'images/s':>9} {'first, s':>9}"
        for row in [*table["steps"], *table["rivals"]]:
            how = row["mode"] if row["part"] == "step" else row["what"]
            yield (f"{TITLES[row['network']]:14} {row['batch']:5} {row['precision']:10} {how:20} {row['step_ms']:9.2f} {row['images_per_s']:9.0f} "
                   f"{row['first_step_s']:9.2f}")
    for row in table["training"]:
        yield f"training from JPEGs, epoch {row['epoch']}: {row['images_per_s']:.0f} images/s, top-1 {row['top1']:.3f}"
    if table["kernels"]:
        yield f"\n{'kernel':70} {'times':>5} {'MB':>9} {'us':>9} {'TB/s':>6}"
        for row in table["kernels"][:20]:
            yield f"{row['kernel'][:70]:70} {row['launches']:5} {row['bytes'] / 1e6:9.1f} {row['us']:9.0f} {row['bytes'] / max(row['us'], 1e-9) / 1e6:6.2f}"
    if table["clocks"]:
        yield f"\n{'part':18} {'SM MHz':>7} {'mem MHz':>8} {'W':>6} {'C':>4} {'MiB':>8}"
        for row in table["clocks"]:
            yield f"{row['name']:18} {row['sm_mhz']:7.0f} {row['memory_mhz']:8.0f} {row['watts']:6.0f} {row['celsius']:4.0f} {row['mib']:8.0f}"
    if not table["rehearsed"]:
        yield "\nbars, for one H200"
        for row in table["bars"]:
            found = "not measured" if row["found"] is None else f"{row['found']:.2f}, {'met' if row['met'] else 'NOT met'}"
            yield f"  {row['what']:40} {row['bar']:8} {found}"


if __name__ == "__main__":
    sys.exit(main())
