"""The engine slurm on a real cluster of two nodes, which this script sets up on this machine: jobs, their ends, and what is left of
them. The ranks are tests/distributed/programs/faulty_rank.cpp, which ends as FAULT says."""
import itertools
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading

import pytest

import checkpoints
from checkpoints import prepare
from clusters import missing, slurm
from harness import BIN, class_folders, command, torchport

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun")
pytestmark = [pytest.mark.skipif(os.geteuid() != 0, reason="a cluster of its own needs root"),
              pytest.mark.skipif(missing(*PROGRAMS) is not None, reason=f"{missing(*PROGRAMS)} is not installed (./dev setup tests)")]
COMPUTES = """computes:
  cluster: {engine: slurm, max_nodes: 2, processing_units: 2, partition: main, requeue: true}
  nowhere: {engine: slurm, max_nodes: 2, processing_units: 2, partition: absent}
  short: {engine: slurm, max_nodes: 2, processing_units: 2, partition: main, requeue: true, time_limit: "2", stop_seconds: 90}
"""


@pytest.fixture(scope="module")
def cluster():
    with tempfile.TemporaryDirectory(prefix="torchport-slurm-") as folder, slurm(folder) as environment:
        computes = pathlib.Path(folder) / "computes.yaml"
        computes.write_text(COMPUTES)
        yield {**environment, "TORCHPORT_COMPUTES": str(computes)}


def words(work, *flags, compute="cluster"):
    return [BIN / "launch_faulty", BIN / "faulty_rank", "--run-dir", work / "run", "--compute", compute, *flags]


def launch(cluster, work, fault="", status=0, flags=("--node-count=2",), compute="cluster"):
    """Runs a job of faulty ranks; returns the process and the text of 70_mpi_log."""
    done = command(*words(work, *flags, compute=compute), status=status, env={**cluster, "FAULT": fault}, timeout=120)
    return done, (work / "run/logs/70_mpi_log").read_text()


def wait_for_ranks(run):
    """Until the first rank of a `slow` job says that it waits."""
    said = list(itertools.takewhile(lambda line: line != "waiting\n", run.stderr))
    assert run.poll() is None, "".join(said)


def result(code, rank, cause):
    return f'RESULT exit={code} first_rank={rank} cause="{cause}" checkpoint=none'


def queue(cluster):
    return command("squeue", "-h", "-o", "%i %T", env=cluster).stdout


def test_job(cluster, work):
    """Two nodes of two processes: what is told, and what the run folder has."""
    done, log = launch(cluster, work, flags=["--node-count=2", "--process-count-per-node=2"])
    job = json.loads((work / "run/job.json").read_text())
    assert job["engine"] == "slurm"
    told = re.sub(r"PENDING.*\n", "", re.sub(r"^Slurm job \d+: ", "", done.stderr, flags=re.M))
    assert told == "submitted\nRUNNING on n[1-2]\nCOMPLETED\n", done.stderr   # it may have been too short a job to be seen waiting
    assert log == done.stderr + result(0, "-", "ok") + "\n"
    assert f"Slurm job {job['job']}: COMPLETED" in log
    assert sorted(os.listdir(work / "run/logs")) == ["70_driver_log_0", "70_driver_log_1", "70_driver_log_2", "70_driver_log_3",
                                                     "70_mpi_log", "job_errors", "job_output"]
    script = (work / "run/job.sh").read_text()
    assert "--nodes=2 --ntasks-per-node=2 --cpus-per-task=1 --partition=main --signal=USR1@60 --requeue" in script, script
    subprocess.run(["bash", "-n", work / "run/job.sh"], check=True)


@pytest.mark.parametrize("fault, status, rank, cause", [
    ("agreed", 5, 1, "the dataset of rank 1 holds no image"),
    ("killed", 13, 1, "process 1 was ended by signal 9"),
    ("quiet", 13, 1, "process 1 ended with status 5 without a word")])
def test_endings(cluster, work, fault, status, rank, cause):
    _, log = launch(cluster, work, fault, status)
    assert log.splitlines()[-1] == result(status, rank, cause), log


