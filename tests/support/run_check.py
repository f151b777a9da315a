"""Runs one check of a Python script as an entry of ctest: run_check.py SCRIPT CHECK. Exits with 0, 1, or 77 if the check cannot run here.

To import torch takes seconds, and to train the model that the checks of a script share takes more. Under ./dev test, which names a folder in
TORCHPORT_REPORTS, the first entry of a script therefore runs all selected checks of that script in one process, and each of the others
hands on what was found about its own. Under ctest alone each entry runs its check.
"""
import contextlib
import io
import json
import os
import pathlib
import sys

SKIPPED = 77   # as tests/CMakeLists.txt tells ctest


def main(script, check):
    name = f"{script.parent.name}.{script.stem}"
    reports = os.environ.get("TORCHPORT_REPORTS")
    if not reports:
        return tell(run(script, [check])[check])
    report = pathlib.Path(reports) / f"{name}.json"
    if not report.exists():
        selected = (pathlib.Path(reports) / "selected").read_text().split()
        checks = [entry.removeprefix(f"{name}.") for entry in selected if entry.startswith(f"{name}.")]
        report.write_text("{}")   # where a check ends this process, those after it run by themselves
        report.write_text(json.dumps(run(script, checks or [check])))
    found = json.loads(report.read_text())
    return tell(found[check] if check in found else run(script, [check])[check])


def tell(finding):
    print(finding["text"])
    return {"passed": 0, "skipped": SKIPPED}.get(finding["outcome"], 1)


def run(script, checks):
    """{check: {"outcome": passed, failed or skipped, "text": what there is to read}}"""
    import pytest
    findings, terminal = Findings(), io.StringIO()
    with contextlib.redirect_stdout(terminal):
        pytest.main(["-q", "--tb=short", "-p", "no:cacheprovider", *(f"{script}::test_{check}" for check in checks)], plugins=[findings])
    never = {"outcome": "failed", "text": terminal.getvalue()}   # the script cannot be imported, or has no such check
    return {check: findings.of.get(check, never) for check in checks}


class Findings:
    """A plug-in of pytest that keeps what each check came to; set-up, check and tear-down report one after the other."""

    def __init__(self):
        self.of = {}

    def pytest_runtest_logreport(self, report):
        check = report.location[2].split("[")[0].removeprefix("test_")
        finding = self.of.setdefault(check, {"outcome": "passed", "text": ""})
        if report.failed or (report.skipped and finding["outcome"] == "passed"):
            finding["outcome"] = report.outcome
            finding["text"] += f"SKIPPED: {report.longrepr[2]}\n" if report.skipped else f"{report.longreprtext}\n"
        if report.when == "teardown":
            finding["text"] += report.capstdout + report.capstderr


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), sys.argv[2]))
