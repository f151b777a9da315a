"""Rows E6, E7 and E8 on two hosts, which are two network namespaces of this machine: a link that is cut or loses packets, a lost helper."""
import os
import pathlib
import signal
import subprocess

import pytest

from clusters import missing, two_hosts
from ending import ended
from harness import AS_ROOT, BIN
from job import LONG, Job
from lossy_link import LossyLink

TIMEOUT = 10
PROGRAMS = ("ip", "unshare", "mpirun")
pytestmark = [pytest.mark.skipif(os.geteuid() != 0, reason="hosts of their own need root"),
              pytest.mark.skipif(missing(*PROGRAMS) is not None, reason=f"{missing(*PROGRAMS)} is not installed (./dev setup tests)")]


@pytest.fixture
def on(inputs, work):
    """Starts a training on both hosts; the run folder lies where they do not see each other's files."""
    jobs = []

    def begin(hosts, *flags, name="run", batch=4):
        computes = hosts.private.parent / "computes.yaml"
        computes.write_text(f"computes:\n  pair: {hosts.compute()}\n")
        folder = hosts.private / name
        folder.mkdir()
        given = {flag.split("=")[0] for flag in flags}
        fast = [flag for flag in ("--epochs=2", "--patience=100000", "--checkpoints=False", "--print-freq=1") if flag.split("=")[0] not in given]
        words = hosts.words(BIN / "torchport", "run", "train_pytorch_model", "--untrained-model-path", inputs / "m", "--train-data-path", inputs / "in",
                            "--valid-data-path", inputs / "in", "--trained-model-path", folder / "out", "--run-dir", folder / "run", f"--batch-size={batch}",
                            "--computes", computes, "--compute=pair", "--node-count=2", *fast, *flags, *AS_ROOT)
        jobs.append(Job(inputs, folder, command=words, out=folder / "out", run=folder / "run"))
        return jobs[-1]

    yield begin
    for job in jobs:
        job.end()


def test_e6(on, work):
    """The link between two hosts is cut: both sides end within the time-out and 15 s, and the one that cannot be reached is named."""
    with two_hosts(work) as hosts:
        job = on(hosts, *LONG, f"--comm-timeout={TIMEOUT}").trains()
        hosts.link("down")
        job.now()
        ended(job, 13, 1, r"process 1 on host beta \((training|validating)(, epoch\.step \d+\.\d+)?; not heard of for \d+ s\) did not come to .*",
              within=TIMEOUT + 15, speak=[0], failures=[0])


@pytest.mark.skipif(not os.path.exists("/dev/net/tun"), reason="there is no /dev/net/tun for a cable in user space")
def test_e7(on, work):
    """Of all packets 5 % are lost and 5 % overtaken: the same weights."""
    weights = []
    for name, how in (("plain", {}), ("lossy", {"link": LossyLink})):
        (work / name).mkdir()
        with two_hosts(work / name, **how) as hosts:
            job = ended(on(hosts), 0, out=True)
            weights.append((job.out / "model").read_bytes())
            if name == "lossy":
                assert hosts.relay.lost > 100 and hosts.relay.overtaken > 100, f"{hosts.relay.lost} lost, {hosts.relay.overtaken} overtaken"
                print(f"{hosts.relay.seen} packets, {hosts.relay.lost} lost, {hosts.relay.overtaken} overtaken")
    assert weights[0] == weights[1], "other weights"


def test_e8_helper(on, work):
    """mpirun's helper on the other host is killed."""
    with two_hosts(work) as hosts:
        job = on(hosts, *LONG, f"--comm-timeout={TIMEOUT}").trains()
        there = subprocess.run(["ip", "netns", "pids", f"{hosts.prefix}beta"], check=True, capture_output=True, text=True).stdout.split()
        helper, = (int(one) for one in there if pathlib.Path(f"/proc/{one}/comm").read_text() == "orted\n")
        job.hurt(helper, signal.SIGKILL)
        ended(job, 13, "(-|1)", ".*", within=10, speak=[], also=["logs/failure_..json?"])
