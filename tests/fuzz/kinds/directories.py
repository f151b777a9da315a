"""Image directories with a hostile _meta.yaml, _schema.json, images.lst, _samples.json or _sizes.lst, read by every command that takes one."""
import json
import struct

import hostile_json
import hostile_yaml
from case import GOOD, IN, OUT, Case, Linked, sparse, tree
from mutate_bytes import HOSTILE_TOKENS, bytes_changed, text_changed

KIND = "directories"
SHARE = 14
BASE = "images"
COMMANDS = [("check-data", IN, "--thin=0"),
            ("run", "split_image_directory", f"--src_path={IN}", "--fraction=0.5", f"--tgt_train_path={OUT}", "--tgt_test_path={good}/../made/other"),
            ("run", "apply_image_transformation", "--mode=For inference", f"--input_image_transform_path={GOOD}/transformation", f"--input_image_dir_path={IN}", f"--output_path={OUT}"),
            ("validate", "train_pytorch_model", f"--untrained-model-path={GOOD}/untrained", f"--train-data-path={IN}", f"--valid-data-path={GOOD}/images", f"--trained-model-path={OUT}"),
            ("validate", "score_image_model", f"--trained-model={GOOD}/trained", f"--dataset={IN}", f"--scored-dataset={OUT}")]


def good(name):
    return (Linked.good / BASE / name).read_bytes()


def case(number, name, files, wants=None, links=None, commands=COMMANDS):
    """Each case goes to one of the commands, in turn: all of them open a directory by the same code, and work on differently from there."""
    command = commands[number % len(commands)]
    return Case(KIND, name, command, tree(files, links, base=BASE), wants=wants)


def refused(must):
    return "refused" if must else None


def schemas():
    for name, content, must in [*hostile_json.whole(good("_schema.json")), *hostile_json.within(good("_schema.json"))]:
        yield f"schema: {name}", content, refused(must)
    text = good("_schema.json").decode()
    for depth in (3_000, 66_000, 140_000):
        for place, bracket in (('"properties": {', '{"a":'), ('"mime_type": ', "["), ('"categories": ', "["), ('"elementType": ', '{"a":')):
            nest = bracket * depth + ("1" if bracket != "[" else "") + ("}" if bracket != "[" else "]") * depth
            changed = text.replace(place, place + '"x": ' + nest + ", ", 1) if place.endswith("{") else text.replace(place, '"x": ' + nest + ", " + place, 1)
            yield f"schema: {depth} levels at {place}", changed.encode(), None
            if not place.endswith("{"):
                yield f"schema: {depth} levels as {place}", text.replace(place, place + nest + ', "y": ', 1).encode(), None
    for value in HOSTILE_TOKENS:
        for place in ('"id": 1', '"name": "square"', '"typeName": "bytes"', '"annotation_type": "COCO_classification"', '"isFeature": true'):
            key = place.split(":")[0]
            data = text.replace(place, f"{key}: {value}", 1).encode("utf-8", "surrogatepass")
            yield f"schema: {key} {value[:20]}", data, refused(not hostile_json.strictly_json(data))
    yield "schema: ids in another order", text.replace('"id": 1', '"id": 2', 1).encode(), "refused"
    yield "schema: a category twice", text.replace('"square"', '"circle"').encode(), "refused"
    many = json.loads(text)
    many["columnAttributes"][2]["properties"]["categories"] = [{"id": i, "name": f"c{i}"} for i in range(300_000)]
    yield "schema: 300,000 categories", json.dumps(many).encode(), None
    many["columnAttributes"] = many["columnAttributes"] * 3000
    yield "schema: columns again and again", json.dumps(many["columnAttributes"][:2] and {"columnAttributes": json.loads(text)["columnAttributes"] * 3000}).encode(), None


def indices():
    text = good("images.lst").decode()
    line = text.splitlines()[1]
    for name, content, must in hostile_json.whole(line.encode()):
        if name in ("a byte order mark", "a NUL behind", "nothing", "blanks") or callable(content):
            yield f"index: {name}", content, refused(must and name != "nothing") if name != "blanks" else "refused"
        else:
            yield f"index: a line of {name}", (text + "\n" if not text.endswith("\n") else text).encode() + content, refused(must)
    for name, content, must in hostile_json.within(line.encode()):
        yield f"index: {name}", content.replace(b"\n", b" ") + b"\n" + text.encode(), refused(must)
    for value in HOSTILE_TOKENS:
        for place, old in (("file_name", '"image/0_1.jpg"'), ("category", '"circle"'), ("id", "1")):
            data = line.replace(f'"{place}": {old}', f'"{place}": {value}').encode("utf-8", "surrogatepass")
            yield f"index: {place} {value[:20]}", text.encode() + data + b"\n", refused(not hostile_json.strictly_json(data))
    for name in ("../../deep", "/etc/hostname", "image/../../x", "image", "image/", "", "image/0_0.png\0", "image/" + "x" * 5000, "image//0_0.png", "./image/0_0.png", "IMAGE/0_0.PNG"):
        yield f"index: the file {name[:24]!r}", text.encode() + json.dumps({**json.loads(line), "image_info": {"file_name": name}}).encode() + b"\n", None
    yield "index: coco_url", text.replace('"file_name"', '"coco_url": "http://127.0.0.1/x.png", "file_name"').encode(), "refused"
    yield "index: 400,000 lines of one image", (line + "\n").encode() * 400_000, None
    yield "index: 30 million line ends", b"\n" * 30_000_000, "refused"
    yield "index: blank lines between", text.replace("\n", "\n\n").encode(), None
    yield "index: CR LF", text.replace("\n", "\r\n").encode(), None
    yield "index: CR", text.replace("\n", "\r").encode(), "refused"
    yield "index: no last line end", text.rstrip("\n").encode(), None
    yield "index: other separators", text.replace("\n", "\u2028").encode(), "refused"
    yield "index: a line of 50 MB", text.encode() + b'{"image_info": {"file_name": "' + b"x" * 50_000_000 + b'"}}\n', "refused"


