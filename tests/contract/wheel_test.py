"""What of the wheels needs no wheel: what goes into them comes from the specs, and the words that their launchers hand on."""
import importlib
import os
import stat
import subprocess
import sys
import zipfile

import pytest
import yaml

from harness import BIN, SOURCE, command

WHEEL = SOURCE / "cmake/wheel"
sys.path.insert(0, str(WHEEL))
pack = importlib.import_module("pack")
designer = importlib.import_module("torchport_designer")
SPECS = {path.stem: yaml.safe_load(path.read_text()) for path in sorted((SOURCE / "spec/components").glob("*.yaml"))}


def made(name):
    """The Component of the module that stands in for the designer's."""
    scope = {"__name__": "imported"}
    exec(command(BIN / "torchport", "contract", name, "--format", "python").stdout, scope)
    return scope["COMPONENT"]


def flags(name):
    return {row: facts["flag"] for part in ("parameters", "options") for row, facts in SPECS[name].get(part, {}).items()}


def test_each_component_is_a_command():
    assert pack.components() == sorted(SPECS)


def test_each_module_of_the_designer_has_its_place_and_the_defaults_of_the_spec():
    places = pack.modules(BIN.parent)
    for name, spec in SPECS.items():
        component = made(name)
        assert component.name == name
        assert component.module == spec["original"].get("module") or component.module == spec["architecture"]["module"]
        assert component.module.replace(".", "/") + ".py" in places
        wanted = {"--" + flags(name)[row]: str(value) for row, value in spec["original"].get("defaults", {}).items()}
        assert component.defaults == wanted
    assert made("train_pytorch_model").model == "--trained-model-path" and made("resnet").model is None
    assert len(places) == len(SPECS) + 1 and "azureml/studio/modulehost/module_invoker.py" in places
    assert not [place for place in places if place.endswith("__init__.py")], "other packages have parts of azureml, too"


def test_absent_flags_get_what_the_original_program_took():
    train, init = made("train_pytorch_model"), made("init_image_transformation")
    words = train.words(["--epochs", "7", "--batch_size=3", "--trained-model-path", "m"], {})
    assert words[:7] == ["run", "train_pytorch_model", "--epochs", "7", "--batch_size=3", "--trained-model-path", "m"]
    assert words[7:] == ["--print-freq", "100", "--random-seed", "231"]
    assert init.words(["--center-crop", "224"], {})[4:] == ["--random_horizontal_flip", "False", "--resize", "False"]
    assert train.words(["--help"], {}) == ["run", "train_pytorch_model", "--help"]


def test_a_job_of_azure_keeps_the_run_and_the_model():
    train, azure = made("train_pytorch_model"), {"AZUREML_RUN_ID": "x"}
    assert train.words(["--trained-model-path", "m"], azure)[-2:] == ["--run-dir", "logs/torchport/train_pytorch_model"]
    assert "--run-dir" not in train.words([], {})
    assert train.words(["--run-dir=r"], azure).count("--run-dir") == 0
    for given in (["--trained-model-path", "m"], ["--trained_model_path=m"]):
        assert train.model_path(given, azure) == train.model_path(given, {**azure, "OMPI_COMM_WORLD_RANK": "0"}) == "m"
        assert train.model_path(given, {**azure, "OMPI_COMM_WORLD_RANK": "1"}) is train.model_path(given, {}) is None
    assert made("resnet").model_path(["--untrained-model-path", "m"], azure) is None


@pytest.fixture
def installed(tmp_path):
    """Packages as they lie in an environment, with a program that tells its words in torchport's place."""
    for package in ("torchport", "torchport_designer"):
        folder = tmp_path / package
        folder.mkdir()
        for file in (WHEEL / package).glob("*.py"):
            (folder / file.name).write_text(file.read_text())
    for place, text in pack.modules(BIN.parent).items():
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(text)
    program = tmp_path / "torchport/bin/torchport"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\nfor last; do :; done\n[ -z "$MAKES" ] || { mkdir -p "$MAKES" && echo x >"$MAKES/model"; }\nexit "${STATUS:-0}"\n')
    program.chmod(0o755)
    return tmp_path


def python(installed, *words, status=0, cwd=None, **environment):
    return command(sys.executable, *words, status=status, cwd=cwd, env={"PYTHONPATH": str(installed), "AZUREML_RUN_ID": "", **environment})


def test_modules_run_the_program(installed):
    module = made("resnet").module
    assert python(installed, "-m", module, "--model-name", "resnet18").stdout.split() == ["run", "resnet", "--model-name", "resnet18"]
    assert python(installed, "-m", module, status=5, STATUS="5").returncode == 5
    assert python(installed, "-m", "torchport", "list").stdout.split() == ["list"]
    evaluate = made("evaluate_model").module
    invoked = python(installed, "-m", "azureml.studio.modulehost.module_invoker", f"--module-name={evaluate}", "--scored-dataset=s")
    assert invoked.stdout.split() == ["run", "evaluate_model", "--scored-dataset=s"]
    other = python(installed, "-m", "azureml.studio.modulehost.module_invoker", "--module-name", "os.path", status=1)
    assert "the module os.path is none of those" in other.stderr


