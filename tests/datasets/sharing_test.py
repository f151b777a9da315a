"""What image directories share with those that they were made of: files between the steps of a pipeline, and noted sizes."""
import json
import os
import shutil

import pytest

from harness import class_folders, torchport

PIPELINE = """name: small
steps:
  convert:
    component: convert_to_image_directory
    inputs: {input: ./photos}
  split:
    component: split_image_directory
    inputs: {images: convert.output}
  list:
    component: init_image_transformation
    parameters: {resize: false, crop_size: 24}
  apply:
    component: apply_image_transformation
    inputs: {transformation: list.output, images: split.first}
    parameters: {when: every_epoch, mode: For training}
"""


def images_of(folder):
    return {json.loads(line)["image_info"]["file_name"] for line in (folder / "images.lst").read_text().splitlines()}


def content(folder, names):
    return {name: (folder / name).read_bytes() for name in names}


def apply(work, images, out, *arguments):
    torchport("run", "apply_image_transformation", "--mode=For training", "--when=every_epoch", f"--input_image_transform_path={work / 'crop'}",
              f"--input_image_dir_path={images}", f"--output_path={out}", "--run-dir", f"{out}-run", *arguments)
    return (out.parent / f"{out.name}-run/logs/70_driver_log_0").read_text()


@pytest.fixture(scope="module")
def finished(shared):
    """The pipeline's runs, the list of its operations, and a copy of an output outside of the runs."""
    class_folders(shared / "photos", each=10)
    (shared / "p.yaml").write_text(PIPELINE)
    torchport("run", "p.yaml", cwd=shared)
    torchport("run", "init_image_transformation", "--resize=False", "--crop_size=24", f"--output_path={shared / 'crop'}", "--run-dir", shared / "crop-run")
    shutil.copytree(shared / "runs/small-1/split/outputs/first", shared / "outside")
    return shared


def test_pipeline(work):
    """Between the steps of a pipeline files are linked, and the log says so; the photos outside are not."""
    class_folders(work / "photos", each=10)
    (work / "p.yaml").write_text(PIPELINE)
    torchport("run", "p.yaml", cwd=work)
    run = work / "runs/small-1"
    outputs = {name: run / name / "outputs" for name in ("convert", "split", "apply")}
    names = images_of(outputs["apply"] / "output")
    assert len(names) == 18 and names == images_of(outputs["split"] / "first"), names
    for name in names:
        inodes = {(folder / name).stat().st_ino for folder in (outputs["convert"] / "output", outputs["split"] / "first", outputs["apply"] / "output")}
        assert len(inodes) == 1, name
    log = lambda step: (run / step / "logs/70_driver_log_0").read_text()
    assert "Linked 20 files." in log("split") and "Linked 18 images, to be transformed whenever they are read: CenterCrop" in log("apply"), log("apply")
    before = content(outputs["apply"] / "output", names)
    for photo in (work / "photos").rglob("*.png"):
        with open(photo, "r+b") as file:   # in place
            file.write(b"other")
    assert content(outputs["apply"] / "output", names) == before, "a change of the input has changed an output"
    for folder in (outputs["convert"] / "output", outputs["split"] / "first", outputs["apply"] / "output"):
        assert (folder / "_sizes.lst").read_text().startswith(f"torchport image sizes 1 {len(images_of(folder))}\n"), folder
    shutil.rmtree(outputs["convert"])
    assert content(outputs["apply"] / "output", names) == before


def test_alone(finished):
    """Elsewhere nothing is one file under two names, whichever of the two lies in a folder of runs."""
    made, outside = finished / "runs/small-1/split/outputs/first", finished / "outside"
    for source, out in ((made, finished / "a"), (outside, finished / "b"), (outside, finished / "runs/small-1/apply/outputs/c")):
        log = apply(finished, source, out)
        assert "Copied 18 images, to be" in log or "Cloned 18 images, to be" in log, log
        for name in images_of(out):
            with open(out / name, "r+b") as file:
                file.write(b"other")
            assert (source / name).read_bytes()[:5] != b"other", (source, name)


def test_stale(finished):
    """Sizes that do not hold are asked of the images again, and the log says of how many."""
    work = finished
    source = shutil.copytree(work / "outside", work / "touched")
    names = sorted(images_of(source))
    for name in names[:3]:
        os.utime(source / name)
    said = f"The sizes noted in '{source}/_sizes.lst' are not used for "
    assert "The sizes noted" not in apply(work, work / "outside", work / "d")
    assert said + "3 of 18 images: their files were changed or copied since." in apply(work, source, work / "e")
    (source / "_sizes.lst").write_text("torchport image sizes 1 18\n1 2")
    assert said + "18 of 18 images: it does not fit the index." in apply(work, source, work / "f")
    for out in ("d", "e", "f"):
        assert (work / out / "_sizes.lst").read_text().count(" 32 32 ") == 18, out
