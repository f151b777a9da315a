"""The campaign against hostile input: `./dev fuzz [--seed N] [--count N] [--kind KIND] [--keep FOLDER]`.

Files of every kind that torchport reads are made from a seed, composed ones first and then changed ones up to the count, and each is given to the
command that reads it, under limits of time and memory. What went wrong is printed with the command that repeats it, and its files are kept.
"""
import argparse
import collections
import concurrent.futures
import itertools
import pathlib
import random
import shlex
import shutil
import subprocess
import sys
import threading

import good_things
from case import Linked
from kinds import annotations, archives, azure_jobs, directories, images, imports, models, pipelines, runs, tables, transformations
from probe import BIN, FAULTS, examine
from probe_images import examine_images

KINDS = (images, archives, annotations, directories, tables, pipelines, azure_jobs, models, imports, transformations, runs)
BATCH = 16   # images of one run
WORKERS = 2


def chosen(kind, seed, count):
    """`count` cases of a kind: composed ones, all of them or as many as there is room for, and then changed ones."""
    def composed():
        return kind.cases(random.Random(f"{seed} {kind.KIND}"))
    total = sum(1 for _ in composed())
    wanted = set(random.Random(f"{seed} {kind.KIND} choice").sample(range(total), min(count, total)))
    yield from (case for number, case in enumerate(composed()) if number in wanted)
    yield from itertools.islice(kind.more(random.Random(f"{seed} {kind.KIND} changed")), max(0, count - total))


def shares(count, kinds):
    """How many files of each kind."""
    total = sum(kind.SHARE for kind in kinds)
    return {kind: max(1, round(count * kind.SHARE / total)) for kind in kinds}


class Campaign:
    """Its folder keeps what failed, with the sound inputs that the commands name."""

    def __init__(self, seed, folder):
        self.seed, self.keep, self.work, self.good = seed, folder, folder / "work", folder / "good"
        self.rows, self.failures, self.lock = collections.defaultdict(collections.Counter), [], threading.Lock()
        self.most = collections.defaultdict(lambda: (0.0, 0))

    def run(self, kinds, count):
        self.work.mkdir(parents=True)
        good_things.make(self.good)
        Linked.good = self.good
        for kind, share in shares(count, kinds).items():
            cases = chosen(kind, self.seed, share)
            groups = batches(cases, BATCH) if kind is images else ([case] for case in cases)
            with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
                running = set()   # the next ones are made when they are needed
                for number, group in enumerate(groups):
                    running.add(pool.submit(self.one, kind, number, group))
                    if len(running) > WORKERS:
                        done, running = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
                        [future.result() for future in done]
                [future.result() for future in running]
            print(f"{kind.KIND}: {self.rows[kind.KIND]['runs']} runs, {sum(1 for failure in self.failures if failure[0] == kind.KIND)} faults", file=sys.stderr, flush=True)
        shutil.rmtree(self.work)

    def one(self, kind, number, group):
        folder = self.work / f"{kind.KIND}-{number}"
        folder.mkdir()
        outcomes = examine_images(group, folder, self.good) if kind is images else [examine(group[0], folder, self.good)]
        with self.lock:
            for case, outcome in zip(group, outcomes):
                self.count(case, outcome)
        shutil.rmtree(folder, ignore_errors=True)

    def count(self, case, outcome):
        row = self.rows[case.kind]
        row["runs"] += 1
        row["taken" if outcome.status == 0 else "clean errors" if not outcome.faults else "other"] += 1
        seconds, memory = self.most[case.kind]
        self.most[case.kind] = (max(seconds, outcome.seconds), max(memory, outcome.memory))
        for fault in {kind for kind, _ in outcome.faults}:
            row[fault] += 1
        if outcome.faults:
            self.keep_failure(case, outcome)

    def keep_failure(self, case, outcome):
        place = self.keep / f"{case.kind}-{len(self.failures)}"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        (place / "made").mkdir()
        subprocess.run(["cp", "-a", "--sparse=always", outcome.folder / "deep", place], check=True)   # the sparse stay so
        words = [word.replace(str(outcome.folder), str(place)) for word in outcome.words]
        (place / "what").write_text(f"{case.name}\n{outcome.faults}\n{shlex.join([str(BIN / 'torchport'), *words])}\n{outcome.text}\n")
        self.failures.append((case.kind, case.name, outcome.faults, shlex.join(["torchport", *words])))

    def table(self):
        columns = ["runs", "clean errors", "taken", *FAULTS]
        yield " | ".join(["kind", *columns, "most s", "most MB"])
        total = collections.Counter()
        for kind, row in self.rows.items():
            total.update(row)
            seconds, memory = self.most[kind]
            yield " | ".join([kind, *(str(row[column]) for column in columns), f"{seconds:.1f}", str(memory >> 20)])
        yield " | ".join(["all", *(str(total[column]) for column in columns)])


def batches(cases, size):
    cases = iter(cases)
    while group := list(itertools.islice(cases, size)):
        yield group


def main(words):
    parser = argparse.ArgumentParser(prog="./dev fuzz", description="Runs torchport on hostile files of every kind.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=2500, help="files in all (default: %(default)s)")
    parser.add_argument("--kind", choices=[kind.KIND for kind in KINDS], action="append", help="only this kind; may be given again")
    parser.add_argument("--keep", type=pathlib.Path, default=BIN.parent / "fuzz", help="where what failed is kept (default: %(default)s)")
    given = parser.parse_args(words)
    shutil.rmtree(given.keep, ignore_errors=True)
    kinds = [kind for kind in KINDS if not given.kind or kind.KIND in given.kind]
    campaign = Campaign(given.seed, given.keep.resolve())
    campaign.run(kinds, given.count)
    for kind, name, faults, command in campaign.failures:
        print(f"{kind}: {name}")
        for fault, said in faults:
            print(f"  {fault}: {said}".rstrip().replace("\n", "\n    "))
        print(f"  {command}")
    print("\n".join(campaign.table()))
    return 1 if campaign.failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
