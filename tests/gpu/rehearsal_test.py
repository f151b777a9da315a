"""tests/bench/gpu.sh, which measures GPUs, runs here on a stand-in: only the card is missing."""
import csv
import json
import os
import re
import sys

import pytest

from harness import BIN, SOURCE, command

sys.path.append(str(SOURCE / "tests/bench"))
import gpu_python  # noqa: E402
import gpu_table  # noqa: E402

GPU = ["bash", SOURCE / "tests/bench/gpu.sh"]
ENV = {"TORCHPORT_PYTHON": sys.executable, "OMP_NUM_THREADS": "1"}


def ended(out):
    table = json.loads((out / "table.json").read_text())
    return table, {row["name"]: row["ended"] for row in table["parts"]}


def test_rehearsal(work):
    done = command(*GPU, "--rehearse", "--quick", "--out", work / "out", env=ENV, cwd=work)
    table, parts = ended(work / "out")
    assert all(how == "ok" for how in parts.values()), done.stdout
    assert {"layers", "updates", "graphs", "nccl", "resnet50-256", "photos", "training", "pytorch-256"} <= set(parts), parts
    assert "A REHEARSAL" in done.stdout and (work / "out/table.txt").read_text() in done.stdout
    modes = command(BIN / "gpu_step_bench", "--list-modes").stdout.split()
    assert [row["mode"] for row in table["steps"]] == modes
    assert len(table["ceilings"]) == 4 and all(row["value"] > 0 for row in table["ceilings"])
    assert [row["epoch"] for row in table["training"]] == [1, 2] and table["rivals"][0]["images_per_s"] > 0


def test_where_the_time_is_over_parts_are_named(work):
    done = command(*GPU, "--rehearse", "--within", "3", "--out", work / "out", env=ENV, cwd=work, status=1)
    table, parts = ended(work / "out")
    assert len(parts) >= 20 and set(parts.values()) == {"not run"}, parts
    assert {row["why"] for row in table["parts"]} == {"the 3 s were over"} and "0 of" in done.stdout


def test_without_a_card_every_part_says_so(work):
    if os.path.exists("/proc/driver/nvidia/version"):
        pytest.skip("there is a driver here")
    done = command(*GPU, "--quick", "--out", work / "out", env=ENV, cwd=work, status=1)
    table, parts = ended(work / "out")
    assert len(parts) >= 10 and [name for name, how in parts.items() if how == "ok"] == ["photos"], done.stdout
    why = {row["name"]: row["why"] for row in table["parts"]}
    reason = "no GPU can be used: there is no NVIDIA driver here" if (BIN / "torchport-cuda.so").exists() else "which computes on GPUs"
    for name in ("ceilings", "layers", "updates", "graphs", "nccl", "resnet50-256", "training"):
        assert reason in why[name] or "could not be loaded" in why[name], (name, why[name])
    assert "NVIDIA driver" in why["pytorch-256"], why
    assert all(row["found"] is None for row in table["bars"]) and "not measured" in done.stdout


@pytest.mark.parametrize("variant", ["resnet18", "resnet50", "densenet121"])
def test_the_rivals_networks_are_torchvisions(variant):
    """The same layers in the same order: with the same numbers in them, the same logits."""
    import torch
    import torchvision
    torch.manual_seed(1)
    theirs, ours = torchvision.models.get_model(variant, num_classes=10).eval(), gpu_python.network(variant, 10).eval()
    shapes = [sorted(tuple(p.shape) for p in network.parameters()) for network in (theirs, ours)]
    assert shapes[0] == shapes[1]
    values = dict(zip(in_order(ours), in_order(theirs)))
    with torch.no_grad():
        for mine, other in values.items():
            mine.copy_(other)
        x = torch.randn(2, 3, 64, 64)
        assert torch.allclose(ours(x), theirs(x), rtol=1e-4, atol=1e-4)


def in_order(network):
    """Parameters and running statistics in the order in which a forward pass comes to them."""
    import torch
    found = []
    hooks = [module.register_forward_hook(lambda module, *_: found.append(module)) for module in network.modules()
             if isinstance(module, (torch.nn.Conv2d, torch.nn.BatchNorm2d, torch.nn.Linear))]
    with torch.no_grad():
        network(torch.zeros(2, 3, 64, 64))
    for hook in hooks:
        hook.remove()
    return [tensor for module in found for tensor in (*module.parameters(), *module.buffers()) if tensor.is_floating_point()]


def test_bars_and_bytes(work):
    """The table's arithmetic, on figures of a card that is not there."""
    rows = [{"part": "step", "network": "resnet50", "batch": 256, "precision": "bfloat16", "mode": mode, "images_per_s": rate, "step_ms": 1,
             "first_step_s": 1} for mode, rate in (("eager", 5000), ("graph", 6600))]
    rows += [{"part": "rival", "what": "PyTorch", "network": "resnet50", "batch": 256, "precision": "bfloat16", "images_per_s": 4400, "step_ms": 1,
              "first_step_s": 1}]
    (work / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (work / "training/logs").mkdir(parents=True)
    (work / "training/logs/70_driver_log_0").write_text("".join(f"x Epoch {n},train_ips {rate},train_loss 1,top1 acc 0.5,top5 acc 1\n"
                                                               for n, rate in ((1, 1000), (2, 6500), (3, 6534))))
    with open(work / "bytes.csv", "w") as file:
        file.write("==PROF== Connected\n")
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(["ID", "Kernel Name", "Metric Name", "Metric Unit", "Metric Value"])
        for number in range(2):
            writer.writerow([number, "norm", "dram__bytes.sum", "Mbyte", "1,000"])
            writer.writerow([number, "norm", "gpu__time_duration.sum", "usecond", "250"])
    table = gpu_table.gathered(work)
    bars = {row["what"]: (row["found"], row["met"]) for row in table["bars"]}
    assert bars["ResNet-50, batch 256, images/s"] == (6600, True)
    assert bars["ResNet-50, batch 256 / PyTorch"] == (1.5, True)
    assert bars["from JPEGs / synthetic"] == (pytest.approx(0.99), True)
    assert bars["ResNet-50, batch 16, images/s"] == (None, None)
    assert table["kernels"] == [{"kernel": "norm", "launches": 2, "bytes": 2e9, "us": 500}]
    said = "\n".join(gpu_table.text({**table, "rehearsed": False}))
    assert re.search(r"norm +2 +2000\.0 +500 +4\.00", said), said
