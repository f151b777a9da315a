"""How a row must end: exit status, first rank, cause and files, all of them, and all differences in one sentence."""
import json
import os
import re

from checkpoints import checkpoints, whole
from harness import nothing_left

# Bounds of the issue hold as they are where ./dev faults says 1. Elsewhere machines are shared and slow: 4 times as long is allowed.
SLACK = float(os.environ.get("TORCHPORT_FAULTS_SLACK", "4"))
UNTRAINED = ["_meta.yaml", "model", "model_spec.yaml"]
TRAINED = ["_input.json", "_meta.yaml", "_samples.json", "_schema.json", "index_to_label.csv", "model", "model_spec.yaml"]


def any_of(statuses):
    return statuses if isinstance(statuses, (set, tuple)) else (statuses,)


def ended(job, status, rank="-", cause="ok", *, within=None, out=False, failures=(), speak=(), state=None, also=(), saved=None, truncated=False, begun=True):
    """Checks a training that has ended. `rank` and `cause` (a regular expression) are what RESULT and FATAL must say; `speak` are the ranks
    whose own logs end with that FATAL, `failures` those that leave failure_N.json; `also` files beyond those that are always there; `saved`
    how many checkpoints there are (None: any number, whole); `begun` whether any rank came to write its log. Every file must be known."""
    job.wait()
    job.begun = begun
    wrong = []
    differs = lambda what, found, wanted: wrong.append(f"{what} is {found}, not {wanted}") if found != wanted else None
    if job.status not in any_of(status):
        wrong.append(f"exit status is {job.status}, not {status}")
    if within is not None and job.seconds > within * SLACK:
        wrong.append(f"it took {job.seconds:.1f} s, more than {within} s" + (f" x {SLACK:g}" if SLACK != 1 else ""))
    try:
        nothing_left(job.work)
    except AssertionError as left:
        wrong.append(str(left))
    wrong += said(job, rank, cause, speak, truncated) + recorded(job, cause, state, begun) + files(job, out, failures, also, saved, begun, state != "unknown")
    assert not wrong, "; ".join(wrong) + f"\n{job.text('stderr')[-3000:]}"
    return job


def said(job, rank, cause, speak, truncated):
    """What logs and terminal say."""
    wrong = []
    place = checkpoints(job.run)
    last = "none" if job.status == 0 or not place else json.dumps(str(place[0]))
    result = rf'RESULT exit={job.status} first_rank={rank} cause="{cause}" checkpoint={re.escape(last)}' + " record=truncated" * truncated
    fatal = rf'FATAL code=\S+ rank={rank} step=\S+ cause="{cause}" .*'
    if job.ranks > 1:
        lines = job.log("70_mpi_log").splitlines()
        lines += [line for line in job.text("stderr").splitlines() if truncated and line.startswith("RESULT ")]
        found = [line for line in lines if line.startswith("RESULT ")]
        if len(found) != 1 or not re.fullmatch(result, found[0]) or not (truncated or lines[-1] == found[0]):
            wrong.append(f"RESULT is {found or lines[-1:]}, not {result}")
        see = rf"See ({re.escape(str(job.run))}/logs/70_driver_log_{rank} and )?{re.escape(str(job.run))}/logs/70_mpi_log; torchport explain \S+ sums them up\.\n\Z"
        if job.status != 0 and job.begun and not re.search(see, job.text("stderr")):
            wrong.append(f"the terminal ends with {job.text('stderr').splitlines()[-1:]}, not {see}")
        if job.status != 0 and not truncated and not re.fullmatch(fatal, lines[-2]):
            wrong.append(f"the line before RESULT is {lines[-2]}, not {fatal}")
    for one in speak or [0] * (job.ranks == 1 and job.status != 0):
        line = (job.log(one).splitlines() or [""])[-1]
        if not re.fullmatch(fatal, line):
            wrong.append(f"the last line of rank {one} is {line}, not {fatal}")
    errors = re.findall(r"^error\[", job.text("stderr"), re.M)
    if len(errors) != (job.status != 0):
        wrong.append(f"the terminal has {len(errors)} errors")
    return wrong


def recorded(job, cause, state, begun):
    """What the run folder's two records say."""
    wrong = []
    if state == "unknown":
        return []
    try:
        told = json.loads((job.run / "module_statistics/error_info.json").read_text())["Exception"]
        record = json.loads((job.run / "run.json").read_text()) if begun else {}
    except OSError as missing:
        return [str(missing)]
    if job.status == 0:
        state, wanted = state or "finished", told is None
    else:
        state, wanted = state or "failed", told is not None and re.search(cause, json.dumps(told["Message"], ensure_ascii=False).replace('\\\\"', '\\"'))
    if not wanted:
        wrong.append(f"error_info.json has {told}")
    code = job.status if job.status >= 0 else 128 - job.status
    if begun and (record.get("state"), record.get("exit_status")) != (state, code):
        wrong.append(f"run.json has {record.get('state')} {record.get('exit_status')}, not {state} {code}")
    return wrong


def files(job, out, failures, also, saved, begun, recorded):
    """Files: those that must be there, those that may, and no others."""
    wrong = []
    must = {*["logs/70_mpi_log"] * (job.ranks > 1), *(f"logs/failure_{one}.json" for one in failures), *["module_statistics/error_info.json"] * recorded}
    if begun:
        must |= {*(f"logs/70_driver_log_{one}" for one in range(job.ranks)), "run.json", "metrics.jsonl"}
    places = checkpoints(job.run)
    try:
        count = whole(job.run)
        if saved is not None and count != saved or count > 2:
            wrong.append(f"{count} checkpoints are there, not {saved}")
    except AssertionError as torn:
        wrong.append(f"a checkpoint is torn: {torn}")
    found = {str(path.relative_to(job.run)) for path in job.run.rglob("*") if not path.is_dir()}
    found -= {f"checkpoints/{place.name}/{name}" for place in places for name in ("state.safetensors", "state.json", "SHA256SUMS")}
    if job.status not in (0, 2, 75):   # ended in the midst of a save or of an epoch, which the next attempt clears away
        also = [*also, "checkpoints/.making/.*?", "progress.json?"]
    if not begun:   # of a call that was refused
        also = [*also, "run.json?"]
    also = [*also, "report.html?", "results.csv?", "first_batch.json?"]   # of every run whose launcher lives to its end; of a training with an epoch; with an update
    optional = {name for name in also if name.endswith("?")}
    must |= set(also) - optional   # those beside the output are all optional
    if missing := must - found:
        wrong.append(f"missing: {sorted(missing)}")
    if strange := {name for name in found - must if not any(re.fullmatch(one.removesuffix("?"), name) for one in optional)}:
        wrong.append(f"left behind: {sorted(strange)}")
    there = sorted(path.name for path in job.out.iterdir()) if job.out.is_dir() else []
    if there != (TRAINED if out is True else out or []):
        wrong.append(f"the output has {there}")
    beside = {path.name for folder in (job.out.parent, job.run.parent) for path in folder.iterdir()} - {job.out.name, job.run.name}
    if {name for name in beside if not any(re.fullmatch(one.removesuffix("?"), name) for one in also)} - {f".torchport-{job.out.name}.lock"}:   # a killed run's, which is in nobody's way
        wrong.append(f"beside the output: {sorted(beside)}")
    return wrong
