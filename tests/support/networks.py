"""What the tests of networks share: the real torchvision's networks with weights worth comparing, and our run_network."""
import json
import pathlib

import numpy
import torch
import torchvision
import yaml

import harness


def variants():
    """(component's spec, variant's name, its row) of every model component."""
    for path in sorted((harness.SOURCE / "spec/components").glob("*.yaml")):
        spec = yaml.safe_load(path.read_text())
        for name, row in spec.get("variants", {}).items():
            yield spec, name, row


def torchvision_network(name, classes, seed=1, **options):
    """A network whose every weight and statistic is random, so that nothing cancels out or stays at its neutral value."""
    torch.manual_seed(seed)
    network = torchvision.models.get_model(name, weights=None, num_classes=classes, **options)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, 0, 0.1)
            torch.nn.init.normal_(module.running_mean, 0, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
    return network


def save_weights(network, path):
    """As the original saves them: torchvision's keys with the prefix `model.`."""
    torch.save({"model." + key: tensor for key, tensor in network.state_dict().items()}, path)


class Ours:
    """One run of run_network: the keys that it lists and the tensors that it wrote."""

    def __init__(self, folder, variant, *options, images=None, status=0, program="run_network"):
        folder = pathlib.Path(folder)
        words = list(options)
        if images is not None:
            images.numpy().tofile(folder / "input")
            words += ["--input", folder / "input", "--batch", images.shape[0], "--size", images.shape[2]]
        self.process = harness.command(harness.BIN / program, variant, folder, *words, status=status)
        self.entries = [line.split("\t") for line in self.process.stdout.splitlines()]
        self.peak_kib = int(self.process.stderr) if status == 0 else None
        self._folder = folder

    def logits(self, classes):
        return torch.from_numpy(numpy.fromfile(self._folder / "logits", numpy.float32)).reshape(-1, classes)

    def gradients(self, network):
        """By the names and shapes of the torchvision network."""
        flat = torch.from_numpy(numpy.fromfile(self._folder / "gradients", numpy.float32))
        named = list(network.named_parameters())
        parts = flat.split([parameter.numel() for _, parameter in named])
        return {name: part.reshape(parameter.shape) for (name, parameter), part in zip(named, parts)}

    def state(self):
        """The state dict after the run."""
        data, offset, result = (self._folder / "state").read_bytes(), 0, {}
        for key, dtype, shape in self.entries:
            sizes = [] if shape == "scalar" else [int(size) for size in shape.split("x")]
            count = int(numpy.prod(sizes, dtype=numpy.int64))
            array = numpy.frombuffer(data, dtype, count, offset)
            result[key] = torch.from_numpy(array.copy()).reshape(sizes)
            offset += array.nbytes
        assert offset == len(data)
        return result


def trained_directory(folder, name, labels, transforms=None, size=64, **options):
    """A ModelDirectory as the original writes one, of a network whose weights are random; and the network."""
    spec = next(spec for spec, variant, _ in variants() if variant == name)
    folder, network = pathlib.Path(folder), torchvision_network(name, len(labels), **options).eval()
    folder.mkdir()
    save_weights(network, folder / "model")
    architecture = spec["architecture"]
    normaliser = {"module": "azureml.designer.core.model.model_spec.builtin_model_meta.pre_processor", "class": "ImageNormalizer",
                  "init_params": {key: architecture["pretrained"][key] for key in ("mean", "std")}}
    (folder / "model_spec.yaml").write_text(yaml.safe_dump({
        "flavor": {"name": "pytorch", "serialization_method": "state_dict"}, "model_file": "model",
        "flavor_extras": {"module": architecture["module"], "class": architecture["class"],
                          "init_params": {"model_name": name, "pretrained": False, "num_classes": len(labels)}},
        "task_type": "MultiClassification", "label_map_file": "index_to_label.csv", "inputs": [{"name": "image", "pre_processor": normaliser}]}))
    (folder / "index_to_label.csv").write_text(",label\n" + "".join(f"{i},{label}\n" for i, label in enumerate(labels)))
    (folder / "_meta.yaml").write_text("type: ModelDirectory\nextension: {}\nmodel: model_spec.yaml\n")
    if transforms is not None:
        (folder / "_input.json").write_text(json.dumps({"height": size, "width": size, "transforms": transforms}))
    return network
