"""The predictions of docs/scaling.md are those that its figures give, and each says that it is one."""
import json
import re

import pytest

import scaling


def test_the_page_is_rendered():
    figures, page = json.loads(scaling.FIGURES.read_text()), scaling.PAGE.read_text()
    assert scaling.rendered(page, figures["scaling"]) == page, "run python3 tests/bench/scaling.py --render"


def test_every_figure_is_marked():
    rows = re.findall(r"^\| \S+ \| [^|]+ \| (\d+) \| ([^|]+) \| ([^|]+) \|$", scaling.PAGE.read_text().split("<!-- predictions -->")[1], re.M)
    assert len(rows) == 2 * 3 * len(scaling.RANKS)
    for ranks, *figures in rows:
        assert int(ranks) in scaling.RANKS and all(re.fullmatch(r"\*[\d.,]+ to [\d.,]+\*", figure) for figure in figures), figures


def test_the_model():
    """A sum of two ranks takes what was measured; many ranks send all bytes twice; what hides is bounded by the backward pass."""
    network = {"gradient_bytes": 1_000_000, "step_cpu_s": 0.3, "sum_s": 0.0101}
    link = scaling.links({"small_sum_s": 0.0001}, network)["loopback, measured"]
    assert scaling.ring(2, 1_000_000, link["way"], link["rate"]) == pytest.approx(0.0101)
    assert scaling.ring(1000, 1_000_000, 0, 1e6) == pytest.approx(1.998)
    none, all_ = scaling.predicted((network, 8), 8, {"way": 0, "rate": 1.75e6 / 0.1})   # a sum takes 0.1 s
    assert none == pytest.approx((8 * 8 / 0.4, 0.75)) and all_ == pytest.approx((8 * 8 / 0.3, 1))
    none, all_ = scaling.predicted((network, 8), 8, {"way": 0, "rate": 1.75e6 / 0.5})
    assert none == pytest.approx((80, 0.375)) and all_ == pytest.approx((64 / 0.6, 0.5))
