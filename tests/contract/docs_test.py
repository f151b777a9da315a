"""The reference pages are what the program renders, and the documents name only flags and components that exist."""
import re
import tempfile
import pathlib

import yaml

from harness import SOURCE, torchport
from sources import finish

problems = []
with tempfile.TemporaryDirectory() as folder:
    torchport("reference", folder)
    rendered = {path.name: path.read_text() for path in pathlib.Path(folder).iterdir()}
assert set(rendered) == {"components.md", "error-codes.md", "pipeline.schema.json"}, rendered.keys()
for name, text in rendered.items():
    page = SOURCE / "docs/reference" / name
    if not page.exists() or page.read_text() != text:
        problems.append(f"docs/reference/{name} is not current: run build/bin/torchport reference docs/reference")

flags = {"help", "version", "spec-dir"}
for path in [*(SOURCE / "spec/components").glob("*.yaml"), *(SOURCE / "examples").glob("*/mobilenet.yaml"), SOURCE / "spec/run_settings.yaml"]:
    flags |= {flag.replace("_", "-") for flag in re.findall(r"\bflag: ([\w-]+)", path.read_text())}
components = {path.stem for path in [*(SOURCE / "spec/components").glob("*.yaml"), *(SOURCE / "examples").glob("*/mobilenet.yaml")]}
for page in [SOURCE / "README.md", *sorted((SOURCE / "docs").rglob("*.md"))]:
    if not page.exists():
        problems.append(f"{page.name} is missing")
        continue
    for line in re.findall(r"^.*\btorchport (?:run|validate|describe) .*$", page.read_text(), re.M):
        command = re.search(r"torchport (?:run|validate|describe) ([a-z][a-z0-9_]+)(?![\w./-])(.*)", line)   # no pipeline file
        if not command:
            continue
        if command[1] not in components:
            problems.append(f"{page.relative_to(SOURCE)}: there is no component {command[1]}")
        for flag in re.findall(r"(?<!\S)--([a-z][a-z0-9_-]+)", command[2].split("`")[0]):
            if flag.replace("_", "-") not in flags:
                problems.append(f"{page.relative_to(SOURCE)}: there is no flag --{flag}")
# The architecture that docs/adding-things.md adds is the one that tests/models/mobilenet_test.py builds.
adding = (SOURCE / "docs/adding-things.md").read_text()
for kind, name in (("yaml", "mobilenet.yaml"), ("cpp", "mobilenet.cpp")):
    if f"```{kind}\n{(SOURCE / 'examples/mobilenet' / name).read_text()}```\n" not in adding:
        problems.append(f"docs/adding-things.md does not show examples/mobilenet/{name} as it is")
for path in (SOURCE / "spec/components").glob("*.yaml"):
    example = yaml.safe_load(path.read_text())["example"]
    if not example.startswith(f"torchport run {path.stem} "):
        problems.append(f"{path.name}: the example does not run it")
finish(problems)
