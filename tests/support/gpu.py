"""A GPU that is not there: the programs beside a module whose device is a stand-in, in a folder of their own."""
import os
import shutil

from harness import BIN

MODULE = BIN / "fake/torchport-cuda.so"


def programs(folder, module=MODULE, names=("torchport", "torchport-worker")):
    """A folder of these programs with this module, or with none; the others are links."""
    folder.mkdir()
    for path in [*(BIN / name for name in names), *BIN.glob("torchport-*.so")]:
        if path.name == "torchport-cuda.so":
            continue
        try:
            os.link(path, folder / path.name)
        except OSError:   # another file system
            shutil.copy(path, folder / path.name)
    if module:
        shutil.copy(module, folder / "torchport-cuda.so")
    return folder


def pretend(**what):
    """The environment in which the stand-in is this; a key may end in _at_RANK."""
    words = [f"{key.replace('_at_', '@')}={value}" for key, value in what.items()]
    return {"TORCHPORT_FAKE_GPU": " ".join(words), "CUDA_VISIBLE_DEVICES": "0"}
