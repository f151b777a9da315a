"""torchport export --format onnx: the graph, computed by PyTorch operator by operator, gives torchvision's logits. ONNX Runtime's turn is
tests/ecosystem/onnx_test.py."""
import json
import shutil

import torch

import networks
import onnx_graph
from harness import BIN, command, torchport
from onnx_graph import compute, tensor

LABELS = ["cat", "dog", "größe"]


def export(work, name, transforms=None, **options):
    network = networks.trained_directory(work / "model", name, LABELS, transforms)
    assert torchport("export", work / "model", "--format", "onnx", "-o", work / "out", *options.get("flags", ())).stdout == f"{work}/out\n"
    return network, onnx_graph.read(work / "out/model.onnx")


def check_logits(work, name):
    network, shown = export(work, name)
    weights = shown["values"]
    state = {key: tensor for key, tensor in network.state_dict().items() if not key.endswith("num_batches_tracked")}
    assert sorted(weights) == sorted(state) and all(torch.equal(weights[key], state[key]) for key in state)
    images, ours = tensor(work / "out/test_data_set_0/input_0.pb"), tensor(work / "out/test_data_set_0/output_0.pb")
    assert ours.shape == (2, len(LABELS))
    with torch.no_grad():
        wanted = network(images)
        found = compute(shown, images)
    scale = max(1, wanted.abs().max().item())
    assert wanted.std() > 1e-3
    assert (found - wanted).abs().max() <= 1e-5 * scale
    assert (ours - wanted).abs().max() <= 1e-4 * scale
    return shown


def test_resnet(work):
    shown = check_logits(work, "resnet18")
    assert (shown["operators"], shown["ir_version"], shown["producer"]) == (17, 8, "torchport")
    assert shown["input"] == {"name": "images", "type": 1, "shape": ["N", 3, "height", "width"]}
    assert shown["output"] == {"name": "logits", "type": 1, "shape": ["N", 3]}
    assert [node["name"] for node in shown["nodes"]][:5] == ["conv1", "bn1", "Relu_2", "MaxPool_3", "layer1.0.conv1"]
    assert shown["nodes"][-1]["name"] == "fc"


def test_densenet(work):
    shown = check_logits(work, "densenet121")
    assert sum(node["operation"] == "Concat" for node in shown["nodes"]) == 58   # before each dense layer but the first of a block, and after each block


def test_grouped_bottlenecks(work):
    check_logits(work, "resnext50_32x4d")


def test_metadata(work):
    """All that has to be known of a photo."""
    _, shown = export(work, "resnet18", [["Resize", 72], ["CenterCrop", 64]])
    notes = shown["metadata"]
    assert json.loads(notes["labels"]) == LABELS and json.loads(notes["transforms"]) == [["Resize", 72], ["CenterCrop", 64]]
    assert json.loads(notes["mean"]) == [0.485, 0.456, 0.406] and json.loads(notes["std"]) == [0.229, 0.224, 0.225]
    assert (notes["height"], notes["width"], notes["architecture"]) == ("64", "64", "resnet18") and notes["producer"].startswith("torchport ")
    assert shown["input"]["shape"] == ["N", 3, 64, 64]


def test_without_the_module(work):
    """The other formats need none, and what is missing is named."""
    networks.trained_directory(work / "model", "resnet18", LABELS)
    (work / "bin").mkdir()
    for name in ("torchport", "torchport-worker"):
        shutil.copy(BIN / name, work / "bin" / name)
    done = command(work / "bin/torchport", "export", work / "model", "--format", "onnx", "-o", work / "out", status=None)
    assert done.returncode != 0 and f"'{work}/bin/torchport-onnx.so', which writes ONNX files, could not be loaded" in done.stderr, done.stderr
    assert not (work / "out").exists()
    command(work / "bin/torchport", "export", work / "model", "--format", "torchvision", "-o", work / "out")
