"""Runs a program with an eye on its time and its memory: measure.py SECONDS PROGRAM WORDS... prints status, seconds, bytes.

The seconds are the processor's, so that a busy machine does not count. The program is ended after SECONDS of them, or where it did
next to nothing for so long by the clock; then those of the clock are printed.
A process of its own, and a small one: a child is charged with the memory of the process that it was forked from.
"""
import os
import pathlib
import signal
import sys
import time

IDLE = 0.01   # of the clock's time


def spent(session):
    """Processor seconds of all processes of a session that are there."""
    total = 0
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[3]) == session:
            total += sum(map(int, fields[11:15]))   # its own and those of its children that ended
    return total / os.sysconf("SC_CLK_TCK")


def main(patience, words):
    answer = os.dup(1)
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        os.setsid()
        os.close(answer)
        os.dup2(2, 1)   # both streams of the program go where this one's messages go
        os.execv(words[0], words)
    seen, ended = 0.0, 0.0

    def look(*_):
        nonlocal seen, ended
        now = spent(child)
        if now >= patience or now - seen < IDLE * patience:
            ended = max(time.monotonic() - started, now)
            os.killpg(child, signal.SIGKILL)
        seen = now
        signal.alarm(patience)
    signal.signal(signal.SIGALRM, look)
    signal.alarm(patience)
    _, status, usage = os.wait4(child, 0)
    signal.alarm(0)
    os.write(answer, f"{status} {ended or usage.ru_utime + usage.ru_stime} {usage.ru_maxrss << 10}\n".encode())


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
