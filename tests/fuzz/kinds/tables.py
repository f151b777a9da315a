"""Hostile tables for Evaluate Model: Parquet and CSV, bare and within a DataFrameDirectory, whose size says nothing of what they unpack to."""
import functools
import io
import json

import hostile_json
import hostile_yaml
from case import GOOD, IN, OUT, Case, Linked, sparse, tree, write_bytes
from mutate_bytes import bytes_changed, text_changed

KIND = "tables"
SHARE = 12
COMMAND = ("run", "evaluate_model", f"--scored-dataset={IN}", f"--evaluation-results={OUT}")
LABELS = ["circle", "square", "triangle"]


def frame(rows=6):
    import pyarrow
    names = [LABELS[i % 3] for i in range(rows)]
    columns = {"category": names, "id": list(range(rows))}
    for label in LABELS:
        columns[f"Scored Probabilities_{label}"] = [0.5 if name == label else 0.25 for name in names]
    columns["Scored Labels"] = names
    return pyarrow.table(columns)


def parquet(table=None, **options):
    import pyarrow.parquet
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(frame() if table is None else table, buffer, **options)
    return buffer.getvalue()


@functools.lru_cache
def good_csv(rows=6):
    import pyarrow.csv
    buffer = io.BytesIO()
    pyarrow.csv.write_csv(frame(rows), buffer)
    return buffer.getvalue()


def constant(rows, **columns):
    """A table of equal rows, which a dictionary makes small: the scored columns, and others beside or in place of them."""
    import numpy
    import pyarrow
    made = {}
    for name, value in {"category": "circle", "id": 7, **{f"Scored Probabilities_{label}": 0.25 for label in LABELS}, "Scored Labels": "circle", **columns}.items():
        if isinstance(value, str):
            made[name] = pyarrow.DictionaryArray.from_arrays(pyarrow.array(numpy.zeros(rows, numpy.int8)), pyarrow.array([value]))
        else:
            made[name] = pyarrow.array(numpy.full(rows, value))
    return pyarrow.table(made)