def test_requeued(cluster, work):
    """Ranks that stop with a checkpoint go on in the same job, which waits for its turn again."""
    done, log = launch(cluster, work, "preempted")
    assert "restart 1\n" in done.stderr and log.splitlines()[-1] == result(0, "-", "ok"), log


def test_stopped(cluster, work):
    """Ctrl-C cancels the job and waits for its end."""
    run = subprocess.Popen(words(work, "--node-count=2"), env={**os.environ, **cluster, "FAULT": "slow"}, stderr=subprocess.PIPE, text=True)
    wait_for_ranks(run)
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=60)
    assert run.returncode == 130, errors
    assert "CANCELLED" in errors and "the run was stopped by signal 2" in errors, errors
    assert queue(cluster) == ""


def test_time_limit(cluster, work):
    """A training that comes near its time limit saves, and goes on from there when its job has its next turn."""
    inputs = prepare(work)
    run = subprocess.Popen(checkpoints.words(inputs, work / "out", work / "run", "--epochs=100000", "--print-freq=1000", "--compute=short",
                                             "--node-count=2", "--process-count-per-node=1"),
                           env={**os.environ, **cluster}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    guard = threading.Timer(240, run.kill)   # Slurm looks at time limits now and then
    guard.start()
    told = []
    for line in run.stdout:
        told.append(line)
        if "Going on from the checkpoint" in line:
            break
    logs = work / "run/logs"
    run.send_signal(signal.SIGINT)
    told += run.communicate(timeout=60)[0]
    guard.cancel()
    said = "".join(told)
    assert "Signal 10: the training will stop after the step that is under way" in said and "Going on from the checkpoint" in said, said
    assert "restart 1" in (logs / "70_mpi_log").read_text(), said
    assert (work / "run/metrics.jsonl.restart1").exists() and (work / "run/metrics.jsonl").exists(), said


def test_cancelled(cluster, work):
    """Somebody else cancels the job."""
    run = subprocess.Popen(words(work, "--node-count=2"), env={**os.environ, **cluster, "FAULT": "slow"}, stderr=subprocess.PIPE, text=True)
    wait_for_ranks(run)
    job = json.loads((work / "run/job.json").read_text())["job"]
    command("scancel", job, env=cluster)
    _, errors = run.communicate(timeout=60)
    assert run.returncode == 13, errors
    assert f"error[TimeoutOccuredError] train_pytorch_model: the Slurm job {job} was cancelled: CANCELLED\n" in errors, errors


def test_refused(cluster, work):
    done, log = launch(cluster, work, status=2, compute="nowhere")
    assert "Slurm did not take the job: Batch job submission failed: Invalid partition name specified\n" in done.stderr, done.stderr
    assert log.splitlines()[-1].startswith("RESULT exit=2 first_rank=- "), log
    (work / "bin").mkdir()
    (work / "bin/sh").symlink_to("/bin/sh")
    done = command(*words(work, "--node-count=2"), status=2, env={**cluster, "PATH": str(work / "bin")})
    assert "sbatch could not be started: No such file or directory\n" in done.stderr, done.stderr
    done = command("bash", "-c", 'ulimit -f 0; exec "$@"', "bash", *words(work, "--node-count=2"), status=2, env=cluster)
    assert re.search(r"Slurm did not take the job: '.*/run/job\.sh' could not be written: File too large\n", done.stderr), done.stderr
    done, _ = launch(cluster, work, status=2, flags=["--node-count=3"])
    assert ("error[LessThanOrEqualToError] train_pytorch_model: --node-count is 3, but must be at most 2, the max nodes of the compute "
            "cluster\n") in done.stderr, done.stderr


def test_pipeline(cluster, work):
    """A pipeline's default compute: each step is a job."""
    class_folders(work / "photos", each=2)
    (work / "p.yaml").write_text("name: p\ninputs: {photos: ./photos}\ncompute: cluster\nsteps:\n"
                                 "  convert: {component: convert_to_image_directory, inputs: {input: inputs.photos}}\n")
    torchport("run", "p.yaml", cwd=work, env=cluster)
    assert json.loads((work / "runs/p-1/convert/job.json").read_text())["engine"] == "slurm"
    assert (work / "runs/p-1/convert/outputs/output/_meta.yaml").exists()
