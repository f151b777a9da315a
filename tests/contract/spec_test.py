"""The specs follow their schema, and the sources serve what they declare: functions, architectures, parameters."""
import copy
import json
import re

import jsonschema
import yaml

from sources import SOURCE, assert_none, cpp_files, without_comments

problems = []
schema = json.loads((SOURCE / "spec/schema.json").read_text())
jsonschema.Draft202012Validator.check_schema(schema)


def load(path):
    return json.loads(json.dumps(yaml.safe_load(path.read_text())))   # keys become texts, as JSON has them


def faults(document, kind):
    validator = jsonschema.Draft202012Validator({**schema, "oneOf": [{"$ref": f"#/$defs/{kind}"}]})
    return [error.message for error in validator.iter_errors(document)]


components = {path.stem: load(path) for path in sorted((SOURCE / "spec/components").glob("*.yaml"))}
assert components, "no component found"
documents = [(f"components/{stem}.yaml", "component", document) for stem, document in components.items()]
documents += [("../examples/mobilenet/mobilenet.yaml", "component", load(SOURCE / "examples/mobilenet/mobilenet.yaml"))]
documents += [(f"{kind}.yaml", f"{kind}_file", load(SOURCE / f"spec/{kind}.yaml")) for kind in ("types", "run_settings", "errors")]
commands = {path.stem: load(path) for path in sorted((SOURCE / "spec/commands").glob("*.yaml"))}
assert commands, "no command found"
shared = load(SOURCE / "spec/commands/shared/options.yaml")
documents += [(f"commands/{stem}.yaml", "command", document) for stem, document in commands.items()]
documents.append(("commands/shared/options.yaml", "shared_options_file", shared))
engines = {path.stem: load(path) for path in sorted((SOURCE / "spec/engines").glob("*.yaml"))}
shared_settings = load(SOURCE / "spec/engines/shared/settings.yaml")
documents += [(f"engines/{stem}.yaml", "engine", document) for stem, document in engines.items()]
documents.append(("engines/shared/settings.yaml", "shared_settings_file", shared_settings))
for path, kind, document in documents:
    problems += [f"spec/{path}: {fault}" for fault in faults(document, kind)]
    if not jsonschema.Draft202012Validator(schema).is_valid(document):
        problems.append(f"spec/{path}: none or more than one of the schema's kinds")

# The schema refuses what the program refuses.
good = components["train_pytorch_model"]
for key, value in {"unit": None, "range": "0..9", "type": "int", "colour": "red", "optional": True, "choices": ["a"], "flag": "--epochs"}.items():
    bad = copy.deepcopy(good)
    if value is None:
        del bad["parameters"]["epochs"][key]
    else:
        bad["parameters"]["epochs"][key] = value
    assert faults(bad, "component"), f"the schema takes a parameter with {key}: {value}"


def names_read(stem):
    """Names of parameters that the sources of a component read, and of ports that they open."""
    texts = [without_comments(path.read_text()) for path in (SOURCE / f"component/{stem}.cpp", SOURCE / f"component/checks/{stem}.cpp") if path.exists()]
    rooms = [SOURCE / f"{room}.cpp" for room in re.findall(r'#include "(component/\w+/\w+)\.h"', "\n".join(texts))]   # what it is made of
    text = "\n".join([*texts, *(without_comments(path.read_text()) for path in rooms if path.exists())])
    return (set(re.findall(r'\b(?:param|get)<[^>]+>\(\s*"(\w+)"', text)) | set(re.findall(r'\bhas\(\s*"(\w+)"', text)),
            set(re.findall(r'\b(?:input|output|open_dataset|open<[^>]+>)\(\s*(?:ctx, )?"(\w+)"', text)))


functions = {}
for stem, component in components.items():
    functions.setdefault(component.get("function", stem), []).append(component)
sources = {path.stem for path in (SOURCE / "component").glob("*.cpp")} - {"cli_main", "check"}
problems += [f"component/{function}.cpp is missing" for function in functions if function not in sources]
problems += [f"component/{stem}.cpp serves no component" for stem in sorted(sources - set(functions))]
problems += [f"component/checks/{path.name} checks no component" for path in (SOURCE / "component/checks").glob("*.cpp") if path.stem not in functions]

