"""Runs folders with hostile records: `torchport runs` reads them, and a new run looks there for what it can use again."""
import json

import hostile_json
from case import GOOD, IN, Case, tree
from mutate_bytes import HOSTILE_TOKENS, bytes_changed, text_changed

KIND = "runs"
SHARE = 5
COMMANDS = [("runs", "list", "--runs", IN), ("runs", "show", "p-1", "--runs", IN), ("run", f"{GOOD}/pipeline.yaml", "--dry-run", "--runs", IN)]


def record():
    step = {"state": "done", "position": 1, "seconds": 1.5, "component": "convert_to_image_directory", "key": "ab" * 32, "folder": "p-1/convert",
            "parameters": {"format": {"value": "auto", "origin": "default"}, "limit": {"value": 3, "origin": "pipeline"}}, "run": {},
            "outputs": {"output": {"path": "p-1/convert/output", "fingerprint": "x"}}, "inputs": {"input": {"path": "/photos", "fingerprint": "y", "content": "z"}}}
    return {"name": "p", "started": "2026-11-29T10:00:00", "seconds": 2.5, "exit_status": 0, "state": "finished", "file": "p.yaml", "steps": {"convert": step}}


def case(number, name, content, wants=None):
    return Case(KIND, name, COMMANDS[number % 3], tree({"p-1/pipeline.json": content, "p-2/pipeline.json": json.dumps(record()).encode()}), wants=wants)


def cases(random):
    good = json.dumps(record()).encode()
    for number in range(3):
        yield case(number, "sound", good, "taken")
    for name, content, _ in [*hostile_json.whole(good), *hostile_json.within(good)]:
        yield case(number, f"pipeline.json: {name}", content)
        yield case(number + 1, f"pipeline.json: {name}", content)
        number += 2
    for old in ('"done"', "1.5", '"p-1/convert/output"', '"ab' + 'ab' * 31 + '"', '"finished"', '"2026-11-29T10:00:00"', "1", '"auto"', '{"value": 3, "origin": "pipeline"}'):
        for value in HOSTILE_TOKENS[:22]:
            yield case(number, f"pipeline.json: {old[:16]} is {value[:16]}", good.decode().replace(old, value, 1).encode("utf-8", "surrogatepass"))
            number += 1
    for target in ("/dev/zero", "/etc/passwd", "pipeline.json", "/proc/self/mem"):
        yield Case(KIND, f"pipeline.json is a link to {target}", COMMANDS[number % 2], tree({"p-2/pipeline.json": good}, {"p-1/pipeline.json": target}))
        number += 1
    yield Case(KIND, "20,000 runs", COMMANDS[0], tree({f"p-{i}/pipeline.json": b"{}" for i in range(20_000)}))
    yield Case(KIND, "200 records of 15 MB", COMMANDS[0], tree({f"p-{i}/pipeline.json": lambda path: path.write_bytes(b'{"x": "' + b"y" * 15_000_000 + b'"}') for i in range(60)}))
    yield Case(KIND, "a run with control characters in its name", COMMANDS[0], tree({"p-\x1b[2J\n/pipeline.json": good}))
    yield Case(KIND, "an error record for explain", COMMANDS[1], tree({"p-1/pipeline.json": good, "p-1/run.json": b"[" * 100_000, "p-1/module_statistics/error_info.json": b"[" * 100_000}))


def more(random):
    good = json.dumps(record()).encode()
    while True:
        yield case(random.randrange(99), "changed pipeline.json", random.choice((text_changed, text_changed, bytes_changed))(good, random))
