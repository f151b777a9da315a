"""The commands of the documents do what their pages say, on small data in place of the reader's own; so does what the demo prints."""
import json
import re
import shlex
import shutil
import struct
import xml.etree.ElementTree

import numpy
import pytest
import yaml
from PIL import Image

from harness import BIN, SOURCE, class_folders, command, torchport
from server import serving

PAGES = [SOURCE / "README.md", *sorted((SOURCE / "docs").glob("*.md")), *sorted((SOURCE / "examples").rglob("*.md"))]
OUTPUTS = {spec.stem: {row["flag"].replace("_", "-") for row in yaml.safe_load(spec.read_text())["outputs"].values()}
           for spec in (SOURCE / "spec/components").glob("*.yaml")}
NOT_ROOT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}   # the reader is not root
# A line's … stands for the flags of a training.
TRAINING = "--untrained-model-path m --train-data-path t --valid-data-path v --trained-model-path out"
# Lines that are only checked, which runs the same code up to the work itself: they need a network, ImageNet, or other machines.
CHECKED = r"run resnet --model_name=resnet18 --untrained_model_path=m$|examples/(imagenet|from_designer|fashion_mnist)/|-np 16|--compute="
# What stands for the reader's own: a regular expression, and what takes its place.
STAND_INS = [("/usr/share/doc/torchport/examples", "examples"), ("quick photos", "quick photos/train"), ("--epochs 50 --patience 50", "--epochs 2 --patience 2"), (r"--hostfile hosts -np 16", "-np 2"), ("-per-node=4", "-per-node=1"), (r"(inputs\.\w+)=/\S+", r"\1=photos/train"),
             (r"(run|estimate)( examples/imagenet/\S+)", r"\1\2 --set train.process_count_per_node=1"),
             (r"(run|estimate)( examples/fashion_mnist/\S+)", r"\1\2 --set inputs.images=idx")]


def blocks(page, language=""):
    return [text for named, text in re.findall(r"^```(\w*)\n(.*?)^```", page.read_text(), re.M | re.S) if named == language]


def commands(page):
    """The command lines of its blocks, without prompts, comments and breaks."""
    for block in blocks(page):
        for line in re.sub(r"\\\n\s*", "", block).splitlines():
            words = re.sub(r"^\$ ", "", line)
            if re.match(r"(build/bin/)?torchport [a-z-]|mpirun ", words):
                yield words.replace("build/bin/", "").replace("train_pytorch_model …", f"train_pytorch_model {TRAINING}")


def outputs(words):
    """What a component's command line makes."""
    flags = [name.replace("_", "-") for names in OUTPUTS.values() for name in names]
    text = " ".join(words).replace("=", " ").split()
    return [text[place + 1] for place, word in enumerate(text) if word.lstrip("-").replace("_", "-") in flags]


def checked(words):
    """The same request as one that does nothing: validate for a component, --dry-run for a pipeline."""
    if words[1].endswith(".yaml") and words[0] in ("run", "estimate"):
        return ["run", *words[1:], "--dry-run"]
    return ["validate" if words[0] == "run" else words[0], *words[1:]]


def idx_files(folder):
    """Ten categories of random pixels, in the form and by the names of Fashion-MNIST."""
    random = numpy.random.default_rng(3)
    folder.mkdir()
    for part, count in (("train", 160), ("t10k", 20)):
        pixels, labels = random.integers(0, 256, (count, 28, 28), dtype=numpy.uint8), numpy.arange(count, dtype=numpy.uint8) % 10
        (folder / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">IIII", 0x803, count, 28, 28) + pixels.tobytes())
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, count) + labels.tobytes())


@pytest.fixture
def reader(work):
    """The folder of a reader who has this source tree's examples, and photos of his own in many sizes."""
    (work / "examples").symlink_to(SOURCE / "examples")
    random = numpy.random.default_rng(5)
    for seed, part in enumerate(("train", "valid")):
        class_folders(work / "photos" / part, each=16, seed=seed)
        for place, photo in enumerate(sorted((work / "photos" / part).rglob("*.png"))):
            Image.open(photo).resize(tuple(random.integers(40, 90, 2))).save(photo.with_suffix(".jpg"))
            photo.unlink()
    return work


