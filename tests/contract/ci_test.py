"""What continuous integration says of its parts: .ci/run with a stand-in for ./dev, and parts that try what a machine has."""
import os
import shutil
import subprocess

import pytest

from harness import SOURCE

PARTS = {"format --check": ":", "test": "echo '573 passed, 0 failed, 2 skipped'", "test-packages": "echo '4 passed, 0 failed'",
         "test-wheels": "echo '19 passed in 301.5s'"}


def ci(folder, **parts):
    """.ci/run, where a command of ./dev does what its line says: its last line and exit status."""
    lines = PARTS | {name.replace("_", "-"): line for name, line in parts.items()}
    (folder / ".ci").mkdir()
    shutil.copy(SOURCE / ".ci/run", folder / ".ci/run")
    (folder / "dev").write_text("#!/bin/bash\ncase \"$*\" in\n" + "".join(f"  '{name}') {line} ;;\n" for name, line in lines.items()) + "  *) exit 99 ;;\nesac\n")
    (folder / "dev").chmod(0o755)
    done = subprocess.run([folder / ".ci/run"], capture_output=True, text=True)
    return done.stdout.splitlines()[-1], done.returncode, done.stdout + done.stderr


def test_the_last_line_counts_all_checks(tmp_path):
    assert ci(tmp_path)[:2] == ("596 passed, 0 failed, 2 skipped", 0)


@pytest.mark.parametrize("parts,line,status", [
    ({"test": "echo '570 passed, 3 failed'; exit 1"}, "593 passed, 3 failed", 1),
    ({"test": "echo no build; exit 2"}, "0 passed, 1 failed", 1),
    ({"test_packages": "echo '2 passed, 0 failed, 2 skipped'; exit 69"}, "594 passed, 0 failed, 4 skipped", 0),
    ({"test_packages": "echo '2 passed, 1 failed, 1 skipped'; exit 1"}, "594 passed, 1 failed, 3 skipped", 1),
    ({"test_wheels": "echo NOT RUN: ./dev test-wheels: no index >&2; exit 69"}, "577 passed, 0 failed, 3 skipped", 0),
    ({"test_wheels": "echo '1 failed, 18 passed in 9s'; exit 1"}, "595 passed, 1 failed, 2 skipped", 1),
    ({"test_wheels": "echo cpack failed; exit 2"}, "577 passed, 1 failed, 2 skipped", 1)])
def test_what_fails_is_red_and_what_a_machine_lacks_is_not(tmp_path, parts, line, status):
    said = ci(tmp_path, **parts)
    assert said[:2] == (line, status), said
    assert ("NOT RUN" in said[2]) == (parts.get("test_wheels", "").startswith("echo NOT RUN"))


def test_a_file_that_is_not_formatted_is_red(tmp_path):
    assert ci(tmp_path, **{"format --check": "exit 1"})[:2] == ("596 passed, 0 failed, 2 skipped", 1)


@pytest.mark.parametrize("part", ["deb", "devel", "container"])
def test_a_machine_without_rights(tmp_path, part):
    """The words of a kernel that forbids namespaces, from a stand-in for unshare."""
    (tmp_path / "unshare").write_text("#!/bin/sh\necho 'unshare: unshare failed: Operation not permitted' >&2\nexit 1\n")
    (tmp_path / "unshare").chmod(0o755)
    done = subprocess.run([SOURCE / f"tests/packages/{part}.sh", tmp_path, tmp_path / "root.tar", tmp_path], capture_output=True, text=True,
                          env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert done.returncode == 69, done.stderr
    reason = "this machine does not let root mount and chroot: unshare: unshare failed: Operation not permitted" if os.geteuid() == 0 else "it wants root"
    assert done.stderr == f"NOT RUN: ./dev test-packages {part}: {reason}\n"
    assert not (tmp_path / "root.tar").exists()
