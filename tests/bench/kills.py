"""./dev bench kills: trainings that are killed and stopped at drawn moments, and killed at every system call of a save.

Each must go on to the bits of one that was left alone: its weights, and all metrics but those of time. It ends with an error at the
first that does not, and says what had been done to it.
"""
import argparse
import collections
import pathlib
import random
import tempfile
import time

import machine
import programs   # first: it knows where the tests' helpers lie
from checkpoints import prepare
from interruptions import Interrupted, calls_of_a_save, killed_at, leave_alone, stopped_training


def main():
    parser = argparse.ArgumentParser(prog="./dev bench kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="half of them in one process, half on two ranks")
    parser.add_argument("--stops", type=int, default=50, help="likewise")
    parser.add_argument("--calls", type=int, default=1, metavar="N", help="a kill at every Nth write, fsync and rename of a save; 0: none")
    parser.add_argument("--ranks", type=int, nargs="+", choices=(1, 2), default=(1, 2), help="leave out the half of the others")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(machine.sentence(machine.facts(programs.ROOT)))
    for ranks in options.ranks:
        with tempfile.TemporaryDirectory(prefix="torchport-kills-") as folder:
            inputs = leave_alone(prepare(pathlib.Path(folder).resolve()), ranks)
            interrupt(inputs, ranks, options)
            if ranks == 1 and options.calls:
                kill_at_calls(inputs, options.calls)


def interrupt(inputs, ranks, options):
    draw, where = random.Random(f"{options.seed} {ranks}"), "one process" if ranks == 1 else "two ranks"
    share = {"kills": options.kills, "stops": options.stops}
    for what, count in ((what, count // 2 if ranks == 1 else count - count // 2) for what, count in share.items()):
        if count == 0:
            continue
        work, begun = inputs / what, time.monotonic()
        work.mkdir()
        trainings = Interrupted(inputs, work, draw, ranks)
        done = getattr(trainings, what)(count)
        to = collections.Counter(one if what == "kills" else f"{one[1]} to {one[0]}" for one in done)
        longest = "" if what == "kills" else f", exit 75 after {max(one[2] for one in done):.1f} s at most"
        late = f"; {trainings.late} more came when the training was over" if trainings.late else ""
        print(f"{where}: {len(done)} of {count} {what} went on to the same bits, in {trainings.finished} trainings{longest}{late}, "
              f"{time.monotonic() - begun:.0f} s\n    {', '.join(f'{number} {who}' for who, number in sorted(to.items()))}", flush=True)


def kill_at_calls(inputs, each):
    begun, stopped, done = time.monotonic(), stopped_training(inputs), collections.Counter()
    with tempfile.TemporaryDirectory(dir=inputs) as work:
        calls = calls_of_a_save(inputs, stopped, pathlib.Path(work))
    for call, number in calls[::each]:
        with tempfile.TemporaryDirectory(dir=inputs) as work:
            killed_at(inputs, stopped, pathlib.Path(work), call, number)
        done[call] += 1
    print(f"a save: killed at {', '.join(f'{done[call]} of {count} {call}s' for call, count in collections.Counter(call for call, _ in calls).items())}: "
          f"0 torn files, all went on to the same bits, {time.monotonic() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main()
