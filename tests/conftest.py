"""Folders for the checks of Python scripts. What several checks of a script share is a fixture of the script, with scope="module"."""
import pathlib
import tempfile

import pytest


@pytest.fixture
def work():
    """A fresh folder for one check, removed after it."""
    with tempfile.TemporaryDirectory(prefix="torchport-test-") as folder:
        yield pathlib.Path(folder).resolve()


@pytest.fixture
def here(work):
    """The same folder, by the name that checks of many files give it."""
    return work


@pytest.fixture(scope="module")
def shared():
    """A folder for what several checks of a script use, removed after the last of them. No check changes what lies in it."""
    with tempfile.TemporaryDirectory(prefix="torchport-test-") as folder:
        yield pathlib.Path(folder).resolve()
