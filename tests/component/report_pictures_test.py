"""torchport report: the pictures of mistakes whose photos are no files of their own, as of an archive, come from the dataset that was scored."""
import base64
import io
import re
import shutil
import zipfile

from PIL import Image
from harness import torchport
from report_test import made_evaluation, made_run, read


def made_scoring(folder, table, dataset):
    """The run of a Score Image Model that wrote `table`."""
    return made_run(folder, component="score_image_model", inputs={"dataset": {"path": str(dataset)}}, outputs={"scored_dataset": {"path": str(table)}})


def test_mistakes_in_archives(work):
    """A mistake whose path is no file of its own is shown as it was scored, by the id and the path of the scored dataset."""
    (work / "photos").mkdir()
    for name, colour in (("a", "red"), ("b", "blue"), ("c", "lime")):
        (work / "photos" / name).mkdir()
        Image.new("RGB", (60, 40), colour).save(work / f"photos/{name}/1.png")
    with zipfile.ZipFile(work / "photos.zip", "w") as archive:
        for name in "abc":
            archive.write(work / f"photos/{name}/1.png", f"{name}/1.png")
    torchport("run", "convert_to_image_directory", "--input-path", "photos.zip", "--output-path", "images", cwd=work)
    origins = [f"photos.zip!{name}/1.png" for name in "abc"]
    table = work / "table"
    made_scoring(work / "runs/score-1", table, work / "images")
    run = made_run(work / "runs/evaluate-1", component="evaluate_model", inputs={"scored_dataset": {"path": str(table)}})
    made_evaluation(run / "outputs/evaluation", list("abc"), [(path, place, (place + 1) % 3) for place, path in enumerate(origins)])
    page = read("runs/evaluate-1", cwd=work)
    shown = {image[1]["alt"]: Image.open(io.BytesIO(base64.b64decode(image[1]["src"].removeprefix("data:image/jpeg;base64,")))).getpixel((30, 20))
             for image in page.all("img")}
    assert list(shown) == origins, shown
    for found, wanted in zip(shown.values(), ((255, 0, 0), (0, 0, 255), (0, 255, 0))):
        assert all(abs(ours - theirs) < 8 for ours, theirs in zip(found, wanted)), shown
    assert f"3 of these pictures show the image as it was scored, in {work}/images: no file of its own is at its path." in page.text
    assert "cannot be shown" not in page.text
    assert [span[2].strip() for span in page.all("span", class_="folder")] == [f"photos.zip!{name}/" for name in "abc"], "a path loses its end"

    other = run / "outputs/evaluation/mistakes.csv"
    other.write_text(other.read_text().replace("photos.zip!a", "photos.zip!z"))
    page = read("runs/evaluate-1", cwd=work)
    assert len(page.all("img")) == 2 and "the dataset has another image with the id 0, " in page.text, "another image stands for the mistake"
    shutil.rmtree(work / "images")
    page = read("runs/evaluate-1", cwd=work)
    assert not page.all("img") and re.search(r"3 of these images cannot be shown\. The first: .*photos\.zip.z/1\.png: .*images", page.text), re.findall("[^>]*cannot be shown[^<]*", page.text)
    shutil.rmtree(work / "runs/score-1")
    assert "no record says which dataset was scored" in read("runs/evaluate-1", cwd=work).text
