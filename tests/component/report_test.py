"""torchport report: the page is whole HTML, has all that the run's folder has, shows hostile names as text, and stays small."""
import base64
import csv
import io
import json
import re
import urllib.parse

from PIL import Image
from harness import SOURCE, class_folders, torchport
from report_page import Page, outside

HOSTILE = '<img src=x onerror="alert(1)">'


def training_rows(epochs, ranks=1):
    for epoch in range(1, epochs + 1):
        for name, column, value in (("learning rate", "lr", .1 / epoch), ("Train images per second", "train_ips", 100 + epoch),
                                    ("Train loss", "train_loss", "NaN" if epoch == 2 else 1 / epoch), ("Train error", "train_error", .5 / epoch),
                                    ("Valid loss", "valid_loss", 2 / epoch), ("Top-1 validation accuracy", "top1_acc", 1 - .5 / epoch),
                                    ("Top-5 validation accuracy", "top5_acc", 1.0)):
            yield f'{{"kind": "log_row", "name": "{name}", "row": {{"epoch": {epoch}, "{column}": {value}}}}}'
        for rank in range(ranks if ranks > 1 else 0):
            yield json.dumps({"kind": "log_row", "name": "Rank times", "row": {"epoch": epoch, "rank": rank, "images_per_second": 10.0 + rank, "data": .1,
                                                                             "computing": .6, "communicating": .2, "checkpointing": .1}})


def made_run(folder, **record):
    """The folder of a run by hand."""
    (folder / "logs").mkdir(parents=True)
    (folder / "logs/70_driver_log_0").write_text(f"all is well, {HOSTILE}\n")
    (folder / "run.json").write_text(json.dumps({"component": "train_pytorch_model", "state": "finished", "command": ["torchport", "run", "it's"],
                                                 "versions": {"torchport": "9.9"}, "parameters": {"epochs": {"value": 7, "origin": "command line"},
                                                 "batch_size": {"value": 16, "origin": "default"}}, **record}))
    return folder


def made_evaluation(folder, names, mistakes, bins=15):
    """An EvaluationDirectory in which each image of `mistakes`, (path, true, predicted), is wrong and two of each category are right."""
    folder.mkdir(parents=True)
    count = len(names)
    matrix = [[2 * (row == column) for column in range(count)] for row in range(count)]
    for _, true, predicted in mistakes:
        matrix[true][predicted] += 1
    (folder / "metrics.json").write_text(json.dumps({
        "rows": 2 * count + len(mistakes), "accuracy": .5, "top_5_accuracy": .75, "log_loss": 1.5, "expected_calibration_error": .1,
        "macro": {"f1": .4}, "weighted": {"f1": .45}, "confusion_matrix": matrix,
        "categories": [{"name": name, "precision": .5, "recall": .25, "f1": .3, "support": sum(matrix[place])} for place, name in enumerate(names)],
        "calibration_bins": [{"above": place / bins, "up_to": (place + 1) / bins, "rows": place % 3, "confidence": place / bins, "accuracy": .5} for place in range(bins)]}))
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["image", "id", "true_category", "predicted_category", "probability", "true_probability", "loss"])
    for place, (path, true, predicted) in enumerate(mistakes):
        rows.writerow([path, place, names[true], names[predicted], .9, .05, 9 - place / len(mistakes)])
    (folder / "mistakes.csv").write_text(text.getvalue())


def read(run, *options, cwd):
    torchport("report", run, "-o", cwd / "page.html", *options, cwd=cwd)
    page = Page((cwd / "page.html").read_text())
    assert not page.faults, page.faults[:5]
    assert not outside(page), outside(page)
    return page


