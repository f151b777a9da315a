"""Pipeline files: every fault is found before anything runs, and shown with its line and column."""
import json
import random

import jsonschema
import yaml

from harness import ORIGINAL, SOURCE, torchport

SEE = "torchport explain NAME says more about an error.\n"
LABELLED, VALID, UNLABELLED = (ORIGINAL / f"image_directory_{kind}" for kind in ("labelled", "valid", "unlabelled"))

GOOD = f"""name: small
inputs:
  photos: {LABELLED}/image
steps:
  train:                       # stands before the steps that it needs
    component: train_pytorch_model
    inputs: {{untrained_model: net.untrained_model, training_dataset: {LABELLED}, validation_dataset: {VALID}}}
    parameters: {{epochs: 1, batch_size: 4}}
    run: {{process_count_per_node: 1}}
  net:
    component: resnet
    parameters: {{model_name: resnet18, pretrained: false}}
  again:
    component: train_pytorch_model
    inputs: {{untrained_model: train.trained_model, training_dataset: {LABELLED}, validation_dataset: {VALID}}}
  flat:
    component: convert_to_image_directory
    inputs: {{input: inputs.photos}}
"""

BAD = f"""name: Bad Name
colour: red
steps:
  net:
    component: resnet
    parameters: {{model_name: resnet81, pretrained: maybe, epochs: 3}}
  convert:
    component: convert_to_imagedirectory
  train:
    component: train_pytorch_model
    inputs: {{untrained_model: net.model, training_dataset: nat.untrained_model, validation: {VALID}}}
    parameters: {{epochs: 0}}
    run: {{processes: 2}}
  second:
    component: train_pytorch_model
    inputs: {{untrained_model: second, training_dataset: net.untrained_model, validation_dataset: ./none}}
"""

BAD_ERRORS = """\
error[ParameterParsingError] {file}: the file has an unknown key 'colour'
  at     {file}:2:1
  hint   Its keys are: name, description, inputs, outputs, compute, steps.
error[FileParsingFailedError] {file}: the pipeline cannot be understood: 'Bad Name' is not a name: a small letter, then small letters, digits, - and _, at most 64
  at     {file}:1:7
  hint   docs/pipelines.md describes the file.
error[InvalidModelDirectoryError] {file}: unknown model name 'resnet81'
  at     {file}:6:30
  hint   Did you mean resnet18? Known names: {networks}.
error[ParameterParsingError] {file}: --pretrained is 'maybe', which is neither True nor False
  at     {file}:6:52
  hint   Allowed: True, False; default: True.
error[ParameterParsingError] {file}: resnet has no parameter 'epochs'
  at     {file}:6:59
  hint   It has: {parameters}.
error[ParameterParsingError] {file}: unknown component 'convert_to_imagedirectory'
  at     {file}:8:16
  hint   Did you mean convert_to_image_directory? torchport list shows the components.
error[NullOrEmptyError] {file}: the step train lacks its input 'validation_dataset' (validation dataset)
  at     {file}:9:3
  hint   Give a wire STEP.OUTPUT, or a path that begins with / or ./.
error[ParameterParsingError] {file}: train_pytorch_model has no input 'validation'
  at     {file}:11:81
  hint   Did you mean validation_dataset? It has: untrained_model, training_dataset, validation_dataset.
error[GreaterThanError] {file}: --epochs is 0, but must be greater than 0
  at     {file}:12:26
  hint   Allowed: > 0; default: 5.
error[ParameterParsingError] {file}: train_pytorch_model has no run setting 'processes'
  at     {file}:13:11
  hint   It has: {settings}.
error[ParameterParsingError] {file}: 'second' is neither a wire nor a path
  at     {file}:16:31
  hint   A wire is STEP.OUTPUT; a path begins with / or ./.
error[ParameterParsingError] {file}: resnet has no output 'model'
  at     {file}:11:31
  hint   It has: untrained_model.
error[ParameterParsingError] {file}: there is no step 'nat'
  at     {file}:11:60
  hint   Did you mean net? A wire is STEP.OUTPUT; a path begins with / or ./.
error[ParameterParsingError] {file}: net.untrained_model is of type UntrainedModelDirectory, but second.training_dataset takes ImageDirectory
  at     {file}:16:57
  hint   Wire another output to it.
error[InvalidDatasetError] {file}: the validation dataset does not exist
  at     {file}:16:98
  path   none
  hint   Give the path of an image directory.
"""


def refused(work, text, wanted, *options):
    (work / "p.yaml").write_text(text)
    for command in (["validate"], ["run", "--dry-run"]):
        done = torchport(command[0], "p.yaml", *command[1:], *options, status=None, cwd=work)
        assert done.returncode != 0 and done.stdout == "", done
        assert done.stderr == wanted + SEE, f"--- got\n{done.stderr}--- wanted\n{wanted}"
    assert [path.name for path in work.iterdir()] == ["p.yaml"], "something was written"


def names(component, kind):
    spec = yaml.safe_load((SOURCE / f"spec/components/{component}.yaml").read_text())
    return [*spec.get(kind, {})]