for function, served in functions.items():
    if function not in sources:
        continue
    # A source may read what only some of its components declare; it must declare all that it reads in one of them.
    declared = set().union(*({*row.get("parameters", {}), *row.get("options", {})} for row in served))
    ports = set().union(*({*row.get("inputs", {}), *row.get("outputs", {})} for row in served))
    parameters_read, ports_read = names_read(function)
    if (SOURCE / f"component/{function}.cpp").read_text().find("row.network") >= 0:   # hands them on, whatever their names
        parameters_read |= {name for row in served for name, parameter in row["parameters"].items() if parameter.get("network")}
    problems += [f"component/{function}.cpp reads '{name}', which no spec declares" for name in sorted(parameters_read - declared)]
    problems += [f"component/{function}.cpp does not read '{name}'" for name in sorted(declared - parameters_read)]
    problems += [f"component/{function}.cpp opens '{name}', which no spec declares" for name in sorted(ports_read - ports)]
    problems += [f"component/{function}.cpp does not open '{name}'" for name in sorted(ports - ports_read)]

# A command's source reads the options that its spec declares; those that commands share are read for all of them in one place.
OPTION = r'\b(?:get<[^>]+>|has|all)\(\s*"(\w+)"'
for_all = set(re.findall(OPTION, without_comments((SOURCE / "runtime/pipeline/checked_plan.cpp").read_text())))
sources = {path.stem: without_comments(path.read_text()) for path in (SOURCE / "component/commands").glob("*.cpp")}
for path in (SOURCE / "component/worker_commands").glob("*.cpp"):   # what goes on in the worker reads its options there
    sources[path.stem] += without_comments(path.read_text())
problems += [f"component/commands/{stem}.cpp is missing" for stem in commands if stem not in sources]
problems += [f"spec/commands/{stem}.yaml is missing" for stem in sources if stem not in commands]
for stem, command in commands.items():
    read, declared = set(re.findall(OPTION, sources.get(stem, ""))), {*command.get("options", {}), *command.get("shared_options", [])}
    problems += [f"component/commands/{stem}.cpp reads '{name}', which its spec does not declare" for name in sorted(read - declared)]
    problems += [f"component/commands/{stem}.cpp does not read '{name}'" for name in sorted(declared - read - for_all)]
    problems += [f"commands/{stem}.yaml: there is no shared option '{name}'" for name in command.get("shared_options", []) if name not in shared["shared_options"]]
for command, folder in (("export", "exports"), ("contract", "contracts")):
    formats = sorted(path.stem.replace("_", "-") for path in (SOURCE / "component" / folder).glob("*.cpp"))
    if commands[command]["options"]["format"]["choices"] != formats:
        problems.append(f"commands/{command}.yaml: the formats of component/{folder} are {formats}")
problems += [f"component/estimates/{path.name} serves no component" for path in (SOURCE / "component/estimates").glob("*.cpp") if path.stem not in functions]

# An engine's spec and its source, and the settings that somebody reads.
sources = {path.stem for path in (SOURCE / "runtime/launch/engines").glob("*.cpp")}
problems += [f"spec/engines/{stem}.yaml is missing" for stem in sorted(sources - set(engines))]
problems += [f"runtime/launch/engines/{stem}.cpp is missing" for stem in sorted(set(engines) - sources)]
text = "\n".join(without_comments(path.read_text()) for path in cpp_files("runtime"))
settings_read = set(re.findall(r'\b(?:integer|text|is_set|list|declared)\(\s*"(\w+)"', text))
for stem, engine in engines.items():
    problems += [f"engines/{stem}.yaml: nothing reads '{name}'" for name in engine.get("settings", {}) if name not in settings_read]
    problems += [f"engines/{stem}.yaml: there is no shared setting '{name}'" for name in engine.get("shared_settings", [])
                 if name not in shared_settings["shared_settings"]]
problems += [f"engines/shared: nothing reads '{name}'" for name in shared_settings["shared_settings"] if name not in settings_read]

architectures = {path.stem for path in (SOURCE / "models/architectures").glob("*.cpp")}
named = {component["architecture"]["name"] for component in components.values() if "architecture" in component}
problems += [f"models/architectures/{stem}.cpp belongs to no component" for stem in sorted(architectures - named)]
problems += [f"models/architectures/{stem}.cpp is missing" for stem in sorted(named - architectures)]

# Settings of the run are read by the launcher and the worker.
text = "\n".join(without_comments(path.read_text()) for path in cpp_files("runtime", "component"))
for name in load(SOURCE / "spec/run_settings.yaml")["run_settings"]:
    if not re.search(rf'\b(?:setting<[^>]+>\(|setting_or_default<[^>]+>\(\w+,|has_setting\()\s*"{name}"', text):
        problems.append(f"the run setting '{name}' is never read")


def test_the_schema_and_the_sources_agree_with_the_specs():
    assert_none(problems)
