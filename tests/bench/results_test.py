"""The tables of docs/results.md are those of docs/lab/results.json, and a record of the bench becomes a row of them."""
import json

import results


def test_the_page_is_rendered():
    figures, page = json.loads(results.FIGURES.read_text()), results.PAGE.read_text()
    assert results.rendered(page, figures) == page, "run python3 tests/bench/results.py"
    assert page.count("<!-- end -->") == 4 and page.count("\n") <= 150


def test_a_record_becomes_a_row():
    rows = [{"program": program, "whole": whole, "first_step_s": 1.5} for program, whole in (("torchport", 20.04), ("fast", 10.0), ("torchport", 22.0), ("fast", 10.5))]
    interval = {"median": 2.096, "low": 2.0, "high": 2.2}
    record = {"date": "2026-12-01T10:00:00+00:00", "commit": "0123456789", "command": ["./dev", "bench"], "options": {"precision": "float32"},
              "networks": [{"network": "resnet18", "rows": rows, "peak_mb": {"torchport": 700.4, "fast": 1500.0}, "ratios": {
                  "torchport / fast, whole run": interval, "torchport, speed of steps with a loader / without, alternating": interval}},
                  {"network": "resnet50", "rows": rows, "disturbed": "3 runs were discarded"}]}
    made = list(results.rows_of(record, "D"))
    assert made == [{"machine": "D", "date": "2026-12-01", "commit": "0123456", "network": "ResNet-18", "precision": "float32", "against": "fast",
                     "command": "./dev bench", "ours": [20.0, 22.0], "theirs": [10.0, 10.5], "ratio": [2.1, 2.0, 2.2], "loader": [2.096, 2.0, 2.2],
                     "first_step": [1.5, 1.5], "memory": [700, 1500]}], made
    assert results.training({"training": made}, "D")[2] == ("| ResNet-18 float32, fast | 20.0 to 22.0 | 10.0 to 10.5 | **2.10** (2.00 to 2.20) "
                                                           "| 2.096 (2.000 to 2.200) | 1.50 s, loop 1.50 s | 700 MB, loop 1,500 MB |")
