"""The statistics of the bench: the bootstrap interval, the discard rule and its bound, the difference of two lengths, the losses."""
import math

import numpy
import pytest

import pairs


def test_interval():
    """One pair has none, equal pairs leave no doubt, the order of the pairs does not matter much, the seed is fixed."""
    assert pairs.ratio([3.0], [2.0])[0] == 1.5 and all(math.isnan(end) for end in pairs.ratio([3.0], [2.0])[1:])
    assert pairs.ratio([3.0] * 7, [2.0] * 7) == (1.5, 1.5, 1.5)
    ours, theirs = [14.0, 15.0, 16.0, 15.5, 14.5, 15.2, 30.0], [10.0] * 7
    median, low, high = pairs.ratio(ours, theirs)
    assert median == 1.52 and 1.4 <= low < 1.52 < high <= 3.0, (median, low, high)
    assert pairs.ratio(ours, theirs) == (median, low, high), "the same pairs gave another interval"
    # A pair's ratio, not the ratio of medians: speeds that fall alike on both sides keep it.
    assert pairs.ratio([10.0, 20.0, 30.0], [5.0, 10.0, 15.0]) == (2.0, 2.0, 2.0)


def test_coverage():
    """It covers the truth about as often as it says: the bootstrap of a median of 9 is somewhat too wide, never much too narrow."""
    random = numpy.random.default_rng(3)
    covered = 0
    for _ in range(300):
        _, low, high = pairs.ratio(1.4 * random.lognormal(0, 0.05, 9), numpy.ones(9), resamples=400)
        covered += low <= 1.4 <= high
    assert 0.90 <= covered / 300 <= 0.995, covered / 300


def test_discards():
    """At the limit counts, above it does not; what was discarded is kept; the bound ends it."""
    shares = iter([0.05, 0.051, 0.6, 0.01])
    quiet = pairs.Quiet(pairs.LARGEST_SHARE_OF_OTHERS, bound=3)
    assert quiet.run(lambda: {"others": next(shares)}) == {"others": 0.05} and quiet.discarded == []
    assert quiet.run(lambda: {"others": next(shares)}) == {"others": 0.01}
    assert quiet.discarded == [{"others": 0.051}, {"others": 0.6}]
    with pytest.raises(pairs.Disturbed) as disturbed:
        quiet.run(lambda: {"others": 0.3})
    assert str(disturbed.value) == "3 runs were discarded: others used 5% to 60% of the CPU, more than the 5% that are allowed"


def test_speeds_and_losses():
    # 10 s of start-up and 50 images a second.
    assert pairs.speeds({"seconds": 12.0}, {"seconds": 16.0}, 100, 1, 3) == {"whole": 18.75, "steady": 50.0}
    assert math.isnan(pairs.speeds({"seconds": 12.0}, {"seconds": 11.0}, 100, 1, 3)["steady"])

    assert pairs.alike(0.2, 0.34) and not pairs.alike(0.2, 0.4) and pairs.alike(7.0, 6.1) and not pairs.alike(math.nan, 1.0)
