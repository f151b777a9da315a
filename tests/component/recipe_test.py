"""The recipe options of Train PyTorch Model against the real PyTorch: ten updates from the same weights on the same batches."""
import collections
import json
import pathlib
import shutil

import pytest
import scipy.stats
import torch
import torch.nn.functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

import reference
from harness import BIN, ORIGINAL, command, mpirun, torchport
from twin import RATE, ROWS, SEED, TRAIN, VALID, Twin, arguments, compare, train

@pytest.fixture(scope="module")
def model(shared):
    """Its head fits the data, so that both sides start from the same weights."""
    torchport("run", "resnet", "--model_name=resnet18", "--pretrained=False", f"--untrained_model_path={shared / 'new'}",
              "--run-dir", shared / "new-run")
    train(shared / "new", shared / "start", "--epochs", 1, "--batch-size", 12)
    return shared / "start"


def test_label_smoothing(work, model):
    """The training loss is smoothed; the validation loss is the plain cross entropy."""
    out = work / "smooth"
    train(model, out, "--epochs", 10, "--batch-size", ROWS, "--label-smoothing", 0.1)
    compare("label smoothing", Twin(model, ROWS, 10).run(lambda *a, **k: F.cross_entropy(*a, **k, label_smoothing=0.1)), out)
    images, labels = reference.dataset(VALID)
    with torch.no_grad():
        wanted = F.cross_entropy(reference.network(out, "resnet18", 3).eval()(images), labels).item()
    found = reference.metrics(f"{out}-run", "Valid loss")[-1]
    assert abs(wanted - found) <= 1e-4 * max(1, wanted), (wanted, found)
    recorded = json.loads((work / "smooth-run/run.json").read_text())["parameters"]
    assert recorded["label_smoothing"] == {"value": 0.1, "origin": "command line"}, recorded["label_smoothing"]
    assert recorded["ema_decay"]["value"] == 0 and recorded["ema_decay"]["origin"] == "default", recorded["ema_decay"]


def test_cosine(work, model):
    """The learning rates of the log and of the plan are those of torch's own scheduler after the warm-up."""
    out = work / "cosine"
    train(model, out, "--epochs", 6, "--batch-size", ROWS, "--schedule", "cosine", "--num-warmup-steps", 2)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=RATE)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=4)
    wanted = [1e-4, 1e-4 + (RATE - 1e-4) / 2]
    for _ in range(4):
        wanted.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    planned = json.loads((work / "cosine-run/run.json").read_text())["planned_learning_rates"]
    for found in (reference.metrics(work / "cosine-run", "learning rate"), planned):
        print(f"cosine: torch {wanted}, ours {found}")
        assert found == pytest.approx(wanted, rel=1e-12)


def test_balanced_sampling(work, model):
    """An epoch has as many images of each category; how many is said and recorded; the batches are what balanced_order() gives on any number of ranks."""
    shutil.copytree(TRAIN, work / "unequal")
    rows = (TRAIN / "images.lst").read_text().splitlines(keepends=True)
    kept = [row for number, row in enumerate(rows) if json.loads(row)["category"] != "circle" or number < 4]
    (work / "unequal/images.lst").write_text("".join(kept))
    for name in ("_sizes.lst", "_origins.lst"):
        (work / "unequal" / name).unlink(missing_ok=True)
    counts = collections.Counter(json.loads(row)["category"] for row in kept)
    out = work / "balanced"
    words = arguments(model, out, "--epochs", 1, "--batch-size", 6, "--sampling", "balanced")
    words[words.index("--train-data-path") + 1] = work / "unequal"
    torchport(*words)
    exact = len(kept) / 3
    record = json.loads((work / "balanced-run/run.json").read_text())["sampling"]
    assert record == [{"category": name, "images": counts[name], "draws": pytest.approx(exact)} for name in sorted(counts)]
    log = (work / "balanced-run/logs/70_driver_log_0").read_text()
    assert f"Balanced sampling: each epoch draws {len(kept)} images, " in log and f"'circle' has {counts['circle']}, {exact / counts['circle']:.3g} draws of each" in log, log


def test_balanced_sampling_counts_no_bad_images(work, model):
    done = torchport(*arguments(model, work / "never", "--sampling", "balanced", "--max-bad-fraction", 0.5), status=2)
    assert ("error[ParameterParsingError] train_pytorch_model: --sampling is balanced and --max-bad-fraction 0.5: images that are drawn several times "
            "would count as several unreadable ones") in done.stderr, done.stderr


