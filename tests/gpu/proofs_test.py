"""The proofs of tests/bench/gpu.sh on the stand-in: what they ask for is there, and a kernel that is wrong fails them (tests/mutate)."""
import re

import pytest

import gpu
from harness import command


@pytest.fixture(scope="module")
def proofs(shared):
    folder = gpu.programs(shared / "bin", names=["gpu_proofs"])

    def run(tags):
        said = command(folder / "gpu_proofs", tags, env={**gpu.pretend(), "OMP_NUM_THREADS": "2"}, timeout=300).stdout
        assert re.search(r"All tests passed \(\d+ assertions", said), said
        return said
    return run


def test_layers(proofs):
    proofs("[norms],[input]")


@pytest.mark.parametrize("network", ["ResNet-18", "ResNet-50", "DenseNet-121"])
def test_updates(proofs, network):
    said = proofs(f"gpu: {network}'s updates*")
    assert len(re.findall(r"change of all \S+ off float64", said)) >= 2, said


def test_gate_and_strictness(proofs):
    proofs("[nan],[strict]")


def test_nccl(proofs):
    assert re.search(r"^NCCL 22809$", proofs("[nccl]"), re.M)
