"""torchport as a launcher: what it refuses, and the RESULT line of 70_mpi_log for each way in which ranks end."""
import json
import os
import pathlib
import re
import select
import signal
import subprocess
import tempfile

import pytest

from harness import AS_ROOT, BIN, command

UNITS = len(os.sched_getaffinity(0))
LOST = "TimeoutOccuredError"
pytestmark = pytest.mark.skipif(UNITS < 2, reason="the launcher needs two processing units")


def launch(folder, fault="", status=0, flags=(), worker=BIN / "faulty_rank", processes=2, env=()):
    """Runs two faulty ranks; returns the process, and the text of 70_mpi_log."""
    run_dir = pathlib.Path(folder) / "run"
    done = command(BIN / "launch_faulty", worker, "--run-dir", run_dir, "--process-count-per-node", processes, *AS_ROOT, *flags,
                   status=status, env={"FAULT": fault, **dict(env)}, timeout=120)
    return done, (run_dir / "logs/70_mpi_log").read_text()


def see(run_dir, rank=None):
    """The launcher's last word on the terminal."""
    first = f"{run_dir}/logs/70_driver_log_{rank} and " if rank is not None else ""
    return f"See {first}{run_dir}/logs/70_mpi_log; torchport explain {run_dir} sums them up.\n"


def last_line(text):
    assert text.endswith("\n"), text
    return text.splitlines()[-1]


def error_info(folder):
    return json.loads((pathlib.Path(folder) / "run/module_statistics/error_info.json").read_text())["Exception"]


def result(code, rank, cause):
    return f'RESULT exit={code} first_rank={rank} cause="{cause}" checkpoint=none'


def test_refused():
    too_many = UNITS + 1
    with tempfile.TemporaryDirectory() as folder:
        done, log = launch(folder, status=2, processes=too_many)
        block = (f"error[LessThanOrEqualToError] train_pytorch_model: --process-count-per-node is {too_many}, "
                 f"but must be at most {UNITS}, the number of processing units\n"
                 "  hint   Lower --process-count-per-node.\n")
        assert done.stderr == block, done.stderr
        cause = f"--process-count-per-node is {too_many}, but must be at most {UNITS}, the number of processing units"
        assert log == (block + f'FATAL code=LessThanOrEqualToError/0007 rank=- step=- cause="{cause}" path=- '
                       'hint="Lower --process-count-per-node."\n' + result(2, "-", cause) + "\n"), log
        assert os.listdir(pathlib.Path(folder) / "run/logs") == ["70_mpi_log"]
        assert error_info(folder)["ErrorCode"] == 7
    with tempfile.TemporaryDirectory() as folder:
        done, log = launch(folder, status=2, flags=["--node-count=3"])
        cause = "--node-count is 3, but must be at most 1, the number of machines that torchport knows of"
        assert done.stderr == (f"error[LessThanOrEqualToError] train_pytorch_model: {cause}\n  hint   Name a compute that has more: "
                               "--compute NAME. docs/clusters.md tells how to declare one.\n"), done.stderr
        assert last_line(log) == result(2, "-", cause), log


@pytest.mark.skipif(os.geteuid() != 0, reason="not root")
def test_refused_as_root():
    with tempfile.TemporaryDirectory() as folder:
        flags = ["--run-dir", folder + "/run", "--process-count-per-node=2"]
        leave = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
        for missing in leave:   # both are needed, as mpirun itself wants it
            env = {**os.environ, **leave}
            del env[missing]
            done = subprocess.run([BIN / "launch_faulty", BIN / "faulty_rank", *flags], env=env, capture_output=True, text=True)
            assert done.returncode == 2, done
            assert done.stderr == ("error[FailedToCompleteOperationError] train_pytorch_model: mpirun does not run as root unless told "
                                   "to\n  hint   Add --allow-run-as-root, or run as another user.\n"), done.stderr
        command(BIN / "launch_faulty", BIN / "faulty_rank", *flags, env=leave)


