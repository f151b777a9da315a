"""Train PyTorch Model in one process, against the real PyTorch and against directories that the original wrote."""
import json
import re

import pytest
import torch
import torch.nn.functional as F

import reference
from harness import ORIGINAL, class_folders, torchport

TRAIN, VALID = ORIGINAL / "image_directory_labelled", ORIGINAL / "image_directory_valid"
CLASSES = ["circle", "square", "triangle"]


def train(model, out, run_dir, *more, status=0, train=TRAIN, valid=VALID, env=None):
    return torchport("run", "train_pytorch_model", "--untrained-model-path", model, "--train-data-path", train, "--valid-data-path", valid,
                     "--trained-model-path", out, "--run-dir", run_dir, *more, status=status, env=env)


def untrained(folder, name="resnet18", component="resnet"):
    torchport("run", component, f"--model_name={name}", "--pretrained=False", f"--untrained_model_path={folder}",
              "--run-dir", f"{folder}-run")
    return folder


@pytest.fixture(scope="module")
def model(shared):
    return untrained(shared / "untrained")


@pytest.fixture(scope="module")
def trained(shared, model):
    """A model of two epochs. Its run is in the folder `run` beside it."""
    train(model, shared / "out", shared / "run", "--epochs", 2, "--batch-size", 8, "--learning-rate", 0.01)
    return shared / "out"


def test_written_model(trained):
    """What comes out is a ModelDirectory of the original's form, and torchvision finds the logged figures with its weights."""
    out, work = trained, trained.parent
    wanted = {"_meta.yaml", "model_spec.yaml", "model", "index_to_label.csv", "_schema.json", "_samples.json", "_input.json"}
    assert {path.name for path in out.iterdir()} == wanted
    for name in ("_schema.json", "_samples.json"):
        assert (out / name).read_bytes() == (TRAIN / name).read_bytes()
    assert (out / "index_to_label.csv").read_text() == ",label\n0,circle\n1,square\n2,triangle\n"
    state = torch.load(out / "model", weights_only=True)
    rows = [line.split("\t") for line in (ORIGINAL / "state_dict_keys/resnet18.tsv").read_text().splitlines()]
    found = [[key, str(t.dtype).removeprefix("torch."), "x".join(map(str, t.shape))] for key, t in state.items()]
    assert [row[:2] for row in found] == [row[:2] for row in rows]

    kept = json.loads((work / "run/run.json").read_text())["result"]["kept_epoch"]
    net = reference.network(out, "resnet18", len(CLASSES)).eval()
    images, labels = reference.dataset(VALID)
    with torch.no_grad():
        logits = net(images)
    loss, top1 = F.cross_entropy(logits, labels).item(), (logits.argmax(1) == labels).float().mean().item()
    logged_loss, logged_top1 = (reference.metrics(work / "run", name)[kept - 1] for name in ("Valid loss", "Top-1 validation accuracy"))
    print(f"torch {torch.__version__}: validation loss {loss:.6f}, top-1 {top1:.4f}; ours {logged_loss:.6f}, {logged_top1:.4f}")
    assert abs(loss - logged_loss) <= 1e-4 * max(1, loss) and abs(top1 - logged_top1) < 1e-6


def test_metric_stream(trained):
    """metrics.jsonl has the kinds, names and columns of the stream that the original recorded, in its order."""
    def shape(path):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        return [(row["kind"], row["name"], list(row.get("row", {}))) for row in rows]
    ours, golden = shape(trained.parent / "run/metrics.jsonl"), shape(ORIGINAL / "runs/train.jsonl")
    assert ours == golden, f"{ours}\n{golden}"


