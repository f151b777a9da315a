"""Hostile model directories, and files given as --weights: model_spec.yaml, index_to_label.csv, state dicts in every form."""

import forge
import hostile_archives
import hostile_pickles
import hostile_yaml
from case import GOOD, IN, OUT, Case, Linked, sparse, tree, write_bytes
from hostile_weights_test import GOOD_LEGACY, legacy_cases, safetensors, safetensors_cases
from hostile_weights_test import GOOD as ENTRY
from mutate_bytes import HOSTILE_TOKENS, bytes_changed, text_changed

KIND = "models"
SHARE = 14
CANARY = "/tmp/torchport-fuzz-canary"
SCORE = ("validate", "score_image_model", f"--trained-model={IN}", f"--dataset={GOOD}/images", f"--scored-dataset={OUT}")
TRAIN = ("validate", "train_pytorch_model", f"--untrained-model-path={IN}", f"--train-data-path={GOOD}/images", f"--valid-data-path={GOOD}/images", f"--trained-model-path={OUT}")
WEIGHTS = ("validate", "resnet", "--model_name=resnet18", "--pretrained=False", f"--weights={IN}", f"--untrained_model_path={OUT}")
RUN_WEIGHTS = ("run", *WEIGHTS[1:])


def folder(number, name, files, must=False, links=None):
    base, command = (("trained", SCORE), ("untrained", TRAIN))[number % 2] if "index_to_label.csv" not in files else ("trained", SCORE)
    return Case(KIND, name, command, tree(files, links, base=base), wants="refused" if must else None)


def weights(name, content, must=False, command=WEIGHTS):
    return Case(KIND, f"weights: {name}", command, content if callable(content) else write_bytes(content), ".pth", "refused" if must else None)


def labels(good):
    for name, content, must in (
            ("a byte order mark", b"\xef\xbb\xbf" + good, False), ("UTF-16", good.decode().encode("utf-16"), True), ("not UTF-8", good + b"\xff", True), ("a NUL", good.replace(b"circle", b"circ\0e"), False),
            ("a quote that stays open", good + b'"x', True), ("a label twice", good.replace(b"square", b"circle"), True), ("another order", good.replace(b"1,", b"2,"), True), ("an index of 2^64", good.replace(b"1,", b"18446744073709551617,"), True),
            ("a blank label", good.replace(b"square", b""), True), ("no head", good.split(b"\n", 1)[1], True), ("nothing", b"", True), ("a label too many", good + b"3,more\n", True), ("a label too few", good.rsplit(b"\n", 2)[0] + b"\n", True),
            ("a million labels", good + b"".join(b"%d,x%d\n" % (i, i) for i in range(3, 1_000_000)), True), ("a label of 30 MB", good.replace(b"circle", b"x" * 30_000_000), False), ("30 MB of quotes", good + b'"' * 30_000_001, True),
            ("30 million commas", b"," * 30_000_000, True), ("CR LF", good.replace(b"\n", b"\r\n"), False), ("CR", good.replace(b"\n", b"\r"), True), ("sparse, 3 GB", sparse(3 << 30, good), True)):
        yield folder(0, f"labels: {name}", {"index_to_label.csv": content}, must)


