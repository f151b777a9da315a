"""Evaluate Model against scikit-learn on the same tables, and NumPy where scikit-learn has no such figure."""
import json
import shutil
import warnings
import xml.etree.ElementTree

import numpy
import pandas
import sklearn
from sklearn import metrics

from harness import ORIGINAL, torchport

PREFIX = "Scored Probabilities_"


def evaluate(scored, out, status=0):
    done = torchport("run", "evaluate_model", "--scored-dataset", scored, "--evaluation-results", out, "--run-dir", f"{out}-run", status=status)
    return done.stderr if status else json.loads((out / "metrics.json").read_text())


def random_table(rows, names, seed, sharpness=2.0, strangers=()):
    """A scored table with unsure, sometimes wrong probabilities; `strangers` are true categories that the model does not know."""
    random = numpy.random.default_rng(seed)
    truth = random.choice(len(names), rows, p=random.dirichlet(numpy.ones(len(names))))   # some categories are rare or absent
    logits = random.normal(size=(rows, len(names)))
    logits[numpy.arange(rows), truth] += sharpness
    scores = numpy.exp(logits) / numpy.exp(logits).sum(1, keepdims=True)
    scores[:: 7] = numpy.eye(len(names))[scores[:: 7].argmax(1)]   # quite sure, right or not
    if len(names) > 6:
        scores[3 :: 11] = 1 / len(names)   # all equal
    if len(names) == 2:
        scores[5 :: 6] = numpy.where(scores[5 :: 6] > 0.5, 0.8, 0.2)   # 12 fifteenths: where two intervals meet
    frame = pandas.DataFrame({"category": numpy.array(names, object)[truth], "id": numpy.arange(rows)})
    for place, name in enumerate(strangers):
        frame.loc[place::20, "category"] = name
    labels = pandas.Series(numpy.array(names, object)[scores.argmax(1)], name="Scored Labels")
    return pandas.concat([frame, pandas.DataFrame(scores, columns=[PREFIX + name for name in names]), labels], axis=1)


def calibration_error(scores, right, bins=15):
    """By its formula: intervals (low, high], weighted by their share of the rows; and the rows of each."""
    confidence, error, rows = scores.max(1), 0.0, []
    edges = numpy.linspace(0, 1, bins + 1)
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        rows.append(int(inside.sum()))
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return error, rows


