"""torchport contract: components and pipelines as other systems' files. tests/ecosystem/ has the same read by these systems' own tools."""
import json
import math
import shutil

import jsonschema
import pytest
import yaml

from harness import AS_ROOT, SOURCE, class_folders, torchport

IMAGE = ("--image", "example.org/torchport:1")
TINY = SOURCE / "tests/data/contract/pipeline.yaml"
NESTED = ("""name: nested
inputs: {photos: ./photos, share: 0.25}
steps:
  prepare: {pipeline: ./inner.yaml, inputs: {photos: inputs.photos, fraction: inputs.share}}
  quarter: {component: split_image_directory, inputs: {images: prepare.large}, parameters: {fraction: inputs.share}}
""", """name: inner
inputs: {photos: , fraction: }
outputs: {large: halve.first}
steps:
  halve: {component: split_image_directory, inputs: {images: inputs.photos}, parameters: {fraction: inputs.fraction}}
""")
COMPONENTS = {path.stem: yaml.safe_load(path.read_text()) for path in sorted((SOURCE / "spec/components").glob("*.yaml"))}


def rows(component):
    """The parameters of a component's spec, torchport's own too."""
    spec = COMPONENTS[component]
    return {**spec.get("parameters", {}), **spec.get("options", {})}


def contract(*words, cwd=None, status=0):
    return torchport("contract", *words, status=status, cwd=cwd)


@pytest.fixture
def here(work):
    shutil.copy(TINY, work / "pipeline.yaml")
    class_folders(work / "photos", size=40)
    return work


def test_azure_components():
    """Names, types, choices, ranges and defaults are those of the specs, all of them."""
    for name, spec in COMPONENTS.items():
        made = yaml.safe_load(contract(name, "--format", "azureml", *IMAGE).stdout)
        assert made["name"] == name and made["environment"] == {"image": IMAGE[1]}
        assert ("distribution" in made) == (spec["launch"] == "distributed")
        inputs = made.get("inputs", {})
        assert {*inputs} == {*spec.get("inputs", {}), *rows(name)} - {"path_map"}
        assert {*made["outputs"]} == {*spec["outputs"]}
        for row, facts in rows(name).items():
            if row == "path_map":
                continue
            kinds = {"integer": "integer", "float": "number", "boolean": "boolean"}
            assert inputs[row]["type"] == kinds.get(facts["type"], "uri_file" if facts.get("path") else "string"), row
            assert inputs[row].get("optional", False) == facts.get("optional", False), row
            if "default" in facts:
                default = inputs[row]["default"]
                assert str(default) == str(facts["default"]) or math.isclose(float(default), float(facts["default"])), (row, default, facts)
            if isinstance(facts.get("choices"), list) and not facts.get("several"):
                assert inputs[row]["enum"] == facts["choices"]
            if "range" in facts and facts["type"] != "size":
                text = facts["range"]
                low, high = (part.strip() for part in text[1:-1].split(","))
                for key, bound, opened in (("min", low, text[0] == "("), ("max", high, text[-1] == ")")):
                    assert (key in inputs[row]) == bool(bound), row
                    if bound and not opened:
                        assert inputs[row][key] == float(bound), row
                    elif bound:
                        step = 1 if facts["type"] == "integer" else abs(math.nextafter(float(bound), math.inf if key == "min" else -math.inf) - float(bound))
                        assert inputs[row][key] == float(bound) + (step if key == "min" else -step), row
            words = made["command"]
            assert f"--{facts['flag']} " in words and (f"$[[--{facts['flag']} " in words) == facts.get("optional", False), row


def test_a_job_comes_back(here):
    """What torchport import makes of the job is the same pipeline: steps, wires, values, processes."""
    contract("pipeline.yaml", "--format", "azureml", *IMAGE, "-o", "job.yml", cwd=here)
    torchport("import", "job.yml", "-o", "back.yaml", cwd=here)
    for form in ("json-schema", "markdown"):
        was, now = (contract(name, "--format", form, cwd=here).stdout for name in ("pipeline.yaml", "back.yaml"))
        if form == "json-schema":   # inputs among them, of paths and of values
            assert json.loads(was) == json.loads(now)
        else:
            assert was.replace("inputs.photos = ", "") == now.replace("inputs.photos = ", "").replace("1.0e-05", "1e-05")
    assert "train.run.comm_timeout" not in now and yaml.safe_load((here / "back.yaml").read_text())["steps"]["train"]["run"] == \
        {"comm_timeout": 60, "process_count_per_node": 2}


