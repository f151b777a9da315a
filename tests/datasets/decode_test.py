"""Decoded pixels against the real Pillow: `Image.open(f).convert('RGB')` of golden images, odd images and damaged ones.

JPEG may differ by 1 (two builds of libjpeg-turbo), everything else by nothing. What Pillow cannot read must be refused here too;
what is damaged must be refused here even where Pillow or a codec would go on.
"""
import os
import pathlib
import struct
import subprocess
import tempfile
import zlib

import numpy
from images import NO_IMAGE, PROGRAM, SOURCE, accepted, chunk, compare, flipped, orientation, picture, png, random, run, saved, tiff
from PIL import Image



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
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits"):
        zoo[f"rgb_{compression}.tif"] = saved(rgb, "TIFF", compression=compression)
        zoo[f"l_{compression}.tif"] = saved(grey, "TIFF", compression=compression)
    zoo["rgba_lzw.tif"] = saved(rgba, "TIFF", compression="tiff_lzw")
    zoo["i16_lzw.tif"] = saved(grey16, "TIFF", compression="tiff_lzw")
    zoo["predictor.tif"] = saved(rgb, "TIFF", compression="tiff_lzw", tiffinfo={317: 2})
    zoo["two_pages.tif"] = saved(rgb, "TIFF", save_all=True, append_images=[grey])
    zoo["orientation.tif"] = saved(rgb, "TIFF", tiffinfo={274: 6})
    zoo["strips.tif"] = saved(Image.fromarray(picture(300, 260)), "TIFF", compression="tiff_lzw")
    zoo.update(rare_tiffs())
    zoo["big_endian.tif"] = (b"MM\0*" + struct.pack(">I", 8) + struct.pack(">H", 9) + b"".join(
        struct.pack(">HHIHH", tag, 3, 1, value, 0) if tag != 273 else struct.pack(">HHII", tag, 4, 1, value) for tag, value in (
            (256, 5), (257, 2), (258, 8), (259, 1), (262, 1), (273, 122), (277, 1), (278, 2), (279, 10)))
        + struct.pack(">I", 0) + bytes(range(60, 70)))
    return zoo


