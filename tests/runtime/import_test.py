"""Files of Azure ML as pipelines: each construct of a pipeline job (CLI v2) and of a designer's graph, with a note or an error for each difference."""
import json
import resource

import pytest
import yaml

from harness import SOURCE, torchport

DATA = SOURCE / "tests/data/azure"
MODULES = "azureml.designer.modules."
SPLIT = MODULES + "computer_vision.preprocess.split_image_directory.split_image_directory"
CONVERT = MODULES + "computer_vision.preprocess.convert_to_image_directory.convert_to_image_directory"
INIT = MODULES + "computer_vision.transform.init_image_transformation.init_image_transformation"
TRAIN = MODULES + "dl.pytorch.train.train_pytorch_model"
OF_PYTHON = ("error[FileParsingFailedError] job.yml: this is a {}, which is not a pipeline\n  hint   Python is not read. Save the pipeline that it makes as YAML "
             "(az ml job show -n JOB > job.yml), or the graph that it shows as JSON, and import that; docs/coming-from-azure.md tells how.\n")
SEE = "torchport explain NAME says more about an error.\n"

ONE_STEP = """type: pipeline
inputs: {{photos: ./photos}}
jobs:
  convert:
    type: command
    command: >-
      python -m {convert} --input-path ${{{{inputs.data}}}} --output-path ${{{{outputs.out}}}}
    inputs: {{data: "${{{{parent.inputs.photos}}}}"}}
    outputs: {{out: {{type: uri_folder}}}}
""".format(convert=CONVERT)


def imported(file, *options, cwd=None):
    """The pipeline, and the notes without the folder of the file."""
    done = torchport("import", file, *options, cwd=cwd or file.parent)   # paths of what is printed are relative to the current folder
    notes = [line.removeprefix("note: ").replace(f"{file.parent}/", "") for line in done.stderr.splitlines()]
    assert all(line.startswith("note: ") for line in done.stderr.splitlines()), done.stderr
    return yaml.safe_load(done.stdout), notes


def refused(work, text, wanted, *options):
    (work / "job.yml").write_text(text)
    for command in ("import", "validate"):
        done = torchport(command, "job.yml", *options, status=None, cwd=work)
        assert done.returncode == 2 and done.stdout == "", done
        assert done.stderr == wanted + SEE, f"--- got\n{done.stderr}--- wanted\n{wanted}"


def job(work, text):
    (work / "job.yml").write_text(text)
    return work / "job.yml"


def test_a_job_with_every_construct():
    """Which azure-ai-ml 1.35.2 loads and validates; the pipeline and the notes are written beside it."""
    made, notes = imported(DATA / "job/pipeline.yml")
    assert made["inputs"] == {"photos": "../photos", "epochs": 2, "flip_off": False}
    assert made["steps"]["train"]["parameters"]["epochs"] == "inputs.epochs" and made["steps"]["init"]["parameters"]["grayscale"] == "inputs.flip_off"
    for step in made["steps"].values():   # what is written beside it has the values in their places
        for name, value in step.get("parameters", {}).items():
            if str(value).startswith("inputs."):
                step["parameters"][name] = made["inputs"].pop(value.removeprefix("inputs."))
    assert made == yaml.safe_load((DATA / "job/expected.yaml").read_text()), yaml.safe_dump(made)
    assert notes == (DATA / "job/notes.txt").read_text().splitlines(), "\n".join(notes)


def test_the_graph_of_a_run():
    made, notes = imported(DATA / "graph/graph.json")
    assert made == yaml.safe_load((DATA / "graph/expected.yaml").read_text()), yaml.safe_dump(made)
    assert notes == (DATA / "graph/notes.txt").read_text().splitlines(), "\n".join(notes)


