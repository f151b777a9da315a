"""ResNet and DenseNet, run as programs: what they write, read by the real torch, and what they refuse."""
import pathlib
import tempfile

import torch
import torchvision
import yaml

import harness


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


def hub(folder, name, state):
    """A torch cache that holds `state` as the published weights of a variant."""
    file = pathlib.Path(folder, "torch/hub/checkpoints", torchvision.models.get_model_weights(name).IMAGENET1K_V1.url.rsplit("/", 1)[1])
    file.parent.mkdir(parents=True)
    torch.save(state, file)
    return {"TORCH_HOME": f"{folder}/torch"}


def old_keys(state):
    """As torchvision's published DenseNets spell them: norm.1 for norm1, and without counters."""
    import re
    return {re.sub(r"(denselayer\d+\.(?:norm|conv))([12])\.", r"\1.\2.", key): tensor for key, tensor in state.items()
            if not key.endswith("num_batches_tracked")}


def test_pretrained_weights():
    for component, name, published in (("resnet", "resnet18", dict), ("densenet", "densenet121", old_keys)):
        with tempfile.TemporaryDirectory() as folder:
            torch.manual_seed(3)
            theirs = torchvision.models.get_model(name, weights=None).state_dict()
            file = published(theirs)
            assert name == "resnet18" or "features.denseblock1.denselayer1.norm.1.weight" in file
            run(folder, component, f"--model_name={name}", env=hub(folder, name, file))
            assert_equal(torchvision_state(folder, name), theirs)
            spec = yaml.safe_load(pathlib.Path(folder, "m/model_spec.yaml").read_text())
            assert spec["flavor_extras"]["init_params"]["pretrained"] is True


def test_missing_weights():
    with tempfile.TemporaryDirectory() as folder:
        for env, place in (({"TORCH_HOME": f"{folder}/t"}, f"{folder}/t"), ({"TORCH_HOME": "~/t", "HOME": folder}, f"{folder}/t"),
                           ({"TORCH_HOME": "", "XDG_CACHE_HOME": f"{folder}/c"}, f"{folder}/c/torch"),
                           ({"TORCH_HOME": "", "XDG_CACHE_HOME": "", "HOME": folder}, f"{folder}/.cache/torch")):
            refused = run(folder, "resnet", "--model_name=resnet18", env=env, status=15)
            path = f"{place}/hub/checkpoints"
            assert ("error[FailedToDownloadFilesError] resnet: the pretrained weights of resnet18 are not there, and this version does "
                    f"not download them: resnet18-f37072fd.pth is missing in {path}\n") in refused.stderr, refused.stderr
            assert f"Put the file resnet18-f37072fd.pth into {path}, or give --pretrained=False." in refused.stderr, refused.stderr
            assert not pathlib.Path(folder, "m").exists()


def test_broken_weights():
    with tempfile.TemporaryDirectory() as folder:
        env = hub(folder, "resnet18", {})
        path = pathlib.Path(folder, "torch/hub/checkpoints")
        (path / "resnet18-f37072fd.pth").write_bytes(b"<html>not found</html>")
        refused = run(folder, "resnet", "--model_name=resnet18", env=env, status=15)
        assert ("error[FailedToDownloadFilesError] resnet: the pretrained weights of resnet18 cannot be read: resnet18-f37072fd.pth in "
                f"{path}: ") in refused.stderr, refused.stderr
        assert not pathlib.Path(folder, "m").exists()
    with tempfile.TemporaryDirectory() as folder:
        env = hub(folder, "resnet18", torchvision.models.get_model("resnet34", weights=None).state_dict())
        refused = run(folder, "resnet", "--model_name=resnet18", env=env, status=3)
        assert "the weights of the pretrained model do not fit resnet18; entries that differ: 96" in refused.stderr, refused.stderr
        assert not pathlib.Path(folder, "m").exists()
    with tempfile.TemporaryDirectory() as folder:
        state = torchvision.models.get_model("resnet18", weights=None).state_dict()
        state["layer1.0.bn1.bias"][3] = float("nan")
        refused = run(folder, "resnet", "--model_name=resnet18", env=hub(folder, "resnet18", state), status=3)
        assert ("the weights of the pretrained model hold values that are not finite, first in 'layer1.0.bn1.bias'"
                in refused.stderr), refused.stderr
        assert not pathlib.Path(folder, "m").exists()


def test_unknown_model_name():
    with tempfile.TemporaryDirectory() as folder:
        refused = run(folder, "resnet", "--model_name=resnet19", "--pretrained=False", status=3)
        assert "error[InvalidModelDirectoryError] resnet: unknown model name 'resnet19'\n" in refused.stderr, refused.stderr


if __name__ == "__main__":
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
            print(name, "ok", flush=True)
