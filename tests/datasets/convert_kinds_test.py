"""Convert to Image Directory with files of all kinds: what is stored under which name, what is left out, and what is said of it."""
import io
import json

import harness
import heic
import numpy
from gif import frame, gif
from images import orientation, picture, saved
from PIL import Image

rgb = Image.fromarray(picture(48, 40))


def convert(here, *arguments, **options):
    done = harness.torchport("run", "convert_to_image_directory", "--output_path=t", "--run-dir=r", *arguments, cwd=here, **options)
    return done.stdout + done.stderr


def names(folder):
    return [json.loads(line)["image_info"]["file_name"] for line in (folder / "images.lst").read_text().splitlines()]


def pixels(data):
    return numpy.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def test_extensions(here):
    """Each kind is stored under a name that the original takes; bytes change only where it could not read them."""
    second = rgb.rotate(180)
    files = {"a.jfif": saved(rgb, "JPEG"), "b.JPE": saved(rgb, "JPEG"), "c.gif": saved(rgb, "GIF", save_all=True, append_images=[second]),
             "d.webp": saved(rgb, "WEBP", save_all=True, append_images=[second], lossless=True), "e.pbm": saved(rgb.convert("1"), "PPM"),
             "f.apng": saved(rgb, "PNG", save_all=True, append_images=[second]), "g.png": saved(rgb, "GIF"), "h.gif": saved(rgb, "JPEG"),
             "i.tif": saved(rgb, "TIFF", compression="jpeg")}
    folder = here / "in/cat"
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    said = convert(here, "--input_path=in")
    stored = dict(zip(files, names(here / "t"), strict=True))
    assert list(stored.values()) == ["image/0_0.jpg", "image/0_1.jpg", "image/0_2.png", "image/0_3.webp", "image/0_4.ppm", "image/0_5.png",
                                     "image/0_6.png", "image/0_7.jpg", "image/0_8.tif"], stored
    for name, place in stored.items():
        data = (here / "t" / place).read_bytes()
        assert (data == files[name]) == (name != "c.gif"), name
        assert (pixels(data) == pixels(files[name])).all(), name
    assert "Stored as PNG, which loses nothing of their first frame: 1 GIF or HEIC images, which the original does not take; the first is cat/c.gif" in said, said
    assert "Stored under an extension that the original takes: 5 images; the first is cat/a.jfif" in said, said


def test_unlabelled(here):
    (here / "in").mkdir()
    (here / "in/a.jfif").write_bytes(saved(rgb, "JPEG"))
    (here / "in/a.jpg").write_bytes(saved(rgb, "JPEG"))
    (here / "in/b.gif").write_bytes(gif(5, 4, frame(0, 0, 5, 4, bytes(20))))
    convert(here, "--input_path=in")
    assert names(here / "t") == ["image/a.jfif.jpg", "image/a.jpg", "image/b.gif.png"], names(here / "t")


def test_heic(here):
    """A phone's photo, also under the name that a program gave it; without libheif it is left out, and the library is named."""
    folder = here / "in/cat"
    folder.mkdir(parents=True)
    (folder / "z.png").write_bytes(saved(rgb, "PNG"))
    photo = heic.heic(picture(64, 48), orientation=6) if heic.library() else b"\0\0\0\x18ftypheic" + bytes(200)
    (folder / "a.heic").write_bytes(photo)
    (folder / "b.jpg").write_bytes(photo)
    said = convert(here, "--input_path=in")
    if heic.library() is None:
        assert names(here / "t") == ["image/0_0.png"] and "HEIC images need the library libheif" in said, said
        return
    assert names(here / "t") == ["image/0_0.png", "image/0_1.png", "image/0_2.png"], names(here / "t")
    for name in ("0_0.png", "0_1.png"):
        assert pixels((here / "t/image" / name).read_bytes()).shape == (64, 48, 3), name


def test_what_cannot_be_decoded_is_left_out(here):
    folder = here / "in/cat"
    folder.mkdir(parents=True)
    (folder / "good.jpg").write_bytes(saved(rgb, "JPEG"))
    for format, name in (("JPEG", "jpg"), ("PNG", "png"), ("BMP", "bmp"), ("WEBP", "webp"), ("TIFF", "tif"), ("GIF", "gif")):
        data = saved(rgb, format)
        (folder / f"stub.{name}").write_bytes(data[:40])
        (folder / f"half.{name}").write_bytes(data[:len(data) // 2])
    said = convert(here, "--input_path=in")
    assert names(here / "t") == ["image/0_0.jpg"], said
    assert "Left out 12, unreadable" in said and "cat/half.bmp" in said, said


def test_check_data_counts_rotations(here):
    folder = here / "in/cat"
    folder.mkdir(parents=True)
    for value in (1, 3, 6):
        (folder / f"{value}.jpg").write_bytes(saved(Image.fromarray(picture()), "JPEG", exif=orientation(value)))
    convert(here, "--input_path=in")
    said = harness.torchport("check-data", "t", cwd=here, status=None).stdout
    assert "2 images carry an EXIF rotation, which is ignored here as by the original" in said, said
    told = json.loads(harness.torchport("check-data", "t", "--json", cwd=here, status=None).stdout)
    assert told["datasets"][0]["exif_rotated"] == 2, told
