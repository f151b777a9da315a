"""The tables of docs/results.md, from docs/lab/results.json: `python3 tests/bench/results.py` renders them, and
`results.py RECORD.json MACHINE` first puts what ./dev bench recorded (build/bench/<date>.json) in the place of the row of its kind.
"""
import json
import pathlib
import re
import statistics
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIGURES, PAGE = ROOT / "docs/lab/results.json", ROOT / "docs/results.md"
TITLES = {"resnet18": "ResNet-18", "resnet50": "ResNet-50", "densenet121": "DenseNet-121"}
KIND = ("machine", "network", "precision", "against")   # of which there is one row


def main(words):
    figures = json.loads(FIGURES.read_text())
    if words:
        path, machine = words
        for row in rows_of(json.loads(pathlib.Path(path).read_text()), machine):
            figures["training"] = [old for old in figures["training"] if any(old[key] != row[key] for key in KIND)] + [row]
        FIGURES.write_text(json.dumps(figures, indent=2) + "\n")
    PAGE.write_text(rendered(PAGE.read_text(), figures))


def rows_of(record, machine):
    """The rows of one record of ./dev bench: one for each network and counterpart whose figures count."""
    for found in record["networks"]:
        for name in {row["program"] for row in found["rows"]} - {"torchport"} if "disturbed" not in found else ():
            def of(program, key):
                return [row[key] for row in found["rows"] if row["program"] == program]
            ratio, loader = (found["ratios"][title] for title in (f"torchport / {name}, whole run",
                                                                  "torchport, speed of steps with a loader / without, alternating"))
            yield {"machine": machine, "date": record["date"][:10], "commit": record["commit"][:7],
                   "network": TITLES.get(found["network"], found["network"]), "precision": record["options"]["precision"], "against": name,
                   "command": " ".join(record["command"]), "ours": span(of("torchport", "whole")), "theirs": span(of(name, "whole")),
                   "ratio": [round(ratio[key], 2) for key in ("median", "low", "high")],
                   "loader": [round(loader[key], 3) for key in ("median", "low", "high")],
                   "first_step": [round(statistics.median(of(program, "first_step_s")), 2) for program in ("torchport", name)],
                   "memory": [round(found["peak_mb"][program]) for program in ("torchport", name)]}


def span(values):
    return [round(min(values), 1), round(max(values), 1)]


def rendered(page, figures):
    """The page with its tables filled: what is between <!-- TABLE --> and <!-- end -->."""
    tables = {"data": data(figures), **{f"training {machine}": training(figures, machine) for machine in {row["machine"] for row in figures["training"]}}}
    return re.sub(r"(<!-- (?!end)([\w ]+) -->\n).*?(?=<!-- end -->)", lambda m: m[1] + "\n".join(tables[m[2]]) + "\n", page, flags=re.S)


def training(figures, machine):
    rows = ["| network, loop beside it | torchport, images/s | the loop | **ratio** (95 % interval) | with a loader / without | first step | peak memory |",
            "| --- | --- | --- | --- | --- | --- | --- |"]
    for row in figures["training"]:
        if row["machine"] == machine:
            loader = "{:.3f} ({:.3f} to {:.3f})".format(*row["loader"]) if row["loader"] else ""
            rows.append(f"| {row['network']} {row['precision']}, {row['against']}{' †' if row.get('removed') else ''} "
                        f"| {row['ours'][0]} to {row['ours'][1]} | {row['theirs'][0]} to {row['theirs'][1]} "
                        "| **{:.2f}** ({:.2f} to {:.2f}) ".format(*row["ratio"]) +
                        f"| {loader} | {row['first_step'][0]:.2f} s, loop {row['first_step'][1]:.2f} s "
                        f"| {row['memory'][0]:,} MB, loop {row['memory'][1]:,} MB |")
    commands = dict.fromkeys((row["command"], row["date"]) for row in figures["training"] if row["machine"] == machine)
    return [*rows, "", *(f"- {date}, `{command}`" for command, date in commands)]


def data(figures):
    rows = ["| machine | exact pixels | `--decode fast` | decoded images in memory | torchvision.io, 2 processes | Pillow, 2 processes |",
            "| --- | --- | --- | --- | --- | --- |"]
    return rows + [f"| {row['machine']}, {row['date']} | **{row['exact']:,}** ({row['ratio']:.2f} times torchvision.io) "
                   f"| {row['fast']:,} | {row['memory']:,} | {row['torchvision']:,} | {row['pillow']:,} |" for row in figures["data"]]


if __name__ == "__main__":
    main(sys.argv[1:])
