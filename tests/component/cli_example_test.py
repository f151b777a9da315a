"""The public CLI v2 example for the designer's image components: its job and component files with all their settings, on drawn pictures of the sizes of its own."""
import json
import zipfile

import numpy
import pytest
from PIL import Image

from harness import AS_ROOT, SOURCE, torchport

EXAMPLE = SOURCE / "tests/data/azure/cli_example"
SIZES = [(256, 192), (300, 225), (224, 224), (320, 240), (240, 320)]   # the first is smaller than the crop of 224


@pytest.fixture
def example(work):
    """The job beside data/train/train.zip and data/val/val.zip: three categories, which a network can tell apart."""
    random = numpy.random.default_rng(4)
    for part, each in (("train", 12), ("val", 3)):
        folder = work / "data" / part
        folder.mkdir(parents=True)
        with zipfile.ZipFile(folder / f"{part}.zip", "w") as packed:
            for number, category in enumerate(("cat", "dog", "frog")):
                for index in range(each):
                    width, height = SIZES[index % len(SIZES)]
                    pixels = random.integers(0, 128, (height, width, 3), dtype=numpy.uint8)
                    pixels[:, :, number] += 100
                    Image.fromarray(pixels).save(work / "one.jpg")
                    packed.write(work / "one.jpg", f"{category}/{index:02}.jpg")
    for file in EXAMPLE.iterdir():
        (work / file.name).symlink_to(file)
    return work


def test_its_settings_unchanged(example):
    """Only its own trainer is replaced: to a model, with the values of the job. Its network of 50 layers has too many for a test's time: 18 are trained."""
    done = torchport("run", "pipeline.yml", "--replace", "train=train_pytorch_model", "--set", "train_network.model_name=resnet18", *AS_ROOT, cwd=example)
    run = example / "runs/image_classification_with_densenet-1"
    record = json.loads((run / "pipeline.json").read_text())
    assert record["state"] == "finished", done
    train, transformation = record["steps"]["train"], record["steps"]["init_transformation"]["parameters"]
    taken = {name: row["value"] for name, row in train["parameters"].items()}
    assert {name: taken[name] for name in ("epochs", "batch_size", "learning_rate", "random_seed", "print_freq")} == \
        {"epochs": 4, "batch_size": 16, "learning_rate": 0.1, "random_seed": 123, "print_freq": 10}
    assert train["run"]["node_count"]["value"] == 1 and train["run"]["process_count_per_node"]["value"] == 2   # two machines of one
    assert transformation["center_crop"]["value"] is True and transformation["crop_size"]["value"] == 224 and transformation["random_vertical_flip"]["value"] is True
    for part in ("training", "evaluation"):   # --mode stands fixed in the command of the component
        assert record["steps"][f"transform_on_{part}_image"]["parameters"]["mode"]["value"] == "For training"
    said = done.stderr
    for words in ("--center_crop is 224, which is taken as True", "the input mode = 'For inference' does not reach its command", "its input lr is taken as learning_rate",
                  "its arch is resnet50, which the step train_network makes", "2 machines of 1 are a world of 2 processes", "has no use for its inputs data_backend"):
        assert words in said, said
    rows = [json.loads(line) for line in (run / "train/metrics.jsonl").read_text().splitlines()]
    assert sum(row.get("name") == "Top-1 validation accuracy" for row in rows) == 4
    assert "num_classes: 3" in (run / "train/outputs/trained_model/model_spec.yaml").read_text()
    small = Image.open(next((run / "transform_on_evaluation_image/outputs/output/image").rglob("*.png")))
    assert small.size == (224, 224)
