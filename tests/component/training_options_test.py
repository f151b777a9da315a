"""Class weights, clipped gradients, synchronised batch norm and the range test of Train PyTorch Model against the real PyTorch."""
import csv
import json
import pathlib
import shutil

import numpy
import pytest
import torch
import torch.nn.functional as F

import reference
from harness import mpirun, torchport
from twin import RATE, ROWS, TRAIN, Twin, arguments, compare, train

CLASSES = ["circle", "square", "triangle"]


@pytest.fixture(scope="module")
def model(shared):
    """Its head fits the data, so that both sides start from the same weights."""
    torchport("run", "resnet", "--model_name=resnet18", "--pretrained=False", f"--untrained_model_path={shared / 'new'}", "--run-dir", shared / "new-run")
    train(shared / "new", shared / "start", "--epochs", 1, "--batch-size", 12)
    return shared / "start"


def weights_file(path, weights):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("category", "weight"), *weights.items()])
    return path


def log_of(out):
    return pathlib.Path(f"{out}-run/logs/70_driver_log_0").read_text()


def test_class_weights(work, model):
    """Updates of unequal weight, with label smoothing: each is CrossEntropyLoss(weight), a mean by the weights of all its labels."""
    given = weights_file(work / "weights.csv", {"triangle": 4, "circle": 0.5, "square": 1})
    weights = torch.tensor([0.5, 1, 4]) / (5.5 / 3)   # the images' mean is 1: there are 8 of each
    out = work / "weighted"
    # Of 16 images and of 8: with fewer, the norms' noise grows from the last bit of one weight to 1e-2 in 4 epochs.
    train(model, out, "--epochs", 3, "--batch-size", 8, "--accumulation-steps", 2, "--label-smoothing", 0.1, "--class-weights-file", given)

    def loss_of(logits, labels, reduction):
        return F.cross_entropy(logits, labels, weights, reduction=reduction, label_smoothing=0.1)
    compare("class weights", Twin(model, 8, 3).run(loss_of, accumulate=2, weights=weights), out)
    plain = Twin(model, 8, 3).run(lambda *a, **k: F.cross_entropy(*a, **k, label_smoothing=0.1), accumulate=2)
    assert abs(plain[-1] - reference.metrics(f"{out}-run", "Train loss")[-1]) > 1e-3, "the weights make no difference"
    record = json.loads((work / "weighted-run/run.json").read_text())["class_weights"]
    assert [row["weight"] for row in record] == pytest.approx(weights.tolist()) and [row["category"] for row in record] == CLASSES
    assert "Class weights of the training loss, with a mean of 1 over all images: 'circle' 0.2727 (8 images); 'square' 0.5455 (8 images)" in log_of(out)


def test_faulty_class_weights(work, model):
    """All that can be wrong with the file, before anything starts."""
    for text, problem in {
            "a,b\n": "row 1 of the class weights '{}' is not the header 'category,weight'",
            "category,weight\ncircle,1\nsquare,1\n": "row 4 of the class weights '{}' is missing: the category 'triangle' has no weight",
            "category,weight\ncircle,1\ncircle,2\n": "row 3 of the class weights '{}' names 'circle' again",
            "category,weight\nring,1\n": "row 2 of the class weights '{}' names 'ring', which is not a category of the training dataset",
            "category,weight\ncircle,0\n": "row 2 of the class weights '{}' has the weight '0', which is not a number greater than 0",
            "category,weight\ncircle,inf\n": "row 2 of the class weights '{}' has the weight 'inf', which is not a number greater than 0",
            "category,weight\ncircle\n": "row 2 of the class weights '{}' has 1 fields instead of 2"}.items():
        (work / "bad.csv").write_text(text)
        done = torchport(*arguments(model, work / "never", "--class-weights-file", work / "bad.csv"), status=2)
        assert "error[FileParsingFailedError]" in done.stderr and problem.format(work / "bad.csv") in done.stderr, done.stderr
    weights_file(work / "bad.csv", dict.fromkeys(CLASSES, 1))
    done = torchport(*arguments(model, work / "never", "--class-weights-file", work / "bad.csv", "--class-weights", "balanced"), status=2)
    assert "--class-weights is balanced, and --class-weights-file gives weights, too" in done.stderr, done.stderr
    assert not (work / "never").exists()


def test_clipped_gradients(work, model):
    """Ten updates with torch's clip_grad_norm_ before each; the log counts those that it changed."""
    out, bound, norms = work / "clipped", 2.0, []
    train(model, out, "--epochs", 10, "--batch-size", ROWS, "--clip-gradient-norm", bound)
    twin = Twin(model, ROWS, 10)
    compare("clipped", twin.run(before_update=lambda: norms.append(torch.nn.utils.clip_grad_norm_(twin.net.parameters(), bound).item())), out)
    assert max(norms) > bound, norms
    for norm, line in zip(norms, [line for line in log_of(out).splitlines() if "Gradients were clipped in" in line], strict=True):
        assert f"Gradients were clipped in {int(norm > bound)} of 1 updates, to the norm 2." in line or abs(norm - bound) < 1e-3, (norm, line)


