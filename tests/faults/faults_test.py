"""The table of rows: complete, and each of its checks is there, so that ctest runs all that ./dev faults counts."""
import re

from harness import SOURCE
from rows import ROWS


def test_rows():
    assert list(ROWS) == [f"{group}{number}" for group, count in (("E", 9), ("F", 8), ("G", 4), ("H", 4), ("I", 4)) for number in range(1, count + 1)]
    named = set()
    for what, checks in ROWS.values():
        for check in checks:
            script, _, name = check.partition("::")
            text = (SOURCE / "tests" / script).read_text()
            assert not name or re.search(rf"^def {name}\(", text, re.M), f"{script} has no {name}"
            named.add(check)
    for script in (SOURCE / "tests/faults").glob("*_test.py"):   # and no check of a row is forgotten
        for name in re.findall(r"^def (test_[efghi]\d\w*)\(", script.read_text(), re.M):
            assert f"faults/{script.name}::{name}" in named, f"no row names {script.name}::{name}"
