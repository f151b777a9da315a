"""Hostile images of every format: sound ones of each kind that Pillow writes, changed; and bombs by what a format lets a small file ask for."""
import functools
import io
import random as random_module
import struct
import zlib

from case import Case, sparse, write_bytes
from mutate_bytes import (bytes_changed, head_changed, jpeg_changed, png_changed, png_of, riff_changed, tiff_changed)

KIND = "images"
SHARE = 30
CHANGES = {".png": png_changed, ".tif": tiff_changed, ".jpg": jpeg_changed, ".webp": riff_changed}


@functools.lru_cache
def sound():
    """(suffix, bytes) of each format, mode and compression that Pillow writes."""
    import numpy
    from PIL import Image
    numbers = numpy.random.default_rng(5)
    smooth = numpy.add.outer(numpy.arange(23) * 9, numpy.arange(31) * 7).astype(numpy.uint8)
    rgb = Image.fromarray(numpy.stack([smooth, smooth[::-1], numbers.integers(0, 256, (23, 31), dtype=numpy.uint8)], axis=2))
    modes = {mode: rgb.convert(mode) for mode in ("RGB", "L", "1", "P", "CMYK", "YCbCr")}
    modes["RGBA"], modes["LA"] = rgb.convert("RGBA"), rgb.convert("LA")
    modes["I;16"] = Image.fromarray(smooth.astype(numpy.uint16) * 200)
    modes["F"], modes["I"] = rgb.convert("F"), rgb.convert("I")
    frames = [rgb.rotate(angle) for angle in (90, 180)]
    wanted = [
        (".jpg", "JPEG", "RGB", {}), (".jpg", "JPEG", "L", {}), (".jpg", "JPEG", "CMYK", {}), (".jpg", "JPEG", "RGB", {"progressive": True}),
        (".jpg", "JPEG", "RGB", {"subsampling": 0, "quality": 95}), (".jpg", "JPEG", "RGB", {"restart_marker_blocks": 1}),
        (".jpg", "JPEG", "RGB", {"comment": b"hello", "icc_profile": bytes(300), "exif": exif(6)}), (".jpeg", "JPEG", "RGB", {"optimize": True}),
        *((".png", "PNG", mode, {}) for mode in ("RGB", "L", "1", "P", "RGBA", "LA", "I;16")),
        (".png", "PNG", "RGB", {"icc_profile": bytes(300), "dpi": (72, 72)}), (".png", "PNG", "P", {"transparency": 3}), (".png", "PNG", "P", {"bits": 2}),
        (".png", "PNG", "RGB", {"save_all": True, "append_images": frames}),
        *((".tif", "TIFF", "RGB", {"compression": name}) for name in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "tiff_deflate")),
        *((".tif", "TIFF", "1", {"compression": name}) for name in ("group3", "group4", "tiff_ccitt")),
        *((".tif", "TIFF", mode, {}) for mode in ("L", "1", "P", "RGBA", "LA", "CMYK", "YCbCr", "I;16", "F", "I")),
        (".tiff", "TIFF", "RGB", {"save_all": True, "append_images": frames}), (".tif", "TIFF", "RGB", {"icc_profile": bytes(300)}),
        *((".bmp", "BMP", mode, {}) for mode in ("RGB", "L", "1", "P", "RGBA")),
        (".webp", "WEBP", "RGB", {}), (".webp", "WEBP", "RGB", {"lossless": True}), (".webp", "WEBP", "RGBA", {"exif": exif(3)}),
        (".webp", "WEBP", "RGB", {"save_all": True, "append_images": frames, "icc_profile": bytes(300)}),
        (".gif", "GIF", "P", {}), (".gif", "GIF", "RGB", {"save_all": True, "append_images": frames, "loop": 0, "comment": b"hi"}),
        (".ppm", "PPM", "RGB", {}), (".pgm", "PPM", "L", {}), (".pgm", "PPM", "1", {}), (".pgm", "PPM", "I", {}),
    ]
    made = []
    for suffix, form, mode, options in wanted:
        buffer = io.BytesIO()
        modes[mode].save(buffer, form, **options)
        made.append((suffix, buffer.getvalue()))
    made += [(".ppm", b"P3\n# text\n2 2\n255\n" + b"1 2 3 " * 4), (".pgm", b"P2 2 2 65535 0 1 2 3\n"), (".pgm", b"P1\n3 2\n1 0 1 0 1 0\n")]
    return made


