"""The campaign's own eyes: what a program does wrong with a file is seen; and a small campaign. `./dev fuzz` runs a whole one."""
import campaign
import case
import probe

FILES = 60   # a run of it takes half a minute


def test_what_goes_wrong_is_found(work, monkeypatch):
    """A program that crashes, forgets, writes elsewhere and takes what it must not: each is seen and counted."""
    faults = {"signal": "kill -SEGV $$", "abort": "kill -ABRT $$", "exit 70": f"echo in.txt; exit 70", "other exit": "echo in.txt; exit 1", "no message": "echo no; exit 2",
              "written outside": "touch ../deep/x; echo in.txt; exit 2", "left behind": "mkdir ../made/out; echo in.txt; exit 2", "wrongly taken": "exit 0"}
    monkeypatch.setattr(probe, "BIN", work)
    for number, (fault, script) in enumerate(faults.items()):
        (work / "torchport").write_text(f"#!/bin/bash\n{script}\n")
        (work / "torchport").chmod(0o755)
        (work / str(number)).mkdir()
        wants = "refused" if fault == "wrongly taken" else None
        outcome = probe.examine(case.Case("kind", "name", ("run", case.IN, case.OUT), case.write_bytes(b"x"), ".txt", wants), work / str(number), work)
        assert [kind for kind, _ in outcome.faults] == [fault], (fault, outcome)


def test_a_small_campaign_finds_nothing(work, capsys):
    """Files of every kind from one seed, the same in each run: no signal, no abort, no hang, no gigabyte, nothing taken that is wrong."""
    status = campaign.main(["--seed", "22", "--count", str(FILES), "--keep", str(work / "campaign")])
    said = capsys.readouterr().out
    assert status == 0, said
    assert int(said.splitlines()[-1].split(" | ")[1]) >= FILES - len(campaign.KINDS), said   # shares are rounded
