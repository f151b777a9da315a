"""Outputs are reserved and room is asked for before the work begins: what is to fail at the end fails in the first second."""
import os
import signal
import socket
import subprocess
import time

import pytest
from harness import BIN, class_folders, command, torchport


@pytest.fixture(scope="module")
def inputs(shared):
    """An untrained model `m` and images `t`."""
    torchport("run", "resnet", "--model_name=resnet18", "--pretrained=False", "--untrained_model_path=m", "--run-dir=rm", cwd=shared)
    class_folders(shared / "photos")
    torchport("run", "convert_to_image_directory", "--input_path=photos", "--output_path=t", "--run-dir=rt", cwd=shared)
    return shared


def training(inputs, out, run_dir, epochs):
    return ["run", "train_pytorch_model", f"--untrained-model-path={inputs}/m", f"--train-data-path={inputs}/t", f"--valid-data-path={inputs}/t",
            f"--trained-model-path={out}", "--batch-size=8", f"--epochs={epochs}", f"--run-dir={run_dir}"]


def until(condition, process):
    """Waits for what `process` is about to do."""
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        try:
            raise AssertionError(f"it ended with {process.wait(0.02)}")
        except subprocess.TimeoutExpired:
            pass


def test_two_trainings_with_one_output(inputs, work):
    out = work / "new/out"
    first = subprocess.Popen([BIN / "torchport", *training(inputs, out, work / "r1", 100_000)], stdout=subprocess.DEVNULL)
    try:
        log = work / "r1/logs/70_driver_log_0"
        until(lambda: log.exists() and "Epoch 1," in log.read_text(), first)
        second = torchport(*training(inputs, out, work / "r2", 1), status=2)
        said = (f"error[AlreadyExistsError] train_pytorch_model: the output '{out}' is being made by another run: process {first.pid} on "
                f"{socket.gethostname()}\n  hint   Wait for its end or give another path.\n")
        assert second.stderr.startswith(said), second.stderr
        assert "Epoch" not in second.stdout, second.stdout
        checked = torchport("validate", *training(inputs, out, work / "r3", 1)[1:], status=2)
        assert checked.stderr.startswith(said), checked.stderr
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert sorted(path.name for path in out.parent.iterdir()) == [".torchport-out.lock"]
    torchport(*training(inputs, out, work / "r4", 1))
    assert [path.name for path in out.parent.iterdir()] == ["out"]
    assert (out / "_meta.yaml").exists()


def test_outputs_inside_inputs(inputs, work):
    (work / "link").symlink_to(inputs / "t")
    for out in (f"{inputs}/t/model", f"{work}/link/model", f"{work}/link/new/model"):
        refused = torchport(*training(inputs, out, work / "r", 1), status=2)
        assert (f"error[InvalidPathForDirectoryCreationError] train_pytorch_model: the output '{out}' would lie inside the training dataset "
                f"'{inputs}/t'\n") in refused.stderr, refused.stderr
    refused = torchport("run", "convert_to_image_directory", f"--input_path={inputs}/photos", f"--output_path={inputs}/photos/out",
                        f"--run-dir={work}/r", status=2)
    assert "would lie inside" in refused.stderr, refused.stderr
    assert sorted(path.name for path in (inputs / "photos").iterdir()) == ["circle", "square"]


def test_modes(inputs, work):
    """Files have the modes that the user's umask leaves."""
    for mask in (0o022, 0o027, 0o077):
        out = work / f"out{mask:o}"
        words = [BIN / "torchport", "run", "convert_to_image_directory", f"--input_path={inputs}/photos", f"--output_path={out}", f"--run-dir={out}-run"]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, preexec_fn=lambda mask=mask: os.umask(mask) and None)
        for top in (out, work / f"{out}-run"):
            for path in (top, *top.rglob("*")):
                wanted = (0o777 if path.is_dir() else 0o666) & ~mask
                assert path.stat().st_mode & 0o777 == wanted, f"{path}: {path.stat().st_mode:o}, not {wanted:o}"


def test_killed_split(inputs, work):
    """Killed at each of its renamings, Split runs through the next time and makes the same."""
    if not os.path.exists("/usr/bin/strace"):
        pytest.skip("strace is not installed")

    def words(folder):
        return ["run", "split_image_directory", f"--src_path={inputs}/t", f"--tgt_train_path={folder}/a", f"--tgt_test_path={folder}/b",
                "--fraction=0.5", f"--run-dir={folder}/r"]

    torchport(*words(work / "whole"))
    wanted = (work / "whole/a/images.lst").read_bytes(), (work / "whole/b/images.lst").read_bytes()
    kinds = set()   # whether each output was there when it was killed
    for call in ("renameat2", "fsync"):
        for number in range(1, 6):
            folder = work / f"{call}{number}"
            command("strace", "-f", "-o", os.devnull, "-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={number}", BIN / "torchport",
                    *words(folder), status=None, timeout=120)
            kinds.add(((folder / "a").exists(), (folder / "b").exists()))
            if not (folder / "b").exists():
                torchport(*words(folder))
            assert ((folder / "a/images.lst").read_bytes(), (folder / "b/images.lst").read_bytes()) == wanted
            left = [path.name for path in folder.iterdir() if path.name.startswith(".torchport") and not path.name.endswith(".lock")]
            assert not left, left
    assert kinds >= {(False, False), (True, False)}, kinds


def on_small_disk(work, options):
    """A tmpfs of its own, or a skip with the reason."""
    disk = work / "disk"
    disk.mkdir()
    made = command("mount", "-t", "tmpfs", "-o", options, "tmpfs", disk, status=None)
    if made.returncode != 0:
        pytest.skip(f"no tmpfs can be mounted here: {made.stderr.strip()}")
    return disk


def test_full_disk_before_the_first_epoch(inputs, work):
    for options, said in (("size=4m", "has no room for the trained model: "), ("nr_inodes=6", "has no room for 8 more files and folders: ")):
        disk = on_small_disk(work, options)
        try:
            refused = torchport(*training(inputs, disk / "out", work / "r", 1), status=11)
            assert f"error[ModuleOutOfMemoryError] train_pytorch_model: '{disk}' {said}" in refused.stderr, refused.stderr
            assert "Epoch" not in refused.stdout, refused.stdout
            assert not list(disk.iterdir())
        finally:
            command("umount", disk)
            disk.rmdir()
