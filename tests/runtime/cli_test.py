"""The command line of torchport: what it prints, where to, and its exit status."""
import json

import yaml

from harness import BIN, SOURCE, command, torchport

SEE = "torchport explain NAME says more about an error.\n"


def refused(text, *arguments, status=2, **options):
    """Asserts the whole of what is printed, on standard error."""
    done = torchport(*arguments, status=status, **options)
    assert done.stdout == "", done.stdout
    assert done.stderr == text + SEE, f"{arguments}\n--- got\n{done.stderr}--- wanted\n{text + SEE}"


def test_lists():
    listed = torchport("list").stdout
    assert listed.startswith("Computer Vision\n"), listed
    assert "\n  convert_to_image_directory   Makes an ImageDirectory" in listed, listed
    assert "\nModel Training\n  train_pytorch_model          Trains a network" in listed, listed
    helped = torchport("--help").stdout
    assert helped.startswith("torchport: ") and "torchport validate COMPONENT FLAGS" in helped
    nothing = torchport(status=2)
    assert nothing.stderr == helped and nothing.stdout == ""
    assert max(map(len, helped.splitlines())) <= 100, "the help is wider than 100 columns"
    for spec in sorted((SOURCE / "spec/commands").glob("*.yaml")):
        name = spec.stem.replace("_", "-")
        assert f"\n  torchport {name}" in helped, f"{name} is not in\n{helped}"
        told = torchport(name, "--help").stdout
        assert told.startswith(f"torchport {name}") and f"\nExample\n  torchport {name}" in told, told
        assert max(map(len, told.splitlines())) <= 100, f"the help of {name} is wider than 100 columns"
    versions = torchport("--version").stdout.splitlines()
    assert [line.split()[0] for line in versions] == ["torchport", "torchport-worker", "LibTorch", "Open"], versions
    assert versions[0].split()[1:] == versions[1].split()[1:], "the two programs are not of one build"


def test_help():
    assert torchport("check-data", "--help").stdout == """torchport check-data DIR
  Looks for broken, duplicate and oversized images and thin categories in a dataset.

  Each image of an image directory or of class folders is decoded once. The exit status is 5 where
  there is a problem.

Options
  --against DIR
        A dataset that must not share an image with the first: those in both are problems too, and
        so are other categories.
        Allowed: any text; optional.
  --thin INTEGER
        A category with fewer images is a problem.
        Allowed: >= 0; unit: images; default: 10.
  --json
        Writes the whole report as JSON, for programs.

Example
  torchport check-data train --against valid

Options with a value are written --name VALUE or --name=VALUE.
"""
    graph = torchport("graph", "p.yaml", "--help").stdout
    assert "\n  -o FILE, --output FILE\n" in graph and "May be given several times." in graph and "required." in graph, graph
    assert torchport("run", "p.yaml", "--help").stdout == torchport("run", "--help").stdout
    described = torchport("describe", "train_pytorch_model").stdout
    assert torchport("run", "train_pytorch_model", "--help").stdout == described
    assert torchport("validate", "train_pytorch_model", "--epochs", "0", "--help").stdout == described
    for part in ("  --batch-size INTEGER\n        Images of one step in each process.\n        Allowed: > 0; unit: images per process; default: 16.\n",
                 "  --valid-data-path PATH, in pipelines validation_dataset\n        Validation dataset, ImageDirectory. Right port.",
                 "\nOptions (torchport's own; the original has no such parameters)\n  --keep NAME\n",
                 "\nRun settings\n  --node-count INTEGER\n"):
        assert part in described, f"{part}\n--- is not in\n{described}"
    assert max(map(len, described.splitlines())) <= 100, "the help is wider than 100 columns"
    assert "--node-count" not in torchport("describe", "resnet").stdout, "a component of one process takes no node count"


def test_commands():
    refused("error[ParameterParsingError] torchport: unknown command 'lst'\n"
            "  hint   Did you mean torchport list? torchport --help shows the commands.\n", "lst")
    refused("error[ParameterParsingError] torchport: unknown command 'resnet'\n"
            "  hint   Did you mean torchport run resnet? torchport --help shows the commands.\n", "resnet", "--pretrained=False")
    refused("error[ParameterParsingError] torchport: run needs a COMPONENT\n  hint   Usage: torchport run COMPONENT\n", "run")
    refused("error[ParameterParsingError] torchport: unknown component 'resnets'\n"
            "  hint   Did you mean resnet? torchport list shows the components.\n", "run", "resnets")
    refused("error[ParameterParsingError] torchport: unexpected argument 'all'\n  hint   Name each value by its flag.\n", "list", "all")
    refused("error[ParameterParsingError] p.yaml: torchport graph has no option --ouput\n"
            "  hint   Did you mean --output? torchport graph --help lists the options.\n"
            "error[NullOrEmptyError] p.yaml: --output is missing or empty (Picture)\n  hint   Give a value for --output.\n",
            "graph", "p.yaml", "--ouput", "a.svg")
    refused("error[ParameterParsingError] torchport: runs needs a list|show RUN|diff A B|rm RUN...\n  hint   Usage: torchport runs list|show RUN|diff A B|rm RUN...\n", "runs", "show")