def test_a_graph_that_compares_two_models(work):
    """The second wire of Evaluate Model is kept, by the label of its port; keys that no graph is known to have are said once, with their count."""
    graph = json.loads((DATA / "graph/graph.json").read_text())
    steps = graph["pipeline"]["steps"]
    key = next(key for key, box in steps.items() if box["validate"]["module_name"] == "Evaluate Model")
    steps[key]["inputs"]["Scored_dataset_to_compare"] = steps[key]["inputs"]["Scored_dataset"]
    for box in list(steps.values())[:2]:
        box["parameters"] = {"a": 1}
    (work / "graph.json").write_text(json.dumps(graph, indent=1))
    made, notes = imported(work / "graph.json")
    assert made["steps"]["evaluate_model"]["inputs"] == dict.fromkeys(("scored_dataset", "compared_dataset"), "score_image_model.scored_dataset"), made
    assert [note.split(": ", 1)[1] for note in notes if "ignored" in note] == [
        f"{[*made['steps']][0]}: parameters are ignored, as in 1 more place: of a box its label and its wires are read"], notes
    (work / "odd.json").write_text(json.dumps({"pipeline": "x", "steps": steps}))
    assert len(imported(work / "odd.json")[0]["steps"]) == len(steps)


def test_large_graphs(work):
    graph = json.loads((DATA / "graph/graph.json").read_text())
    graph["modules"] = ["x" * 1000] * 2000
    (work / "graph.json").write_text(json.dumps(graph))
    assert imported(work / "graph.json")[0]["steps"]
    (work / "graph.json").write_text(json.dumps(graph) + " " * (4 << 20))
    assert torchport("import", "graph.json", status=2, cwd=work).stderr == (
        "error[CouldNotOpenFileError] graph.json: 'graph.json' cannot be read: larger than 4194304 bytes\n"
        "  hint   Of a pipeline or a pipeline job 1048576 bytes are read, of the graph of a run (JSON) 4194304.\n" + SEE)


def test_a_graph_with_a_box_of_others(work):
    """It is left out and named, what needed it must be given, and another may take its place."""
    graph = json.loads((DATA / "graph/graph.json").read_text())
    graph["pipeline"]["steps"]["a1"]["validate"]["module_name"] = "My Own Reader"
    file = work / "graph.json"
    file.write_text(json.dumps(graph))   # in one line, as a notebook has it
    made, notes = imported(file)
    assert "my_own_reader" not in made["steps"] and made["inputs"] == {"my_own_reader_output_image_directory": None}, made
    assert made["steps"]["split_image_directory"]["inputs"] == {"images": "inputs.my_own_reader_output_image_directory"}
    assert any("my_own_reader: 'My Own Reader' is no component of torchport, and the step is left out: --replace my_own_reader=COMPONENT" in note
               for note in notes), notes
    made, _ = imported(file, "--replace", "my_own_reader=convert_to_image_directory")
    assert made["steps"]["my_own_reader"] == {"component": "convert_to_image_directory", "inputs": {"input": "inputs.animals"}}, made
    assert made["steps"]["split_image_directory"]["inputs"] == {"images": "my_own_reader.output"}


def test_written_into_another_folder(work):
    """Paths lead to the same places from there, and the command to run it is said."""
    (work / "jobs").mkdir()
    (work / "out").mkdir()
    file = work / "jobs/job.yml"
    file.write_text(ONE_STEP)
    done = torchport("import", file, "-o", work / "out/p.yaml", cwd=work)
    assert done.stdout == f"{work}/out/p.yaml has 1 step; 0 notes above. Run it: torchport run {work}/out/p.yaml\n", done
    text = (work / "out/p.yaml").read_text()
    assert text.startswith("# Made of job.yml by torchport import."), text
    assert yaml.safe_load(text)["inputs"] == {"photos": "../jobs/photos"}, text


LABELS = """inputs: {names: {type: uri_file, path: ./labels.txt}}
jobs:
  x:
    command: torchport run convert_to_image_directory --input_path ${{inputs.i}} --labels ${{inputs.l}} --output_path ${{outputs.o}}
    inputs: {i: ./photos, l: WHERE}
    outputs: {o: {type: uri_folder}}
"""


