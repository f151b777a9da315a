"""./dev bench allreduce: the trainer's all-reduce by size, on this machine's ranks, beside the time that its bytes need in memory."""
import argparse
import os
import subprocess

import torch

import limits
import machine
import programs

SIZES = (4 << 10, 64 << 10, 1 << 20, 4 << 20, 25 << 20, 100 << 20)   # bytes
AS_ROOT = ["--allow-run-as-root"] if os.geteuid() == 0 else []


def main():
    parser = argparse.ArgumentParser(prog="./dev bench allreduce", description=__doc__)
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=2, help="for each size")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="BYTES")
    options = parser.parse_args()
    print(machine.sentence(machine.facts(programs.ROOT)))
    torch.set_num_threads(1)   # a rank adds with one thread
    copy = limits.copy_speed(rounds=5)
    print(f"{options.ranks} ranks, float32 sums, medians; one thread copies memory at {copy:.1f} GB/s (read and written)")
    print(f"{'bytes':>12}{'calls':>9}{'us':>12}{'bus GB/s':>10}{'of the copy':>13}")
    command = ["mpirun", *AS_ROOT, "--oversubscribe", "-np", options.ranks, programs.ROOT / "build/bin/all_reduce_speed", options.seconds, *options.sizes]
    with subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            size, calls, microseconds = (float(word) for word in line.split())
            # What each link carries: every rank must send and receive 2 (n - 1) / n of the data (as nccl-tests count it).
            bus = 2 * (options.ranks - 1) / options.ranks * size / microseconds / 1e3
            print(f"{size:12,.0f}{calls:9,.0f}{microseconds:12.1f}{bus:10.2f}{bus / copy:13.1%}", flush=True)
    if process.returncode:
        raise SystemExit(f"mpirun ended with {process.returncode}")


if __name__ == "__main__":
    main()
