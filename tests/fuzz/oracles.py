"""What others say of a file, asked in processes of their own: `python oracles.py KIND FILE...` prints a line of JSON for each file.

{"taken": true, "what": ...} or {"taken": false, "why": ...}. A file that ends the process or takes too long has no line.
"""
import hashlib
import json
import resource
import sys
import warnings

FORMATS = ("BMP", "DIB", "JPEG", "PNG", "PPM", "TIFF", "WEBP", "GIF")   # JPEG opens MPO as well


def image(path):
    """The pixels that Pillow makes of it."""
    from PIL import Image
    Image.init()
    with Image.open(path, formats=FORMATS) as picture:
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
            answer = {"taken": True, "what": ORACLES[kind](path)}
        except MemoryError:
            continue
        except Exception as error:   # whatever a library says of a hostile file
            answer = {"taken": False, "why": f"{type(error).__name__}: {error}"[:200]}
        print(json.dumps({"path": path, **answer}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
