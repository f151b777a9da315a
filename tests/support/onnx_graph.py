"""An ONNX file that torchport wrote, read by build/bin/show_onnx and computed by PyTorch operator by operator."""
import json
import pathlib
import tempfile

import numpy
import torch
import torch.nn.functional as F

from harness import BIN, command


def read(file):
    """What show_onnx says of a model, and under `values` its constants by name."""
    with tempfile.TemporaryDirectory() as folder:
        elements = pathlib.Path(folder, "elements")
        shown = json.loads(command(BIN / "show_onnx", file, elements).stdout)
        flat, at, values = torch.from_numpy(numpy.fromfile(elements, numpy.float32)), 0, {}
    for name, shape in shown["constants"].items():
        count = int(numpy.prod(shape))
        values[name] = flat[at:at + count].reshape(shape)
        at += count
    assert at == len(flat)
    return {**shown, "values": values}


def tensor(file):
    """A tensor of a test data set."""
    with tempfile.TemporaryDirectory() as folder:
        elements = pathlib.Path(folder, "elements")
        shape = json.loads(command(BIN / "show_onnx", "--tensor", file, elements).stdout)
        return torch.from_numpy(numpy.fromfile(elements, numpy.float32)).reshape(shape)


def pads(given):
    top, left, bottom, right = given
    assert (top, left) == (bottom, right)
    return top, left


OPERATORS = {
    "Conv": lambda a, x, w: F.conv2d(x, w, None, a["strides"], pads(a["pads"]), a["dilations"], a["group"]),
    "BatchNormalization": lambda a, x, weight, bias, mean, var: F.batch_norm(x, mean, var, weight, bias, eps=a["epsilon"]),
    "Relu": lambda a, x: x.relu(),
    "Clip": lambda a, x, low, high: x.clamp(low.item(), high.item()),
    "Add": lambda a, x, y: x + y,
    "MaxPool": lambda a, x: F.max_pool2d(x, a["kernel_shape"], a["strides"], pads(a["pads"]), a["dilations"], bool(a["ceil_mode"])),
    "AveragePool": lambda a, x: F.avg_pool2d(x, a["kernel_shape"], a["strides"], pads(a["pads"]), bool(a["ceil_mode"]), bool(a["count_include_pad"])),
    "GlobalAveragePool": lambda a, x: x.mean((2, 3), keepdim=True),
    "Flatten": lambda a, x: x.flatten(a["axis"]),
    "Concat": lambda a, *x: torch.cat(x, a["axis"]),
    "Gemm": lambda a, x, w, b: F.linear(x, w, b) if a["transB"] == 1 else x @ w + b,
}


def compute(shown, images):
    values = {**shown["values"], shown["input"]["name"]: images}
    for node in shown["nodes"]:
        values[node["output"]] = OPERATORS[node["operation"]](node["attributes"], *(values[name] for name in node["inputs"]))
    return values[shown["output"]["name"]]