def test_chosen_engine():
    """--engine: local has one process only, mpirun starts a single one as well, and a rank of a launcher starts none."""
    with tempfile.TemporaryDirectory() as folder:
        run = [BIN / "launch_faulty", BIN / "faulty_rank", "--run-dir", folder + "/run", *AS_ROOT]
        done = command(*run, "--engine=local", "--process-count-per-node=2", status=2)
        assert done.stderr == ("error[LessThanOrEqualToError] train_pytorch_model: --process-count-per-node is 2, but must be at most 1 "
                               "with --engine local, which starts no process beside this one\n"
                               "  hint   Give --engine mpirun, or leave --engine out.\n"), done.stderr
        assert last_line((pathlib.Path(folder) / "run/logs/70_mpi_log").read_text()).startswith("RESULT exit=2 first_rank=- ")
        done = command(*run, "--engine=mpirun", status=2, env={"PMIX_RANK": "0"})
        assert done.stderr == ("error[FailedToCompleteOperationError] train_pytorch_model: --engine mpirun would start processes, but this is "
                               "a process of a launcher already\n"
                               "  hint   Leave --engine out, or start torchport without the launcher.\n"), done.stderr
        assert (pathlib.Path(folder) / "run/logs/70_mpi_log.1").exists()
        command(*run, "--engine=mpirun")
        assert last_line((pathlib.Path(folder) / "run/logs/70_mpi_log").read_text()) == result(0, "-", "ok")
        assert "rank 0\n" in (pathlib.Path(folder) / "run/logs/70_driver_log_0").read_text()


def test_endings():
    """fault, exit status, first rank, cause, and what the launcher adds on standard error"""
    for fault, status, rank, cause, shown in [
            ("", 0, "-", "ok", ""),
            ("agreed", 5, 1, "the dataset of rank 1 holds no image", ""),
            ("alone", 12, 1, 'not enough memory: a \\"test\\"', ""),
            ("alone, then stuck", 13, 1, 'not enough memory: a \\"test\\"', ""),
            ("killed", 13, 1, "process 1 was ended by signal 9",
             f"error[{LOST}] train_pytorch_model: process 1 was ended by signal 9\n"
             "  hint   The system may have been out of memory: lower --batch-size, or use fewer processes.\n"),
            ("aborted", 13, 1, "process 1 was ended by signal 6",
             f"error[{LOST}] train_pytorch_model: process 1 was ended by signal 6\n  hint   Look at the end of its driver log.\n"),
            ("quiet", 13, 1, "process 1 ended with status 5 without a word",
             f"error[{LOST}] train_pytorch_model: process 1 ended with status 5 without a word\n"
             "  hint   Look at the end of its driver log and of 70_mpi_log.\n"),
            ("as if all were well", 13, 1, "process 1 ended without a word",
             f"error[{LOST}] train_pytorch_model: process 1 ended without a word\n"
             "  hint   Look at the end of the driver log of process 1 and of 70_mpi_log.\n"),
            ("full", 11, "-", "a process could not write its outputs and had no room to say which",
             "error[FailedToWriteOutputsError] train_pytorch_model: a process could not write its outputs and had no room to say which\n")]:
        with tempfile.TemporaryDirectory() as folder:
            done, log = launch(folder, fault, status, ["--comm-timeout=6"] if fault == "alone, then stuck" else [])
            assert last_line(log) == result(status, rank, cause), log
            assert shown in done.stderr, done.stderr
            last = see(folder + "/run", None if rank == "-" else rank) if status else ""
            assert done.stderr.endswith(last) and "----" not in done.stderr, "mpirun has the last word"
            assert all(line in log for line in done.stderr.removesuffix(last).splitlines()), "70_mpi_log lacks what was shown"
            if status:
                assert error_info(folder)["Message"].count(cause.replace('\\"', '"')), error_info(folder)
                assert f'cause="{cause}"' in log.splitlines()[-2] and log.splitlines()[-2].startswith("FATAL "), log
            assert not done.stdout, done.stdout
            logs = sorted(os.listdir(pathlib.Path(folder) / "run/logs"))
            failed = {"agreed": [0, 1], "alone": [1], "alone, then stuck": [0, 1]}.get(fault, [])
            assert logs == ["70_driver_log_0", "70_driver_log_1", "70_mpi_log", *(f"failure_{one}.json" for one in failed)], logs


