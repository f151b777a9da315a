"""How a run of one process leaves its record, however it ends: stopped, refused, without room for a record, or mistaken for a rank."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess

import pytest

from harness import AS_ROOT, BIN, class_folders, command, mpirun, torchport

SEE = "torchport explain NAME says more about an error.\n"
CANARY = "canary-51c9"


@pytest.fixture(scope="module")
def inputs(shared):
    """An untrained model and images to train it on."""
    torchport("run", "resnet", "--model_name=resnet18", "--pretrained=False", "--untrained_model_path", shared / "m", cwd=shared)
    class_folders(shared / "in")
    return shared


def train_flags(inputs, work, *more):
    return ["run", "train_pytorch_model", "--untrained-model-path", inputs / "m", "--train-data-path", inputs / "in", "--valid-data-path",
            inputs / "in", "--trained-model-path", work / "out", "--batch-size=4", *more]


def exception(run_dir):
    return json.loads((run_dir / "module_statistics/error_info.json").read_text())["Exception"]


def last_line(path):
    return pathlib.Path(path).read_text().splitlines()[-1]


def started(inputs, work, **options):
    """A long training that has come to its first step, and that keeps nothing to go on from: a signal ends it where it is."""
    words = [BIN / "torchport", *train_flags(inputs, work, "--epochs=1000", "--patience=1000", "--checkpoints=False", "--run-dir", work / "run")]
    run = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    for line in run.stdout:
        if "First step done" in line:
            return run
    raise AssertionError(run.communicate())


def is_stopped(work, number):
    cause = f"the run was stopped by signal {number}"
    assert re.match(r"FATAL code=FailedToCompleteOperationError/0039 rank=0 step=\d+\.\d+ ", last_line(work / "run/logs/70_driver_log_0"))
    assert f'cause="{cause}"' in last_line(work / "run/logs/70_driver_log_0")
    assert exception(work / "run")["Message"].startswith(f"FailedToCompleteOperation: {cause}. ")
    record = json.loads((work / "run/run.json").read_text())
    assert (record["state"], record["exit_status"], record["precision"]) == ("stopped", 128 + number, "float32")
    for line in (work / "run/metrics.jsonl").read_text().splitlines():
        json.loads(line)
    assert not (work / "out").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_stopped(inputs, work, number):
    run = started(inputs, work)
    run.send_signal(number)
    text, errors = run.communicate(timeout=60)
    assert run.returncode == -number, errors
    assert f"WARNING    |   the run was stopped by signal {int(number)}." in text, text
    is_stopped(work, int(number))


def test_ignored(inputs, work):
    """nohup: the terminal goes, the run stays."""
    run = started(inputs, work, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    run.send_signal(signal.SIGHUP)
    for line in run.stdout:
        if "Epoch 2," in line:
            break
    run.terminate()
    run.communicate(timeout=60)
    assert run.returncode == -signal.SIGTERM
    is_stopped(work, 15)


def test_refused(inputs, work):
    """A record where a place for it was named or several processes were asked for; else no folder is made."""
    wrong = ["--epochs=0"], ["--train-data-path", work / "absent"]
    for index, flags in enumerate(wrong):
        rest = [word for word in train_flags(inputs, work) if word not in ("--train-data-path", inputs / "in")] if index else train_flags(inputs, work)
        if index:
            rest = ["run", "train_pytorch_model", "--untrained-model-path", inputs / "m", "--valid-data-path", inputs / "in",
                    "--trained-model-path", work / "out", "--batch-size=4"]
        status = 5 if index else 2
        done = torchport(*rest, *flags, status=status, cwd=work)
        assert os.listdir(work) == [], "a refused request made a folder"
        for more in (["--run-dir", work / "run"], ["--process-count-per-node=2", *AS_ROOT]):
            again = torchport(*rest, *flags, *more, status=status, cwd=work)
            assert again.stderr == done.stderr, again.stderr
            folder = work / "run" if "--run-dir" in more else work / "runs/train_pytorch_model-1"
            log = (folder / "logs/70_mpi_log").read_text()
            cause = done.stderr.split(": ", 1)[1].splitlines()[0]
            assert log.splitlines()[-1] == f'RESULT exit={status} first_rank=- cause="{cause}" checkpoint=none', log
            assert log.splitlines()[-2].startswith("FATAL code=") and f'cause="{cause}"' in log.splitlines()[-2], log
            assert cause in exception(folder)["Message"]
            command("rm", "-rf", folder, work / "runs")
    done = torchport(*train_flags(inputs, work), "--batch-size=9", status=2, cwd=work)   # given twice: a fault of the words alone
    assert "--batch-size is given twice" in done.stderr and os.listdir(work) == []


def test_all_refusals_together(inputs, work):
    """The share of a process and the number of processes are told in one go, by run and by validate alike."""
    processes = len(os.sched_getaffinity(0)) + 1
    for first in ("run", "validate"):
        flags = [*train_flags(inputs, work)[1:-1], "--batch-size=16", "--process-count-per-node", processes, *AS_ROOT]
        done = torchport(first, *flags, status=2, cwd=work)
        assert "--batch-size is 16, but must be at most " in done.stderr and "processing units" in done.stderr, done.stderr
        assert done.stderr.count("error[") == 2, done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="not root")
def test_validate_as_root(inputs, work):
    done = torchport("validate", *train_flags(inputs, work)[1:], "--process-count-per-node=2", status=2, cwd=work)
    assert "mpirun does not run as root unless told to" in done.stderr, done.stderr


def test_no_room_for_the_record(work):
    """Files may have 2 KB: images and index fit, run.json does not. What was made is whole, so the run is."""
    class_folders(work / "in", each=2, size=4)
    long = work / ("o" * 200) / ("p" * 200)   # stands in run.json, four times
    long.mkdir(parents=True)
    done = command("bash", "-c", 'ulimit -f 2; exec "$@"', "bash", BIN / "torchport", "run", "convert_to_image_directory", "--input_path",
                   work / "in", "--output_path", long / "out", "--run-dir", long / "run")
    assert re.search(r" WARNING .*run\.json[^']*' could not be written: File too large", done.stdout), done.stdout
    assert (long / "out/_meta.yaml").exists()


def test_another_launcher(inputs, work):
    """MPICH, Intel MPI and torchrun start processes of which Open MPI knows nothing: each would train alone, into one output."""
    text = "error[FailedToCompleteOperationError] train_pytorch_model: the launcher started 4 processes, but MPI knows of 1\n"
    for variables in ({"PMI_RANK": "0", "PMI_SIZE": "4"}, {"RANK": "0", "WORLD_SIZE": "4", "LOCAL_RANK": "0"}):
        done = torchport(*train_flags(inputs, work, "--run-dir", work / "run"), env=variables, status=2)
        assert done.stderr.startswith(text) and "mpirun -np 4 torchport run" in done.stderr and done.stderr.endswith(SEE), done.stderr
        assert last_line(work / "run/logs/70_mpi_log").startswith("RESULT exit=2 first_rank=- ")
        assert exception(work / "run")["ErrorCode"] == 39
        assert not (work / "out").exists()
    done = torchport(*train_flags(inputs, work), env={"PMI_RANK": "2", "PMI_SIZE": "4"}, status=2, cwd=work)
    assert done.stderr.startswith(text) and os.listdir(work) == ["run"], "only the first of them keeps a record"


def test_other_counts_than_the_launcher(inputs, work):
    """Under mpirun its number of processes counts; another one would be recorded, and not be so."""
    for flag, value, found in (("process-count-per-node", 4, 2), ("node-count", 2, 1)):
        done = mpirun(2, *train_flags(inputs, work, f"--{flag}={value}", "--run-dir", work / "run"), status=2)
        assert done.stderr.count(f"--{flag} is {value}, but the launcher made it {found}, of 2 processes in all\n") == 1, done.stderr
    mpirun(2, *train_flags(inputs, work, "--process-count-per-node=2", "--epochs=1", "--run-dir", work / "run"))


def test_an_exported_run_folder(inputs, work):
    """TORCHPORT_RUN_DIR of a user is a run folder like any other, and --run-dir goes before it."""
    for more in ([], ["--run-dir", work / "run"]):
        for _ in range(2):
            torchport(*train_flags(inputs, work, "--epochs=1", *more), env={"TORCHPORT_RUN_DIR": str(work / "exported")})
            command("rm", "-r", work / "out")
    for folder in (work / "exported", work / "run"):
        assert sorted(path.name for path in (folder / "logs").iterdir()) == ["70_driver_log_0", "70_driver_log_0.1"], folder
        assert (folder / "metrics.jsonl").exists() and (folder / "metrics.jsonl.1").exists()


def test_secrets(work):
    """Whatever an address carries besides a place reaches no log, record or terminal."""
    shown = ""
    for more, env in ((["--pretrained=True", "--download_timeout=1"], {"TORCHPORT_WEIGHTS_URL": f"http://u:{CANARY}@127.0.0.1:1/?sig={CANARY}&"}),
                      (["--pretrained=False", "--weights", f"https://u:{CANARY}@host/x.pth?token={CANARY}"], {}),
                      ([f"http://u:{CANARY}@h/"], {}), ([f"--pretained=http://h?X-Amz-Signature={CANARY}"], {})):
        done = torchport("run", "resnet", "--model_name=resnet18", "--untrained_model_path", work / "m", "--run-dir", work / "run", *more,
                         env={"TORCH_HOME": str(work / "none"), **env}, status=None)
        assert done.returncode not in (0, 70), done.stderr
        shown += done.stdout + done.stderr
    assert CANARY not in shown, shown
    assert "***" in shown
    files = [path for path in (work / "run").rglob("*") if path.is_file()]
    assert len(files) > 5
    for path in files:
        assert CANARY not in path.read_text(), f"{path} holds a secret"


def test_deleted_folder(work):
    done = command("bash", "-c", 'mkdir gone; cd gone; rmdir ../gone; exec "$@"', "bash", BIN / "torchport", "run",
                   "convert_to_image_directory", "--input_path", work, "--output_path", work / "out", cwd=work, status=2)
    assert "error[CouldNotOpenFileError] convert_to_image_directory: the current folder cannot be used: No such file or directory\n" \
        in done.stderr, done.stderr


def test_a_library_that_may_not_be_read(work):
    """A build in somebody's home: its programs run as another user, but LibTorch is theirs alone."""
    for folder in ("bin", "lib", "here"):
        (work / folder).mkdir()
    for program in ("torchport", "torchport-worker"):
        shutil.copy(BIN / program, work / "bin")
    library = work / "lib/libtorch_cpu.so"
    library.touch(mode=0)
    os.chmod(work, 0o755)
    os.chmod(work / "here", 0o777)
    other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    run = command(*other, work / "bin/torchport", "run", "init_image_transformation", "--output_path=t", "--run-dir=run", cwd=work / "here", status=2)
    assert run.stderr == (f"error[CouldNotOpenFileError] init_image_transformation: '{work}/bin/../lib/libtorch_cpu.so', a library that torchport runs "
                          "with, cannot be read: Permission denied\n  hint   Let this user read it and enter the folders above it, or install torchport "
                          f"where it may: cmake --install takes the libraries along.\n{SEE}"), run.stderr
    assert exception(work / "here/run")["ErrorCode"] == 48
    assert not (work / "here/t").exists()


def test_a_worker_that_was_linked_elsewhere(work):
    """One of a project of its own, on a machine where the folder of the build may not be entered: only its own loader knows what it lacks."""
    built = re.search(r"^LibTorch_CPU_LIBRARY:[A-Z]+=(.+)$", (BIN.parent / "CMakeCache.txt").read_text(), re.M)[1]
    other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    if os.geteuid() != 0 or subprocess.run([*other, "test", "-r", built]).returncode == 0:
        pytest.skip("LibTorch lies in a folder that all may read")
    (work / "bin").mkdir()
    shutil.copy(BIN / "torchport", work / "bin")
    shutil.copy("/bin/true", work / "bin/torchport-worker")
    (work / "here").mkdir()
    os.chmod(work, 0o755)
    os.chmod(work / "here", 0o777)
    run = command(*other, work / "bin/torchport", "run", "init_image_transformation", "--output_path=t", "--run-dir=run", cwd=work / "here")
    assert "cannot be read" not in run.stderr
