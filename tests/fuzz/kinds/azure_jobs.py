"""Hostile pipeline jobs of Azure ML, with the component file that they name, and graphs of runs."""
import json

import hostile_yaml
from case import IN, Case, tree
from mutate_bytes import HOSTILE_TOKENS, bytes_changed, text_changed

KIND = "Azure jobs"
SHARE = 6
MODULE = "azureml.designer.modules.computer_vision.preprocess.split_image_directory.split_image_directory"
COMPONENT = f"""type: command
name: halve
inputs:
  images: {{type: uri_folder}}
  share: {{type: number, default: 0.5}}
  seed: {{type: integer, optional: true}}
outputs: {{a: {{type: uri_folder}}, b: {{type: uri_folder}}}}
environment: {{image: example.org/x:1}}
command: >-
  python -m {MODULE} --src-path ${{{{inputs.images}}}} --fraction ${{{{inputs.share}}}} $[[--seed ${{{{inputs.seed}}}}]]
  --tgt-train-path ${{{{outputs.a}}}} --tgt-test-path ${{{{outputs.b}}}}
"""
JOB = """type: pipeline
display_name: Halves
settings: {default_compute: "azureml:c"}
inputs:
  photos: {type: uri_folder, path: ./photos, mode: ro_mount}
  share: 0.6
outputs: {kept: {type: uri_folder}}
jobs:
  first: &first
    component: ./halve.yml
    inputs: {images: "${{parent.inputs.photos}}", share: "${{parent.inputs.share}}"}
  second:
    <<: *first
    inputs: {images: "${{parent.jobs.first.outputs.b}}", seed: 3}
    outputs: {a: "${{parent.outputs.kept}}"}
  inner:
    type: pipeline
    inputs: {images: "${{parent.jobs.second.outputs.a}}"}
    jobs: {third: {component: "file:./halve.yml", inputs: {images: "${{parent.inputs.images}}"}, resources: {instance_count: 2}}}
  free: {component: ./inner.yml}
  given: {component: ./inner.yml, inputs: {photos: "${{parent.inputs.photos}}", share: 0.7, nothing: 1}, tags: {a: b}}
"""
INNER = """type: pipeline
inputs: {photos: {type: uri_folder, default: ./photos}, share: {type: number, default: 0.5}}
outputs: {kept: {type: uri_folder, mode: upload}}
jobs:
  halve: {component: ./halve.yml, inputs: {images: "${{parent.inputs.photos}}", share: "${{parent.inputs.share}}"}, outputs: {a: "${{parent.outputs.kept}}"}}
  bare: {type: pipeline, jobs: {deep: {component: ./halve.yml, inputs: {images: ./photos}}}}
"""
GRAPH = json.dumps({"pipeline": {"name": "g", "steps": {"s": {
    "inputs": {"Input_image_directory": {"source": "photos"}}, "outputs": {"Output_image_directory1": {"destination": "o"}},
    "module": {"id": "x"}, "validate": {"module_name": "Split Image Directory"}}}}, "modules": []}).encode()
COMMANDS = [("import", IN + "/job.yml"), ("validate", IN + "/job.yml"), ("import", IN + "/job.yml", "--as-original", "--replace", "first=resnet"),
            ("import", IN + "/job.yml", "-o", "{good}/../made/p.yaml")]


def job(number, name, text=JOB, component=COMPONENT, inner=INNER, wants=None, links=None):
    files = {name: content if isinstance(content, bytes) or callable(content) else content.encode("utf-8", "surrogatepass")
             for name, content in (("job.yml", text), ("halve.yml", component), ("inner.yml", inner), ("photos/a/1.png", b"x"))}
    return Case(KIND, name, COMMANDS[number % len(COMMANDS)], tree({key: value for key, value in files.items() if key not in (links or {})}, links), wants=wants)


