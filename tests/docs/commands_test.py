"""The commands of the documents do what their pages say, on small data in place of the reader's own; so does what the demo prints."""
import re
import shlex
import struct
import xml.etree.ElementTree

import numpy
import pytest
import yaml

from harness import SOURCE, class_folders, torchport

PAGES = [SOURCE / "README.md", *sorted((SOURCE / "docs").glob("*.md")), *sorted((SOURCE / "examples").rglob("*.md"))]
RUN = {"docs/getting-started.md", "docs/pipelines.md"}   # the others' commands are only checked, which runs the same code up to the work itself
OUTPUTS = {spec.stem: {row["flag"].replace("_", "-") for row in yaml.safe_load(spec.read_text())["outputs"].values()}
           for spec in (SOURCE / "spec/components").glob("*.yaml")}
NOT_ROOT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}   # the reader is not root
# What stands for the reader's own: a regular expression, and what takes its place.
STAND_INS = [(r"(inputs\.\w+)=/\S+", r"\1=photos/train"), (r"(run|estimate)( examples/imagenet/\S+)", r"\1\2 --set train.process_count_per_node=1"),
             (r"(run|estimate)( examples/fashion_mnist/\S+)", r"\1\2 --set inputs.images=idx")]


def blocks(page, language=""):
    return [text for named, text in re.findall(r"^```(\w*)\n(.*?)^```", page.read_text(), re.M | re.S) if named == language]


def commands(page):
    """The command lines of its blocks, without prompts, comments and breaks."""
    for block in blocks(page):
        for line in re.sub(r"\\\n\s*", "", block).splitlines():
            words = re.sub(r"^\$ ", "", line)
            if re.match(r"(build/bin/)?torchport [a-z-]|mpirun |\./dev ", words) and "…" not in words:   # … stands for more flags
                yield words.replace("build/bin/", "")


def checked(words):
    """The same request as one that does nothing: validate for a component, --dry-run for a pipeline, outputs where nothing is yet."""
    subject = words[1]
    if words[0] in ("run", "estimate") and subject.endswith(".yaml"):
        return ["run", *words[1:], *([] if "--dry-run" in words else ["--dry-run"])]
    if words[0] != "run":
        return words
    flags = [re.match(r"--([\w-]+)=?", word) for word in words]
    output = [bool(flag) and flag[1].replace("_", "-") in OUTPUTS[subject] for flag in flags]
    fresh = [re.sub(r"=.*", "=fresh", word) if is_output else "fresh" if place and output[place - 1] and "=" not in words[place - 1] else word
             for place, (word, is_output) in enumerate(zip(words, output))]
    return ["validate", *[f"{word}{place}" if word.endswith("fresh") else word for place, word in enumerate(fresh[1:])]]


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
    """The folder of a reader who has this source tree's examples and photos of his own."""
    (work / "examples").symlink_to(SOURCE / "examples")
    for name, seed in (("train", 1), ("valid", 2)):
        class_folders(work / "photos" / name, each=32, seed=seed)
    return work


def test_getting_started(reader):
    page = SOURCE / "docs/getting-started.md"
    for line in commands(page):
        if line.startswith("torchport"):
            torchport(*shlex.split(line)[1:], cwd=reader, env=NOT_ROOT)
    for made in ("t224", "out2/model", "e/metrics.json", "e/confusion_matrix.svg"):
        assert (reader / made).exists(), f"{page.name} does not make {made}"


def test_pipelines(reader):
    page = SOURCE / "docs/pipelines.md"
    (reader / "flowers.yaml").write_text(blocks(page, "yaml")[0].replace("./photos", "./photos/train").replace("./valid", "./photos/valid"))
    lines = [line for line in commands(page) if "flowers" in line or "runs" in line]
    assert len(lines) > 7, lines
    for line in lines:
        words = shlex.split(re.sub(*STAND_INS[0], line), comments=True)[1:]
        real = line.startswith("torchport run flowers.yaml ") and not (reader / "runs").exists()
        torchport(*(words if real else checked(words)), cwd=reader, env=NOT_ROOT)
    assert (reader / "flowers.html").exists() and (reader / "runs/flowers-1/pipeline.json").exists()


def test_other_pages(reader):
    for name in ("train", "valid"):
        torchport("run", "convert_to_image_directory", f"--input_path=photos/{name}", f"--output_path={name[0]}", cwd=reader)
    torchport("run", "resnet", "--model_name=resnet18", "--pretrained=False", "--untrained_model_path=m", cwd=reader)
    (reader / "checkpoint.pth").write_bytes((reader / "m/model").read_bytes())
    idx_files(reader / "idx")
    pages = [page for page in PAGES if str(page.relative_to(SOURCE)) not in RUN]
    lines = {line: page for page in pages for line in commands(page) if not line.startswith("./dev") and "--hostfile" not in line}
    assert len(lines) > 12, lines
    for line in lines:
        for wanted, instead in STAND_INS:
            line = re.sub(wanted, instead, line)
        words = shlex.split(re.sub(r"^mpirun -np 2 ", "", line), comments=True)[1:]
        torchport(*checked(words), cwd=reader, env=NOT_ROOT)


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
