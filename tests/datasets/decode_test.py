"""Decoded pixels against the real Pillow: `Image.open(f).convert('RGB')` of golden images, odd images and damaged ones.

JPEG may differ by 1 (two builds of libjpeg-turbo), everything else by nothing. What Pillow cannot read must be refused here too;
what is damaged must be refused here even where Pillow or a codec would go on.
"""
import io
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

import numpy
import PIL
from PIL import Image

SOURCE = pathlib.Path(os.environ["TORCHPORT_SOURCE"])
PROGRAM = pathlib.Path(os.environ["TORCHPORT_BIN"]) / "decode_image"
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


def odd_images():
    """Images that Pillow reads, by name."""
    rgb = Image.fromarray(picture())
    rgba = Image.fromarray(picture(channels=4), "RGBA")
    cmyk = Image.fromarray(picture(channels=4), "CMYK")
    grey, la, bits, palette = rgb.convert("L"), rgba.convert("LA"), rgb.convert("1"), rgb.quantize(17)
    grey16 = Image.fromarray(random.integers(0, 700, (29, 37)).astype(numpy.uint16))
    zoo = {}
    for mode, image in (("rgb", rgb), ("rgba", rgba), ("l", grey), ("la", la), ("1", bits), ("p", palette), ("i16", grey16)):
        zoo[mode + ".png"] = saved(image, "PNG")
    zoo["palette_transparent.png"] = saved(palette, "PNG", transparency=3)
    zoo["rgb_transparent.png"] = saved(rgb, "PNG", transparency=(40, 80, 120))
    zoo["grey_transparent.png"] = saved(grey, "PNG", transparency=40)
    zoo["orientation.png"] = saved(rgb, "PNG", exif=orientation(6))
    zoo["two_colours.png"] = saved(rgb.quantize(2), "PNG", bits=1)
    zoo["four_colours.png"] = saved(rgb.quantize(4), "PNG", bits=2)
    zoo["text_and_profile.png"] = saved(rgb, "PNG", icc_profile=b"no profile at all" * 20)
    zoo["1x1.png"] = saved(Image.new("RGB", (1, 1), (1, 2, 3)), "PNG")
    zoo["1x60000.png"] = saved(Image.new("L", (1, 60000), 77), "PNG")
    for colour, channels in ((0, 1), (2, 3), (4, 2), (6, 4)):
        samples = random.integers(0, 65536, (9, 11 * channels)).astype(">u2")
        zoo[f"16bit_colour{colour}.png"] = png(11, 9, 16, colour, b"".join(b"\0" + row.tobytes() for row in samples))
    for depth in (1, 2, 4):
        row = random.integers(0, 256, (13 * depth + 7) // 8).astype(numpy.uint8).tobytes()
        zoo[f"grey_{depth}bit.png"] = png(13, 2, depth, 0, (b"\0" + row) * 2)
    zoo["rgb.jpg"] = saved(rgb, "JPEG", quality=90)
    zoo["444.jpg"] = saved(rgb, "JPEG", quality=95, subsampling=0)
    zoo["422.jpg"] = saved(rgb, "JPEG", quality=60, subsampling=1)
    zoo["rgb_kept.jpg"] = saved(rgb, "JPEG", quality=90, keep_rgb=True)
    zoo["grey.jpg"] = saved(grey, "JPEG")
    zoo["cmyk.jpg"] = saved(cmyk, "JPEG", quality=95)
    zoo["progressive.jpg"] = saved(Image.fromarray(picture(200, 150)), "JPEG", progressive=True)
    zoo["restart.jpg"] = saved(rgb, "JPEG", restart_marker_rows=1)
    zoo["orientation.jpg"] = saved(rgb, "JPEG", exif=orientation(6))
    zoo["trailing_bytes.jpg"] = saved(rgb, "JPEG") + b"appended by some camera"
    zoo["1x1.jpg"] = saved(Image.new("RGB", (1, 1), (200, 100, 50)), "JPEG")
    zoo["large.jpg"] = saved(Image.fromarray(picture(640, 480)), "JPEG", quality=85)
    for mode, image in (("rgb", rgb), ("l", grey), ("1", bits), ("p", palette), ("rgba", rgba)):
        zoo[mode + ".bmp"] = saved(image, "BMP")
    zoo.update(bitmaps())
    for mode, image in (("rgb.ppm", rgb), ("l.pgm", grey), ("1.pbm", bits), ("i.pgm", grey16.convert("I"))):
        zoo[mode] = saved(image, "PPM")
    zoo["plain.pbm"] = b"P1\n# a comment\n3 2\n101\n0 1 0\n"
    zoo["plain.pgm"] = b"P2 3 2 15\n0 1 2\n# a comment\n3 14 15"
    zoo["plain.ppm"] = b"P3\n2 1\n255\n1 2 3 253 254 255\n"
    zoo["plain16.pgm"] = b"P2 2 2 1000\n0 1 999 1000\n"
    zoo["max100.pgm"] = b"P5 3 2 100\n" + bytes([0, 1, 49, 50, 99, 100])
    zoo["max1000.ppm"] = b"P6 1 2 1000\n" + struct.pack(">6H", 0, 1, 2, 499, 500, 1000)
    zoo["max1000.pgm"] = b"P5 3 1 1000\n" + struct.pack(">3H", 0, 3, 1000)
    zoo["lossless.webp"] = saved(rgb, "WEBP", lossless=True)
    zoo["lossless_alpha.webp"] = saved(rgba, "WEBP", lossless=True, exact=True)
    zoo["lossy.webp"] = saved(rgb, "WEBP", quality=80)
    zoo["lossy_alpha.webp"] = saved(rgba, "WEBP", quality=80)
    zoo["1x1.webp"] = saved(Image.new("RGB", (1, 1), (1, 2, 3)), "WEBP", lossless=True)
    zoo["orientation.webp"] = saved(rgb, "WEBP", lossless=True, exif=orientation(6))
    zoo.update(tiffs(rgb, rgba, cmyk, grey, la, bits, palette, grey16))
    return zoo


def orientation(value):
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def bitmaps():
    """Kinds of BMP that Pillow reads, but does not write."""
    def bmp(width, height, bits, compression, table, data):
        offset = 14 + 40 + len(table)
        info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(data), 0, 0, 0, 0)
        return b"BM" + struct.pack("<IHHI", offset + len(data), 0, 0, offset) + info + table + data
    grey_table = b"".join(bytes([i, i, i, 0]) for i in range(256))
    table16 = b"".join(bytes([i * 15, i * 7, 255 - i * 9, 0]) for i in range(16)) + b""
    pixels = random.integers(0, 256, 16 * 3 * 4).astype(numpy.uint8).tobytes()
    return {
        "top_down.bmp": bmp(4, -3, 24, 0, b"", pixels[:36]),
        "32bit.bmp": bmp(4, 3, 32, 0, b"", pixels[:48]),
        "555.bmp": bmp(4, 3, 16, 0, b"", pixels[:24]),
        "565.bmp": bmp(4, 3, 16, 3, struct.pack("<III", 0xF800, 0x7E0, 0x1F), pixels[:24]),
        "4bit.bmp": bmp(8, 3, 4, 0, table16, pixels[:12]).replace(b"\0\0\0\0" * 2, b"\0\0\0\0" + b"\x10\0\0\0", 0),
        "rle8.bmp": bmp(5, 2, 8, 1, grey_table, bytes([3, 9, 2, 200, 0, 0, 5, 77, 0, 1])),
        "os2.bmp": b"BM" + struct.pack("<IHHI", 26 + 24, 0, 0, 26) + struct.pack("<IHHHH", 12, 4, 2, 1, 24) + pixels[:24],
    }


