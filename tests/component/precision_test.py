"""--precision: bfloat16 against torch.autocast on the same batches, auto against what torch says of the CPU, in one process and two."""
import json
import pathlib
import tempfile

import torch
import torch.nn.functional as F

import reference
from harness import ORIGINAL, mpirun, torchport

TRAIN, VALID = ORIGINAL / "image_directory_labelled", ORIGINAL / "image_directory_valid"
STEPS, RATE = 3, 1e-4


def arguments(model, out, precision, *more):
    return ["run", "train_pytorch_model", "--untrained-model-path", model, "--train-data-path", TRAIN, "--valid-data-path", VALID,
            "--trained-model-path", out, "--run-dir", f"{out}-run", "--precision", precision, "--patience", 100, *more]


def recorded(out):
    return json.loads(pathlib.Path(f"{out}-run/run.json").read_text())["precision"]


def start_model(work):
    """A model whose head fits the data, so that both sides start from the same weights."""
    torchport("run", "resnet", "--model_name=resnet18", "--pretrained=False", f"--untrained_model_path={work / 'new'}")
    torchport(*arguments(work / "new", work / "start", "float32"), "--epochs", 1, "--batch-size", 12, "--learning-rate", 1e-4)
    return work / "start"


def torch_losses(model, autocast):
    """The training loss of each step of one image batch an epoch, and the validation loss after the last."""
    net = reference.network(model, "resnet18", 3).to(memory_format=torch.channels_last)
    optimizer = reference.optimizer(net)
    images, labels = reference.dataset(TRAIN)
    losses = []
    for epoch, steps in enumerate(reference.batches(24, 24, 1, 1, STEPS)):
        batch = steps[0][0]
        for group in optimizer.param_groups:
            group["lr"] = reference.learning_rate(RATE, 1, STEPS, 0, epoch)
        net.train()
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            logits = net(images[batch].contiguous(memory_format=torch.channels_last))
        loss = F.cross_entropy(logits.float(), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    images, labels = reference.dataset(VALID)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        losses.append(F.cross_entropy(net.eval()(images).float(), labels).item())
    return losses


def check_bfloat16(work, model):
    """Layers are fused here and not there, so roundings differ, and training lets their differences grow: by 1e-6 of a float32 loss at
    first, and of a bfloat16 number, which has 8 binary digits, by some 1e-3."""
    ours = {}
    for precision in ("float32", "bfloat16"):
        out = work / precision
        torchport(*arguments(model, out, precision), "--epochs", STEPS, "--batch-size", 24, "--learning-rate", RATE, "--keep", "last")
        assert recorded(out) == precision
        run = pathlib.Path(f"{out}-run")
        ours[precision] = reference.metrics(run, "Train loss") + reference.metrics(run, "Valid loss")[-1:]
        theirs = torch_losses(model, precision == "bfloat16")
        print(f"torch {torch.__version__} {precision}: {theirs}\n{'ours':>{len(torch.__version__) + 6}} {precision}: {ours[precision]}")
        bound = 2e-2 if precision == "bfloat16" else 1e-3
        assert all(abs(a - b) <= bound * max(1, b) for a, b in zip(ours[precision], theirs, strict=True))
    assert ours["float32"][0] != ours["bfloat16"][0] and ours["float32"][-1] != ours["bfloat16"][-1]
    weights = torch.load(work / "bfloat16/model", weights_only=True)
    assert {str(t.dtype) for t in weights.values()} == {"torch.float32", "torch.int64"}


def check_auto(work, model):
    """auto is bfloat16 where this CPU has AMX, or AVX512-BF16 without having been built for AMX; all ranks agree, and the log says it
    before the training."""
    cpu = pathlib.Path("/proc/cpuinfo").read_text().split("\n\n")[0]
    flags = set(cpu.split("flags")[1].split(":")[1].split("\n")[0].split())
    built_for_amx = "GenuineIntel" in cpu and "avx512_fp16" in flags
    wanted = "bfloat16" if "amx_bf16" in flags or ("avx512_bf16" in flags and not built_for_amx) else "float32"
    done = torchport(*arguments(model, work / "auto", "auto"), "--epochs", 1)
    assert f"Precision: {wanted}, chosen by what the CPUs can do." in done.stdout.split("Start loading images")[0]
    assert recorded(work / "auto") == wanted
    mpirun(2, *arguments(model, work / "auto2", "auto"), "--epochs", 1, "--batch-size", 12)
    assert recorded(work / "auto2") == wanted
    for rank in range(2):
        assert f"Precision: {wanted}, " in (work / f"auto2-run/logs/70_driver_log_{rank}").read_text()
    warned = "bfloat16 is slower than float32 on this CPU: " in (work / "bfloat16-run/logs/70_driver_log_0").read_text()
    assert warned == (wanted == "float32")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        model = start_model(work)
        check_bfloat16(work, model)
        check_auto(work, model)
