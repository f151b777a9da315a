"""State dict files, both ways between torchport and the real torch: keys, dtypes, shapes and every byte of the tensors."""
import collections
import os
import pathlib
import subprocess
import zipfile

import torch
from harness import BIN, ORIGINAL, golden

DUMP = BIN / "dump_state_dict"


def dump(mode, path):
    return subprocess.run([DUMP, mode, path], stdout=subprocess.PIPE, check=True, timeout=60).stdout


def raw(tensor):
    return tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes()


def table(tensors):
    """As `dump_state_dict list` prints it."""
    return "".join(f"{key}\t{str(value.dtype)[6:]}\t{'x'.join(map(str, value.shape)) or 'scalar'}\n" for key, value in tensors.items())


def assert_equal(ours, theirs):
    assert list(ours) == list(theirs), "other keys, or another order"
    for key in theirs:
        assert ours[key].dtype == theirs[key].dtype and torch.equal(ours[key], theirs[key]), key


def assert_interchange(path, tensors):
    """`path` holds `tensors`, written by torch: we read them, and torch reads what we write of them."""
    assert dump("list", path).decode() == table(tensors)
    assert dump("bytes", path) == b"".join(map(raw, tensors.values()))
    ours = pathlib.Path(f"{path}.ours")
    ours.write_bytes(dump("rewrite", path))
    assert zipfile.ZipFile(ours).testzip() is None
    for options in ({}, {"weights_only": True, "mmap": True}, {"weights_only": False}):
        assert_equal(torch.load(ours, **{"weights_only": True, **options}), tensors)
    assert dump("rewrite", ours) == ours.read_bytes(), "our own file reads back as another"


def rezipped(path, target, keep=lambda name: True, top=None):
    """A copy whose records are chosen and whose top folder may be another, as older versions of torch write it."""
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as copy:
        for name in source.namelist():
            folder, inner = name.split("/", 1)
            if keep(inner):
                copy.writestr(f"{top or folder}/{inner}", source.read(name))


def test_forms(work):
    """Forms that torch's users and versions give a state dict."""
    path = work / "model"
    base = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
    dtypes = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16, torch.bfloat16, torch.float32, torch.float64)
    forms = {
        "every dtype": {**{str(dtype): torch.arange(5).to(dtype) for dtype in dtypes}, "bool": torch.tensor([True, False])},
        "views of one storage": {"all": base, "row": base[1], "column": base[:, 1], "part": base[:, 1:, ::2], "turned": base.permute(2, 0, 1)},
        "channels last": {"w": torch.randn(4, 3, 5, 5).to(memory_format=torch.channels_last)},
        "empty and scalar": {"empty": torch.empty(0, 3), "scalar": torch.tensor(3.5), "one": torch.ones(1, 1, 1)},
        "parameters": {"w": torch.nn.Parameter(torch.randn(3)), "frozen": torch.nn.Parameter(torch.randn(3), requires_grad=False)},
        "nothing": {},
        "odd names": {"": torch.ones(1), "größe.重み": torch.ones(2), "a\nb": torch.ones(3)},
        "many": {f"layer{i}.weight": torch.full((2,), float(i)) for i in range(3000)},
    }
    for name, form in forms.items():
        for kind in (dict, collections.OrderedDict):
            tensors = kind(form)
            torch.save(tensors, path)
            if name == "odd names":   # the table cannot show a line break
                assert dump("bytes", path) == b"".join(map(raw, tensors.values()))
                continue
            assert_interchange(path, tensors)
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
    for protocol in (2, 3, 4):
        torch.save(module.state_dict(), path, pickle_protocol=protocol)
        assert_interchange(path, module.state_dict())
    old = work / "old"
    rezipped(path, old, keep=lambda name: name in ("data.pkl", "version") or name.startswith("data/"), top="archive")
    assert dump("bytes", old) == b"".join(map(raw, module.state_dict().values())), "without the records that torch 1.6 lacks"
    moved = work / "moved"
    moved.write_bytes(path.read_bytes())   # a GPU's file differs by its locations only
    torch.save(module.state_dict(), path)
    with zipfile.ZipFile(path) as source:
        records = {name: source.read(name) for name in source.namelist()}
    records["model/data.pkl"] = records["model/data.pkl"].replace(b"X\3\0\0\0cpu", b"X\6\0\0\0cuda:7")
    with zipfile.ZipFile(moved, "w") as copy:
        for name, data in records.items():
            copy.writestr(name, data)
    assert dump("bytes", moved) == b"".join(map(raw, module.state_dict().values())), "written on a GPU"
    print(f"forms: {len(forms) * 2 + 5} files agree with torch {torch.__version__}")


def test_golden(work):
    for name, table_name in (("trained_resnet18", "resnet18"), ("untrained_densenet121", "densenet121")):
        directory = golden(name)
        link = work / name
        os.symlink(directory / "model", link)
        tensors = torch.load(link, weights_only=True)
        assert_interchange(link, tensors)
        listed = dump("list", link).decode().splitlines()
        recorded = (ORIGINAL / "state_dict_keys" / f"{table_name}.tsv").read_text().splitlines()
        if name.startswith("untrained"):   # the lists are of networks for 3 classes: the last layer, weight and bias, differs
            listed, recorded = listed[:-2], recorded[:-2]
        assert listed == recorded, "not the recorded keys, dtypes and shapes"
        print(f"{name}: {len(tensors)} tensors agree with torch {torch.__version__}")
