"""Parts of JPEG images: the pixels of the whole image, less work, and damage found wherever it is asked for."""
import json
import pathlib
import subprocess
import tempfile

import numpy
import sklearn
from PIL import Image

from harness import BIN

PHOTO = pathlib.Path(sklearn.__file__).parent / "datasets/images/china.jpg"   # 640 x 427, CC BY 2.0
random = numpy.random.default_rng(11)


class Program:
    def __init__(self):
        self.process = subprocess.Popen([BIN / "decode_parts"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, image, box, **options):
        self.process.stdin.write(json.dumps({"image": str(image), "box": list(map(int, box)), **options}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def variants(folder):
    """The photo in all chroma samplings, grey, progressive, with restarts, CMYK, of even and odd sizes."""
    with Image.open(PHOTO) as photo:
        for size in ((500, 375), (333, 251), (33, 17)):
            image = photo.resize(size, Image.BICUBIC)
            for name, mode, options in [(f"4{k}", "RGB", {"subsampling": k}) for k in (0, 1, 2)] + [
                    ("grey", "L", {}), ("cmyk", "CMYK", {}), ("progressive", "RGB", {"progressive": True}),
                    ("progressive444", "RGB", {"progressive": True, "subsampling": 0}), ("restarts", "RGB", {"restart_marker_rows": 1})]:
                path = folder / f"{name}-{size[0]}.jpg"
                image.convert(mode).save(path, quality=90, **options)
                yield path, size


def boxes(width, height, count):
    yield 0, 0, height, width
    yield 0, 0, 1, 1
    yield height - 1, width - 1, 1, 1
    for _ in range(count):
        tall, wide = (int(random.integers(1, side + 1)) for side in (height, width))
        yield random.integers(0, height - tall + 1), random.integers(0, width - wide + 1), tall, wide


def check_same(program, images):
    parts = saved = total = 0
    for path, (width, height) in images:
        for box in boxes(width, height, 25):
            for options in ({}, {"to_the_end": False}, {"fast": True}):
                found = program.ask(path, box, **options)
                assert found.get("off") == 0, f"{path.name} {box} {options}: {found}"
                parts += 1
            saved, total = saved + width * height - found["decoded"], total + width * height
    print(f"{parts} parts are those of the whole image, {saved / total:.0%} of the pixels were not decoded")
    assert saved > total / 3


def check_shrunk(program, path):
    for shrink in (2, 4, 8):
        found = program.ask(path, (0, 0, 375, 500), shrink=shrink)
        assert (found["height"], found["width"]) == (-(-375 // shrink), -(-500 // shrink)), found


def check_damage(program, folder):
    """Broken code or a lost end is found in all of the file, unless the rest is not asked for."""
    for name in ("42", "progressive", "restarts"):
        whole = (folder / f"{name}-500.jpg").read_bytes()
        cut = folder / "cut.jpg"
        for share in (0.3, 0.6, 0.97):
            cut.write_bytes(whole[: int(len(whole) * share)])
            for box in ((0, 0, 40, 40), (0, 400, 60, 100), (200, 100, 30, 50)):
                assert "error" in program.ask(cut, box), f"{name} cut at {share} passes for {box}"
        cut.write_bytes(whole[: int(len(whole) * 0.97)])
        early = program.ask(cut, (0, 0, 40, 40), to_the_end=False, shrink=2)
        assert ("error" in early) == (name == "progressive"), early   # all scans of a progressive image make up its first row


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        folder, program = pathlib.Path(name), Program()
        check_same(program, list(variants(folder)))
        check_shrunk(program, folder / "42-500.jpg")
        check_damage(program, folder)
        program.process.stdin.close()
        assert program.process.wait() == 0
