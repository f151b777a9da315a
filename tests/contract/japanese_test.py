"""Each text of the help has its Japanese in spec/ja.txt, and nothing stands there that is no text any more."""
import re

import yaml

from sources import SOURCE, assert_none, without_comments


def read(path):
    return yaml.safe_load((SOURCE / path).read_text())


wanted = {}   # text: where it stands


def want(where, *texts):
    for text in texts:
        wanted.setdefault(text, where)


def want_rows(where, rows, *keys):
    for row in rows.values():
        want(where, *(row[key] for key in keys), *([row["unit"]] if row.get("unit", "none") != "none" else []))


for path in sorted((SOURCE / "spec/commands").glob("*.yaml")):
    where, command = f"spec/commands/{path.name}", read(path)
    for usage in command["usage"].values():
        want(where, usage["group"], usage["summary"])
    want(where, command["description"])
    want_rows(where, command.get("options", {}), "help")
want_rows("spec/commands/shared/options.yaml", read("spec/commands/shared/options.yaml")["shared_options"], "help")
for path in sorted((SOURCE / "spec/components").glob("*.yaml")):
    where, component = f"spec/components/{path.name}", read(path)
    want(where, *(component[key] for key in ("title", "category", "summary", "description")))
    for key in ("inputs", "outputs", "parameters", "options"):
        want_rows(where, component.get(key, {}), "title", "help")
want_rows("spec/run_settings.yaml", read("spec/run_settings.yaml")["run_settings"], "title", "help")
path = "runtime/spec/spec.cpp"
[text] = re.findall(r"std::string ParameterSpec::allowed\(\) const {(.*?)\n}", (SOURCE / path).read_text(), re.S)
for phrase in filter(re.compile(" [a-z]").search, re.findall(r'"([^"]*)"', text)):   # what stands before a list and behind a range has a place for it
    want(path, phrase + "{0}" if phrase.endswith(" ") else "{0}" + phrase if phrase.startswith(",") else phrase)
path = "runtime/cli/help.cpp"
text = without_comments((SOURCE / path).read_text())
# What stands in say(...) before its parts, and the headings that the help's functions are given.
calls = re.findall(r'\bsay\(((?:"(?:\\.|[^"\\])*"|[^"){])*)', text) + re.findall(r'\b(?:ports|parameters)\(("[^"]*"),', text)
want(path, *(literal for call in calls for literal in re.findall(r'"((?:\\.|[^"\\])*)"', call)))

lines = [line.split(" = ", 1) for line in (SOURCE / "spec/ja.txt").read_text().splitlines()]
problems = [f"spec/ja.txt: no line without ' = ': {line[0]}" for line in lines if len(line) != 2]
known = [line[0] for line in lines]
problems += [f"spec/ja.txt lacks a line '{text} = ...' (its English is in {where})" for text, where in wanted.items() if text not in known]
problems += [f"spec/ja.txt: nothing says '{text}'" for text in known if text not in wanted]
problems += [f"spec/ja.txt has '{text}' twice" for text in set(known) if known.count(text) > 1]
if known != sorted(known):
    problems.append("spec/ja.txt is not sorted")
places = re.compile(r"{\d}")
problems += [f"spec/ja.txt: other places in '{line[0]}'" for line in lines if len(line) == 2 and sorted(places.findall(line[0])) != sorted(places.findall(line[1]))]
kana_or_kanji = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
same = {"ResNet", "DenseNet", "JSON"}   # names
problems += [f"spec/ja.txt: '{line[1]}' is not Japanese" for line in lines
             if len(line) == 2 and not kana_or_kanji.search(line[1]) and line[0] not in same and not line[0].startswith("{0}")]
assert len(wanted) > 300, f"the scan found hardly any text: {len(wanted)}"

# The names of the reference page, in its own Japanese.
PAGE = {"Epochs": "エポック", "Batch size": "バッチ サイズ", "Warmup step number": "ウォームアップ ステップ数", "Learning rate": "学習率", "Random seed": "ランダム シード",
        "Patience": "忍耐", "Print frequency": "出力頻度", "Untrained model": "未トレーニング モデル", "Training dataset": "トレーニング データセット",
        "Validation dataset": "検証データセット", "Trained model": "トレーニングされたモデル", "Node count": "ノード数", "Process count per node": "ノードあたりのプロセス数",
        "Train PyTorch Model": "PyTorch モデルのトレーニング"}
said = {line[0]: line[1] for line in lines if len(line) == 2}
problems += [f"spec/ja.txt: the page calls {english} {japanese}, not {said.get(english)}" for english, japanese in PAGE.items() if said.get(english) != japanese]


def test_every_text_of_the_help_has_its_japanese():
    assert_none(problems)