def test_good_pipelines(work):
    (work / "p.yaml").write_text(GOOD)
    done = torchport("validate", "p.yaml", "--set", "train.epochs=7", cwd=work)
    lines = [line.split() for line in done.stdout.splitlines()]
    assert done.stdout.startswith("ok: small can run with these values"), done.stdout
    assert ["train.epochs", "7", "command", "line"] in lines and ["train.batch_size", "4", "p.yaml:8:41"] in lines, done.stdout
    assert ["train.patience", "3", "default"] in lines
    plan = torchport("run", "p.yaml", "--dry-run", cwd=work).stdout
    assert [line.split()[:2] for line in plan.splitlines()] == [[step, "run"] for step in ("net", "train", "again", "flat")], plan
    assert [path.name for path in work.iterdir()] == ["p.yaml"], "a dry run wrote something"


def test_faults_of_files(work):
    every = names("resnet", "parameters") + names("resnet", "options")
    settings = [name for name in yaml.safe_load((SOURCE / "spec/run_settings.yaml").read_text())["run_settings"] if name not in ("run_dir", "computes")]
    refused(work, BAD, BAD_ERRORS.format(file="p.yaml", networks=", ".join(names("resnet", "variants")), parameters=", ".join(every),
                                         settings=", ".join(settings)))
    refused(work, "name: a\nsteps: [\n", "error[FileParsingFailedError] p.yaml: the pipeline cannot be understood: end of sequence flow not found\n"
            "  at     p.yaml:3:1\n  hint   docs/pipelines.md describes the file.\n")
    refused(work, "name: a\nsteps: &x\n", "error[FileParsingFailedError] p.yaml: the pipeline cannot be understood: anchors are not allowed (&x)\n"
            "  at     p.yaml:2:8\n  hint   docs/pipelines.md describes the file.\n")
    refused(work, "steps: {}\n", "error[NullOrEmptyError] p.yaml: the file lacks the key 'name'\n  at     p.yaml:1:1\n"
            "  hint   docs/pipelines.md describes the file.\n"
            "error[FileParsingFailedError] p.yaml: the pipeline cannot be understood: there is no step\n"
            "  at     p.yaml:1:8\n  hint   docs/pipelines.md describes the file.\n")


def test_what_people_mistype(work):
    """Tabs, quoted figures and a year for a name are refused in words that say what to do."""
    def fault(reason, place):
        return (f"error[FileParsingFailedError] p.yaml: the pipeline cannot be understood: {reason}\n"
                f"  at     p.yaml:{place}\n  hint   docs/pipelines.md describes the file.\n")
    refused(work, "name: p\ninputs:\n\tphotos: ./x\nsteps:\n\ta:\n", fault("a tab before the line's first character, where only spaces may be", "3:8"))
    refused(work, GOOD.replace("name: small", "name: 2024"),
            fault("'2024' is not a name: a small letter, then small letters, digits, - and _, at most 64", "1:7"))
    refused(work, GOOD.replace("epochs: 1,", 'epochs: "1",'), "error[ParameterParsingError] p.yaml: --epochs is '\"1\"', which is not a decimal whole number\n"
            "  at     p.yaml:8:26\n  hint   Allowed: > 0; default: 5.\n")
    refused(work, GOOD.replace("pretrained: false", "pretrained: 'no'"), "error[ParameterParsingError] p.yaml: --pretrained is 'no', which is neither True nor False\n"
            "  at     p.yaml:12:52\n  hint   Allowed: True, False; default: True.\n")
    (work / "p.yaml").write_text("\ufeff" + GOOD)  # Notepad's, skipped: places are counted without it
    assert torchport("validate", "p.yaml", cwd=work).stderr == ""
    refused(work, "\ufeff" + GOOD.replace("name: small", "name: 2024"),
            fault("'2024' is not a name: a small letter, then small letters, digits, - and _, at most 64", "1:7"))


def test_values_that_may_mean_something_else(work):
    """They are taken as they are meant, and a note says so with its place."""
    for value, taken, note in [("'false'", "False", "--pretrained is false in small letters, which is taken as False; the original took it as True"),
                               ("224", "True", "--pretrained is 224, which is taken as True: of a number only 0 is False; the number itself is not used"), ("'False'", "False", ""), ("false", "False", "")]:
        (work / "p.yaml").write_text(GOOD.replace("pretrained: false", f"pretrained: {value}"))
        done = torchport("validate", "p.yaml", cwd=work)
        assert done.stderr == (f"note: p.yaml:12:52: {note}\n" if note else ""), done.stderr
        assert ["net.pretrained", taken, "p.yaml:12:52"] in [line.split() for line in done.stdout.splitlines()], done.stdout
    (work / "p.yaml").write_text(GOOD.replace("epochs: 1,", "epochs: 1, learning_rate: 3,"))
    assert torchport("run", "p.yaml", "--dry-run", cwd=work).stderr == ("note: p.yaml:8:44: --learning-rate is 3, which the designer did not take: its range is "
                                                                         "<= 2.0\n")