def metas():
    for name, content, must in hostile_yaml.whole(good("_meta.yaml")):
        yield f"meta: {name}", content, refused(must)
    text = good("_meta.yaml").decode()
    for value in ("../../deep", "/etc/passwd", "image", "''", "[a]", "{a: b}", "null", "_meta.yaml", "x" * 5000, "'a\\0b'", '"a\\0b"', "."):
        for key in ("image_list", "schema", "samples"):
            yield f"meta: {key} {value[:20]}", "".join(f"{key}: {value}\n" if line.startswith(key) else line + "\n" for line in text.splitlines()).encode(), None
    for value in ("ModelDirectory", "imagedirectory", "'ImageDirectory '", "AnyDirectory", "[ImageDirectory]"):
        yield f"meta: type {value}", text.replace("type: ImageDirectory", f"type: {value}").encode(), "refused"
    for transforms in ("[", "[]", "[[\"Resize\",-1]]", "[[\"Pad\",{\"padding\":1e9}]]", "[" * 50_000, "null", "x", "[[\"Normalize\",1]]", "[[\"Resize\",100000]]"):
        yield f"meta: transforms {transforms[:20]}", text.replace("extension: {}", f"extension:\n  'transforms': '{transforms}'").encode(), None


def sizes():
    rows = good("images.lst").count(b"\n") + (not good("images.lst").endswith(b"\n"))
    head = f"torchport image sizes 1 {rows}\n".encode()
    for name, content in (("nothing", b""), ("only a head", head), ("numbers of 2^63", head + b"9223372036854775808 1 1 1 image/0_0.png\n" * rows), ("a million lines", head + b"1 1 1 1 x\n" * 1_000_000),
                          ("10^18 rows", b"torchport image sizes 1 1000000000000000000\n"), ("sizes of 2^31", head + b"1 1 2147483648 2147483648 image/0_0.png\n" * rows), ("negative", head + b"-1 -1 -1 -1 image/0_0.png\n" * rows),
                          ("another version", b"torchport image sizes 2 24\n"), ("a line of 30 MB", head + b"1 1 1 1 " + b"x" * 30_000_000), ("NUL", head + bytes(1000)), ("sparse", sparse(3 << 30, head)), ("a byte order mark", b"\xef\xbb\xbf" + head)):
        yield f"sizes: {name}", content, "taken"


def cases(random):
    for number in range(len(COMMANDS)):
        yield case(number, "sound", {}, "taken")
    for file, group in (("_schema.json", schemas), ("images.lst", indices), ("_meta.yaml", metas), ("_sizes.lst", sizes)):
        for name, content, wants in group():
            yield case(number, name, {file: content}, wants)
            number += 1
    for name, content, must in hostile_json.whole(good("_samples.json")):
        yield case(number, f"samples: {name}", {"_samples.json": content}, None)
        number += 1
    for part in ("images.lst", "_schema.json", "_samples.json", "_meta.yaml", "image/0_0.png"):
        for target in ("/dev/zero", "/etc/passwd", part.split("/")[-1], "../../..", "/proc/self/mem", "/nowhere"):
            yield case(number, f"{part} is a link to {target}", {}, None, {part: target})
            number += 1
        yield case(number, f"{part} is a pipe", {part: pipe}, None)
        yield case(number + 1, f"{part} is a folder", {f"{part}/x": b""}, None)
        yield case(number + 2, f"{part} is not there", {part: lambda path: None}, None)
        number += 3


def pipe(path):
    import os
    os.mkfifo(path)


def more(random):
    while True:
        file = random.choice(("_schema.json", "images.lst", "images.lst", "_meta.yaml", "_samples.json"))
        change = random.choice((text_changed, text_changed, text_changed, bytes_changed))
        data = change(good(file), random)
        must = file == "_schema.json" and not data.startswith(b"\xef\xbb\xbf") and not hostile_json.strictly_json(data)
        yield case(random.randrange(99), f"changed {file}", {file: data}, refused(must))
