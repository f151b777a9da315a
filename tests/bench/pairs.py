"""What may be said of paired runs: which count, their ratio, and how sure it is. bench.py calls it, pairs_test.py checks it."""
import math

import numpy

LARGEST_SHARE_OF_OTHERS = 0.05   # of the CPU; a step of two threads halves its speed where one of them has to wait


class Disturbed(Exception):
    """Others used the CPU too often."""


class Quiet:
    """Repeats runs in which others used more than `share` of the CPU; keeps what it discarded. \\throws Disturbed after `bound` of them"""

    def __init__(self, share, bound):
        self.share, self.bound, self.discarded = share, bound, []

    def run(self, measure):
        while True:
            run = measure()
            if run["others"] <= self.share:
                return run
            self.discarded.append(run)
            if len(self.discarded) >= self.bound:
                shares = [discarded["others"] for discarded in self.discarded]
                raise Disturbed(f"{len(shares)} runs were discarded: others used {min(shares):.0%} to {max(shares):.0%} of the CPU, "
                                f"more than the {self.share:.0%} that are allowed")


def speeds(short, long, images, short_epochs, long_epochs):
    """Images per second of the whole longer run, and without start-up: of what it did more than the shorter one."""
    more_seconds = long["seconds"] - short["seconds"]
    steady = (long_epochs - short_epochs) * images / more_seconds if more_seconds > 0 else math.nan
    return {"whole": long_epochs * images / long["seconds"], "steady": steady}


def ratio(ours, theirs, seed=1, resamples=10_000):
    """Median of the pairs' ratios with its bootstrap 95 % interval: (median, low, high). One pair has no interval: nan."""
    ratios = numpy.asarray(ours, float) / numpy.asarray(theirs, float)
    if len(ratios) < 2:
        return float(numpy.median(ratios)), math.nan, math.nan
    drawn = numpy.random.default_rng(seed).integers(len(ratios), size=(resamples, len(ratios)))
    low, high = numpy.percentile(numpy.median(ratios[drawn], axis=1), [2.5, 97.5])
    return float(numpy.median(ratios)), float(low), float(high)


def alike(ours, theirs, tolerance=0.15):
    """Whether two losses may come from the same work: within `tolerance` of the larger, or of 1 where both are smaller."""
    return abs(ours - theirs) <= tolerance * max(1.0, ours, theirs)   # False for nan
