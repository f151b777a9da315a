"""Forges state dict files byte by byte, so that each of them can lie in one place. Nothing here needs torch."""
import struct
import zlib


# Pickle opcodes.
def text(value):
    data = value.encode() if isinstance(value, str) else value
    return b"X" + struct.pack("<I", len(data)) + data


def integer(value):
    if -2**31 <= value < 2**31:
        return b"J" + struct.pack("<i", value)
    size = ((value + (value < 0)).bit_length() + 8) // 8
    return b"\x8a" + bytes([size]) + value.to_bytes(size, "little", signed=True)


def tuple_of(*items):
    return b"(" + b"".join(items) + b"t"


def named(module, name):
    return f"c{module}\n{name}\n".encode()


ORDERED_DICT = named("collections", "OrderedDict") + b")R"


def storage(kind="FloatStorage", key="0", elements=4, location="cpu"):
    return tuple_of(text("storage"), named("torch", kind), text(key), text(location), integer(elements)) + b"Q"


def tensor(source=None, offset=0, shape=(2, 2), stride=(2, 1), rest=b"\x89" + ORDERED_DICT):
    sizes = [tuple_of(*map(integer, numbers)) for numbers in (shape, stride)]
    return named("torch._utils", "_rebuild_tensor_v2") + tuple_of(source or storage(), integer(offset), *sizes, rest) + b"R"


def state_dict(*items, end=b"."):
    """`items` are (key, pickled value)."""
    return b"\x80\x02" + ORDERED_DICT + b"(" + b"".join(text(key) + value for key, value in items) + b"u" + end


GOOD_PICKLE = state_dict(("w", tensor()))
GOOD_DATA = struct.pack("<4f", 1, 2, 3, 4)


class Record:
    """A zip record. `local` and `central` replace fields of one of its two headers only, so that they differ."""

    def __init__(self, name, data, method=0, flags=0, local=None, central=None, raw=None, descriptor=b"", place=None):
        self.raw = data if raw is None else raw   # as stored
        self.descriptor = descriptor
        self.place = place                        # the offset that the directory states
        common = dict(name=name.encode(), method=method, flags=flags, crc=zlib.crc32(data), stored=len(self.raw), size=len(data),
                      extra=b"", comment=b"", disk=0)
        self.local = {**common, **(local or {})}
        self.central = {**common, **(central or {})}

    def header(self):
        f = self.local
        return struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, f["flags"], f["method"], 0, 33, f["crc"], f["stored"], f["size"],
                           len(f["name"]), len(f["extra"])) + f["name"] + f["extra"]

    def entry(self, offset):
        f = self.central
        return struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, f["flags"], f["method"], 0, 33, f["crc"], f["stored"], f["size"],
                           len(f["name"]), len(f["extra"]), len(f["comment"]), f["disk"], 0, 0,
                           offset if self.place is None else self.place) + f["name"] + f["extra"] + f["comment"]


def zip_end(count, size, begin, comment=b"", disk=0):
    return struct.pack("<4sHHHHIIH", b"PK\5\6", disk, disk, count, count, size, begin, len(comment)) + comment


def zip64_end(count, size, begin, at=None, disks=1):
    """`at`: where the record itself lies, as its locator states."""
    record = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, begin)
    return record + struct.pack("<4sIQI", b"PK\6\7", 0, begin + size if at is None else at, disks)


def archive(records, end=zip_end, prefix=b"", gap=b""):
    """`end` makes the end records from (count, size, begin); `gap` lies between the records and the directory."""
    body, entries = prefix, []
    for record in records:
        entries.append(record.entry(len(body)))
        body += record.header() + record.raw + record.descriptor
    directory = b"".join(entries)
    body += gap
    return body + directory + end(len(entries), len(directory), len(body))


def records(pickled=GOOD_PICKLE, data=GOOD_DATA, **more):
    """The records of a good file; a keyword such as byteorder=b"big" adds or replaces one."""
    contents = {"data.pkl": pickled, "byteorder": b"little", "data/0": data, "version": b"3\n", **more}
    return [Record(f"model/{name}", content) for name, content in contents.items()]


def model(pickled=GOOD_PICKLE, data=GOOD_DATA, **more):
    return archive(records(pickled, data, **more))