def run_line(line, cwd):
    """As it is printed, but for mpirun's leave to run as root."""
    words = shlex.split(line, comments=True)
    if words[:3] == ["torchport", "serve", "--trained-model"]:   # until it listens
        with serving(cwd, "model", *words[4:], cwd=cwd) as server:
            return server.healthy()
    if words[0] == "torchport":
        return torchport(*words[1:], cwd=cwd, env=NOT_ROOT)
    program = words.index("torchport")
    return command(*words[:program], BIN / "torchport", *words[program + 1:], cwd=cwd, env=NOT_ROOT)


def test_readme(reader):
    (reader / "photos").rename(reader / "parts")
    (reader / "parts/train").rename(reader / "photos")
    lines = [line for line in commands(SOURCE / "README.md") if "fashion_mnist" not in line]
    assert len(lines) > 3, lines
    for line in lines:
        run_line(line, reader)
    assert (reader / "graph.html").exists() and (reader / "runs/photos-2").exists()


def test_getting_started(reader):
    page = SOURCE / "docs/getting-started.md"
    for line in commands(page):
        run_line(line, reader)
    for made in ("t224", "out2/model", "e/metrics.json", "e/mistakes.csv", "e/confusion_matrix.svg"):
        assert (reader / made).exists(), f"{page.name} does not make {made}"


def test_pipelines(reader):
    page = SOURCE / "docs/pipelines.md"
    class_folders(reader / "small/photos", each=32)   # the page's network takes its images as they are
    class_folders(reader / "small/valid", each=8)
    (reader / "flowers.yaml").write_text(blocks(page, "yaml")[0].replace("./photos", "./small/photos").replace("./valid", "./small/valid"))
    lines = [line for line in commands(page) if "flowers" in line or "runs" in line]
    assert len(lines) > 7, lines
    for line in lines:
        run_line(line.replace("=/data", "=small/photos"), reader)
    assert (reader / "flowers.html").exists() and (reader / "runs/flowers-1/pipeline.json").exists()


def label_export(folder, photos):
    """Labels of photos as a data labeling project hands them out."""
    folder.mkdir()
    (folder / "labels.jsonl").write_text("".join(json.dumps({
        "image_url": f"AmlDatastore://workspaceblobstore/UI/animals/{photo.parent.parent.name}/{photo.parent.name}/{photo.name}", "label": photo.parent.name}) + "\n"
        for photo in photos))


def test_coming_from_azure(reader):
    page = SOURCE / "docs/coming-from-azure.md"
    (reader / "components").symlink_to(SOURCE / "examples/azure_job/components")
    shutil.copy(SOURCE / "examples/azure_job/photos.zip", reader)
    (reader / "job.yml").write_text((SOURCE / "examples/azure_job/pipeline.yml").read_text().replace("epochs: 6", "epochs: 1"))
    shutil.copy(SOURCE / "tests/data/azure/graph/graph.json", reader)
    photos = sorted((reader / "photos/train").rglob("*.jpg"))
    (reader / "animals").symlink_to(reader / "photos/train")
    label_export(reader / "export", photos)
    shutil.copy(photos[0], reader / "photo.jpg")
    lines = [*commands(page)]
    assert len(lines) > 12, lines
    for line in lines:
        made = reader / "runs/shapes-1"
        if "trained_model_outputs" in line and not (reader / "trained_model_outputs").exists():
            shutil.copytree(made / "train/outputs/trained_model", reader / "trained_model_outputs")
            shutil.rmtree(reader / "images")
            shutil.copytree(made / "apply_valid/outputs/output", reader / "images")
        if "validate" in line:   # a file of one's own
            torchport("import", "job.yml", "-o", "pipeline.yaml", cwd=reader)
        if "inputs.animals" in line or "run examples/" in line:   # the graph's network is fetched; examples run in canvas_examples_test.py
            torchport(*checked(shlex.split(line, comments=True)[1:]), cwd=reader)
            continue
        run_line(line, reader)
    assert (reader / "graph.html").exists() and (reader / "scored/_meta.yaml").exists()


