"""What a pipeline file is made of besides steps: inputs without a value, values as inputs, and pipelines as steps of others."""
import json

import jsonschema
import yaml

from harness import ORIGINAL, SOURCE, torchport

SEE = "torchport explain NAME says more about an error.\n"
LABELLED, VALID = ORIGINAL / "image_directory_labelled", ORIGINAL / "image_directory_valid"
SCHEMA = jsonschema.Draft202012Validator(json.loads((SOURCE / "docs/reference/pipeline.schema.json").read_text()))


def refused(work, text, wanted, *options):
    (work / "p.yaml").write_text(text)
    for command in (["validate"], ["run", "--dry-run"]):
        done = torchport(command[0], "p.yaml", *command[1:], *options, status=None, cwd=work)
        assert done.returncode == 2 and done.stdout == "" and done.stderr == wanted + SEE, f"--- got\n{done.stderr}--- wanted\n{wanted}"


WITH_INPUTS = f"""name: small
inputs:
  photos:
  epochs: 7
  size: [48, 64]
steps:
  init:
    component: init_image_transformation
    parameters: {{size: inputs.size, crop_size: [40, 50], random_rotation_degrees: 30.5}}
  convert:
    component: convert_to_image_directory
    inputs: {{input: inputs.photos}}
  net:
    component: resnet
    parameters: {{model_name: resnet18, pretrained: false}}
  train:
    component: train_pytorch_model
    inputs: {{untrained_model: net.untrained_model, training_dataset: {LABELLED}, validation_dataset: {VALID}}}
    parameters: {{epochs: inputs.epochs, batch_size: 4}}
"""


def test_inputs_without_a_value_and_values_as_inputs(work):
    """One must be set before it can run; a value reaches each step that takes it."""
    refused(work, WITH_INPUTS, "error[NullOrEmptyError] p.yaml: the input 'photos' of the pipeline has no value\n  at     p.yaml:3:3\n"
            "  hint   Give it one in the file, or when you start it: --set inputs.photos=VALUE.\n")
    photos = f"inputs.photos={LABELLED}/image"
    lines = [line.split(maxsplit=1) for line in torchport("validate", "p.yaml", "--set", photos, cwd=work).stdout.splitlines()]
    values = {line[0]: line[1].split("  ")[0] for line in lines if len(line) > 1}
    assert (values["train.epochs"], values["init.size"], values["init.crop_size"], values["init.random_rotation_degrees"]) == ("7", "[48, 64]", "[40, 50]", "30.5"), values
    lines = torchport("validate", "p.yaml", "--set", photos, "--set", "inputs.epochs=9", cwd=work).stdout.splitlines()
    assert ["train.epochs", "9", "command", "line"] in [line.split() for line in lines], lines
    refused(work, WITH_INPUTS, "error[GreaterThanError] p.yaml: --epochs is 0, but must be greater than 0\n  at     --set inputs.epochs=0\n"
            "  hint   Allowed: > 0; default: 5.\n", "--set", photos, "--set", "inputs.epochs=0")
    refused(work, WITH_INPUTS.replace("inputs.epochs", "inputs.epoch"), "error[ParameterParsingError] p.yaml: the pipeline has no input 'epoch'\n"
            "  at     p.yaml:19:26\n  hint   Did you mean epochs? Its inputs stand under inputs, before the steps.\n", "--set", photos)
    refused(work, WITH_INPUTS.replace("epochs: 7", "epochs: [1, 2]"), "error[FileParsingFailedError] p.yaml: the pipeline cannot be understood: the value of epochs "
            "must be a text or a number\n  at     p.yaml:4:11\n  hint   docs/pipelines.md describes the file.\n", "--set", photos)


INNER = """name: prepare
inputs:
  photos:
  fraction: 0.5
outputs: {train: split.first, valid: split.second}
steps:
  convert:
    component: convert_to_image_directory
    inputs: {input: inputs.photos}
  split:
    component: split_image_directory
    inputs: {images: convert.output}
    parameters: {fraction: inputs.fraction}
"""

OUTER = f"""name: outer
inputs: {{photos: {LABELLED}/image}}
steps:
  train:
    component: train_pytorch_model
    inputs: {{untrained_model: net.untrained_model, training_dataset: prepare.train, validation_dataset: prepare.valid}}
  prepare:
    pipeline: ./parts/prepare.yaml
    inputs: {{photos: inputs.photos, fraction: 0.75}}
  again:
    pipeline: parts/prepare.yaml
    inputs: {{photos: prepare.train}}
  net: {{component: resnet, parameters: {{model_name: resnet18, pretrained: false}}}}
"""


