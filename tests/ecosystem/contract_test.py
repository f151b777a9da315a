"""azure-ai-ml and kfp load what torchport contract writes, validate it, and read the specs back from it."""
import json
import logging
import math
import pathlib
import shutil

import pytest
import yaml
from azure.ai.ml import load_component, load_job
from kfp import compiler, components, dsl

from harness import SOURCE, class_folders, torchport

IMAGE = ("--image", "example.org/torchport:1")
COMPONENTS = {path.stem: yaml.safe_load(path.read_text()) for path in sorted((SOURCE / "spec/components").glob("*.yaml"))}
logging.disable(logging.WARNING)   # of azure-ai-ml's experimental classes


def written(folder, name, form):
    torchport("contract", name, "--format", form, *IMAGE, "-o", folder / "made.yml", cwd=folder)
    return folder / "made.yml"


def values(component):
    spec = COMPONENTS[component]
    return {name: row for name, row in {**spec.get("parameters", {}), **spec.get("options", {})}.items() if name != "path_map"}


@pytest.fixture
def pipeline(tmp_path):
    shutil.copy(SOURCE / "tests/data/contract/pipeline.yaml", tmp_path)
    class_folders(tmp_path / "photos", size=40)
    return tmp_path


@pytest.mark.parametrize("name", COMPONENTS)
def test_azure_components(tmp_path, name):
    component = load_component(written(tmp_path, name, "azureml"))
    assert component._validate().passed, component._validate().error_messages
    assert component.name == name and {*component.outputs} == {*COMPONENTS[name]["outputs"]}
    kinds = {"integer": "integer", "float": "number", "boolean": "boolean"}
    for row, facts in values(name).items():
        made = component.inputs[row]
        assert made.type == kinds.get(facts["type"], "uri_file" if facts.get("path") else "string"), row
        assert bool(made.optional) == facts.get("optional", False), row
        if "default" in facts:   # of the type that it says
            assert str(made.default) == str(facts["default"]) or math.isclose(float(made.default), float(facts["default"])), (row, made.default)
            assert not facts["type"] == "boolean" or isinstance(made.default, bool)
        if facts["type"] in ("integer", "float") and "range" in facts:
            low, high = (part.strip() for part in facts["range"][1:-1].split(","))
            assert (made.min is not None, made.max is not None) == (bool(low), bool(high)), row
            if low and facts["range"][0] == "[":
                assert made.min == float(low), row
    if COMPONENTS[name]["launch"] == "distributed":
        assert component.distribution.type == "mpi" and component.distribution.process_count_per_instance == 1 and component.resources.instance_count == 1


def test_azure_jobs(pipeline):
    job = load_job(written(pipeline, "pipeline.yaml", "azureml"))
    assert job._validate().passed, job._validate().error_messages
    assert job.jobs["train"].distribution.process_count_per_instance == 2
    given = job.jobs["train"]._to_rest_inputs()
    assert given["batch_size"]["value"] == "4" and float(given["learning_rate"]["value"]) == 1e-5 and "parent.inputs.epochs" in given["epochs"]["value"]
    assert job.jobs["init"]._to_rest_inputs()["size"]["value"] == "[40, 36]"
    assert str(pathlib.Path(job.inputs["photos"].path)).endswith("photos")


@pytest.mark.parametrize("name", COMPONENTS)
def test_kubeflow_components(tmp_path, name):
    """kfp takes it for one of its own: in a pipeline of Python's it compiles to the same container and inputs."""
    made = written(tmp_path, name, "kubeflow")
    component = components.load_component_from_file(str(made))
    required = [port for port, facts in COMPONENTS[name].get("inputs", {}).items() if not facts.get("optional")]

    @dsl.pipeline(name="around")
    def around():
        given = {port: dsl.importer(artifact_uri=f"s3://b/{port}", artifact_class=component.component_spec.inputs[port].type and artifact(component, port)).output
                 for port in required}
        component(**given)

    compiler.Compiler().compile(around, str(tmp_path / "around.yaml"))
    whole = yaml.safe_load((tmp_path / "around.yaml").read_text())
    mine = yaml.safe_load(made.read_text())
    containers = [executor["container"] for executor in whole["deploymentSpec"]["executors"].values() if "container" in executor]
    assert containers == [executor["container"] for executor in mine["deploymentSpec"]["executors"].values()]
    (inner,) = [part for part in whole["components"].values() if not part["executorLabel"].startswith("exec-importer")]
    for row, facts in values(name).items():
        definitions = inner["inputDefinitions"]
        if facts.get("path"):
            assert definitions["artifacts"][row]["isOptional"]
            continue
        definition = definitions["parameters"][row]
        assert definition["parameterType"] == {"integer": "NUMBER_INTEGER", "float": "NUMBER_DOUBLE", "boolean": "BOOLEAN"}.get(facts["type"], "STRING")
        if "default" in facts:
            default = definition["defaultValue"]
            assert str(default) == str(facts["default"]) or math.isclose(float(default), float(facts["default"])), (row, default)
    words = json.dumps(containers)
    assert all(f"--{row['flag']}" in words for row in values(name).values())


def artifact(component, port):
    """The class of kfp's for the type of an input."""
    title = component.component_spec.inputs[port].type.split("@")[0]
    return {"system.Model": dsl.Model, "system.Dataset": dsl.Dataset, "system.Artifact": dsl.Artifact}[title]


def test_kubeflow_pipelines(pipeline):
    made = written(pipeline, "pipeline.yaml", "kubeflow")
    component = components.load_component_from_file(str(made))
    assert {*component.component_spec.inputs} == {"photos", "epochs"}
    compiler.Compiler().compile(component, str(pipeline / "again.yaml"))
    mine, again = (yaml.safe_load((pipeline / name).read_text()) for name in ("made.yml", "again.yaml"))
    assert again["root"]["dag"]["tasks"] == mine["root"]["dag"]["tasks"] and again["deploymentSpec"] == mine["deploymentSpec"]
    train = mine["root"]["dag"]["tasks"]["train"]["inputs"]["parameters"]
    assert train["batch_size"] == {"runtimeValue": {"constant": 4}} and train["process_count_per_node"] == {"runtimeValue": {"constant": 2}}
    assert train["epochs"] == {"componentInputParameter": "epochs"}
