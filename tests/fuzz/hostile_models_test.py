"""Every hostile model file is refused with its reason: no crash, no code run, at most 2 x file + 64 MB of memory and 5 s of time."""
import os
import resource
import subprocess
import tempfile

from forge import archive, model, records, zip64_end, zip_end
from hostile_archives import all_archives
from hostile_pickles import all_pickles
from harness import BIN


def run(path, *form):
    """Exit status, stderr, peak memory in bytes and CPU seconds of our reader; `form` as dump_state_dict takes it."""
    space = 2 * os.path.getsize(path) + (512 << 20)   # a runaway allocation fails; the bound itself is asserted on the resident set

    def limits():
        resource.setrlimit(resource.RLIMIT_AS, (space, space))
        resource.setrlimit(resource.RLIMIT_CPU, (6, 6))

    process = subprocess.Popen([BIN / "dump_state_dict", "check", path, *form], stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=limits)
    peak, said = process.stdout.read(), process.stderr.read()   # both short
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, said.decode(), int(peak or 0) * 1024, usage.ru_utime + usage.ru_stime


def faults(content, path, reason, *form):
    """What is wrong with how our reader takes `content`; and what it cost beyond the file."""
    with open(path, "wb") as file:
        file.write(content)
    status, said, memory, seconds = run(path, *form)
    found = []
    if status != 3 or not said.strip() or (reason is not None and said != reason + "\n"):
        found.append(f"exit {status}, {said.strip()!r}, not {reason!r}")
    if memory > 2 * len(content) + (64 << 20):
        found.append(f"{memory >> 20} MB of memory for {len(content) >> 20} MB of file")
    if seconds > 5:
        found.append(f"{seconds:.1f} s")
    return found, memory - 2 * len(content), seconds


def test_hostile_models_are_refused():
    with tempfile.TemporaryDirectory() as folder:
        canary, path = os.path.join(folder, "canary"), os.path.join(folder, "model")
        for good in (model(), archive(records(), end=lambda n, s, b: zip64_end(n, s, b) + zip_end(n, s, b))):
            found, _, _ = faults(good, path, None)
            assert found == ["exit 0, '', not None"], found   # else all that follows would be refused for the wrong reason
        results = [(f"data.pkl: {name}", *faults(model(content), path, reason)) for name, content, reason in all_pickles(canary)]
        results += [(name, *faults(content, path, reason)) for name, content, reason in all_archives(canary)]
        assert not os.path.exists(canary), "a hostile file ran a command"
    bad = [f"{name}: {fault}" for name, found, _, _ in results for fault in found]
    print(f"{len(results)} hostile files, {len(bad)} faults; slowest {max(seconds for *_, seconds in results):.2f} s, "
          f"most memory beyond 2 x file {max(memory for *_, memory, _ in results) >> 20} MB")
    assert not bad, "\n" + "\n".join(bad)