@pytest.mark.parametrize("where, own", [("./labels.txt", "x_labels"), ('"${{parent.inputs.names}}"', "names")])
def test_files_of_parameters(work, where, own):
    """They are named from the pipeline's folder; what lies outside of it a pipeline may not name, and the command to run it does."""
    for folder in ("jobs/photos", "out"):
        (work / folder).mkdir(parents=True)
    (work / "jobs/labels.txt").write_text("a\nb\n")
    (work / "jobs/photos/a.png").write_bytes(b"x")
    (work / "jobs/job.yml").write_text(LABELS.replace("WHERE", where))
    for output, path in (("jobs/p.yaml", "labels.txt"), ("p.yaml", "jobs/labels.txt")):
        torchport("import", "jobs/job.yml", "-o", output, cwd=work)
        made = yaml.safe_load((work / output).read_text())
        assert made["steps"]["x"]["parameters"]["labels"] == (path if own == "x_labels" else "inputs.names") and made["inputs"].get("names", path) == path, made
        torchport("validate", output, cwd=work)
    done = torchport("import", "jobs/job.yml", "-o", "out/p.yaml", cwd=work)
    assert (f"x: its file labels.txt lies outside of the folder of the pipeline file, which reads none from elsewhere by itself: "
            f"--set inputs.{own}=jobs/labels.txt\n") in done.stderr, done.stderr
    said = f"torchport run out/p.yaml --set inputs.{own}=jobs/labels.txt"
    assert done.stdout.endswith(f"Run it: {said}\n"), done.stdout
    torchport(*said.split()[1:], "--dry-run", cwd=work)
    torchport("run", "jobs/job.yml", "--dry-run", cwd=work)
    (work / "jobs/job.yml").write_text(LABELS.replace("WHERE", where).replace("./labels.txt", "azureml:labels:1"))
    made, notes = imported(work / "jobs/job.yml")
    assert made["steps"]["x"]["parameters"] == {"labels": f"inputs.{own}"} and made["inputs"][own] is None, made
    assert f"--set inputs.{own}=PATH\n" in torchport("import", "jobs/job.yml", "-o", "out/q.yaml", cwd=work).stdout
    assert any(f"the file of labels is in the cloud (azureml:labels:1): give its path, --set inputs.{own}=PATH" in note for note in notes), notes


def test_defaults_are_those_of_the_program(work):
    """A command without a flag takes its program's own default, which is not always that of the registered component."""
    text = f"jobs:\n  init:\n    command: python -m {INIT} --resize True --size 256 --output-path ${{{{outputs.t}}}}\n    outputs: {{t: {{type: uri_folder}}}}\n"
    made, notes = imported(job(work, text))
    assert made["steps"]["init"]["parameters"] == {"resize": True, "size": 256, "center_crop": False, "random_horizontal_flip": False}
    assert notes == [f"job.yml:3:14: jobs.init: --{name} is not in its command: the program's own default False, not the designer's True"
                     for name in ("center_crop", "random_horizontal_flip")], notes


VALUES = [   # as YAML has it, as the command line gets it, as the pipeline has it
    ("True", True), ("'False'", False), ("yes", True), ("224", True), ("0", False), ("'false'", False)]


@pytest.mark.parametrize("given, taken", VALUES)
def test_truths(work, given, taken):
    text = (f"jobs:\n  init:\n    command: python -m {INIT} --pad ${{{{inputs.p}}}} --resize=True --center_crop True --random-horizontal-flip True --output-path ${{{{outputs.t}}}}\n"
            f"    inputs: {{p: {given}}}\n    outputs: {{t: {{type: uri_folder}}}}\n")
    made, notes = imported(job(work, text))
    assert made["steps"]["init"]["parameters"]["pad"] is taken, made
    wanted = {"224": "--pad is 224, which is taken as True: of a number only 0 is False; the number itself is not used", "0": "--pad is 0, which is taken as False: of a number only 0 is False",
              "'false'": "--pad is false in small letters, which is taken as False; the original took it as True"}
    assert notes == ([f"job.yml:4:17: jobs.init: {wanted[given]}"] if given in wanted else []), notes


OTHER = """jobs:
  {other}:
    command: python train.py --data ${{{{inputs.train_data}}}} && echo done
    inputs: {{train_data: "${{{{parent.jobs.halve.outputs.a}}}}", val_data: "${{{{parent.jobs.halve.outputs.b}}}}", arch: resnet18, epochs: 3, lr: 0.1, seed: 7, workers: 5}}
    outputs: {{model: {{type: uri_folder, mode: upload}}}}
    distribution: {{type: mpi, process_count_per_instance: 1}}
    resources: {{instance_count: 2}}
  halve:
    command: python -m {split} --src-path ${{{{inputs.i}}}} --tgt-train-path ${{{{outputs.a}}}} --tgt-test-path=${{{{outputs.b}}}}
    inputs: {{i: {{type: uri_folder, path: "azureml:animals:1"}}}}
    outputs: {{a: {{type: uri_folder}}, b: {{type: uri_folder}}}}
  score:
    command: python -m {modules}dl.pytorch.score.score_image_model.module_invoker --trained-model ${{{{inputs.m}}}} --dataset ${{{{inputs.d}}}} --scored-dataset ${{{{outputs.s}}}}
    inputs: {{m: "${{{{parent.jobs.{other}.outputs.model}}}}", d: "${{{{parent.jobs.halve.outputs.b}}}}"}}
    outputs: {{s: {{type: uri_folder}}}}
"""


