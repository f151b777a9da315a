"""The architecture of docs/adding-things.md, from the two files of examples/mobilenet: beside torchvision's, and through the product."""
import pathlib
import shutil
import tempfile

import torch
import torchvision
import yaml

import harness
import networks
import onnx_graph
import reference

VARIANT = "mobilenet_v2"
EXAMPLE = harness.SOURCE / "examples/mobilenet"
torch.set_num_threads(2)


def overlay(folder):
    """The spec, where spec/components/ would have it."""
    target = pathlib.Path(folder, "spec/components")
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy(EXAMPLE / "mobilenet.yaml", target)
    return target.parent


def ours(folder, *options, **how):
    return networks.Ours(folder, VARIANT, "--spec-dir", overlay(folder), "--classes", 3, *options, program="mobilenet_network", **how)


def images(count, size=64):
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(2)) * 2 - 1


def close(left, right, tolerance=1e-4):
    return (left - right).abs().max() <= tolerance * max(1.0, right.abs().max().item())


def test_logits():
    """Operation by operation the same bits; with fused norms the same to rounding."""
    with tempfile.TemporaryDirectory() as folder:
        network, batch = networks.torchvision_network(VARIANT, 3).eval(), images(2, 96)
        networks.save_weights(network, f"{folder}/model")
        with torch.no_grad():
            theirs = network(batch)
        weights = ("--weights", f"{folder}/model")
        logits = ours(folder, *weights, images=batch).logits(3)
        assert theirs.std() > 0 and torch.equal(logits, theirs), (logits, theirs)
        assert close(ours(folder, *weights, "--channels-last", images=batch).logits(3), theirs)
        assert ours(folder, images=images(1, 1)).logits(3).shape == (1, 3)


def test_first_weights():
    torch.manual_seed(7)
    theirs = torchvision.models.mobilenet_v2(num_classes=3).state_dict()
    with tempfile.TemporaryDirectory() as folder:
        state = ours(folder, "--seed", 7, "--state").state()
    assert list(state) == list(theirs)
    for key in theirs:
        assert torch.equal(state[key], theirs[key]), key


def test_a_training_step():
    """Without dropout, as torchvision's; with it, the key decides."""
    with tempfile.TemporaryDirectory() as folder:
        network, batch = networks.torchvision_network(VARIANT, 3, dropout=0.0).train(), images(4)
        networks.save_weights(network, f"{folder}/model")
        options = ("--weights", f"{folder}/model", "--train")
        logits = network(batch)
        torch.nn.functional.cross_entropy(logits, torch.arange(4) % 3).backward()
        run = ours(folder, *options, "--parameter", "dropout", "0", images=batch)
        assert close(run.logits(3), logits.detach())
        gradients = run.gradients(network)
        for key, parameter in network.named_parameters():
            assert close(gradients[key], parameter.grad, 1e-3), key
        runs = [ours(folder, *options, "--seed", seed, "--parameter", "dropout", "0.5", images=batch).logits(3) for seed in (1, 1, 2)]
        assert torch.equal(runs[0], runs[1]) and not torch.equal(runs[0], runs[2]) and not torch.equal(runs[0], logits)


class Product:
    """torchport with a worker that has the architecture, and the spec."""

    def __init__(self, folder):
        self.folder, self.spec = pathlib.Path(folder), overlay(folder)
        shutil.copy(harness.BIN / "torchport", folder)
        (self.folder / "torchport-worker").symlink_to(harness.BIN / "mobilenet_worker")

    def __call__(self, *words, status=0):
        return harness.command(self.folder / "torchport", "--spec-dir", self.spec, *words, status=status, cwd=self.folder)


def train(torchport, model, images, name, *options):
    torchport("run", "train_pytorch_model", "--untrained-model-path", model, "--train-data-path", images, "--valid-data-path", images,
              f"--trained-model-path={name}", "--epochs=1", "--batch-size=4", *options)
    return torchport.folder / name


