"""azure-ai-ml loads and validates the jobs that torchport imports; what it keeps of their inputs is what the import makes of them."""
import logging

import pytest
import yaml
from azure.ai.ml import load_job

from harness import SOURCE, torchport

JOBS = {"example": SOURCE / "examples/azure_job/pipeline.yml", "every construct": SOURCE / "tests/data/azure/job/pipeline.yml"}


@pytest.mark.parametrize("name", JOBS)
def test_jobs_are_valid(name):
    logging.disable(logging.WARNING)   # of its experimental classes
    job = load_job(JOBS[name])
    assert job._validate().passed, job._validate().error_messages
    steps = yaml.safe_load(torchport("import", JOBS[name]).stdout)["steps"]
    assert [*job.jobs] == [*steps]
    for step, node in job.jobs.items():
        for parameter in ("mode", "epochs", "fraction", "size"):   # as text, which is what its command line gets
            given = node._to_rest_inputs().get(parameter)
            if given and "parent" not in str(given) and step != "apply_train":
                assert str(steps[step]["parameters"][parameter]) == given["value"], (step, parameter)


def test_what_it_drops():
    """An input that its component does not declare goes without a word there; here a note says so."""
    assert "sise" not in load_job(JOBS["every construct"]).jobs["init"]._to_rest_inputs()
