"""What torchport contract writes for Slurm runs as a job of a real cluster of two nodes; tests/component/contract_test.py has its other formats."""
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from clusters import missing, slurm
from harness import BIN, SOURCE, class_folders, command, torchport

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun")
pytestmark = [pytest.mark.skipif(os.geteuid() != 0, reason="a cluster of its own needs root"),
              pytest.mark.skipif(missing(*PROGRAMS) is not None, reason=f"{missing(*PROGRAMS)} is not installed (./dev setup tests)")]


def test_a_pipeline_as_one_job(work):
    """Nine steps, the training on two nodes; a second job of the same script has nothing left to do."""
    shutil.copy(SOURCE / "tests/data/contract/pipeline.yaml", work)
    class_folders(work / "photos", size=40)
    settings = ("train.node_count=2", "train.process_count_per_node=1", "inputs.epochs=1")
    torchport("contract", "pipeline.yaml", "--format", "sbatch", "-o", "job.sh", *(word for one in settings for word in ("--set", one)), cwd=work)
    subprocess.run(["bash", "-n", work / "job.sh"], check=True)
    with tempfile.TemporaryDirectory(prefix="torchport-slurm-") as folder, slurm(folder) as environment:
        there = {**environment, "PATH": f"{pathlib.Path(BIN)}:{environment['PATH']}"}
        job = command("sbatch", "--parsable", "--wait", "job.sh", cwd=work, env=there, timeout=300, status=None)
        log = "".join(path.read_text() for path in work.glob("tiny-pipeline-*.log"))
        assert job.returncode == 0, log + job.stderr
        made = {path.relative_to(work / "tiny-pipeline").as_posix() for path in (work / "tiny-pipeline").glob("*/*")}
        assert {"convert/output", "split/second", "train/trained_model", "score/scored_dataset", "evaluate/evaluation"} <= made, made
        assert "rank 0 of 2" in (work / "tiny-pipeline/train/run/logs/70_driver_log_0").read_text()
        command("sbatch", "--parsable", "--wait", "job.sh", cwd=work, env=there, timeout=300)
        assert "".join(path.read_text() for path in work.glob("tiny-pipeline-*.log")) == log
