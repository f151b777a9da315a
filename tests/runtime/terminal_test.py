"""What a run does where the terminal, or a reader behind a pipe, is not there, slow or gone."""
import fcntl
import json
import os
import subprocess

from harness import BIN, class_folders, torchport


def pipeline(folder):
    class_folders(folder / "in", each=2)
    (folder / "p.yaml").write_text("name: p\nsteps:\n  a:\n    component: convert_to_image_directory\n    inputs: {input: ./in}\n")
    return folder / "p.yaml"


def run(work, script, *words, **options):
    """`script` with `words` as its arguments; the exit status."""
    return subprocess.run(["bash", "-c", script, "bash", *map(str, words)], cwd=work, timeout=120, **options)


def finished(work, run="p-1"):
    record = json.loads((work / "runs" / run / "pipeline.json").read_text())
    return record["state"] == "finished" and record["exit_status"] == 0


def test_closed_descriptors(work):
    """Started without 0, 1 and 2: no line for the console lands in a file that got the number."""
    class_folders(work / "in", each=2)
    done = run(work, 'exec "$@" <&- >&- 2>&-', BIN / "torchport", "run", "convert_to_image_directory", "--input_path=in",
               "--output_path=out", "--run-dir=run")
    assert done.returncode == 0
    for line in (work / "run/metrics.jsonl").read_text().splitlines():
        json.loads(line)
    json.loads((work / "run/run.json").read_text())
    assert all(" studio.core " in line for line in (work / "run/logs/70_driver_log_0").read_text().splitlines())


def test_reader_gone(work):
    """The reader of a pipe has seen enough: the run goes on and ends well, whatever the command."""
    file = pipeline(work)
    done = run(work, '"$@" | true; exit ${PIPESTATUS[0]}', BIN / "torchport", "run", file)
    assert done.returncode == 0 and finished(work)
    for words in (["list"], ["describe", "train_pytorch_model"], ["validate", file], ["runs", "list"], ["--help"]):
        assert run(work, '"$@" | true; exit ${PIPESTATUS[0]}', BIN / "torchport", *words).returncode == 0, words
    done = run(work, '"$@" | true; exit ${PIPESTATUS[0]}', BIN / "torchport", "run", "convert_to_image_directory", "--input_path=in",
               "--output_path=out", "--run-dir=run")
    assert done.returncode == 0 and (work / "out/_meta.yaml").exists()


def test_slow_reader(work):
    """A non-blocking standard output is waited for; no line is lost."""
    file = pipeline(work)
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETFL, os.O_NONBLOCK)
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    with subprocess.Popen([BIN / "torchport", "describe", "train_pytorch_model"], stdout=writing, cwd=work) as process:
        os.close(writing)
        with open(reading) as pipe:
            text = pipe.read()
    assert process.returncode == 0 and len(text) > 4096
    assert text == torchport("describe", "train_pytorch_model").stdout
    assert file.exists()


def test_full_output(work):
    """A pipeline that finished is not failed by a standard output without room; what only shows something is."""
    with open("/dev/full", "w") as full:
        done = subprocess.run([BIN / "torchport", "run", pipeline(work)], cwd=work, stdout=full, stderr=subprocess.PIPE, text=True)
        assert done.returncode == 0 and finished(work), done
        assert done.stderr == "standard output is incomplete; runs/p-1/pipeline.json is not\n", done.stderr
        done = subprocess.run([BIN / "torchport", "list"], stdout=full, stderr=subprocess.PIPE, text=True)
        assert done.returncode == 11
        assert "'standard output' could not be written: No space left on device" in done.stderr, done.stderr
