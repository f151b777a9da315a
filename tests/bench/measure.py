"""Runs a program to its end and says what it cost, from outside and for every program alike. bench.py calls it.

Looking at a program's memory stops it for a moment, so a run is either timed or looked at.
"""
import os
import pathlib
import re
import resource
import subprocess
import sys
import threading
import time

EPOCH = re.compile(r"Epoch \d+,.*?train_loss ([\d.]+|nan),.*?valid_loss ([\d.]+|nan),top1 acc ([\d.]+)")
FIRST = "First step done"


def printed(words, env=None):
    """What it printed; seconds from start to exit, and until it said that its first step was done; CPU seconds of it and its
    children; the share of this machine's CPU that others used."""
    busy, before, start = busy_seconds(), own_seconds(), time.monotonic()
    process = started(words, env)
    lines, first = [], None
    for line in process.stdout:
        if first is None and FIRST in line:
            first = time.monotonic() - start
        lines.append(line)
    finished(process, words, lines)
    seconds = time.monotonic() - start
    cpu = own_seconds() - before
    others = (busy_seconds() - busy - cpu) / (seconds * os.cpu_count())
    return {"text": "".join(lines), "seconds": seconds, "first_step_s": first, "cpu_s": cpu,
            "others": min(1.0, max(0.0, others))}   # the system counts in hundredths of a second


def timed(words):
    """A training: what printed() says, and the losses and the top-1 of its last epoch instead of the text."""
    run = printed(words)
    text = run.pop("text")
    epochs = EPOCH.findall(text)
    if run["first_step_s"] is None or not epochs:
        sys.exit(f"no first step or no epoch in what this printed: {' '.join(map(str, words))}\n{text}")
    return {**run, **dict(zip(("train_loss", "valid_loss", "top1"), map(float, epochs[-1])))}


def peak_memory(words, every=0.25):
    """Largest sum, in MB, of the proportional set sizes of the program and its children."""
    process = started(words)
    lines = []
    reader = threading.Thread(target=lambda: lines.extend(process.stdout))   # a full pipe would stop the program
    reader.start()
    peak = 0
    while process.poll() is None:
        peak = max(peak, sum(pss(pid) for pid in tree(process.pid)))
        time.sleep(every)
    reader.join()
    finished(process, words, lines)
    return peak / 1024


def started(words, env=None):
    return subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            env={**os.environ, **(env or {})})


def finished(process, words, lines):
    if process.wait():
        sys.exit(f"exit {process.returncode}: {' '.join(map(str, words))}\n{''.join(lines)}")


def busy_seconds():
    """CPU seconds that this machine spent so far, on whatever; what a hypervisor took away counts."""
    ticks = [int(word) for word in open("/proc/stat").readline().split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")


def own_seconds():
    """CPU seconds of this process and of the children that ended."""
    return sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def tree(pid):
    pids = [pid]
    for children in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            for child in children.read_text().split():
                pids += tree(int(child))
        except OSError:
            pass   # it ended meanwhile
    return pids


def pss(pid):
    """Proportional set size in KB: pages that processes share count once."""
    try:
        return int(re.search(r"^Pss:\s+(\d+)", open(f"/proc/{pid}/smaps_rollup").read(), re.M)[1])
    except (OSError, TypeError):
        return 0
