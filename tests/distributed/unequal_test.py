"""Ranks that were not started alike: each kind is refused at the start, by one text on all ranks, and nothing is written or waited for."""
import shutil
import socket

import pytest

from harness import AS_ROOT, BIN, class_folders, command, torchport

HOST = socket.gethostname()
RANK = [f"rank {rank} (host {HOST})" for rank in range(2)]


@pytest.fixture(scope="module")
def inputs(shared):
    """What ranks may be given: models and trees of class folders."""
    for name, model, seed in (("resnet18", "resnet18", 1), ("resnet34", "resnet34", 1), ("seed2", "resnet18", 2)):
        torchport("run", "resnet", f"--model_name={model}", "--pretrained=False", "--random_seed", seed,
                  "--untrained_model_path", shared / name, cwd=shared)
    class_folders(shared / "data")
    class_folders(shared / "more", each=9)
    class_folders(shared / "fewer", each=6)
    class_folders(shared / "large", size=48)
    class_folders(shared / "other", seed=2)
    shutil.copytree(shared / "data", shared / "renamed")
    (shared / "renamed/circle/0003.png").rename(shared / "renamed/circle/0003b.png")
    class_folders(shared / "animals", categories=("cat", "dog"))
    return shared


def flags(inputs, work, **changes):
    values = {"untrained-model-path": inputs / "resnet18", "train-data-path": inputs / "data", "valid-data-path": inputs / "data",
              "trained-model-path": work / "out", "batch-size": 4, "epochs": 1, "run-dir": work / "run", **changes}
    return [word for name, value in values.items() for word in (f"--{name}", value)]


def two_ranks(first, second, status):
    """`mpirun` with a command line for each of two ranks; the text that they end with."""
    return command("mpirun", *AS_ROOT, "--oversubscribe", "-np", 1, BIN / "torchport-worker", "run", *first,
                   ":", "-np", 1, BIN / "torchport-worker", "run", *second, status=status, timeout=100).stderr


def refused(inputs, work, status, class_name, difference, **changes):
    errors = two_ranks(["train_pytorch_model", *flags(inputs, work)], ["train_pytorch_model", *flags(inputs, work, **changes)], status)
    assert errors.count("error[") == 1 and f"error[{class_name}] train_pytorch_model: " in errors and difference in errors, errors
    assert "MPI_ABORT" not in errors and "signal" not in errors, errors
    fatal = [(work / f"run/logs/70_driver_log_{rank}").read_text().splitlines()[-1] for rank in range(2)]
    assert fatal[0] == fatal[1] and fatal[0].startswith(f"FATAL code={class_name}/") and " rank=1 " in fatal[0], fatal
    assert not (work / "out").exists()


@pytest.mark.parametrize("flag, one, other", [("batch-size", 4, 8), ("epochs", 1, 2), ("train-layers", "'all'", "head"), ("random-seed", 1, 2),
                                              ("learning-rate", 0.001, 0.01), ("precision", "'float32'", "bfloat16")])
def test_parameters(inputs, work, flag, one, other):
    quoted = f"'{other}'" if isinstance(other, str) else other
    refused(inputs, work, 2, "FailedToCompleteOperationError",
            f"the processes were not started alike: --{flag} is {one} on {RANK[0]} and {quoted} on {RANK[1]}\n", **{flag: other})


@pytest.mark.parametrize("data, what", [
    ("more", f"the number of images of the training dataset is 16 on {RANK[0]} and 18 on {RANK[1]}"),
    ("fewer", f"the number of images of the training dataset is 16 on {RANK[0]} and 12 on {RANK[1]}"),
    ("large", "an image of the training dataset is 'circle/0000.png' of category 'circle' ("),
    ("other", "an image of the training dataset is 'circle/0000.png' of category 'circle' ("),
    ("renamed", "an image of the training dataset is 'circle/0003.png' of category 'circle' ("),
    ("animals", f"the list of categories of the training dataset is 'circle', 'square' on {RANK[0]} and 'cat', 'dog' on {RANK[1]}")])
def test_training_data(inputs, work, data, what):
    # A rank's own checks come first: the validation set has the categories of the training set.
    changes = {"valid-data-path": inputs / data} if data == "animals" else {}
    refused(inputs, work, 5, "InvalidDatasetError", f"the processes do not have the same data: {what}",
            **{"train-data-path": inputs / data, **changes})


def test_validation_data(inputs, work):
    refused(inputs, work, 5, "InvalidDatasetError", f"an image of the validation dataset is 'circle/0000.png' of category 'circle' (",
            **{"valid-data-path": inputs / "other"})


def test_networks(inputs, work):
    refused(inputs, work, 3, "InvalidModelDirectoryError",
            f"the processes do not have the same model: the network of the untrained model is resnet18 on {RANK[0]} and resnet34 on {RANK[1]}\n",
            **{"untrained-model-path": inputs / "resnet34"})


def test_weights(inputs, work):
    refused(inputs, work, 3, "InvalidModelDirectoryError", "the processes do not have the same model: the hash of the weights of the untrained model is ",
            **{"untrained-model-path": inputs / "seed2"})


def test_components(inputs, work):
    other = ["resnet", "--model_name=resnet18", "--pretrained=False", "--untrained_model_path", work / "m", "--run-dir", work / "run"]
    errors = two_ranks(["train_pytorch_model", *flags(inputs, work)], other, 2)
    assert f"alike: the component is train_pytorch_model on {RANK[0]} and resnet on {RANK[1]}\n" in errors and "MPI_ABORT" not in errors, errors
    assert not (work / "out").exists() and not (work / "m").exists()


def test_missing_on_one_host(inputs, work):
    """What only one rank finds is told by all, with its rank and host."""
    refused(inputs, work, 5, "InvalidDatasetError", f"the training dataset does not exist\n  at     {RANK[1]}\n",
            **{"train-data-path": inputs / "absent", "batch-size": 8})


def test_several_differences(inputs, work):
    errors = two_ranks(["train_pytorch_model", *flags(inputs, work)],
                       ["train_pytorch_model", *flags(inputs, work, **{"batch-size": 8, "learning-rate": 0.5})], 2)
    assert errors.count("error[FailedToCompleteOperationError]") == 2 and "--batch-size is 4" in errors and "--learning-rate is 0.001" in errors, errors
