"""spec/errors.yaml and the C++ sources name the same errors."""
import re

import yaml

from sources import PRODUCT, SOURCE, assert_none, cpp_files, name, without_comments

catalogue = yaml.safe_load((SOURCE / "spec/errors.yaml").read_text())
declared = {f"{id}.{reason}" for id, entry in catalogue["errors"].items() for reason in entry["reasons"]}
ids = set(catalogue["errors"])

by_type = {row["error"] for row in yaml.safe_load((SOURCE / "spec/types.yaml").read_text())["types"].values()}

problems = []
used = set()
for folder in PRODUCT:
    literals, prefixes = set(), set()
    for file in cpp_files(folder):
        text = without_comments(file.read_text())
        literals.update(re.findall(r'"([A-Za-z]+\.[a-z_]+|\.?[a-z_]+)"', text))
        for key in re.findall(r'"([A-Z][A-Za-z]+\.[a-z_]+)"', text):
            if key.split(".")[0] in ids and key not in declared:
                problems.append(f"{name(file)}: spec/errors.yaml has no {key}")
        prefixes.update(id for id in re.findall(r'"([A-Z][A-Za-z]+)\." \+', text))   # "InvalidDataset." + reason
        if re.search(r'\berror(_id\) \+ "\."| \+ "\.[a-z_]+")', text):              # the ErrorId of a port's type + ".wrong_type"
            prefixes.update(by_type)
    for key in declared:
        id, reason = key.split(".")
        if key in literals or (id in prefixes and {reason, "." + reason} & literals):
            used.add(key)
for file in (SOURCE / "spec/components").glob("*.yaml"):
    used.update(re.findall(r"\bunknown: ([A-Za-z]+\.[a-z_]+)", file.read_text()))

problems += [f"spec/errors.yaml: {key} is never used" for key in sorted(declared - used)]
codes = [entry["code"] for entry in catalogue["errors"].values()]
if codes != sorted(set(codes)):
    problems.append("spec/errors.yaml: the codes are not in order, or one is there twice")
for id, entry in catalogue["errors"].items():
    for exit in [entry["exit"]] + [reason["exit"] for reason in entry["reasons"].values() if "exit" in reason]:
        if exit not in catalogue["exit_statuses"]:
            problems.append(f"spec/errors.yaml: {id} exits with {exit}, which exit_statuses does not explain")


def test_the_catalogue_and_the_sources_agree():
    assert len(used) > 40, "the scan found hardly any error: it is broken"
    assert_none(problems)
