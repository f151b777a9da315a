"""Two machines in one: a Slurm cluster of two nodes, and two hosts with a network, a name and an ssh of their own."""
import contextlib
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess


def missing(*programs):
    """The first of `programs` that is not installed, or nothing."""
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    return next((program for program in programs if not shutil.which(program, path=path)), None)


def free_ports(count):
    """Numbers of ports that nobody listens on."""
    with contextlib.ExitStack() as held:
        ports = []
        for _ in range(count):
            one = held.enter_context(socket.socket())
            one.bind(("127.0.0.1", 0))
            ports.append(one.getsockname()[1])
        return ports


def stop(pid_file):
    """Ends the daemon that wrote the file, and waits for it."""
    if not pid_file.exists() or not pid_file.read_text().strip():
        return
    with contextlib.suppress(ProcessLookupError):
        daemon = os.pidfd_open(int(pid_file.read_text()))
        signal.pidfd_send_signal(daemon, signal.SIGTERM)
        if not select.select([daemon], [], [], 2)[0]:   # nothing of what it would still save is wanted
            signal.pidfd_send_signal(daemon, signal.SIGKILL)
            select.select([daemon], [], [], 5)
        os.close(daemon)


# cred_expire is also how long a job that is put into the queue again has to wait: 120 s by default.
SLURM_CONF = """ClusterName=lab
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
TmpFS={folder}/tmp-%n
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SwitchType=switch/none
MpiDefault=pmix
ReturnToService=2
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
SchedulerParameters=sched_interval=1,batch_sched_delay=0
KillWait=5
JobRequeue=1
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs={cpus} RealMemory=1000
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs={cpus} RealMemory=1000
PartitionName=main Nodes=ALL Default=YES State=UP
"""


@contextlib.contextmanager
def slurm(folder):
    """Runs a cluster of the nodes n1 and n2, with two processing units each, as root; yields the environment that its users need."""
    folder = pathlib.Path(folder)
    for name in ("state", "spool-n1", "spool-n2", "tmp-n1", "tmp-n2"):
        (folder / name).mkdir()
    folder.chmod(0o755)   # munged wants nobody else to write where its socket is
    key = folder / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o400)
    conf = folder / "slurm.conf"
    conf.write_text(SLURM_CONF.format(host=socket.gethostname(), folder=folder, ports=free_ports(3), cpus=min(2, os.cpu_count())))
    # Two nodes on one machine: Open MPI takes them for one host by their memory, and for two by their names.
    environment = {"SLURM_CONF": str(conf), "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin", "OMPI_MCA_btl": "tcp,self"}
    run = lambda *words: subprocess.run(words, env={**os.environ, **environment}, check=True, capture_output=True, text=True)
    try:
        run("munged", "--force", f"--key-file={key}", f"--socket={folder}/munge.socket", f"--pid-file={folder}/munged.pid",
            f"--log-file={folder}/munged.log", f"--seed-file={folder}/munge.seed")
        run("slurmctld", "-c")
        run("slurmd", "-N", "n1")
        run("slurmd", "-N", "n2")
        yield environment
    finally:
        for daemon in ("slurmd-n1", "slurmd-n2", "slurmctld", "munged"):
            stop(folder / f"{daemon}.pid")


AGENT = """#!/bin/bash
# Stands in for ssh, as mpirun calls it: HOST COMMAND. A host is a network namespace with a name, and a folder, of its own.
while [[ $1 == -* ]]; do shift; done
host=$1
shift
case $host in {net}.1) name=alpha ;; {net}.2) name=beta ;; *) echo "$host: no such host" >&2; exit 255 ;; esac
exec ip netns exec {prefix}$name unshare --uts --mount bash -c \
  'hostname "$1"; [[ $1 == alpha ]] || mount -t tmpfs none {private}; shift; exec bash -c "$*"' agent $name "$@"
"""


class TwoHosts:
    """alpha, where `words` run, and beta, which alpha reaches by `agent`. They share all files but those of `private`, of which beta
    has none at first."""

    def __init__(self, folder):
        number = os.getpid() % 65536
        self.prefix, self.net = f"tp{number}-", f"10.{200 + number % 50}.{number // 256}"
        self.private, self.agent = folder / "private", folder / "agent"
        self.private.mkdir()
        self.agent.write_text(AGENT.format(net=self.net, prefix=self.prefix, private=self.private))
        self.agent.chmod(0o755)
        self.hosts = [f"{self.net}.1", f"{self.net}.2"]
        self.relay = None

    def compute(self, **more):
        """A line of a computes file."""
        settings = {"engine": "mpirun", "hosts": f"[{', '.join(self.hosts)}]", "processing_units": 2,
                    "flags": f"[--mca, plm_rsh_agent, {self.agent}]", **more}
        return "{" + ", ".join(f"{name}: {value}" for name, value in settings.items()) + "}"

    def words(self, *words):
        return [str(word) for word in ("ip", "netns", "exec", f"{self.prefix}alpha", "unshare", "--uts", "bash", "-c",
                                       'hostname alpha; exec "$@"', "alpha", *words)]

    def link(self, state):
        """Takes the link between them up or down."""
        subprocess.run(["ip", "-n", f"{self.prefix}alpha", "link", "set", "eth0", state], check=True)


@contextlib.contextmanager
def two_hosts(folder, link=None):
    """Two hosts of a network of their own, as root. `link` makes the cable between them, else the kernel does."""
    hosts = TwoHosts(pathlib.Path(folder))
    ip = lambda *words: subprocess.run(["ip", *words], check=True, capture_output=True, text=True)
    names = [f"{hosts.prefix}{name}" for name in ("alpha", "beta")]
    try:
        for name in names:
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        if link:
            hosts.relay = link(names)
        else:
            ip("link", "add", "eth0", "netns", names[0], "type", "veth", "peer", "name", "eth0", "netns", names[1])
        for name, address in zip(names, hosts.hosts):
            ip("-n", name, "addr", "add", f"{address}/24", "dev", "eth0")
            ip("-n", name, "link", "set", "eth0", "up")
        yield hosts
    finally:
        if link and hosts.relay:
            hosts.relay.close()
        for name in names:
            # Where the link was cut, mpirun's helper waits for minutes until it believes it.
            for process in subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True).stdout.split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(process), signal.SIGKILL)
            subprocess.run(["ip", "netns", "del", name], capture_output=True)
