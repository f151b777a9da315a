"""Hostile zip archives: (name, bytes of the file, the whole reason for which they are refused; None for any)."""
import io
import pickle
import struct
import tarfile
import zlib

from forge import GOOD_DATA, GOOD_PICKLE, Record, archive, model, records, zip64_end, zip_end
from hostile_pickles import attack

SIZE = len(GOOD_PICKLE)
WRONG = "is not what the zip directory says"
MAX32 = 2**32 - 1


def other_formats(canary):
    bare = "it is a bare pickle, not the zip archive that torch 1.6 and later write"
    yield "a bare pickle with code", attack(canary), bare
    legacy = b"".join(pickle.dumps(part, 2) for part in (0x1950a86a20f9469cfc6c, 1001, {"little_endian": True})) + attack(canary)
    yield "torch before 1.6", legacy, bare
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as file:
        for name in ("sys_info", "pickle", "storages", "tensors"):
            info = tarfile.TarInfo(name)
            info.size = len(attack(canary))
            file.addfile(info, io.BytesIO(attack(canary)))
    yield "a tar of torch 0.1", tar.getvalue(), "it is not a zip archive"
    yield "nothing", b"", "it is not a zip archive"
    yield "only an end record", zip_end(0, 0, 0), "it is not a zip archive"
    yield "text", b"PK\3\4 but no more", "the zip archive is cut off or followed by other bytes"


def headers():
    """The record data.pkl with one field that is wrong."""
    saturated = {"size": MAX32, "stored": MAX32}
    later = dict(flags=8, local={"crc": 0, "size": 0, "stored": 0})   # CRC and sizes in a descriptor after the data
    crc = zlib.crc32(GOOD_PICKLE)
    for name, fields, reason in (
            ("local name differs", dict(local={"name": b"model/data.pkx"}), f"the record 'model/data.pkl' {WRONG}"),
            ("local size differs", dict(local={"size": SIZE - 1}), f"the record 'model/data.pkl' {WRONG}"),
            ("local stored size differs", dict(local={"stored": 0}), f"the record 'model/data.pkl' {WRONG}"),
            ("local CRC differs", dict(local={"crc": 1}), f"the record 'model/data.pkl' {WRONG}"),
            ("local flags differ", dict(local={"flags": 2048}), f"the record 'model/data.pkl' {WRONG}"),
            ("local method differs", dict(local={"method": 8}), f"the record 'model/data.pkl' {WRONG}"),
            ("both CRCs wrong", dict(local={"crc": 1}, central={"crc": 1}), "the record 'model/data.pkl' is damaged: its checksum is wrong"),
            ("stored size differs", dict(central={"stored": SIZE - 1}), "the zip directory is wrong at 'model/data.pkl'"),
            ("another disk", dict(central={"disk": 1}), "the zip directory is wrong at 'model/data.pkl'"),
            ("a record's comment", dict(central={"comment": b"x"}), "the zip directory is wrong at 'model/data.pkl'"),
            ("shorter in both", dict(local={"size": SIZE - 1, "stored": SIZE - 1}, central={"size": SIZE - 1, "stored": SIZE - 1}),
             f"the record 'model/data.pkl' {WRONG}"),
            ("longer in both", dict(local={"size": 2**31, "stored": 2**31}, central={"size": 2**31, "stored": 2**31}),
             f"a record of the zip archive ends at byte {44 + SIZE}, within an item"),
            ("zip64 without its field", dict(central=saturated), "the record 'model/data.pkl' lacks its zip64 sizes"),
            ("zip64 size of 2^63", dict(central={**saturated, "extra": struct.pack("<HHQQ", 1, 16, 2**63, 2**63)}),
             f"the record 'model/data.pkl' {WRONG}"),
            ("zip64 sizes that differ", dict(central={**saturated, "extra": struct.pack("<HHQQ", 1, 16, SIZE, SIZE + 1)}),
             "the zip directory is wrong at 'model/data.pkl'"),
            ("a short zip64 field", dict(central={**saturated, "extra": struct.pack("<HHI", 1, 4, 0)}),
             "a zip64 extra field ends at byte 4, within an item"),
            ("an extra field that runs over", dict(central={**saturated, "extra": struct.pack("<HH", 1, 16)}),
             "an extra field of the zip archive ends at byte 4, within an item"),
            ("encrypted", dict(flags=1), "the record 'model/data.pkl' is encrypted or patched"),
            ("unknown method", dict(method=99), "the record 'model/data.pkl' is compressed, which torch never does"),
            ("bytes between records", dict(descriptor=b"x" * 8), f"the record 'model/data.pkl' {WRONG}"),
            ("no descriptor", later, f"the record 'model/data.pkl' {WRONG}"),
            ("descriptor of another CRC", {**later, "descriptor": struct.pack("<4sIII", b"PK\7\x08", 1, SIZE, SIZE)},
             f"the record 'model/data.pkl' {WRONG}"),
            ("descriptor of another size", {**later, "descriptor": struct.pack("<4sIII", b"PK\7\x08", crc, SIZE, SIZE + 1)},
             f"the record 'model/data.pkl' {WRONG}")):
        yield name, archive([Record("model/data.pkl", GOOD_PICKLE, **fields)] + records()[1:]), reason


