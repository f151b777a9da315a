"""What the rows share: the inputs of their trainings, and jobs that do not outlive the row."""
import pytest

from checkpoints import prepare
from job import Job


@pytest.fixture(scope="module")
def inputs(shared):
    return prepare(shared)


@pytest.fixture
def start(inputs, work):
    """Starts a training in the row's folder; whatever it leaves running ends with the row."""
    jobs = []

    def begin(*flags, **how):
        jobs.append(Job(inputs, how.pop("work", work), *flags, **how))
        return jobs[-1]

    yield begin
    for job in jobs:
        job.end()
