"""Small files that ask for much work: time and memory of decoding any file are bounded by its size and its pixels."""
import io
import lzma
import os
import pathlib
import struct
import subprocess
import tempfile
import zlib

from gif import frame, gif
from images import PROGRAM, chunk, saved, tiff
from PIL import Image

SIDE = 8192   # the most pixels that an image may have are its square
MOST_SECONDS = 20               # of the processor, on a slow and busy machine
MOST_KILOBYTES = 900_000        # of addresses, libraries and file included; a progressive JPEG of four samples a pixel takes the most


def zeros(count):
    packer, step = zlib.compressobj(9), 1 << 24
    return b"".join(packer.compress(bytes(min(step, count - at))) for at in range(0, count, step)) + packer.flush()


def measure(images):
    """Decodes each; a line for each that takes too long or finds no memory, or was not (where a reason is wanted) refused with it."""
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "image"
        for name, (data, wanted) in images.items():
            file.write_bytes(data)
            words = ["bash", "-c", f'ulimit -v {MOST_KILOBYTES} -c 0; exec "$0" "$1"', PROGRAM, file]
            with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
                line = process.stdout.readline().decode().strip()
                while process.stdout.read(1 << 24):
                    pass
                _, process.returncode, usage = os.wait4(process.pid, 0)
            seconds = usage.ru_utime + usage.ru_stime
            print(f"{name}: {len(data)} bytes, {seconds:.1f} s, {line}")
            if process.returncode or seconds > MOST_SECONDS:
                problems.append(f"{name}: status {process.returncode}, {seconds:.1f} s")
            if line != (f"{SIDE} {SIDE}" if wanted is None else f"error {wanted}"):
                problems.append(f"{name}: {line}, wanted {wanted}")
    return problems


def one_place(tags, chunk_bytes, count):
    """A TIFF file of `count` strips or tiles that all lie in the same place."""
    tags = sorted(tags + [(259, 3, [8]), (262, 3, [1])])
    start = 8 + 2 + 12 * len(tags) + 4
    place = start + sum(4 * (count if values is None else len(values)) for _, _, values in tags if values is None or len(values) > 1)
    entries = more = b""
    for tag, kind, values in tags:
        values = [place] * count if values is None else values
        packed = struct.pack(f"<{len(values)}{'I' if kind == 4 else 'H'}", *values)
        entries += struct.pack("<HHI", tag, kind, len(values))
        entries += struct.pack("<I", start + len(more)) if len(packed) > 4 else packed.ljust(4, b"\0")
        more += packed if len(packed) > 4 else b""
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + struct.pack("<I", 0) + more + chunk_bytes


def many_tags(count, values):
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in ((256, 4), (257, 4), (273, 8)))
    entries += b"".join(struct.pack("<HHII", 40000 + i % 20000, 1, values, 8 + 2 + 12 * (count + 3) + 4) for i in range(count))
    return b"II*\0" + struct.pack("<IH", 8, count + 3) + entries + struct.pack("<I", 0) + bytes(values)


def test_tiff():
    rgb = dict(photometric=2, compression=8)
    small = zlib.compress(b"\0")
    strips = [(256, 4, [1]), (257, 4, [1 << 20]), (258, 3, [8]), (277, 3, [1]), (278, 4, [1]), (273, 4, None)]
    tiles = [(256, 4, [16]), (257, 4, [256 * 4096]), (258, 3, [8]), (277, 3, [1]), (322, 4, [4096]), (323, 4, [4096]), (324, 4, None)]
    assert not measure({
        "tags of 2 MB": (many_tags(2000, 2_000_000), "TIFF: its tags have more values than the file"),
        "65000 tags": (many_tags(65000, 1), "TIFF: more than 4096 tags"),
        "one strip": (tiff(SIDE, SIDE, [zeros(SIDE * SIDE * 3)], bits=[8] * 3, samples=3, **rgb), None),
        "turned": (tiff(SIDE, SIDE, [zeros(SIDE * SIDE * 3)], bits=[8] * 3, samples=3, orientation=6, **rgb), None),
        "four samples of 16 bits": (tiff(SIDE, SIDE, [zeros(SIDE * SIDE * 8)], bits=[16] * 4, samples=4, extra=[1], **rgb), None),
        "six samples of 16 bits": (tiff(SIDE, SIDE, [zeros(SIDE * SIDE * 12)], bits=[16] * 6, samples=6, extra=[0] * 3, **rgb),
                                   "TIFF: 6 samples a pixel are not supported"),
        "planes": (tiff(SIDE, SIDE, [zeros(SIDE * SIDE)] * 4, bits=[8] * 4, samples=4, photometric=5, planar=2, compression=8), None),
        "lzma": (tiff(SIDE, SIDE, [lzma.compress(bytes(SIDE * SIDE))], compression=34925), None),
        "fax": (saved(Image.new("1", (SIDE, SIDE), 1), "TIFF", compression="group4"), None),
        "strips on each other": (one_place(strips + [(279, 4, [100_000] * (1 << 20))], small.ljust(100_000, b"\0"), 1 << 20),
                                 "TIFF: its strips lie on each other"),
        "tiles larger than the image": (one_place(tiles + [(325, 4, [20_000] * 256)], zeros(1 << 24).ljust(20_000, b"\0"), 256),
                                        "TIFF: a tile is too large"),
    })


