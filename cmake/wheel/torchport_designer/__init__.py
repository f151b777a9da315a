"""Runs torchport where a command names a module of the designer's: `python -m azureml.designer.modules... --flags`. Not by Microsoft.

The modules under azureml/ in this package are made by `torchport contract COMPONENT --format python`; each is a Component and no more.
"""
import importlib
import os
import shutil
import signal
import subprocess
import sys
from importlib import metadata

import torchport

_OWN = "torchport-designer"
_RANKS = ("OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID", "RANK")


def _flag(word):
    """The name in `--a_b=value`, as torchport has it: with dashes."""
    return word.split("=", 1)[0].replace("_", "-")


def _refuse_beside_original(module):
    """Another package with this very file would have been overwritten by ours, or will overwrite it: neither can be told apart later."""
    path = module.replace(".", "/") + ".py"
    for other in metadata.distributions():
        name = other.metadata["Name"] or ""
        if name.lower().replace("_", "-") == _OWN or not name.lower().startswith("azureml"):
            continue
        if any(str(file) == path for file in other.files or ()):
            sys.exit(f"torchport-designer: {name} {other.version} has {module}, too, and both cannot be installed together. "
                     f"Take one of them: pip uninstall {name} {_OWN} && pip install {_OWN}")


def _run(words, copy_from):
    """`torchport WORDS` in place of this process; or, where the model must be copied afterwards, below it, with its signals and its end."""
    if copy_from is None:
        torchport.start(words)
    child = subprocess.Popen([sys.executable, "-m", "torchport", *words])
    for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGCONT"):
        signal.signal(getattr(signal, name), lambda number, _: child.send_signal(number))
    status = child.wait()
    if status == 0:
        target = os.path.join("outputs", "trained_model_outputs")
        try:
            shutil.copytree(copy_from, target, dirs_exist_ok=True)
        except (OSError, shutil.Error) as error:
            print(f"torchport-designer: the model {copy_from} could not be copied to ./{target}: {error}", file=sys.stderr)
            status = 11
    sys.exit(status if status >= 0 else 128 - status)


class Component:
    """One of the designer's modules: the component that takes its place, and what its own program took for absent flags."""

    def __init__(self, name, module, defaults, model):
        self.name, self.module, self.defaults, self.model = name, module, defaults, model

    def words(self, given, environment):
        """The words for torchport. A job of Azure ML keeps ./logs, so that the run's own folder lies there."""
        named = {_flag(word) for word in given if word.startswith("--")}
        words = ["run", self.name, *given]
        for flag, value in self.defaults.items():
            if _flag(flag) not in named and not {"--help", "--version"} & named:
                words += [flag, value]
        if environment.get("AZUREML_RUN_ID") and "--run-dir" not in named:
            words += ["--run-dir", os.path.join("logs", "torchport", self.name)]
        return words

    def model_path(self, given, environment):
        """Where the model will be, if it is this process that must copy it to ./outputs, where jobs of Azure ML are looked for models."""
        if self.model is None or not environment.get("AZUREML_RUN_ID"):
            return None
        if next((environment[name] for name in _RANKS if name in environment), "0") != "0":
            return None
        path = None
        for word, after in zip(given, [*given[1:], None]):
            if _flag(word) == _flag(self.model):
                path = word.split("=", 1)[1] if "=" in word else after
        return path

    def run(self, given=None):
        given = sys.argv[1:] if given is None else given
        _refuse_beside_original(self.module)
        _run(self.words(given, os.environ), self.model_path(given, os.environ))


def invoke(given):
    """The designer's `module_invoker`: --module-name says which module runs, with the other words."""
    name, rest = None, []
    words = iter(given)
    for word in words:
        if _flag(word) == "--module-name":
            name = word.split("=", 1)[1] if "=" in word else next(words, "")
        else:
            rest.append(word)
    if not name:
        sys.exit("torchport-designer: --module-name is missing; it names the module to run")
    try:
        component = importlib.import_module(name).COMPONENT
    except (ImportError, AttributeError):
        sys.exit(f"torchport-designer: the module {name} is none of those that torchport takes the place of: `pip show -f {_OWN}` lists them")
    _refuse_beside_original("azureml.studio.modulehost.module_invoker")
    component.run(rest)
