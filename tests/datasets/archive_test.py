"""Convert to Image Directory with archives that the real zipfile and tarfile made: honest ones, and hostile ones, of which nothing may remain."""
import gzip
import io
import os
import random
import re
import subprocess
import tarfile
import tempfile
import time
import zipfile

import harness
from PIL import Image

ORIGINAL = harness.ORIGINAL / "image_directory_from_zip"
CONVERT = ("run", "convert_to_image_directory")


def png(grey=7):
    stream = io.BytesIO()
    Image.new("L", (3, 2), grey).save(stream, "PNG")
    return stream.getvalue()


def convert(archive, here, *arguments, **options):
    return harness.torchport(*CONVERT, f"--input_path={archive}", "--output_path=out", *arguments, cwd=here, **options)


def files_of(folder):
    """All but the list of sizes, which the original does not write."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name not in harness.NOTES}


def as_zip(path, entries):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return path


def as_tar(path, members, mode="w", **options):
    """Members are (name, bytes) or TarInfo without content."""
    with tarfile.open(path, mode, **options) as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                archive.addfile(info, io.BytesIO(member[1]))
    return path


def special(name, kind, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def test_golden(here):
    """convert: the original's directory comes out of a ZIP file, and of tar files however they are compressed."""
    names = ["circle", "square", "triangle"]
    images = sorted((ORIGINAL / "image").iterdir(), key=lambda path: int(path.stem.split("_")[1]))
    entries = [(f"shapes/set/{names[int(path.name[0])]}/{number:02}{path.suffix}", path.read_bytes()) for number, path in enumerate(images)]
    entries += [("__MACOSX/shapes/._x.png", b"resource fork"), ("shapes/set/notes.txt", b"text")]
    archives = [as_zip(here / "a.zip", entries), as_tar(here / "b.tar", entries), as_tar(here / "c.tar.gz", entries, "w:gz"),
                as_tar(here / "d.TGZ", entries, "w:gz"), as_tar(here / "e.tar.bz2", entries, "w:bz2")]
    for number, archive in enumerate(archives):
        place = here / str(number)
        place.mkdir()
        said = convert(archive, place).stdout
        assert f"25 files were unpacked from {archive}" in said, said
        assert "Left out 1, of tools and systems: __MACOSX" in said and "Left out 1, of another type (.txt 1): shapes/set/notes.txt" in said, said
        assert files_of(place / "out") == files_of(ORIGINAL), archive
        assert sorted(path.name for path in place.iterdir()) == ["out", "runs"], "something is left"


def test_folder_with_archives(here):
    """convert: of a folder with archives the first is taken, and the log says that the rest is not."""
    folder = harness.class_folders(here / "folder", categories=["cat"], each=1)
    as_zip(folder / "b.zip", [("dog/1.png", png()), ("fox/1.png", png())])
    as_zip(folder / "c.zip", [("owl/1.png", png())])
    (folder / "a.csv.gz").write_bytes(gzip.compress(b"image,label"))  # holds no files
    said = convert("folder", here).stdout
    assert "Only folder/b.zip is taken: the rest of its folder does not count: a.csv.gz, c.zip, cat. --format=class_folders goes by the folders instead." in said, said
    assert "  dog: 1" in said and "  fox: 1" in said and "cat:" not in said and "owl:" not in said, said
    subprocess.run(["rm", "-r", here / "out"], check=True)
    assert "  cat: 1" in convert("folder", here, "--format=class_folders").stdout


def test_one_class_and_flat(here):
    """convert: an archive of one category keeps it, and one without folders gives no labels."""
    assert "  cat: 2" in convert(as_zip(here / "one.zip", [("top/cat/1.png", png()), ("top/cat/2.png", png())]), here).stdout
    subprocess.run(["rm", "-r", here / "out"], check=True)
    assert "2 images without labels" in convert(as_tar(here / "flat.tar", [("1.png", png()), ("./2.png", png())]), here).stdout
    assert sorted(files_of(here / "out")) == ["_meta.yaml", "_samples.json", "_schema.json", "image/1.png", "image/2.png", "images.lst"]


