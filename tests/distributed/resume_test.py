"""On two ranks, a training that is cut after each update and each validation has the bits of one that never stopped."""
import re

import pytest

from harness import AS_ROOT, BIN, command


@pytest.mark.parametrize("case", ["plain", "rich", "stopping"])
def test_same_bits(case):
    done = command("mpirun", *AS_ROOT, "--oversubscribe", "-np", 2, BIN / "resume_cases", case, timeout=300)
    lines = sorted(line for line in done.stdout.splitlines() if line)
    early = "stopped early, " if case == "stopping" else ""
    assert [bool(re.fullmatch(rf"rank {rank} of 2: \d+ parts, {early}the same bits", line)) for rank, line in enumerate(lines)] == [True] * 2, lines