def test_a_step_of_another_program(work):
    """It is left out and named; with --replace a component stands there, and each guess is said."""
    file = job(work, OTHER.format(other="fit", split=SPLIT, modules=MODULES))
    made, notes = imported(file)
    assert [*made["steps"]] == ["halve", "score"] and made["inputs"] == {"halve_i": None, "fit_model": None}, made
    assert made["steps"]["score"]["inputs"] == {"trained_model": "inputs.fit_model", "dataset": "halve.second"}
    assert ("job.yml:2:3: jobs.fit: its command is none of the designer's components, and the step is left out: --replace fit=train_pytorch_model "
            "puts one in its place") in notes, notes
    assert "job.yml:10:42: jobs.halve: the input i is in the cloud (azureml:animals:1): give its path, --set inputs.halve_i=PATH" in notes, notes
    made, notes = imported(file, "--replace", "fit=train_pytorch_model")
    assert made["steps"]["fit_network"] == {"component": "resnet", "parameters": {"model_name": "resnet18", "pretrained": False}}
    assert made["steps"]["fit"] == {
        "component": "train_pytorch_model",
        "inputs": {"untrained_model": "fit_network.untrained_model", "training_dataset": "halve.first", "validation_dataset": "halve.second"},
        "parameters": {"epochs": 3, "learning_rate": 0.1, "random_seed": 7}, "run": {"node_count": 2}}, made
    assert made["steps"]["score"]["inputs"]["trained_model"] == "fit.trained_model"
    said = "\n".join(notes)
    for part in ("its input lr is taken as learning_rate", "its input seed is taken as random_seed", "its input train_data is taken as training_dataset",
                 "train_pytorch_model has no use for its inputs workers", "2 machines of 1 are a world of 2 processes"):
        assert part in said, notes
    done = torchport("import", file, "--replace", "fi=resnet", status=2)
    assert done.stderr == (f"error[ParameterParsingError] {file}: there is no step 'fi' to replace\n  at     --replace fi=resnet\n"
                           "  hint   Did you mean fit? The steps are: fit, halve, score.\n" + SEE), done.stderr
    assert "--replace 'fit' is not STEP=COMPONENT" in torchport("import", file, "--replace", "fit", status=2).stderr


def test_as_the_original_has_it(work):
    """What makes the result the original's is set, or named."""
    text = (f"jobs:\n  init:\n    command: python -m {INIT} --color-jitter True --output-path ${{{{outputs.t}}}}\n    outputs: {{t: {{type: uri_folder}}}}\n")
    file = job(work, text)
    made, notes = imported(file)
    assert made["steps"]["init"]["parameters"]["color_jitter"] is True
    assert "job.yml:3:14: init: color_jitter is True; the original's result is that of False: --as-original, or --set init.color_jitter=False" in notes, notes
    made, notes = imported(file, "--as-original")
    assert made["steps"]["init"]["parameters"]["color_jitter"] is False
    assert "job.yml:3:14: init: color_jitter is False and not True, as the original's result has it" in notes, notes
    made, _ = imported(DATA / "job/pipeline.yml", "--as-original")
    assert made["steps"]["train"]["parameters"]["keep"] == "last"


