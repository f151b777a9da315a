"""Rows F: disks that are full, broken, interrupted, read-only, and what is written to them before a crash. F4 is component.checkpoint_test."""
import collections
import contextlib
import json
import os
import re
import shutil
import subprocess

import pytest

from checkpoints import checkpoints, same, train, whole
from ending import UNTRAINED, ended
from harness import BIN, command

PRELOAD = BIN / "torchport-faulty-calls.so"
PRINTED = "Epoch"   # what a training says of its first step and epoch


@contextlib.contextmanager
def disk(work, options):
    """A file system of its own."""
    folder = work / "disk"
    folder.mkdir()
    command("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder)
    try:
        yield folder
    finally:
        command("umount", "--lazy", folder)


def strace(calls, *inject, output="/dev/null", paths=()):
    return ["strace", "-f", "-qq", "-y", *([] if paths else ["--seccomp-bpf"]), "-o", output, *(word for path in paths for word in ("-P", path)),
            "-e", f"trace={calls}", *(word for one in inject for word in ("-e", f"inject={one}"))]


def network(start, work, name="a", **how):
    """`torchport run resnet`, which writes a model as training does, in a second."""
    folder = work / name
    folder.mkdir()
    words = [BIN / "torchport", "run", "resnet", "--model_name=resnet18", "--pretrained=False", "--untrained_model_path", folder / "m", "--run-dir",
             folder / "run"]
    return start(work=folder, ranks=1, out=folder / "m", run=folder / "run", command=words, **how)


@pytest.fixture(scope="module")
def never_stopped(inputs):
    train(inputs, inputs / "whole", inputs / "whole-run", "--checkpoints=False")
    return inputs


@pytest.fixture(scope="module")
def stopped(inputs):
    """The run folder of one that was stopped between two checkpoints in its second epoch. Not to be changed."""
    train(inputs, inputs / "stopped", inputs / "stopped-run", "--stop-at=2.2", status=75)
    assert whole(inputs / "stopped-run") == 2
    return inputs / "stopped-run"


def test_f1_output(start, work):
    """The trained model would not fit: said before the first epoch."""
    with disk(work, "size=4m") as folder:
        job = ended(start(ranks=1, out=folder / "out"), 11, 0, f"'{folder}' has no room for the trained model: .*", also=["disk?"], failures=[0])
        assert PRINTED not in job.text("stdout"), job.text("stdout")


def test_f1_checkpoint(start, never_stopped, work):
    """No checkpoint fits: a warning, and the training ends well. One fits: it stays, and is what there is to go on from."""
    for name, options, flags, status in (("none", "size=100m", (), 0), ("one", "size=200m", ("--stop-at=3.0",), 75)):
        (work / name).mkdir()
        with disk(work / name, options) as folder:
            job = start(*flags, work=work / name, ranks=1, run=folder / "run")
            if status == 0:
                ended(job, 0, out=True, also=["disk?"], saved=0)
                same(job.out, job.run, never_stopped / "whole", never_stopped / "whole-run")
            else:
                ended(job, 75, 0, "the training stands at 3.0, where it was to stop, and is saved as of 2.0", also=["disk?"], saved=1, failures=[0], state="stopped")
            assert "is not there: '" in job.text("stdout") and "No space left on device" in job.text("stdout"), job.text("stdout")


def test_f1_model(start, work):
    """The disk is full in the midst of a model."""
    ended(network(start, work, before=strace("write", "write:error=ENOSPC:when=100")), 11, 0, "'.*/model' could not be written: No space left on device",
          failures=[0])


@pytest.mark.parametrize("call, error, when", [("fsync", "EIO", 1), ("fsync", "EIO", 4), ("fsync", "EIO", 5), ("fsync", "EDQUOT", 7), ("write", "EIO", 100),
                                              ("write", "EDQUOT", 200), ("renameat2", "EDQUOT", 1), ("renameat2", "EIO", 1), ("rename", "EIO", 1), ("mkdir", "EIO", 4)])
def test_f2_output(start, work, call, error, when):
    """Writing, flushing, renaming or making a folder fails: no output and exit 11; of the run's record it is a warning."""
    trace = work / "trace"
    job = network(start, work, before=strace(call, f"{call}:error={error}:when={when}", output=trace)).wait()
    hit = next(line for line in trace.read_text().splitlines() if "INJECTED" in line)
    if "run.json" in hit:
        ended(job, 0, out=UNTRAINED)
        assert re.search(r"WARNING .*run\.json.* could not be written: ", job.log(0)), job.log(0)
    else:
        ended(job, 11, 0, f".*: {os.strerror(getattr(__import__('errno'), error))}.*", failures=[0])


def test_f2_checkpoint(start, work):
    """A checkpoint cannot be flushed: a warning, and the one before stays."""
    making = work / "run/checkpoints/.making"
    job = start("--stop-at=3.0", ranks=1, before=strace("fsync", "fsync:error=EIO:when=2", paths=[making / "state.safetensors"]))
    ended(job, 75, 0, "the training stands at 3.0, where it was to stop, and is saved as of 2.0", saved=1, failures=[0], state="stopped")
    assert re.search(r"WARNING .*The checkpoint 3\.0 is not there: '.*' could not be written: Input/output error\. The last one is 2\.0\.", job.text("stdout")), \
        job.text("stdout")


def test_f3(start, never_stopped, work):
    """Calls that are interrupted or take only a part: the same bytes."""
    trace, inputs = work / "trace", [never_stopped / "m/model", *sorted((never_stopped / "in").glob("*/*"))]
    for name, how in (("reading", {"before": strace("read", "read:error=EINTR:when=1+3", output=trace, paths=inputs)}),
                      ("writing", {"before": strace("write", "write:error=EINTR:when=2+3")}),
                      ("short", {"env": {"LD_PRELOAD": str(PRELOAD), "FAULT_WRITE": "4093"}})):
        (work / name).mkdir()
        job = ended(start(work=work / name, ranks=1, **how), 0, out=True)
        same(job.out, job.run, never_stopped / "whole", never_stopped / "whole-run")
    assert len(re.findall(rf"read\(\d+<{never_stopped}/.*INJECTED", trace.read_text())) > 5, "reading was not interrupted"


def calls(trace):
    """(thread, begin, end, name, path of the first descriptor or name, second name) of each call in a trace of `strace -ff -ttt -T -y`."""
    found = []
    for file in trace.parent.glob(trace.name + ".*"):
        for line in file.read_text().splitlines():
            if match := re.match(r"(\d+\.\d+) (\w+)\((.*)\) += 0(?:<.*>)? <([\d.]+)>$", line) or re.match(r"(\d+\.\d+) (write)\((.*)\) += \d+ <([\d.]+)>$", line):
                begin, name, words, took = match.groups()
                names = re.findall(r'"([^"]*)"', words) if name.startswith("rename") else re.findall(r"^\d+<(.*?)>", words)
                found.append((float(begin), float(begin) + float(took), name, *names[:2]))
    return sorted(found)


def test_f5(start, work):
    """What becomes visible was flushed: each file, then its folder, then the rename, then the folder around it."""
    trace = work / "traces/t"
    trace.parent.mkdir()
    traced = ["strace", "-ff", "-ttt", "-T", "-y", "-qq", "-s", "0", "--seccomp-bpf", "-o", trace, "-e",
              "trace=write,fsync,fdatasync,rename,renameat,renameat2"]
    ended(start("--stop-at=2.0", ranks=1, before=traced), 75, 0, "the training stands at 2.0, where it was to stop, and is saved", failures=[0], saved=1,
          state="stopped", also=["traces?"])
    ended(start("--epochs=4", ranks=1, before=traced), 0, out=True, also=["traces?", r".*\.1?"])
    all_calls = calls(trace)
    published = collections.Counter()
    for begin, end, name, *names in all_calls:
        moved = not name.startswith("rename") or names[0].endswith(".1") or names[1].endswith((".gone", ".1"))   # what goes, what an earlier run left
        if moved or names[1].endswith("progress.json"):   # which is worth nothing after a crash
            continue
        source, target = (os.path.join(os.getcwd(), one) if not one.startswith("/") else one for one in names)
        written = {other[3]: other[1] for other in all_calls if other[2] == "write" and other[1] < begin and (other[3] == source or other[3].startswith(source + "/"))}
        assert written, f"nothing was written to {source}"
        flushed = lambda path, after, before: any(other[2] in ("fsync", "fdatasync") and other[3] == path and after <= other[0] and other[1] <= before
                                                  for other in all_calls)
        for path, last in written.items():
            assert flushed(path, last, begin), f"{path} was not flushed before it became {target}"
        if source not in written:
            assert flushed(source, max(written.values()), begin), f"the folder {source} was not flushed before it became {target}"
        assert flushed(os.path.dirname(target), end, float("inf")), f"the folder around {target} was not flushed after it was renamed"
        published[os.path.basename(target) if "checkpoints" not in target else "checkpoint"] += 1
    assert published["out"] == 1 and published["run.json"] >= 4 and published["error_info.json"] == 2 and published["checkpoint"] >= 1, published


def test_f6(start, work):
    """The disk of the logs is full: the training ends well, and what is missing is said."""
    with disk(work, "size=512k") as folder:
        job = start(run=folder / "run").trains(1)
        with contextlib.suppress(OSError):
            with open(folder / "full", "wb", buffering=0) as full:
                while full.write(bytes(4096)):
                    pass
        ended(job, 0, out=True, truncated=True, state="unknown", also=["disk?", "full?", "run.json?", "module_statistics/.*?"])
        assert re.search(r"70_driver_log_0.* (is incomplete|could not be written)", job.text("stderr") + job.text("stdout")), job.text("stderr")


def test_f7_preflight(start, inputs, work):
    """No inodes, a read-only disk, an output that is there: said before the first epoch."""
    for name, options, status, cause in (("inodes", "nr_inodes=6", 11, "has no room for 8 more files and folders: .*"),
                                         ("read", "ro", 11, "cannot be made: Read-only file system"), ("there", "size=1m", 2, "not empty")):
        (work / name).mkdir()
        with disk(work / name, options) as folder:
            if name == "there":
                (folder / "out").mkdir()
                (folder / "out/mine").touch()
            job = start(work=work / name, ranks=1, out=folder / "out")
            ended(job, status, 0, f".*{cause}", also=["disk?", "logs/70_mpi_log?", "logs/70_driver_log_0?", "run.json?", "metrics.jsonl?", "logs/failure_0.json?"], out=["mine"] if name == "there" else False)
            assert PRINTED not in job.text("stdout"), job.text("stdout")


def test_f7_meanwhile(start, work):
    """The output's disk turns read-only while the training goes on, or somebody else makes the output: training is not lost."""
    (work / "ro").mkdir()
    job = ended(start("--stop-at=2.0", "--epochs=2", work=work / "ro", ranks=1), 75, 0, "the training stands at 2.0, where it was to stop, and is saved", failures=[0], saved=1,
                state="stopped")
    job = start("--epochs=2", work=work / "ro", ranks=1, before=strace("renameat2,rename", "renameat2:error=EROFS"))
    ended(job, 11, 0, ".*Read-only file system.*", failures=[0], also=[r".*\.1?"])
    assert checkpoints(job.run)
    again = ended(start("--epochs=2", work=work / "ro", ranks=1), 0, out=True, also=[r".*\.[12]?"])
    assert "Going on from the checkpoint" in again.text("stdout")
    (work / "made").mkdir()
    job = start("--epochs=2", "--checkpoints=False", work=work / "made", ranks=1)
    job.says("First step done")
    job.out.mkdir()
    (job.out / "mine").touch()
    ended(job, 2, 0, ".*", failures=[0], out=["mine"], also=[r"out.*?", r"\.torchport-out.*?"])


def damage(kind, folder):
    """A checkpoint's files are changed, never in place: others have links to them."""
    tensors, numbers, sums = (folder / name for name in ("state.safetensors", "state.json", "SHA256SUMS"))
    if kind == "flipped":
        bytes_ = bytearray(tensors.read_bytes())
        bytes_[len(bytes_) // 2] ^= 16
        tensors.unlink()
        tensors.write_bytes(bytes_)
    if kind == "cut":
        half = tensors.read_bytes()[:-1000]
        tensors.unlink()
        tensors.write_bytes(half)
    if kind == "zeros":
        size = numbers.stat().st_size
        numbers.unlink()
        numbers.write_bytes(bytes(size))
    if kind == "lost":
        tensors.unlink()
    if kind == "newer":
        newer = {**json.loads(numbers.read_text()), "format": 99}
        numbers.unlink()
        numbers.write_text(json.dumps(newer))
        made = subprocess.run(["sha256sum", tensors.name, numbers.name], cwd=folder, check=True, capture_output=True, text=True).stdout
        sums.unlink()
        sums.write_text(made)


@pytest.mark.parametrize("kind", ["flipped", "cut", "zeros", "lost", "newer"])
def test_f8(start, never_stopped, stopped, work, kind):
    """The last checkpoint is damaged: a warning names it, and the training goes on from the one before to the same bits."""
    shutil.copytree(stopped, work / "run", copy_function=os.link)
    last, before = checkpoints(work / "run")
    damage(kind, last)
    whole_way = kind == "flipped"
    job = start(*[] if whole_way else ["--stop-at=2.1"], ranks=1)
    also = [r".*\.1?", "checkpoints/2.2.unused/.*?"]
    if whole_way:
        ended(job, 0, out=True, also=also)
        same(job.out, job.run, never_stopped / "whole", never_stopped / "whole-run")
    else:
        ended(job, 75, 0, "the training stands at 2.1, where it was to stop, and is saved", also=also, failures=[0], saved=2, state="stopped")
    assert re.search(rf"WARNING .*The checkpoint '{last}' cannot be used: .*\. Trying the one before\.", job.text("stdout")), job.text("stdout")
    assert f"Going on from the checkpoint '{before}'" in job.text("stdout")


def test_f8_none(start, stopped, work):
    """No checkpoint is whole: exit 11, never a fresh start."""
    shutil.copytree(stopped, work / "run", copy_function=os.link)
    for folder in checkpoints(work / "run"):
        damage("cut", folder)
    job = start(ranks=1).wait()
    assert job.status == 11 and PRINTED + ":" not in job.text("stdout") and len(checkpoints(job.run)) == 2, job.text("stdout")
    assert re.search(r'^FATAL code=\S+ rank=0 step=\S+ cause="no checkpoint can be used, at last ', job.log(0), re.M), job.log(0)
    assert not job.out.exists()