def weights(model):
    return torch.load(model / "model", weights_only=True)


def test_the_product():
    with tempfile.TemporaryDirectory() as folder:
        torchport = Product(folder)
        assert "\n  mobilenet " in torchport("list").stdout
        described = torchport("describe", "mobilenet").stdout
        assert "--dropout NUMBER" in described and "Allowed: [0, 1); unit: share of the features; default: 0.2." in described, described
        harness.class_folders(f"{folder}/photos", ("circle", "square", "star"), each=4)
        torchport("run", "convert_to_image_directory", "--input-path=photos", "--output-path=images")
        torchport("run", "mobilenet", "--pretrained=False", "--random_seed=3", "--dropout=0.5", "--untrained_model_path=untrained")
        torch.manual_seed(3)
        for (key, mine), theirs in zip(weights(torchport.folder / "untrained").items(), torchvision.models.mobilenet_v2().state_dict().values()):
            assert torch.equal(mine, theirs), key
        spec = yaml.safe_load((torchport.folder / "untrained/model_spec.yaml").read_text())
        assert spec["flavor_extras"] == {"module": "torchvision.models.mobilenetv2", "class": "MobileNetV2", "is_parallel": False, "is_cuda": False,
                                         "init_params": {"model_name": VARIANT, "pretrained": False, "dropout": 0.5}}

        trained = train(torchport, "untrained", "images", "trained")
        again = train(torchport, "untrained", "images", "again")
        assert all(torch.equal(left, right) for left, right in zip(weights(trained).values(), weights(again).values()))
        network = reference.network(trained, VARIANT, 3).eval()   # torchvision takes it, strictly
        other = train(torchport, "untrained", "images", "other", "--random-seed=2")
        assert not torch.equal(weights(trained)["model.classifier.1.weight"], weights(other)["model.classifier.1.weight"])

        tuned = train(torchport, "trained", "images", "tuned", "--train-layers=last_block")
        changed = {key.split(".")[1] + "." + key.split(".")[2] for key, tensor in weights(tuned).items()
                   if key.startswith("model.") and not torch.equal(tensor, weights(trained)[key])}
        assert changed == {"features.17", "features.18", "classifier.1"}, changed
        torchport("run", "score_image_model", "--trained-model=trained", "--dataset=images", "--scored-dataset=scored")
        pixels, _ = reference.dataset(torchport.folder / "images")
        with torch.no_grad():
            wanted = network(pixels)
        assert torch.isfinite(wanted).all()
        torchport("export", "trained", "--format=onnx", "-o", "exported")
        graph = onnx_graph.read(torchport.folder / "exported/model.onnx")
        assert sum(node["operation"] == "Clip" for node in graph["nodes"]) == 35 and close(onnx_graph.compute(graph, pixels), wanted)


def test_a_model_directory_with_a_bad_parameter():
    with tempfile.TemporaryDirectory() as folder:
        torchport = Product(folder)
        torchport("run", "mobilenet", "--pretrained=False", "--untrained_model_path=m")
        file = torchport.folder / "m/model_spec.yaml"
        text = file.read_text()
        for value, fault in (("1.5", "flavor_extras.init_params.dropout is '1.5'; allowed: [0, 1)"),
                             ("half", "flavor_extras.init_params.dropout is 'half'; allowed: [0, 1)")):
            file.write_text(text.replace("dropout: 0.2", f"dropout: {value}"))
            refused = torchport("validate", "train_pytorch_model", "--untrained-model-path=m", f"--train-data-path={images_of_the_original()}",
                                f"--valid-data-path={images_of_the_original()}", "--trained-model-path=t", status=3)
            assert refused.stderr.startswith(f"error[InvalidModelDirectoryError] train_pytorch_model: the untrained model has a broken "
                                             f"model_spec.yaml: {fault}\n"), refused.stderr


def images_of_the_original():
    return harness.ORIGINAL / "image_directory_labelled"
