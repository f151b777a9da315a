"""Split Image Directory beside the real scikit-learn, and beside what the original wrote."""
import json
import shutil

import harness
import numpy
import sklearn
from sklearn.model_selection import train_test_split

LABELLED = harness.ORIGINAL / "image_directory_labelled"


def reference(strata, fraction, seed):
    """As the original calls scikit-learn: stratified, and plain where that raises ValueError."""
    rows = list(range(len(strata)))
    try:
        return (*train_test_split(rows, train_size=fraction, random_state=seed, stratify=strata), "stratified")
    except ValueError:
        return (*train_test_split(rows, train_size=fraction, random_state=seed), "plain")


def test_against_scikit_learn():
    """split: every row lands where scikit-learn puts it, in its order, for hundreds of category sizes, fractions and seeds."""
    random = numpy.random.default_rng(4)
    cases = [([0, 0, 0, 1, 1, 1], 0.5, 42), ([0, 1], 0.5, 42), ([0] * 7, 0.9, 42), ([2, 2, 5, 5, 5], 0.4, 42)]
    for _ in range(600):
        sizes = random.integers(1, random.choice([4, 12, 80]), random.integers(1, 12))   # equal sizes, and so ties, are common
        strata = random.permutation(numpy.repeat(numpy.arange(len(sizes)), sizes)).tolist()
        if len(strata) < 3:   # two rows are among the cases above
            continue
        low = 1 / len(strata)
        cases.append((strata, round(float(random.uniform(low, 1 - low)), int(random.integers(2, 17))), int(random.choice([42, 0, 2**32 - 1]))))
    cases = [case for case in cases if 1 / len(case[0]) <= case[1] <= 1 - 1 / len(case[0]) and int(case[1] * len(case[0])) > 0]
    lines = "\n".join(" ".join(map(str, [repr(fraction), seed, *strata])) for strata, fraction, seed in cases)
    printed = harness.command(harness.BIN / "print_split", text=lines).stdout.splitlines()
    kinds = []
    for (strata, fraction, seed), line in zip(cases, printed, strict=True):
        first, second, kind = reference(strata, fraction, seed)
        wanted = " ".join(map(str, first)) + " | " + " ".join(map(str, second)) + " " + kind
        assert line == wanted, f"fraction {fraction}, seed {seed}, strata {strata}:\n{line}\nscikit-learn:\n{wanted}"
        kinds.append(kind)
    assert kinds.count("stratified") > 150 and kinds.count("plain") > 150, "one kind is hardly tried"
    print(f"scikit-learn {sklearn.__version__}: {len(cases)} cases alike, {kinds.count('stratified')} of them stratified")


def split(source, here, *arguments, **options):
    return harness.torchport("run", "split_image_directory", f"--src_path={source}", "--tgt_train_path=train", "--tgt_test_path=test",
                             *arguments, cwd=here, **options)


def images_of(folder):
    return {row["image_info"]["file_name"]: row for row in map(json.loads, (folder / "images.lst").read_text().splitlines())}


def test_golden(here):
    """split: the original's two directories come out, byte for byte."""
    split(LABELLED, here, "--fraction=0.75")
    for ours, original in (("train", "split_1"), ("test", "split_2")):
        for file in (harness.ORIGINAL / original).iterdir():
            assert (here / ours / file.name).read_bytes() == file.read_bytes(), f"{ours}/{file.name}"
        names = set(images_of(here / ours))
        assert {f"image/{path.name}" for path in (here / ours / "image").iterdir()} == names
        for name in names:
            assert (here / ours / name).read_bytes() == (LABELLED / name).read_bytes(), name
    again = split(LABELLED, here, "--fraction=0.75", status=2).stderr
    assert again.count("exists and is not empty") == 2, again