CIRCLE = """name: circle
steps:
  a:
    component: train_pytorch_model
    inputs: {{untrained_model: b.trained_model, training_dataset: {0}, validation_dataset: {0}}}
  b:
    component: train_pytorch_model
    inputs: {{untrained_model: a.trained_model, training_dataset: {0}, validation_dataset: {0}}}
"""


def test_circles(work):
    refused(work, CIRCLE.format(VALID), "error[ParameterParsingError] p.yaml: the steps need each other in a circle: a -> b -> a\n"
            "  at     p.yaml:8:31\n  hint   Take one of these wires out.\n")


def test_label_sets(work):
    """Rules across inputs are checked where the directories are there already."""
    text = GOOD.replace(f"validation_dataset: {VALID}}}\n    parameters", f"validation_dataset: {UNLABELLED}}}\n    parameters")
    refused(work, text, "error[NotLabeledDatasetError] p.yaml: the validation dataset is not labelled\n  at     p.yaml:5:3\n"
            f"  path   {UNLABELLED}\n  hint   Put the images into one folder for each category and use Convert to Image Directory.\n")


def test_settings_on_the_command_line(work):
    refused(work, GOOD, "error[GreaterThanError] p.yaml: --epochs is 0, but must be greater than 0\n  at     --set train.epochs=0\n"
            "  hint   Allowed: > 0; default: 5.\n", "--set", "train.epochs=0")
    refused(work, GOOD, "error[ParameterParsingError] p.yaml: train_pytorch_model has no parameter 'epoch'\n  at     --set train.epoch=1\n"
            f"  hint   Did you mean epochs? It has: {', '.join(settable('train_pytorch_model'))}.\n", "--set", "train.epoch=1")
    refused(work, GOOD, "error[ParameterParsingError] p.yaml: there is no step 'trian'\n  at     --set trian.epochs=1\n"
            "  hint   Did you mean train? A wire is STEP.OUTPUT; a path begins with / or ./.\n", "--set=trian.epochs=1")
    refused(work, GOOD, "error[ParameterParsingError] p.yaml: --set 'epochs=1' is not STEP.PARAMETER=VALUE\n"
            "  hint   For example: --set train.epochs=10.\n", "--set", "epochs=1")
    refused(work, GOOD, "error[InvalidDatasetError] p.yaml: the input dataset does not exist\n  at     p.yaml:18:21\n  path   nowhere\n"
            "  hint   Give the path of a folder of images.\n", "--set", "inputs.photos=nowhere")
    done = torchport("run", "p.yaml", "--forse", "net", status=2, cwd=work)
    assert done.stderr == ("error[ParameterParsingError] p.yaml: torchport run has no option --forse\n"
                           "  hint   Did you mean --force? torchport run --help lists the options.\n" + SEE), done.stderr


def test_broken_files(work):
    """Whatever a file holds, it is judged in our words: no crash, no bug report."""
    chance = random.Random(1)
    pieces = [b"{", b"}", b"[", b"- ", b": ", b"\n", b".", b"/", b"&a ", b"null", b"\xff", b"\0", b"inputs", b"steps:\n", b"!!int "]
    outcomes = set()
    for _ in range(120):
        text = bytearray(GOOD.encode())
        for _ in range(chance.choice([1, 1, 3])):
            start = chance.randrange(len(text))
            text[start:start + chance.choice([0, 1, 20])] = chance.choice(pieces)
        (work / "p.yaml").write_bytes(text)
        done = torchport("validate", "p.yaml", status=None, cwd=work)
        assert 0 <= done.returncode <= 15 and (done.returncode == 0) == (done.stderr == ""), (bytes(text), done)
        outcomes.add(done.returncode)
    assert len(outcomes) > 1, "no change was harmless, or none did harm"


def settable(component):
    settings = yaml.safe_load((SOURCE / "spec/run_settings.yaml").read_text())["run_settings"]
    return names(component, "parameters") + names(component, "options") + [name for name in settings if name not in ("run_dir", "computes")]


def test_schema_agrees(work):
    """The JSON schema takes what the program takes and refuses what it refuses."""
    schema = json.loads((SOURCE / "docs/reference/pipeline.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    good = yaml.safe_load(GOOD)
    assert not [*validator.iter_errors(good)], [error.message for error in validator.iter_errors(good)]
    assert not validator.is_valid(yaml.safe_load(BAD))
    for example in sorted((SOURCE / "examples").glob("*/pipeline.yaml")):
        assert validator.is_valid(yaml.safe_load(example.read_text())), example
    for path, value in [("name", "Bad Name"), ("colour", "red"), ("steps", {}), ("steps.net.component", "resnets"), ("steps.train.parameters.epochs", 0),
                        ("steps.train.parameters.lr", 1), ("steps.train.inputs.training_dataset", "net"), ("steps.net.run", {"process_count_per_node": 2}),
                        ("steps.net.parameters.model_name", "resnet19"), ("steps.Net", {"component": "resnet"}), ("steps.train.inputs", {})]:
        bad = yaml.safe_load(GOOD)
        *keys, last = path.split(".")
        at = bad
        for key in keys:
            at = at[key]
        at[last] = value
        assert not validator.is_valid(bad), f"the schema takes {path}: {value}"
