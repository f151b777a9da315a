"""Images by the bytes, and the program's answers for them beside Pillow's. For the tests of datasets/codecs/."""
import io
import os
import pathlib
import struct
import subprocess
import tempfile
import zlib

import numpy
from PIL import Image

SOURCE = pathlib.Path(os.environ["TORCHPORT_SOURCE"])
PROGRAM = pathlib.Path(os.environ["TORCHPORT_BIN"]) / "decode_image"
NO_IMAGE = "no JPEG, PNG, BMP, GIF, PNM, TIFF, WebP or HEIC image"
random = numpy.random.default_rng(7)


def picture(width=37, height=29, channels=3):
    """Smooth colours with some noise: compressible, but never alike in two channels."""
    y, x = numpy.mgrid[0:height, 0:width]
    planes = [(x * (3 + c) + y * (5 - c) + 40 * c) % 256 for c in range(channels)]
    noisy = numpy.stack(planes, axis=2) + random.integers(0, 9, (height, width, channels))
    return numpy.clip(noisy, 0, 255).astype(numpy.uint8)


def saved(image, format, **options):
    file = io.BytesIO()
    image.save(file, format=format, **options)
    return file.getvalue()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, depth, colour, rows, extra=b""):
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def orientation(value):
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def tiff(width, height, chunks, order="<", **tags):
    """A file of these strips or tiles, in the byte order `order`. `tags` are numbers or lists of them by the names below; those that are not given are of 8-bit grey."""
    names = {"bits": 258, "compression": 259, "photometric": 262, "orientation": 274, "samples": 277, "rows": 278, "planar": 284,
             "predictor": 317, "colours": 320, "fill_order": 266, "format": 339, "tile_width": 322, "tile_height": 323, "extra": 338}
    rows = {256: [width], 257: [height], 258: [8], 259: [1], 262: [1], 277: [1]}
    rows.update({names[name]: value if isinstance(value, list) else [value] for name, value in tags.items()})
    rows = {tag: values for tag, values in rows.items() if values != [None]}
    tiled = 322 in rows
    rows |= {324 if tiled else 273: [0] * len(chunks), 325 if tiled else 279: [len(chunk) for chunk in chunks]}
    if not tiled and 278 not in rows:
        rows[278] = [height]
    after = 8 + 2 + 12 * len(rows) + 4   # the directory: long values, then the chunks
    sizes = {tag: len(values) * (4 if tag in (273, 279, 324, 325) else 2) for tag, values in rows.items()}
    data = after + sum(size for size in sizes.values() if size > 4)
    rows[324 if tiled else 273] = [data + sum(map(len, chunks[:i])) for i in range(len(chunks))]
    directory, more = struct.pack(order + "H", len(rows)), b""
    for tag, values in sorted(rows.items()):
        kind, letter = (4, "I") if tag in (273, 279, 324, 325) else (3, "H")
        packed = struct.pack(f"{order}{len(values)}{letter}", *values)
        directory += struct.pack(order + "HHI", tag, kind, len(values))
        directory += struct.pack(order + "I", after + len(more)) if len(packed) > 4 else packed.ljust(4, b"\0")
        more += packed if len(packed) > 4 else b""
    magic = b"II*\0" if order == "<" else b"MM\0*"
    return magic + struct.pack(order + "I", 8) + directory + struct.pack(order + "I", 0) + more + b"".join(chunks)


def flipped(data, at):
    return data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1:]


def run(images):
    """The program's answer for each of `images` (name to bytes): an array, or the reason of its refusal."""
    answers = {}
    with tempfile.TemporaryDirectory() as folder:
        for i, data in enumerate(images.values()):
            (pathlib.Path(folder) / str(i)).write_bytes(data)
        paths = [str(pathlib.Path(folder) / str(i)) for i in range(len(images))]
        result = subprocess.run([PROGRAM, *paths], capture_output=True)
    assert result.returncode == 0, f"{PROGRAM} ended with {result.returncode}: {result.stderr.decode(errors='replace')}"
    assert result.stderr == b"", f"the codecs print: {result.stderr.decode(errors='replace')}"
    rest = result.stdout
    for name in images:
        line, rest = rest.split(b"\n", 1)
        if line.startswith(b"error "):
            answers[name] = line[6:].decode()
            continue
        width, height = map(int, line.split())
        answers[name] = numpy.frombuffer(rest, numpy.uint8, width * height * 3).reshape(height, width, 3)
        rest = rest[width * height * 3:]
    assert rest == b""
    return answers


def compare(images):
    failures = []
    for name, ours in run(images).items():
        try:
            theirs = numpy.asarray(Image.open(io.BytesIO(images[name])).convert("RGB"))
        except Exception as error:
            failures.append(f"{name}: Pillow refuses: {error}")
            continue
        if isinstance(ours, str):
            failures.append(f"{name}: refused: {ours}")
            continue
        if ours.shape != theirs.shape:
            failures.append(f"{name}: {ours.shape}, Pillow {theirs.shape}")
            continue
        difference = int(numpy.abs(ours.astype(int) - theirs.astype(int)).max())
        if difference > (1 if name.lower().endswith((".jpg", ".jpeg")) else 0):
            failures.append(f"{name}: differs by {difference}")
    return failures


def accepted(expected):
    failures = []
    for name, answer in run({name: data for name, (data, _) in expected.items()}).items():
        reason = expected[name][1]
        if not isinstance(answer, str):
            failures.append(f"{name}: decoded")
        elif reason is not None and answer != reason:
            failures.append(f"{name}: '{answer}', not '{reason}'")
    return failures