def test_names(here):
    """convert: names beyond ASCII arrive as they are, whatever the locale and the archive's way to write them."""
    entries = [("Ångström/ä b.png", png()), ("日本/1.png", png())]
    archives = [as_zip(here / "a.zip", entries), as_tar(here / "pax.tar", entries), as_tar(here / "gnu.tar", entries, format=tarfile.GNU_FORMAT)]
    for number, archive in enumerate(archives):
        for locale in ("C", "C.UTF-8"):
            target = here / f"{number}-{locale}"
            target.mkdir()
            harness.command(harness.BIN / "unpack_archive", archive, target, env={"LC_ALL": locale})
            assert files_of(target) == dict(entries), f"{archive} with LC_ALL={locale}: {sorted(files_of(target))}"


def test_backslashes(here):
    """convert: in ZIP files backslashes separate folders as slashes do, mixed or not."""
    entries = [(name, png(number)) for number, name in enumerate(("photos/cat\\0.png", "photos\\cat\\1.png", "photos/dog/2.png", "photos\\fox\\"))]
    with zipfile.ZipFile(here / "a.zip", "w") as archive:
        for name, data in entries:
            info = zipfile.ZipInfo("x")
            info.filename = info.orig_filename = name
            info.create_system = 0
            archive.writestr(info, b"" if name.endswith("\\") else data)
    said = convert("a.zip", here).stdout
    assert "  cat: 2" in said and "  dog: 1" in said, said
    assert "Without an image, and so no categories: photos/fox (an empty folder)" in said, said


def test_image_directory(here):
    """convert: an archive that holds an ImageDirectory gives that directory, and of a limit the same lines."""
    entries = [("sub/" + name, data) for name, data in files_of(ORIGINAL).items()]
    as_zip(here / "a.zip", entries + [("sub/image/stray.png", png())])
    said = convert("a.zip", here).stdout
    assert "The archive holds an image directory, which is taken as it is" in said, said
    assert "Left out 1, not named by the index: image/stray.png" in said, said
    assert files_of(here / "out") == files_of(ORIGINAL)
    (here / "few").mkdir()
    convert(here / "a.zip", here / "few", "--limit=6")
    lines = (here / "few/out/images.lst").read_text().splitlines()
    assert len(lines) == 6 and set(lines) < set((ORIGINAL / "images.lst").read_text().splitlines()), lines
    as_zip(here / "b.zip", [entry for entry in entries if not entry[0].endswith("image/0_0.png")])
    said = harness.torchport(*CONVERT, "--input_path=b.zip", "--output_path=lacking", cwd=here, status=5).stderr
    assert "the input has a broken index: 'image/0_0.png' is not there" in said and not (here / "lacking").exists(), said


def test_parts(here):
    """convert: an archive of train and val is refused with the commands that unpack and convert it."""
    entries = [(f"set/{part}/{name}/1.png", png()) for part in ("train", "val") for name in ("cat", "dog")]
    for archive, how in ((as_zip(here / "a.zip", entries), "unzip a.zip -d a"), (as_tar(here / "b.tar.gz", entries, "w:gz"), "mkdir -p b && tar -xf b.tar.gz -C b")):
        said = convert(archive.name, here, status=5).stderr
        stem = archive.name[0]
        assert (f"  first   {how}\n"
                f"  run     torchport run convert_to_image_directory --input_path={stem}/set/train --output_path=out_train\n"
                f"  run     torchport run convert_to_image_directory --input_path={stem}/set/val --output_path=out_val\n") in said, said


