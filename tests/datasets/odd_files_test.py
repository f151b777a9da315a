"""JPEG, BMP and HEIC files of the less usual kinds: stray bytes, films behind the image, masks of colours, runs that stop, rotation."""
import io
import struct

import heic
import numpy
from images import accepted, compare, orientation, picture, random, run, saved
from PIL import Image, ImageOps

rgb = Image.fromarray(picture(61, 47))


def segments(data):
    """Where the header's segments begin, that of the scan included."""
    at, found = 2, []
    while True:
        found.append(at)
        if data[at + 1] == 0xDA:
            return found
        at += 2 + int.from_bytes(data[at + 2:at + 4], "big")


def jpegs():
    whole = saved(rgb, "JPEG", quality=85)
    zoo = {}
    for name, stray in (("zeros", b"\0\0"), ("text", b"stray"), ("fill", b"\xff\xff\xff"), ("escaped", b"\xff\0\xff\0")):
        for i, at in enumerate(segments(whole)):
            if i == 0 and stray[0] != 255:
                continue   # the file must begin with two markers
            zoo[f"{name}_before_segment{i}.jpg"] = whole[:at] + stray + whole[at:]
    at = segments(whole)[1]
    zoo["long_comment.jpg"] = whole[:at] + (b"\xff\xfe\xff\xff" + bytes(65533)) * 3 + whole[at:]
    zoo["film_behind.jpg"] = whole + struct.pack(">I", 24) + b"ftypmp42" + bytes(random.integers(0, 256, 90000).astype("u1"))
    zoo["image_behind.jpg"] = whole + saved(rgb.convert("L"), "JPEG")
    zoo["mpo.jpg"] = saved(rgb, "MPO", save_all=True, append_images=[rgb.resize((10, 10))])
    zoo["thumbnail.jpg"] = saved(rgb, "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0" + saved(rgb.resize((9, 9)), "JPEG"))
    cmyk = Image.fromarray(picture(37, 29, 4), "CMYK")
    zoo["cmyk.jpg"] = saved(cmyk, "JPEG", quality=100)
    adobe = zoo["cmyk.jpg"].find(b"Adobe")
    if adobe > 0:
        zoo["ycck.jpg"] = zoo["cmyk.jpg"][:adobe + 11] + b"\2" + zoo["cmyk.jpg"][adobe + 12:]
    return zoo


def bmp(width, height, bits, compression, table, data, header=40, offset=None, colours=0, masks=b""):
    info = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, len(data), 0, 0, colours, 0)
    info = (info + masks).ljust(header, b"\0") if header > 40 else info + masks
    start = 14 + len(info) + len(table)
    return b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start if offset is None else offset) + info + table + data