def exif(orientation):
    return b"Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0" + struct.pack("<I", orientation) + b"\0\0\0\0"


@functools.lru_cache
def squeezed_mebibyte():
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return squeezer.compress(bytes(1 << 20)) + squeezer.flush(zlib.Z_FULL_FLUSH)


def squeezed(size):
    """A zlib stream that unpacks to `size` zeros, whose Adler-32 is known without adding them up."""
    end = zlib.compressobj(9, zlib.DEFLATED, -15)
    rest = end.compress(bytes(size % (1 << 20))) + end.flush()
    return b"\x78\xda" + squeezed_mebibyte() * (size >> 20) + rest + struct.pack(">HH", size % 65521, 1)


def ihdr(width, height, depth=8, colour=2, interlace=0):
    return b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)


def png_with(chunks=(), size=(4, 4), after=()):
    data = zlib.compress((b"\0" + b"\x55" * 3 * size[0]) * size[1])
    return png_of([ihdr(*size), *chunks, (b"IDAT", data), *after, (b"IEND", b"")])


def pngs():
    end = (b"IEND", b"")
    for width, height, colour in ((60000, 60000, 2), (2**31 - 1, 1, 0), (1, 2**31 - 1, 0), (2**31, 2, 2), (0, 4, 2), (8192, 8192, 0), (67108864, 1, 0)):
        yield f"PNG of {width} x {height}, little data", lambda w=width, h=height, c=colour: png_of([ihdr(w, h, 8, c), (b"IDAT", zlib.compress(bytes(999))), end])
    yield "PNG of 60000 x 1, interlaced, 16 bits", lambda: png_of([ihdr(60000, 1, 16, 6, 1), (b"IDAT", squeezed(60000 * 8 + 9)), end])
    yield "PNG of 20000 x 3000, all zero", lambda: png_of([ihdr(20000, 3000, 8, 0), (b"IDAT", squeezed(20001 * 3000)), end])
    yield "PNG whose data go on for 2 GB", lambda: png_of([ihdr(4, 4), (b"IDAT", squeezed(2 << 30)), end])
    for name, head in ((b"zTXt", b"Comment\0\0"), (b"iTXt", b"Comment\0\1\0\0\0"), (b"iCCP", b"icc\0\0")):
        yield f"PNG with a {name.decode()} of 1 GB", lambda n=name, h=head: png_with([(n, h + squeezed(1 << 30))])
        yield f"PNG with 300 {name.decode()} of 8 MB", lambda n=name, h=head: png_with([(n, h + squeezed(8 << 20))] * 300)
        yield f"PNG with a broken {name.decode()}", lambda n=name, h=head: png_with([(n, h + b"\x78\x9cnonsense")])
    yield "PNG with 200,000 texts", lambda: png_with([(b"tEXt", b"a\0b")] * 200_000)
    yield "PNG with 500,000 empty IDAT", lambda: png_of([ihdr(4, 4), *[(b"IDAT", b"")] * 500_000, (b"IDAT", zlib.compress((b"\0" + bytes(12)) * 4)), end])
    yield "PNG with a byte in each IDAT", lambda: png_of([ihdr(4, 4), *[(b"IDAT", bytes([b])) for b in zlib.compress((b"\0" + bytes(12)) * 4)], end])
    yield "PNG with a chunk of 2^31 - 1", lambda: png_with()[:33] + struct.pack(">I", 2**31 - 1) + b"tEXt" + bytes(99)
    yield "PNG with an unknown critical chunk", lambda: png_with([(b"XXXX", b"x")])
    yield "PNG with two IHDR", lambda: png_with([ihdr(9, 9)])
    yield "PNG with two PLTE", lambda: png_of([ihdr(4, 4, 8, 3), (b"PLTE", bytes(6)), (b"PLTE", bytes(9)), (b"IDAT", zlib.compress(bytes(20))), end])
    yield "PNG whose palette is short", lambda: png_of([ihdr(4, 4, 8, 3), (b"PLTE", bytes(3)), (b"IDAT", zlib.compress((b"\0" + b"\xff" * 4) * 4)), end])
    yield "PNG without palette", lambda: png_of([ihdr(4, 4, 8, 3), (b"IDAT", zlib.compress(bytes(20))), end])
    yield "PNG without IEND", lambda: png_with()[:-12]
    yield "PNG without IDAT", lambda: png_of([ihdr(4, 4), end])
    yield "PNG with a wrong checksum of text", lambda: png_with([(b"tEXt", b"a\0b")]).replace(b"a\0b", b"a\0c")
    yield "PNG with an invalid filter", lambda: png_of([ihdr(4, 4), (b"IDAT", zlib.compress((b"\x09" + bytes(12)) * 4)), end])
    yield "PNG with 100,000 frames", lambda: png_with([(b"acTL", struct.pack(">II", 100_000, 0)), *[(b"fcTL", bytes(26))] * 100_000])
    yield "PNG with garbage after its end", lambda: png_with() + b"garbage" * 1000
    for depth, colour in ((3, 0), (16, 3), (1, 2), (8, 1), (8, 7), (32, 0)):
        yield f"PNG of depth {depth}, colour {colour}", lambda d=depth, c=colour: png_of([ihdr(4, 4, d, c), (b"IDAT", zlib.compress(bytes(200))), end])


