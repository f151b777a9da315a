"""Fine-tuning: the weights' normalisation, and --train-layers against torch with requires_grad False, in one process and in two."""

import pytest
import torch
import torch.nn.functional as F
import torchvision
import yaml

import reference
from harness import ORIGINAL, mpirun, torchport

TRAIN, VALID = ORIGINAL / "image_directory_labelled", ORIGINAL / "image_directory_valid"
IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
HALF = {"mean": [0.5] * 3, "std": [0.5] * 3}
TRAINED = {"resnet18": ("layer4.", "fc."), "densenet121": ("features.denseblock4.", "features.norm5.", "classifier.")}
torch.set_num_threads(1)


def arguments(model, out, run_dir, *more):
    return ["run", "train_pytorch_model", "--untrained-model-path", model, "--train-data-path", TRAIN, "--valid-data-path", VALID,
            "--trained-model-path", out, "--run-dir", run_dir, "--memory-format", "contiguous", "--patience", 100, *more]


def state(model):
    return {key.removeprefix("model."): tensor for key, tensor in torch.load(model / "model", weights_only=True).items()}


def spec(model):
    return yaml.safe_load((model / "model_spec.yaml").read_text())


def pre_processor(model):
    return spec(model)["inputs"][0]["pre_processor"]["init_params"]


def start_model(work, component, name, *options):
    """A trained model whose head fits the data, begun with weights that pass for pretrained ones."""
    torch.manual_seed(4)
    torch.save(torchvision.models.get_model(name, weights=None).state_dict(), work / "weights.pth")
    torchport("run", component, f"--model_name={name}", f"--weights={work / 'weights.pth'}", *options,
              f"--untrained_model_path={work / f'{name}-new'}", "--run-dir", work / "new-run")
    assert pre_processor(work / f"{name}-new") == IMAGENET
    torchport(*arguments(work / f"{name}-new", work / name, work / "start-run"), "--epochs", 1, "--batch-size", 12)
    return work / name


def freeze(net, trained):
    """As a torch user does it: no gradients, and batch norms that keep their statistics."""
    for key, parameter in net.named_parameters():
        parameter.requires_grad = key.startswith(trained)
    net.train()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d) and not module.weight.requires_grad:
            module.eval()