def test_pipelines_within_pipelines(work):
    """Their steps have their names before their own; in a file of its own or written into the job."""
    (work / "inner.yml").write_text(f"""type: pipeline
inputs: {{data: {{type: uri_folder}}, share: {{type: number, default: 0.5}}}}
outputs: {{train: {{type: uri_folder}}}}
jobs:
  halve:
    command: python -m {SPLIT} --src-path ${{{{inputs.i}}}} --fraction ${{{{inputs.f}}}} --tgt-train-path ${{{{outputs.a}}}} --tgt-test-path ${{{{outputs.b}}}}
    inputs: {{i: "${{{{parent.inputs.data}}}}", f: "${{{{parent.inputs.share}}}}"}}
    outputs: {{a: "${{{{parent.outputs.train}}}}", b: {{type: uri_folder}}}}
""")
    text = f"""type: pipeline
inputs: {{photos: ./photos}}
jobs:
  prepare:
    type: pipeline
    component: ./inner.yml
    inputs: {{data: "${{{{parent.inputs.photos}}}}"}}
  again:
    type: pipeline
    inputs: {{images: "${{{{parent.jobs.prepare.outputs.train}}}}"}}
    jobs:
      halve:
        command: python -m {SPLIT} --src-path ${{{{inputs.i}}}} --fraction 0.25 --tgt-train-path ${{{{outputs.a}}}} --tgt-test-path ${{{{outputs.b}}}}
        inputs: {{i: "${{{{parent.inputs.images}}}}"}}
        outputs: {{a: {{type: uri_folder}}, b: {{type: uri_folder}}}}
"""
    made, notes = imported(job(work, text))
    assert made["steps"] == {
        "prepare_halve": {"component": "split_image_directory", "inputs": {"images": "inputs.photos"}, "parameters": {"fraction": 0.5}},
        "again_halve": {"component": "split_image_directory", "inputs": {"images": "prepare_halve.first"}, "parameters": {"fraction": 0.25}}}, made
    assert notes == [], notes
    (work / "inner.yml").write_text("type: pipeline\njobs: {a: {type: pipeline, component: ./inner.yml}}\n")
    assert "pipelines within pipelines, too deep" in torchport("import", work / "job.yml", status=2).stderr


def test_what_cannot_be_read_is_refused(work):
    def fault(reason, place):
        return (f"error[FileParsingFailedError] job.yml: the file of Azure ML cannot be understood: {reason}\n  at     job.yml:{place}\n"
                "  hint   docs/coming-from-azure.md describes what is read.\n")
    refused(work, "jobs: {a: {type: automl}}\n", "error[ParameterParsingError] job.yml: the step a is of type automl, and torchport runs command steps of "
            "the designer's components\n  at     job.yml:1:8\n  hint   --replace a=COMPONENT puts a component in its place.\n")
    refused(work, "jobs: {a: {component: 'azureml:split:3'}}\n", "error[CouldNotOpenFileError] job.yml: the component of the step a lies in the cloud "
            "(azureml:split:3)\n  at     job.yml:1:23\n  hint   Get its file: az ml component show -n split --version 3 > split.yml, and name that file in the job.\n")
    refused(work, "jobs: {a: {component: azureml://registries/r/components/split/versions/0.1}}\n", "error[CouldNotOpenFileError] job.yml: the component of "
            "the step a lies in the cloud (azureml://registries/r/components/split/versions/0.1)\n  at     job.yml:1:23\n"
            "  hint   Get its file: az ml component show -n split --version 0.1 --registry-name r > split.yml, and name that file in the job.\n")
    refused(work, "jobs: {a: {component: ./none.yml}}\n", "error[CouldNotOpenFileError] job.yml: 'none.yml' cannot be read: No such file or directory\n"
            "  at     job.yml:1:23\n  hint   Give the path of a readable file.\n")
    for before, odd in (("cd x && ", "'&'"), ("NAME=1 ", "'NAME=1' before python"), ("mpirun -np 2 ", "'mpirun' before python"), ("torchrun --nproc_per_node 2 -m", "'torchrun' before the module"),
                        ("bash -c 'python -m ", "'bash' before the module"), ("python -m torch.distributed.run ", f"'{CONVERT}', which belongs to no flag")):
        text = ONE_STEP.replace("python -m", before if odd.endswith(("the module", "no flag")) else before + "python -m").replace("${{outputs.out}}", "${{outputs.out}}" + "'" * ("bash" in before))
        refused(work, text, f"error[FileParsingFailedError] job.yml: the file of Azure ML cannot be understood: the command of convert is more than a module and its flags: it has {odd}\n"
                f"  at     job.yml:6:14\n  hint   Leave python -m {CONVERT} and its flags alone in the command, or put a component in the step's place: "
                "--replace convert=convert_to_image_directory.\n")
    refused(work, ONE_STEP.replace("parent.inputs.photos", "parent.inputs.photo"), fault("the pipeline has no input 'photo'", "8:20"))
    refused(work, ONE_STEP.replace("parent.inputs.photos", "parent.jobs.b.outputs.c"), fault("there is no job 'b' with an output 'c'", "8:20"))
    refused(work, ONE_STEP.replace("--output-path", "--outputpath-x"), "error[ParameterParsingError] job.yml: unknown flag --outputpath-x\n  at     job.yml:6:14\n"
            "  hint   torchport run convert_to_image_directory --help lists the flags.\n")
    refused(work, "jobs: {a: {command: 'python x.py'}}\n", "error[FileParsingFailedError] job.yml: the file of Azure ML cannot be understood: no step of it is one "
            "of the designer's components\n  at     job.yml\n  hint   docs/coming-from-azure.md describes what is read.\n")
    refused(work, "type: command\ncommand: x\n", "error[FileParsingFailedError] job.yml: this is one component or command job of Azure ML, which is not a pipeline\n"
            "  hint   Give the pipeline job whose `jobs` name it.\n")
    cell = {"cell_type": "code", "source": ["x"], "outputs": [{"data": {"image/png": "A" * (1 << 20)}}]}   # too large to be read as YAML
    refused(work, json.dumps({"cells": [cell], "nbformat": 4}), OF_PYTHON.format("notebook"))
    refused(work, '{"cells": [], "nbformat": 4}', OF_PYTHON.format("notebook"))
    for text in ("from azure.ai.ml import dsl\n@dsl.pipeline()\ndef p(): ...\n", "import os\nfrom azureml.core import Workspace\nx: int = 1\n", "# This is generated from https://ml.azure.com/x\njobs: {}\n"):
        refused(work, text, OF_PYTHON.format("program in Python"))


