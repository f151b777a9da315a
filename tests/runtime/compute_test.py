"""Computes: what a computes file may say, where it is found, and what validate, --dry-run and run compare with it."""
import os

import pytest

from harness import AS_ROOT, class_folders, torchport

SEE = "torchport explain NAME says more about an error.\n"
UNITS = len(os.sched_getaffinity(0))
COMPUTES = """computes:
  here: {engine: mpirun}
  alone: {engine: local}
  cluster: {engine: slurm, max_nodes: 2, processing_units: 4, partition: gpu, time_limit: 02:00:00, flags: [--exclusive]}
  pair:
    engine: mpirun
    hosts: [alpha, beta]
    processing_units: 8
  gpus: {engine: slurm, max_nodes: 1, processing_units: 2, device: cuda}
"""


@pytest.fixture(scope="module")
def inputs(shared):
    class_folders(shared / "photos", each=40)
    (shared / "computes.yaml").write_text(COMPUTES)
    torchport("run", "convert_to_image_directory", "--input-path=photos", "--output-path=data", cwd=shared)
    torchport("run", "resnet", "--model-name=resnet18", "--pretrained=False", "--untrained-model-path=net", cwd=shared)
    return shared


TRAIN = ["train_pytorch_model", "--untrained-model-path=net", "--train-data-path=data", "--valid-data-path=data",
         "--trained-model-path=out", "--batch-size=2", *AS_ROOT]


def error(done):
    return done.stderr.split("\n")[0].split(": ", 1)[1]


@pytest.mark.parametrize("compute, nodes, processes, wanted", [
    # the example of the reference page: processes per node above the processing units of the compute
    ("cluster", 1, 12, "--process-count-per-node is 12, but must be at most 4, the number of processing units of the compute cluster"),
    ("cluster", 3, 1, "--node-count is 3, but must be at most 2, the max nodes of the compute cluster"),
    ("pair", 3, 1, "--node-count is 3, but must be at most 2, the max nodes of the compute pair"),
    ("pair", 1, 9, "--process-count-per-node is 9, but must be at most 8, the number of processing units of the compute pair"),
    ("gpus", 1, 3, "--process-count-per-node is 3, but must be at most 2, the number of processing units of the compute gpus"),
    ("here", 1, UNITS + 1, f"--process-count-per-node is {UNITS + 1}, but must be at most {UNITS}, the number of processing units of the compute here"),
    ("alone", 1, 2, "--process-count-per-node is 2, but must be at most 1, the number of processing units of the compute alone")])
def test_counts(inputs, work, compute, nodes, processes, wanted):
    """Compared alike by validate, by --dry-run and by run, before anything is made or started."""
    counts = [f"--compute={compute}", f"--node-count={nodes}", f"--process-count-per-node={processes}"]
    assert error(torchport("validate", *TRAIN, *counts, cwd=inputs, status=2)) == wanted
    assert error(torchport("run", *TRAIN, *counts, "--run-dir", work / "run", cwd=inputs, status=2)) == wanted
    assert (work / "run/logs/70_mpi_log").read_text().startswith(f"error[LessThanOrEqualToError] train_pytorch_model: {wanted}\n")
    assert os.listdir(work / "run/logs") == ["70_mpi_log"] and not (inputs / "out").exists()
    (work / "p.yaml").write_text(f"""name: p
compute: alone
steps:
  train:
    component: train_pytorch_model
    inputs: {{untrained_model: {inputs}/net, training_dataset: {inputs}/data, validation_dataset: {inputs}/data}}
    parameters: {{batch_size: 2}}
    run: {{compute: {compute}, node_count: {nodes}, process_count_per_node: {processes}}}
""")
    for words in (["validate", "p.yaml"], ["run", "p.yaml", "--dry-run"], ["run", "p.yaml"]):
        done = torchport(*words, "--computes", inputs / "computes.yaml", *AS_ROOT, cwd=work, status=2)
        assert error(done) == wanted and "  at     p.yaml:4:3\n" in done.stderr, done.stderr
    assert not (work / "runs").exists()


def test_at_their_bounds(inputs):
    torchport("validate", *TRAIN, "--compute=cluster", "--node-count=2", "--process-count-per-node=4", cwd=inputs)


def test_list_and_show(inputs):
    assert torchport("compute", "list", cwd=inputs).stdout == f"""COMPUTE  ENGINE  MAX NODES  PROCESSING UNITS  DEVICE
here     mpirun  1          {UNITS}                 cpu
alone    local   1          1                 cpu
cluster  slurm   2          4                 cpu
pair     mpirun  2          8                 cpu
gpus     slurm   1          2                 cuda
"""
    assert torchport("compute", "show", "cluster", cwd=inputs).stdout == """engine            slurm
max nodes         2
processing units  4
device            cpu
partition         gpu
requeue           False
stop_seconds      60
time_limit        02:00:00
flags             --exclusive
"""