def test_no_room_for_temporary_files():
    """Ranks meet in a folder for temporary files; where that is full, mpirun's words name neither it nor a way out."""
    with tempfile.TemporaryDirectory() as folder:
        done, log = launch(folder, status=11, env={"TMPDIR": "/proc"})   # as good as full: nothing can be written there
        cause = "mpirun could not start its processes: the folder for temporary files '/proc' cannot be written to: No such file or directory"
        assert cause in done.stderr and done.stderr.endswith(see(folder + "/run")), done.stderr
        assert last_line(log) == result(11, "-", cause)


def test_nothing_started():
    with tempfile.TemporaryDirectory() as folder:
        done, log = launch(folder, status=2, worker=folder + "/absent")
        path = folder + "/run/logs/70_mpi_log"
        cause = re.search(r"mpirun ended with status \d+ before the processes had started", done.stderr)
        assert cause and f"Its output is in {path}." in done.stderr, done.stderr
        assert "mpirun was unable to" in log and "mpirun was unable to" in done.stderr, log   # no rank says why
        assert done.stderr.endswith(f"Its output is in {path}.\n" + see(folder + "/run")), done.stderr
        assert last_line(log) == result(2, "-", cause.group()), log
    with tempfile.TemporaryDirectory() as folder:
        done = command(BIN / "launch_faulty", BIN / "faulty_rank", "--run-dir", folder, "--process-count-per-node=2", *AS_ROOT, status=2,
                       env={"PATH": "/nonexistent"})
        assert done.stderr == ("error[FailedToCompleteOperationError] train_pytorch_model: mpirun could not be started: No such file or "
                               "directory\n  hint   Install Open MPI (Debian package openmpi-bin).\n" + see(folder)), done.stderr


def test_stopped():
    """A signal to the launcher ends all of it, and RESULT tells."""
    with tempfile.TemporaryDirectory() as folder:
        launcher = subprocess.Popen([BIN / "launch_faulty", BIN / "faulty_rank", "--run-dir", folder, "--process-count-per-node=2", *AS_ROOT],
                                    env={**os.environ, "FAULT": "slow"}, stderr=subprocess.PIPE, text=True)
        assert launcher.stderr.readline() == "waiting\n"
        launcher.send_signal(signal.SIGTERM)
        _, errors = launcher.communicate(timeout=60)
        assert launcher.returncode == 128 + signal.SIGTERM, launcher.returncode
        log = (pathlib.Path(folder) / "logs/70_mpi_log").read_text()
        assert last_line(log) == result(143, "-", "the run was stopped by signal 15"), log
        assert errors == ("error[FailedToCompleteOperationError] train_pytorch_model: the run was stopped by signal 15\n"
                          "  hint   Start it again. The exit status is 128 and the number of the signal.\n" + see(folder)), errors
        told = json.loads((pathlib.Path(folder) / "module_statistics/error_info.json").read_text())["Exception"]
        assert told["Message"].startswith("FailedToCompleteOperation: the run was stopped by signal 15. "), told


@pytest.mark.parametrize("sent, how", [(signal.SIGTERM, r"ended with status \d+"), (signal.SIGKILL, "was ended by signal 9")])
def test_mpirun_is_stopped(sent, how):
    """mpirun, not the launcher, gets the signal: neither a bug nor a fault of a rank."""
    with tempfile.TemporaryDirectory() as folder:
        launcher = subprocess.Popen([BIN / "launch_faulty", BIN / "faulty_rank", "--run-dir", folder, "--process-count-per-node=2", *AS_ROOT],
                                    env={**os.environ, "FAULT": "slow"}, stderr=subprocess.PIPE, text=True)
        assert launcher.stderr.readline() == "waiting\n"
        os.kill(int(pathlib.Path(f"/proc/{launcher.pid}/task/{launcher.pid}/children").read_text()), sent)
        _, errors = launcher.communicate(timeout=60)
        assert launcher.returncode == 13, errors
        assert re.fullmatch(rf"error\[{LOST}\] train_pytorch_model: mpirun {how} before its processes had\n"
                            rf"  path   {folder}/logs/70_mpi_log\n  hint   Somebody, .* has its last words\.\n" + re.escape(see(folder)), errors), errors
        log = (pathlib.Path(folder) / "logs/70_mpi_log").read_text()
        assert re.fullmatch(rf'RESULT exit=13 first_rank=- cause="mpirun {how} before its processes had" checkpoint=none',
                            last_line(log)), log


