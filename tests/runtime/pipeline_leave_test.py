"""What a pipeline file may not do by itself: run as root, and read files that lie elsewhere. And what validate finds as run does."""
import os

import pytest

from harness import class_folders, torchport

STEPS = """name: p
steps:
  net: {{component: resnet, parameters: {{model_name: resnet18, pretrained: false}}}}
  train:
    component: train_pytorch_model
    inputs: {{untrained_model: net.untrained_model, training_dataset: ./in, validation_dataset: ./in}}
    parameters: {{epochs: 1, batch_size: 4}}
    run: {{process_count_per_node: 2{more}}}
"""


def pipeline(work, more=""):
    class_folders(work / "in")
    (work / "p.yaml").write_text(STEPS.format(more=more))


def test_a_file_grants_itself_nothing(work):
    for value in ("true", "false"):
        pipeline(work, f", allow_run_as_root: {value}")
        for words in (["validate"], ["run", "--dry-run"], ["run"]):
            done = torchport(words[0], "p.yaml", *words[1:], cwd=work, status=2)
            assert ("error[ParameterParsingError] p.yaml: a pipeline file cannot give itself allow_run_as_root\n"
                    "  at     p.yaml:8:57\n") in done.stderr, done.stderr
    assert not (work / "runs").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="not root")
def test_as_root(work):
    """Refused by run and validate alike; the flag of the hint, or the variables that mpirun itself takes, give leave."""
    pipeline(work)
    for command in ("validate", "run"):
        done = torchport(command, "p.yaml", cwd=work, status=2)
        assert "mpirun does not run as root unless told to\n  at     p.yaml:4:3\n  hint   Add --allow-run-as-root, or " in done.stderr, done.stderr
    assert not (work / "runs").exists()
    torchport("validate", "p.yaml", cwd=work, env={"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"})
    torchport("validate", "p.yaml", "--allow-run-as-root", cwd=work)
    torchport("run", "p.yaml", "--allow-run-as-root", cwd=work)
    assert (work / "runs/p-1/train/outputs/trained_model/_meta.yaml").exists()


def test_files_elsewhere(work):
    """A labels file is text that comes out again: one that a pipeline names lies in its folder, links followed."""
    for folder in ("in/idx", "in/below"):
        (work / folder).mkdir(parents=True)
    (work / "labels.txt").write_text("a\nb\n")
    (work / "in/below/labels.txt").write_text("a\nb\n")
    (work / "in/link.txt").symlink_to(work / "labels.txt")
    def validate(labels, *more, status):
        (work / "in/p.yaml").write_text("name: p\nsteps:\n  c:\n    component: convert_to_image_directory\n    inputs: {input: ./idx}\n"
                                        f"    parameters: {{labels: {labels}}}\n")
        return torchport("validate", work / "in/p.yaml", *more, cwd=work, status=status).stderr
    for labels in ("/etc/passwd", "../labels.txt", "link.txt"):
        told = validate(labels, status=2)
        assert "lies outside of the pipeline's folder\n" in told and "--set STEP.labels=PATH." in told, told
    validate("below/labels.txt", status=0)
    validate("below/labels.txt", "--set", f"c.labels={work}/labels.txt", status=0)


def test_no_place_for_runs(work):
    pipeline(work)
    (work / "file").write_text("")
    for command in ("validate", "run"):
        done = torchport(command, "p.yaml", "--runs", "file/runs", cwd=work, status=11)
        assert "the run folder 'file/runs' cannot be made: '" in done.stderr and "--runs for a pipeline" in done.stderr, done.stderr
