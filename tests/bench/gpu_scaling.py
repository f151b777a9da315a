"""./dev bench gpu-scaling: what trainings on GPUs would reach, predicted from bytes that are measured without one.

Measured are the bytes that the operations of a step read and write, each its inputs and outputs once, as PyTorch dispatches them on a CPU, and
those of the gradients. Rates are a card's and its links' nominal ones. With --write the bytes go to docs/lab/results.json and the
predictions to docs/training-time.md; `python3 tests/bench/gpu_scaling.py --render` only renders the page anew.
"""
import argparse
import datetime
import json
import re
import subprocess

import scaling
from scaling import FIGURES, ROOT

PAGE = ROOT / "docs/training-time.md"
NETWORK, BATCH, GPUS = "resnet50", 256, (1, 8, 16, 64)
WAYS = {"eager": "operation by operation"}
SIZE, FEW, MORE = 224, 2, 4   # two batches tell what is for each image, and what for each step
EPOCHS, IMAGES, VALIDATED = 50, 1_281_167, 50_000   # ImageNet's
MEMORY = 4.8e12           # bytes a second of an H200, nominal
SHARES = (0.33, 0.48)     # of that, which a training reaches
INSIDE, BETWEEN, MACHINE = 450e9, 50e9, 8   # bytes a second of a GPU's links, nominal: NVLink within a machine of 8, 400 Gbit/s beyond
FORWARD = 1 / 3           # of a step, which is what validation takes


def main():
    parser = argparse.ArgumentParser(prog="./dev bench gpu-scaling", description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--render", action="store_true", help="measure nothing")
    options = parser.parse_args()
    figures = json.loads(FIGURES.read_text())
    if not options.render:
        figures["gpu"] = measured()
        print(json.dumps(figures["gpu"], indent=2))
    if options.write:
        FIGURES.write_text(text_of(FIGURES.read_text(), figures["gpu"]))
    if options.write or options.render:
        PAGE.write_text(rendered(PAGE.read_text(), figures))


def text_of(before, figures):
    """The file with its line of these figures, before that of scaling.py, which is its last."""
    line = f'  "gpu": {json.dumps(figures)},\n'
    without = re.sub(r'^  "gpu": .*\n', "", before, flags=re.M)
    place = without.index('  "scaling"')
    return without[:place] + line + without[place:]


def measured():
    few, more = bytes_of_step(FEW), bytes_of_step(MORE)
    image = (more - few) // (MORE - FEW)
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], stdout=subprocess.PIPE, text=True).stdout.strip()
    return {"date": datetime.date.today().isoformat(), "commit": commit, "network": NETWORK,
            "eager": {"image_bytes": image, "step_bytes": few - FEW * image}}


def bytes_of_step(batch):
    """Of the second one: the optimizer has its momenta."""
    import torch
    import gpu_python
    from torch.utils._python_dispatch import TorchDispatchMode

    class Count(TorchDispatchMode):
        bytes = 0

        def __torch_dispatch__(self, function, types, arguments=(), names=None):
            names = names or {}
            results = function(*arguments, **names)
            if not function.is_view and function is not torch.ops.aten.detach.default:
                given = {declared.name: value for declared, value in zip(function._schema.arguments, arguments)} | names
                written = [given[declared.name] for declared in function._schema.arguments
                           if declared.name in given and declared.alias_info is not None and declared.alias_info.is_write]
                read = {id(tensor): tensor for tensor in tensors(list(given.values()))}
                made = [tensor for tensor in tensors(results) if id(tensor) not in read]
                self.bytes += sum(tensor.nbytes for tensor in [*read.values(), *made, *tensors(written)])
            return results

    def tensors(values):
        if isinstance(values, torch.Tensor):
            return [values]
        return [tensor for value in values for tensor in tensors(value)] if isinstance(values, (list, tuple)) else []

    torch.manual_seed(1)
    model = gpu_python.network(NETWORK).to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9, nesterov=True, weight_decay=1e-4, fused=True)
    images = torch.randn(batch, 3, SIZE, SIZE, dtype=torch.bfloat16).contiguous(memory_format=torch.channels_last)
    labels = torch.arange(batch)
    for counted in (False, True):
        with Count() as count:
            with torch.autocast("cpu", torch.bfloat16):
                logits = model(images)
            torch.nn.functional.cross_entropy(logits.float(), labels).backward()
            optimizer.step()
            optimizer.zero_grad()
        if counted:
            return count.bytes


def step(of, share):
    """Seconds, where memory is the limit."""
    return (of["step_bytes"] + BATCH * of["image_bytes"]) / (share * MEMORY)


def predicted(of, gradients, way, gpus):
    """(fewest, most) images/s: with the smaller share of the memory's rate, and no sum hidden behind the backward pass; with the larger one, and
    all hidden that can be."""
    link = {"way": way, "rate": INSIDE if gpus <= MACHINE else BETWEEN}
    return tuple(scaling.predicted(({"step_cpu_s": step(of, share), "gradient_bytes": gradients}, BATCH), gpus, link)[hidden][0]
                 for hidden, share in enumerate(SHARES))


def hours(rate):
    return EPOCHS * (IMAGES + FORWARD * VALIDATED) / rate / 3600


def duration(hours_):
    return f"{hours_:.1f} h" if hours_ >= 1 else f"{60 * hours_:.0f} min"


def rendered(page, figures):
    gpu, scale = figures["gpu"], figures["scaling"]
    gradients, way = scale["networks"][NETWORK]["gradient_bytes"], scale["small_sum_s"] / 2
    inputs = ["| ResNet-50 in bfloat16, a step | for each image | for each step besides |", "| --- | --- | --- |"]
    rows = ["| GPUs | how | images/s, *predicted* | 50 epochs, *predicted* |", "| --- | --- | --- | --- |"]
    for key, title in WAYS.items():
        inputs.append(f"| {title} | {gpu[key]['image_bytes'] / 1e6:.0f} MB | {gpu[key]['step_bytes'] / 1e6:.0f} MB |")
    inputs += ["", f"Gradients: {gradients / 1e6:.1f} MB. {gpu['date']}, commit {gpu['commit']}."]
    for gpus in GPUS:
        for key, title in WAYS.items():
            low, high = predicted(gpu[key], gradients, way, gpus)
            rows.append(f"| {gpus} | {title} | *{low:,.0f} to {high:,.0f}* | *{duration(hours(high))} to {duration(hours(low))}* |")
    tables = {"bytes": inputs, "predictions": rows}
    return re.sub(r"(<!-- (?!end)(\w+) -->\n).*?(?=<!-- end -->)", lambda m: m[1] + "\n".join(tables[m[2]]) + "\n", page, flags=re.S)


if __name__ == "__main__":
    main()
