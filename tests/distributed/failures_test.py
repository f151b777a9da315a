"""The real worker failing, alone and on several ranks: exit status, FATAL and RESULT lines, error_info.json, and what is left behind."""
import json
import os
import pathlib
import re
import stat

import pytest

from harness import AS_ROOT, BIN, ORIGINAL, command, mpirun, torchport

CANARY = "canary-7f3a"


@pytest.fixture(scope="module")
def untrained(shared):
    torchport("run", "resnet", "--model_name=resnet18", "--pretrained=False", "--untrained_model_path", shared / "m", cwd=shared)
    return shared / "m"


@pytest.fixture
def folder(work, untrained):
    """A folder with an untrained model in it."""
    (work / "m").symlink_to(untrained)
    return work


def train_flags(folder, **changes):
    values = {"untrained-model-path": folder / "m", "train-data-path": ORIGINAL / "image_directory_labelled",
              "valid-data-path": ORIGINAL / "image_directory_valid", "trained-model-path": folder / "out",
              "batch-size": 4, "epochs": 1, "run-dir": folder / "run", **changes}
    return [word for name, value in values.items() for word in (f"--{name}", value)]


def last_line(path):
    return pathlib.Path(path).read_text().splitlines()[-1]


def error_info(folder):
    return json.loads((folder / "run/module_statistics/error_info.json").read_text())["Exception"]


def test_one_report_on_all_ranks(folder):
    """A fault that every rank meets: the same line in each driver log, one block on the terminal, the error's exit status."""
    flags = train_flags(folder, **{"untrained-model-path": folder / "absent"})
    path = folder / "absent"
    block = ("error[InvalidModelDirectoryError] train_pytorch_model: the untrained model does not exist\n"
             f"  path   {path}\n"
             "  hint   Give the path of a model directory; ResNet and DenseNet make one.\n"
             "torchport explain NAME says more about an error.\n")
    fatal = ('FATAL code=InvalidModelDirectoryError/0159 rank=0 step=- cause="the untrained model does not exist" '
             f'path="{path}" hint="Give the path of a model directory; ResNet and DenseNet make one."')
    for ranks in (1, 2, 4):
        done = mpirun(ranks, "run", "train_pytorch_model", *flags, status=3, env={"AZUREML_RUN_TOKEN": CANARY})
        assert done.stderr.count("error[") == 1 and block in done.stderr, done.stderr
        for rank in range(ranks):
            assert last_line(folder / f"run/logs/70_driver_log_{rank}") == fatal
            assert json.loads((folder / f"run/logs/failure_{rank}.json").read_text()) == {
                "rank": 0, "step": "-", "errors": [{"key": "InvalidModelDirectory.missing", "details": [],
                                                    "fields": {"path": str(path), "reason": "", "what": "untrained model"}}]}
        assert error_info(folder) == {
            "ErrorId": "InvalidModelDirectory", "ErrorCode": 159, "ExceptionType": "ModuleException", "Traceback": "",
            "Message": "InvalidModelDirectory: the untrained model does not exist. "
                       "Give the path of a model directory; ResNet and DenseNet make one."}
        assert not (folder / "out").exists()


def test_run_folder_of_the_job(folder):
    """Under a foreign mpirun the folder carries the job's number, the same on all ranks."""
    flags = train_flags(folder, **{"untrained-model-path": folder / "absent"})
    mpirun(2, "run", "train_pytorch_model", *flags[:-2], status=3, cwd=folder)
    runs = [name for name in os.listdir(folder / "runs") if name != "latest"]
    assert (folder / "runs/latest").resolve().name == runs[0] and len(runs) == 1 and re.fullmatch(r"train_pytorch_model-\d+", runs[0]), runs
    assert sorted(os.listdir(folder / "runs" / runs[0] / "logs")) == ["70_driver_log_0", "70_driver_log_1", "failure_0.json", "failure_1.json"]


def test_all_ranks_diverge(folder):
    """A fault that all ranks reach by themselves ends them in order, with the error's status, and one report."""
    done = mpirun(2, "run", "train_pytorch_model", *train_flags(folder, **{"learning-rate": 1e30, "epochs": 3}), status=10)
    assert done.stderr.count("error[NaNError]") == 1 and "MPI_ABORT" not in done.stderr, done.stderr
    for rank in range(2):
        assert re.match(rf'FATAL code=NaNError/0032 rank={rank} step=\d+\.\d+ cause="the (training|validation) loss is not finite',
                        last_line(folder / f"run/logs/70_driver_log_{rank}"))
    assert not (folder / "out").exists()