def parquets():
    import pyarrow
    from pyarrow import table
    yield "sound", lambda: parquet(), "taken"
    for compression in ("snappy", "gzip", "brotli", "zstd", "lz4", "none"):
        yield f"sound, {compression}", lambda c=compression: parquet(compression=c), None
    yield "3 million rows", lambda: parquet(constant(3_000_000), compression="zstd"), None
    yield "32 million rows", lambda: parquet(constant(32_000_000), compression="zstd"), None
    yield "texts of 900 MB", lambda: parquet(constant(900, category="circle" + "x" * 1_000_000, **{"Scored Labels": "circle" + "x" * 1_000_000}), compression="zstd"), None
    yield "another column of 2 GB", lambda: parquet(constant(2_000, other="x" * 1_000_000), compression="zstd"), None
    yield "one text of 500 MB", lambda: parquet(table({"category": ["x" * 500_000_000], "Scored Labels": ["x"]}), compression="zstd"), None
    yield "20,000 columns", lambda: parquet(table({f"Scored Probabilities_{i}": [0.1] for i in range(20_000)} | {"Scored Labels": ["1"], "category": ["1"]})), None
    yield "20,000 row groups", lambda: parquet(frame(20_000), row_group_size=1), None
    yield "no rows", lambda: parquet(frame().slice(0, 0)), "refused"
    yield "no columns", lambda: parquet(table({})), "refused"
    yield "a nested column", lambda: parquet(table({**{name: frame()[name] for name in frame().column_names}, "x": [[{"a": [1]}]] * 6})), None
    yield "a deeply nested column", lambda: parquet(table({**{name: frame()[name] for name in frame().column_names}, "x": nested(90)})), None
    yield "a nested label", lambda: parquet(table({**{name: frame()[name] for name in frame().column_names}, "category": [["a"]] * 6})), "refused"
    for kind, value in (("int8", 1), ("uint64", 2**64 - 1), ("float16", None), ("bool", True), ("date32", None), ("timestamp[ns]", None), ("decimal128(38, 10)", None), ("binary", b"\xff"), ("large_string", "circle"), ("null", None)):
        kinds = {"float16": pyarrow.float16(), "timestamp[ns]": pyarrow.timestamp("ns"), "decimal128(38, 10)": pyarrow.decimal128(38, 10), "date32": pyarrow.date32(), "null": pyarrow.null(), "bool": pyarrow.bool_()}
        typed = kinds.get(kind) or getattr(pyarrow, kind)()
        for column in ("category", "Scored Probabilities_circle", "id"):
            yield f"{column} of {kind}", lambda c=column, t=typed, v=value: parquet(table({**{name: frame()[name] for name in frame().column_names}, c: pyarrow.array([v] * 6, t)})), None
    for value in (float("nan"), float("inf"), -1.0, 2.0, 1e308, None):
        yield f"a probability of {value}", lambda v=value: parquet(table({**{name: frame()[name] for name in frame().column_names}, "Scored Probabilities_circle": pyarrow.array([v] * 6, pyarrow.float64())})), "refused"
    yield "a label that is none", lambda: parquet(table({**{name: frame()[name] for name in frame().column_names}, "category": ["circle", None, "circle", "circle", "circle", "circle"]})), None
    yield "a label that is not UTF-8", lambda: parquet(table({**{name: frame()[name] for name in frame().column_names}, "category": pyarrow.array([b"\xff\xfe"] * 6, pyarrow.binary()).view(pyarrow.string())})), None
    yield "a column twice", lambda: parquet(pyarrow.Table.from_arrays([frame()["category"], frame()["category"]], ["category", "category"])), "refused"
    yield "metadata of 20 MB", lambda: parquet(frame().replace_schema_metadata({"pandas": "x" * 20_000_000})), None
    yield "metadata of pandas nested", lambda: parquet(frame().replace_schema_metadata({"pandas": "[" * 100_000})), None
    good = parquet
    yield "a footer that is longer than the file", lambda: good()[:-8] + b"\xff\xff\xff\x7fPAR1", "refused"
    yield "a footer of 0", lambda: good()[:-8] + b"\0\0\0\0PAR1", "refused"
    yield "its first half", lambda: good()[:len(good()) // 2], "refused"
    yield "only a mark", lambda: b"PAR1", "refused"
    yield "encrypted", lambda: b"PARE" + good()[4:-4] + b"PARE", "refused"
    yield "thrift of 100,000 levels", lambda: b"PAR1" + (b"\x1c" * 100_000) + (100_000).to_bytes(4, "little") + b"PAR1", "refused"
    yield "thrift of a list of 2^31", lambda: b"PAR1" + b"\x15\2\x19\xfc\xff\xff\xff\xff\7" + bytes(50) + (59).to_bytes(4, "little") + b"PAR1", "refused"


def nested(depth):
    value, kind = 1, None
    for _ in range(depth):
        value = [value]
    return [value] * 6


def csvs():
    good = good_csv()
    head, rest = good.split(b"\n", 1)
    yield "sound", good, "taken"
    yield "a byte order mark", b"\xef\xbb\xbf" + good, None
    yield "UTF-16", good.decode().encode("utf-16"), "refused"
    yield "not UTF-8", good.replace(b"circle", b"circ\xffe"), "refused"
    yield "a NUL", good.replace(b"circle", b"circ\0e"), None
    yield "only a head", head + b"\n", "refused"
    yield "nothing", b"", "refused"
    yield "a quote that stays open", good + b'"circle,7', "refused"
    yield "a row that is short", good + b"circle,7\n", "refused"
    yield "a row that is long", good + rest.split(b"\n")[0] + b",1,2,3\n", "refused"
    yield "a column twice", good.replace(b'"id"', b'"category"'), "refused"
    yield "a million columns", b",".join(b"c%d" % i for i in range(1_000_000)) + b"\n" + b",".join([b"1"] * 1_000_000) + b"\n", "refused"
    yield "2 million rows", head + b"\n" + rest.split(b"\n")[0].join([b"", b"\n"]) * 2_000_000, None
    yield "30 million line ends", good + b"\n" * 30_000_000, None
    yield "30 million commas", good + b"," * 30_000_000, "refused"
    yield "a field of 100 MB", good + b'"' + b"x" * 100_000_000 + b'",1,0.5,0.2,0.3,"circle"\n', None
    yield "30 MB of quotes", good + b'"' * 30_000_000, None
    yield "CR LF", good.replace(b"\n", b"\r\n"), None
    yield "CR", good.replace(b"\n", b"\r"), None
    yield "semicolons", good.replace(b",", b";"), "refused"
    yield "sparse, 3 GB", sparse(3 << 30, good), "refused"
    for value in ("nan", "inf", "1e999", "-0.1", "1,5", "0x1p3", "1_0", " 0.5 ", "", "NULL", "True", "½", "1" * 100_000):
        yield f"a probability of {value[:20]}", good.replace(b",0.5,", f",{value},".encode(), 1), None


def cases(random):
    for name, make, wants in parquets():
        yield Case(KIND, f"Parquet: {name}", COMMAND, lambda path, m=make: path.write_bytes(m()), ".parquet", wants)
    yield Case(KIND, "Parquet: sparse, 3 GB", COMMAND, sparse(3 << 30, b"PAR1", parquet()[-300:]), ".parquet", "refused")
    for name, content, wants in csvs():
        yield Case(KIND, f"CSV: {name}", COMMAND, content if callable(content) else write_bytes(content), ".csv", wants)
    schema = (Linked.good / "scored/schema/_schema.json").read_bytes()
    for name, content, must in [*hostile_json.whole(schema), *hostile_json.within(schema)]:
        yield Case(KIND, f"directory, schema: {name}", COMMAND, tree({"schema/_schema.json": content}, base="scored"), wants="refused" if must else None)
    text = schema.decode()
    for depth in (3_000, 70_000, 1_000_000):
        for key in ("labelColumns", "scoreColumns", "featureChannels"):
            changed = text.replace(f'"{key}":', f'"{key}": ' + '{"a":' * depth + "1" + "}" * depth + f', "{key}_":')
            yield Case(KIND, f"directory, {key}: {depth} levels", COMMAND, tree({"schema/_schema.json": changed.encode()}, base="scored"))
    for name, content, must in hostile_yaml.whole((Linked.good / "scored/_meta.yaml").read_bytes()):
        yield Case(KIND, f"directory, meta: {name}", COMMAND, tree({"_meta.yaml": content}, base="scored"), wants="refused" if must else None)


def more(random):
    bare = [(".parquet", parquet()), (".parquet", parquet(compression="none", use_dictionary=False)), (".parquet", parquet(compression="zstd"))]
    while True:
        choice = random.randrange(6)
        if choice < 3:
            suffix, data = random.choice(bare)
            at = 0 if random.random() < 0.4 else max(0, len(data) - 1500)   # the footer says where everything is
            yield Case(KIND, "changed Parquet", COMMAND, write_bytes(data[:at] + bytes_changed(data[at:], random)), suffix, oracle="table")
        elif choice < 5:
            yield Case(KIND, "changed CSV", COMMAND, write_bytes(random.choice((text_changed, bytes_changed))(good_csv(), random)), ".csv")
        else:
            data = text_changed((Linked.good / "scored/schema/_schema.json").read_bytes(), random)
            must = not data.startswith(b"\xef\xbb\xbf") and not hostile_json.strictly_json(data)
            yield Case(KIND, "changed schema of a table", COMMAND, tree({"schema/_schema.json": data}, base="scored"), wants="refused" if must else None)
