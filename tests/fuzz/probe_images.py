"""Runs torchport on a folder of hostile images at once: check-data says which are sound, Convert takes the folder, Apply makes the pixels.

Where the folder as a whole costs too much, or ends a program, each of its images is run alone.
"""
import json

from probe import BYTES, SECONDS, Outcome, ask, faults_of_any, run, snapshot


def examine_images(cases, folder, good):
    """Outcomes in the order of the cases."""
    source = folder / "deep/in"
    source.mkdir(parents=True)
    (folder / "cwd").mkdir()
    files = []
    for number, case in enumerate(cases):
        files.append(source / f"{number:03}{case.suffix}")
        case.write(files[-1])
    before = snapshot(folder)
    whole = run(("check-data", source, "--json", "--thin=0"), folder / "cwd")
    report = report_of(whole)
    if len(cases) > 1 and (report is None or whole.seconds > SECONDS or whole.memory > BYTES):
        return [examine_images([case], folder / f"alone{number}", good)[0] for number, case in enumerate(cases)]
    faults = list(faults_of_any(whole, (str(source), "problem")))
    if snapshot(folder) != before:
        faults.append(("written outside", ""))
    broken = {path: problem["text"] for problem in (report or {}).get("problems", ()) if problem["kind"] in ("broken", "oversized") for path in problem["files"]}
    taken = [path for path in files if report and str(path) not in broken]
    wrong = wrong_pixels(taken, folder, good)
    unsaid = [str(path) for path in files if path.exists() and report and str(path) in broken and not broken[str(path)].strip()]
    more = convert_faults(source, folder)
    outcomes = []
    for case, path in zip(cases, files):
        status = 0 if path in taken else whole.status
        found = list(faults) if len(cases) == 1 else []
        found += [("wrongly taken", wrong[str(path)])] if str(path) in wrong else []
        found += [("no message", "")] if str(path) in unsaid else []
        outcomes.append(Outcome(whole.words, status, broken.get(str(path), whole.text if len(cases) == 1 else ""), whole.seconds / len(cases), whole.memory, folder, found))
    outcomes[0].faults += more + (faults if len(cases) > 1 else [])
    return outcomes


def report_of(outcome):
    try:
        return json.loads(outcome.text[outcome.text.index("{"):]) if outcome.status in (0, 5) else None
    except ValueError:
        return None


def convert_faults(source, folder):
    """Convert looks at the headers of all, and at more where it wants to: whatever it finds, it ends as it should."""
    outcome = run(("run", "convert_to_image_directory", f"--input_path={source}", f"--output_path={folder}/converted", "--run-dir", folder / "run"), folder / "cwd")
    return [(kind, f"convert: {words}") for kind, words in faults_of_any(outcome, (str(source), "image"))]


def wrong_pixels(taken, folder, good):
    """{path: what is wrong}: Pillow refuses it, or makes other pixels of it than Apply does, whose only operation changes nothing."""
    if not taken:
        return {}
    answers = ask("image", taken)
    wrong = {path: f"Pillow refuses it: {answer['why']}" for path, answer in answers.items() if not answer["taken"]}
    sound = folder / "sound"
    sound.mkdir()
    compared = {}
    for path in taken:
        answer = answers.get(str(path))
        if answer and answer["taken"] and path.stat().st_size < 1 << 28:
            (sound / path.name).hardlink_to(path)
            compared[path.stem] = (str(path), answer["what"])
    if not compared:
        return wrong
    outcome = run(("run", "apply_image_transformation", "--mode=For inference", f"--input_image_transform_path={good}/nothing", f"--input_image_dir_path={sound}",
                   f"--output_path={folder}/applied", "--run-dir", folder / "run2"), folder / "cwd")
    if outcome.status != 0:
        return wrong | {next(iter(compared.values()))[0]: f"Apply refuses what check-data takes: exit {outcome.status}: {outcome.text.strip()[-300:]}"}
    made = {path.stem: path for path in (folder / "applied").rglob("*.png")}
    pixels = ask("image", made.values())
    for stem, (path, what) in compared.items():
        ours = pixels.get(str(made.get(stem)), {}).get("what")
        if ours != what:
            wrong[path] = f"other pixels than Pillow's: {ours}, not {what}"
    return wrong