def test_all_faults_at_once(work):
    """A request's faults come together, before anything is written."""
    text = ("error[GreaterThanError] train_pytorch_model: --epochs is 0, but must be greater than 0\n"
            "  hint   Allowed: > 0; default: 5.\n"
            "error[ParameterParsingError] train_pytorch_model: unknown flag --lr\n"
            "  hint   torchport run train_pytorch_model --help lists the flags.\n"
            "error[NullOrEmptyError] train_pytorch_model: --trained-model-path is missing (trained model)\n"
            "  hint   Give the path of the trained model.\n"
            "error[InvalidModelDirectoryError] train_pytorch_model: the untrained model does not exist\n"
            "  path   m\n"
            "  hint   Give the path of a model directory; ResNet and DenseNet make one.\n"
            "error[InvalidDatasetError] train_pytorch_model: the training dataset does not exist\n"
            "  path   t\n"
            "  hint   Give the path of an image directory.\n"
            "error[InvalidDatasetError] train_pytorch_model: the validation dataset is a file, not an image directory\n"
            "  path   v\n"
            "  hint   Convert to Image Directory makes an image directory.\n")
    (work / "v").write_text("")
    arguments = ["train_pytorch_model", "--untrained-model-path=m", "--train-data-path=t", "--valid-data-path=v", "--epochs=0", "--lr", "0.1"]
    refused(text, "validate", *arguments, cwd=work)
    refused(text, "run", *arguments, cwd=work)
    assert sorted(path.name for path in work.iterdir()) == ["v"], "something was written"


def test_spec_dir(work):
    overlay = work / "overlay"
    (overlay / "components").mkdir(parents=True)
    text = (SOURCE / "spec/components/resnet.yaml").read_text()
    (overlay / "components/resnext.yaml").write_text(text.replace("name: resnet\n", "name: resnext\n", 1).replace("title: ResNet", "title: My ResNet"))
    listed = torchport("--spec-dir", overlay, "list").stdout
    assert "  resnext  " in listed and "  resnet  " in listed, listed
    assert torchport(f"--spec-dir={overlay}", "describe", "resnext").stdout.startswith("My ResNet: "), "not described"
    assert "resnext" not in torchport("list").stdout
    (overlay / "components/resnext.yaml").write_text(text.replace("name: resnet\n", "name: resnext\ncolour: red\n", 1))
    refused(f"error[FileParsingFailedError] torchport: {overlay}/components/resnext.yaml: line 3: unknown key 'colour' in the file\n"
            "  hint   docs/adding-things.md describes the spec files.\n", "--spec-dir", overlay, "list")
    refused(f"error[CouldNotOpenFileError] torchport: '{work}/nowhere' cannot be read: No such file or directory\n"
            "  hint   Give the path of a readable file.\n", "--spec-dir", work / "nowhere", "list")
    refused("error[ParameterParsingError] torchport: --spec-dir has no value\n"
            "  hint   Write --spec-dir VALUE or --spec-dir=VALUE.\n", "--spec-dir")


def test_full_output():
    done = command("sh", "-c", f"{BIN}/torchport --version > /dev/full", status=11)
    assert "'standard output' could not be written: No space left on device" in done.stderr, done.stderr
    done = command("sh", "-c", f"{BIN}/torchport list > /dev/full", status=11)
    assert done.stderr.startswith("error[FailedToWriteOutputsError] torchport: 'standard output' could not be written: "), done.stderr


def test_explain():
    """Each class of errors is found as it is printed, by its short name, by its code; and all its sentences are there."""
    listed = torchport("explain").stdout
    catalogue = yaml.safe_load((SOURCE / "spec/errors.yaml").read_text())
    assert max(map(len, listed.splitlines())) <= 100, listed
    for status in catalogue["exit_statuses"]:
        assert f"\n  {status} " in listed, f"the exit status {status} is not in\n{listed}"
    for error, entry in catalogue["errors"].items():
        name = error if error in ("UserError", "LibraryException") else error + "Error"
        assert f"\n  {name} " in listed, f"{name} is not in\n{listed}"
        told = torchport("explain", name).stdout
        assert told.startswith(f"{name}: ") and f"Code {entry['code']}, exit status {entry['exit']}." in told, told
        assert torchport("explain", error.lower()).stdout == told
        status = catalogue["exit_statuses"].get(entry["code"])
        other = f"\nExit status {entry['code']} is another number: {status}\n" if status else ""
        assert torchport("explain", str(entry["code"])).stdout == told + other
        assert told.count("\n\n  ") == 1 + len(entry["reasons"]), told
        words = " ".join(told.split())
        for reason in entry["reasons"].values():
            assert " ".join(reason["message"].split()) in words, reason
    refused("error[ParameterParsingError] torchport: there is no error 'InvalidDatsetError'\n"
            "  hint   Did you mean InvalidDatasetError? torchport explain lists the errors.\n", "explain", "InvalidDatsetError")


def test_explain_a_number():
    """Whoever has a number from a log or from a shell finds what it is, or what there is near it."""
    listed = torchport("explain").stdout
    assert "\n  InvalidDatasetError (18) " in listed
    told = torchport("explain", "75").stdout
    assert told == "Exit status 75: Stopped with a checkpoint saved; run it again to go on.\n\n  Errors that end so: FailedToCompleteOperationError.\n"
    assert json.loads(torchport("explain", "75", "--json").stdout) == {
        "exit_status": 75, "meaning": "Stopped with a checkpoint saved; run it again to go on.", "errors": ["FailedToCompleteOperationError"]}
    assert torchport("explain", "0").stdout == "Exit status 0: Done.\n"
    hint = "  hint   Codes near it: {}. torchport explain lists all of both.\n"
    for number, near in (("17", "NotInRangeValueError (8) and InvalidDatasetError (18)"), ("1", "ParameterParsingError (2)"), ("3000", "UserError (2000)")):
        refused(f"error[ParameterParsingError] torchport: no error has the code {number}, and no exit status is {number}\n" + hint.format(near), "explain", number)