def test_one_rank_fails_alone(folder):
    """Rank 0 cannot save what it trained while rank 1 waits for it: its own status comes out, and the other rank is not left waiting."""
    flags = train_flags(folder)   # files may have 20 MB: enough for Open MPI's own, not for the weights
    done = command("bash", "-c", 'ulimit -f 20000; exec "$@"', "bash", BIN / "torchport", "run", "train_pytorch_model", *flags, *AS_ROOT,
                   "--process-count-per-node", 2, status=11)
    assert re.search(r"error\[FailedToWriteOutputsError\] train_pytorch_model: '.*/model' could not be written: File too large\n",
                     done.stderr), done.stderr
    assert re.match(r'FATAL code=FailedToWriteOutputsError/0160 rank=0 step=1\.\d+ cause="', last_line(folder / "run/logs/70_driver_log_0"))
    assert "FATAL" not in (folder / "run/logs/70_driver_log_1").read_text()
    assert re.match(r'RESULT exit=11 first_rank=0 cause="\'.*/model\' could not be written: File too large" checkpoint=none',
                    last_line(folder / "run/logs/70_mpi_log"))
    assert error_info(folder)["ErrorCode"] == 160
    assert sorted(os.listdir(folder)) == ["m", "run"], os.listdir(folder)


def test_refused_launch(folder):
    """Through the program itself: nothing but the run folder is made."""
    processes = len(os.sched_getaffinity(0)) + 1
    done = torchport("run", "train_pytorch_model", *train_flags(folder), *AS_ROOT, "--process-count-per-node", processes, status=2)
    cause = f"--process-count-per-node is {processes}, but must be at most {processes - 1}, the number of processing units"
    block = f"error[LessThanOrEqualToError] train_pytorch_model: {cause}\n  hint   Lower --process-count-per-node.\n"
    assert done.stderr == block + "torchport explain NAME says more about an error.\n", done.stderr
    assert (folder / "run/logs/70_mpi_log").read_text() == \
        block + (f'FATAL code=LessThanOrEqualToError/0007 rank=- step=- cause="{cause}" path=- hint="Lower --process-count-per-node."\n'
                 f'RESULT exit=2 first_rank=- cause="{cause}" checkpoint=none\n')
    assert error_info(folder)["ErrorCode"] == 7
    assert not (folder / "out").exists()


def test_full_disk(folder):
    """Files may have 1 MB, the weights have 45: storage is the cause, and no half of a model stays."""
    target = folder / "sub/model"
    target.parent.mkdir()
    done = command("bash", "-c", 'ulimit -f 1000; exec "$@"', "bash", BIN / "torchport", "run", "resnet", "--model_name=resnet18",
                   "--pretrained=False", "--untrained_model_path", target, "--run-dir", folder / "run", status=11)
    assert re.search(r"error\[FailedToWriteOutputsError\] resnet: '.*/model' could not be written: File too large\n", done.stderr), done.stderr
    assert os.listdir(target.parent) == []
    assert last_line(folder / "run/logs/70_driver_log_0").startswith("FATAL code=FailedToWriteOutputsError/0160 rank=0 step=- ")
    assert error_info(folder)["ErrorCode"] == 160


def test_others_may_not_write(folder):
    """With umask 027 nothing becomes writable for the group or readable for others; a link planted at a log's name is not followed; no secret is kept."""
    logs = folder / "run/logs"
    logs.mkdir(parents=True)
    logs.chmod(0o750)
    (logs / "70_driver_log_0").symlink_to(folder / "victim")
    command("bash", "-c", 'umask 027; exec "$@"', "bash", BIN / "torchport", "run", "train_pytorch_model", *train_flags(folder),
            env={"AZUREML_RUN_TOKEN": CANARY})
    assert not (folder / "victim").exists()
    for root in (folder / "run", folder / "out"):
        for path in root.rglob("*"):
            if path.is_symlink():
                continue
            assert not path.stat().st_mode & (stat.S_IWGRP | stat.S_IRWXO), f"{path} has mode {oct(path.stat().st_mode)}"
            assert path.is_dir() or CANARY.encode() not in path.read_bytes(), f"{path} holds a secret of the environment"