def test_kinds(here):
    """convert: an archive is known by its content; of a kind that is not unpacked here the command that does it is given, and works."""
    entries = [(f"{name}/1.png", png()) for name in ("cat", "dog")]
    as_zip(here / "a.zip", entries).rename(here / "download")
    assert "2 images in 2 categories" in convert("download", here).stdout
    as_tar(here / "-my photos.tar.xz", entries, "w:xz")
    said = harness.torchport(*CONVERT, "--input_path=-my photos.tar.xz", "--output_path=new", cwd=here, status=5).stderr
    assert "the input '-my photos.tar.xz' is an archive of a kind that is not unpacked here" in said, said
    [command] = re.findall("^  unpack +(.+)$", said, re.M)
    subprocess.run(command, shell=True, check=True, cwd=here)
    assert files_of(here / "-my photos") == dict(entries)
    assert " -C './-my photos_unpacked'" in harness.torchport(*CONVERT, "--input_path=-my photos.tar.xz", "--output_path=new", cwd=here, status=5).stderr
    for name, beginning, tool in (("b.7z", b"7z\xbc\xaf\x27\x1c", "7z x b.7z -ob"), ("c.rar", b"Rar!\x1a\x07\x01\0", "unrar x c.rar c/"),
                                  ("d.tar.zst", b"\x28\xb5\x2f\xfd", "mkdir -p d && tar -xf d.tar.zst -C d")):
        (here / name).write_bytes(beginning + bytes(60))
        said = harness.torchport(*CONVERT, f"--input_path={name}", "--output_path=new", cwd=here, status=5).stderr
        assert f"  unpack   {tool}\n" in said, said


def test_archives_in_place_of_images(here):
    """convert: where archives lie that are not taken, the error says how to unpack them."""
    as_zip(here / "inner.zip", [("cat/1.png", png())])
    as_zip(here / "outer.zip", [("train.zip", (here / "inner.zip").read_bytes()), ("list.csv", b"x")])
    said = convert("outer.zip", here, status=5).stderr
    assert "  unpack   unzip outer.zip -d outer\n  unpack   unzip outer/train.zip -d outer/train\n" in said, said


def test_errors_name_no_scratch(here):
    """convert: what is wrong with a file in an archive is said with its place in the archive."""
    as_zip(here / "a.zip", [("set/images/1.png", png()), ("set/annotations/x.json", b'{"images": [], "annotations": 3}')])
    said = convert("a.zip", here, status=5).stderr
    assert "the COCO file 'a.zip!set/annotations/x.json' cannot be used: its 'annotations' is not a list" in said, said
    (here / "a.zip").rename(here / os.fsdecode(b"inv\xff.zip"))
    assert "its 'annotations' is not a list" in convert(os.fsdecode(b"inv\xff.zip"), here, status=5).stderr
    coco = b'{"images": [], "annotations": [], "categories": []}'
    as_zip(here / "b.zip", [(f"{part}/_annotations.coco.json", coco) for part in ("train", "valid")])
    said = convert("b.zip", here, status=5).stderr
    assert "several folders of 'b.zip!' hold COCO files: train/_annotations.coco.json, valid/_annotations.coco.json" in said, said
    assert ("  first   unzip b.zip -d b\n"
            "  run     torchport run convert_to_image_directory --input_path=b/train --output_path=out_train\n") in said and "scratch" not in said, said


def encrypted(path):
    as_zip(path, [("cat/1.png", png())])
    data = bytearray(path.read_bytes())
    data[6] |= 1   # the flag of the local header, and of the directory's
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    return path