def test_a_training(work):
    run = made_run(work / "run", planned_learning_rates=[.1, .05, .04, .03, .02], result={"kept_epoch": 2, "stopped_early": True},
                   learning_rate_finder={"rates": [1e-7, 1e-6, 1e-5], "losses": [2, 1.5, 140], "smoothed": [2, 1.75, 80], "steepest": 1e-6, "suggestion": 5e-7, "said": "Suggested: 5e-07"},
                   started="2026-11-24T01:02:03.456Z", ended="2026-11-24T01:03:05.456Z")
    (run / "metrics.jsonl").write_text("\n".join([*training_rows(3, ranks=2), '{"kind": "log_row", "na']))
    page = read("run", cwd=work)
    chart, table = page.chart("Top 1 accuracy")
    assert chart["labels"] == ["1", "2", "3"] and chart["series"][0]["values"] == [.5, .75, .833333], chart
    assert "0.8333" in table and [mark["at"] for mark in chart["marks"]] == [1, 2], (table, chart["marks"])
    assert "The weights of epoch 2 come out." in table and "Stopped early after epoch 3." in table, table
    chart, table = page.chart("Loss")
    assert [series["values"] for series in chart["series"]] == [[2, 1, .666667], [1, None, .333333]], chart
    chart, _ = page.chart("Learning rate")
    assert chart["labels"] == ["1", "2", "3", "4", "5"] and [series["values"] for series in chart["series"]] == [
        [.1, .05, .0333333, None, None], [.1, .05, .04, .03, .02]], chart
    chart, table = page.chart("Range test of learning rates")
    assert chart["labels"] == ["1.00e-07", "1.00e-06", "1.00e-05"] and [series["values"] for series in chart["series"]] == [[2, 1.5, 140], [2, 1.75, 80]]
    assert [mark["at"] for mark in chart["marks"]] == [1] and "Suggested: 5e-07" in table, (chart["marks"], table)
    assert chart["top"] == 2.2 and "Losses above 2.2 are not drawn" in table and not chart["logarithmic"], "the divergence rules the scale"
    assert "· 1 min 2 s" in page.text, "how long the run took is not told"
    assert page.chart("Train images per second")[0]["series"][0]["values"] == [101, 102, 103]
    assert page.chart("Top 5 accuracy")[0]["share"]
    assert page.chart("Images per second of each process's own work")[0]["series"][0]["values"] == [10, 11]
    shares = page.chart("Where each process's time went, in percent")[0]
    assert [series["values"] for series in shares["series"]] == [[10, 10], [60, 60], [20, 20], [10, 10]] and shares["top"] == 100, shares
    assert "The slowest is process 0, with 10 images per second" in page.text
    assert HOSTILE in "".join(pre[2] for pre in page.all("pre")) and not page.all("img"), "a log's line is not shown as text"
    assert "torchport run 'it'\\''s'" in [pre[2] for pre in page.all("pre")], "the command that runs it again"
    [rows] = [table[2] for table in page.all("table") if "Batch size" in table[2]]
    assert rows.index("Epochs--epochs7command line") < rows.index("Batch size--batch-size16default"), rows


def test_mistakes(work):
    image, broken = work / f"{HOSTILE[:18]}&'.png", work / "broken.png"
    Image.new("RGB", (400, 200), (200, 30, 30)).save(image)
    broken.write_bytes(b"no image")
    run = made_run(work / "run", component="evaluate_model")
    made_evaluation(run / "outputs/evaluation", ["cat", HOSTILE, "dog, \"q\"\nline"], [(image, 0, 1), (broken, 1, 2), (work / "gone.jpg", 1, 2)])
    page = read("run", cwd=work)
    [shown] = page.all("img")
    with Image.open(io.BytesIO(base64.b64decode(shown[1]["src"].removeprefix("data:image/jpeg;base64,")))) as small:
        assert small.size == (96, 48) and small.format == "JPEG", small
        assert all(abs(ours - wanted) < 6 for ours, wanted in zip(small.getpixel((48, 24)), (200, 30, 30))), small.getpixel((48, 24))
    assert shown[1]["alt"] == str(image)
    captions = [figure[2].replace("\n", "") for figure in page.all("figure", class_="mistake")]
    assert len(captions) == 3 and "cat" in captions[0] and f"→ {HOSTILE} 90.0 %" in captions[0] and str(image) in captions[0], captions
    assert re.search(r"2 of these images cannot be shown\. The first: \S+broken\.png: ", page.text), "what cannot be shown is not counted"
    matrix = page.data["matrices"][0]
    assert matrix["names"] == ["cat", HOSTILE, "dog, \"q\"\nline"] and matrix["cells"] == [[0, 0, 2], [0, 1, 1], [1, 1, 2], [1, 2, 2], [2, 2, 2]], matrix
    [button] = page.all("button", data_show="0:1:2", class_="wrong")
    assert button[2] == "2" and len(page.all("tr", data_cell="0:1:2")) == 2 and len(page.all("figure", data_cell="0:1:2")) == 2
    bins = page.chart("Reliability: how often the network is right, by how sure it is")[0]
    assert len(bins["labels"]) == 10 and bins["series"][0]["values"] == [.5] * 10, "bins without images are not left out"
    assert [link for link in page.all("a") if (work / urllib.parse.unquote(link[1]["href"])).name == "mistakes.csv"]


