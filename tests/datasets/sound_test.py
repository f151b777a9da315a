"""What Convert finds of images that cannot be decoded, and that it reads no more of the others than it must."""
import os
import pathlib
import struct
import subprocess
import tempfile

import heic
import numpy
from gif import frame, gif
from images import orientation, picture, saved, tiff
from PIL import Image

PROGRAM = pathlib.Path(os.environ["TORCHPORT_BIN"]) / "check_images"
rgb = Image.fromarray(picture(300, 200))
noise = Image.fromarray(numpy.random.default_rng(1).integers(0, 256, (400, 300, 3)).astype("u1"))


def check(images):
    """The program's line for each of `images` (name to bytes)."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in images.items():
            (pathlib.Path(folder) / name).write_bytes(data)
        done = subprocess.run([PROGRAM, *images], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return dict(zip(images, done.stdout.splitlines(), strict=True))


def sound():
    zoo = {}
    for format, name in (("JPEG", "jpg"), ("PNG", "png"), ("BMP", "bmp"), ("WEBP", "webp"), ("TIFF", "tif"), ("PPM", "ppm"), ("GIF", "gif")):
        zoo[f"small.{name}"] = saved(rgb, format)
        zoo[f"large.{name}"] = saved(noise, format, **({"quality": 98} if name in ("jpg", "webp") else {}))
    zoo["progressive.jpg"] = saved(noise, "JPEG", progressive=True, quality=95)
    for compression in ("jpeg", "tiff_lzw", "tiff_adobe_deflate", "packbits", "lzma"):
        zoo[f"{compression}.tif"] = saved(rgb, "TIFF", compression=compression)
    zoo["film_behind.jpg"] = zoo["large.jpg"] + bytes(70000)
    zoo["animated.webp"] = saved(rgb, "WEBP", save_all=True, append_images=[rgb.rotate(90)])
    if heic.library():
        zoo["photo.heic"] = heic.heic(picture(64, 48))
    return zoo


def test_sound_images_are_taken():
    answers = check(sound())
    assert not {name: line for name, line in answers.items() if not line[0].isdigit()}


def test_a_file_of_gigabytes_is_refused_unread(work):
    """A JPEG file of 3 GB of which nearly all is a hole."""
    with open(work / "hole.jpg", "wb") as file:
        file.write(saved(rgb, "JPEG")[:-2])
        file.truncate(3 << 30)
    done = subprocess.Popen([PROGRAM, "hole.jpg"], cwd=work, stdout=subprocess.PIPE, text=True)
    assert done.stdout.read() == f"error larger than {512 << 20} bytes\n"
    _, status, usage = os.wait4(done.pid, 0)
    assert status == 0 and usage.ru_maxrss < 300 * 1024, usage   # KiB


def test_cut_images_are_found():
    """Each file cut at several places, and with zeros where its end was, as a crash leaves it."""
    bad = {}
    for name, data in sound().items():
        if name == "film_behind.jpg":
            continue
        for share in (2, 40, 80, 95):
            cut = len(data) * share // 100
            bad[f"{share}_{name}"] = data[:cut]
            bad[f"{share}_zeros_{name}"] = data[:cut] + bytes(len(data) - cut)
        bad[f"stub_{name}"] = data[:40]
    answers = check(bad)
    missed = sorted(name for name, line in answers.items() if not line.startswith("error "))
    # Zeros are pixels where nothing is compressed, and what looks right until it is decompressed is found first then.
    unfindable = [name for name in missed if "_zeros_" in name and name.rpartition(".")[2] in ("bmp", "ppm", "tif", "webp", "png", "heic")]
    assert missed == unfindable, sorted(set(missed) - set(unfindable))


def test_broken_images_are_found():
    whole, strips = sound()["small.png"], saved(rgb, "TIFF", compression="jpeg")
    codes = frame(0, 0, 5, 4, bytes(20))
    answers = check({
        "checksum.png": whole[:-5] + b"\1" + whole[-4:],
        "no_pixels.png": whole[:33] + whole[-12:],
        "strips.tif": strips[:20] + bytes(len(strips) - 300) + strips[-280:],
        "jpeg_strips.tif": strips.replace(b"\xff\xda", b"\xff\xdb"),
        "no_such_compression.tif": tiff(8, 1, [bytes(8)], compression=34661),
        "no_such_samples.tif": tiff(1, 1, [bytes(8)], bits=64, format=3),
        "strip_outside.tif": tiff(8, 100, [bytes(8)]),
        "codes.gif": gif(5, 4, codes[:13] + b"\xff\xff" + codes[15:]),
        "text.jpg": b"<html>not found</html>" * 20,
    })
    assert not {name: line for name, line in answers.items() if not line.startswith("error ")}, answers


def test_the_machine_is_not_the_image():
    whole = sound()["small.jpg"]
    assert check({"a.jpg": whole})["a.jpg"] == "300 200 0"
    with tempfile.TemporaryDirectory() as folder:
        os.mkfifo(pathlib.Path(folder) / "pipe.jpg")
        os.symlink("nowhere.jpg", pathlib.Path(folder) / "link.jpg")
        done = subprocess.run([PROGRAM, "pipe.jpg", "link.jpg"], cwd=folder, capture_output=True, text=True, timeout=20)
        assert done.stdout == "error not a regular file\nerror No such file or directory\n", done.stdout
        # A path that no system call takes is the nearest to a failing disk that needs no rights.
        done = subprocess.run([PROGRAM, "a" * 5000], cwd=folder, capture_output=True, text=True)
        assert done.stdout == "machine File name too long\n", done.stdout


def test_orientation():
    images = {}
    for value in (1, 3, 6, 8):
        exif = orientation(value)
        images[f"{value}.jpg"] = saved(rgb, "JPEG", exif=exif)
        images[f"{value}.png"] = saved(rgb, "PNG", exif=exif)
        images[f"{value}.webp"] = saved(rgb, "WEBP", exif=exif)
    answers = check(images)
    assert not {name: line for name, line in answers.items() if line.split()[2] != name[0]}, answers
    big_endian = b"Exif\0\0MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, 6, 0, 0)
    odd = check({"big_endian.jpg": saved(rgb, "JPEG", exif=big_endian), "none.jpg": saved(rgb, "JPEG"),
                 "out_of_range.jpg": saved(rgb, "JPEG", exif=big_endian.replace(b"\0\6\0\0", b"\0\x63\0\0")),
                 "broken.jpg": saved(rgb, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f")})
    assert [line.split()[2] for line in odd.values()] == ["6", "0", "0", "0"], odd
