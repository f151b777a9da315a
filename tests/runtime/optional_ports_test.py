"""Optional ports: specs that gain one break no command line and no pipeline; a path given, or a wire, reaches the component."""
import json
import re

import jsonschema
import pytest
import yaml

from harness import ORIGINAL, SOURCE, torchport

IMAGES = ORIGINAL / "image_directory_labelled"
GAINED = """\
inputs:
  mask:               {type: AnyPath, flag: mask-path, optional: true, title: Mask, help: Not needed.}
"""
MADE = """\
outputs:
  report:             {type: ImageDirectory, flag: report-path, optional: true, title: Report, help: Not needed.}
"""
PIPELINE = """name: small
steps:
  convert:
    component: convert_to_image_directory
    inputs: {input: INPUT}
  split:
    component: split_image_directory
    inputs: {images: SOURCE}
    parameters: {fraction: 0.5}
"""


@pytest.fixture(scope="module")
def spec(shared):
    """Convert to Image Directory with an input and an output more, which its source knows nothing of."""
    target = shared / "spec/components/convert_to_image_directory.yaml"
    target.parent.mkdir(parents=True)
    text = (SOURCE / "spec/components/convert_to_image_directory.yaml").read_text()
    target.write_text(text.replace("inputs:\n", GAINED, 1).replace("outputs:\n", MADE, 1))
    return shared / "spec"


def pipeline(folder, name, source):
    path = folder / f"{name}.yaml"
    path.write_text(PIPELINE.replace("INPUT", str(IMAGES / "image")).replace("SOURCE", source))
    return path


def recorded(runs):
    """What the step `convert` of the only run below a folder was asked for."""
    (record,) = runs.glob("small-*/convert/run.json")
    return json.loads(record.read_text())


def test_command_lines(work, spec):
    folder = work
    flags = (f"--input-path={IMAGES}/image", f"--output-path={folder}/images")
    plain = torchport("validate", "convert_to_image_directory", *flags).stdout
    assert torchport("--spec-dir", spec, "validate", "convert_to_image_directory", *flags).stdout == plain
    more = torchport("--spec-dir", spec, "validate", "convert_to_image_directory", *flags, f"--mask-path={IMAGES}",
                     f"--report-path={folder}/report").stdout
    assert re.search(rf"--mask-path +{IMAGES} +command line\n", more) and re.search(r"--report-path +\S+/report +command line\n", more), more
    torchport("--spec-dir", spec, "run", "convert_to_image_directory", *flags, f"--run-dir={folder}/plain")
    record = json.loads((folder / "plain/run.json").read_text())
    assert set(record["inputs"]) == {"input"} and set(record["outputs"]) == {"output"}, record
    refused = torchport("--spec-dir", spec, "validate", "convert_to_image_directory", *flags, f"--mask-path={folder}/none", status=None)
    assert "the mask" in refused.stderr and f"{folder}/none" in refused.stderr, refused.stderr   # what is given is checked


@pytest.fixture(scope="module")
def pages(shared, spec):
    (shared / "pages").mkdir()
    torchport("--spec-dir", spec, "reference", shared / "pages")
    return shared / "pages"


def test_documents(spec, pages):
    text = torchport("--spec-dir", spec, "describe", "convert_to_image_directory").stdout
    assert "  --mask-path PATH, in pipelines mask\n        Mask, AnyPath, optional. Not needed.\n" in text, text
    assert "  --report-path PATH, in pipelines report\n        Report, ImageDirectory, optional. Not needed.\n" in text, text
    usage = text[text.index("Usage"):text.index("Inputs")]
    assert "--input_path PATH" in usage and "mask" not in usage and "report" not in usage, usage
    assert "| in | `mask` | `--mask-path` | Mask | AnyPath (optional) | Not needed. |\n" in (pages / "components.md").read_text()


def test_pipelines(work, spec, pages):
    folder, schema = work, json.loads((pages / "pipeline.schema.json").read_text())
    plain, wired = pipeline(folder, "plain", "convert.output"), pipeline(folder, "wired", "convert.report")
    for path in (plain, wired):
        jsonschema.Draft202012Validator(schema).validate(yaml.safe_load(path.read_text()))
        torchport("--spec-dir", spec, "validate", path)
    torchport("--spec-dir", spec, "run", plain, "--runs", folder / "plain_runs")
    assert set(recorded(folder / "plain_runs")["outputs"]) == {"output"}
    torchport("--spec-dir", spec, "run", wired, "--runs", folder / "wired_runs", status=None)   # the component does not make the report
    assert set(recorded(folder / "wired_runs")["outputs"]) == {"output", "report"}
    # What was made without the report is not taken for a run that has it.
    reused = torchport("--spec-dir", spec, "run", wired, "--runs", folder / "plain_runs", status=None)
    assert "report is new" in reused.stdout + reused.stderr, reused.stdout + reused.stderr
