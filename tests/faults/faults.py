"""./dev faults [ROW...]: runs the rows, prints a line for each, and how many are as written. Exit status 1 unless all are."""
import os
import pathlib
import sys
import time

os.environ.setdefault("TORCHPORT_FAULTS_SLACK", "1")   # bounds as they are written; in CI, where machines are shared, ending.py allows more
import pytest   # noqa: E402

from rows import ROWS

TESTS = pathlib.Path(__file__).resolve().parent.parent


class Table:
    """A plug-in of pytest that prints a row once the last of its checks has ended."""

    def __init__(self, rows):
        self.rows, self.left, self.wrong, self.seconds, self.ok, self.texts, self.told = rows, {}, {row: [] for row in rows}, dict.fromkeys(rows, 0.0), 0, [], set()

    def of(self, item):
        name = item.nodeid.split("[")[0]
        return [row for row in self.rows if any(name.endswith(check) or f"{check}::" in name for check in ROWS[row][1])]

    def pytest_collection_modifyitems(self, items):
        for item in items:
            for row in self.of(item):
                self.left[row] = self.left.get(row, 0) + 1
        for row in self.rows:
            if row not in self.left:
                self.wrong[row].append("none of its checks was found")
                self.tell(row)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item):
        self.begun = time.monotonic()
        yield
        for row in self.of(item):
            self.seconds[row] += time.monotonic() - self.begun
            self.left[row] -= 1
            if self.left[row] == 0:
                self.tell(row)

    def pytest_runtest_logreport(self, report):
        if not (report.failed or report.skipped):
            return
        if report.skipped:
            said = f"not run: {report.longrepr[2].removeprefix('Skipped: ')}"
        else:
            said = getattr(getattr(report.longrepr, "reprcrash", None), "message", str(report.longrepr)).splitlines()[0].removeprefix("AssertionError: ")
            self.texts.append(f"{report.nodeid}\n{report.longreprtext}")
        for row in self.of(report):
            self.wrong[row].append(f"{report.nodeid.split('::')[-1]}: {said[:300]}")

    def pytest_collectreport(self, report):
        if report.failed:
            self.texts.append(report.longreprtext)

    def tell(self, row):
        self.told.add(row)
        self.ok += not self.wrong[row]
        print(f"{row}  {ROWS[row][0]:<46} {self.seconds[row]:6.1f} s  {'; '.join(self.wrong[row]) or 'ok'}", flush=True)


def main(rows):
    if unknown := [row for row in rows if row not in ROWS]:
        sys.exit(f"faults: there is no row {unknown[0]}; the rows are {', '.join(ROWS)}")
    rows = rows or list(ROWS)
    table = Table(rows)
    checks = dict.fromkeys(f"{TESTS}/{check}" for row in rows for check in ROWS[row][1])
    pytest.main(["-p", "no:cacheprovider", "-p", "no:terminal", "--import-mode=importlib", f"--rootdir={TESTS}", *checks], plugins=[table])
    for row in rows:
        if row not in table.told:
            table.wrong[row].append("its checks did not run to their end")
            table.tell(row)
    for text in table.texts:
        print(f"\n{text}", file=sys.stderr)
    print(f"{table.ok} of {len(rows)}")
    return table.ok != len(rows)


if __name__ == "__main__":
    sys.exit(main([word.upper() for word in sys.argv[1:]]))