def composed():
    for name, text, must in hostile_yaml.whole(JOB.encode()):
        yield f"job: {name}", {"text": text, "wants": "refused" if must and "tag" not in name else None}
    for name, text, must in hostile_yaml.whole(COMPONENT.encode()):
        yield f"component: {name}", {"component": text, "wants": None}
    for name, text, _ in hostile_yaml.whole(INNER.encode()):
        yield f"inner pipeline: {name}", {"inner": text}
    for name, text, _ in hostile_yaml.whole(GRAPH):
        yield f"graph: {name}", {"text": text}
    for old in ("./photos", "./halve.yml", "0.6", "parent.inputs.photos", "parent.jobs.first.outputs.b", "parent.outputs.kept", "pipeline\n    inputs", "instance_count: 2", "first: &first", "*first"):
        for new in (*HOSTILE_TOKENS, "~", "[]", "{}", "../../../etc/passwd", "/dev/zero", "${{", "}}", "${{parent.inputs.photos}}${{parent.inputs.share}}", "azureml:x:1@2:3", "x" * 300, "a.b.c.d.e.f"):
            yield f"{old} is {new[:20]!r}", {"text": JOB.replace(old, new, 1)}
    for old in ("inputs.images", "$[[", "]]", "--seed", MODULE, "python -m", "uri_folder", "optional: true", "default: 0.5"):
        for new in ("", "${{inputs.images}}", "$[[$[[", "]]]]", "--", "'", '"', "\\\\", "&& rm -rf /", "$(id)", "x" * 5000, "${{" * 500, "--a=" * 500):
            yield f"command: {old} is {new[:20]!r}", {"component": COMPONENT.replace(old, new, 1)}
    rings = "".join(f"  j{i}: {{component: ./halve.yml, inputs: {{images: \"${{{{parent.jobs.j{(i + 1) % 1000}.outputs.a}}}}\"}}}}\n" for i in range(1000))
    yield "a ring of 1,000 jobs", {"text": "jobs:\n" + rings}
    yield "jobs of itself", {"text": "jobs:\n" + "".join(f"  j{i}: {{type: pipeline, component: ./job.yml}}\n" for i in range(300)), "wants": "refused"}
    deep = "jobs: {a: {component: ./halve.yml, inputs: {images: ./photos}}}"
    for _ in range(14):
        deep = f"jobs: {{a: {{type: pipeline, {deep}}}}}"
    yield "14 pipelines in each other", {"text": deep, "wants": "refused"}
    outputs = "jobs:\n  a: {type: pipeline, jobs: {a: {component: ./halve.yml, outputs: {a: \"${{parent.outputs.a}}\"}}, b: {type: pipeline, jobs: {}, outputs: {a: \"${{parent.outputs.b}}\"}}}}\n"
    yield "an output of an empty pipeline", {"text": outputs + "  c: {component: ./halve.yml, inputs: {images: \"${{parent.jobs.a.outputs.b}}\"}}\n"}
    for target in ("/dev/zero", "/etc/passwd", "/proc/self/mem", "/nowhere", "."):
        yield f"a component that is a link to {target}", {"links": {"halve.yml": target}, "wants": "refused"}


def cases(random):
    for number in range(len(COMMANDS)):
        yield job(number, "job: sound", wants="taken" if COMMANDS[number][0] == "import" and len(COMMANDS[number]) != 5 else None)
    for number, (name, parts) in enumerate(composed()):
        yield job(number % 2 if parts.get("wants") else number, name, **parts)


def more(random):
    while True:
        change = random.choice((text_changed, text_changed, bytes_changed))
        which = random.random()
        if which < 0.5:
            yield job(random.randrange(99), "job: changed", change(JOB.encode(), random))
        elif which < 0.65:
            yield job(random.randrange(99), "inner pipeline: changed", inner=change(INNER.encode(), random))
        elif which < 0.85:
            yield job(random.randrange(99), "component: changed", component=change(COMPONENT.encode(), random))
        else:
            yield job(random.randrange(99), "graph: changed", change(GRAPH, random))