def test_ranks_are_one_process(work, model):
    """Synchronised batch norms, weighted classes and clipped gradients: 2 ranks with 6 images each train as one with 12, and have its statistics."""
    given = weights_file(work / "weights.csv", {"triangle": 4, "circle": 0.5, "square": 1})
    words = ["--epochs", 3, "--class-weights-file", given, "--clip-gradient-norm", 3]
    torchport(*arguments(model, work / "one", "--batch-size", 12, *words))
    both = arguments(model, work / "two", "--batch-size", 6, "--sync-batch-norm", "True", *words)
    both[both.index("--learning-rate") + 1] = RATE / 2   # which the trainer multiplies by the ranks
    mpirun(2, *both)
    losses = {name: reference.metrics(work / f"{name}-run", "Train loss") for name in ("one", "two")}
    print(f"one process {losses['one']}, two ranks {losses['two']}")
    assert losses["two"] == pytest.approx(losses["one"], abs=1e-4)
    found, wanted = (reference.network(work / name, "resnet18", 3).state_dict() for name in ("two", "one"))
    start = reference.network(model, "resnet18", 3).state_dict()
    for key in ("bn1.running_mean", "layer1.0.bn1.running_var", "layer3.1.bn2.running_mean", "layer4.1.bn2.running_var", "layer2.0.bn1.weight", "conv1.weight", "fc.weight"):
        missed, moved = ((one[key] - wanted[key]).abs().max().item() for one in (found, start))
        print(f"  {key}: two ranks are off by {missed:.2g}, the training moved it by {moved:.2g}")
        assert missed < 0.02 * moved, (key, missed, moved)
    alone = arguments(model, work / "alone", "--batch-size", 12, "--epochs", 1, "--sync-batch-norm", "True")
    assert "--sync-batch-norm changes nothing: there is one process." in torchport(*alone).stdout + log_of(work / "alone")


def test_bad_luck_with_synchronised_norms(work, model):
    """An image that only one rank reads stops both in the same step: no norm waits for the other."""
    data = work / "damaged"
    shutil.copytree(TRAIN, data)
    victim = data / "image/1_11.jpeg"
    victim.chmod(0o644)
    victim.write_bytes(victim.read_bytes()[:len(victim.read_bytes()) * 2 // 3])
    given = arguments(model, work / "bad", "--batch-size", 4, "--epochs", 2, "--sync-batch-norm", "True")
    given[given.index("--train-data-path") + 1] = data
    done = mpirun(2, *given, status=6)
    assert "1_11.jpeg' of the training dataset cannot be used: " in done.stderr, done.stderr


def test_find_learning_rate(work, model):
    """The curve is what numpy makes of it, the suggestion its steepest place, and the training afterwards is the same bits."""
    for name, more in (("with", ["--find-learning-rate", 60]), ("without", [])):
        train(model, work / name, "--epochs", 2, "--batch-size", 8, "--ema-decay", 0.5, *more)
    states = [{key: t.numpy().tobytes() for key, t in torch.load(work / name / "model", weights_only=True).items()} for name in ("with", "without")]
    assert states[0] == states[1]
    found = json.loads((work / "with-run/run.json").read_text())["learning_rate_finder"]
    rates, losses = numpy.array(found["rates"]), numpy.array(found["losses"])
    assert 20 < len(rates) <= 60
    numpy.testing.assert_allclose(rates, numpy.logspace(-7, 1, 60)[:len(rates)], rtol=1e-9)
    average, smoothed = 0.0, []
    for place, loss in enumerate(losses):
        average = 0.98 * average + 0.02 * loss
        smoothed.append(average / (1 - 0.98 ** (place + 1)))
    numpy.testing.assert_allclose(found["smoothed"], smoothed, rtol=1e-9)
    slopes = numpy.gradient(numpy.array(smoothed))
    inner = slice(11, len(rates) - 6)
    steepest = rates[inner][slopes[inner].argmin()]
    print(f"losses {losses[0]:.3f}, least {losses.min():.3f}, last {losses[-1]:.3f} of {len(rates)}; steepest {steepest:.3g}")
    assert found["steepest"] == pytest.approx(steepest) and found["suggestion"] == found["steepest"]
    assert f"Suggested: --learning-rate {steepest:.3g}, where the smoothed loss falls fastest, of {len(rates)} rates up to {rates[-1]:.3g}." in log_of(work / "with")
