"""torchport graph: Graphviz's own parser reads the picture, and it shows every step, port and wire, with the states of a run."""
import json
import xml.etree.ElementTree as ElementTree

import pytest

from harness import command, torchport

PIPELINE = """name: a
steps:
  net:
    component: resnet
    parameters: {model_name: resnet18, pretrained: false}
  first:
    component: convert_to_image_directory
    inputs: {input: "./a & <b>"}
  train:
    component: train_pytorch_model
    inputs: {untrained_model: net.untrained_model, training_dataset: first.output, validation_dataset: first.output}
"""
SVG = "{http://www.w3.org/2000/svg}"


def texts(svg):
    return {"".join(text.itertext()) for text in svg.iter(SVG + "text")}


@pytest.fixture
def work(work):
    (work / "p.yaml").write_text(PIPELINE)
    return work


def test_dot(work):
    torchport("graph", "p.yaml", "-o", "p.dot", cwd=work)
    drawn = json.loads(command("dot", "-Tjson", work / "p.dot").stdout)
    nodes = {node["_gvid"]: node["name"].strip() for node in drawn["objects"]}
    wires = {(nodes[edge["tail"]], edge.get("tailport"), nodes[edge["head"]], edge["headport"]) for edge in drawn["edges"]}
    assert wires == {("source0", None, "first", "in_input:n"), ("net", "out_untrained_model:s", "train", "in_untrained_model:n"),
                     ("first", "out_output:s", "train", "in_training_dataset:n"), ("first", "out_output:s", "train", "in_validation_dataset:n")}, wires


def test_svg(work):
    torchport("graph", "p.yaml", "-o", "p.svg", cwd=work)
    shown = texts(ElementTree.parse(work / "p.svg").getroot())
    assert {"net", "first", "train", "ResNet", "ImageDirectory", "training_dataset", "a & <b>", "model_name = resnet18"} <= shown, shown


def test_html_of_a_run(work):
    run = work / "runs/a-1"
    run.mkdir(parents=True)
    (run / "pipeline.json").write_text('{"steps": {"net": {"state": "done", "seconds": 61.5}, "first": {"state": "failed"}}}')
    torchport("graph", "p.yaml", "-o", "p.html", "--run", run, cwd=work)
    page = (work / "p.html").read_text()
    svg = ElementTree.fromstring(page[page.index("<svg"):page.index("</svg>") + 6])
    assert {"done, 1 min 1 s", "failed"} <= texts(svg)
    colours = {step: {shape.get("fill") for shape in group.iter() if shape.get("fill")} for group in svg.iter(SVG + "g")
               for step in ("net", "first", "train") if group.get("id") == f"step-{step}"}
    assert "#c8e6c9" in colours["net"] and "#ffcdd2" in colours["first"] and "#f5f5f5" in colours["train"], colours
    assert "http://www.w3.org" in page and "src=" not in page and "<link" not in page, "the page needs something from elsewhere"
    assert sorted(path.name for path in work.iterdir()) == ["p.html", "p.yaml", "runs"], "scratch files stay"


def test_refusals(work):
    done = torchport("graph", "p.yaml", "-o", "p.png", cwd=work, status=2)
    assert done.stderr.startswith("error[ParameterParsingError] p.yaml: 'p.png' cannot be drawn\n"), done.stderr
    (work / "empty").mkdir()
    done = torchport("graph", "p.yaml", "-o", "q.html", cwd=work, env={"PATH": str(work / "empty")}, status=2)
    assert done.stderr.startswith("error[FailedToCompleteOperationError] p.yaml: Graphviz's program dot could not be started: "), done.stderr
    assert "Install Graphviz (Debian package graphviz)." in done.stderr and not (work / "q.html").exists()
