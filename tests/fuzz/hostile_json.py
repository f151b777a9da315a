"""What every reader of JSON may meet: (name, bytes or a function that writes the file, whether it must be refused)."""
import json

from case import sparse

DEPTHS = (100, 3_000, 70_000, 1_000_000)


def strictly_json(data):
    """Whether it is JSON in UTF-8 as RFC 8259 has it: Python's own takes NaN and a byte order mark as well."""
    def constant(name):
        raise ValueError(name)
    try:
        json.loads(data.decode("utf-8"), parse_constant=constant)
        return True
    except (ValueError, RecursionError):
        return False


def python_json(data):
    """Whether Python reads it, behind a byte order mark: with NaN and Infinity, as programs of its own write them."""
    try:
        json.loads(data.removeprefix(b"\xef\xbb\xbf").decode("utf-8"))
        return True
    except (ValueError, RecursionError):
        return False


def whole(good):
    """In place of a sound text."""
    for depth in DEPTHS:
        yield f"{depth} lists", b"[" * depth + b"]" * depth, True
        yield f"{depth} lists that stay open", b"[" * depth, True
        yield f"{depth} objects", b'{"a":' * depth + b"1" + b"}" * depth, True
    yield "30 MB of [", b"[" * 30_000_000, True
    yield "30 MB of [1,", b"[" + b"1," * 15_000_000, True
    yield "30 MB of {}", b"[" + b"{}," * 10_000_000 + b"{}]", True
    yield "a text of 30 MB", b'"' + b"x" * 30_000_000 + b'"', True
    yield "a number of 5 MB", b"1" * 5_000_000, True
    yield "a byte order mark", b"\xef\xbb\xbf" + good, None
    yield "UTF-16", good.decode().encode("utf-16"), True
    yield "UTF-16 without a mark", good.decode().encode("utf-16-le"), True
    yield "UTF-32", good.decode().encode("utf-32"), True
    yield "nothing", b"", True
    yield "blanks", b" \n\t" * 99, True
    yield "a NUL behind", good.rstrip() + b"\0", True
    yield "cut", good[:len(good) // 2], True
    yield "a comma too many", good.rstrip()[:-1] + b"," + good.rstrip()[-1:], True
    yield "a comment", b"/* hello */" + good, True
    yield "text behind", good.rstrip() + b" x", True
    yield "null", b"null", True
    yield "a number", b"1", True
    yield "sparse, 3 GB", sparse(3 << 30), True
    yield "sparse after the text, 3 GB", sparse(3 << 30, good), True


def within(good):
    """In place of a value of a sound text that is an object at its top: the key `x` beside the others, where readers look past it."""
    head, tail = good.rstrip()[:-1] + b', "x": ', good.rstrip()[-1:]
    for depth in DEPTHS:
        yield f"{depth} lists within", head + b"[" * depth + b"]" * depth + tail, None
        yield f"{depth} objects within", head + b'{"a":' * depth + b"1" + b"}" * depth + tail, None
    for name, value in (("NaN", b"NaN"), ("Infinity", b"-Infinity"), ("a lone surrogate that is escaped", b'"\\ud800"'), ("bytes that are not UTF-8", b'"\xff\xfe"'),
                        ("an overlong slash", b'"\xc0\xaf"'), ("a NUL", b'"\0"'), ("a tab", b'"\t"'), ("1e999", b"1e999"), ("01", b"01"), ("+1", b"+1"), (".5", b".5"), ("hex", b"0x10"),
                        ("single quotes", b"'a'"), ("True", b"True"), ("two keys alike", b'1, "x": 2')):
        text = head + value + tail
        yield f"{name} within", text, None if strictly_json(text) else True
    yield "a number of 1 MB within", head + b"1" * 1_000_000 + tail, None
    yield "a text of 30 MB within", head + b'"' + b"x" * 30_000_000 + b'"' + tail, None
    yield "3 million numbers within", head + b"[" + b"1," * 3_000_000 + b"1]" + tail, None