def jpeg(colour):
    stream = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(stream, "JPEG")
    return base64.b64encode(stream.getvalue()).decode()


def made_first_batch(run, images):
    (run / "first_batch.json").write_text(json.dumps({"epoch": 1, "step": 3, "images_in_batch": 8, "height": 192, "width": 224, "images": images}))
    (run / "run.json").write_text(json.dumps({**json.loads((run / "run.json").read_text()), "first_batch": "first_batch.json"}))


def test_the_first_batch(work):
    """Shown also of a run that did not come to the end of an epoch; a file that is none of ours is a note."""
    run = made_run(work / "run", state="failed")
    made_first_batch(run, [{"category": HOSTILE, "jpeg": jpeg("red")}, {"category": "a", "share": .75, "blended_with": "b", "jpeg": jpeg("blue")},
                           {"category": "c", "jpeg": '"><script>'}])
    page = read("run", cwd=work)
    shown = page.all("img")
    assert [image[1]["alt"] for image in shown] == [HOSTILE, "75 % a + 25 % b"], shown
    with Image.open(io.BytesIO(base64.b64decode(shown[1][1]["src"].removeprefix("data:image/jpeg;base64,")))) as image:
        assert image.size == (40, 30)
    assert [figure[2].split("\n")[:-1] for figure in page.all("figure", class_="seen")] == [[HOSTILE], ["75 % a + 25 % b"], ["no picture", "c"]]
    assert "3 of the 8 images of epoch 1, step 3, on process 0, after all transformations: 224 × 192 pixels." in page.text
    (run / "metrics.jsonl").write_text("\n".join(training_rows(2)))
    assert len(read("run", cwd=work).all("img")) == 2 and "ネットワークが見た最初のバッチ" in read("run", "--lang", "ja", cwd=work).text
    for strange in ("[1]", '{"images": 3}', "{", '{"images": [3, null, {"jpeg": 4, "share": "x"}]}'):
        (run / "first_batch.json").write_text(strange)
        page = read("run", cwd=work)
        assert not page.all("img") and ("It cannot be shown: first_batch.json: " in page.text or strange.endswith("]}")), strange
    made_first_batch(made_run(work / "other"), [{"category": "a", "jpeg": jpeg("red")}])
    (work / "other/run.json").write_text('{"component": "train_pytorch_model", "state": "failed"}')
    assert not read("other", cwd=work).all("img"), "of another attempt in this folder: its record knows nothing of it"


