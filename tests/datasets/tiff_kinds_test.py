"""Every kind of TIFF that Pillow reads, and what it refuses: compressions, kinds of samples, colour spaces, byte orders, structures."""
import io
import struct

import numpy
from images import accepted, compare, picture, random, saved, tiff
from PIL import Image

COMPRESSIONS = ("tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "packbits", "lzma", "raw")


def compressed():
    rgb = Image.fromarray(picture())
    cmyk, rgba = Image.fromarray(picture(channels=4), "CMYK"), Image.fromarray(picture(channels=4), "RGBA")
    tall = Image.fromarray(picture(61, 400))
    zoo = {}
    for name in ("group3", "group4", "tiff_ccitt"):
        zoo[f"{name}.tif"] = saved(rgb.convert("1"), "TIFF", compression=name)
        zoo[f"{name}_tall.tif"] = saved(tall.convert("1"), "TIFF", compression=name)
        zoo[f"{name}_white_is_0.tif"] = saved(rgb.convert("1"), "TIFF", compression=name, tiffinfo={262: 0})
        zoo[f"{name}_reversed.tif"] = saved(rgb.convert("1"), "TIFF", compression=name, tiffinfo={266: 2})
    for name, image in (("rgb", rgb), ("l", rgb.convert("L")), ("cmyk", cmyk), ("tall", tall), ("rgba", rgba)):
        for compression in COMPRESSIONS:
            zoo[f"{name}_{compression}.tif"] = saved(image, "TIFF", compression=compression)
    for name, image in (("rgb", rgb), ("l", rgb.convert("L")), ("tall", tall), ("cmyk", cmyk)):
        zoo[f"{name}_jpeg.tif"] = saved(image, "TIFF", compression="jpeg", quality=90)
    zoo["ycbcr_jpeg.tif"] = saved(rgb.convert("YCbCr"), "TIFF", compression="jpeg")
    zoo["strips_of_3.tif"] = saved(tall, "TIFF", compression="tiff_lzw", tiffinfo={278: 3})
    zoo["jpeg_strips.tif"] = saved(tall, "TIFF", compression="jpeg", strip_size=4096)
    zoo["jpeg_turned.tif"] = saved(tall, "TIFF", compression="jpeg", tiffinfo={274: 6})
    return zoo


def numbers(kind, special=()):
    values = random.uniform(-100, 400, (9, 13)).astype(kind)
    values.flat[:len(special)] = special
    return values


def samples():
    """Numbers beyond bytes, in both byte orders where Pillow knows both."""
    zoo = {}
    floats = numbers("f4", (float("nan"), float("inf"), float("-inf"), -0.5, 255.5, 1e30, 0.99))
    for name, image in (("float", Image.fromarray(floats)), ("int", Image.fromarray(numbers("i4", (2 ** 31 - 1, -2 ** 31)))),
                        ("i16", Image.fromarray(numbers("u2", (65535, 256))))):
        for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate"):
            zoo[f"{name}_{compression}.tif"] = saved(image, "TIFF", compression=compression)
    for order in "<>":
        for kind, bits, format in (("f4", 32, 3), ("i4", 32, 2), ("i2", 16, 2), ("u2", 16, 1), ("u4", 32, 1), ("i1", 8, 2)):
            if kind == "u4" and order == ">":
                continue   # not known to Pillow
            data = numbers(kind).astype(order + kind).tobytes()
            zoo[f"{kind}{order}.tif"] = tiff(13, 9, [data], order=order, bits=bits, format=format)
    zoo["u4_large.tif"] = tiff(2, 1, [struct.pack("<II", 2 ** 31 + 5, 200)], bits=32)
    zoo["12bit.tif"] = tiff(7, 3, [bytes(random.integers(0, 256, 33).astype("u1"))], bits=12)
    zoo["float_white_is_0.tif"] = tiff(13, 9, [floats.tobytes()], bits=32, format=3, photometric=0)
    zoo["float_tiles.tif"] = tiff(20, 17, [numbers("f4").tobytes().ljust(1024, b"\0") for _ in range(4)], bits=32, format=3, tile_width=16,
                                  tile_height=16)
    return zoo


def bytes_of(count):
    return random.integers(0, 256, count).astype("u1").tobytes()


def colours():
    zoo = {}
    many = dict(photometric=2, samples=4, bits=[8] * 4)
    for extra in ([], [0], [1], [2], [999]):
        zoo[f"rgb_extra{extra}.tif"] = tiff(5, 3, [bytes_of(60)], **many, **({"extra": extra} if extra else {}))
    for extra in ([0, 0], [1, 0], [2, 0], [0, 0, 0], [1, 0, 0], [2, 0, 0]):
        count = 3 + len(extra)
        zoo[f"rgb_extra{extra}.tif"] = tiff(5, 3, [bytes_of(15 * count)], photometric=2, samples=count, bits=[8] * count, extra=extra)
    for order in "<>":
        zoo[f"rgb16{order}.tif"] = tiff(5, 3, [bytes_of(90)], order=order, photometric=2, samples=3, bits=[16] * 3)
        for extra in ([], [0], [1], [2]):
            zoo[f"rgb16_extra{extra}{order}.tif"] = tiff(5, 3, [bytes_of(120)], order=order, photometric=2, samples=4, bits=[16] * 4,
                                                         **({"extra": extra} if extra else {}))
    zoo["cmyk16.tif"] = tiff(5, 3, [bytes_of(120)], photometric=5, samples=4, bits=[16] * 4)
    zoo["cmyk_extra.tif"] = tiff(5, 3, [bytes_of(75)], photometric=5, samples=5, bits=[8] * 5, extra=[0])
    zoo["cmyk_planes.tif"] = tiff(5, 3, [bytes_of(15) for _ in range(4)], photometric=5, samples=4, bits=[8] * 4, planar=2)
    zoo["rgba_planes.tif"] = tiff(5, 3, [bytes_of(15) for _ in range(4)], photometric=2, samples=4, bits=[8] * 4, planar=2, extra=[2])
    zoo["grey_alpha.tif"] = tiff(5, 3, [bytes_of(30)], photometric=1, samples=2, bits=[8] * 2, extra=[2])
    zoo["palette_alpha.tif"] = tiff(5, 3, [bytes_of(30)], photometric=3, samples=2, bits=[8] * 2, extra=[2],
                                    colours=random.integers(0, 65536, 768).tolist())
    for bits in (1, 2, 4, 8):
        table = random.integers(0, 65536, 3 << bits).tolist()
        row = (9 * bits + 7) // 8
        for fill in (1, 2):
            if fill == 1 or bits == 8:
                zoo[f"palette{bits}_fill{fill}.tif"] = tiff(9, 2, [bytes_of(2 * row)], bits=bits, photometric=3, colours=table, fill_order=fill)
            for photometric in (0, 1) if bits < 8 or fill == 1 else (1,):
                zoo[f"grey{bits}_{photometric}_fill{fill}.tif"] = tiff(9, 2, [bytes_of(2 * row)], bits=bits, photometric=photometric, fill_order=fill)
    zoo["rgb_reversed.tif"] = tiff(5, 3, [bytes_of(45)], photometric=2, samples=3, bits=[8] * 3, fill_order=2)
    zoo["i16_reversed.tif"] = tiff(5, 3, [bytes_of(30)], bits=16, fill_order=2)
    zoo["no_photometric.tif"] = tiff(5, 3, [bytes_of(15)], photometric=None)
    zoo["predictor_without_compression.tif"] = tiff(7, 4, [bytes_of(84)], bits=[8] * 3, photometric=2, samples=3, predictor=2)
    return zoo


def structures():
    zoo = {}
    data = bytes_of(45)
    for order, magic in (("<", b"II+\0"),):   # the other byte order Pillow does not know
        tags = ((256, 3, 5), (257, 3, 3), (258, 3, 8), (259, 3, 1), (262, 3, 2), (273, 16, 200), (277, 3, 3), (278, 3, 3), (279, 16, 45))
        entries = b"".join(struct.pack(order + "HHQ", tag, kind, 1) + struct.pack(order + ("H" if kind == 3 else "Q"), value).ljust(8, b"\0")
                           for tag, kind, value in tags)
        head = magic + struct.pack(order + "HHQQ", 8, 0, 16, len(tags)) + entries + struct.pack(order + "Q", 0)
        zoo[f"bigtiff{order}.tif"] = head.ljust(200, b"\0") + data
    rgb = Image.fromarray(picture())
    zoo["pages.tif"] = saved(rgb, "TIFF", compression="tiff_lzw", save_all=True, append_images=[rgb.convert("1"), rgb.resize((3, 3))])
    # YCbCr without compression but Pillow's own, and the JPEG of TIFF 5
    jpeg = saved(rgb, "JPEG", quality=90)
    scan = jpeg.index(b"\xff\xda")
    start = scan + 2 + int.from_bytes(jpeg[scan + 2:scan + 4], "big")
    tags = ((256, 3, 37), (257, 3, 29), (258, 3, 8), (259, 3, 6), (262, 3, 6), (273, 4, 300 + start), (277, 3, 3), (278, 3, 29), (279, 4, len(jpeg) - start),
            (512, 3, 1), (513, 4, 300), (514, 4, len(jpeg)), (530, 3, 2 | 2 << 16))
    entries = b"".join(struct.pack("<HHI", tag, kind, 2 if tag == 530 else 1) + struct.pack("<I", value) for tag, kind, value in tags)
    old = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + struct.pack("<I", 0)
    zoo["old_jpeg.tif"] = old.ljust(300, b"\0") + jpeg
    return zoo


def labs():
    image = Image.new("LAB", (37, 29))
    image.putdata([tuple(pixel) for pixel in picture().reshape(-1, 3).tolist()])
    return {f"{compression}.tif": saved(image, "TIFF", compression=compression) for compression in ("raw", "tiff_lzw")}


def close(images, most):
    """As compare, for what two builds of a library may round in other ways."""
    return [failure for failure in compare(images) if not failure.rpartition(" ")[2].isdigit() or int(failure.rpartition(" ")[2]) > most]


def test_compressed():
    zoo = compressed()
    jpegs = {name: data for name, data in zoo.items() if "jpeg" in name}
    assert not compare({name: data for name, data in zoo.items() if name not in jpegs})
    assert not close(jpegs, 1)


def test_samples():
    assert not compare(samples())


def test_colours():
    assert not compare(colours())


def test_structures():
    assert not close(structures(), 1)


def test_lab():
    assert not close(labs(), 1)


def test_refused_as_by_pillow():
    images = {
        "u4_big_endian": (tiff(1, 1, [bytes(4)], order=">", bits=32), "TIFF: grey of this kind (bits 32, format 1) is not supported"),
        "white_is_0_signed": (tiff(1, 1, [bytes(2)], bits=16, format=2, photometric=0),
                              "TIFF: grey of this kind (bits 16, format 2) is not supported"),
        "complex": (tiff(1, 1, [bytes(8)], bits=32, format=5), "TIFF: grey of this kind (bits 32, format 5) is not supported"),
        "three_greys": (tiff(1, 1, [bytes(3)], samples=3, bits=[8] * 3), "TIFF: 3 samples a pixel are not supported"),
        "7_samples": (tiff(1, 1, [bytes(7)], samples=7, bits=[8] * 7, photometric=2, extra=[0] * 4), "TIFF: 7 samples a pixel are not supported"),
        "6_of_16_bits": (tiff(1, 1, [bytes(12)], samples=6, bits=[16] * 6, photometric=2, extra=[0] * 3),
                         "TIFF: 6 samples a pixel are not supported"),
        "cmyk16_big_endian": (tiff(1, 1, [bytes(8)], order=">", samples=4, bits=[16] * 4, photometric=5), "TIFF: 16 bits a sample are not supported"),
        "float_rgb": (tiff(1, 1, [bytes(12)], samples=3, bits=[32] * 3, format=[3] * 3, photometric=2),
                      "TIFF: signed and floating-point samples are not supported"),
        "logluv": (tiff(1, 1, [bytes(3)], samples=3, bits=[8] * 3, photometric=32845), "TIFF: the colour space 32845 is not supported"),
    }
    assert not accepted(images)
    for name, (data, _) in images.items():
        try:
            Image.open(io.BytesIO(data)).load()
        except Exception:
            continue
        raise AssertionError(f"Pillow reads {name}")


def test_a_palette_that_is_short():
    """libtiff would show its indices as grey, or as RGB; Pillow fills it up with black."""
    broken = "TIFF: the palette is broken"
    assert not accepted({f"{count}{order}{samples}": (tiff(4, 1, [bytes(range(4 * samples))], order=order, photometric=3, samples=samples, bits=[8] * samples,
                                                           colours=list(range(count)) or None), broken)
                         for order in "<>" for count in (0, 3, 765) for samples in (1, 3)})
    assert not compare({f"whole{order}": tiff(4, 1, [bytes(range(4))], order=order, photometric=3, colours=list(range(768))) for order in "<>"})
