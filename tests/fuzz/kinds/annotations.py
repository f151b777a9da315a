"""Hostile annotations for Convert to Image Directory: COCO files beside images, IDX files, lists of labels, label files."""
import functools
import gzip
import json
import struct

import hostile_json
from case import IN, OUT, Case, sparse, tree
from kinds.archives import picture
from mutate_bytes import HOSTILE_TOKENS, bytes_changed, text_changed

KIND = "annotations"
SHARE = 10
COMMAND = ("run", "convert_to_image_directory", f"--input_path={IN}", f"--output_path={OUT}")
IMAGES = {f"{i}.png": picture(i) for i in range(4)}


@functools.lru_cache
def coco():
    return json.dumps({"images": [{"id": i, "file_name": f"{i}.png", "width": 8, "height": 8} for i in range(4)],
                       "annotations": [{"id": i, "image_id": i, "category_id": i % 2} for i in range(4)],
                       "categories": [{"id": 0, "name": "cat"}, {"id": 1, "name": "dog"}]}).encode()


def hostname_named(folder, text):
    return None if "/etc/hostname" in text else "the image at an absolute path was passed over without a word"


def named(folder, text):
    """A COCO file that cannot be used is an error, or at least named: never passed over."""
    return None if "x.json" in text else "the JSON file was passed over without a word"


def coco_case(name, content, must):
    return Case(KIND, f"COCO: {name}", COMMAND, tree({**IMAGES, "x.json": content}), wants=None, check=named if must else None)


def below_case(name, files):
    """JSON files one folder down, beside or below those of images."""
    return Case(KIND, f"COCO below: {name}", COMMAND, tree(files), check=named)