def test_where_it_is_found(inputs, work):
    words = ["compute", "list"]
    elsewhere = {"HOME": str(work), "XDG_CONFIG_HOME": "", "TORCHPORT_COMPUTES": ""}
    assert torchport(*words, cwd=work, env=elsewhere).stdout == "there is no computes file: components run here\n"
    done = torchport("compute", "show", "here", cwd=work, env=elsewhere, status=2)
    assert error(done) == "there is no computes file to look for the compute here in", done.stderr
    (work / ".config/torchport").mkdir(parents=True)
    for place, name in ((".config/torchport/computes.yaml", "one"), ("computes.yaml", "two"), ("three.yaml", "three")):
        (work / place).write_text(f"computes: {{{name}: {{engine: local}}}}\n")
        env = {**elsewhere, "TORCHPORT_COMPUTES": place if name == "three" else ""}
        assert f"\n{name} " in torchport(*words, cwd=work, env=env).stdout
    assert "\none " in torchport(*words, "--computes=.config/torchport/computes.yaml", cwd=work, env=env).stdout


def test_faults_of_files(work):
    (work / "computes.yaml").write_text("""computes:
  a: {engine: slrm}
  B: {engine: mpirun, host: [a], max_nodes: 0}
  c: {engine: slurm, requeue: maybe, flags: x}
  d: {max_nodes: 1}
more: 1
""")
    done = torchport("compute", "list", cwd=work, status=2)
    wanted = [("the file has an unknown key 'more'", "6:1"),
              ("the computes file cannot be understood: there is no engine 'slrm'. Did you mean slurm? The engines are: local, mpirun, slurm", "2:15"),
              ("the computes file cannot be understood: 'B' is not a name: a small letter, then small letters, digits, - and _", "3:3"),
              ("--max_nodes is 0, but must be at least 1", "3:45"),
              ("the compute B has an unknown key 'host'", "3:23"),
              ("--requeue is 'maybe', which is neither True nor False", "4:31"),
              ("the computes file cannot be understood: flags must be a list, such as [a, b]", "4:45"),
              ("the computes file cannot be understood: the compute d lacks its engine: local, mpirun, slurm", "5:6")]
    blocks = done.stderr.removesuffix(SEE).split("error[")[1:]
    assert len(blocks) == len(wanted), done.stderr
    for block, (sentence, place) in zip(blocks, wanted):
        assert f" torchport: {sentence}\n  at     computes.yaml:{place}\n" in block, block


@pytest.mark.parametrize("compute, flags, wanted", [
    ("{engine: mpirun, hosts: [a, a]}", [], "the compute c has hosts: 'a' is there twice"),
    ("{engine: mpirun, hosts: ['a,b']}", [], "the compute c has hosts: 'a,b' is not the name of a host"),
    ("{engine: mpirun, hosts: [a], hostfile: hosts}", [], "the compute c has hosts and hostfile: give one of them"),
    ("{engine: mpirun, hosts: [a], max_nodes: 2}", [], "the compute c has max_nodes: 2: it has 1 hosts"),
    ("{engine: mpirun, hostfile: hosts}", ["--process-count-per-node=2"],
     "--process-count-per-node is 2, but must be at most 1, the number of processing units of the compute c"),
    ("{engine: mpirun, hostfile: wrong}", [], "the host file cannot be understood: 'core=4' is not slots=N or max_slots=N"),
    ("{engine: slurm, max_nodes: 1}", [], "the compute c has no processing_units: the engine slurm needs it"),
    ("{engine: slurm, max_nodes: 1, processing_units: 1, time_limit: tomorrow}", [],
     "the compute c has time_limit: tomorrow: that is no time, such as 90 (minutes), 02:00:00 or 1-12"),
    ("{engine: local}", ["--engine=mpirun"], "--engine mpirun and --compute c, whose engine is local, contradict each other"),
    ("{engine: local}", ["--compute=d"], "there is no compute 'd' in 'computes.yaml'")])
def test_refused(inputs, work, compute, flags, wanted):
    (work / "hosts").write_text("# ours\nalpha slots=4\nbeta slots=1 max_slots=2\n")
    (work / "wrong").write_text("alpha core=4\n")
    (work / "computes.yaml").write_text(f"computes: {{c: {compute}}}\n")
    words = [word.replace("=net", f"={inputs}/net").replace("=data", f"={inputs}/data") for word in TRAIN]
    named = [] if any(flag.startswith("--compute=") for flag in flags) else ["--compute=c"]
    assert error(torchport("validate", *words, *named, *flags, cwd=work, status=2)) == wanted


def test_within_a_launcher(inputs):
    done = torchport("validate", *TRAIN, "--compute=here", cwd=inputs, status=2, env={"PMIX_RANK": "0"})
    assert error(done) == "--compute here would start processes, but this is a process of a launcher already"


def test_a_pipeline_names_computes_and_no_file(work):
    """What is started where is the user's to say, and no file's."""
    (work / "p.yaml").write_text("name: p\nsteps:\n  a:\n    component: resnet\n    run: {computes: ./mine.yaml}\n")
    assert error(torchport("validate", "p.yaml", cwd=work, status=2)) == "resnet has no run setting 'computes'"


def test_single_components_run_on_a_compute(inputs, work):
    torchport("run", "resnet", "--model-name=resnet18", "--pretrained=False", "--untrained-model-path", work / "net", "--run-dir", work / "run",
              "--compute=here", *AS_ROOT, cwd=inputs)
    assert 'RESULT exit=0 first_rank=- cause="ok"' in (work / "run/logs/70_mpi_log").read_text()
