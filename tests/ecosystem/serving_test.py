"""What `torchport serve` says of itself: OpenAPI's own validator takes /swagger.json, and real requests and answers are as it has them;
Prometheus's parser reads /metrics."""
import json

import jsonschema
import pytest
from openapi_spec_validator import validate
from prometheus_client.parser import text_string_to_metric_families

from harness import SOURCE, torchport
from server import endpoint, plain, serving

SAMPLES = SOURCE / "tests/data/serving"


@pytest.fixture(scope="module")
def server(shared):
    torchport("run", "resnet", "--model_name=resnet18", "--pretrained=False", f"--untrained_model_path={shared}/untrained", "--run-dir", shared / "r")
    (shared / "resnet18.pth").write_bytes((shared / "untrained/model").read_bytes())
    (shared / "labels.txt").write_text("".join(f"{number}\n" for number in range(1000)))
    torchport("import", shared / "resnet18.pth", "--labels", shared / "labels.txt", "-o", shared / "model")
    with serving(shared, shared / "model") as running:
        yield running


def as_said(document, name):
    """A check of a value by one of the document's schemas. `nullable` is OpenAPI's; nothing else in them is."""
    schemas = json.loads(json.dumps(document["components"]["schemas"]).replace("#/components/schemas/", "#/$defs/"))
    return jsonschema.Draft202012Validator({"$defs": schemas, "$ref": f"#/$defs/{name}"}).validate


def test_swagger(server):
    document = json.loads(server.ask(None, "/swagger.json", "GET")[2])
    validate(document)
    for name in ("designer_endpoint", "designer_endpoint_android"):
        body = json.loads((SAMPLES / f"{name}.json").read_text())
        as_said(document, "EndpointRequest")(body)
        as_said(document, "EndpointAnswer")(server.scored(body))
    body = json.loads((SAMPLES / "score_py.json").read_text())
    as_said(document, "Rows")(body)
    as_said(document, "ListAnswer")(json.loads(server.ask(body)[2]))
    as_said(document, "Fault")(json.loads(server.ask(b"{")[2]))
    for wrong in ({"Inputs": []}, {"Inputs": {"a": []}}, {"Inputs": {"a": [{"id": 1}]}}, {**endpoint({"image": plain()}), "GlobalParameters": {"a": 1}}):
        assert server.refused(wrong)[0] == 400
        with pytest.raises(jsonschema.ValidationError):
            as_said(document, "EndpointRequest")(wrong)


def test_metrics(server):
    before = {family.name: family for family in text_string_to_metric_families(server.ask(None, "/metrics", "GET")[2])}
    server.scored([{"image": plain()}] * 2)
    after = {family.name: family for family in text_string_to_metric_families(server.ask(None, "/metrics", "GET")[2])}
    assert after["torchport_rows"].samples[0].value - before["torchport_rows"].samples[0].value == 2
    statuses = {sample.labels["status"]: sample.value for sample in after["torchport_requests"].samples}
    assert statuses["200"] >= 2 and after["torchport_waiting_requests"].samples[0].value == 0
    assert all(family.documentation and family.type in ("counter", "gauge") for family in after.values())
