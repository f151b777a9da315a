"""What every reader of YAML may meet: (name, bytes or a function that writes the file, whether it must be refused)."""
from case import sparse


def whole(good):
    text = good.decode()
    first = text.split(":")[0]
    for depth in (100, 1_000, 30_000, 500_000):
        yield f"{depth} lists", b"x: " + b"[" * depth + b"]" * depth, True
        yield f"{depth} open lists", b"[" * depth, True
        yield f"{depth} maps", b"{a: " * depth + b"}" * depth, True
        yield f"{depth} indents", b"".join(b" " * i + b"a:\n" for i in range(min(depth, 1000))), True
        yield f"{depth} dashes", b"- " * depth, True
        yield f"{depth} question marks", b"? " * depth, True
    yield "anchors that double", b"a: &a [1,1]\n" + b"".join(b"%c: &%c [*%c,*%c]\n" % (c + 1, c + 1, c, c) for c in range(97, 121)), True
    yield "an alias of itself", b"a: &a [*a]\n", True
    yield "a merge key", good + b"<<: {a: b}\n", None
    yield "a tag", good + b"y: !!python/object:os.system x\n", True
    yield "a key twice", good + f"{first}: x\n".encode(), True
    yield "two documents", good + b"---\n" + good, True
    yield "a document after its end", good + b"...\nx: y\n", True
    yield "a directive", b"%YAML 1.2\n---\n" + good, None
    yield "an unknown directive", b"%FOO bar\n---\n" + good, None
    yield "a directive behind", good + b"%\n", True
    yield "per cents behind", good + b"%%%%\n", True
    yield "a quote that stays open", good + b'x: "abc\n', True
    yield "a quote that stays open at the end", good + b'x: "abc', True
    yield "a single quote that stays open", good + b"x: 'abc\n", True
    yield "a list that stays open", good + b"x: [abc\n", True
    yield "a map that stays open", good + b"x: {abc: 1\n", True
    yield "a byte order mark", b"\xef\xbb\xbf" + good, None
    yield "UTF-16", text.encode("utf-16"), True
    yield "UTF-32", text.encode("utf-32"), True
    yield "a NUL", good + b"x: a\0b\n", True
    yield "not UTF-8", good + b"x: \xff\xfe\n", True
    yield "control characters", good + b"x: \x01\x1b[2J\n", None
    yield "tabs", good + b"x:\n\ty: 1\n", True
    yield "nothing", b"", True
    yield "a comment", b"# hello\n", True
    yield "a text", b"hello\n", True
    yield "a list", b"- a\n", True
    yield "2 MB of comments", good + b"# hello\n" * 250_000, None
    yield "a text of 900 KB", good + b"x: " + b"y" * 900_000 + b"\n", None
    yield "a key of 900 KB", good + b"y" * 900_000 + b": x\n", None
    yield "50 MB", good + b"# hello\n" * 6_000_000, True
    yield "100,000 keys", good + b"".join(b"k%d: 1\n" % i for i in range(80_000)), None
    yield "a folded text of 900 KB", good + b"x: >\n" + b"  y\n" * 220_000, None
    yield "an indented block without end", good + b"x: |9\n y\n", None
    yield "a null key", good + b"~: x\n", None
    yield "an empty key", good + b": x\n", None
    yield "a list as key", good + b"[a, b]: x\n", True
    yield "sparse, 3 GB", sparse(3 << 30, good), True
    yield "sparse, 3 GB of nothing", sparse(3 << 30), True
    yield "CR LF", good.replace(b"\n", b"\r\n"), None
    yield "cut", good[:len(good) * 2 // 3], None