def hostile(here):
    """(archive, the sentence of its refusal after "the archive '...' cannot be unpacked: ")"""
    good = ("cat/1.png", png())
    entry = lambda name, why: f"its entry '{name}' {why}"
    damaged = bytearray(as_zip(here / "crc.zip", [good]).read_bytes())
    damaged[40 + 20] ^= 1
    (here / "crc.zip").write_bytes(damaged)
    whole = as_zip(here / "whole.zip", [good, ("cat/2.png", random.Random(1).randbytes(9999))]).read_bytes()
    for name, data in {"cut.zip": whole[:-30], "half.zip": whole[:len(whole) // 2], "spanned.zip": whole[:-18] + b"\x01\0\x01\0" + whole[-14:],
                       "text.zip": b"text", "photo.png.gz": gzip.compress(png()), "empty.tar": b""}.items():
        (here / name).write_bytes(data)
    tar = as_tar(here / "whole.tar.gz", [good, ("cat/2.png", random.Random(1).randbytes(99999))], "w:gz").read_bytes()
    (here / "cut.tar.gz").write_bytes(tar[:-5000])
    missing_end = "its end is missing: it was cut short, or is a part of several"
    neither = "it is neither a ZIP nor a tar archive"
    with open(here / "bytes.tar", "wb") as raw, tarfile.open(fileobj=raw, mode="w", format=tarfile.GNU_FORMAT, encoding="latin-1") as archive:
        archive.addfile(tarfile.TarInfo("cat/\xe9.png"))
    bomb = 200 << 20
    yield as_zip(here / "slip.zip", [good, ("../evil.png", png())]), entry("../evil.png", "leads out of the archive")
    yield as_zip(here / "deep.zip", [("cat/../../../evil.png", png())]), entry("cat/../../../evil.png", "leads out of the archive")
    yield as_zip(here / "absolute.zip", [(f"{here}/evil.png", png())]), entry(f"{here}/evil.png", "has an absolute path")
    yield as_tar(here / "slip.tar", [("cat/1.png", png()), ("../evil.png", png())]), entry("../evil.png", "leads out of the archive")
    yield as_tar(here / "link.tar", [special("cat", tarfile.SYMTYPE, str(here)), ("cat/evil.png", png())]), entry("cat", "is a symbolic link")
    yield as_tar(here / "hard.tar", [special("cat/1.png", tarfile.LNKTYPE, "/etc/passwd")]), entry("cat/1.png", "is a hard link")
    yield as_tar(here / "fifo.tar", [special("cat/1.png", tarfile.FIFOTYPE)]), entry("cat/1.png", "is neither a file nor a folder")
    yield as_tar(here / "device.tar", [special("cat/1.png", tarfile.CHRTYPE)]), entry("cat/1.png", "is neither a file nor a folder")
    yield as_tar(here / "twice.tar", [good, good]), entry("cat/1.png", "is there twice")
    yield as_tar(here / "under.tar", [("cat", png()), good]), entry("cat/1.png", "is in a folder that is a file, too, or cannot be made")
    yield as_tar(here / "long.tar", [("x" * 300 + ".png", png())]), entry("x" * 300 + ".png", "has too long a name")
    yield here / "bytes.tar", entry("cat/\\xe9.png", "has a name that is not UTF-8")
    yield encrypted(here / "secret.zip"), entry("cat/1.png", "is protected by a password")
    yield as_zip(here / "bomb.zip", [("cat/1.png", bytes(bomb))]), entry("cat/1.png", f"makes more than {64 << 20} bytes of an archive of ")
    yield as_tar(here / "bomb.tar.bz2", [("cat/1.png", bytes(bomb))], "w:bz2"), entry("cat/1.png", f"makes more than {64 << 20} bytes of an archive of ")
    many = [(f"cat/{number}.png", bytes(20 << 20)) for number in range(4)]   # each alone would pass
    yield as_zip(here / "many.zip", many), entry("cat/3.png", f"makes more than {64 << 20} bytes of an archive of ")
    yield as_zip(here / "none.zip", []), "it is empty"
    yield as_tar(here / "none.tar", []), "it is empty"
    yield as_zip(here / "drive.zip", [("C:\\photos\\evil.png", png())]), entry("C:/photos/evil.png", "has an absolute path")
    deepest = "x/" * 65 + "1.png"
    yield as_tar(here / "deepest.tar", [(deepest, png())]), entry(deepest, "lies more than 64 folders deep")
    folders = as_tar(here / "folders.tgz", [special(f"{number}/" + "x/" * 50, tarfile.DIRTYPE) for number in range(9999)], "w:gz")
    yield folders, entry("20/" + "x/" * 50, f"makes more than {64 << 20} bytes of an archive of ")
    three = as_zip(here / "overlap.zip", [good, ("cat/2.png", png()), ("cat/3.png", png())]).read_bytes()
    second = three.find(b"PK\1\2", three.find(b"PK\1\2") + 4)
    (here / "overlap.zip").write_bytes(three[:second + 42] + bytes(4) + three[second + 46:])   # the second entry's place is the first one's
    yield here / "overlap.zip", "its directory has 3 entries, but only 2 with a place of their own"
    yield here / "crc.zip", entry("cat/1.png", "is damaged: ")
    yield here / "cut.tar.gz", entry("cat/2.png", "is damaged: ")
    for name, reason in {"cut.zip": missing_end, "half.zip": missing_end, "spanned.zip": "it is one of several parts", "text.zip": neither,
                         "photo.png.gz": neither, "empty.tar": "it is empty"}.items():
        yield here / name, reason


def test_hostile(here):
    """convert: hostile and damaged archives are refused, naming the entry, and nothing of them is written elsewhere."""
    for archive, reason in hostile(here):
        said, before = "", files_of(here)
        with tempfile.TemporaryDirectory(dir=here) as target:
            said = harness.command(harness.BIN / "unpack_archive", archive, target, status=5).stdout
        wanted = f"the archive '{archive}' cannot be unpacked: {reason}"
        assert said.startswith(wanted), f"{said}\n--- wanted\n{wanted}"
        assert files_of(here) == before, f"{archive}: something is left"
    assert not list(here.parent.glob("evil*"))
    (here / "work").mkdir()
    said = convert(here / "link.tar", here / "work", "--run-dir=run", status=5).stderr
    assert said.startswith(f"error[InvalidDatasetError] convert_to_image_directory: the archive '{here}/link.tar' cannot be unpacked: its entry 'cat' "
                           f"is a symbolic link\n  unpack   mkdir -p {here}/link && tar -xf {here}/link.tar -C {here}/link\n"
                           "  hint     Unpack it and give the folder, or pack the images again, as plain files in folders.\n"), said
    assert [path.name for path in (here / "work").iterdir()] == ["run"]


def test_random_damage(here):
    """convert: archives with random damage end with a verdict of ours, and none crashes it."""
    entries = [(f"{name}/{number}.png", png(number)) for name in ("cat", "dog") for number in range(3)]
    sources = [as_zip(here / "a.zip", entries), as_tar(here / "a.tar", entries), as_tar(here / "a.tar.gz", entries, "w:gz"), as_tar(here / "a.tbz", entries, "w:bz2")]
    draw, outcomes = random.Random(3), []
    for number in range(240):
        data = bytearray(sources[number % 4].read_bytes())
        for _ in range(draw.randint(1, 6)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        del data[draw.randrange(len(data) // 2, len(data) + 1):]
        (here / "damaged").write_bytes(data)
        with tempfile.TemporaryDirectory(dir=here) as target:
            outcomes.append(harness.command(harness.BIN / "unpack_archive", here / "damaged", target, status=None).returncode)
    assert set(outcomes) == {0, 5} and outcomes.count(5) > 80, outcomes


def test_killed(here):
    """convert: what a killed run had unpacked is gone with the next run."""
    as_tar(here / "big.tar", [(f"cat/{number}.bmp", os.urandom(1 << 20)) for number in range(300)])
    process = subprocess.Popen([harness.BIN / "torchport", *CONVERT, "--input_path=big.tar", "--output_path=out"], cwd=here, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not list(here.glob(".torchport-out-*/.scratch/cat/*")):
        assert process.poll() is None and time.monotonic() < deadline, "nothing was unpacked"
    process.kill()
    process.wait()
    assert list(here.glob(".torchport-out-*/.scratch/cat/*")) and not (here / "out").exists()
    as_zip(here / "small.zip", [("cat/1.png", png())])
    convert("small.zip", here)
    assert not list(here.glob(".torchport*")) and (here / "out/images.lst").exists()
