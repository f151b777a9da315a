"""What others say of a file, asked in processes of their own: `python oracles.py KIND FILE...` prints a line of JSON for each file.

{"taken": true, "what": ...} or {"taken": false, "why": ...}. A file of which the oracle is
no judge, that ends the process, or that takes too long has no line.
"""
import hashlib
import json
import resource
import struct
import sys
import warnings
import zlib

FORMATS = ("BMP", "DIB", "JPEG", "PNG", "PPM", "TIFF", "WEBP", "GIF")   # JPEG opens MPO as well


def numbers_in_bytes(path):
    """Whether a TIFF file states numbers of its first directory as BYTE, which readers should take (TIFF 6.0, p. 16) and Pillow does not."""
    with open(path, "rb") as file:
        data = file.read(1 << 20)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    try:
        at = struct.unpack_from(order + "I", data, 4)[0]
        tags = [struct.unpack_from(order + "HH", data, at + 2 + 12 * i) for i in range(struct.unpack_from(order + "H", data, at)[0])]
    except (struct.error, TypeError):
        return False
    return any(256 <= tag <= 325 and kind == 1 for tag, kind in tags)


def image(path):
    """The pixels that Pillow makes of it, or None where it is wrong itself."""
    from PIL import Image, PngImagePlugin
    Image.init()
    # What lies in a PNG beside its first picture is not read by us: texts, profiles and films are no reason to refuse it.
    PngImagePlugin._safe_zlib_decompress = lambda data: zlib.decompressobj().decompress(data, 1 << 20)
    PngImagePlugin.MAX_TEXT_MEMORY = 1 << 60
    for film in ("acTL", "fcTL", "fdAT"):
        setattr(PngImagePlugin.PngStream, f"chunk_{film}", lambda stream, at, size: PngImagePlugin.ImageFile._safe_read(stream.fp, size))
    if numbers_in_bytes(path):
        return None
    with Image.open(path, formats=FORMATS) as picture:
        if picture.format == "TIFF" and picture.tag_v2.get(262) == 6 and picture.tag_v2.get(259, 1) == 1:
            return None   # it asks for four bytes a pixel where there are three, also in what it wrote itself
        if picture.width * picture.height > 1 << 26:
            raise ValueError("larger than 64 Mi pixels")
        pixels = picture.convert("RGB")
        return f"{pixels.width} x {pixels.height} {hashlib.sha256(pixels.tobytes()).hexdigest()}"


def table(path):
    import pyarrow.csv
    import pyarrow.parquet
    with open(path, "rb") as file:
        head = file.read(4)
    if head == b"PAR1":
        read = pyarrow.parquet.read_table(path)
    else:
        read = pyarrow.csv.read_csv(path)
    return f"{read.num_rows} x {read.num_columns}"


def weights(path):
    import torch
    with open(path, "rb") as file:
        head = file.read(9)
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 1 << 30:
        import safetensors.torch
        loaded = safetensors.torch.load_file(path)
    else:
        loaded = torch.load(path, weights_only=True, map_location="cpu")
    return str(len(loaded))


ORACLES = {"image": image, "table": table, "weights": weights}


def main(kind, files):
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (12 << 30, 12 << 30))
    for path in files:
        try:
            what = ORACLES[kind](path)
            if what is None:
                continue
            answer = {"taken": True, "what": what}
        except MemoryError:
            continue
        except Exception as error:   # whatever a library says of a hostile file
            answer = {"taken": False, "why": f"{type(error).__name__}: {error}"[:200]}
        print(json.dumps({"path": path, **answer}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
