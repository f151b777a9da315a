"""Training under mpirun: gradients equal one process's, losses equal Python's DistributedDataParallel, bad luck stops all ranks."""
import shutil

import pytest
import torch
import torch.nn.functional as F

import ddp
import reference
from harness import AS_ROOT, BIN, ORIGINAL, command, mpirun, torchport

TRAIN, VALID = ORIGINAL / "image_directory_labelled", ORIGINAL / "image_directory_valid"
EPOCHS, BATCH, RATE, WORLD = 10, 12, 0.001, 2


def arguments(model, out, run_dir, train=TRAIN):
    return ["run", "train_pytorch_model", "--untrained-model-path", model, "--train-data-path", train, "--valid-data-path", VALID,
            "--trained-model-path", out, "--run-dir", run_dir]


def test_gradient_parity():
    """Frozen batch norm, float64: the same images on 1, 2 and 4 ranks, at once or accumulated, give the same gradients."""
    for component, model, size in (("resnet", "resnet18", 33), ("densenet", "densenet121", 33)):
        for ranks, batches in ((1, 1), (2, 1), (4, 1), (1, 3), (2, 2), (4, 2)):
            done = command("mpirun", *AS_ROOT, "--oversubscribe", "-np", ranks, BIN / "gradient_parity", component, model, size, batches)
            lines = done.stdout.strip().splitlines()
            assert len(lines) == ranks
            print(f"{model}, {batches} batches an update, {lines[0]}")


@pytest.fixture(scope="module")
def new(shared):
    torchport("run", "resnet", "--model_name=resnet18", "--pretrained=False", f"--untrained_model_path={shared / 'new'}",
              "--run-dir", shared / "new-run")
    return shared / "new"


@pytest.fixture(scope="module")
def start(shared, new):
    """A model whose head fits the data, so that both sides start from the same weights."""
    torchport(*arguments(new, shared / "start", shared / "start-run"), "--epochs", 1, "--batch-size", BATCH)
    return shared / "start"


@pytest.fixture(scope="module")
def follows_ddp(shared, start):
    return compare_with_ddp(shared, start, "ddp", TRAIN, 24, BATCH)


def compare_with_ddp(work, start, name, train, rows, batch):
    """Live batch norm: two ranks follow Python DDP step by step. One epoch is one step."""
    mpirun(WORLD, *arguments(start, work / name, work / f"{name}-run", train), "--epochs", EPOCHS, "--batch-size", batch,
           "--learning-rate", RATE, "--memory-format", "contiguous", "--patience", 100, "--keep", "last")
    plan = reference.batches(rows, batch, WORLD, 1, EPOCHS)
    losses, _ = ddp.train(ddp.Training(start, 3, TRAIN, plan, RATE, work / f"{name}-store"))
    assert len(losses) == EPOCHS
    ours = reference.metrics(work / f"{name}-run", "Train loss")
    for epoch in range(EPOCHS):
        print(f"{name}, step {epoch + 1}: DDP {losses[epoch]:.7f}, ours {ours[epoch]:.7f}")
        assert abs(losses[epoch] - ours[epoch]) <= 1e-4
    for rank in range(WORLD):
        assert (work / f"{name}-run/logs/70_driver_log_{rank}").exists()
    return work / name


def test_against_python_ddp(follows_ddp):
    assert (follows_ddp / "model").exists()


def test_unequal_shares_against_python_ddp(work, start):
    compare_with_ddp(work, start, "odd-ddp", without_last_image(work), 23, 11)


def without_last_image(work):
    """23 images: the ranks' shares of a batch differ, and so would a mean of their means."""
    folder = work / "odd"
    shutil.copytree(TRAIN, folder)
    index = folder / "images.lst"
    index.chmod(0o644)
    index.write_text("".join(index.read_text().splitlines(keepends=True)[:-1]))
    return folder


def test_validation_counts_every_image_once(follows_ddp):
    """24 images on 2 ranks in batches of 7 and 5: the logged validation loss is PyTorch's over the 24, with rank 0's statistics."""
    images, labels = reference.dataset(VALID)
    with torch.no_grad():
        logits = reference.network(follows_ddp, "resnet18", 3).eval()(images)
    wanted = F.cross_entropy(logits, labels).item()
    found = reference.metrics(follows_ddp.parent / "ddp-run", "Valid loss")[-1]
    print(f"validation loss: torch {wanted:.8f}, ours {found:.8f}")
    assert abs(wanted - found) <= 5e-6 * max(1, wanted), (wanted, found)


def test_same_bits_on_two_ranks(work, new):
    states = []
    for name in ("x", "y"):
        mpirun(WORLD, *arguments(new, work / name, work / f"{name}-run"), "--epochs", 1, "--batch-size", 5)
        states.append({key: t.numpy().tobytes() for key, t in torch.load(work / name / "model", weights_only=True).items()})
    assert states[0] == states[1]


def test_bad_luck_of_one_rank(work, new):
    """An image that only one rank reads stops all ranks with the same error in the same step; nothing comes out."""
    data = work / "damaged"
    shutil.copytree(TRAIN, data)
    victim = data / "image/1_11.jpeg"
    victim.chmod(0o644)
    whole = victim.read_bytes()
    victim.write_bytes(whole[:len(whole) * 2 // 3])
    done = mpirun(WORLD, *arguments(new, work / "bad", work / "bad-run", train=data), "--epochs", 2, "--batch-size", 4, status=6)
    assert "error[UserError]" in done.stderr and "1_11.jpeg' of the training dataset cannot be used: " in done.stderr, done.stderr
    fatal = [(work / f"bad-run/logs/70_driver_log_{rank}").read_text().splitlines()[-1] for rank in range(WORLD)]
    assert fatal[0].split("cause=")[1] == fatal[1].split("cause=")[1] and all("/2000 rank=" in line for line in fatal), fatal
    assert not (work / "bad").exists()
    # The same with leave to pass over some of them: the image is named and counted, and training goes on.
    mpirun(WORLD, *arguments(new, work / "some", work / "some-run", train=data), "--epochs", 1, "--batch-size", 4,
           "--max-bad-fraction", 0.05)
    logs = "".join((work / f"some-run/logs/70_driver_log_{rank}").read_text() for rank in range(WORLD))
    assert logs.count("1_11.jpeg' cannot be used and is replaced by the next") == 1, logs


def test_divergence_on_two_ranks(work, new):
    """Each rank ends with the same FATAL line but for its number."""
    mpirun(WORLD, *arguments(new, work / "nan", work / "nan-run"), "--epochs", 3, "--batch-size", 6, "--learning-rate", 1e30,
           status=10)
    fatal = [(work / f"nan-run/logs/70_driver_log_{rank}").read_text().splitlines()[-1] for rank in range(WORLD)]
    assert fatal[0].replace("rank=0", "rank=1") == fatal[1] and "NaNError/0032" in fatal[0], fatal
    assert not (work / "nan").exists()


def test_batch_above_share(work, new):
    done = mpirun(WORLD, *arguments(new, work / "share", work / "share-run"), "--batch-size", 13, status=2)
    assert "--batch-size is 13, but must be at most 12, the share of each of 2 processes in 24 training images" in done.stderr, done.stderr