def tiffs(rgb, rgba, cmyk, grey, la, bits, palette, grey16):
    zoo = {}
    for mode, image in (("rgb", rgb), ("rgba", rgba), ("l", grey), ("la", la), ("1", bits), ("p", palette), ("i16", grey16), ("cmyk", cmyk)):
        zoo[mode + ".tif"] = saved(image, "TIFF")
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "tiff_jpeg"):
        zoo[f"rgb_{compression}.tif"] = saved(rgb, "TIFF", compression=compression)
        zoo[f"l_{compression}.tif"] = saved(grey, "TIFF", compression=compression)
    zoo["group4.tif"] = saved(bits, "TIFF", compression="group4")
    zoo["rgba_lzw.tif"] = saved(rgba, "TIFF", compression="tiff_lzw")
    zoo["i16_lzw.tif"] = saved(grey16, "TIFF", compression="tiff_lzw")
    zoo["predictor.tif"] = saved(rgb, "TIFF", compression="tiff_lzw", tiffinfo={317: 2})
    zoo["two_pages.tif"] = saved(rgb, "TIFF", save_all=True, append_images=[grey])
    zoo["orientation.tif"] = saved(rgb, "TIFF", tiffinfo={274: 6})
    zoo["strips.tif"] = saved(Image.fromarray(picture(300, 260)), "TIFF", compression="tiff_lzw")
    zoo["big_endian.tif"] = (b"MM\0*" + struct.pack(">I", 8) + struct.pack(">H", 9) + b"".join(
        struct.pack(">HHIHH", tag, 3, 1, value, 0) if tag != 273 else struct.pack(">HHII", tag, 4, 1, value) for tag, value in (
            (256, 5), (257, 2), (258, 8), (259, 1), (262, 1), (273, 122), (277, 1), (278, 2), (279, 10)))
        + struct.pack(">I", 0) + bytes(range(60, 70)))
    return zoo


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
        theirs = numpy.asarray(Image.open(io.BytesIO(images[name])).convert("RGB"))
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


def golden_images():
    roots = [SOURCE / "tests/data/original"]
    if os.environ.get("TORCHPORT_GOLDEN"):
        roots.append(pathlib.Path(os.environ["TORCHPORT_GOLDEN"]))
    files = [f for root in roots for f in sorted(root.glob("*/image/*")) if f.is_file()]
    return {str(f): f.read_bytes() for f in files}