def test_seed_and_rest(here):
    """split: another seed gives other images; what the index and _meta.yaml say besides stays."""
    source = shutil.copytree(LABELLED, here / "source")
    lines = [json.loads(line) for line in (source / "images.lst").read_text().splitlines()]
    for line in lines:
        line["image_info"]["width"] = 64
        line["id"] += 1000
    (source / "images.lst").write_text("\n".join(map(json.dumps, lines)))   # without a last line feed
    with open(source / "_meta.yaml", "a") as meta:
        meta.write("note: kept\n")
    split(source, here, "--fraction=0.75", "--seed=7")
    first, second = images_of(here / "train"), images_of(here / "test")
    assert set(first) != set(images_of(harness.ORIGINAL / "split_1"))
    assert {**first, **second} == {line["image_info"]["file_name"]: line for line in lines}
    assert json.loads((here / "train/_samples.json").read_text())[0]["id"] == next(iter(first.values()))["id"]
    assert (here / "test/_meta.yaml").read_text() == (source / "_meta.yaml").read_text()


def test_unlabelled_and_raw(here):
    """split: without labels it is plain; class folders are split as Convert would have made them."""
    harness.class_folders(here / "photos", each=5)
    harness.torchport("run", "convert_to_image_directory", f"--input_path={here / 'photos'}", "--output_path=converted", cwd=here)
    for source, folder in (("photos", "raw"), ("converted", "made")):
        (here / folder).mkdir()
        split(here / source, here / folder, "--fraction=0.6")
    for side in ("train", "test"):
        for path in (here / "made" / side).rglob("*"):
            if path.is_file() and path.name != "_sizes.lst":   # class folders were not converted, and have none
                assert path.read_bytes() == (here / "raw" / path.relative_to(here / "made")).read_bytes(), path
    unlabelled = harness.ORIGINAL / "image_directory_unlabelled"
    split(unlabelled, here, "--fraction=0.5")
    for side, rows in zip(("train", "test"), train_test_split(range(3), train_size=0.5, random_state=42)):
        assert [row["id"] for row in images_of(here / side).values()] == rows, side


def test_refusals(here):
    """split: all faults come together; nothing is written."""
    one = harness.class_folders(here / "one", categories=["cat"], each=1)
    hint = "\n  hint   "
    assert split(one, here, status=5).stderr.startswith(
        f"error[InvalidDatasetError] split_image_directory: the input image directory holds a single image, which cannot be divided\n"
        f"  path   {one}{hint}Give an image directory of at least two images.\n")
    assert split(LABELLED, here, "--fraction=0.97", "--seed=-1", status=2).stderr.startswith(
        "error[NotInRangeValueError] split_image_directory: --seed is -1, which is outside of [0, 4294967295]\n  hint   Default: 42.\n"
        "error[NotInRangeValueError] split_image_directory: --fraction is 0.97, which is outside of [0.041666666666666664, "
        "0.9583333333333334]: 24 images cannot be divided so that each side gets one\n  hint   Give a fraction within these bounds.\n")
    assert "--fraction is 1, which is outside of (0, 1)" in split(LABELLED, here, "--fraction=1", status=2).stderr
    same = harness.torchport("validate", "split_image_directory", f"--src_path={LABELLED}", "--tgt_train_path=a", "--tgt_test_path=./a",
                             cwd=here, status=2).stderr
    assert "two outputs have the same path 'a'" in same, same
    within = harness.torchport("validate", "split_image_directory", f"--src_path={LABELLED}", "--tgt_train_path=a",
                               "--tgt_test_path=a/b", cwd=here, status=2).stderr
    assert "the output 'a/b' would lie inside the " in within and "'a'" in within, within
    broken = shutil.copytree(LABELLED, here / "broken")
    (broken / "image/1_13.png").unlink()
    missing = split(broken, here, status=6).stderr
    assert f"the image '{broken}/image/1_13.png' of the input image directory cannot be used: No such file or directory" in missing, missing
    for name, fault in (("../../x", "is a path with '..'"), ("/etc/passwd", "is an absolute path")):
        leading = shutil.copytree(LABELLED, here / "leading", dirs_exist_ok=True)
        meta = leading / "_meta.yaml"
        meta.write_text(meta.read_text().replace("_samples.json", name))
        out = split(leading, here, status=5).stderr
        assert f"error[InvalidDatasetError] split_image_directory: the input image directory has a broken _meta.yaml: its samples '{name}' {fault}\n" in out, out
    assert not (here / "train").exists() and not (here / "test").exists()
    assert not list(here.glob(".torchport*")), list(here.iterdir())
