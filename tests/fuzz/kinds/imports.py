"""Hostile files of weights given to torchport import: forged files, networks that are nearly ours, and what torchport export notes in a file."""
import json
import pathlib

import forge
import hostile_archives
import hostile_json
import hostile_pickles
from case import GOOD, IN, OUT, Case, Linked, sparse, write_bytes
from harness import ORIGINAL
from hostile_weights_test import GOOD_LEGACY, legacy_cases, safetensors, safetensors_cases
from mutate_bytes import HOSTILE_TOKENS, bytes_changed, text_changed

KIND = "imports"
SHARE = 6
CANARY = "/tmp/torchport-fuzz-canary-import"
LABELLED = ("import", IN, "--labels", f"{GOOD}/labels.txt", "-o", OUT)
BY_ITSELF = ("import", IN, "-o", OUT)
NOTES = {"format": "pt", "labels": '["circle", "square", "triangle"]', "mean": "[0.5, 0.5, 0.5]", "std": "[0.25, 0.5, 0.5]", "height": "64", "width": "64",
         "transforms": '[["Resize", 64], ["CenterCrop", 64]]'}


def network():
    """The shapes of a ResNet-18 of three categories, by torchvision's names."""
    rows = [line.split("\t") for line in pathlib.Path(ORIGINAL / "state_dict_keys/resnet18.tsv").read_text().splitlines()]
    return {key.removeprefix("model."): (dtype, [] if shape == "scalar" else [int(edge) for edge in shape.split("x")]) for key, dtype, shape in rows}


def file_of(tensors, notes=None):
    """A safetensors file of them whose values are zeros that take no room."""
    header, end = {"__metadata__": notes or {}}, 0
    for key, (dtype, shape) in tensors.items():
        size = 8 if dtype == "int64" else 4
        for edge in shape:
            size *= edge
        header[key] = {"dtype": "I64" if dtype == "int64" else "F32", "shape": shape, "data_offsets": [end, end + size]}
        end += size
    head = safetensors(header, b"")
    return sparse(len(head) + end, head)


def weights(name, content, wants=None, command=LABELLED, suffix=".safetensors"):
    return Case(KIND, name, command, content if callable(content) else write_bytes(content), suffix, wants)


def nearly():
    """(what is wrong, tensors, what must come of it)"""
    good = network()
    yield "one layer less", {key: row for key, row in good.items() if not key.startswith("layer4.1.")}, "refused"
    yield "another number of categories", {**good, "fc.weight": ("float32", [4, 512]), "fc.bias": ("float32", [4])}, "refused"
    yield "a head without bias", {key: row for key, row in good.items() if key != "fc.bias"}, "refused"
    yield "a kernel of 5 x 5", {**good, "layer1.0.conv1.weight": ("float32", [64, 64, 5, 5])}, "refused"
    yield "a shape of zeros", {**good, "conv1.weight": ("float32", [0, 3, 7, 7])}, "refused"
    yield "names of nobody's", {f"x{number}": row for number, row in enumerate(good.values())}, "refused"
    yield "long names", {("a" * 3000) + key: row for key, row in good.items()}, None
    yield "a prefix", {f"module.model.{key}": row for key, row in good.items()}, "taken"
    yield "hostile prefixes", {f"../../\n\x1b[2J{key}": row for key, row in good.items()}, None
    yield "a tensor too many", {**good, "more.weight": ("float32", [1])}, None
    yield "10,000 tensors", {**good, **{f"more.{number}": ("float32", [1]) for number in range(10_000)}}, None


def noted(notes):
    return file_of(network(), {key: value for key, value in notes.items() if value is not None})


def cases(random):
    yield weights("sound", file_of(network()), "taken")
    yield weights("sound, with its notes", noted(NOTES), "taken", BY_ITSELF)
    yield weights("a model of our own", Linked("trained/model"), "taken", suffix=".pth")
    yield weights("no labels anywhere", file_of(network()), "refused", BY_ITSELF)
    for name, tensors, wants in nearly():
        yield weights(f"nearly: {name}", file_of(tensors), wants)
    for key in ("labels", "mean", "std", "height", "width", "transforms"):
        for value in [*HOSTILE_TOKENS, "[[1]]", '["a", "a", "a"]', "[1, 2]", "[0, 0, 0]", "[1e308, 1e308, 1e308]", "65536", '[["Resize", 1]]', '[["Nothing", 1]]', '["a"]', "[" * 70_000]:
            if "\ud800" not in value:
                yield weights(f"{key} is {value[:24]!r}", noted({**NOTES, key: value}), "refused" if key == "labels" else None, BY_ITSELF)
    for name, content, _ in hostile_json.whole(b"[1]"):
        if isinstance(content, bytes) and len(content) < 4_000_000 and not content.startswith(b"\xff"):
            yield weights(f"labels are {name}", noted({**NOTES, "labels": content.decode("utf-8", "replace")}), None, BY_ITSELF)
    forged = [*hostile_pickles.all_pickles(CANARY), *hostile_archives.all_archives(CANARY)]
    for name, content, *_ in random.sample(forged, min(len(forged), 60)):
        data = content if content[:2] == b"PK" or not content.startswith(b"\x80\x02") else forge.model(content)
        yield weights(f"forged, {name}", data, suffix=".pth")
    for name, content, *_ in random.sample([*safetensors_cases(), *legacy_cases(CANARY)], 60):
        yield weights(f"forged, {name}", content, "refused")
    yield weights("sparse, 3 GB", sparse(3 << 30), "refused")
    yield weights("YAML that is no pipeline", b"type: pipeline\njobs: [\n", "refused", BY_ITSELF, ".yml")


def more(random):
    small = [forge.model(), GOOD_LEGACY, safetensors({"fc.weight": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}, "__metadata__": NOTES})]
    while True:
        if random.randrange(3):
            yield weights("changed", bytes_changed(random.choice(small), random))
        else:
            key = random.choice([*NOTES])
            yield weights(f"a changed note {key}", noted({**NOTES, key: text_changed(NOTES[key].encode(), random).decode("utf-8", "replace")}), None, BY_ITSELF)
