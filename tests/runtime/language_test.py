"""Help in Japanese: --help --lang ja of torchport, of each command and of each component, and what list and describe show."""
import re
import unicodedata

import yaml

from harness import SOURCE, torchport

KANA = range(0x3040, 0x3100)


def columns(text):
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def shown(*words, width=100):
    text = torchport(*words).stdout
    assert any(ord(character) in KANA for character in text), f"{words}: no Japanese in\n{text}"
    wide = [line for line in text.splitlines() if columns(line) > width]
    assert not wide, f"{words}: wider than {width} columns: {wide}"
    return text


def test_the_program_and_each_command():
    overview = shown("--help", "--lang", "ja")
    assert "\nコンポーネント\n  torchport compute list " in overview and "実行を、そのフォルダー内のすべてとともに削除します。" in re.sub(r"\s", "", overview), overview
    assert shown("-h", "--lang=ja") == overview
    for spec in sorted((SOURCE / "spec/commands").glob("*.yaml")):
        name = spec.stem.replace("_", "-")
        english, japanese = torchport(name, "--help").stdout, shown(name, "--help", "--lang", "ja")
        flags = [line for line in english.splitlines() if line.startswith("  -")]
        assert [line for line in japanese.splitlines() if line.startswith("  -")] == flags, name
        assert "\n例\n  torchport " in japanese and "Allowed" not in japanese and "default" not in japanese, japanese
    assert "使える値: >= 0。単位: 画像。既定値: 10。" in torchport("check-data", "--help", "--lang", "ja").stdout


def test_each_component():
    for spec in sorted((SOURCE / "spec/components").glob("*.yaml")):
        component = yaml.safe_load(spec.read_text())
        japanese = shown("run", spec.stem, "--help", "--lang=ja")
        assert japanese == shown("describe", spec.stem, "--lang", "ja") == shown("validate", spec.stem, "--lang", "ja", "--help")
        for row in {**component.get("parameters", {}), **component.get("options", {})}.values():
            assert row["help"] not in japanese and f"\n  --{row['flag']} " in japanese, row
    train = torchport("describe", "train_pytorch_model", "--lang", "ja").stdout
    for line in ("PyTorch モデルのトレーニング: ラベル付けされたイメージ ディレクトリで", "  --epochs INTEGER  エポック\n", "  --num-warmup-steps INTEGER  ウォームアップ ステップ数\n",
                 "  --patience INTEGER  忍耐\n", "  --print-freq INTEGER  出力頻度\n", "  --node-count INTEGER  ノード数\n",
                 "        使える値: > 0。単位: プロセスごとの画像。既定値: 16。\n", "  --valid-data-path PATH、パイプラインでは validation_dataset\n        検証データセット、ImageDirectory。"):
        assert line in train, f"{line}\n--- is not in\n{train}"


def test_a_list_and_another_language(work):
    assert "\nモデル トレーニング\n  train_pytorch_model " in "\n" + shown("list", "--lang", "ja", width=200)
    assert torchport("list", "--lang", "en").stdout == torchport("list").stdout
    for words in (("list", "--lang", "fr"), ("--help", "--lang", "fr"), ("run", "resnet", "--help", "--lang=fr")):
        assert "--lang" in torchport(*words, status=2).stderr
    assert "--lang" in torchport("report", "--help", "--lang", status=2).stderr
    (work / "components").mkdir()   # a component of somebody's has no Japanese: its own texts stay, all others do not
    (work / "components/more.yaml").write_text((SOURCE / "spec/components/densenet.yaml").read_text().replace("name: densenet\n", "name: more\n", 1)
                                               .replace("Which network.", "What no catalogue has."))
    text = torchport("--spec-dir", work, "describe", "more", "--lang", "ja").stdout
    assert "What no catalogue has." in text and "使える値: " in text and "未トレーニング モデル" in text, text