def rare_tiffs():
    """Kinds that Pillow reads, but does not write."""
    own = numpy.random.default_rng(8)
    bytes_of = lambda count: own.integers(0, 256, count).astype(numpy.uint8).tobytes()
    zoo = {}
    for orientation in range(2, 9):
        zoo[f"orientation{orientation}.tif"] = tiff(5, 3, [bytes_of(15)], orientation=orientation)
    for bits in (2, 4):
        zoo[f"grey_{bits}bit.tif"] = tiff(9, 3, [bytes_of(3 * ((9 * bits + 7) // 8))], bits=bits)
        zoo[f"white_is_0_{bits}bit.tif"] = tiff(9, 3, [bytes_of(3 * ((9 * bits + 7) // 8))], bits=bits, photometric=0)
    zoo["white_is_0.tif"] = tiff(7, 4, [bytes_of(14), bytes_of(14)], rows=2, photometric=0)
    zoo["palette_4bit.tif"] = tiff(8, 2, [bytes_of(8)], bits=4, photometric=3, colours=own.integers(0, 65536, 48).tolist())
    zoo["planes.tif"] = tiff(7, 5, [bytes_of(35) for _ in range(3)], bits=[8] * 3, photometric=2, samples=3, planar=2)
    zoo["plane_strips.tif"] = tiff(7, 5, [bytes_of(7 * rows) for _ in range(3) for rows in (2, 2, 1)], bits=[8] * 3, photometric=2, samples=3,
                                   planar=2, rows=2)
    zoo["tiles.tif"] = tiff(37, 20, [bytes_of(256) for _ in range(6)], tile_width=16, tile_height=16)
    zoo["rgb_tiles.tif"] = tiff(20, 17, [bytes_of(768) for _ in range(4)], bits=[8] * 3, photometric=2, samples=3, tile_width=16, tile_height=16)
    zoo["old_deflate.tif"] = tiff(7, 4, [zlib.compress(bytes_of(28))], compression=32946)
    zoo["premultiplied.tif"] = tiff(3, 1, [bytes([10, 20, 30, 40, 200, 100, 50, 255, 9, 9, 9, 0])], bits=[8] * 4, photometric=2, samples=4, extra=1)
    zoo["predictor_deflate.tif"] = tiff(7, 4, [zlib.compress(bytes_of(84))], bits=[8] * 3, photometric=2, samples=3, compression=8, predictor=2)
    return zoo


def golden_images():
    roots = [SOURCE / "tests/data/original"]
    if os.environ.get("TORCHPORT_GOLDEN"):
        roots.append(pathlib.Path(os.environ["TORCHPORT_GOLDEN"]))
    files = [f for root in roots for f in sorted(root.glob("*/image/*")) if f.is_file()]
    return {str(f): f.read_bytes() for f in files}


def damaged_images():
    """Images of which something is missing or wrong, by name, and the reason that must be given (None: any)."""
    zoo = odd_images()
    damaged = {"empty.jpg": (b"", "the file is empty"), "zeros.png": (bytes(1000), NO_IMAGE + ", but zeros only"), "text.jpg": (b"this is no image\n" * 9, NO_IMAGE)}
    for name in ("large.jpg", "progressive.jpg", "rgb.png", "rgb.bmp", "rgb.ppm", "lossless.webp", "lossy.webp", "rgb.tif", "strips.tif"):
        data = zoo[name]
        for cut, length in (("half", len(data) // 2), ("two bytes less", len(data) - 2), ("header only", min(len(data) - 2, 60)), ("magic only", 12)):
            if name == "rgb.bmp" and cut == "two bytes less":
                length -= 2   # the last row ends with two unused bytes
            damaged[f"{name}: {cut}"] = (data[:length], None)
    large = zoo["large.jpg"]
    middle = large.index(b"\xff\xda") + 200
    damaged["large.jpg: a marker within the pixels"] = (large[:middle] + b"\xff\xd9" + large[middle + 2:], "JPEG: Corrupt JPEG data: premature end of data segment")
    damaged["rgb.png: a flipped bit"] = (flipped(zoo["rgb.png"], 300), "PNG: IDAT: incorrect data check")
    damaged["rgb.png: a flipped bit in a checksum"] = (flipped(zoo["rgb.png"], len(zoo["rgb.png"]) - 14), "PNG: IDAT: CRC error")
    text = zoo["text_and_profile.png"]
    damaged["text_and_profile.png: a flipped bit in the profile"] = (flipped(text, text.index(b"iCCP") + 30), "PNG: iCCP: CRC error")
    rows = b"".join(b"\0" + bytes(11 * 3) for _ in range(8))
    damaged["png: rows missing"] = (png(11, 9, 8, 2, rows), "PNG: Not enough image data")
    damaged["png: no palette"] = (png(2, 1, 8, 3, b"\0\0\1"), "PNG: IDAT: Missing PLTE before IDAT")
    damaged["png: no end"] = (png(1, 1, 8, 0, b"\0\0")[:-12], "PNG: premature end of data")
    for name in ("strips.tif", "rgb_tiff_adobe_deflate.tif"):
        offset = len(zoo[name]) // 2
        data = bytearray(zoo[name])
        data[offset:offset + 40] = random.integers(0, 256, 40).astype(numpy.uint8).tobytes()
        damaged[f"{name}: broken data"] = (bytes(data), None)
    damaged["plain.pgm: a sample above the greatest"] = (b"P2 1 1 15 16\n", "PNM: the sample 16 is above 15")
    damaged["plain.pbm: a two"] = (b"P1 1 1 2\n", "PNM: a bit is neither 0 nor 1")
    return damaged




def refused_images():
    """Bombs, and formats that the original does not take, though OpenCV reads some of them."""
    rgb = Image.fromarray(picture())
    too_many = "{} pixels, more than 67108864"
    bomb = lambda side: struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    jpeg = saved(rgb, "JPEG")
    frame = jpeg.index(b"\xff\xc0") + 5
    whole = saved(rgb, "TIFF")
    scans = saved(Image.fromarray(picture(16, 16)), "JPEG", progressive=True)
    last = scans.rindex(b"\xff\xda")
    return {
        "bomb.png": (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", bomb(60000)), too_many.format(60000 ** 2)),
        "bomb30000.png": (png(30000, 30000, 1, 0, bytes(3751 * 30000)), too_many.format(30000 ** 2)),
        "bomb.jpg": (jpeg[:frame] + struct.pack(">HH", 65500, 65500) + jpeg[frame + 4:], too_many.format(65500 ** 2)),
        "bomb.bmp": (b"BM" + bytes(12) + struct.pack("<IiiHHII", 40, 100000, -100000, 1, 24, 0, 0), too_many.format(10 ** 10)),
        "bomb.ppm": (b"P6 99999 99999 255\n", too_many.format(99999 ** 2)),
        "bomb.tif": (b"II*\0" + struct.pack("<IHHHIIHHIIHHIIHHIII", 8, 4, 256, 4, 1, 2 ** 31, 257, 4, 1, 2 ** 31, 273, 4, 1, 8, 279, 4, 1, 8, 0),
                     too_many.format(2 ** 60)),
        "no_strips.tif": (b"II*\0" + struct.pack("<IHHHIIHHIII", 8, 2, 256, 4, 1, 9, 257, 4, 1, 9, 0),
                          'TIFF: TIFF directory is missing required "StripOffsets" field'),
        "expanding.tif": (tiff(8000, 8000, [bytes(8)], compression=8), "TIFF: Decoding error at scanline 0, unknown compression method"),
        "scans.jpg": (scans[:last] + scans[last:-2] * 200 + b"\xff\xd9", None),
        "no_pixels.png": (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", bomb(0)), "the image has no pixels"),
        "jbig.tif": (tiff(8, 1, [bytes(8)], compression=34661), "TIFF: the compression 34661 is not supported"),
        "double.tif": (tiff(1, 1, [bytes(8)], bits=64, format=3), "TIFF: 64 bits a sample are not supported"),
        "no_bigtiff.tif": (b"II\x2b\0" + whole[4:], "TIFF: premature end of data"),
        "avif.jpg": (struct.pack(">I", 24) + b"ftypavif" + bytes(400), NO_IMAGE + ", but an AVIF image"),
        "jpeg2000.jpg": (saved(rgb, "JPEG2000"), NO_IMAGE + ", but a JPEG 2000 image"),
        "icon.png": (saved(rgb, "ICO"), NO_IMAGE),
        "svg.png": (b'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>', NO_IMAGE + ", but an SVG picture"),
        "exr.tif": (b"\x76\x2f\x31\x01" + bytes(100), NO_IMAGE),
        "hdr.jpg": (b"#?RADIANCE\n" + bytes(100), NO_IMAGE),
        "pfm.ppm": (b"PF 1 1 1.0\n" + bytes(12), NO_IMAGE),
        "nitf.tif": (b"NITF02.10" + bytes(400), NO_IMAGE),
        "pam.ppm": (b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 3\nMAXVAL 255\nENDHDR\n\1\2\3", NO_IMAGE),
    }


def flips_are_seen_where_libjpeg_sees_them():
    """Every single-bit flip in a JPEG's pixels either changes pixels without a trace or is refused; none may crash or print."""
    data = saved(Image.fromarray(picture(64, 48)), "JPEG", quality=90)
    start = data.index(b"\xff\xda") + 14
    images = {str(at): flipped(data, at) for at in range(start, len(data) - 2, 7)}
    refused = sum(isinstance(answer, str) for answer in run(images).values())
    print(f"flipped bits: {refused} of {len(images)} refused")
    return [] if refused > len(images) // 10 else [f"only {refused} of {len(images)} flipped bits are refused"]


def mutated_images_do_no_harm(each=20):
    """Images with a few wrong bytes, each decoded twice: no crash, and the same answer again (nothing is read uninitialised)."""
    changes = numpy.random.default_rng(11)
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name, data in odd_images().items():
            if len(data) > 40000:
                continue
            for i in range(each):
                bad = bytearray(data)
                for _ in range(int(changes.integers(1, 6))):
                    near = 120 if changes.integers(0, 2) else len(bad)   # headers more often than pixels
                    bad[int(changes.integers(0, min(near, len(bad))))] = int(changes.integers(0, 256))
                paths.append(pathlib.Path(folder) / f"{i}_{name}")
                paths[-1].write_bytes(bytes(bad))
        failures = []
        for first in range(0, len(paths), each):   # all mutations of one image
            some = paths[first:first + each]
            result = subprocess.run([PROGRAM, *some, *some], capture_output=True)   # OpenCV may grumble on standard error
            half = len(result.stdout) // 2
            if result.returncode != 0:
                failures.append(f"{some[0].name} and the next {each - 1}: exit {result.returncode}")
            elif result.stdout[:half] != result.stdout[half:]:
                failures.append(f"{some[0].name} and the next {each - 1}: two answers")
    print(f"mutated images: {len(paths)}")
    return failures


def test_golden_images():
    assert not compare(golden_images())


def test_odd_images():
    assert not compare(odd_images())


def test_damaged_images():
    assert not accepted(damaged_images())


def test_refused_images():
    assert not accepted(refused_images())


def test_mutated_images_do_no_harm():
    assert not mutated_images_do_no_harm()


def test_flips_are_seen_where_libjpeg_sees_them():
    assert not flips_are_seen_where_libjpeg_sees_them()
