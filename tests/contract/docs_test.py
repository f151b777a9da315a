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
assert set(rendered) == {"commands.md", "components.md", "error-codes.md", "pipeline.schema.json"}, rendered.keys()
for name, text in rendered.items():
    page = SOURCE / "docs/reference" / name
    if not page.exists() or page.read_text() != text:
        problems.append(f"docs/reference/{name} is not current: run build/bin/torchport reference docs/reference")

flags = {"help", "version", "spec-dir"}
for path in [*(SOURCE / "spec/components").glob("*.yaml"), *(SOURCE / "spec/commands").rglob("*.yaml"), SOURCE / "spec/run_settings.yaml"]:
    flags |= {flag.replace("_", "-") for flag in re.findall(r"\bflag: ([\w-]+)", path.read_text())}
components = {path.stem for path in (SOURCE / "spec/components").glob("*.yaml")}
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
for path in (SOURCE / "spec/components").glob("*.yaml"):
    example = yaml.safe_load(path.read_text())["example"]
    if not example.startswith(f"torchport run {path.stem} "):
        problems.append(f"{path.name}: the example does not run it")
commands = {path.stem: yaml.safe_load(path.read_text()) for path in (SOURCE / "spec/commands").glob("*.yaml")}
for stem, command in commands.items():
    if not f"{command['example']} ".startswith(f"torchport {command['name']} "):
        problems.append(f"commands/{stem}.yaml: the example does not call it")
for page in [SOURCE / "README.md", *sorted((SOURCE / "docs").rglob("*.md")), *sorted((SOURCE / "examples").rglob("*.md"))]:
    for name in re.findall(r"^(?:\$ )?(?:build/bin/)?torchport ([a-z][a-z-]+)", page.read_text(), re.M):
        if name.replace("-", "_") not in commands:
            problems.append(f"{page.relative_to(SOURCE)}: there is no command {name}")
finish(problems)
