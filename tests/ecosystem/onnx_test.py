"""ONNX Runtime computes our logits from the files that torchport export writes, for every network; and a photo's category from the metadata."""
import json

import numpy
import onnx
import onnxruntime
import pytest
import safetensors.numpy
import yaml
from onnx import numpy_helper
from PIL import Image

from harness import SOURCE, torchport

LABELS = ["cat", "dog", "größe"]
NETWORKS = {name: path.stem for path in sorted((SOURCE / "spec/components").glob("*.yaml"))
            for name in yaml.safe_load(path.read_text()).get("variants", {})}
TOLERANCE = 1e-4


def trained(folder, name):
    """A model directory of the network, whose every weight and statistic is random, so that nothing cancels out or stays at its neutral value."""
    torchport("run", NETWORKS[name], f"--model_name={name}", "--pretrained=False", f"--untrained_model_path={folder}/m", "--run-dir", folder / "run")
    (folder / "labels.txt").write_text("".join(f"{i}\n" for i in range(1000)))
    torchport("import", folder / "m/model", "--labels", folder / "labels.txt", "-o", folder / "first")
    torchport("export", folder / "first", "--format", "safetensors", "-o", folder / "s")
    weights, random = safetensors.numpy.load_file(folder / "s/model.safetensors"), numpy.random.default_rng(1)
    head = next(key.removesuffix(".weight") for key, value in weights.items() if value.ndim == 2)
    for key, value in weights.items():
        if value.ndim == 1 and key.endswith((".weight", ".running_var")):
            weights[key] = random.uniform(0.5, 1.5, value.shape).astype(numpy.float32)
        elif value.ndim == 1:
            weights[key] = random.normal(0, 0.1, value.shape).astype(numpy.float32)
    for key in (f"{head}.weight", f"{head}.bias"):
        weights[key] = weights[key][:len(LABELS)]
    safetensors.numpy.save_file(weights, folder / "w.safetensors")
    (folder / "labels.txt").write_text("\n".join(LABELS), encoding="utf-8")
    torchport("run", "init_image_transformation", "--size=72", "--crop_size=64", f"--output_path={folder}/t", "--run-dir", folder / "run2")
    torchport("import", folder / "w.safetensors", "--labels", folder / "labels.txt", "-o", folder / "model", "--transformation", folder / "t",
              "--mean", "0.5,0.4,0.3", "--std", "0.5,0.25,0.5")
    return folder / "model"


def tensor(path):
    return numpy_helper.to_array(onnx.load_tensor(path))


def exported(folder, name):
    torchport("export", trained(folder, name), "--format", "onnx", "-o", folder / "out")
    return folder / "out", onnxruntime.InferenceSession(folder / "out/model.onnx", providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("name", NETWORKS)
def test_logits(tmp_path, name, capsys):
    out, session = exported(tmp_path, name)
    onnx.checker.check_model(onnx.load(out / "model.onnx"), full_check=True)
    images, ours = tensor(out / "test_data_set_0/input_0.pb"), tensor(out / "test_data_set_0/output_0.pb")
    theirs, = session.run(["logits"], {"images": images})
    scale = max(1.0, numpy.abs(ours).max())
    difference = numpy.abs(ours - theirs).max()
    assert numpy.isfinite(ours).all() and ours.std() > 1e-3 and ours.shape == (2, len(LABELS))
    with capsys.disabled():
        print(f"\n{name}: ONNX Runtime {onnxruntime.__version__} differs by {difference / scale:.1e} of the largest logit, {numpy.abs(ours).max():.3g}")
    assert difference <= TOLERANCE * scale
    alone, = session.run(["logits"], {"images": images[1:]})   # any number of images
    assert numpy.abs(alone - theirs[1:]).max() <= TOLERANCE * scale


def test_a_photo_by_the_metadata(tmp_path):
    """What the file says is all that is needed: Pillow does what its transformation names, and the probabilities are those of torchport predict."""
    out, session = exported(tmp_path, "resnet18")
    notes = session.get_modelmeta().custom_metadata_map
    labels, mean, std, transforms = (json.loads(notes[key]) for key in ("labels", "mean", "std", "transforms"))
    assert (labels, mean, std, transforms) == (LABELS, [0.5, 0.4, 0.3], [0.5, 0.25, 0.5], [["Resize", 72], ["CenterCrop", 64]])
    assert [session.get_inputs()[0].shape, session.get_outputs()[0].shape] == [["N", 3, 64, 64], ["N", 3]]
    pixels = numpy.random.default_rng(5).integers(0, 256, (144, 216, 3), dtype=numpy.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    small = Image.open(tmp_path / "photo.png").resize((108, 72), Image.Resampling.BILINEAR).crop((22, 4, 86, 68))
    image = ((numpy.asarray(small, numpy.float32) / 255 - mean) / std).transpose(2, 0, 1)[None].astype(numpy.float32)
    logits, = session.run(None, {"images": image})
    wanted = numpy.exp(logits[0] - logits[0].max())
    wanted /= wanted.sum()
    photo, = json.loads(torchport("predict", tmp_path / "model", tmp_path / "photo.png", "--json").stdout)["photos"]
    found = {answer["category"]: answer["probability"] for answer in photo["answers"]}
    assert max(abs(found[label] - wanted[i]) for i, label in enumerate(labels)) <= 1e-4
    assert wanted.std() > 0.01