def cocos_below():
    cut, other = coco()[:len(coco()) // 2], b'{"shapes": [], "version": "5.0"}'
    apart = {f"images/{name}": data for name, data in IMAGES.items()}
    sorted_ones = {f"{'ab'[number % 2]}/{name}": data for number, (name, data) in enumerate(IMAGES.items())}
    for kind, content in (("cut", cut), ("no COCO", other), ("nothing", b""), ("lists of another name", coco().replace(b'"images"', b'"pictures"').replace(b'"annotations"', b'"labels"'))):
        yield f"{kind}, in annotations/", {**apart, "annotations/x.json": content}
        yield f"{kind}, beside images in a folder", {**apart, "images/x.json": content}
        yield f"{kind}, in a category", {**sorted_ones, "a/x.json": content}
        yield f"{kind}, beside categories", {**sorted_ones, "notes/x.json": content}
        yield f"{kind}, beside a sound one above", {**IMAGES, "good.json": coco(), "annotations/x.json": content}
        yield f"{kind}, beside a sound one in the folder", {**apart, "annotations/good.json": coco(), "annotations/x.json": content}
        yield f"{kind}, beside a sound one at the top", {**IMAGES, "good.json": coco(), "x.json": content}
        yield f"{kind}, among 70 others", {**apart, **{f"annotations/x{i}.json": other for i in range(70)}, "annotations/x.json": content}


def changed_coco(**parts):
    return json.dumps({**json.loads(coco()), **parts}).encode()


def cocos():
    for name, content, must in (*hostile_json.whole(coco()), *hostile_json.within(coco())):
        yield name, content, must and (callable(content) or len(content) > 1_000_000 or not hostile_json.python_json(content))
    for value in HOSTILE_TOKENS:
        data = coco().decode().replace('"image_id": 1', f'"image_id": {value}').encode("utf-8", "surrogatepass")
        yield f"image_id {value[:20]}", data, not hostile_json.python_json(data)
        data = coco().decode().replace('"file_name": "1.png"', f'"file_name": {value}').encode("utf-8", "surrogatepass")
        yield f"file_name {value[:20]}", data, not hostile_json.python_json(data)
        data = coco().decode().replace('"name": "dog"', f'"name": {value}').encode("utf-8", "surrogatepass")
        yield f"category {value[:20]}", data, not hostile_json.python_json(data)
    yield "id 2^63", coco().replace(b'"id": 3, "file_name"', b'"id": 9223372036854775808, "file_name"'), True
    yield "id 2^64", coco().replace(b'"id": 3, "file_name"', b'"id": 18446744073709551616, "file_name"'), True
    yield "an image of another folder", coco().replace(b"1.png", b"../../1.png"), False
    yield "an image twice", changed_coco(images=[{"id": i, "file_name": "1.png"} for i in range(4)]), False
    yield "an id twice", changed_coco(images=[{"id": 1, "file_name": f"{i}.png"} for i in range(4)]), False
    yield "an image of no file", changed_coco(images=[{"id": i, "file_name": f"{i + 9}.png"} for i in range(4)]), False
    yield "a category twice", changed_coco(categories=[{"id": 0, "name": "cat"}, {"id": 0, "name": "dog"}]), False
    yield "200,000 categories", changed_coco(categories=[{"id": i, "name": str(i)} for i in range(200_000)]), False
    yield "a million annotations", coco().replace(b'"annotations": [', b'"annotations": [' + b'{"image_id":0,"category_id":0},' * 1_000_000), False


def idx(count=4, height=8, width=8, magic=0x803, data=None):
    return struct.pack(">IIII", magic, count, height, width) + (bytes(count * height * width) if data is None else data)


def labels(count=4, magic=0x801, data=None):
    return struct.pack(">II", magic, count) + (bytes(i % 2 for i in range(count)) if data is None else data)


def idx_case(name, images, of_labels=None, suffix="", wants=None):
    return Case(KIND, f"IDX: {name}", COMMAND, tree({"train-images-idx3-ubyte" + suffix: images,
                                                    "train-labels-idx1-ubyte" + suffix: labels() if of_labels is None else of_labels}), wants=wants)


def idxs():
    zeros = gzip_bomb
    yield idx_case("sound", idx(), wants="taken")
    yield idx_case("sound, packed", gzip.compress(idx()), gzip.compress(labels()), ".gz", "taken")
    for count, height, width in ((2**32 - 1, 2**32 - 1, 2**32 - 1), (0, 8, 8), (4, 0, 8), (4, 2**16, 2**16), (2**30, 1, 1), (5, 8, 8), (1, 65535, 65535)):
        yield idx_case(f"{count} x {height} x {width}", idx(count, height, width, data=bytes(256)), wants="refused")
    yield idx_case("another magic", idx(magic=0x903), wants="refused")
    yield idx_case("labels of another magic", idx(), labels(magic=0x803), wants="refused")
    yield idx_case("labels of another count", idx(), labels(5), wants="refused")
    yield idx_case("bytes behind", idx() + b"x", wants="refused")
    yield idx_case("cut", idx()[:-1], wants="refused")
    yield idx_case("a gzip bomb of 3 GB", zeros(3 << 30, idx(48_000_000, 8, 8, data=b"")), gzip.compress(labels()), ".gz", "refused")
    yield idx_case("a gzip bomb of labels", gzip.compress(idx()), zeros(3 << 30, labels(data=b"")), ".gz", "refused")
    yield idx_case("packed nonsense", b"\x1f\x8b\x08" + bytes(99), gzip.compress(labels()), ".gz", "refused")
    yield idx_case("packed and cut", gzip.compress(idx())[:-9], gzip.compress(labels()), ".gz", "refused")
    yield idx_case("sparse, 3 GB", sparse(3 << 30, idx(data=b"")), wants="refused")
    count = (3 << 30) // 64
    yield idx_case("sparse, as large as it says", sparse((3 << 30) + 16, idx(count, 8, 8, data=b"")), sparse(count + 8, labels(count, data=b"")), wants="refused")
    yield idx_case("labels, sparse", idx(), sparse(3 << 30, labels(data=b"")), wants="refused")


def gzip_bomb(size, head):
    import zlib
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = squeezer.compress(head) + squeezer.flush(zlib.Z_FULL_FLUSH)
    piece = squeezer.compress(bytes(1 << 20)) + squeezer.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08\0\0\0\0\0\2\3" + first + piece * (size >> 20) + b"\3\0" + bytes(8)


def label_case(name, content, wants=None):
    return Case(KIND, f"labels: {name}", ("run", "convert_to_image_directory", f"--input_path={{good}}/idx", f"--labels={IN}", f"--output_path={OUT}"),
                content if callable(content) else lambda path: path.write_bytes(content), ".txt", wants)


def label_lists():
    yield label_case("sound", b"cat\ndog\n", "taken")
    yield label_case("a byte order mark", b"\xef\xbb\xbfcat\ndog\n")
    yield label_case("UTF-16", "cat\ndog\n".encode("utf-16"), "refused")
    yield label_case("not UTF-8", b"cat\xff\ndog\n", "refused")
    yield label_case("a NUL", b"cat\0\ndog\n", "refused")
    yield label_case("one line", b"cat\n", "refused")
    yield label_case("a name twice", b"cat\ncat\n", "refused")
    yield label_case("a blank line", b"cat\n\ndog\n", "refused")
    yield label_case("5 million lines", b"".join(b"%d\n" % i for i in range(1_000_000)))
    yield label_case("a line of 30 MB", b"x" * 30_000_000 + b"\ndog\n")
    yield label_case("nothing", b"", "refused")
    yield label_case("sparse, 3 GB", sparse(3 << 30, b"cat\ndog\n"), "refused")
    yield label_case("a PNG", picture(), "refused")
    yield label_case("lines that end in CR LF", b"cat\r\ndog\r\n")


JSON_LINES = b"".join(b'{"image_url": "AmlDatastore://s/%d.png", "label": "%s"}\n' % (i, (b"cat", b"dog")[i % 2]) for i in range(4))
LABEL_CSV = b"Url,Label\n" + b"".join(b"AmlDatastore://s/%d.png,%s\n" % (i, (b"cat", b"dog")[i % 2]) for i in range(4))
ML_TABLE = b"paths:\n  - file: ./x.jsonl\ntransformations:\n  - read_json_lines: {encoding: utf8}\n"


def mapped_case(name, content, wants=None, kind="jsonl"):
    """One label file beside its images; `content` is that of the MLTable where that is its kind."""
    files = {"MLTable": content, "x.jsonl": JSON_LINES} if kind == "MLTable" else {f"x.{kind}": content}
    return Case(KIND, f"{kind}: {name}", (*COMMAND, f"--format={kind.lower()}"), tree({**IMAGES, **files}), wants=wants)


def label_files():
    first, rest = JSON_LINES.split(b"\n", 1)
    yield mapped_case("sound", JSON_LINES, "taken")
    yield mapped_case("sound", LABEL_CSV, "taken", "csv")
    yield mapped_case("sound", ML_TABLE, "taken", "MLTable")
    yield mapped_case("a byte order mark", b"\xef\xbb\xbf" + JSON_LINES, "taken")
    yield mapped_case("a byte order mark", b"\xef\xbb\xbf" + LABEL_CSV, "taken", "csv")
    for name, line, must in (*hostile_json.whole(first), *hostile_json.within(first)):
        if not callable(line) and b"\n" not in line and name not in ("a byte order mark", "nothing"):
            yield mapped_case(f"2nd line: {name}", first + b"\n" + line + b"\n" + rest, "refused" if must or len(line) > 1_000_000 else None)
    for name, address in (("/etc/hostname", "/etc/hostname"), ("..", "../../1.png"), ("%2e%2e", "s://c/%2e%2e/%2e%2e/1.png"), ("a NUL", "1.png\0"), ("an encoded NUL", "s://c/1.png%00"),
                          ("long", "s://c/" + "a/" * 50_000 + "1.png"), ("nothing", ""), ("a scheme alone", "s://"), ("no file", "s://c/"), ("%", "s://c/1.png%"),
                          ("backslashes", "s://c/..\\1.png")):
        row = json.dumps({"image_url": address, "label": "cat"}).encode()
        left_out = ("%", "an encoded NUL", "/etc/hostname", "no file", "a scheme alone")   # by their extension, counted
        yield mapped_case(f"address {name}", row + b"\n" + JSON_LINES, "taken" if name in left_out else "refused")
    for value in HOSTILE_TOKENS:
        yield mapped_case(f"label {value[:20]}", first.replace(b'"cat"', value.encode("utf-8", "surrogatepass")) + b"\n" + rest)
        yield mapped_case(f"confidence {value[:20]}", first.replace(b'"cat"', b'["cat", "dog"], "label_confidence": ' + value.encode("utf-8", "surrogatepass")) + b"\n" + rest)
    yield mapped_case("two labels", JSON_LINES + first.replace(b"cat", b"dog"), "refused")
    yield mapped_case("a line of 30 MB", first.replace(b"cat", b"c" * 30_000_000) + b"\n" + rest, "refused")
    yield mapped_case("200,000 rows", JSON_LINES + (first + b"\n") * 200_000, "taken")
    yield mapped_case("sparse, 3 GB", sparse(3 << 30, JSON_LINES), "refused")
    yield mapped_case("sparse, 3 GB", sparse(3 << 30, LABEL_CSV), "refused", "csv")
    yield mapped_case("a quote that stays open", LABEL_CSV + b'"AmlDatastore://s/1.png,dog', "refused", "csv")
    yield mapped_case("not UTF-8", LABEL_CSV + b"1.png,\xff", "refused", "csv")
    yield mapped_case("5 million commas", LABEL_CSV + b"," * 5_000_000, "refused", "csv")
    yield mapped_case("a short row", LABEL_CSV + b"1.png\n", "refused", "csv")
    for name, text in (("/etc/hostname", ML_TABLE.replace(b"./x.jsonl", b"/etc/hostname")), ("..", ML_TABLE.replace(b"./x.jsonl", b"../x.jsonl")), ("no list", b"paths: 3\n"),
                       ("a number", b"3"), ("no YAML", b"paths: ["), ("a tag", ML_TABLE.replace(b"./x.jsonl", b"!x ./x.jsonl")), ("itself", ML_TABLE.replace(b"./x.jsonl", b"MLTable")),
                       ("a filter", ML_TABLE + b"  - filter: 'col(\"label\") == \"cat\"'\n"), ("nothing", b""), ("deep", b"paths: " + b"[" * 3_000), ("sparse", sparse(3 << 30, ML_TABLE))):
        yield mapped_case(name, text, "refused", "MLTable")


def cases(random):
    for name, content, must in cocos():
        yield coco_case(name, content, must)
    yield Case(KIND, "COCO: an image at an absolute path", COMMAND, tree({**IMAGES, "x.json": coco().replace(b"1.png", b"/etc/hostname")}), check=hostname_named)
    for name, files in cocos_below():
        yield below_case(name, files)
    yield from idxs()
    yield from label_lists()
    yield from label_files()


def more(random):
    while True:
        choice = random.randrange(11)
        if choice < 5:
            changed = text_changed(coco(), random)
            yield coco_case("changed", changed, not hostile_json.python_json(changed))
        elif choice < 6:
            yield coco_case("bytes changed", bytes_changed(coco(), random), False)
        elif choice < 7:
            yield idx_case("changed", bytes_changed(idx(), random))
        elif choice < 8:
            yield label_case("changed", bytes_changed(b"cat\ndog\n", random))
        elif choice < 9:
            yield mapped_case("changed", text_changed(JSON_LINES, random))
        elif choice < 10:
            yield mapped_case("changed", text_changed(LABEL_CSV, random), kind="csv")
        else:
            yield mapped_case("changed", text_changed(ML_TABLE, random), kind="MLTable")
