"""Prometheus's own parser, and promtool where it is installed, read our textfile."""
import shutil

import pytest
from prometheus_client.parser import text_string_to_metric_families

from conftest import rows
from harness import command


def test_parser_finds_the_figures(runs):
    families = {family.name: family for family in text_string_to_metric_families((runs / "training/metrics.prom").read_text())}
    value = lambda name: families[f"torchport_{name}"].samples[0].value
    assert value("top_1_validation_accuracy") == rows(runs / "training", "Top-1 validation accuracy")[-1]["top1_acc"]
    assert (value("steps"), value("run_running"), value("run_exit_status")) == (8, 0, 0)
    assert all(family.documentation and sample.labels["run"] == str(runs / "training") for family in families.values() for sample in family.samples)


def test_promtool(runs):
    promtool = shutil.which("promtool")
    if not promtool:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    for run in ("training", "evaluation"):
        command(promtool, "check", "metrics", text=(runs / run / "metrics.prom").read_text())
