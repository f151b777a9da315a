"""The reference pages are what the program renders, and the documents name only flags and components that exist."""
import re

import yaml

from harness import SOURCE, torchport
from sources import assert_none


def test_reference_pages_are_current(work):
    torchport("reference", work)
    rendered = {path.name: path.read_text() for path in work.iterdir()}
    assert set(rendered) == {"commands.md", "components.md", "computes.md", "error-codes.md", "pipeline.schema.json"}, rendered.keys()
    pages = {name: SOURCE / "docs/reference" / name for name in rendered}
    assert_none(f"docs/reference/{name} is not current: run build/bin/torchport reference docs/reference"
                for name, page in pages.items() if not page.exists() or page.read_text() != rendered[name])


def test_documents_name_what_exists():
    problems, flags = [], {"help", "version", "spec-dir"}
    for path in [*(SOURCE / "spec/components").glob("*.yaml"), SOURCE / "examples/mobilenet/mobilenet.yaml",
                 *(SOURCE / "spec/commands").rglob("*.yaml"), SOURCE / "spec/run_settings.yaml"]:
        flags |= {flag.replace("_", "-") for flag in re.findall(r"\bflag: ([\w-]+)", path.read_text())}
    components = {path.stem for path in (SOURCE / "spec/components").glob("*.yaml")} | {"mobilenet"}
    for page in [SOURCE / "README.md", SOURCE / "README.ja.md", *sorted((SOURCE / "docs").rglob("*.md"))]:
        for line in re.findall(r"^.*\btorchport (?:run|validate|describe) .*$", page.read_text(), re.M):
            command = re.search(r"torchport (?:run|validate|describe) ([a-z][a-z0-9_]+)(?![\w./-])(.*)", line)   # no pipeline file
            if not command:
                continue
            if command[1] not in components:
                problems.append(f"{page.relative_to(SOURCE)}: there is no component {command[1]}")
            for flag in re.findall(r"(?<!\S)--([a-z][a-z0-9_-]+)", command[2].split("`")[0]):
                if flag.replace("_", "-") not in flags:
                    problems.append(f"{page.relative_to(SOURCE)}: there is no flag --{flag}")
    assert_none(problems)


def test_the_japanese_page_has_the_defaults():
    """Of the parameters on the reference page that its reader knows."""
    rows = [*yaml.safe_load((SOURCE / "spec/components/train_pytorch_model.yaml").read_text())["parameters"].values(),
            *yaml.safe_load((SOURCE / "spec/run_settings.yaml").read_text())["run_settings"].values()]
    defaults = {row["flag"]: str(row["default"]) for row in rows if "default" in row}
    told = [(flag, default) for flags, values in re.findall(r"^\| [^|]+ \| (`--[^|]+`) \| ([^|]+) \|$", (SOURCE / "README.ja.md").read_text(), re.M)
            for flag, default in zip(re.findall(r"`--([a-z_-]+)`", flags), values.split("、"), strict=True)]
    assert len(told) > 8
    assert_none(f"README.ja.md: --{flag} is {default}, not {defaults.get(flag)}" for flag, default in told if defaults.get(flag) != default)


def test_examples_run_their_components():
    assert_none(f"{path.name}: the example does not run it" for path in (SOURCE / "spec/components").glob("*.yaml")
                if not yaml.safe_load(path.read_text())["example"].startswith(f"torchport run {path.stem} "))


def test_examples_call_their_commands():
    commands = {path.stem: yaml.safe_load(path.read_text()) for path in (SOURCE / "spec/commands").glob("*.yaml")}
    assert_none(f"commands/{stem}.yaml: the example does not call it" for stem, command in commands.items()
                if not f"{command['example']} ".startswith(f"torchport {command['name']} "))
    pages = [SOURCE / "README.md", SOURCE / "README.ja.md", *sorted((SOURCE / "docs").rglob("*.md")), *sorted((SOURCE / "examples").rglob("*.md"))]
    assert_none(f"{page.relative_to(SOURCE)}: there is no command {name}" for page in pages
                for language, block in re.findall(r"^```(\w*)\n(.*?)^```", page.read_text(), re.M | re.S) if not language
                for name in re.findall(r"^(?:\$ )?(?:build/bin/)?torchport ([a-z][a-z-]+)", block, re.M)
                if name.replace("-", "_") not in commands)


def test_the_architecture_to_add_is_shown_as_it_is_built():
    """By tests/models/mobilenet_test.py."""
    adding = (SOURCE / "docs/adding-things.md").read_text()
    assert_none(f"docs/adding-things.md does not show examples/mobilenet/{name} as it is"
                for kind, name in (("yaml", "mobilenet.yaml"), ("cpp", "mobilenet.cpp"))
                if f"```{kind}\n{(SOURCE / 'examples/mobilenet' / name).read_text()}```\n" not in adding)


def test_links_lead_somewhere():
    """Links within the documents: the file is there, and so is the heading."""
    pages = [SOURCE / "README.md", SOURCE / "README.ja.md", SOURCE / "CHANGELOG.md", *sorted((SOURCE / "docs").rglob("*.md")), *sorted((SOURCE / "examples").rglob("*.md"))]
    problems = []
    for page in pages:
        for target in re.findall(r"\]\(([^()\s]+)\)", re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)):
            path, _, anchor = target.partition("#")
            if re.match(r"https?:", target):
                continue
            file = (page.parent / path).resolve() if path else page
            headings = {re.sub(r"[^\w\- ]", "", line).strip().lower().replace(" ", "-")
                        for line in re.findall(r"^#+ +(.*)$", file.read_text(), re.M)} if file.suffix == ".md" and file.exists() else set()
            if not file.exists() or (anchor and file.suffix == ".md" and anchor not in headings):
                problems.append(f"{page.relative_to(SOURCE)}: nothing is at {target}")
    assert_none(problems)


def test_inline_commands_exist():
    commands = {yaml.safe_load(path.read_text())["name"] for path in (SOURCE / "spec/commands").glob("*.yaml")}
    commands.add("image")  # two files of an ImageDirectory begin like this
    pages = [SOURCE / "README.md", SOURCE / "README.ja.md", *sorted((SOURCE / "docs").rglob("*.md"))]
    assert_none(f"{page.relative_to(SOURCE)}: there is no command {name}" for page in pages
                for name in re.findall(r"`torchport ([a-z][a-z-]*)", page.read_text()) if name not in commands)