def model_file(good):
    """The weights of a trained directory, 45 MB: cut, and with a record of the archive changed whose checksum is right."""
    yield "cut", good[:len(good) // 2], True
    yield "cut by a byte", good[:-1], True
    yield "empty", b"", True
    yield "a byte behind", good + b"\0", True
    yield "sparse behind", sparse(3 << 30, good), True
    yield "sparse, 3 GB", sparse(3 << 30, b"PK\3\4"), True
    yield "sparse of zeros, 3 GB", sparse(3 << 30), True
    yield "a forged one", forge.model(), True
    yield "a bit in the middle", good[:20_000_000] + bytes([good[20_000_000] ^ 1]) + good[20_000_001:], True
    yield "zeros in the middle", good[:20_000_000] + bytes(64) + good[20_000_064:], True


def cases(random):
    number = 0
    for number in (0, 1):
        yield Case(KIND, f"sound {number}", (SCORE, TRAIN)[number], tree({}, base=("trained", "untrained")[number]), wants="taken")
    spec = (Linked.good / "trained/model_spec.yaml").read_bytes()
    for file, good in (("model_spec.yaml", spec), ("_meta.yaml", (Linked.good / "trained/_meta.yaml").read_bytes())):
        for name, content, must in hostile_yaml.whole(good):
            yield folder(0, f"{file}: {name}", {file: content}, must)
    text = spec.decode()
    for line in text.splitlines():
        if ": " not in line:
            continue
        key = line.split(": ")[0]
        for value in random.sample(HOSTILE_TOKENS, 6) + ["../../x", "/etc/passwd", "model_spec.yaml", "~"]:
            yield folder(0, f"model_spec.yaml: {key.strip(' -')} is {value[:20]!r}", {"model_spec.yaml": text.replace(line, f"{key}: {value}", 1).encode("utf-8", "surrogatepass")})
    yield from labels((Linked.good / "trained/index_to_label.csv").read_bytes())
    good = (Linked.good / "trained/model").read_bytes()
    for name, content, must in model_file(good):
        yield folder(0, f"model: {name}", {"model": content}, must)
    for part in ("model", "model_spec.yaml", "index_to_label.csv", "_meta.yaml"):
        for target in ("/dev/zero", "/etc/passwd", part, "/nowhere", "../../.."):
            yield folder(number, f"{part} is a link to {target}", {}, False, {part: target})
        yield folder(number, f"{part} is a folder", {f"{part}/x": b""}, False)
    forged = [*hostile_pickles.all_pickles(CANARY), *hostile_archives.all_archives(CANARY)]
    chosen = random.sample(forged, min(len(forged), 150))
    for name, content, *_ in chosen:
        data = content if content[:2] == b"PK" or not content.startswith(b"\x80\x02") else forge.model(content)
        yield weights(f"forged, {name}", data)
    for name, content, *_ in [*safetensors_cases(), *legacy_cases(CANARY)][:160]:
        yield weights(f"forged, {name}", content, True if "cut" not in name else False)
    yield weights("safetensors", safetensors({"w": ENTRY}), True, RUN_WEIGHTS)
    yield weights("torch's old form", GOOD_LEGACY, True, RUN_WEIGHTS)
    yield weights("a forged archive", forge.model(), True, RUN_WEIGHTS)
    yield weights("sparse, 3 GB, of zeros", sparse(3 << 30), True)
    yield weights("sparse, 3 GB, safetensors", sparse(3 << 30, safetensors({"w": ENTRY})), True)
    yield weights("sparse, 3 GB, torch's old form", sparse(3 << 30, GOOD_LEGACY), True)
    yield weights("sparse, 3 GB, an archive", sparse(3 << 30, forge.model()[:200], forge.model()[-22:]), True)
    yield weights("text", b"hello\n", True)
    yield weights("HTML", b"<html>404</html>", True)
    yield weights("a folder", tree({"x": b""}), True)
    huge = safetensors({"w": {"dtype": "F32", "shape": [1 << 27], "data_offsets": [0, 1 << 29]}}, b"")
    yield weights("safetensors of 512 MB, sparse", sparse((1 << 29) + len(huge), huge), True, RUN_WEIGHTS)


def more(random):
    spec = (Linked.good / "trained/model_spec.yaml").read_bytes()
    table = (Linked.good / "trained/index_to_label.csv").read_bytes()
    small = [forge.model(), GOOD_LEGACY, safetensors({"w": ENTRY, "__metadata__": {"format": "pt"}})]
    while True:
        choice = random.randrange(8)
        if choice < 3:
            yield folder(0, "changed model_spec.yaml", {"model_spec.yaml": random.choice((text_changed, bytes_changed))(spec, random)})
        elif choice < 4:
            yield folder(0, "changed index_to_label.csv", {"index_to_label.csv": random.choice((text_changed, bytes_changed))(table, random)})
        elif choice < 6:
            yield Case(KIND, "weights: changed", WEIGHTS, write_bytes(bytes_changed(random.choice(small), random)), ".pth", oracle="weights")
        else:   # a pickle changed within a sound archive: the checksums are right
            yield Case(KIND, "weights: a changed pickle", WEIGHTS, write_bytes(forge.model(bytes_changed(forge.GOOD_PICKLE, random))), ".pth", oracle="weights")
