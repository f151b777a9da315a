"""Each mutation of ./dev mutate breaks a line that is there, and names tests that are there."""
import sys

from sources import SOURCE, assert_none

sys.path.insert(0, str(SOURCE / "tests/mutate"))
from mutations import MUTATIONS


def test_mutations_fit_the_sources():
    assert len(MUTATIONS) > 100
    problems = []
    for mutation in MUTATIONS:
        file = SOURCE / mutation.file
        if not file.exists() or file.read_text().count(mutation.old) != 1:
            problems.append(f"{mutation.name}: its text is not exactly once in {mutation.file}")
        for test in mutation.tests:   # a Catch2 program or a script
            area, _, script = test.partition(".")
            if not (list((SOURCE / "tests" / area).glob("*_test.cpp")) if not script else (SOURCE / "tests" / area / f"{script}.py").exists()):
                problems.append(f"{mutation.name}: there is no test {test}")
    assert_none(problems)
