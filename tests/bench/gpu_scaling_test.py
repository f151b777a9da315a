"""The predictions of docs/training-time.md are those that its figures give, and each says that it is one."""
import json
import re

import pytest

import gpu_scaling


def test_the_page_is_rendered():
    figures, page = json.loads(gpu_scaling.FIGURES.read_text()), gpu_scaling.PAGE.read_text()
    assert gpu_scaling.rendered(page, figures) == page, "run python3 tests/bench/gpu_scaling.py --render"


def test_every_figure_is_marked():
    rows = re.findall(r"^\| (\d+) \| [\w ]+ \| ([^|]+) \| ([^|]+) \|$", gpu_scaling.PAGE.read_text().split("<!-- predictions -->")[1], re.M)
    assert [int(row[0]) for row in rows] == [gpus for gpus in gpu_scaling.GPUS for _ in gpu_scaling.WAYS]
    for _, rate, time in rows:
        assert re.fullmatch(r"\*[\d,]+ to [\d,]+\*", rate) and re.fullmatch(r"\*[\d.]+ (h|min) to [\d.]+ (h|min)\*", time), (rate, time)


def test_the_model():
    """One GPU is bound by its memory alone; many also by their links, unless that hides."""
    of = {"image_bytes": 400e6, "step_bytes": 0}
    low, high = gpu_scaling.predicted(of, 100e6, 0, 1)
    assert (low, high) == tuple(pytest.approx(share * gpu_scaling.MEMORY / 400e6) for share in gpu_scaling.SHARES)
    computing = 256 * 400e6 / (gpu_scaling.SHARES[0] * gpu_scaling.MEMORY)
    summing = 2 * 15 * 100e6 / 16 / gpu_scaling.BETWEEN
    low, high = gpu_scaling.predicted(of, 100e6, 0, 16)
    assert low == pytest.approx(16 * 256 / (computing + summing)) and high == pytest.approx(16 * gpu_scaling.SHARES[1] * gpu_scaling.MEMORY / 400e6)
    assert gpu_scaling.hours(50 * (1_281_167 + 50_000 / 3)) == pytest.approx(1 / 3600)


def test_figures_keep_their_place():
    text = '{\n  "data": [],\n  "gpu": {"old": 1},\n  "scaling": {"b": 2}\n}\n'
    found = gpu_scaling.text_of(text, {"a": 1})
    assert json.loads(found) == {"data": [], "gpu": {"a": 1}, "scaling": {"b": 2}} and found.endswith('"scaling": {"b": 2}\n}\n')