def ifd(entries, order="<", start=8, following=0):
    """A TIFF file of one directory: entries are (tag, type, count, value)."""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", start)
    return head + struct.pack(order + "H", len(entries) & 0xFFFF) + b"".join(struct.pack(order + "HHII", *entry) for entry in entries) + struct.pack(order + "I", following)


def tiff(width=8, height=8, bits=8, samples=1, compression=1, data=None, photometric=None, more=(), strip_rows=None, without=()):
    """One strip of data; `more` replaces or adds entries."""
    data = bytes(width * height * samples) if data is None else data
    entries = {256: (4, 1, width), 257: (4, 1, height), 258: (3, 1, bits), 259: (3, 1, compression),
               262: (3, 1, (1 if samples < 3 else 2) if photometric is None else photometric), 273: (4, 1, 0), 277: (3, 1, samples),
               278: (4, 1, strip_rows or height), 279: (4, 1, len(data)), **{tag: rest for tag, *rest in more}}
    entries = {tag: rest for tag, rest in entries.items() if tag not in without}
    size = 8 + 2 + 12 * len(entries) + 4
    if 273 in entries and entries[273][2] == 0:
        entries[273] = (4, 1, size)
    return ifd([(tag, *rest) for tag, rest in sorted(entries.items())]) + data


def many_strips(count, compression, strip):
    """`count` strips of one row that all lie at one place, so that a small file asks for the same bytes again and again."""
    head = 8 + 2 + 12 * 9 + 4
    at = head
    offsets = struct.pack("<I", at) * count
    data = strip + offsets + struct.pack("<I", len(strip)) * count
    return tiff(60000, count, 8, 1, compression, data, strip_rows=1,
                more=((273, 4, count, at + len(strip)), (279, 4, count, at + len(strip) + 4 * count)))


def repeated_tags(count, values, tag=33550, kind=12):
    """A tag again and again, each of which points to the same large field."""
    at = 8 + 2 + 12 * (count + 9) + 4
    good = [(256, 4, 1, 8), (257, 4, 1, 8), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, at), (277, 3, 1, 1), (278, 4, 1, 8), (279, 4, 1, 64)]
    size = {12: 8, 5: 8, 4: 4, 3: 2, 2: 1, 1: 1}[kind]
    return ifd(good + [(tag, kind, values, at)] * count) + bytes(values * size)


