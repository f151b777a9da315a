"""Runs a program and says how it ended and what it cost: measure.py SECONDS PROGRAM WORDS... prints status, processor seconds, clock, bytes.

A process of its own, and a small one: a child is charged with the memory of the process that it was forked from.
"""
import os
import signal
import sys
import time


def main(patience, words):
    answer = os.dup(1)
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        os.setsid()
        os.close(answer)
        os.dup2(2, 1)   # both streams of the program go where this one's messages go
        os.execv(words[0], words)
    def late(*_):
        os.killpg(child, signal.SIGKILL)
    signal.signal(signal.SIGALRM, late)
    signal.alarm(patience)
    _, status, usage = os.wait4(child, 0)
    signal.alarm(0)
    os.write(answer, f"{status} {usage.ru_utime + usage.ru_stime} {time.monotonic() - started} {usage.ru_maxrss << 10}\n".encode())


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