def test_jpeg():
    large = saved(Image.new("RGB", (SIDE, SIDE), (200, 10, 30)), "JPEG", progressive=True, subsampling=0)
    plain, tiny = saved(Image.new("RGB", (SIDE, SIDE)), "JPEG"), saved(Image.new("RGB", (8, 8)), "JPEG")
    at = plain.index(b"\xff\xc4")
    length = int.from_bytes(plain[at + 2:at + 4], "big") + 2
    inks = saved(Image.new("CMYK", (SIDE, SIDE), (1, 2, 3, 4)), "JPEG", progressive=True, subsampling=0)
    assert not measure({
        "progressive": (large, None),
        "progressive with four inks": (inks, None),
        "100,000 tables": (plain[:at] + plain[at:at + length] * 100_000 + plain[at:], None),
        "stray bytes without end": (tiny[:20] + bytes(20_000_000), "JPEG: premature end of data"),
    })


def test_png():
    def png(depth, colour, data, extra=b"", interlaced=0):
        header = struct.pack(">IIBBBBB", SIDE, SIDE, depth, colour, 0, 0, interlaced)
        return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    packed = zeros(1 << 28)
    bits = zeros((SIDE // 8 + 1) * SIDE)
    assert not measure({
        "16 bits": (png(16, 6, zeros((SIDE * 8 + 1) * SIDE)), None),
        "grey of 16 bits": (png(16, 0, zeros((SIDE * 2 + 1) * SIDE)), None),
        "interlaced": (png(8, 2, zeros(SIDE * SIDE * 3 + 2 * SIDE), interlaced=1), None),
        "texts": (png(1, 0, bits, chunk(b"zTXt", b"a\0\0" + packed) * 40), None),
        "profiles": (png(1, 0, bits, chunk(b"iCCP", b"a\0\0" + packed) * 4), None),
        "palettes": (png(8, 3, zeros((SIDE + 1) * SIDE), chunk(b"PLTE", bytes(768)) + chunk(b"tRNS", bytes(200)) * 20_000), None),
        "empty chunks": (png(1, 0, bits, chunk(b"IDAT", b"") * 500_000), None),
    })


def test_gif_and_webp():
    whole, one = saved(Image.new("P", (SIDE, SIDE)), "GIF"), frame(0, 0, 5, 4, bytes(20))
    frames = io.BytesIO()
    Image.new("RGB", (SIDE, SIDE)).save(frames, "WEBP", lossless=True, save_all=True, append_images=[Image.new("RGB", (SIDE, SIDE), "red")])
    data = frames.getvalue()
    at = data.index(b"ANMF")
    length = int.from_bytes(data[at + 4:at + 8], "little") + 8
    body = data[12:at] + data[at:at + length] * 20_000
    assert not measure({
        "large": (whole, None),
        "comments": (gif(SIDE, SIDE, one, extensions=b"!\xfe\x01a\0" * 2_000_000), None),
        "frames": (gif(SIDE, SIDE, *[one] * 100_000), None),
        "lossless": (saved(Image.new("RGB", (SIDE, SIDE)), "WEBP", lossless=True), None),
        "20,000 frames": (b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body, None),
    })


def test_bmp():
    def bmp(data):
        info = struct.pack("<IiiHHIIiiII", 40, SIDE, SIDE, 1, 8, 1, 0, 0, 0, 0, 0)
        return b"BM" + struct.pack("<IHHI", 0, 0, 0, 14 + 40 + 1024) + info + bytes(1024) + data
    assert not measure({"steps": (bmp(b"\0\2\0\0\xff\xff" * 40), None), "rows": (bmp(b"\1\1\0\0" * SIDE), None),
                        "runs without an end of row": (bmp(b"\xff\1" * 5_000_000), "BMP: premature end of data")})


def box(kind, *parts):
    data = b"".join(parts)
    return struct.pack(">I", 8 + len(data)) + kind + data


def grid_of(tiles, side):
    """A HEIC file whose first image names one tile again and again."""
    references = box(b"iref", bytes(4), box(b"dimg", struct.pack(">HH", 1, tiles), struct.pack(">H", 2) * tiles))
    sizes = box(b"ipco", box(b"ispe", bytes(4), struct.pack(">II", side, side)))
    places = box(b"ipma", bytes(4), struct.pack(">IHBBHBB", 2, 1, 1, 1, 2, 1, 1))
    return box(b"ftyp", b"heic", bytes(4), b"mif1heic") + box(b"meta", bytes(4), references, box(b"iprp", sizes, places))


def test_heic():
    import heic
    if heic.library() is None:
        return   # then all HEIC files are refused, which odd_files_test sees
    assert not measure({"one tile again and again": (grid_of(60_000, 512), "HEIC: too many tiles")})
