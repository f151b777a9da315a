"""Runs torchport on one hostile input with an eye on time, memory, exit status, messages and files, and says what was wrong with that."""
import contextlib
import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

from case import GOOD, IN, OUT

BIN = pathlib.Path(os.environ["TORCHPORT_BIN"])
HERE = pathlib.Path(__file__).parent
SECONDS, BYTES = 10, 1 << 30
PATIENCE = 30         # seconds after which a run is ended: of the processor, or of the clock where it does nothing
ALLOWED = {0, 2, 3, 4, 5, 6, 11, 12}   # docs/reference/error-codes.md: what a file can be blamed for, and a machine
FAULTS = ("signal", "abort", "over 10 s", "over 1 GB", "exit 70", "other exit", "no message", "left behind", "written outside", "wrongly taken",
          "wrongly refused")
ENVIRONMENT = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


@dataclasses.dataclass
class Outcome:
    words: list
    status: int        # as of a shell: 128 and more by a signal
    text: str
    seconds: float     # of the processor, or of the clock where it did nothing
    memory: int        # bytes
    folder: pathlib.Path = None                              # of the case, whose `deep` has its files
    faults: list = dataclasses.field(default_factory=list)   # (one of FAULTS, words)


def run(words, cwd):
    """One run of torchport to its end, or to the limit."""
    words = [str(word) for word in words]
    with tempfile.TemporaryFile() as out:
        said = subprocess.run([sys.executable, "-S", "-E", HERE / "measure.py", str(PATIENCE), BIN / "torchport", *words], cwd=cwd, check=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=out, env=ENVIRONMENT, text=True).stdout
        out.seek(0)
        text = out.read(1 << 20).decode("utf-8", "replace")
    status, seconds, memory = said.split()
    code = os.waitstatus_to_exitcode(int(status))
    return Outcome(words, code if code >= 0 else 128 - code, text, float(seconds), int(memory))


def snapshot(folder, but=()):
    """Every path below a folder with its size and time, but for the named ones at its top."""
    found = {}
    for top in folder.iterdir():
        if top.name in but:
            continue
        for path in [top, *(top.rglob("*") if top.is_dir() and not top.is_symlink() else ())]:
            with contextlib.suppress(OSError):
                state = path.lstat()
                found[str(path.relative_to(folder))] = (state.st_size, state.st_mtime_ns, state.st_mode)
    return found


def faults_of_any(outcome, named):
    """What no run may do, whatever its input: `named` are texts of which the message of a failure must have one."""
    code, late = outcome.status, outcome.seconds >= PATIENCE
    if code == 128 + signal.SIGABRT:
        yield "abort", ""
    elif code > 128 and not late:
        yield "signal", f"{code - 128}"
    if outcome.seconds > SECONDS:
        yield "over 10 s", f"{outcome.seconds:.0f} s"
    if outcome.memory > BYTES:
        yield "over 1 GB", f"{outcome.memory / 2**30:.2f} GB"
    if code == 70:
        yield "exit 70", outcome.text.strip()[:300]
    elif code not in ALLOWED and code <= 128:
        yield "other exit", f"{code}"
    if code != 0 and code <= 128 and not any(name in outcome.text for name in named):
        yield "no message", outcome.text.strip()[-300:] or "nothing was said"


def faults_of_output(folder, succeeded):
    """An output is whole where the command succeeded, and not there at all where it did not."""
    made = sorted(path.name for path in (folder / "made").iterdir())
    broken = [name for name in made if not (folder / "made" / name / "_meta.yaml").exists()]
    if broken or (made and not succeeded):
        yield "left behind", ", ".join(made)


def examine(case, folder, good):
    """Runs one case in a fresh folder and returns its outcome with all that was wrong."""
    place = folder / "deep/er"   # ../.. of an archive still is a place that is looked at
    place.mkdir(parents=True)
    for name in ("made", "cwd"):
        (folder / name).mkdir()
    source = place / f"in{case.suffix}"
    case.write(source)
    filled = {IN: source, OUT: folder / "made/out", "{good}/../made": folder / "made", GOOD: good}
    words = list(case.command)
    for mark, path in filled.items():
        words = [word.replace(mark, str(path)) for word in words]
    if words[0] == "run" and "--dry-run" not in words:
        words += ["--run-dir", str(folder / "run")]
    before = snapshot(folder, ("made", "run"))
    outcome = run(words, folder / "cwd")
    outcome.folder = folder
    after = snapshot(folder, ("made", "run"))
    outcome.faults = [*faults_of_any(outcome, (str(source), source.name, str(folder)))]
    changed = sorted(path for path in {*before, *after} if before.get(path) != after.get(path) and path != "deep")
    if changed:
        outcome.faults.append(("written outside", ", ".join(changed[:5])))
    if any(OUT in word for word in case.command) and outcome.seconds < PATIENCE:   # what was ended here could not tidy up
        outcome.faults += faults_of_output(folder, outcome.status == 0)
    outcome.faults += faults_of_verdict(case, outcome, folder, source)
    return outcome


def faults_of_verdict(case, outcome, folder, source):
    """Whether what was taken and refused should have been."""
    if outcome.status != 0:
        if case.wants == "taken" and outcome.status <= 128:
            yield "wrongly refused", outcome.text.strip()[-300:]
        return
    if case.wants == "refused":
        yield "wrongly taken", outcome.text.strip()[-200:]
    wrong = case.check and case.check(folder, outcome.text)
    if wrong:
        yield "wrongly taken", wrong
    answer = case.oracle and ask(case.oracle, [source]).get(str(source))
    if answer and not answer["taken"]:
        yield "wrongly taken", answer["why"]


def ask(oracle, files, seconds=60):
    """{path: answer} of an oracle, asked again without the file that ended it."""
    answers, rest = {}, [str(path) for path in files]
    while rest:
        try:
            done = subprocess.run([sys.executable, "-B", HERE / "oracles.py", oracle, *rest], capture_output=True, text=True, timeout=seconds).stdout
        except subprocess.TimeoutExpired as late:
            done = (late.stdout or b"").decode()
        lines = [json.loads(line) for line in done.splitlines() if line.startswith("{") and line.endswith("}")]
        answers |= {line["path"]: line for line in lines}
        last = max((rest.index(line["path"]) for line in lines), default=-1)
        rest = rest[last + 2:]
    return answers
