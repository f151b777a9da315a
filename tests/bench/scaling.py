"""./dev bench scaling: what training on more ranks than this machine has would reach, predicted from what is measured on it.

Measured are the step of one rank and the sum of a message over two, by TCP on the loopback; the gradients' bytes are counted. With --write the
figures go to docs/lab/results.json and the predictions to docs/scaling.md. Without ./dev, `python3 tests/bench/scaling.py --render`
only renders the page anew.
"""
import argparse
import json
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIGURES, PAGE = ROOT / "docs/lab/results.json", ROOT / "docs/scaling.md"
TITLES = {"resnet18": "ResNet-18", "resnet50": "ResNet-50"}
RANKS, BATCH, SMALL = (8, 64, 512), 8, 4096   # SMALL: bytes of a message that costs nothing but its way
NOMINAL = {"10 Gbit/s": 1.25e9, "100 Gbit/s": 12.5e9}   # bytes a second
BACKWARD = 2 / 3   # of a step, in which sums can hide: each convolution is computed once forward and twice backward


def main():
    parser = argparse.ArgumentParser(prog="./dev bench scaling", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5, help="for each message")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--render", action="store_true", help="measure nothing")
    options = parser.parse_args()
    figures = json.loads(FIGURES.read_text())
    if not options.render:
        figures["scaling"] = measured(options.seconds)
        print(json.dumps(figures["scaling"], indent=2))
    if options.write:
        FIGURES.write_text(text_of(figures))
    if options.write or options.render:
        PAGE.write_text(rendered(PAGE.read_text(), figures["scaling"]))


def text_of(figures):
    """A row of the tables is a line, or little more."""
    old = json.loads(FIGURES.read_text())
    before = FIGURES.read_text()
    begin = before.index('  "scaling"') if "scaling" in old else before.rindex("}")
    head = before[:begin].rstrip().rstrip(",")
    return f'{head},\n  "scaling": {json.dumps(figures["scaling"])}\n}}\n'


def measured(seconds):
    import machine
    import torchvision
    facts = machine.facts(ROOT)
    print(machine.sentence(facts))
    networks = {}
    for network in TITLES:
        gradients = 4 * sum(p.numel() for p in torchvision.models.get_model(network, num_classes=1000).parameters())
        networks[network] = {"gradient_bytes": gradients, "step_cpu_s": step(network), "sum_s": sum_of(gradients, seconds)}
    return {"date": facts["date"][:10], "commit": (facts["commit"] or "")[:7], "cpu": facts["cpu"], "batch": BATCH,
            "small_bytes": SMALL, "small_sum_s": sum_of(SMALL, seconds), "networks": networks}


def step(network):
    """CPU seconds of a step of one thread."""
    done = subprocess.run([ROOT / "build/bin/step_bench", network, "--batch", str(BATCH), "--threads", "1", "--steps", "9", "--only-fused"],
                          check=True, stdout=subprocess.PIPE, text=True)
    return round(float(re.search(r"fused.*?([\d.]+) CPU s", done.stdout)[1]), 4)


def sum_of(size, seconds):
    """Of two ranks, median."""
    from allreduce import AS_ROOT
    done = subprocess.run(["mpirun", *AS_ROOT, "--oversubscribe", "--mca", "btl", "tcp,self", "-np", "2", ROOT / "build/bin/all_reduce_speed",
                           str(seconds), str(size)], check=True, stdout=subprocess.PIPE, text=True)
    return round(float(done.stdout.split()[2]) / 1e6, 6)


def ring(ranks, size, way, rate):
    """Seconds of a sum over a ring: each rank sends 2 (n - 1) messages, of an nth of the bytes each, one after the other."""
    return 2 * (ranks - 1) * (way + size / ranks / rate)


def predicted(of, ranks, link):
    """(images/s, share of what as many single ranks do) where no sum hides behind the backward pass, and where all do that can."""
    network, batch = of
    way = link["way"]
    reducing = ring(ranks, network["gradient_bytes"], way, link["rate"])
    computing = network["step_cpu_s"]
    longest, shortest = computing + reducing, max(computing, (1 - BACKWARD) * computing + reducing)
    return [(ranks * batch / seconds, computing / seconds) for seconds in (longest, shortest)]


def links(figures, network):
    """With two ranks a sum is two messages of half its bytes each."""
    way = figures["small_sum_s"] / 2
    measured_rate = network["gradient_bytes"] / (network["sum_s"] - 2 * way)
    return {"loopback, measured": {"way": way, "rate": measured_rate}, **{name: {"way": way, "rate": rate} for name, rate in NOMINAL.items()}}


def rendered(page, figures):
    inputs = ["| network | gradients | a step, batch 8, one thread | a sum over two ranks |", "| --- | --- | --- | --- |"]
    rows = ["| network | link | ranks | images/s, *predicted* | of as many single ranks, *predicted* |", "| --- | --- | --- | --- | --- |"]
    for name, network in figures["networks"].items():
        inputs.append(f"| {TITLES[name]} | {network['gradient_bytes'] / 1e6:.1f} MB | {network['step_cpu_s']:.3f} s | {network['sum_s'] * 1e3:.0f} ms |")
        for link, of in links(figures, network).items():
            for ranks in RANKS:
                (slow, low), (fast, high) = predicted((network, figures["batch"]), ranks, of)
                rows.append(f"| {TITLES[name]} | {link} | {ranks} | *{slow:,.0f} to {fast:,.0f}* | *{low:.2f} to {high:.2f}* |")
    inputs += ["", f"A message of {figures['small_bytes']:,} bytes is summed in {figures['small_sum_s'] * 1e6:.0f} µs. {figures['date']}, commit "
               f"{figures['commit']}, {figures['cpu']}."]
    tables = {"inputs": inputs, "predictions": rows}
    return re.sub(r"(<!-- (?!end)(\w+) -->\n).*?(?=<!-- end -->)", lambda m: m[1] + "\n".join(tables[m[2]]) + "\n", page, flags=re.S)


if __name__ == "__main__":
    main()