def test_early_stop_and_best(work, model):
    """By a least delta that nothing reaches the second epoch is the last; the best is chosen by the metric that was asked for."""
    out = work / "stop"
    words = ["--epochs", 9, "--batch-size", ROWS, "--early-stop-metric", "top1", "--early-stop-reference", "best", "--min-delta", 1, "--best-metric", "valid_loss"]
    given = arguments(model, out, *words, keep="best")
    given[given.index("--patience") + 1] = 1
    torchport(*given)
    log = (work / "stop-run/logs/70_driver_log_0").read_text()
    assert "Early stop after epoch 2: top-1 was not more than 1 above the best epoch's for 1 consecutive epochs." in log, log
    losses = reference.metrics(work / "stop-run", "Valid loss")
    assert len(losses) == 2
    result = json.loads((work / "stop-run/run.json").read_text())["result"]
    assert result["stopped_early"] and result["kept_epoch"] == 1 + losses.index(min(losses))


def without_norm_decay(net):
    norms = [module for module in net.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    kept = [parameter for module in norms for parameter in module.parameters()] + [net.fc.bias]
    others = [p for p in net.parameters() if all(p is not one for one in kept)]
    return torch.optim.SGD([{"params": others, "weight_decay": 1e-4}, {"params": kept, "weight_decay": 0.0}], lr=1e-4, momentum=0.9,
                           nesterov=True)


def test_norm_weight_decay(work, model):
    """After ten steps our batch norms' weights are those of PyTorch without their decay, and not those with it."""
    out = work / "decay"
    train(model, out, "--epochs", 10, "--batch-size", ROWS, "--norm-weight-decay", "False")

    def weights(net):
        return torch.cat([m.weight.detach() for m in net.modules() if isinstance(m, torch.nn.BatchNorm2d)]).double()
    ours = weights(reference.network(out, "resnet18", 3))
    plain, decayed = Twin(model, ROWS, 10, without_norm_decay), Twin(model, ROWS, 10)
    compare("no decay of norms", plain.run(), out)
    decayed.run()
    missed = (ours - weights(plain.net)).mean().abs().item()
    effect = (weights(decayed.net) - weights(plain.net)).mean().abs().item()
    print(f"no decay of norms: mean difference of weights {missed:.2g}, effect of the decay {effect:.2g}")
    assert missed < 0.2 * effect, (missed, effect)


def test_accumulation(work, model):
    """Batches of 5, 5, 5, 5, 4: updates of 2, 2 and 1 of them, each a mean over images, with live batch norm."""
    out = work / "accumulate"
    train(model, out, "--epochs", 4, "--batch-size", 5, "--accumulation-steps", 2)
    compare("accumulation 2, 2, 1", Twin(model, 5, 4).run(accumulate=2), out)
    out = work / "all"
    train(model, out, "--epochs", 10, "--batch-size", 7, "--accumulation-steps", 1000000)
    compare("accumulation of an epoch", Twin(model, 7, 10).run(accumulate=4), out)
    iterations = [line for line in pathlib.Path(f"{out}-run/logs/70_driver_log_0").read_text().splitlines() if "Iter: [" in line]
    assert len(iterations) == 10 and "Iter: [1/4]" in iterations[0], iterations


def test_ema(work, model):
    """The average of weights and statistics comes out, is validated, and begins after the warm-up."""
    for name, warmup in (("ema", 0), ("ema-warm", 2)):
        out = work / name
        train(model, out, "--epochs", 5, "--batch-size", 12, "--ema-decay", 0.8, "--num-warmup-steps", warmup)
        twin = Twin(model, 12, 5, warmup=warmup)
        average = AveragedModel(twin.net, multi_avg_fn=get_ema_multi_avg_fn(0.8), use_buffers=True)

        def after_update(epoch):
            average.update_parameters(twin.net)
            if epoch < warmup:
                average.n_averaged.fill_(0)
        compare(f"average of weights, warm-up {warmup}", twin.run(after_update=after_update), out)
        wanted, live = average.module.state_dict(), twin.net.state_dict()
        found = reference.network(out, "resnet18", 3).state_dict()
        for key in ("layer4.1.bn2.running_mean", "fc.weight", "conv1.weight", "layer1.0.bn1.weight"):
            missed, effect = ((one - wanted[key]).abs().max().item() for one in (found[key], live[key]))
            print(f"  {key}: from the average {missed:.2g}, the last weights {effect:.2g}")
            assert missed < 0.1 * effect, (key, missed, effect)
        assert found["bn1.num_batches_tracked"] == live["bn1.num_batches_tracked"], found["bn1.num_batches_tracked"]
        images, labels = reference.dataset(VALID)
        with torch.no_grad():
            loss = F.cross_entropy(reference.network(out, "resnet18", 3).eval()(images), labels).item()
        logged = reference.metrics(f"{out}-run", "Valid loss")[-1]
        assert abs(loss - logged) <= 1e-4 * max(1, loss), (loss, logged)


def test_ema_leaves_training_alone(work, model):
    """The losses of training are the same bits with and without it; with --keep best the average of the best epoch comes out."""
    losses = {}
    for decay in (0, 0.9):
        train(model, work / f"alone-{decay}", "--epochs", 4, "--batch-size", 12, "--ema-decay", decay, keep="best")
        losses[decay] = reference.metrics(work / f"alone-{decay}-run", "Train loss")
    assert losses[0] == losses[0.9], losses
    kept = json.loads((work / "alone-0.9-run/run.json").read_text())["result"]
    images, labels = reference.dataset(VALID)
    with torch.no_grad():
        loss = F.cross_entropy(reference.network(work / "alone-0.9", "resnet18", 3).eval()(images), labels).item()
    assert abs(loss - kept["valid_loss"]) <= 1e-4 * max(1, loss), (loss, kept)


def test_progressive_resize(work, model):
    """64 pixels: 7 of 10 epochs grow, the first 4 at 32 pixels as far as multiples of 32 go."""
    out = work / "grow"
    train(model, out, "--epochs", 10, "--batch-size", ROWS, "--progressive-resize", 0.5)

    def images_of(images, epoch):
        edge = 32 if epoch < 4 else 64
        return images if edge == 64 else F.interpolate(images, (edge, edge), mode="bilinear", antialias=True)
    compare("progressive resizing", Twin(model, ROWS, 10).run(images_of=images_of), out)
    log = pathlib.Path(f"{out}-run/logs/70_driver_log_0").read_text()
    assert log.count("The training images of this epoch are shrunk to 32 x 32.") == 4, log
    done = torchport(*arguments(model, work / "once", "--epochs", 1, "--batch-size", 12, "--progressive-resize", 0.5))
    assert done.stdout.count("Progressive resizing changes nothing") == 1, done.stdout


def shares(alpha, epochs, steps):
    rows = command(BIN / "print_mixup", alpha, SEED, epochs, steps).stdout.splitlines()
    return [float(row.split()[2]) for row in rows]


def test_mixup(work, model):
    """The shares follow Beta(alpha, alpha), and ten steps with them give PyTorch's losses on torchvision's pairs."""
    for alpha in (0.2, 1.0, 8.0):
        found = scipy.stats.kstest(shares(alpha, 10, 200), scipy.stats.beta(alpha, alpha).cdf)
        print(f"mixup: alpha {alpha}, Kolmogorov-Smirnov p {found.pvalue:.3f}")
        assert found.pvalue > 1e-3, (alpha, found)
    out, drawn = work / "mix", shares(0.4, 10, 1)
    train(model, out, "--epochs", 10, "--batch-size", ROWS, "--mixup-alpha", 0.4, "--label-smoothing", 0.1)
    twin = Twin(model, ROWS, 10)
    twin.share = 1

    def images_of(images, epoch):
        twin.share = drawn[epoch]
        return torch.lerp(images.roll(1, 0), images, twin.share)

    def loss_of(logits, labels, reduction):
        own, other = (F.cross_entropy(logits, one, reduction=reduction, label_smoothing=0.1) for one in (labels, labels.roll(1, 0)))
        return twin.share * own + (1 - twin.share) * other
    compare("mixup", twin.run(loss_of, images_of=images_of), out)


def test_all_on_two_ranks(work, model):
    """All options at once: two runs on two ranks give the same bits, and one update an epoch gives both ranks' iterations a line."""
    states = []
    for name in ("x", "y"):
        mpirun(2, *arguments(model, work / name, "--epochs", 3, "--batch-size", 4, "--accumulation-steps", 2, "--ema-decay", 0.5,
                             "--label-smoothing", 0.1, "--norm-weight-decay", "False", "--progressive-resize", 0.5, "--mixup-alpha", 0.2,
                             "--print-freq", 1))
        states.append({key: t.numpy().tobytes() for key, t in torch.load(work / name / "model", weights_only=True).items()})
        assert (work / f"{name}-run/logs/70_driver_log_0").read_text().count("Iter: [") == 9
    assert states[0] == states[1]


def test_ranges(work, model):
    """Values out of range end with the designer's errors."""
    for flag, value in (("--label-smoothing", 1), ("--ema-decay", 1), ("--ema-decay", -0.1), ("--accumulation-steps", 0),
                        ("--progressive-resize", 0), ("--progressive-resize", 1.01), ("--mixup-alpha", -1), ("--mixup-alpha", "nan")):
        done = torchport(*arguments(model, work / "never", "--epochs", 1, flag, value), status=None)
        assert done.returncode == 2 and flag in done.stderr, (flag, value, done.returncode, done.stderr)
    assert not (work / "never").exists()
