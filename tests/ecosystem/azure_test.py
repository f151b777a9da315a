"""azure-ai-ml loads and validates the jobs that torchport imports; what it keeps of their inputs is what the import makes of them."""
import logging
import shutil

import pytest
import yaml
from azure.ai.ml import load_job

from harness import SOURCE, torchport

JOBS = {"example": SOURCE / "examples/azure_job/pipeline.yml", "every construct": SOURCE / "tests/data/azure/job/pipeline.yml",
        "public": SOURCE / "tests/data/azure/cli_example/pipeline.yml"}
FIXED = ("apply_train", "transform_on_evaluation_image")   # their mode stands in the command, whatever the job says
REPLACED = {"public": ("--replace", "train=train_pytorch_model")}


@pytest.mark.parametrize("name", JOBS)
def test_jobs_are_valid(name):
    logging.disable(logging.WARNING)   # of its experimental classes
    job = load_job(JOBS[name])
    assert job._validate().passed, job._validate().error_messages
    made = yaml.safe_load(torchport("import", JOBS[name], *REPLACED.get(name, ())).stdout)
    steps = {step: one for step, one in made["steps"].items() if step != "train_network"}   # the network that its trainer made by itself
    assert [*job.jobs] == [*steps]
    for step, node in job.jobs.items():
        for parameter in ("mode", "epochs", "fraction", "size"):   # as text, which is what its command line gets
            given = node._to_rest_inputs().get(parameter)
            if given and "parent" not in str(given) and step not in FIXED:
                assert str(steps[step]["parameters"][parameter]) == given["value"], (step, parameter)


def test_what_it_drops():
    """An input that its component does not declare goes without a word there; here a note says so."""
    assert "sise" not in load_job(JOBS["every construct"]).jobs["init"]._to_rest_inputs()


SHARED = """$schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json
type: pipeline
settings: {default_compute: "azureml:c"}
jobs:
  x: &x {type: command, component: ./convert_to_image_directory.yaml, inputs: &i {input_path: {type: uri_folder, path: ./p}}}
  y: {type: command, component: ./convert_to_image_directory.yaml, inputs: *i}
  z: {<<: *x, inputs: {input_path: {type: uri_folder, path: ./q}}}
"""


def test_anchors_are_its_own(work):
    """What it reads with anchors and merge keys the import reads alike."""
    for name in ("convert_to_image_directory.yaml", "conda.yaml"):
        shutil.copy(JOBS["public"].parent / name, work)
    (work / "job.yml").write_text(SHARED)
    for folder in ("p", "q"):
        (work / folder).mkdir()
    made = yaml.safe_load(torchport("import", "job.yml", cwd=work).stdout)
    its = {name: node.inputs["input_path"]._data.path.removeprefix("./") for name, node in load_job(work / "job.yml").jobs.items()}
    assert its == {name: made["inputs"][step["inputs"]["input"].removeprefix("inputs.")] for name, step in made["steps"].items()} == {"x": "p", "y": "p", "z": "q"}