@pytest.mark.parametrize("name", [*sorted(str(path.parent.relative_to(SOURCE)) for path in (SOURCE / "examples").glob("*/pipeline.yaml")), "nested"])
def test_examples_come_back(work, name):
    """All of them, and one with values as inputs and a pipeline as a step."""
    if name == "nested":
        (work / "pipeline.yaml").write_text(NESTED[0])
        (work / "inner.yaml").write_text(NESTED[1])
    else:
        for file in (SOURCE / name).iterdir():
            shutil.copy(file, work)
    file = yaml.safe_load((work / "pipeline.yaml").read_text())
    given = file.get("inputs", {})
    unset = [word for key, value in given.items() if value is None for word in ("--set", f"inputs.{key}=./{key}")]
    contract("pipeline.yaml", "--format", "azureml", *IMAGE, "-o", "job.yml", *unset, cwd=work)
    torchport("import", "job.yml", "-o", "back.yaml", cwd=work)
    assert yaml.safe_load((work / "back.yaml").read_text()).get("description") == file.get("description")
    was = json.loads(contract("pipeline.yaml", "--format", "json-schema", *unset, cwd=work).stdout)["properties"]
    now = json.loads(contract("back.yaml", "--format", "json-schema", cwd=work).stdout)["properties"]
    for properties in (was, now):
        for value in properties.get("inputs", {}).get("properties", {}).values():
            value["default"] = str(value["default"]).removeprefix("./")
    assert was == now
    if name == "nested":
        back = yaml.safe_load((work / "back.yaml").read_text())
        assert [*back["steps"]] == ["prepare_halve", "quarter"] and back["inputs"] == {"photos": "photos", "share": 0.25}
        assert back["steps"]["prepare_halve"]["parameters"]["fraction"] == back["steps"]["quarter"]["parameters"]["fraction"] == "inputs.share"


def test_machines_come_back(here):
    """As nodes, which a run on one machine would be refused; the command that is said runs them there."""
    contract("pipeline.yaml", "--format", "azureml", *IMAGE, "--set", "train.node_count=2", "--set", "train.process_count_per_node=1", "-o", "job.yml", cwd=here)
    done = torchport("import", "job.yml", "-o", "back.yaml", cwd=here)
    assert yaml.safe_load((here / "back.yaml").read_text())["steps"]["train"]["run"] == {"comm_timeout": 60, "node_count": 2}
    said = "torchport run back.yaml --set train.node_count=1 --set train.process_count_per_node=2"
    assert done.stdout.endswith(f"Run it: {said}\n") and "2 machines of 1 are a world of 2 processes" in done.stderr, done
    torchport(*said.split()[1:], "--dry-run", *AS_ROOT, cwd=here)
    torchport("run", "job.yml", "--dry-run", *AS_ROOT, cwd=here)
    (here / "computes.yaml").write_text("computes: {pair: {engine: mpirun, hosts: [alpha, beta], processing_units: 8}}\n")
    lines = torchport("validate", "job.yml", "--set", "train.compute=pair", *AS_ROOT, cwd=here).stdout.splitlines()
    assert ["train.node_count", "2"] in [line.split()[:2] for line in lines]   # machines that are there are taken
    assert "must be at most 1" in torchport("run", "back.yaml", "--dry-run", *AS_ROOT, cwd=here, status=2).stderr


def test_a_job_as_it_was(here):
    """Goldens of what azure-ai-ml loads and validates, Slurm runs and the MPI operator's schema takes (tests/ecosystem, tests/cluster)."""
    for form, golden in (("azureml", "azureml.yml"), ("mpijob", "mpijob.yaml"), ("sbatch", "sbatch.sh")):
        settings = [] if form == "azureml" else ["--set", "inputs.photos=/data/photos", "--set", "train.node_count=2"]
        made = contract("pipeline.yaml", "--format", form, *(IMAGE if form != "sbatch" else ()), *settings, cwd=here).stdout
        assert made == (SOURCE / "tests/data/contract" / golden).read_text(), made


def test_an_environment_of_azure_is_no_image(here):
    for words in (["pipeline.yaml"], ["train_pytorch_model"]):
        job = yaml.safe_load(contract(*words, "--format", "azureml", "--image", "azureml:env:3", cwd=here).stdout)
        assert {one["environment"] for one in job.get("jobs", {"": job}).values()} == {"azureml:env:3"}


def test_paths_in_values(here):
    """A job begins elsewhere than the pipeline's folder; what nodes or pods cannot see is noted."""
    (here / "my pics").mkdir()
    (here / "p.yaml").write_text("name: p\ninputs: {labels: ./photos}\nsteps:\n  convert:\n    component: convert_to_image_directory\n"
                                 "    inputs: {input: inputs.labels}\n    parameters: {path_map: ['s://c/=my pics', '=./photos']}\n")
    made = contract("p.yaml", "--format", "sbatch", cwd=here)
    assert f"--path_map=s://c/={here}/my pics\\n={here}/photos'" in made.stdout and made.stderr == "", made
    said = contract("p.yaml", "--format", "mpijob", *IMAGE, "--set", "inputs.labels=/data/x", cwd=here).stderr
    assert "note: convert.path_map is my pics: the pods see /data alone" in said and "note: convert.path_map is photos: " in said, said
    said = contract("p.yaml", "--format", "sbatch", "--set", "inputs.labels=azureml:animals:1", cwd=here).stderr
    assert "note: convert.input is azureml:animals:1, an address that no node can read" in said, said