def tiffs():
    yield "TIFF with 65,000 repeated tags", lambda: repeated_tags(65_000, 262_144)
    yield "TIFF with 2,000 repeated tags", lambda: repeated_tags(2_000, 262_144)
    yield "TIFF with 30,000 repeated texts", lambda: repeated_tags(30_000, 2_000_000, 270, 2)
    yield "TIFF with 60,000 repeated strip tables", lambda: repeated_tags(60_000, 500_000, 273, 4)
    yield "TIFF with 60,000 repeated colour profiles", lambda: repeated_tags(60_000, 2_000_000, 34675, 1)
    yield "TIFF with 60,000 unknown tags", lambda: ifd([(256, 4, 1, 8), (257, 4, 1, 8), *[(40000 + i % 20000, 4, 200_000, 8) for i in range(60_000)]]) + bytes(900_000)
    for bits, samples in ((16, 6), (16, 60), (8, 200), (32, 16), (64, 8), (8, 65535), (1, 65535), (16, 65535)):
        yield (f"TIFF of {samples} samples of {bits} bits, deflate", lambda b=bits, s=samples: tiff(
            8000, 8000, b, s, 8, squeezed(min(8000 * 8000 * s * b // 8, 1 << 30)), 1 if s < 3 else 2))
    for bits in (0, 3, 5, 12, 24, 33, 63, 128, 65535):
        yield f"TIFF of {bits} bits", lambda b=bits: tiff(bits=b, data=bytes(4096))
    for width, height in ((0, 8), (8, 0), (2**31, 2**31), (2**32 - 1, 1), (65535, 65535), (60000, 1000), (1, 2**32 - 1)):
        yield f"TIFF of {width} x {height}", lambda w=width, h=height: tiff(w, h, data=bytes(999))
    yield "TIFF of a billion strips", lambda: tiff(more=((273, 4, 10**9, 8), (279, 4, 10**9, 8)), strip_rows=1)
    yield "TIFF of 50,000 strips of one place, deflate", lambda: many_strips(1000, 8, squeezed(60000))
    yield "TIFF of 1,000 strips of one place, LZW", lambda: many_strips(1000, 5, bytes([0x80, 0]) + bytes(50))
    yield "TIFF strips that unpack to 1 GB each", lambda: many_strips(100, 8, squeezed(1 << 30))
    yield "TIFF with rows per strip of 0", lambda: tiff(more=((278, 4, 1, 0),))
    yield "TIFF with rows per strip of 2^32 - 1", lambda: tiff(more=((278, 4, 1, 2**32 - 1),))
    yield "TIFF whose strip lies beyond the file", lambda: tiff(more=((273, 4, 1, 2**31),))
    yield "TIFF whose strip is of 2^32 - 1 bytes", lambda: tiff(more=((279, 4, 1, 2**32 - 1),))
    yield "TIFF without strips", lambda: tiff(without=(273, 279))
    yield "TIFF of tiles of 2^31", lambda: tiff(more=((322, 4, 1, 2**31), (323, 4, 1, 2**31), (324, 4, 1, 8), (325, 4, 1, 64)), without=(273, 278, 279))
    yield "TIFF of tiles of 16 x 16, one of 16", lambda: tiff(64, 64, more=((322, 4, 1, 16), (323, 4, 1, 16), (324, 4, 1, 8), (325, 4, 1, 256)), without=(273, 278, 279))
    yield "TIFF of tiles of 0", lambda: tiff(more=((322, 4, 1, 0), (323, 4, 1, 0), (324, 4, 1, 8), (325, 4, 1, 64)), without=(273, 278, 279))
    for form in (0, 2, 3, 4, 5, 6, 7, 65535):
        yield f"TIFF of sample format {form}", lambda f=form: tiff(bits=32, data=bytes(256), more=((339, 3, 1, f),))
    for kind in (2, 3, 4, 5, 6, 7, 8, 34661, 34712, 34887, 34925, 34926, 32946, 50000, 50001, 50002, 65535, 32773, 32766, 32809, 32895, 34676, 34677):
        yield f"TIFF of compression {kind} with noise", lambda k=kind: tiff(100, 100, data=random_module.Random(k).randbytes(2000), compression=k)
    for photometric in (0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 32803, 32844, 32845, 34892, 65535):
        yield f"TIFF of photometric {photometric}", lambda p=photometric: tiff(samples=3, bits=8, photometric=p)
    yield "TIFF of separate planes", lambda: tiff(samples=3, more=((284, 3, 1, 2),))
    yield "TIFF whose directory is its next one", lambda: ifd([(256, 4, 1, 8)], following=8)
    yield "TIFF of 60,000 directories", lambda: b"II*\0\x08\0\0\0" + b"".join(struct.pack("<HHHIII", 1, 256, 4, 1, 8, 8 + 18 * (i + 1)) for i in range(60_000))
    yield "TIFF whose directory is beyond the file", lambda: ifd([(256, 4, 1, 8)], start=2**31)
    yield "BigTIFF of 2^60 entries", lambda: b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 2**60) + bytes(99)
    yield "BigTIFF, empty", lambda: b"II+\0\x08\0\0\0" + struct.pack("<QQQ", 16, 0, 0)
    yield "TIFF of a palette that is short", lambda: tiff(photometric=3, more=((320, 3, 3, 8),))
    yield "TIFF of JPEG tables of 100 MB", lambda: tiff(compression=7, data=bytes(999), more=((347, 7, 10**8, 8),))
    yield "TIFF with a predictor", lambda: tiff(compression=8, data=zlib.compress(bytes(64)), more=((317, 3, 1, 3),))


def jpeg_base(progressive=False, size=(64, 64)):
    from PIL import Image
    buffer = io.BytesIO()
    Image.new("RGB", size, (90, 120, 30)).save(buffer, "JPEG", progressive=progressive)
    return buffer.getvalue()


def resized(data, width, height):
    """A JPEG that says another size."""
    for marker in (b"\xff\xc0", b"\xff\xc2"):
        at = data.find(marker)
        if at > 0:
            return data[:at + 5] + struct.pack(">HH", height, width) + data[at + 9:]
    raise ValueError("no frame")


def scans_again(data, times):
    """The last scan of a progressive JPEG again and again."""
    at = data.rfind(b"\xff\xda")
    return data[:at] + data[at:-2] * times + data[-2:]


def jpegs():
    for width, height in ((65500, 65500), (65535, 1), (1, 65535), (8000, 8000), (0, 64), (64, 0), (16000, 4000)):
        yield f"JPEG of {width} x {height}, little data", lambda w=width, h=height: resized(jpeg_base(), w, h)
        yield f"progressive JPEG of {width} x {height}, little data", lambda w=width, h=height: resized(jpeg_base(True), w, h)
    yield "progressive JPEG of 10,000 scans", lambda: scans_again(jpeg_base(True), 10_000)
    yield "progressive JPEG of 8000 x 8000 and 5,000 scans", lambda: scans_again(resized(jpeg_base(True), 8000, 8000), 5_000)
    for marker in (0xE0, 0xE1, 0xE2, 0xFE, 0xEE, 0xED):
        yield f"JPEG with 3,000 segments {marker:02X}", lambda m=marker: jpeg_base()[:2] + (bytes([0xFF, m]) + b"\xff\xff" + bytes(65533)) * 300 + jpeg_base()[2:]
        yield f"JPEG with a short segment {marker:02X}", lambda m=marker: jpeg_base()[:2] + bytes([0xFF, m]) + b"\0\1" + jpeg_base()[2:]
    yield "JPEG with fill bytes", lambda: jpeg_base()[:2] + b"\xff" * 5_000_000 + jpeg_base()[3:]
    yield "JPEG with bytes between markers", lambda: jpeg_base().replace(b"\xff\xdb", b"\0\1\2\xff\xdb", 1)
    yield "JPEG of 255 colour profiles", lambda: jpeg_base()[:2] + b"".join(b"\xff\xe2" + struct.pack(">H", 1016) + b"ICC_PROFILE\0" + bytes([i, 255]) + bytes(1000) for i in range(1, 256)) + jpeg_base()[2:]
    yield "JPEG with a restart interval of 1 and no marks", lambda: jpeg_base().replace(b"\xff\xda", b"\xff\xdd\0\4\0\1\xff\xda", 1)
    yield "JPEG of 12 bits", lambda: jpeg_base().replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x11\x0c", 1)
    yield "arithmetic JPEG", lambda: jpeg_base().replace(b"\xff\xc0", b"\xff\xc9", 1)
    yield "lossless JPEG", lambda: jpeg_base().replace(b"\xff\xc0", b"\xff\xc3", 1)
    yield "JPEG of 255 components", lambda: jpeg_base().replace(b"\xff\xc0\0\x11\x08\0\x40\0\x40\3", b"\xff\xc0\0\x11\x08\0\x40\0\x40\xff", 1)
    yield "JPEG with EXIF that points to itself", lambda: jpeg_base()[:2] + b"\xff\xe1\0\x22Exif\0\0II*\0\x08\0\0\0\1\0\x69\x87\4\0\1\0\0\0\x08\0\0\0\x08\0\0\0" + jpeg_base()[2:]
    yield "JPEG without end", lambda: jpeg_base()[:-2]
    yield "JPEG twice", lambda: jpeg_base() * 2
    yield "JPEG with an end within", lambda: jpeg_base()[:-20] + b"\xff\xd9" + jpeg_base()[-20:]
    yield "JPEG with no tables", lambda: b"\xff\xd8" + jpeg_base()[jpeg_base().find(b"\xff\xc0"):]
    yield "JPEG, only its beginning", lambda: b"\xff\xd8\xff"


def bmp(width, height, bits, compression=0, data=b"", colours=0, size=40):
    palette = bytes(4 * 256) if bits <= 8 else b""
    body = struct.pack("<IiiHHIIiiII", size, width, height, 1, bits, compression, len(data), 0, 0, colours & 0xFFFFFFFF, 0) + palette
    return b"BM" + struct.pack("<IHHI", 14 + len(body) + len(data), 0, 0, 14 + len(body)) + body + data


def others():
    for width, height in ((2**31 - 1, 1), (-4, 4), (4, -4), (4, -2**31), (60000, 60000), (0, 0), (8000, 8000)):
        for bits, compression in ((24, 0), (8, 1)):
            yield f"BMP of {width} x {height}, {bits} bits", ".bmp", lambda w=width, h=height, b=bits, c=compression: bmp(w, h, b, c, bytes(64))
    for bits, compression in ((1, 0), (2, 0), (4, 2), (8, 1), (16, 0), (16, 3), (32, 3), (24, 4), (24, 5), (0, 0), (64, 0), (8, 11)):
        yield f"BMP of {bits} bits, compression {compression}", ".bmp", lambda b=bits, c=compression: bmp(8, 8, b, c, random_module.Random(b).randbytes(300))
    yield "BMP, run lengths that stop", ".bmp", lambda: bmp(8000, 8000, 8, 1, b"\xff\1" * 100)
    yield "BMP, run lengths that go beyond", ".bmp", lambda: bmp(8, 8, 8, 1, b"\xff\1" * 100 + b"\0\1")
    yield "BMP, deltas", ".bmp", lambda: bmp(8, 8, 8, 1, b"\0\2\xff\xff" * 100 + b"\0\1")
    yield "BMP of 2^31 colours", ".bmp", lambda: bmp(8, 8, 8, 0, bytes(64), 2**31)
    for size in (0, 12, 16, 52, 56, 64, 108, 124, 2**31):
        yield f"BMP with a header of {size}", ".bmp", lambda s=size: bmp(8, 8, 24, 0, bytes(300), 0, s)
    for text in ("P6 99999999999 9 255\n", "P6 60000 60000 255\n", "P6 8 8 0\n", "P6 8 8 65536\n", "P6 -8 8 255\n", "P6 8 8 255", "P6 0 8 255\n", "P6\n#" + "x" * 10_000_000,
                 "P3 8 8 255\n" + "9" * 1_000_000, "P3 8 8 255\n" + "256 " * 192, "P5 8 8 65535\n", "P4 80000 8000\n", "P7\nWIDTH 4\nHEIGHT 4\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n",
                 "PF 8 8 -1.0\n", "P6 8#\n8#x\n255\n", "P1 8 8\n" + "2" * 64, "P6 8 8 1e2\n", "P6 08 0x8 255\n", "P2 60000 1100 255\n" + "0 " * 100, "P0 8 8 255\n"):
        yield f"PNM {text[:24]!r}", ".ppm", lambda t=text: t.encode() + bytes(200)
    gif = lambda w, h, frames: b"GIF89a" + struct.pack("<HHBBB", w, h, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff" + frames + b";"
    frame = lambda x, y, w, h: b"," + struct.pack("<HHHHB", x, y, w, h, 0) + b"\2\2\x44\1\0"
    for w, h, name, frames in ((65535, 65535, "a frame of 1", frame(0, 0, 1, 1)), (65535, 65535, "a whole frame", frame(0, 0, 65535, 65535)), (1, 1, "a frame outside", frame(9, 9, 1, 1)),
                               (4, 4, "200,000 frames", frame(0, 0, 1, 1) * 200_000), (4, 4, "a million extensions", b"!\xfe\1a\0" * 1_000_000), (4, 4, "no frame", b""), (0, 0, "no size", frame(0, 0, 1, 1)),
                               (8000, 8000, "little data", frame(0, 0, 8000, 8000)), (4, 4, "a code size of 12", b"," + struct.pack("<HHHHB", 0, 0, 4, 4, 0) + b"\x0c\2\xff\xff\0")):
        yield f"GIF of {w} x {h}, {name}", ".gif", lambda w=w, h=h, f=frames: gif(w, h, f)
    riff = lambda chunks: b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks
    chunk = lambda name, body: name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
    vp8x = lambda flags, w, h: chunk(b"VP8X", struct.pack("<I", flags) + struct.pack("<I", w)[:3] + struct.pack("<I", h)[:3])
    yield "WebP, a canvas of 2^24", ".webp", lambda: riff(vp8x(0, 2**24 - 1, 2**24 - 1) + chunk(b"VP8L", b"\x2f" + bytes(9)))
    yield "WebP, a lossless canvas of 16383", ".webp", lambda: riff(chunk(b"VP8L", b"\x2f\xff\xff\xff\x0f" + bytes(50)))
    yield "WebP, a lossy canvas of 16383", ".webp", lambda: riff(chunk(b"VP8 ", b"\x10\0\0\x9d\x01\x2a\xff\x3f\xff\x3f" + bytes(50)))
    yield "WebP of 100,000 frames", ".webp", lambda: riff(vp8x(2, 3, 3) + chunk(b"ANIM", bytes(6)) + chunk(b"ANMF", bytes(24)) * 100_000)
    yield "WebP of 100,000 unknown chunks", ".webp", lambda: riff(vp8x(0, 3, 3) + chunk(b"ABCD", bytes(8)) * 100_000)
    yield "WebP that is longer than it says", ".webp", lambda: riff(b"") + bytes(1000)
    yield "WebP of 2^32 bytes", ".webp", lambda: b"RIFF\xff\xff\xff\xffWEBPVP8 \xff\xff\xff\xff"
    for name, data in (("nothing", b""), ("a byte", b"\x89"), ("text", b"hello world\n" * 9), ("HTML", b"<html><body>404</body></html>"), ("an SVG", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
                       ("zeros", bytes(100_000)), ("a PDF", b"%PDF-1.4\n%%EOF"), ("a zip", b"PK\3\4" + bytes(60)), ("an ICO", b"\0\0\1\0\1\0" + bytes(60)), ("HEIC's head", b"\0\0\0\x18ftypheic" + bytes(60)),
                       ("AVIF's head", b"\0\0\0\x18ftypavif" + bytes(60)), ("JPEG 2000's head", b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(60)), ("EPS", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")):
        for suffix in (".jpg", ".png", ".tif", ".webp"):
            yield f"{name} as {suffix}", suffix, lambda d=data: d


def composed():
    """(name, suffix, bytes) of what is put together."""
    for group, suffix in ((pngs, ".png"), (tiffs, ".tif"), (jpegs, ".jpg")):
        for name, make in group():
            yield name, suffix, make
    yield from others()
    for place, (suffix, data) in enumerate(sound()):
        yield f"sound {suffix} {place}", suffix, lambda d=data: d
        other = (".jpg", ".png", ".tif", ".bmp", ".webp")[place % 5]
        yield f"sound {suffix} {place} named {other}", other, lambda d=data: d


def cases(random):
    for name, suffix, make in composed():
        yield Case(KIND, name, (), lambda path, m=make: path.write_bytes(m()), suffix, oracle="image")
    for suffix, head in ((".png", png_with()[:60]), (".tif", b"II*\0"), (".jpg", jpeg_base()), (".bmp", bmp(8, 8, 24)), (".ppm", b"P6 8 8 255\n"), (".webp", b"RIFF\0\0\0\0WEBP"), (".gif", b"GIF89a")):
        yield Case(KIND, f"sparse {suffix} of 3 GB", (), sparse(3 << 30, head), suffix)


def more(random):
    """Changed ones, without end."""
    while True:
        suffix, data = random.choice(sound())
        change = CHANGES.get(suffix.replace("jpeg", "jpg").replace("tiff", "tif"), bytes_changed)
        change = change if random.random() < 0.6 else random.choice((bytes_changed, head_changed))
        try:
            changed = change(data, random)
        except (struct.error, IndexError, ValueError):
            changed = bytes_changed(data, random)
        yield Case(KIND, f"changed {suffix}", (), write_bytes(changed), suffix, oracle="image")
