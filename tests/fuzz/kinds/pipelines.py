"""Hostile pipelines and specs: their YAML, and values that lead where they should not."""

import hostile_yaml
from case import GOOD, IN, OUT, Case, Linked, sparse, tree, write_bytes
from mutate_bytes import HOSTILE_TOKENS, bytes_changed, text_changed

KIND = "pipelines"
SHARE = 10
COMMANDS = [("validate", IN), ("run", IN, "--dry-run"), ("graph", IN, "-o", "{good}/../made/graph.html")]
PIPELINE = """name: flowers
inputs:
  photos: ./photos
steps:
  convert:
    component: convert_to_image_directory
    inputs: {input: inputs.photos}
  network:
    component: resnet
    parameters: {model_name: resnet18, pretrained: false}
  train:
    component: train_pytorch_model
    inputs: {untrained_model: network.untrained_model, training_dataset: convert.output, validation_dataset: convert.output}
    parameters: {epochs: 4, batch_size: 32}
    run: {process_count_per_node: 1}
"""
SPEC = """name: blur_images
title: Blur Images
category: Computer Vision
launch: single
function: split_image_directory
summary: Blurs.
description: Blurs images.
example: torchport run blur_images --images i --output_path o
inputs:
  images: {type: ImageDirectory, flag: images, title: Images, help: The images.}
outputs:
  output: {type: ImageDirectory, flag: output_path, title: Output, help: It must be absent or empty.}
parameters:
  radius: {type: integer, flag: radius, range: "(0, )", default: 3, unit: pixels, title: Radius, help: How far.}
"""


def pipeline(number, name, content, must=False):
    return Case(KIND, f"pipeline: {name}", COMMANDS[number % 3], tree({}) if content is None else content if callable(content) else write_bytes(content),
                ".yaml", "refused" if must else None)


def spec(name, content, must=False):
    return Case(KIND, f"spec: {name}", ("--spec-dir", IN, "list"), tree({"components/blur_images.yaml": content}), wants="refused" if must else None)


def values():
    """A value of the pipeline in place of another."""
    text = PIPELINE
    for old in ("flowers", "./photos", "convert_to_image_directory", "inputs.photos", "resnet18", "network.untrained_model", "4", "32", "1}"):
        for new in (*HOSTILE_TOKENS, "~", "'../../x'", "a b", "$(id)", "${HOME}", "con.out.put", "-x", "x" * 300, "é", "/dev/zero", "inputs.inputs.x", ".", "..", "0.5", "1e3", "2147483648"):
            new_text = new + "}" if old == "1}" else new
            yield f"{old} is {new[:20]!r}", text.replace(old, new_text, 1).encode("utf-8", "surrogatepass"), False
    many = "name: a\nsteps:\n" + "".join(f"  s{i}:\n    component: resnet\n    parameters: {{model_name: resnet18, pretrained: false}}\n" for i in range(5_000))
    yield "5,000 steps", many.encode(), False
    chain = "name: a\nsteps:\n  s0: {component: convert_to_image_directory, inputs: {input: ./photos}}\n" + "".join(
        f"  s{i}: {{component: split_image_directory, inputs: {{images: s{i - 1}.first}}, parameters: {{fraction: 0.5}}}}\n" for i in range(1, 3_000))
    yield "a chain of 3,000 steps", chain.encode(), False
    ring = "name: a\nsteps:\n" + "".join(f"  s{i}: {{component: split_image_directory, inputs: {{images: s{(i + 1) % 2000}.first}}, parameters: {{fraction: 0.5}}}}\n" for i in range(2_000))
    yield "a ring of 2,000 steps", ring.encode(), True
    yield "a step of itself", b"name: a\nsteps:\n  s: {component: split_image_directory, inputs: {images: s.first}, parameters: {fraction: 0.5}}\n", True
    yield "it gives itself leave to be root", text.replace("run: {", "run: {allow_run_as_root: true, ").encode(), False
    yield "labels of /etc/passwd", text.replace("inputs: {input: inputs.photos}", "inputs: {input: inputs.photos}\n    parameters: {labels: /etc/passwd}").encode(), False


def cases(random):
    for number in range(3):
        yield Case(KIND, "pipeline: sound", COMMANDS[number], lambda path: (write_bytes(PIPELINE.encode())(path), tree({"a/1.png": b"x"})(path.parent / "photos")), ".yaml", "taken")
    for group in (hostile_yaml.whole(PIPELINE.encode()), values()):
        for name, content, must in group:
            yield pipeline(number, name, content, must)
            number += 1
    for name, content, must in hostile_yaml.whole(SPEC.encode()):
        yield spec(name, content, must)
    yield Case(KIND, "spec: sound", ("--spec-dir", IN, "list"), tree({"components/blur_images.yaml": SPEC.encode()}), wants="taken")
    yield Case(KIND, "spec: 500 of them", ("--spec-dir", IN, "list"), tree({f"components/blur_{i}.yaml": SPEC.replace("blur_images", f"blur_{i}").encode() for i in range(500)}))
    for key in ("component", "inputs", "type: ImageDirectory", "flag: radius", 'range: "(0, )"', "default: 3", "unit: pixels", "launch: single", "category: Computer Vision", "name: blur_images"):
        for value in HOSTILE_TOKENS[:24]:
            name = key.split(":")[0]
            yield spec(f"{name} is {value[:20]}", SPEC.replace(key, f"{name}: {value}", 1).encode("utf-8", "surrogatepass"))
    for target in ("/dev/zero", "/etc/passwd", "/proc/self/mem", "/nowhere"):
        yield Case(KIND, f"spec: a link to {target}", ("--spec-dir", IN, "list"), tree({}, {"components/blur_images.yaml": target}), wants="refused")
        yield Case(KIND, f"pipeline: a link to {target}", ("validate", IN), lambda path, t=target: path.symlink_to(t), ".yaml", "refused")


def more(random):
    while True:
        change = random.choice((text_changed, text_changed, bytes_changed))
        if random.random() < 0.65:
            yield pipeline(random.randrange(99), "changed", change(PIPELINE.encode(), random))
        else:
            yield spec("changed", change(SPEC.encode(), random))