def directories():
    """End records that lie."""
    apart = "the zip directory does not end at its end record"
    entries = sum(len(record.entry(0)) for record in records())
    for name, end, reason in (
            ("a comment", lambda n, s, b: zip_end(n, s, b, comment=b"hello"), "the zip archive is cut off or followed by other bytes"),
            ("a second disk", lambda n, s, b: zip_end(n, s, b, disk=1), "the zip end record is wrong"),
            ("too few records", lambda n, s, b: zip_end(n - 1, s, b), "the zip directory holds more than its records"),
            ("too many records", lambda n, s, b: zip_end(n + 1, s, b), f"the zip directory ends at byte {entries}, within an item"),
            ("no records", lambda n, s, b: zip_end(0, s, b), "the zip archive holds 0 records"),
            ("directory elsewhere", lambda n, s, b: zip_end(n, s, b - 1), apart),
            ("two end records", lambda n, s, b: zip_end(n, s, b) * 2, apart),
            ("zip64 numbers without zip64", lambda n, s, b: zip_end(65535, MAX32, MAX32), apart),
            ("counts differ", lambda n, s, b: zip64_end(n, s, b) + zip_end(n - 1, s, b), "the two zip end records differ"),
            ("2^64 records", lambda n, s, b: zip64_end(2**64 - 1, s, b) + zip_end(65535, s, b),
             "the zip archive holds 18446744073709551615 records"),
            ("50,000 records", lambda n, s, b: zip64_end(50_000, s, b) + zip_end(50_000, s, b),
             f"the zip directory ends at byte {entries}, within an item"),
            ("directory of 2^64 bytes", lambda n, s, b: zip64_end(n, 2**64 - 1, b, at=b + s) + zip_end(n, s, b), apart),
            ("directory that wraps round", lambda n, s, b: zip64_end(n, s + 2**63, b + 2**63, at=b + s) + zip_end(n, s, b), apart),
            ("zip64 record elsewhere", lambda n, s, b: zip64_end(n, s, b, at=2**63) + zip_end(n, s, b), "the zip64 locator is wrong"),
            ("two zip64 disks", lambda n, s, b: zip64_end(n, s, b, disks=2) + zip_end(n, s, b), "the zip64 locator is wrong")):
        yield name, archive(records(), end=end), reason
    yield "two directories", model() + model(), apart
    yield "a second archive behind", model() + model()[:-22], "the zip archive is cut off or followed by other bytes"
    yield "a byte behind", model() + b"\0", "the zip archive is cut off or followed by other bytes"
    yield "bytes before", archive(records(), prefix=b"#!/bin/sh\n"), "it is not a zip archive"
    yield "bytes before the directory", archive(records(), gap=b"\0"), f"the record 'model/version' {WRONG}"
    first, *others = records()
    yield "a record that the directory lacks", archive(others, prefix=first.header() + first.raw), "the zip archive does not begin with a record"


def names():
    good = records()
    for name in ("model/../evil", "../evil", "/etc/passwd", "model//data/1", "model/./data", "model/", "other/data/1", "evil",
                 "model/a\\b", "model/a\nb", "model/a\0b", "model/" + "x" * 1100):
        shown = name[:100].replace("\n", "\\n").replace("\0", "\\x00")
        yield f"the name {name[:20]!r}", archive(good + [Record(name, b"")]), f"the record '{shown}' lies outside of the archive's top folder"
    yield "first record in no folder", archive([Record("evil", b"")] + good), "the record 'evil' lies in no folder"
    yield "the same name twice", archive(good + good[:1]), "the record 'data.pkl' is there twice"
    yield "two records at one place", archive(good + [Record("model/data/1", GOOD_PICKLE, place=0)]), None
    yield "overlap", archive(good[:2] + [Record("model/data/0", GOOD_DATA, place=10)] + good[3:]), None
    yield ("a record beyond the file", archive(good[:3] + [Record("model/version", b"3\n", place=2**31)]),
           "the record 'model/data/0' lies outside of the archive")


def contents():
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = b"".join(squeezer.compress(bytes(1 << 20)) for _ in range(1024)) + squeezer.flush()
    sizes = {"size": 2**30}
    yield ("deflate bomb of 1 GB", archive(records() + [Record("model/data/1", b"", method=8, raw=bomb, local=sizes, central=sizes)]),
           "the record 'model/data/1' is compressed, which torch never does")
    yield "record too short", model(data=GOOD_DATA[:-1]), "'w' needs a storage of 4 x 4 bytes, but data/0 holds 15 bytes"
    yield "record too long", model(data=GOOD_DATA + b"x"), "'w' needs a storage of 4 x 4 bytes, but data/0 holds 17 bytes"
    yield "big-endian", model(byteorder=b"big"), "its numbers are not little-endian"
    yield "another version", model(version=b"11\n"), "the file's version is unknown"
    yield "no version", archive(records()[:3]), "it lacks the record 'version'"
    yield "no pickle", archive(records()[1:]), "it lacks the record 'data.pkl'"
    yield ("a TorchScript archive", model(b"\x80\x02c__torch__\nNet\n)\x81.", **{"constants.pkl": b"\x80\x02)."}),
           "data.pkl, byte 17: it names '__torch__.Net', which no state dict of tensors needs")


def meaningless_bytes():
    """Positions of versions, times and attributes: no reader needs them, ours passes over them."""
    ignored, at = set(), 0
    for record in records():
        ignored |= {at + i for i in (4, 5, 10, 11, 12, 13)}
        at += len(record.header() + record.raw)
    for record in records():
        ignored |= {at + i for i in (4, 5, 6, 7, 12, 13, 14, 15, 36, 37, 38, 39, 40, 41)}
        at += len(record.entry(0))
    return ignored


def damage():
    """Every cut of a good file, and a flipped bit in every byte that means something."""
    good = model()
    for length in range(len(good)):
        yield f"cut to {length} bytes", good[:length], None
    for at in sorted(set(range(len(good))) - meaningless_bytes()):
        yield f"bit flipped in byte {at}", good[:at] + bytes([good[at] ^ 1 << at % 8]) + good[at + 1:], None


def all_archives(canary):
    for group in (other_formats(canary), headers(), directories(), names(), contents(), damage()):
        yield from group