def bmps():
    data = random.integers(0, 256, 4096).astype("u1").tobytes()
    table = b"".join(bytes([i * 15, i * 7, 255 - i * 9, 0]) for i in range(16))
    table256 = random.integers(0, 256, 1024).astype("u1").tobytes()
    zoo = {"no_offset24.bmp": bmp(4, 3, 24, 0, b"", data[:36], offset=0), "no_offset8.bmp": bmp(8, 3, 8, 0, table256, data[:24], offset=0),
           "offset_without_palette.bmp": bmp(8, 3, 4, 0, table, data[:12], offset=54), "few_colours.bmp": bmp(8, 1, 8, 0, table, bytes(range(8)), colours=16),
           "masks24.bmp": bmp(4, 3, 24, 3, b"", data[:36], masks=struct.pack("<III", 0xFF0000, 0xFF00, 0xFF))}
    for name, masks in (("bgrx", (0xFF0000, 0xFF00, 0xFF, 0)), ("xbgr", (0xFF000000, 0xFF0000, 0xFF00, 0)), ("abgr", (0xFF000000, 0xFF0000, 0xFF00, 0xFF)),
                        ("rgba", (0xFF, 0xFF00, 0xFF0000, 0xFF000000)), ("bgra", (0xFF0000, 0xFF00, 0xFF, 0xFF000000)), ("none", (0, 0, 0, 0))):
        for header in (108, 124):
            zoo[f"{name}{header}.bmp"] = bmp(4, 3, 32, 3, b"", data[:48], header=header, masks=struct.pack("<IIII", *masks))
        if masks[3] == 0:
            zoo[f"{name}40.bmp"] = bmp(4, -3, 32, 3, b"", data[:48], masks=struct.pack("<III", *masks[:3]))
    for name, masks in (("565", (0xF800, 0x7E0, 0x1F)), ("555", (0x7C00, 0x3E0, 0x1F))):
        zoo[f"{name}.bmp"] = bmp(6, 4, 16, 3, b"", data[:48], masks=struct.pack("<III", *masks))
        zoo[f"{name}_v5.bmp"] = bmp(6, 4, 16, 3, b"", data[:48], header=124, masks=struct.pack("<IIII", *masks, 0))
    for name, runs in (("runs", bytes([3, 9, 2, 200, 0, 0, 5, 77, 0, 1])), ("short_rows", bytes([2, 9, 0, 0, 5, 77, 0, 1])),
                       ("absolute", bytes([0, 5, 1, 2, 3, 4, 5, 0, 0, 0, 5, 7, 0, 1])), ("too_long_runs", bytes([9, 1, 0, 0, 5, 2, 0, 1])),
                       ("no_end_mark", bytes([5, 1, 0, 0, 5, 2])), ("step", bytes([2, 9, 0, 2, 9, 9, 3, 0, 5, 77, 0, 1]))):
        zoo[f"{name}8.bmp"] = bmp(5, 2, 8, 1, table256, runs)
        zoo[f"{name}8_down.bmp"] = bmp(5, -2, 8, 1, table256, runs)
    zoo["runs4.bmp"] = bmp(6, 2, 4, 2, table, bytes([6, 0x9A, 0, 0, 0, 6, 0x12, 0x34, 0x56, 0, 0, 1]))
    return zoo


def test_jpeg():
    assert not [failure for failure in compare(jpegs()) if not failure.endswith("differs by 1")]


def test_bmp():
    assert not compare(bmps())


def test_damaged():
    table256 = bytes(1024)
    whole = saved(rgb, "JPEG")
    assert not accepted({
        "no_runs.bmp": (bmp(5, 2, 8, 1, table256, bytes([3, 9, 2, 200])), "BMP: premature end of data"),
        "ended_early.bmp": (bmp(5, 2, 8, 1, table256, bytes([3, 9, 0, 1])), "BMP: premature end of data"),
        "masks.bmp": (bmp(4, 3, 32, 3, b"", bytes(48), masks=struct.pack("<III", 0xFF, 0xFF00, 0xFF0000)), "BMP: unusual colour masks are not supported"),
        "header52.bmp": (bmp(4, 3, 24, 0, b"", bytes(36), header=52), "BMP: unknown header of 52 bytes"),
        "stub.jpg": (whole[:40], "JPEG: premature end of data"),
        "end_of_nothing.jpg": (whole[:20] + b"\xff\xd9", "JPEG: no frame header"),
    })


def test_heic():
    if heic.library() is None:
        answer = next(iter(run({"no library": b"\0\0\0\x18ftypheic" + bytes(200)}).values()))
        assert answer.startswith("HEIC images need the library libheif (Debian: libheif1)"), answer
        return
    pixels = numpy.asarray(rgb.resize((64, 48)))
    files = {str(turn): heic.heic(pixels, turn) for turn in range(1, 9)}
    files["cut"] = files["1"][:-200]
    files["stub"] = files["1"][:40]
    answers = run(files)
    for turn in range(1, 9):
        turned = io.BytesIO(saved(Image.fromarray(pixels), "PNG", exif=orientation(turn)))
        wanted = numpy.asarray(ImageOps.exif_transpose(Image.open(turned))).astype(int)
        assert not isinstance(answers[str(turn)], str), answers[str(turn)]
        assert answers[str(turn)].shape == wanted.shape, turn
        assert numpy.abs(answers[str(turn)] - wanted).mean() < 8, turn   # it is lossy
    assert all(isinstance(answers[name], str) and answers[name].startswith("HEIC: ") for name in ("cut", "stub")), answers