def test_ten_steps(work, trained):
    """Ten steps from the same weights and batches give PyTorch's losses."""
    epochs, rate = 10, 0.001   # the default rate
    train(trained, work / "ten", work / "ten-run", "--epochs", epochs, "--batch-size", 24, "--learning-rate", rate,
          "--memory-format", "contiguous", "--patience", 100, env={"OMP_NUM_THREADS": "1"})
    torch.set_num_threads(1)
    net = reference.network(trained, "resnet18", len(CLASSES)).train()
    optimizer = reference.optimizer(net)
    images, labels = reference.dataset(TRAIN)
    plan = reference.batches(24, 24, 1, 1, epochs)
    for epoch, ours in enumerate(reference.metrics(work / "ten-run", "Train loss")):
        batch = plan[epoch][0][0]   # its order counts too: sums in another order differ, and small differences grow
        for group in optimizer.param_groups:
            group["lr"] = reference.learning_rate(rate, 1, epochs, 0, epoch)
        loss = F.cross_entropy(net(images[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(f"step {epoch + 1}: torch {loss.item():.7f}, ours {ours:.7f}")
        assert abs(loss.item() - ours) <= 1e-4
    assert "its head included" in (work / "ten-run/logs/70_driver_log_0").read_text()


def test_same_bits(work, model):
    """The same seed gives the same bits; another one does not."""
    files = {}
    for name, seed in (("a", 7), ("b", 7), ("c", -7)):
        train(model, work / name, work / f"{name}-run", "--epochs", 1, "--batch-size", 8, "--random-seed", seed)
        files[name] = {key: t.numpy().tobytes() for key, t in torch.load(work / name / "model", weights_only=True).items()}
    assert files["a"] == files["b"] and files["a"] != files["c"]


def test_which_epoch_comes_out(work, model):
    """The best epoch's weights come out; --keep last gives the last one's, as the original does."""
    common = ["--epochs", 6, "--batch-size", 8, "--learning-rate", 0.05, "--patience", 100]
    results = {}
    for keep in ("best", "last"):
        train(model, work / keep, work / f"{keep}-run", *common, "--keep", keep)
        results[keep] = json.loads((work / f"{keep}-run/run.json").read_text())["result"]
    top1, loss = (reference.metrics(work / "best-run", name) for name in ("Top-1 validation accuracy", "Valid loss"))
    best = min(range(6), key=lambda e: (-top1[e], loss[e], e)) + 1
    assert results["best"]["kept_epoch"] == best and results["last"]["kept_epoch"] == 6, results
    images, labels = reference.dataset(VALID)
    for keep in results:
        with torch.no_grad():
            logits = reference.network(work / keep, "resnet18", 3).eval()(images)
        found = F.cross_entropy(logits, labels).item()
        wanted = loss[results[keep]["kept_epoch"] - 1]
        assert abs(found - wanted) <= 1e-4 * max(1, wanted), (keep, found, wanted)


def test_divergence(work, model):
    """A loss that is not finite ends the run with exit 10 and the page's hint; nothing comes out."""
    done = train(model, work / "nan", work / "nan-run", "--epochs", 3, "--batch-size", 8, "--learning-rate", 1e30, status=10)
    assert "error[NaNError] train_pytorch_model: the " in done.stderr and "a lower --learning-rate may help" in done.stderr, done.stderr
    assert re.search(r"not finite \((NaN|-?infinity)\) ", done.stderr), done.stderr
    assert not (work / "nan").exists()
    last = (work / "nan-run/logs/70_driver_log_0").read_text().splitlines()[-1]
    assert last.startswith("FATAL code=NaNError/0032 rank=0 step="), last


def test_warmup_as_long_as_training(work, model):
    """The rate only rises, with one warning; the original lost the model here (W5)."""
    done = train(model, work / "warm", work / "warm-run", "--epochs", 2, "--num-warmup-steps", 2, "--batch-size", 24, "--learning-rate", 0.1)
    assert done.stdout.count("WARNING") == 1 and "never decays" in done.stdout, done.stdout
    assert reference.metrics(work / "warm-run", "learning rate") == [1e-4, 1e-4 + (0.1 - 1e-4) / 2]


def test_early_stop(work, model):
    """Training stops after `patience` epochs in a row without a lower validation loss; here what is learned is wrong of the images that
    validate, so that their loss has to rise."""
    right, wrong = class_folders(work / "right", ("circle", "square")), class_folders(work / "wrong", ("square", "circle"))
    train(model, work / "stop", work / "stop-run", "--epochs", 30, "--batch-size", 8, "--learning-rate", 0.01, "--patience", 1,
          train=right, valid=wrong)
    loss = reference.metrics(work / "stop-run", "Valid loss")
    assert len(loss) < 30 and loss[-1] >= loss[-2] and all(b < a for a, b in zip(loss[:-2], loss[1:-1])), loss
    assert json.loads((work / "stop-run/run.json").read_text())["result"]["stopped_early"] is True


def test_class_folders(work, model):
    """A raw tree of class folders is trained on directly, as the original does, and the log says so."""
    folders = class_folders(work / "photos")
    done = train(model, work / "raw", work / "raw-run", "--epochs", 1, "--batch-size", 5, train=folders, valid=folders)
    assert "is taken as a tree of class folders" in done.stdout
    assert (work / "raw/index_to_label.csv").read_text() == ",label\n0,circle\n1,square\n"