def torch_losses(model, name, trained, epochs, rate, **options):
    """The losses of `epochs` steps on all 24 images, and the state dict after them."""
    net = torchvision.models.get_model(name, num_classes=3, **options)
    net.load_state_dict(state(model))
    freeze(net, trained)
    optimizer, (images, labels) = reference.optimizer(net), reference.dataset(TRAIN, **IMAGENET)
    plan, losses = reference.batches(24, 24, 1, 1, epochs), []
    for epoch in range(epochs):
        batch = plan[epoch][0][0]
        for group in optimizer.param_groups:
            group["lr"] = reference.learning_rate(rate, 1, epochs, 0, epoch)
        loss = F.cross_entropy(net(images[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses, net.state_dict()


def assert_frozen(before, after, trained):
    """All that is not trained has its bits still, statistics and counters of batch norms included; the rest has moved."""
    moved = {key for key in before if not torch.equal(before[key], after[key])}
    assert moved == {key for key in before if key.startswith(trained)}, moved ^ {key for key in before if key.startswith(trained)}


def compare_ten_steps(work, model, name, layers, **options):
    trained = TRAINED[name] if layers == "last_block" else TRAINED[name][-1:]
    epochs, rate = 10, 0.001
    out, run_dir = work / f"{name}-{layers}", work / f"{name}-{layers}-run"
    done = torchport(*arguments(model, out, run_dir), "--epochs", epochs, "--batch-size", 24, "--learning-rate", rate,
                     "--train-layers", layers, "--keep", "last", env={"OMP_NUM_THREADS": "1"})
    ours = reference.metrics(run_dir, "Train loss")
    theirs, wanted = torch_losses(model, name, trained, epochs, rate, **options)
    difference = max(abs(a - b) for a, b in zip(theirs, ours, strict=True))
    after = state(out)
    print(f"{name}, {layers}: torch {torch.__version__} {theirs[0]:.7f} to {theirs[-1]:.7f}, ours {ours[0]:.7f} to {ours[-1]:.7f}, "
          f"largest difference {difference:.1e}")
    assert difference <= 1e-4 and theirs[0] - theirs[-1] > 1e-3, (theirs, ours)
    assert_frozen(state(model), after, trained)
    for key, tensor in wanted.items():
        assert torch.allclose(after[key].double(), tensor.double(), rtol=1e-3, atol=1e-4), key
    counts = {key: tensor.numel() for key, tensor in wanted.items() if not key.endswith(("running_mean", "running_var", "num_batches_tracked"))}
    share = sum(count for key, count in counts.items() if key.startswith(trained))
    names = ", ".join(name.rstrip(".") for name in trained)
    assert "random weights" not in done.stdout, done.stdout
    assert f"Training {names}: {share} of {sum(counts.values())} parameters. The others are frozen" in done.stdout, done.stdout
    assert pre_processor(out) == IMAGENET and spec(out)["flavor_extras"]["init_params"]["pretrained"] is False


@pytest.fixture(scope="module")
def resnet(shared):
    return start_model(shared, "resnet", "resnet18")


def test_ten_steps_of_the_last_block(work, resnet):
    compare_ten_steps(work, resnet, "resnet18", "last_block")


def test_ten_steps_of_the_head(work, resnet):
    compare_ten_steps(work, resnet, "resnet18", "head")


def test_ten_steps_of_densenet(work):
    model = start_model(work, "densenet", "densenet121", "--memory_efficient=True")
    compare_ten_steps(work, model, "densenet121", "last_block", memory_efficient=True)


def test_two_ranks(work, resnet):
    """With all batch norms frozen, two processes compute what one does on the same global batches."""
    common = ("--train-layers", "head", "--epochs", 3, "--keep", "last")
    torchport(*arguments(resnet, work / "one", work / "one-run", *common), "--batch-size", 12, "--learning-rate", 0.02)
    mpirun(2, *arguments(resnet, work / "two", work / "two-run", *common), "--batch-size", 6, "--learning-rate", 0.01)
    one, two = state(work / "one"), state(work / "two")
    assert_frozen(state(resnet), two, ("fc.",))
    difference = max((one[key] - two[key]).abs().max().item() for key in ("fc.weight", "fc.bias"))
    print(f"two ranks: largest difference of the head from one process's {difference:.1e}")
    assert difference <= 1e-5


def test_normalisation(work, resnet):
    """Random weights are trained on [-1, 1], others as their directory says, and the figures are those of torchvision's normalisation."""
    torchport("run", "resnet", "--model_name=resnet18", "--pretrained=False", f"--untrained_model_path={work / 'random'}", "--run-dir", work / "r-run")
    assert "inputs" not in spec(work / "random")
    done = torchport(*arguments(work / "random", work / "half", work / "h-run"), "--epochs", 1, "--batch-size", 24, "--train-layers", "head")
    assert "The frozen layers have random weights: nothing has trained them yet." in done.stdout, done.stdout
    assert pre_processor(work / "half") == HALF
    images, labels = reference.dataset(VALID, **IMAGENET)
    with torch.no_grad():
        logits = reference.network(resnet, "resnet18", 3).eval()(images)
    loss, logged = F.cross_entropy(logits, labels).item(), reference.metrics(resnet.parent / "start-run", "Valid loss")[0]
    assert abs(loss - logged) <= 1e-4 * max(1, loss), (loss, logged)
    # A directory of the original with ImageNet's weights names no normalisation.
    text = (work / "random/model_spec.yaml").read_text()
    assert "pretrained: false" in text
    (work / "random/model_spec.yaml").chmod(0o644)
    (work / "random/model_spec.yaml").write_text(text.replace("pretrained: false", "pretrained: true"))
    torchport(*arguments(work / "random", work / "published", work / "p-run"), "--epochs", 1, "--batch-size", 24)
    assert pre_processor(work / "published") == IMAGENET