def test_a_pipeline_as_a_step(work):
    """Its steps have its name before theirs, its inputs are paths, values and outputs of other steps, and its outputs lead on."""
    (work / "parts").mkdir()
    (work / "parts/prepare.yaml").write_text(INNER)
    (work / "p.yaml").write_text(OUTER)
    plan = [line.split()[0] for line in torchport("run", "p.yaml", "--dry-run", cwd=work).stdout.splitlines()]
    assert plan == ["net", "prepare_convert", "prepare_split", "train", "again_convert", "again_split"], plan
    lines = [line.split() for line in torchport("validate", "p.yaml", "--set", "again_split.seed=3", cwd=work).stdout.splitlines()]
    assert ["prepare_split.fraction", "0.75", "p.yaml:9:47"] in lines and ["again_split.fraction", "0.5", "parts/prepare.yaml:4:13"] in lines, lines
    assert ["again_split.seed", "3", "command", "line"] in lines
    dot = torchport("graph", "p.yaml", "-o", "g.dot", cwd=work) and (work / "g.dot").read_text()
    assert '"prepare_split":"out_first":s -> "train":"in_training_dataset":n' in dot and '"prepare_split":"out_first":s -> "again_convert"' in dot, dot
    for text in (WITH_INPUTS, INNER, OUTER):
        assert SCHEMA.is_valid(yaml.safe_load(text)), [error.message for error in SCHEMA.iter_errors(yaml.safe_load(text))]
    assert not SCHEMA.is_valid(yaml.safe_load(OUTER.replace("pipeline: ./parts", "component: resnet\n    pipeline: ./parts")))


def test_faults_of_a_pipeline_as_a_step(work):
    """Each is told with its place, in whichever file it is."""
    (work / "parts").mkdir()
    inner = work / "parts/prepare.yaml"

    def fault(text, *, of=INNER):
        inner.write_text(of)
        (work / "p.yaml").write_text(text)
        done = torchport("validate", "p.yaml", status=None, cwd=work)
        assert done.returncode == 2 and done.stdout == "", done
        return done.stderr
    assert fault(OUTER, of=INNER.replace("fraction: 0.5", "fraction: 2")).count("parts/prepare.yaml:4:13") == 1   # prepare gives its own
    for text, of, wanted in [
            (OUTER.replace("prepare.valid", "prepare.test"), INNER,
             "the pipeline prepare has no output 'test'\n  at     p.yaml:6:105\n  hint   It has: train, valid.\n"),
            (OUTER.replace("fraction: 0.75", "share: 0.75"), INNER, "the pipeline has no input 'share'\n  at     p.yaml:9:44\n"),
            (OUTER.replace("photos: prepare.train", "fraction: 0.5"), INNER, "the input 'photos' of the pipeline has no value\n  at     parts/prepare.yaml:3:3\n"),
            (OUTER, INNER.replace("valid: split.second", "valid: split.rest"), "split_image_directory has no output 'rest'\n  at     parts/prepare.yaml:5:38\n"),
            (OUTER, INNER.replace("valid: split.second", "valid: splat.second"), "there is no step 'prepare_splat'\n  at     parts/prepare.yaml:5:38\n"),
            (OUTER, INNER.replace("photos:\n", "photos: ./x\n").replace("inputs: {input: inputs.photos}", "inputs: {}"), "the step prepare_convert lacks its input 'input'"),
            (OUTER.replace("prepare.yaml", "none.yaml", 1), INNER, "'parts/none.yaml' cannot be read: No such file or directory\n  at     p.yaml:8:15\n"),
            (OUTER.replace("  net:", "  prepare_split:"), INNER, "there is a step prepare_split already"),
            (OUTER.replace("fraction: 0.75", "fraction: net.untrained_model"), INNER, "the value of fraction is the output of a step\n  at     parts/prepare.yaml:13:28\n"),
            (OUTER, "name: prepare\nsteps: {a: {pipeline: ./prepare.yaml}, b: {pipeline: ./prepare.yaml}}\n", "pipelines within pipelines, too deep")]:
        assert wanted in fault(text, of=of), (wanted, fault(text, of=of))


def test_pipelines_that_name_themselves_end(work):
    """However many: the reader neither goes on for ever nor tells each of them."""
    many = "".join(f"  s{number}: {{pipeline: ./p.yaml}}\n" for number in range(40))
    (work / "p.yaml").write_text("name: p\nsteps:\n" + many)
    (work / "job.yml").write_text("type: pipeline\njobs:\n" + many.replace("pipeline: ./p.yaml", "type: pipeline, component: ./job.yml"))
    said = torchport("validate", "p.yaml", status=2, cwd=work, timeout=20).stderr
    assert "pipelines within pipelines, more than 200" in said and len(said) < 100_000
    said = torchport("validate", "job.yml", status=2, cwd=work, timeout=20).stderr
    assert "it has more than 10000 jobs, those within others too" in said and len(said) < 10_000_000
