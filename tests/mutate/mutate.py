"""./dev mutate: breaks the product on purpose, one way at a time, and sees that a test notices.

A copy of the tree in build/mutate is changed, built and tested; the tree itself is never touched. A mutation that leaves all of its
tests green has survived: a rule that the product keeps only by luck. Names given as arguments pick mutations.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

from mutations import MUTATIONS

ROOT = pathlib.Path(__file__).resolve().parents[2]
TREE = ROOT / "build/mutate/tree"
BUILD = TREE / "build"
os.environ["CCACHE_BASEDIR"] = str(TREE)   # so that what ./dev test compiled is not compiled again


def main():
    named = [m for m in MUTATIONS if not sys.argv[1:] or m.name in sys.argv[1:]]
    if not named:
        sys.exit("no such mutation; there are: " + ", ".join(m.name for m in MUTATIONS))
    flags = pathlib.Path("/proc/cpuinfo").read_text().split()
    for mutation in named:
        if mutation.cpu and mutation.cpu not in flags:
            print(f"{mutation.name:34} not tried: this processor has no {mutation.cpu}")
    wanted = [m for m in named if not m.cpu or m.cpu in flags]
    copy_tree()
    stale = [m.name for m in wanted if (TREE / m.file).read_text().count(m.old) != 1]
    if stale:
        sys.exit(f"not found exactly once in its file, so the source has moved on: {', '.join(stale)}")
    configure()
    if not build():
        sys.exit("the tree does not build without a mutation")
    red = failing(sorted({test for m in wanted for test in m.tests}))
    if red:
        sys.exit(f"red without a mutation: {', '.join(red)}")
    survivors = 0
    print(f"{'mutation':34} {'caught by':50} {'s':>5}")
    for mutation in wanted:
        started = time.monotonic()
        caught = try_mutation(mutation)
        survivors += not caught
        print(f"{mutation.name:34} {caught or 'SURVIVED ' + ', '.join(mutation.tests):50} {time.monotonic() - started:5.0f}", flush=True)
    print(f"{len(wanted) - survivors} of {len(wanted)} mutations caught")
    sys.exit(survivors > 0)


def try_mutation(mutation):
    """The test that turned red, or nothing."""
    path = TREE / mutation.file
    original = path.read_text()
    path.write_text(original.replace(mutation.old, mutation.new))
    try:
        if not build(*targets(mutation.tests)):
            sys.exit(f"{mutation.name}: does not compile, so it says nothing about the tests")
        return next((test for test in mutation.tests if failing([test])), None)
    finally:
        path.write_text(original)


def copy_tree():
    """Brings the copy up to date; files that are equal keep their time stamps, so that the next build is short."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
                            stdout=subprocess.PIPE, text=True).stdout
    names = {name for name in listed.split("\0") if name and (ROOT / name).is_file()}
    for path in [p for p in TREE.rglob("*") if p.is_file() and BUILD not in p.parents]:
        if str(path.relative_to(TREE)) not in names:
            path.unlink()
    for name in names:
        source, target = ROOT / name, TREE / name
        if not target.exists() or source.read_bytes() != target.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)


def configure():
    done = run(["cmake", "--preset", "release", "-DTORCHPORT_TESTS=ON", f"-DLIBTORCH_ROOT={os.environ['LIBTORCH_ROOT']}",
                f"-DTORCHPORT_PYTHON={os.environ['TORCHPORT_PYTHON']}"], cwd=TREE)
    if done.returncode:
        sys.exit(done.stdout)


def targets(tests):
    """What must be built for these: a Catch2 program is one target, a script may run any program."""
    return [] if any("." in test for test in tests) else [f"{test}_tests" for test in tests]


def build(*targets):
    """Builds these, or everything where none is named."""
    chosen = [word for target in targets for word in ("--target", target)]
    done = run(["cmake", "--build", BUILD, "--parallel", os.cpu_count(), *chosen])
    if done.returncode:
        print(done.stdout[-3000:], file=sys.stderr)
    return done.returncode == 0


def failing(tests):
    """Runs the checks of each test, which is the label that they have in ctest, and names the tests with one that fails."""
    return [test for test in tests if fails(test)]


def fails(test):
    """A test without checks fails as well. A script's checks run in one process, as under ./dev test."""
    with tempfile.TemporaryDirectory() as reports:
        select = ["ctest", "--test-dir", BUILD, "--no-tests=error", "-L", f"^{re.escape(test)}$"]
        listed = run([*select, "-N"]).stdout
        (pathlib.Path(reports) / "selected").write_text("\n".join(re.findall(r"^ *Test +#\d+: (\S+)$", listed, re.M)))
        return run([*select, "--parallel", os.cpu_count(), "--stop-on-failure"], env={"TORCHPORT_REPORTS": reports}).returncode


def run(words, cwd=None, env=None):
    return subprocess.run([str(word) for word in words], cwd=cwd, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


if __name__ == "__main__":
    main()
