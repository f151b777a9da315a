"""The engine mpirun on two hosts, which are two network namespaces of this machine with names of their own and an ssh that goes from
one to the other: what both do, what only one has, and the logs of the one whose disk is not torchport's."""
import os
import pathlib
import re
import signal
import subprocess
import tempfile

import pytest

from clusters import missing, two_hosts
from harness import AS_ROOT, BIN, class_folders, command, torchport

PROGRAMS = ("ip", "unshare", "mpirun")
pytestmark = [pytest.mark.skipif(os.geteuid() != 0, reason="hosts of their own need root"),
              pytest.mark.skipif(missing(*PROGRAMS) is not None, reason=f"{missing(*PROGRAMS)} is not installed (./dev setup tests)")]


@pytest.fixture(scope="module")
def pair():
    """Two hosts, and in their folder a model and a data set to train on."""
    with tempfile.TemporaryDirectory(prefix="torchport-hosts-") as folder, two_hosts(folder) as hosts:
        hosts.folder = pathlib.Path(folder)
        class_folders(hosts.folder / "photos", each=4)
        torchport("run", "convert_to_image_directory", "--input-path", hosts.folder / "photos", "--output-path", hosts.folder / "data")
        torchport("run", "resnet", "--model-name=resnet18", "--pretrained=False", "--untrained-model-path", hosts.folder / "net")
        (hosts.folder / "computes.yaml").write_text(f"computes:\n  pair: {hosts.compute()}\n")
        yield hosts


def training(pair, work, *flags, data="data"):
    """Two ranks, one on each host; the run folder lies where the hosts do not see each other's files."""
    run = pair.private / work.name
    return run, pair.words(BIN / "torchport", "run", "train_pytorch_model", "--untrained-model-path", pair.folder / "net", "--train-data-path",
                           pair.folder / data, "--valid-data-path", pair.folder / "data", "--trained-model-path", run / "out", "--batch-size=2",
                           "--epochs=1", "--run-dir", run, "--computes", pair.folder / "computes.yaml", "--compute=pair", "--node-count=2",
                           *AS_ROOT, *flags)


def result(run):
    return (run / "logs/70_mpi_log").read_text().splitlines()[-1]


def test_training(pair, work):
    run, words = training(pair, work)
    done = command(*words, cwd=work, timeout=120)
    assert result(run).startswith('RESULT exit=0 first_rank=- cause="ok"'), done.stderr
    log = (run / "logs/70_driver_log_1").read_text()
    assert "rank 1 of 2" in log and "This machine has a run folder of its own" in log, log
    assert "were lost" not in log and "torchport 70_driver" not in done.stderr + (run / "logs/70_mpi_log").read_text()
    assert (run / "out/_meta.yaml").exists() and not (run / ".mark").exists()


def test_input_missing_on_one_host(pair, work):
    data = f"private/{work.name}-data"
    command("cp", "-r", pair.folder / "data", pair.folder / data)
    run, words = training(pair, work, data=data)
    done = command(*words, cwd=work, status=None, timeout=120)
    assert done.returncode not in (0, 13), done.stderr
    assert "\n  at     rank 1 (host beta)\n" in done.stderr and str(pair.folder / data) in done.stderr, done.stderr
    assert " first_rank=1 " in result(run), result(run)
    assert "FATAL " in (run / "logs/70_driver_log_1").read_text() and (run / "logs/failure_1.json").exists()


def test_killed_on_the_other_host(pair, work):
    """What a rank had said until it was killed is there, too."""
    run, words = training(pair, work, "--epochs=1000")
    del words[words.index("--epochs=1")]
    launcher = subprocess.Popen(words, cwd=work, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert any("Iter: [1/" in line for line in launcher.stdout)
    log = (run / "logs/70_driver_log_1").read_text()
    os.kill(int(re.search(r"process (\d+), rank 1 of 2", log)[1]), signal.SIGKILL)
    _, errors = launcher.communicate(timeout=60)
    assert launcher.returncode == 13, errors
    assert 'first_rank=1 cause="process 1 was ended by signal 9"' in result(run), errors
    assert "rank 1 of 2" in (run / "logs/70_driver_log_1").read_text()
