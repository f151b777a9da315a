"""--weights FILE: the network has the file's weights as torch reads them, whatever the file's form; what does not fit is refused."""
import pathlib
import re
import tempfile

import safetensors.torch
import torch
import torchvision
import yaml

import harness

SEE = "torchport explain NAME says more about an error.\n"
FOLDER = tempfile.TemporaryDirectory()
ROOT = pathlib.Path(FOLDER.name)


def make(component, name, file, *options, status=0):
    """Runs the component in a fresh folder; returns the process and the folder of the model."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=ROOT))
    done = harness.torchport("run", component, f"--model_name={name}", f"--weights={file}", f"--untrained_model_path={folder}/m",
                             f"--run-dir={folder}/run", *options, env={"TORCH_HOME": f"{folder}/none"}, status=status)
    assert (folder / "m").exists() == (status == 0)
    return done, folder / "m"


def read(model, name):
    state = torch.load(model / "model", weights_only=True)
    network = torchvision.models.get_model(name, weights=None)
    network.load_state_dict({key.removeprefix("model."): tensor for key, tensor in state.items()}, strict=True)
    return network.state_dict()


def torchvision_state(name, classes=1000, seed=3):
    torch.manual_seed(seed)
    return torchvision.models.get_model(name, weights=None, num_classes=classes).state_dict()


def assert_equal(ours, theirs, but=()):
    for key, tensor in theirs.items():
        assert key in but or torch.equal(ours[key], tensor), key


def old_keys(state):
    return {re.sub(r"(denselayer\d+\.(?:norm|conv))([12])\.", r"\1.\2.", key): tensor for key, tensor in state.items()}


def test_forms():
    """Wrapped, prefixed, of torch before 1.6, old names, half precision, safetensors: the same weights come out."""
    file, state = ROOT / "w.pth", torchvision_state("resnet18")
    prefixed = {"module." + key: tensor for key, tensor in state.items()}
    dense = torchvision_state("densenet121")
    half = {key: tensor.half() if tensor.is_floating_point() else tensor for key, tensor in state.items()}
    double = {key: tensor.double() if tensor.is_floating_point() else tensor for key, tensor in state.items()}
    brain = {key: tensor.bfloat16() if tensor.is_floating_point() else tensor for key, tensor in state.items()}
    forms = {
        "plain": ("resnet18", state, state, {}),
        "a training script's, with DataParallel": ("resnet18", {"epoch": 3, "state_dict": prefixed}, state, {}),
        "old DenseNet": ("densenet121", old_keys(dense), dense, {"_use_new_zipfile_serialization": False}),
        "float16": ("resnet18", half, {key: tensor.float() if tensor.is_floating_point() else tensor for key, tensor in half.items()}, {}),
        "float64": ("resnet18", {"model": double}, state, {}),
    }
    for name, (variant, content, wanted, how) in forms.items():
        torch.save(content, file, **how)
        done, model = make(variant.rstrip("0123456789"), variant, file)
        assert_equal(read(model, variant), wanted)
        assert f"Made {variant} with the weights of '{file}'." in done.stdout, f"{name}: {done.stdout}"
        spec = yaml.safe_load((model / "model_spec.yaml").read_text())
        assert spec["flavor_extras"]["init_params"]["pretrained"] is False
        assert spec["inputs"][0]["pre_processor"]["init_params"] == {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
    _, again = make("resnet", "resnet18", model / "model")   # the file of a model directory, keys model.*
    assert_equal(read(again, "resnet18"), state)
    file = ROOT / "w.safetensors"
    safetensors.torch.save_file(brain, file)
    _, model = make("resnet", "resnet18", file)
    assert_equal(read(model, "resnet18"), {key: tensor.float() if tensor.is_floating_point() else tensor for key, tensor in brain.items()})


def test_head():
    """A head of other classes, or none, is replaced by the one that the seed draws; all else is the file's."""
    file, state = ROOT / "head.pth", torchvision_state("resnet18", classes=7)
    fresh = torchvision_state("resnet18", seed=5)
    headless = {key: tensor for key, tensor in state.items() if not key.startswith("fc.")}
    for content in (state, headless):
        torch.save(content, file)
        done, model = make("resnet", "resnet18", file, "--random_seed=5")
        ours = read(model, "resnet18")
        assert_equal(ours, headless)
        assert torch.equal(ours["fc.weight"], fresh["fc.weight"]) and torch.equal(ours["fc.bias"], fresh["fc.bias"])
        assert "its head is not one of ImageNet's classes and is made again from the random seed" in done.stdout, done.stdout


def test_refusals():
    file, state = ROOT / "bad.pth", torchvision_state("resnet18")

    def refused(content, error, status=3, validated=True):
        if isinstance(content, bytes):
            file.write_bytes(content)
        elif content is not None:
            torch.save(content, file)
        done, _ = make("resnet", "resnet18", file, status=status)
        assert done.stderr == error + SEE, f"--- got\n{done.stderr}--- wanted\n{error}{SEE}"
        checked = harness.torchport("validate", "resnet", "--model_name=resnet18", f"--weights={file}", f"--untrained_model_path={ROOT}/m",
                                    status=status if validated else 0)
        assert checked.stderr == (error + SEE if validated else ""), checked.stderr

    refused(None, f"error[CouldNotOpenFileError] resnet: '{file}' cannot be read: No such file or directory\n"
                  "  hint   Give the path of a readable file.\n", status=2)
    cannot = f"error[InvalidModelDirectoryError] resnet: the weights file '{file}' cannot be used: "
    hint = "\n  hint   Give a state dict: torch.save(model.state_dict(), file), or a safetensors file.\n"
    refused(b"<html>", cannot + "it is neither a torch.save file nor a safetensors file" + hint)
    torch.save(torchvision.models.get_model("resnet18", weights=None), file)
    done, _ = make("resnet", "resnet18", file, status=3)
    assert "it names 'torchvision.models.resnet.ResNet', which no state dict of tensors needs" in done.stderr, done.stderr
    mismatch = "error[InvalidModelDirectoryError] resnet: the weights of the weights file do not fit resnet18; entries that differ: "
    other = "  hint                 The weights file belongs to another network.\n"
    wide = {**state, "module": torch.ones(3), "bn1.bias": torch.ones(32)}
    refused(wide, mismatch + "2\n  bn1.bias   expected float32 [64], found float32 [32]\n  module     expected nothing, found float32 [3]\n"
            + other.replace(" " * 17, " " * 7), validated=False)
    broken_head = {**state, "fc.weight": torch.ones(7, 512)}   # 7 classes by its weight, 1000 by its bias
    refused(broken_head, mismatch + "1\n  fc.weight   expected float32 [1000, 512], found float32 [7, 512]\n" + other.replace(" " * 17, " " * 8),
            validated=False)
    huge = {**state, "bn1.bias": torch.full((64,), 1e300, dtype=torch.float64)}   # finite as it is, infinite as float32
    torch.save(huge, file)
    done, _ = make("resnet", "resnet18", file, status=3)
    assert "the weights of the weights file hold values that are not finite, first in 'bn1.bias'" in done.stderr, done.stderr
