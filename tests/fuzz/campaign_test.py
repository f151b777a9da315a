"""A small campaign in each run of the tests: hostile files of every kind from one seed. `./dev fuzz` runs the whole."""
import campaign

SEED, COUNT = 22, 90


def test_hostile_files_of_every_kind(work):
    done = campaign.Campaign(SEED, work)
    done.run(campaign.KINDS, COUNT)
    print("\n".join(done.table()))
    assert sum(row["runs"] for row in done.rows.values()) >= COUNT - len(campaign.KINDS)
    assert all(row["clean errors"] or row["taken"] for row in done.rows.values()), "a kind whose files all failed is not made as it is meant"
    assert not done.failures, "\n" + "\n".join(f"{kind}: {name}: {faults}\n  {command}" for kind, name, faults, command in done.failures)


def test_what_goes_wrong_is_found(work, monkeypatch):
    """A program that crashes, forgets, writes elsewhere and takes what it must not: each is seen and counted."""
    import probe
    import case
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
