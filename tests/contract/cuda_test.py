"""The programs know nothing of CUDA: all of it is in one module, which is loaded when a GPU is asked for."""
import re
import subprocess

import pytest

from harness import BIN, SOURCE

OF_CUDA = r"\b(cuda|cudnn|cublas|nccl)[A-Z]\w+$|\bcu[A-Z]\w+$|_ZN?K?(2at|3c10)4cuda"


def said(*words):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True).stdout


def undefined(program):
    return [re.sub(r"@.*", "", line.split()[-1]) for line in said("nm", "--dynamic", "--undefined-only", program).splitlines()]


@pytest.mark.parametrize("program", ["torchport", "torchport-worker"])
def test_programs_have_no_symbol_of_cuda(program):
    symbols = undefined(BIN / program)
    assert len(symbols) > 50, "nm found hardly any symbol"
    assert not [name for name in symbols if re.search(OF_CUDA, name)]
    assert not re.findall(r"NEEDED.*\[(lib(?:torch_cuda|c10_cuda|cuda|cudart|nccl)\b.*)\]", said("readelf", "-d", BIN / program))


def test_the_module_has_them_and_two_names_of_ours():
    module = BIN / "torchport-cuda.so"
    if not module.exists():
        pytest.skip("there is no CUDA toolkit here")
    symbols = undefined(module)
    for name in ("cudaGetDeviceCount", "ncclCommInitRankConfig", "ncclCommAbort"):
        assert name in symbols and re.search(OF_CUDA, name), name
    ours = re.findall(r" [TDRB] (torchport_\w+)$", said("nm", "--dynamic", "--defined-only", module), re.M)
    assert sorted(ours) == ["torchport_cuda_plugin", "torchport_module_version"]


def test_a_build_without_a_toolkit_says_why_and_has_all_else(work):
    """As CMake sees a machine that has none, nor the wheels that are one."""
    libtorch = re.search(r"^LIBTORCH_ROOT:\w+=(.*)$", (BIN.parent / "CMakeCache.txt").read_text(), re.M)[1]
    configured = said("cmake", "-G", "Ninja", "-S", SOURCE, "-B", work / "build", "-DTORCHPORT_TESTS=OFF", f"-DLIBTORCH_ROOT={libtorch}",
                      "-DCMAKE_DISABLE_FIND_PACKAGE_CUDAToolkit=ON")
    assert "-- No module for GPUs: no nvcc of CUDA 13. ./dev setup --cuda installs what it takes\n" in configured, configured
    targets = said("ninja", "-C", work / "build", "-t", "targets", "all")
    assert "bin/torchport-worker:" in targets and "torchport-cuda" not in targets
