"""Hostile archives for Convert to Image Directory: paths that lead out, links, devices, names, numbers, ratios, and headers that lie."""
import bz2
import functools
import gzip
import io
import struct
import tarfile
import zipfile
import zlib

from case import IN, OUT, Case, sparse, write_bytes
from mutate_bytes import bytes_changed

KIND = "archives"
SHARE = 10
COMMAND = ("run", "convert_to_image_directory", f"--input_path={IN}", f"--output_path={OUT}")


@functools.lru_cache
def picture(number=0):
    from PIL import Image
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), (number % 256, 80, number // 256 % 256)).save(buffer, "PNG")
    return buffer.getvalue()


GOOD = [("a/1.png", 1), ("a/2.png", 2), ("b/3.png", 3), ("b/4.png", 4)]


def zipped(files, method=zipfile.ZIP_DEFLATED, **changes):
    """Files are (name, bytes) or (ZipInfo, bytes)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return buffer.getvalue()


def good_files():
    return [(name, picture(number)) for name, number in GOOD]


def member(name, kind=tarfile.REGTYPE, data=b"", link="", mode=0o644, size=None):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, mode
    info.size = len(data) if size is None else size
    return info, data


def tarred(members, form=tarfile.PAX_FORMAT):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for info, data in members:
            if len(data) == info.size:
                archive.addfile(info, io.BytesIO(data) if info.type in (tarfile.REGTYPE, tarfile.CONTTYPE) else None)
            else:   # a size that lies
                buffer.write(info.tobuf(form) + data)
    return buffer.getvalue()


def good_members():
    return [member(name, data=data) for name, data in good_files()]


def zip_link(name, target):
    info = zipfile.ZipInfo(name)
    info.external_attr, info.create_system = 0o120777 << 16, 3
    return info, target


def zip_device(name, mode):
    info = zipfile.ZipInfo(name)
    info.external_attr, info.create_system = mode << 16, 3
    return info, b""


OUTSIDE = ["../out.png", "../../out.png", "a/../../out.png", "/tmp/torchport-fuzz-out.png", "a/./../../../../out.png", "..\\..\\out.png",
           "C:\\out.png", "//server/out.png", "a/\0out.png", "../", "..", "a/b/../../../x/out.png", "./../out.png"]
STRANGE = ["a/" + "x" * 300 + ".png", "d/" * 600 + "x.png", "a/\x01\x1b[2J.png", "a/\udcff.png", "a/ .png", " /x.png", "a/x.png ", "CON/x.png", "a/x.png/", "-rf/x.png", "a/%n%s.png",
           "a\nb/x.png", "a/x.png\r", "é/x.png", "e\u0301/x.png", "\u202egnp.x/x.png", "$(id)/x.png", ".hidden/x.png", "__MACOSX/a/._1.png", ".", "./", "", "a//x.png", "a/./x.png"]


def zips():
    good = good_files()
    yield "sound", lambda: zipped(good), "taken"
    yield "sound, stored", lambda: zipped(good, zipfile.ZIP_STORED), "taken"
    yield "sound, bzip2", lambda: zipped(good, zipfile.ZIP_BZIP2), None
    yield "sound, lzma", lambda: zipped(good, zipfile.ZIP_LZMA), None
    for name in OUTSIDE:
        yield f"a path {name!r}", lambda n=name: zipped([*good, (n, picture())]), "refused" if not n_is_harmless(name) else None
    for name in STRANGE:
        yield f"a name {name[:20]!r}", lambda n=name: zipped([*good, (zip_name(n), picture())]), None
    yield "a link out", lambda: zipped([*good, zip_link("a/x.png", "/etc/passwd")]), "refused"
    yield "a link within", lambda: zipped([*good, zip_link("a/x.png", "1.png")]), "refused"
    yield "a link as a folder, and a file in it", lambda: zipped([*good, zip_link("c", "/tmp"), ("c/torchport-fuzz-out.png", picture())]), "refused"
    yield "a device", lambda: zipped([*good, zip_device("a/null.png", 0o020666)]), None
    yield "a pipe", lambda: zipped([*good, zip_device("a/pipe.png", 0o010666)]), None
    yield "a name twice", lambda: zipped([*good, ("a/1.png", picture(9))]), "refused"
    yield "names that differ in case", lambda: zipped([*good, ("A/1.PNG", picture(9))]), None
    yield "a file that is a folder, too", lambda: zipped([*good, ("a", picture()), ("a/1.png/x.png", picture())]), "refused"
    yield "300,000 entries of nothing", lambda: zipped([(f"a/{i}", b"") for i in range(300_000)], zipfile.ZIP_STORED), None
    yield "30,000 folders", lambda: zipped([(f"{i}/{i}/{i}/x.png", b"") for i in range(30_000)], zipfile.ZIP_STORED), None
    yield "depth of 400", lambda: zipped([*good, ("d/" * 400 + "x.png", picture())]), None
    yield "a ratio of 1000, 2 GB", lambda: zip_bomb(2 << 30), "refused"
    yield "a ratio of 1000, 50 MB", lambda: zip_bomb(50 << 20), None
    yield "overlapping entries", lambda: overlapping(2000), "refused"
    yield "an encrypted entry", lambda: flagged(zipped(good), 1), "refused"
    yield "a checksum that is wrong", lambda: wrong_checksum(zipped(good, zipfile.ZIP_STORED)), "refused"
    yield "sizes that lie", lambda: lying_sizes(zipped(good)), None
    yield "a zip in a zip", lambda: zipped([("x.zip", zipped(good))]), None
    yield "42 zips in each of 42", lambda: zipped([(f"{i}.zip", zipped([(f"{k}.zip", zipped(good)) for k in range(42)])) for i in range(42)]), None
    yield "no entry", lambda: zipped([]), "refused"
    yield "only folders", lambda: zipped([("a/", b""), ("b/", b"")]), "refused"
    yield "bytes before", lambda: b"#!/bin/sh\n" + zipped(good), None
    yield "bytes behind", lambda: zipped(good) + bytes(100), None
    yield "two archives", lambda: zipped(good) + zipped(good), None
    yield "a comment of 65535", lambda: zipped(good)[:-2] + b"\xff\xff" + bytes(65535), None
    yield "its first half", lambda: zipped(good)[:len(zipped(good)) // 2], "refused"
    yield "the first of several parts", lambda: zipped(good).replace(b"PK\5\6\0\0\0\0", b"PK\5\6\1\0\1\0"), "refused"
    yield "no directory", lambda: zipped(good)[:zipped(good).find(b"PK\1\2")], "refused"
    yield "nothing", lambda: b"", "refused"
    yield "text", lambda: b"hello\n" * 99, "refused"
    yield "an image directory", lambda: zipped([*good, ("_meta.yaml", b"type: ImageDirectory\n")]), None
    yield "a COCO file and a bomb of JSON", lambda: zipped([*good, ("x.json", b"[" * 3_000_000)]), None


def n_is_harmless(name):
    """Names that zipfile itself changes while writing, or that are folders."""
    return name in ("a/\0out.png", "../", "..") or "\\" in name or name.startswith("//")


def zip_name(name):
    info = zipfile.ZipInfo("x")
    info.filename = name if "\udcff" not in name else name.replace("\udcff", "\xff")
    return info


def zip_bomb(size):
    import zipfile as z
    buffer = io.BytesIO()
    with z.ZipFile(buffer, "w", z.ZIP_DEFLATED) as archive:
        with archive.open("a/1.png", "w", force_zip64=True) as file:
            for _ in range(size >> 20):
                file.write(bytes(1 << 20))
    return buffer.getvalue()


def overlapping(count):
    """Many entries of the directory that are all the one local entry."""
    data = zipped([("a/1.png", picture())], zipfile.ZIP_STORED)
    at = data.find(b"PK\1\2")
    entry, end = data[at:data.find(b"PK\5\6")], data[data.find(b"PK\5\6"):]
    directory = b"".join(entry.replace(b"a/1.png", f"a/{i:05}".encode()[:7]) for i in range(count))
    return data[:at] + directory + end[:8] + struct.pack("<HHII", count, count, len(directory), at) + end[20:]


def flagged(data, flag):
    data = bytearray(data)
    for mark, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = data.find(mark)
        while at >= 0:
            data[at + place] |= flag
            at = data.find(mark, at + 4)
    return bytes(data)


def wrong_checksum(data):
    at = data.find(b"IDAT")
    return data[:at + 6] + bytes([data[at + 6] ^ 1]) + data[at + 7:]


def lying_sizes(data):
    data = bytearray(data)
    for mark, place in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        at = data.find(mark)
        data[at + place:at + place + 4] = struct.pack("<I", 2**31)
    return bytes(data)


def tars():
    good = good_members()
    yield "sound", lambda: tarred(good), "taken"
    yield "sound, GNU", lambda: tarred(good, tarfile.GNU_FORMAT), "taken"
    yield "sound, ustar", lambda: tarred(good, tarfile.USTAR_FORMAT), "taken"
    for name in OUTSIDE:
        if "\0" not in name and "\\" not in name:
            yield f"a path {name!r}", lambda n=name: tarred([*good, member(n, data=picture())]), None if name in ("..", "../") else "refused"
    for name in STRANGE:
        if name:
            yield f"a name {name[:20]!r}", lambda n=name: tarred([*good, member(n, data=picture())]), None
    for kind, name in ((tarfile.SYMTYPE, "symbolic link"), (tarfile.LNKTYPE, "hard link"), (tarfile.CHRTYPE, "device"), (tarfile.BLKTYPE, "block device"),
                       (tarfile.FIFOTYPE, "pipe"), (b"Z", "member of type Z")):
        for target in ("/etc/passwd", "1.png", "../../x"):
            yield f"a {name} to {target}", lambda k=kind, t=target: tarred([*good, member("a/x.png", k, link=t)]), "refused" if kind != b"Z" else None
    yield "a link as a folder, and a file in it", lambda: tarred([*good, member("c", tarfile.SYMTYPE, link="/tmp"), member("c/torchport-fuzz-out.png", data=picture())]), "refused"
    yield "a hard link to what comes later", lambda: tarred([member("a/x.png", tarfile.LNKTYPE, link="a/1.png"), *good]), "refused"
    yield "a name twice", lambda: tarred([*good, member("a/1.png", data=picture(9))]), "refused"
    yield "mode 0", lambda: tarred([*good, member("a/5.png", data=picture(5), mode=0)]), None
    yield "a folder of mode 0", lambda: tarred([member("a", tarfile.DIRTYPE, mode=0), *good]), None
    yield "set-user-id", lambda: tarred([*good, member("a/5.png", data=picture(5), mode=0o6777)]), None
    yield "a sparse file of 1 TB", lambda: tarred([*good, sparse_member()]), None
    yield "a size beyond the end", lambda: tarred([*good, member("a/5.png", data=picture(), size=2**33)]), "refused"
    yield "a pax header of 100 MB", lambda: tarred([pax_member(100 << 20)]), None
    yield "its first half", lambda: tarred(good)[:2000], "refused"
    yield "30,000 folders", lambda: tarred([member(f"{i}/{i}/{i}/x.png") for i in range(30_000)]), None
    yield "300,000 entries of nothing", lambda: many_empty(300_000), None
    yield "500 levels", lambda: tarred([*good, member("d/" * 400 + "x.png", data=picture())]), None
    yield "an image of 3 GB", lambda: sparse_tar(3 << 30), None


def sparse_member():
    info = tarfile.TarInfo("a/5.png")
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "a/5.png", "GNU.sparse.realsize": str(1 << 40)}
    data = b"1\n0\n0\n" + bytes(506)
    info.size = len(data)
    return info, data


def pax_member(size):
    info = tarfile.TarInfo("a/5.png")
    info.pax_headers = {"comment": "x" * size}
    info.size = 0
    return info, b""


def many_empty(count):
    first = tarfile.TarInfo("a/000000").tobuf(tarfile.USTAR_FORMAT)
    def header(number):
        data = bytearray(first)
        data[2:8] = f"{number:06}".encode()
        data[148:156] = b"        "
        data[148:156] = f"{sum(data):06o}\0 ".encode()
        return bytes(data)
    return b"".join(map(header, range(count))) + bytes(1024)


def sparse_tar(size):
    info = tarfile.TarInfo("a/1.png")
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT) + picture()


def compressed():
    tar = tarred(good_members())
    yield "sound", ".tgz", lambda: gzip.compress(tar), "taken"
    yield "sound", ".tbz", lambda: bz2.compress(tar), "taken"
    yield "a folder bomb", ".tgz", lambda: gzip.compress(tarred([member(f"{i:x}/" * 20 + "x.png") for i in range(40_000)])), None
    yield "entries", ".tgz", lambda: gzip.compress(many_empty(500_000)), None
    yield "a bomb", ".tgz", lambda: gzip.compress(tar[:-1024]) + gzip_zeros(4 << 30), None
    yield "a bomb of one file", ".tgz", lambda: gzip.compress(sparse_tar(3 << 30)) + gzip_zeros(3 << 30), "refused"
    yield "a bzip2 bomb", ".tbz2", lambda: bz2.compress(sparse_tar(900 << 20)) + bz2.compress(bytes(64 << 20)) * 15, "refused"
    yield "cut", ".tgz", lambda: gzip.compress(tar)[:-50], "refused"
    yield "a wrong checksum", ".tgz", lambda: gzip.compress(tar)[:-8] + bytes(8), None
    yield "gzip of text", ".gz", lambda: gzip.compress(b"hello" * 99), "refused"
    yield "gzip of gzip of gzip", ".gz", lambda: gzip.compress(gzip.compress(gzip.compress(tar))), None
    yield "a zip as tar", ".tar", lambda: zipped(good_files()), None
    yield "a tar as zip", ".zip", lambda: tar, None
    yield "RAR", ".zip", lambda: b"Rar!\x1a\7\1\0" + bytes(200), "refused"
    yield "7z", ".tar", lambda: b"7z\xbc\xaf\x27\x1c" + bytes(200), "refused"
    yield "a cpio", ".tar", lambda: b"070701" + b"0" * 104 + bytes(99), "refused"
    yield "xz", ".tgz", lambda: __import__("lzma").compress(tar), None
    yield "mtree", ".tar", lambda: b"#mtree\n./a type=file contents=/etc/passwd\n", "refused"
    yield "warc", ".tar", lambda: b"WARC/1.0\r\nContent-Length: 5\r\n\r\nhello\r\n", "refused"
    yield "an ar", ".tar", lambda: b"!<arch>\na.png/          0           0     0     644     4         `\nabcd", "refused"
    yield "a shell archive", ".tar", lambda: b"#!/bin/sh\ntouch /tmp/torchport-fuzz-out.png\n", "refused"


@functools.lru_cache
def gzip_zeros(size):
    """A member of gzip that unpacks to zeros; its own checksum is not right, which is found out at its end."""
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = squeezer.compress(bytes(1 << 20)) + squeezer.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08\0\0\0\0\0\2\3" + piece * (size >> 20) + b"\3\0" + bytes(8)


def cases(random):
    for group, suffix in ((zips, ".zip"), (tars, ".tar")):
        for name, make, wants in group():
            yield Case(KIND, f"{suffix[1:]}: {name}", COMMAND, lambda path, m=make: path.write_bytes(m()), suffix, wants)
    for name, suffix, make, wants in compressed():
        yield Case(KIND, f"{suffix[1:]}: {name}", COMMAND, lambda path, m=make: path.write_bytes(m()), suffix, wants)
    for suffix, head in ((".zip", b"PK\3\4"), (".tar", b""), (".tgz", b"\x1f\x8b\x08")):
        yield Case(KIND, f"sparse {suffix} of 3 GB", COMMAND, sparse(3 << 30, head), suffix, None)


def more(random):
    sound = [(".zip", zipped(good_files())), (".zip", zipped(good_files(), zipfile.ZIP_STORED)), (".tar", tarred(good_members())),
             (".tar", tarred(good_members(), tarfile.GNU_FORMAT)), (".tgz", gzip.compress(tarred(good_members()))), (".tbz", bz2.compress(tarred(good_members())))]
    while True:
        suffix, data = random.choice(sound)
        yield Case(KIND, f"changed {suffix}", COMMAND, write_bytes(bytes_changed(data, random)), suffix)