def made_large_run(work):
    """50 epochs, 1,000 categories, 16 processes, 20,000 mistakes, logs of megabytes."""
    run = made_run(work / "run")
    (run / "metrics.jsonl").write_text("\n".join(training_rows(50, ranks=16)))
    for rank in range(20):
        (run / f"logs/70_driver_log_{rank}").write_text("a line of the log\n" * 100_000)
    photo = work / "photo.jpg"
    Image.effect_noise((640, 480), 90).convert("RGB").save(photo)
    made_first_batch(run, [{"category": "a", "jpeg": "A" * 16_000}] * 16)
    made_evaluation(run / "outputs/evaluation", [f"category {place}" for place in range(1000)],
                    [(photo, place % 1000, (place + 1 + place // 1000) % 1000) for place in range(20_000)])


def test_a_large_run_stays_small(work):
    """What is left out is said, with its count. tests/ecosystem/chromium_test.py opens it."""
    made_large_run(work)
    page = read("run", cwd=work)
    assert len(page.text.encode()) <= 5_000_000, len(page.text.encode())
    assert len(page.data["matrices"][0]["cells"]) == 21_000 and page.all("canvas", id="matrix-0")
    listed = len(page.all("tr", data_cell="0:0:1")) + len(page.all("tr")) and len([row for row in page.all("tr") if "data-cell" in row[1]])
    assert listed == 4000 and "4000 of 20000 mistakes are listed here." in page.text, listed
    assert "19980 more pairs are left out." in page.text and "4 more logs are not shown here:" in page.text
    left_out = re.findall(r"(\d+) bytes are left out here\.", page.text)
    shown = [pre[2] for pre in page.all("pre") if pre[2].startswith("a line of the log")]
    assert len(left_out) == 16 and len(shown) == 32 and int(left_out[0]) + len(shown[0]) + len(shown[1]) == 1_800_000, left_out
    assert 60 + 16 <= len(page.all("img")) <= 100 + 16, len(page.all("img"))


def test_the_failing_process_comes_first(work):
    run = made_run(work / "run", state="failed", exit_status=5, world_size=3)
    for rank in (1, 2):
        (run / f"logs/70_driver_log_{rank}").write_text(f"of process {rank}\n")
    cause = 'FATAL code=InvalidDatasetError/0018 rank=2 step=1.4 cause="a fault of two" path=- hint="mend it"'
    (run / "logs/70_mpi_log").write_text(f'words\n{cause}\nRESULT exit=5 first_rank=2 cause="a fault of two" checkpoint=none\n')
    page = read("run", cwd=work)
    logs = [summary[2] for summary in page.all("summary") if summary[2].startswith("70_")]
    assert logs == ["70_driver_log_2 failed first", "70_mpi_log", "70_driver_log_0", "70_driver_log_1"], logs
    [trouble] = page.all("pre", class_="trouble")
    assert "process 2" in trouble[2] and "a fault of two" in trouble[2] and "mend it" in trouble[2], trouble


PIPELINE = """name: p
steps:
  convert:
    component: convert_to_image_directory
    inputs: {input: ./in}
  split:
    component: split_image_directory
    inputs: {images: convert.output}
    parameters: {fraction: 0.5}
"""


def test_by_itself(work):
    """Each run and each pipeline leaves its report, failed ones too, with links that lead somewhere."""
    class_folders(work / "in", each=4)
    (work / "p.yaml").write_text(PIPELINE)
    torchport("run", "p.yaml", cwd=work)
    page = Page((work / "runs/p-1/report.html").read_text())
    assert not page.faults and not outside(page), page.faults[:3]
    assert {"step-convert", "step-split"} <= {group[1].get("id") for group in page.all("g")}, "the graph is not there"
    assert [state[2] for state in page.all("span") if state[1].get("class", "").startswith("state")] == ["finished", "done", "done"]
    links = [link[1]["href"] for link in page.all("a") if not link[1].get("href", "#").startswith("#")]
    gone = [link for link in links if not (work / "runs/p-1" / urllib.parse.unquote(link)).exists()]
    assert len(links) > 6 and "split/report.html" in links and not gone, (links, gone)
    assert "torchport run p.yaml" in page.text and str(work) in page.text
    for image in (work / "in").rglob("*.png"):
        image.write_bytes(b"no image")
    torchport("run", "p.yaml", "--set", "split.fraction=0.25", cwd=work, status=5)
    page = Page((work / "runs/p-2/report.html").read_text())
    assert [state[2] for state in page.all("span") if state[1].get("class", "").startswith("state")][:3] == ["failed", "failed", "waiting"]
    assert page.all("pre", class_="trouble") and "--set split.fraction=0.25" in page.text
    assert Page((work / "runs/p-2/convert/report.html").read_text()).all("pre", class_="trouble")


def test_without_graphviz(work):
    """The table of the steps tells what the picture would; nothing fails, nothing is said on the terminal."""
    class_folders(work / "in", each=4)
    (work / "p.yaml").write_text(PIPELINE)
    (work / "empty").mkdir()
    done = torchport("run", "p.yaml", cwd=work, env={"PATH": str(work / "empty")})
    assert "warning" not in done.stderr, done.stderr
    page = Page((work / "runs/p-1/report.html").read_text())
    assert "There is no picture of the graph: Graphviz's program dot could not be started" in page.text
    assert page.all("tr", id="step-row-convert")


def test_a_run_that_is_not_there(work):
    done = torchport("report", "nothing", cwd=work, status=2)
    assert "there is no run 'nothing'" in done.stderr, done.stderr


def test_in_japanese(work):
    run = made_run(work / "run")
    (run / "metrics.jsonl").write_text("\n".join(training_rows(2)))
    page = read("run", "--lang", "ja", cwd=work)
    assert page.all("html", lang="ja") and page.chart("Top 1 accuracy (1 位の精度)")[0]["x"] == "エポック", "the page is not in Japanese"


def test_results_in_japanese(work):
    """What a step came to is our sentence, too: made by each component, shown in the reader's language with its numbers."""
    class_folders(work / "in", each=4)
    (work / "p.yaml").write_text(PIPELINE)
    torchport("run", "p.yaml", cwd=work)
    page = read("runs/p-1", "--lang", "ja", cwd=work)
    cells = [cell[2] for cell in page.all("td")]
    english = re.search(r"(\d+) images in (\d+) categories", (work / "runs/p-1/convert/run.json").read_text())
    assert f"{english[2]} カテゴリの {english[1]} 画像" in cells and re.search(r"\d+ 画像と、残りの \d+ 画像", "\n".join(cells)), cells
    said = "Suggested: --learning-rate 0.0632, where the smoothed loss falls fastest, of 81 rates up to 3.16"
    for end, wanted in ((".", "下がる値です。"), ("; it is multiplied by the 2 processes.", "プロセス数 2 が掛けられます。")):
        run = made_run(work / f"run{len(end)}", summary="the weights of epoch 6 of 7, with top-1 0.732", learning_rate_finder={
            "rates": [1, 2], "losses": [2, 1], "smoothed": [2, 1], "steepest": 2, "said": said + end})
        (run / "metrics.jsonl").write_text("\n".join(training_rows(2)))
        page = read(run.name, "--lang", "ja", cwd=work)
        assert ": 7 エポック中エポック 6 の重み、top-1 0.732</p>" in page.text
        table = page.chart("学習率の範囲テスト")[1]
        assert "推奨: --learning-rate 0.0632。3.16 までの 81 個の学習率" in table and wanted in table, table


def test_every_result_has_its_japanese():
    """Each part of a summary that a component makes is in the pattern of a translation."""
    known = [line.split(" = ")[0] for line in (SOURCE / "component/report/page/ja.txt").read_text().splitlines()]
    found = set()
    for path in (SOURCE / "component").glob("*.cpp"):
        text = path.read_text()
        for words in re.findall(r'(?:record\.set\("summary",|std::string summary =|\bsummary =|std::string said =)(.*?);', text, re.S):
            for literal in re.findall(r'"((?:[^"\\]|\\.)*)"', words):
                found |= {part for part in re.split(r"%[\w.]+", literal) if part.strip(" .")}
    assert len(found) > 12, f"the scan found hardly any: {found}"
    lacks = [part for part in found if not any(part.strip() in line for line in known)]
    assert not lacks, f"ja.txt lacks a pattern with {lacks}"


def test_every_word_has_its_japanese():
    known = {line.split(" = ")[0] for line in (SOURCE / "component/report/page/ja.txt").read_text().splitlines()}
    literal, found = r'"((?:[^"\\]|\\.)*)"', set()
    for path in (SOURCE / "component/report").glob("*.cpp"):
        text = re.sub(r'"\s*\n\s*"', "", path.read_text())
        found |= set(re.findall(rf"\bsay\(\s*{literal}", text)) | set(re.findall(rf"\bcurves\({literal}", text))
        for words in re.findall(r"(?:kScriptWords|kWhats)\S*?(?:\[\])?[^=;]*= \{(.*?)\};", text, re.S):
            found |= set(re.findall(literal, words))
    found = {word.replace("\\\\", "\\") for word in found}
    assert len(found) > 60, f"the scan found hardly any word: {found}"
    assert not found - known, f"ja.txt lacks {sorted(found - known)}"