def test_other_pages(reader):
    for part in ("photos", "valid"):
        class_folders(reader / "small" / part, each=32)
        torchport("run", "convert_to_image_directory", f"--input_path=small/{part}", f"--output_path={'t' if part == 'photos' else 'v'}", cwd=reader)
    torchport("run", "resnet", "--model_name=resnet18", "--pretrained=False", "--untrained_model_path=untrained", cwd=reader)
    (reader / "checkpoint.pth").write_bytes((reader / "untrained/model").read_bytes())
    (reader / "resnet18.pth").write_bytes((reader / "untrained/model").read_bytes())
    (reader / "labels.txt").write_text("".join(f"{number}\n" for number in range(1000)))
    torchport("import", "resnet18.pth", "--labels", "labels.txt", "-o", "model", cwd=reader)
    torchport("run", "init_image_transformation", "--output_path=transformation", cwd=reader)
    Image.new("RGB", (300, 300)).save(reader / "photo.jpg")
    idx_files(reader / "idx")
    (reader / "serve.key").write_text("a-key\n")
    (reader / "serve.key").chmod(0o600)
    (reader / "computes.yaml").write_text(blocks(SOURCE / "docs/clusters.md", "yaml")[0])
    done = ("README.md", "docs/getting-started.md", "docs/pipelines.md", "docs/coming-from-azure.md")
    pages = [page for page in PAGES if str(page.relative_to(SOURCE)) not in done]
    lines = [line for page in pages for line in commands(page)]
    assert len(lines) > 10, lines
    for line in lines:
        only_checked = re.search(CHECKED, line)
        for wanted, instead in STAND_INS:
            line = re.sub(wanted, instead, line)
        for output in outputs(shlex.split(line)):
            shutil.rmtree(reader / output, ignore_errors=True)   # of the page before
        if "--untrained-model-path m " in line:
            shutil.copytree(reader / "untrained", reader / "m", dirs_exist_ok=True)
        if only_checked:
            torchport(*checked(shlex.split(re.sub(r"^mpirun -np 2 ", "", line), comments=True)[1:]), cwd=reader, env=NOT_ROOT)
            continue
        run_line(line, reader)


def form(line):
    """The line without what differs from run to run."""
    return re.sub(r"\d[\d.]*", "0", re.sub(r"\d+ min \d+ s|[\d.]+ s\b", "TIME", line)).rstrip()


def test_what_the_demo_prints(reader):
    """Each line that the README shows of it, but for numbers, is one that a run of the same pipeline prints."""
    idx_files(reader / "idx")
    words = ["run", "examples/fashion_mnist/pipeline.yaml", "--set", "inputs.images=idx", "--set", "train_images.limit=100", "--set",
             "test_images.limit=20", "--set", "train.process_count_per_node=1"]
    printed = {form(line) for _ in range(2) for line in torchport(*words, cwd=reader).stdout.splitlines()}
    block = next(block for block in blocks(SOURCE / "README.md") if "$ ./dev demo" in block)
    shown = [line for line in block.splitlines() if re.match(r"\[\d|\d{4}-|\w+ finished after", line)]
    assert len(shown) > 4, shown
    strange = [line for line in shown if form(line) not in printed]
    assert not strange, "\n".join([*strange, "--- printed:", *sorted(printed)])


def test_the_picture_is_that_of_the_example(work):
    """The README's picture says what torchport graph draws today, wherever Graphviz puts it."""
    def texts(path):
        return {"".join(text.itertext()) for text in xml.etree.ElementTree.parse(path).getroot().iter("{http://www.w3.org/2000/svg}text")}
    torchport("graph", "examples/fashion_mnist/pipeline.yaml", "-o", work / "graph.svg", cwd=SOURCE)
    assert texts(SOURCE / "docs/fashion_mnist.svg") == texts(work / "graph.svg")