def test_an_mpi_job_fits_the_operators_schema(here):
    schema = json.loads((SOURCE / "tests/data/contract/mpijob_crd.json").read_text())
    for words in (["pipeline.yaml", "--set", "inputs.photos=/data/photos"],
                  ["train_pytorch_model", "--set", "train_pytorch_model.node_count=3", *(word for port in COMPONENTS["train_pytorch_model"]["inputs"]
                                                                                        for word in ("--set", f"inputs.{port}=/data/{port}"))]):
        job = yaml.safe_load(contract(*words, "--format", "mpijob", *IMAGE, cwd=here).stdout)
        jsonschema.validate(job, schema)
    assert job["spec"]["mpiReplicaSpecs"]["Worker"]["replicas"] == 3 and "mpirun --allow-run-as-root -np 3 " in str(job)
    said = contract("pipeline.yaml", "--format", "mpijob", *IMAGE, cwd=here).stderr
    assert "note: convert.input is photos: the pods see /data alone" in said, said


def boundaries(facts):
    """Values at and beyond the bounds of a number."""
    text = facts["range"]
    step = 1 if facts["type"] == "integer" else 0.001
    for bound, sign in zip(text[1:-1].split(","), (-1, 1)):
        if bound.strip():
            value = float(bound)
            for near in (value, value - step, value + step):
                yield int(near) if facts["type"] == "integer" else near


def test_json_schemas(here):
    """What the schema takes, the component takes: at and beyond each bound, for choices and truths."""
    for name in ("train_pytorch_model", "split_image_directory", "init_image_transformation", "apply_image_transformation"):
        schema = json.loads(contract(name, "--format", "json-schema").stdout)
        jsonschema.Draft202012Validator.check_schema(schema)
        fine = jsonschema.Draft202012Validator(schema["properties"]["parameters"])
        assert fine.is_valid({}) and not fine.is_valid({"no_such": 1})
        tried = [(row, value) for row, facts in rows(name).items() if facts["type"] in ("integer", "float") and "range" in facts for value in boundaries(facts)]
        tried += [(row, value) for row, facts in rows(name).items() if isinstance(facts.get("choices"), list) for value in (*facts["choices"], "other")]
        refused = [(row, value) for row, value in tried if not fine.is_valid({row: value})]
        if name != "split_image_directory":
            assert len(refused) >= 3
        for row, value in tried[::7] + refused[::5]:
            flag = rows(name)[row]["flag"]
            said = torchport("validate", name, f"--{flag}={value}", status=None).stderr
            told = any(f"--{flag} is {value}" in line or f"--{flag} is '{value}'" in line for line in said.splitlines() if line.startswith("error["))
            assert told == ((row, value) in refused), (name, row, value, said)
    schema = json.loads(contract("pipeline.yaml", "--format", "json-schema", cwd=here).stdout)
    fine = jsonschema.Draft202012Validator(schema)
    assert fine.is_valid({"inputs": {"photos": "x", "epochs": 3}, "train": {"batch_size": 8}})
    for wrong in ({"inputs": {"epochs": 0}}, {"train": {"batch": 8}}, {"trian": {}}, {"init": {"size": [1, 2, 3]}}):
        assert not fine.is_valid(wrong), wrong
    assert schema["properties"]["train"]["properties"]["batch_size"]["default"] == 4


def test_markdown(here):
    """Of a component its part of the reference."""
    page = contract("score_image_model", "--format", "markdown").stdout
    assert page.startswith("# Score Image Model\n") and "\n#" + page in (SOURCE / "docs/reference/components.md").read_text()
    (here / "pipeline.yaml").write_text("description: Photos to figures.\n" + TINY.read_text())
    page = contract("pipeline.yaml", "--format", "markdown", cwd=here).stdout
    assert page.startswith("# tiny-pipeline\n\nPhotos to figures.\n\n") and "| in | training_dataset | ImageDirectory | train_photos.output |" in page and "| Epochs | epochs | 2 | 5 |" in page, page


def test_what_cannot_be_said_is(here):
    """By an error that says what to give, or a note."""
    for words, status, said in (
            (("train_pytorch_model", "--format", "azureml"), 2, "--image"),
            (("train_pytorch_model", "--format", "azureml", *IMAGE, "--set", "x.epochs=1"), 2, "--format azureml of a component has its defaults"),
            (("score_image_model", "--format", "sbatch"), 2, "--set inputs.dataset"),
            (("convert_to_image_directory", "--format", "azureml", *IMAGE), 0, "note: path_map is left out: an input cannot be a list of folders"),
            (("pipeline.yaml", "--format", "azureml", *IMAGE, "--set", "train.compute=here"), 0, "note: train.compute (here) is left out"),
            (("pipeline.yaml", "--format", "kubeflow", *IMAGE, "--set", "train.node_count=2"), 0, "note: train: a task is one pod: 2 nodes of 2 are 4 processes of it")):
        done = contract(*words, cwd=here, status=status)
        assert said in done.stderr, done.stderr