def test_within_a_launcher_of_one():
    """In a shell of mpirun -np 1 or srun -n1 the launcher starts processes as anywhere else."""
    for outer in (["mpirun", *AS_ROOT, "--bind-to", "none", "-np", "1"], ["env", "SLURM_JOB_ID=5", "SLURM_STEP_ID=0", "SLURM_PROCID=0", "SLURM_NTASKS=1"]):
        with tempfile.TemporaryDirectory() as folder:
            command(*outer, BIN / "launch_faulty", BIN / "faulty_rank", "--run-dir", folder, "--process-count-per-node=2", *AS_ROOT,
                    timeout=120)
            assert last_line((pathlib.Path(folder) / "logs/70_mpi_log").read_text()) == result(0, "-", "ok")
            assert "rank 1\n" in (pathlib.Path(folder) / "logs/70_driver_log_1").read_text()


def test_launcher_killed():
    """kill -9 of the launcher leaves no rank behind."""
    with tempfile.TemporaryDirectory() as folder:
        launcher = subprocess.Popen([BIN / "launch_faulty", BIN / "faulty_rank", "--run-dir", folder, "--process-count-per-node=2", *AS_ROOT],
                                    env={**os.environ, "FAULT": "slow"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert launcher.stderr.readline() == "waiting\n"
        ranks = [int(re.search(r"process (\d+), rank", (pathlib.Path(folder) / f"logs/70_driver_log_{rank}").read_text()).group(1))
                 for rank in range(2)]
        running = [os.pidfd_open(rank) for rank in ranks]   # each can be read once its process has ended
        assert select.select(running, [], [], 0)[0] == []
        launcher.kill()
        launcher.communicate(timeout=60)   # ends when mpirun, which shares the pipe, is gone
        for one in running:
            assert select.select([one], [], [], 10)[0] == [one], "a rank outlived its launcher"
            os.close(one)


def test_kept_logs():
    """A run folder used again keeps the earlier logs."""
    with tempfile.TemporaryDirectory() as folder:
        launch(folder, "agreed", 5)
        launch(folder)
        logs = pathlib.Path(folder) / "run/logs"
        assert "FATAL " in (logs / "70_driver_log_0.1").read_text()
        assert last_line((logs / "70_mpi_log.1").read_text()).startswith("RESULT exit=5 ")
        assert "FATAL " not in (logs / "70_driver_log_0").read_text()
        assert sorted(path.name for path in logs.glob("failure_*")) == ["failure_0.json.1", "failure_1.json.1"]
        launch(folder, "killed", 13)   # and what it says of its own failures is not what an earlier run left
        assert last_line((logs / "70_mpi_log").read_text()) == result(13, 1, "process 1 was ended by signal 9")


def test_full_disk():
    """The launcher's own log has no room: said on standard error, and all else goes on."""
    with tempfile.TemporaryDirectory() as folder:
        script = f"PATH={folder}; ulimit -f 0; exec \"$@\""   # no mpirun either: Open MPI hangs where it cannot write
        done = command("/bin/bash", "-c", script, "bash", BIN / "launch_faulty", BIN / "faulty_rank", "--run-dir", folder + "/run",
                       "--process-count-per-node=2", *AS_ROOT, status=2)
        assert done.stderr.startswith(f"70_mpi_log is incomplete: '{folder}/run/logs/70_mpi_log' could not be written: File too large\n"), \
            done.stderr
        assert "mpirun could not be started" in done.stderr, done.stderr
        assert re.search(r"^RESULT exit=2 .* record=truncated$", done.stderr, re.M), done.stderr
