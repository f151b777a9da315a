"""--json of what lists: the fields are those of docs/runs.md, and say what the text says."""
import json
import re

import yaml

from harness import SOURCE, torchport


def listed(*words, fields=None, **options):
    found = json.loads(torchport(*words, "--json", **options).stdout)
    if fields:
        assert list(found if isinstance(found, dict) else found[0]) == fields.split(), found
    return found


def test_errors():
    all_of_them = listed("explain", fields="errors exit_statuses")
    text = torchport("explain").stdout
    assert [error["name"] for error in all_of_them["errors"]] == re.findall(r"^  ([A-Z]\w+) ", text, re.M)
    assert list(all_of_them["errors"][0]) == ["name", "code", "exit_status", "title"]
    assert {row["exit_status"] for row in all_of_them["exit_statuses"]} >= {0, 2, 5, 75}
    one = listed("explain", "18", fields="name code exit_status title reasons")
    assert one["name"] == "InvalidDatasetError" and one["code"] == 18
    assert list(one["reasons"][0]) == ["reason", "message", "hint", "exit_status"] and "{maker" not in json.dumps(one)
    declared = yaml.safe_load((SOURCE / "spec/errors.yaml").read_text())["errors"]["InvalidDataset"]["reasons"]
    assert [reason["reason"] for reason in one["reasons"]] == list(declared)


def test_a_component():
    train = listed("describe", "train_pytorch_model",
                   fields="name title category summary description distributed inputs outputs parameters run_settings example")
    spec = yaml.safe_load((SOURCE / "spec/components/train_pytorch_model.yaml").read_text())
    assert [row["name"] for row in train["parameters"]] == [*spec["parameters"], *spec["options"]]
    assert list(train["parameters"][0]) == "name flag title type allowed choices default optional unit own help".split()
    assert list(train["inputs"][0]) == "name flag title type optional help".split()
    batch, keep = train["parameters"][1], train["parameters"][7]
    assert (batch["type"], batch["allowed"], batch["default"], batch["unit"], batch["own"]) == ("integer", "> 0", "16", "images per process", False)
    assert (keep["choices"], keep["default"], keep["own"]) == (["best", "last"], "best", True)
    assert any(row["name"] == "node_count" for row in train["run_settings"])
    assert "needs a COMPONENT" in torchport("describe", "--json", status=2).stderr


def test_values(work):
    checked = listed("validate", "resnet", "--pretrained=False", "--untrained_model_path=m", fields="name values", cwd=work)
    assert checked["name"] == "resnet" and {"flag": "--pretrained", "value": "False", "origin": "command line"} in checked["values"]
    assert {"flag": "--random_seed", "value": "1", "origin": "default"} in checked["values"]
    (work / "p.yaml").write_text("name: p\nsteps:\n  a:\n    component: resnet\n    parameters: {pretrained: false}\n")
    checked = listed("validate", "p.yaml", fields="name values", cwd=work)
    assert checked["name"] == "p" and {"parameter", "value", "origin"} == set(checked["values"][0])
    assert ["a.pretrained", "False"] in [[row["parameter"], row["value"]] for row in checked["values"]], checked
    refused = torchport("validate", "resnet", "--pretrained=5x", "--json", status=2, cwd=work)
    assert not refused.stdout and "ParameterParsingError" in refused.stderr


def test_a_run(work):
    """Its log line by line, and what became of it."""
    torchport("run", "resnet", "--model_name=resnet18", "--pretrained=False", "--untrained_model_path=m", "--run-dir=runs/one", cwd=work)
    lines = [json.loads(line) for line in torchport("logs", "one", "--json", cwd=work).stdout.splitlines()]
    assert all(list(line) == ["step", "process", "text"] for line in lines) and {line["process"] for line in lines} == {"0"}
    assert [f"0 | {line['text']}" for line in lines] == torchport("logs", "one", cwd=work).stdout.splitlines()
    [account] = listed("explain", "one", fields="step state folder account", cwd=work)
    assert account["folder"].endswith("runs/one") and account["account"] == torchport("explain", "one", cwd=work).stdout, account