def package(folder, name, libraries):
    """A package that says so if somebody imports it."""
    (folder / name / libraries).mkdir(parents=True)
    (folder / name / "__init__.py").write_text(f"raise SystemExit('{name} was imported')\n")


def test_torch_and_pyarrow_may_be_elsewhere(installed, tmp_path):
    """The programs look beside their own package; of another place, as of --user, they are told, and of none the user is."""
    program = installed / "torchport/bin/torchport"
    program.write_text('#!/bin/sh\necho "$LD_LIBRARY_PATH"\n')
    bare = ("-S", "-m", "torchport")   # without this Python's own packages
    (installed / "torchport-1.dist-info").mkdir()
    (installed / "torchport-1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: torchport\nVersion: 1\nRequires-Dist: torch==2.3.4\nRequires-Dist: pyarrow==5\n")
    nowhere = python(installed, *bare)
    assert "torchport: torch is not installed, whose libraries it needs: pip install torch==2.3.4\n" in nowhere.stderr
    assert "pyarrow is not installed" in nowhere.stderr and "pip install pyarrow==5\n" in nowhere.stderr and nowhere.stdout == "\n"
    other = tmp_path / "other"
    package(other, "torch", "lib")
    package(other, "pyarrow", "")
    (other / "nvidia/nccl/lib").mkdir(parents=True)
    both = {"PYTHONPATH": f"{installed}:{other}", "LD_LIBRARY_PATH": "/mine"}
    found = python(installed, *bare, **both)
    assert found.stdout == f"/mine:{other}/torch/lib:{other}/nvidia/nccl/lib:{other}/pyarrow\n" and found.stderr == ""
    package(installed, "pyarrow", "")
    assert python(installed, *bare, **both).stdout == f"/mine:{other}/torch/lib:{other}/nvidia/nccl/lib\n"
    package(installed, "torch", "lib")
    assert python(installed, *bare, **both).stdout == "/mine\n"


def test_the_command_of_a_component(installed):
    script = installed / "score_image_model"
    script.write_text("import torchport\ntorchport.component()\n")
    assert python(installed, script, "--dataset", "d").stdout.split() == ["run", "score_image_model", "--dataset", "d"]
    (installed / "torchport/bin/torchport").chmod(0o644)
    refused = python(installed, script, status=1)
    assert "could not be started: Permission denied" in refused.stderr


def test_the_model_is_copied_to_the_outputs_of_the_job(installed):
    train = made("train_pytorch_model").module
    folder = installed / "job"
    folder.mkdir()
    words = ("-m", train, "--trained-model-path", "m")
    python(installed, *words, cwd=folder, AZUREML_RUN_ID="x", MAKES="m")
    assert (folder / "outputs/trained_model_outputs/model").read_text() == "x\n"
    python(installed, *words, cwd=folder, AZUREML_RUN_ID="x", STATUS="10", status=10)
    lost = python(installed, "-m", train, "--trained-model-path", "absent", cwd=folder, AZUREML_RUN_ID="x", status=11)
    assert "could not be copied" in lost.stderr


def test_beside_the_packages_of_the_original_it_refuses(installed):
    module = made("resnet").module
    info = installed / "azureml_designer_pytorch_modules-0.0.41.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: azureml-designer-pytorch-modules\nVersion: 0.0.41\n")
    (info / "RECORD").write_text("azureml_designer_pytorch_modules-0.0.41.dist-info/METADATA,,\n")
    python(installed, "-m", module)   # empty, as its last version is
    (info / "RECORD").write_text(module.replace(".", "/") + ".py,,\n")
    refused = python(installed, "-m", module, status=1)
    assert f"azureml-designer-pytorch-modules 0.0.41 has {module}, too" in refused.stderr and "pip uninstall" in refused.stderr


def test_a_wheel_is_the_same_twice_and_its_record_is_right(tmp_path):
    def write():
        wheel = pack.Wheel("a", "1", "py3-none-any")
        wheel.add("a/program", b"x", executable=True)
        wheel.add("a/__init__.py", "")
        path = wheel.write(tmp_path, 1_700_000_000)
        data = path.read_bytes()
        path.unlink()
        return data
    first = write()
    assert write() == first
    (tmp_path / "a.whl").write_bytes(first)
    with zipfile.ZipFile(tmp_path / "a.whl") as archive:
        assert archive.namelist() == ["a/__init__.py", "a/program", "a-1.dist-info/RECORD", "a-1.dist-info/WHEEL"]
        assert stat.S_IMODE(archive.getinfo("a/program").external_attr >> 16) == 0o755
        assert "a/program,sha256=LXEWQrcmsEQBYnyp-6wy9chTD7GQPMTbAiWHF5IaSIE,1" in archive.read("a-1.dist-info/RECORD").decode()


def test_the_tag_is_that_of_the_newest_symbols():
    tag = pack.platform_tag([BIN / "torchport"])
    assert subprocess.run(["ldd", "--version"], capture_output=True, text=True, check=True).stdout and tag.startswith("py3-none-manylinux_2_")
    assert os.uname().machine in tag and int(tag.split("_")[2]) >= 35