def test_values_are_checked_at_their_places(work):
    """A fault of a value is that of the Azure file, in its line, whichever command reads it."""
    text = (DATA / "job/pipeline.yml").read_text().replace("epochs: 2 ", "epochs: 0 ").replace('share: "0.8"', 'share: "1.5"')
    (work / "components").symlink_to(DATA / "job/components")
    refused(work, text, "error[NotInRangeValueError] job.yml: --fraction is 1.5, which is outside of (0, 1)\n  at     job.yml:19:72\n  hint   Default: 0.9.\n"
            "error[GreaterThanError] job.yml: --epochs is 0, but must be greater than 0\n  at     job.yml:8:11\n  hint   Allowed: > 0; default: 5.\n")


def test_a_pipeline_of_ours_is_not_imported(work):
    (work / "p.yaml").write_text("name: p\nsteps: {n: {component: resnet}}\n")
    assert torchport("import", "p.yaml", status=2, cwd=work).stderr == ("error[FileParsingFailedError] p.yaml: this is a pipeline of torchport already\n"
                                                                        "  hint   There is nothing to import: torchport run p.yaml runs it.\n" + SEE)
    (work / "n.yaml").write_text("a: b\n")
    assert "this is neither a pipeline job or a graph of Azure ML nor a file of weights\n" in torchport("import", "n.yaml", status=2, cwd=work).stderr
    for name, content in (("m.onnx", b"x"), ("m", b"\x08\x07\x12\x07pytorch" + b"x" * (2 << 20))):
        (work / name).write_bytes(content)
        assert "this is an ONNX model, which is not a pipeline\n  hint   ONNX is not read back" in torchport("import", name, status=2, cwd=work).stderr
    assert "--replace and --as-original are for files of Azure ML" in torchport("validate", "p.yaml", "--as-original", status=2, cwd=work).stderr


def test_fifty_steps_are_read_at_once(work):
    """In at most 0.2 seconds of a processor, with their components' files."""
    (work / "components").symlink_to(DATA / "job/components")
    root = yaml.safe_load((DATA / "job/pipeline.yml").read_text())
    root["jobs"] = {f"{name}{n}": json.loads(json.dumps(step).replace(".outputs", f"{n}.outputs").replace(f"parent{n}.", "parent."))
                    for n in range(7) for name, step in root["jobs"].items()}
    assert len(root["jobs"]) == 56
    (work / "job.yml").write_text(yaml.safe_dump(root, sort_keys=False))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = torchport("import", work / "job.yml")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert len(yaml.safe_load(done.stdout)["steps"]) == 56
    taken = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert taken <= 0.2, taken
