"""ResNet and DenseNet, run as programs: what they write, read by the real torch, and what they refuse."""
import pathlib
import re
import tempfile

import torch
import torchvision
import yaml

import harness
import published


def run(folder, component, *options, **how):
    return harness.torchport("run", component, *options, f"--untrained_model_path={folder}/m", cwd=folder, **how)


def torchvision_state(folder, name):
    """The weights of a model directory in the real network."""
    state = torch.load(f"{folder}/m/model", weights_only=True)
    network = torchvision.models.get_model(name, weights=None)
    network.load_state_dict({key.removeprefix("model."): tensor for key, tensor in state.items()}, strict=True)
    return network.state_dict()


def assert_equal(ours, theirs):
    assert list(ours) == list(theirs)
    for key in ours:
        assert torch.equal(ours[key], theirs[key]), key


def test_random_weights():
    """They are torchvision's for the same seed; the model spec says what was asked for."""
    cases = [("resnet", "resnet18", "zero_init_residual", True, 7), ("resnet", "resnet18", "zero_init_residual", False, 1),
             ("densenet", "densenet121", "memory_efficient", True, 7)]
    for component, name, flag, value, seed in cases:
        with tempfile.TemporaryDirectory() as folder:
            seeded = [f"--random_seed={seed}"] if seed != 1 else []
            run(folder, component, f"--model_name={name}", "--pretrained=False", f"--{flag}={value}", *seeded)
            ours = torchvision_state(folder, name)
            torch.manual_seed(seed)
            assert_equal(ours, torchvision.models.get_model(name, weights=None, **{flag: value}).state_dict())
            spec = yaml.safe_load(pathlib.Path(folder, "m/model_spec.yaml").read_text())
            assert spec["flavor_extras"]["init_params"] == {"model_name": name, "pretrained": False, flag: value}
            assert sorted(path.name for path in pathlib.Path(folder, "m").iterdir()) == ["_meta.yaml", "model", "model_spec.yaml"]


def old_keys(state):
    """As torchvision's published DenseNets spell them: norm.1 for norm1, and without counters."""
    return {re.sub(r"(denselayer\d+\.(?:norm|conv))([12])\.", r"\1.\2.", key): tensor for key, tensor in state.items()
            if not key.endswith("num_batches_tracked")}


def run_pretrained(folder, component, name, content, status=0):
    """--pretrained=True with `content` as the published file, in torch's cache. Returns the finished process and the file."""
    cache = pathlib.Path(folder, "torch/hub/checkpoints")
    cache.mkdir(parents=True)
    file = cache / published.publish(folder, component, name, content)
    file.write_bytes(content)
    done = harness.torchport("--spec-dir", f"{folder}/spec", "run", component, f"--model_name={name}", f"--untrained_model_path={folder}/m",
                             cwd=folder, env={"TORCH_HOME": f"{folder}/torch", "TORCHPORT_WEIGHTS": ""}, status=status)
    assert status == 0 or not pathlib.Path(folder, "m").exists()
    return done, file


def test_pretrained_weights():
    """Files of today's form and of torch before 1.6; the model spec has ImageNet's normalisation."""
    for component, name, spelling, zipped in (("resnet", "resnet18", dict, True), ("densenet", "densenet121", old_keys, False)):
        with tempfile.TemporaryDirectory() as folder:
            torch.manual_seed(3)
            theirs = torchvision.models.get_model(name, weights=None).state_dict()
            file = spelling(theirs)
            assert name == "resnet18" or "features.denseblock1.denselayer1.norm.1.weight" in file
            run_pretrained(folder, component, name, published.saved(file, _use_new_zipfile_serialization=zipped))
            assert_equal(torchvision_state(folder, name), theirs)
            spec = yaml.safe_load(pathlib.Path(folder, "m/model_spec.yaml").read_text())
            assert spec["flavor_extras"]["init_params"]["pretrained"] is True
            transform = torchvision.models.get_model_weights(name).IMAGENET1K_V1.transforms()
            assert spec["inputs"][0]["pre_processor"]["class"] == "ImageNormalizer"
            assert spec["inputs"][0]["pre_processor"]["init_params"] == {"mean": transform.mean, "std": transform.std}


def test_broken_weights():
    with tempfile.TemporaryDirectory() as folder:
        refused, file = run_pretrained(folder, "resnet", "resnet18", b"<html>not found</html>", status=15)
        assert (f"error[FailedToDownloadFilesError] resnet: the pretrained weights of resnet18 cannot be read: '{file}': it is neither a "
                "torch.save file nor a safetensors file\n") in refused.stderr, refused.stderr
    with tempfile.TemporaryDirectory() as folder:
        other = torchvision.models.get_model("resnet34", weights=None).state_dict()
        refused, _ = run_pretrained(folder, "resnet", "resnet18", published.saved(other), status=3)
        assert "the weights of the pretrained model do not fit resnet18; entries that differ: 96" in refused.stderr, refused.stderr
    with tempfile.TemporaryDirectory() as folder:
        state = torchvision.models.get_model("resnet18", weights=None).state_dict()
        state["layer1.0.bn1.bias"][3] = float("nan")
        refused, _ = run_pretrained(folder, "resnet", "resnet18", published.saved(state), status=3)
        assert ("the weights of the pretrained model hold values that are not finite, first in 'layer1.0.bn1.bias'"
                in refused.stderr), refused.stderr


def test_unknown_model_name():
    with tempfile.TemporaryDirectory() as folder:
        refused = run(folder, "resnet", "--model_name=resnet19", "--pretrained=False", status=3)
        assert "error[InvalidModelDirectoryError] resnet: unknown model name 'resnet19'\n" in refused.stderr, refused.stderr