def assert_figures(found, frame):
    """All figures of metrics.json equal scikit-learn's."""
    truth, predicted = frame["category"].to_numpy(str), frame["Scored Labels"].to_numpy(str)
    names = [name[len(PREFIX):] for name in frame if name.startswith(PREFIX)]
    near = lambda ours, theirs, what: numpy.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12, err_msg=what)
    near(found["accuracy"], metrics.accuracy_score(truth, predicted), "accuracy")
    assert found["top_1_accuracy"] == found["accuracy"] and found["rows"] == len(frame)
    for average in ("macro", "micro", "weighted"):
        wanted = metrics.precision_recall_fscore_support(truth, predicted, average=average, zero_division=0)[:3]
        near([found[average][key] for key in ("precision", "recall", "f1")], wanted, average)
    labels = [row["name"] for row in found["categories"]]
    assert labels[:len(names)] == names and set(labels[len(names):]) == set(truth) - set(names)
    wanted = numpy.array(metrics.precision_recall_fscore_support(truth, predicted, labels=labels, zero_division=0))
    near([[row[key] for row in found["categories"]] for key in ("precision", "recall", "f1", "support")], wanted, "categories")
    assert found["confusion_matrix"] == metrics.confusion_matrix(truth, predicted, labels=labels).tolist()

    # scikit-learn wants the columns in the labels' order; a category that the model does not know has the probability 0.
    order = sorted(labels)
    scores = numpy.stack([frame[PREFIX + name] if name in names else numpy.zeros(len(frame)) for name in order], 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")   # sums that differ from 1 by rounding; more places than categories
        near(found["log_loss"], metrics.log_loss(truth, scores, labels=order), "log loss")
        if order == labels and len(names) > 2:   # else equal probabilities are in another order
            near(found["top_5_accuracy"], metrics.top_k_accuracy_score(truth, scores, k=5, labels=order), "top-5")
    error, rows = calibration_error(scores, truth == predicted)
    near(found["expected_calibration_error"], error, "calibration error")
    assert [row["rows"] for row in found["calibration_bins"]] == rows


def assert_matrix_files(folder, found):
    """The CSV is the matrix; the picture is XML with a shape for each cell that is not 0, which says its names and its count."""
    names = [row["name"] for row in found["categories"]]
    matrix = pandas.read_csv(folder / "confusion_matrix.csv", index_col=0, keep_default_na=False, dtype={0: str})
    assert list(matrix.index) == list(matrix.columns) == names and matrix.to_numpy().tolist() == found["confusion_matrix"]
    svg = xml.etree.ElementTree.parse(folder / "confusion_matrix.svg").getroot()
    tags = [element.tag.split("}")[1] for element in svg.iter()]
    assert "image" not in tags and "script" not in tags
    wanted = {f"true {t}, predicted {p}: {found['confusion_matrix'][i][j]} " for i, t in enumerate(names) for j, p in enumerate(names)
              if found["confusion_matrix"][i][j]}
    said = {element.text.split("(")[0] for element in svg.iter() if element.tag.endswith("title")} - {"Confusion matrix"}
    if len(names) <= 60:
        assert said == wanted, said ^ wanted
    else:   # one path for each shade
        assert not said and tags.count("text") < 10
        paths = "".join(element.get("d") for element in svg.iter() if element.tag.endswith("path"))
        assert paths.count("M") == len(wanted)


def test_tables(work):
    """Tables of many shapes, as Parquet that pandas wrote."""
    print(f"scikit-learn {sklearn.__version__}")
    for number, (rows, names, strangers) in enumerate([(24, ["a", "b"], []), (500, [f"c{i:02}" for i in range(12)], []),
                                                       (300, ["x & y", "<b>", 'q"', "é", "0", "1,5", "7", "8"], ["zebra", "ape"]),
                                                       (2000, [f"n{i:04}" for i in range(1000)], []), (1, ["only", "other", "third"], [])]):
        frame = random_table(rows, names, seed=number, strangers=strangers)
        frame.to_parquet(work / f"{number}.parquet", index=False)
        found = evaluate(work / f"{number}.parquet", work / f"out-{number}")
        assert_figures(found, frame)
        assert_matrix_files(work / f"out-{number}", found)


def test_original(work):
    """The original's scored dataset; the same as a bare folder, as text, with categories for texts, and in two parts."""
    frame = pandas.read_parquet(ORIGINAL / "scored_valid/_data.parquet")
    found = evaluate(ORIGINAL / "scored_valid", work / "golden")
    assert_figures(found, frame)
    names = sorted(path.name for path in (work / "golden").iterdir())
    assert names == ["_meta.yaml", "confusion_matrix.csv", "confusion_matrix.svg", "metrics.json", "mistakes.csv"], names
    row = json.loads((work / "golden-run/metrics.jsonl").read_text().splitlines()[0])
    assert row["name"] == "Evaluation" and row["row"]["log_loss"] == found["log_loss"], row

    bare, parts, numbers = work / "bare", work / "parts", work / "numbers"
    bare.mkdir()
    frame.astype({"category": "category", "Scored Labels": "category"}).to_parquet(bare / "t.parquet")
    parts.mkdir()
    frame[:10].to_parquet(parts / "0.parquet", index=False)
    frame[10:].to_parquet(parts / "1.parquet", index=False)
    frame.to_csv(work / "table.csv", index=False)
    for number, scored in enumerate((bare, parts, work / "table.csv")):
        assert evaluate(scored, work / f"again-{number}") == found, scored
    renamed = frame.replace({"circle": "0", "square": "1", "triangle": "2"})   # names that look like numbers
    renamed.columns = [name.replace("circle", "0").replace("square", "1").replace("triangle", "2") for name in renamed]
    renamed.to_csv(work / "numbers.csv", index=False)
    assert_figures(evaluate(work / "numbers.csv", work / "numbers"), renamed)


def compare(first, second, out):
    torchport("run", "evaluate_model", "--scored-dataset", first, "--scored-dataset-to-compare", second, "--evaluation-results", out,
              "--run-dir", f"{out}-run")
    return json.loads((out / "metrics.json").read_text()), (out.parent / f"{out.name}-run/logs/70_driver_log_0").read_text()


def test_two_models_side_by_side(work):
    """The second one's figures are those that it has alone; of the same images, in any order, it says which model is right about which."""
    names = [f"c{i:02}" for i in range(7)]
    first, second = random_table(400, names, 3), random_table(400, names, 4)
    second["category"] = first["category"]   # a bad model, but right now and then where the other is not
    first.to_parquet(work / "first.parquet", index=False)
    second.sample(frac=1, random_state=1).to_parquet(work / "second.parquet", index=False)
    alone = [evaluate(work / f"{name}.parquet", work / f"alone-{name}") for name in ("first", "second")]
    found, log = compare(work / "first.parquet", work / "second.parquet", work / "both")
    pairs, other = found.pop("paired"), found.pop("compared")
    assert found == alone[0]
    assert other == {key: value for key, value in alone[1].items() if key not in ("confusion_matrix", "calibration_bins")}
    one, two = (frame["category"].to_numpy() == frame["Scored Labels"].to_numpy() for frame in (first, second))
    assert pairs == {"images": 400, "both_right": int((one & two).sum()), "scored_dataset_only": int((one & ~two).sum()),
                     "compared_dataset_only": int((~one & two).sum()), "neither": int((~one & ~two).sum())}, pairs
    assert min(pairs.values()) > 0 and f"both are right about {pairs['both_right']}," in log, log
    table = pandas.read_csv(work / "both/comparison.csv", index_col=0)
    numpy.testing.assert_allclose(table.loc["accuracy"], [found["accuracy"], other["accuracy"], other["accuracy"] - found["accuracy"]])
    numpy.testing.assert_allclose(table.loc["F1 of c03", "compared_dataset"], other["categories"][3]["f1"])
    assert "comparison: comparison.csv" in (work / "both/_meta.yaml").read_text()
    page = torchport("report", work / "both-run", "-o", work / "page.html") and (work / "page.html").read_text()
    assert "only the compared one" in page and str(pairs["compared_dataset_only"]) in page

    second.assign(id=second["id"] + 1).to_parquet(work / "others.parquet", index=False)
    found, log = compare(work / "first.parquet", work / "others.parquet", work / "unlike")
    assert "paired" not in found and "do not have the same images" in log, log
    first.drop(columns="category").to_parquet(work / "unlabelled.parquet", index=False)
    done = torchport("run", "evaluate_model", "--scored-dataset", work / "first.parquet", "--scored-dataset-to-compare", work / "unlabelled.parquet",
                     "--evaluation-results", work / "no", status=4)
    assert "scored dataset to compare" in done.stderr and not (work / "no").exists(), done.stderr


def test_two_models_in_one_pipeline(work):
    """Its page shows both; another second model is another evaluation, the same one is reused."""
    for name, seed in (("first", 3), ("second", 4), ("third", 5)):
        random_table(60, ["cat", "dog"], seed).to_csv(work / f"{name}.csv", index=False)
    (work / "p.yaml").write_text("""name: p
inputs: {one: ./first.csv, other: ./second.csv}
steps:
  evaluate: {component: evaluate_model, inputs: {scored_dataset: inputs.one, compared_dataset: inputs.other}}
""")
    torchport("run", "p.yaml", cwd=work)
    assert "compared" in json.loads((work / "runs/p-1/evaluate/outputs/evaluation/metrics.json").read_text())
    assert "the compared one" in (work / "runs/p-1/report.html").read_text()
    assert "reused from" in torchport("run", "p.yaml", cwd=work).stdout
    assert "reused from" not in torchport("run", "p.yaml", "--set", "inputs.other=third.csv", cwd=work).stdout


def test_refusals(work):
    """What is not a labelled scored dataset is refused, and nothing is written."""
    frame = pandas.read_parquet(ORIGINAL / "scored_valid/_data.parquet")
    def said(frame, status=5):
        frame.to_parquet(work / "bad.parquet", index=False)
        text = evaluate(work / "bad.parquet", work / "no", status)
        assert not (work / "no").exists()
        return text
    lacks = said(frame[["category", "id"]])
    assert lacks.startswith("error[NotScoredDatasetError] evaluate_model: the scored dataset lacks 'Scored Labels' and 'Scored Probabilities_<category>'\n"), lacks
    assert "the scored dataset has no rows" in said(frame[:0])
    column = PREFIX + "square"
    for value, fault in ((1.5, "row 3 is 1.5, which is not a probability"), (float("nan"), "row 3 has no value"), (-0.5, "row 3 is -0.5")):
        text = said(frame.assign(**{column: frame[column].where(frame.index != 2, value)}))
        assert f"has a broken table: the column '{column}': {fault}" in text, text
    assert "'category': row 2 has no value" in said(frame.assign(category=frame["category"].where(frame.index != 1, None)))
    assert "its type is timestamp" in said(frame.assign(category=pandas.Timestamp("2026-01-01")))
    assert "holds texts instead of probabilities" in said(frame.assign(**{column: "x"}))
    many = pandas.DataFrame({"category": [str(i) for i in range(5000)], "Scored Labels": "a", PREFIX + "a": 1.0})
    assert "has 5001 categories, more than 4096" in said(many)

    def said_of(text, name="bad.csv", status=5):
        (work / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return evaluate(work / name, work / "no", status)
    head = f"category,id,{PREFIX}a,Scored Labels\n"
    for rows, column in (("a,0,1.0,a\n,1,1.0,a\n", "category"), ('a,0,1.0,a\n"",1,1.0,a\n', "category"), ("a,0,1.0,a\na,1,1.0,\n", "Scored Labels"),
                         ("a,0,1.0,a\na,1,,a\n", PREFIX + "a"), ("a,0,1.0,a\na,1,nan,a\n", PREFIX + "a")):
        assert f"the column '{column}': row 2 has no value" in said_of(head + rows), rows
    assert "the scored dataset has no rows" in said_of(head)
    assert "'bad.parquet': it is not a Parquet file; a CSV file has the extension csv" in said_of(head, "bad.parquet")
    assert "'bad.csv': it is UTF-16, not UTF-8" in said_of((head + "a,0,1.0,a\n").encode("utf-16"))
    for name, text in (("ok.CSV", head + "NA,0,1.0,NA\n"), ("mark.csv", "\ufeff" + head + "NA,0,1.0,NA\n")):   # a category may be named NA
        (work / name).write_text(text)
        assert evaluate(work / name, work / f"out-{name}")["categories"][-1]["name"] == "NA"

    unlabelled = evaluate(ORIGINAL / "scored_unlabelled", work / "no", status=4)
    assert unlabelled.startswith("error[NotLabeledDatasetError] evaluate_model: the scored dataset is not labelled\n"), unlabelled
    done = torchport("validate", "evaluate_model", "--scored-dataset", ORIGINAL / "scored_unlabelled", "--evaluation-results", work / "no", status=4)
    assert "is not labelled" in done.stderr, done.stderr   # known before anything runs

    broken = work / "broken"
    shutil.copytree(ORIGINAL / "scored_valid", broken)
    data = (broken / "_data.parquet").read_bytes()
    (broken / "_data.parquet").write_bytes(data[:-100])
    assert "has a broken table: '_data.parquet': " in evaluate(broken, work / "no", status=5)
    (broken / "schema/_schema.json").write_text("{")
    assert "has a broken schema: 'schema/_schema.json': it is not valid JSON (column 2: the text ends too early)" in evaluate(broken, work / "no", status=5)
    (broken / "_meta.yaml").write_text("type: DataFrameDirectory\nformat: Parquet\ndata: ../scored.parquet\n")
    assert "has a broken _meta.yaml: its data '../scored.parquet': a path with '..'" in evaluate(broken, work / "no", status=5)
    wrong = evaluate(ORIGINAL / "image_directory_valid", work / "no", status=5)
    assert "the scored dataset is of type ImageDirectory, not DataFrameDirectory" in wrong, wrong
    (work / "empty").mkdir()
    assert "is an empty folder" in evaluate(work / "empty", work / "no", status=5)
    assert "does not exist" in evaluate(work / "nowhere", work / "no", status=5)
