"""The two shapes of pipeline that stood on designers' canvases, as examples: they run as they are, and are those of the canvas with the values that they name."""
import json
import re
import shlex

import pytest
import yaml

from harness import SOURCE, torchport

CANVAS = SOURCE / "tests/data/azure/canvas"
# The box whose images are scored, their number, and those that it must be left with by its splits.
EXAMPLES = {"designer_sample": ("split_test.second", 5), "cats_and_dogs": ("split.second", 10)}


def values(file, *settings):
    """All values of all steps, defaults too, but the paths of inputs."""
    schema = json.loads(torchport("contract", file, "--format", "json-schema", *settings).stdout)["properties"]
    return {step: {name: row["default"] for name, row in rows["properties"].items() if "default" in row} for step, rows in schema.items() if step != "inputs"}


@pytest.mark.parametrize("name", EXAMPLES)
def test_with_its_values_it_is_that_of_the_canvas(name):
    file = SOURCE / f"examples/{name}/pipeline.yaml"
    example, canvas = (yaml.safe_load(path.read_text()) for path in (file, CANVAS / f"{name}.yaml"))
    assert {step: (one["component"], one.get("inputs")) for step, one in example["steps"].items()} == \
        {step: (one["component"], one.get("inputs")) for step, one in canvas["steps"].items()}
    line = next(line for line in file.read_text().splitlines() if line.startswith("#   torchport run"))
    settings = [word for word in shlex.split(line[1:])[3:] if not word.startswith("inputs.")]
    settings = [word for place, word in enumerate(settings) if word != "--set" or place + 1 < len(settings) and settings[place + 1] != "--set"]
    wanted, made, small = values(CANVAS / f"{name}.yaml"), values(file, *settings), values(file)
    assert made == wanted
    assert small != wanted and len(settings) >= 6, settings


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_runs_as_it_is(work, name):
    """To a model, and a report on images that the last split left."""
    torchport("run", SOURCE / f"examples/{name}/pipeline.yaml", cwd=work)
    run = work / f"runs/{name}-1"
    assert json.loads((run / "pipeline.json").read_text())["state"] == "finished"
    box, count = EXAMPLES[name]
    step, side = box.split(".")
    listed = (run / step / "outputs" / side / "images.lst").read_text().splitlines()
    metrics = json.loads((run / "evaluate/outputs/evaluation/metrics.json").read_text())
    assert len(listed) == count == sum(sum(row) for row in metrics["confusion_matrix"]), metrics
    assert 0 <= metrics["accuracy"] <= 1 and re.search("Confusion matrix", (run / "report.html").read_text())
