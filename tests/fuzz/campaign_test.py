"""The campaign's own eyes: what a program does wrong with a file is seen. `./dev fuzz` runs the campaign."""
import case
import probe


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
