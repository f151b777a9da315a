"""Files of weights in all the forms that --weights takes, written by the real torch and safetensors: every tensor, byte by byte."""
import collections
import pickle
import struct
import subprocess

import safetensors
import safetensors.torch
import torch

from harness import BIN

FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
WHOLE = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.bool)


def dump(mode, path, *more, status=0):
    done = subprocess.run([BIN / "dump_state_dict", mode, path, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == status, done
    return done.stdout if status == 0 else done.stderr.decode()


def raw(tensor):
    return tensor.detach().contiguous().flatten().view(torch.uint8).numpy().tobytes()


def assert_read(path, tensors):
    """We read `tensors` from the file, in their order, and refuse it as the `model` file of a model directory."""
    table = "".join(f"{key}\t{str(value.dtype)[6:]}\t{'x'.join(map(str, value.shape)) or 'scalar'}\n" for key, value in tensors.items())
    assert dump("list", path, "any").decode() == table
    assert dump("bytes", path, "any") == b"".join(map(raw, tensors.values()))
    dump("check", path, status=3)


def network():
    torch.manual_seed(1)
    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Linear(4, 2))


def every_dtype():
    return {str(dtype): torch.arange(6).to(dtype).reshape(2, 3) for dtype in FLOATS + WHOLE}


def test_legacy(work):
    """What torch wrote before 1.6, and still writes when it is asked to."""
    path, base = work / "legacy.pth", torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
    forms = [network().state_dict(), every_dtype(), {"all": base, "row": base[1], "turned": base.permute(2, 0, 1)}, {},
             {"empty": torch.empty(0, 3), "scalar": torch.tensor(3.5)}, {"w": torch.nn.Parameter(torch.randn(3))}]
    for tensors in forms:
        torch.save(tensors, path, _use_new_zipfile_serialization=False)
        assert_read(path, tensors)
    print(f"legacy: {len(forms)} files agree with torch {torch.__version__}")


def test_old_torch(work):
    """Pickles of torch 0.1 to 0.3 under Python 2: texts of bytes, tensors of four arguments, the class Parameter. torch.load judges."""
    def text(value):
        return b"U" + bytes([len(value)]) + value.encode()

    def named(module, name):
        return f"c{module}\n{name}\n".encode()

    def tensor(key, count, shape, stride):
        storage = b"(" + text("storage") + named("torch", "FloatStorage") + text(key) + text("cuda:0") + b"K" + bytes([count]) + b"NtQ"
        sizes = [b"(" + b"".join(b"K" + bytes([n]) for n in numbers) + b"t" for numbers in (shape, stride)]
        return named("torch._utils", "_rebuild_tensor") + b"(" + storage + b"K\0" + b"".join(sizes) + b"tR"

    parameter = named("torch.nn.parameter", "Parameter") + tensor("222", 3, (3,), (1,)) + b"\x85R(\x88\x89" + named("collections", "OrderedDict") + b")Rtb"
    weights = b"\x80\2" + named("collections", "OrderedDict") + b")R(" + text("w") + tensor("111", 6, (2, 3), (3, 1)) + \
        text("p") + parameter + b"u."
    system = pickle.dumps({"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}, 2)
    keys = b"\x80\2](" + text("111") + text("222") + b"e."
    storages = struct.pack("<q6f", 6, *range(6)) + struct.pack("<q3f", 3, 7, 8, 9)
    path = work / "old.pth"
    path.write_bytes(pickle.dumps(0x1950a86a20f9469cfc6c, 2) + pickle.dumps(1001, 2) + system + weights + keys + storages)
    theirs = torch.load(path, weights_only=True, map_location="cpu")
    assert torch.equal(theirs["w"], torch.arange(6.).reshape(2, 3)) and torch.equal(theirs["p"].data, torch.tensor([7., 8., 9.]))
    assert_read(path, theirs)


def test_wrapped(work):
    """A state dict among the other things that a training script saves."""
    path, model = work / "checkpoint.pth", network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model(torch.randn(1, 3, 6, 6)).sum().backward()
    optimizer.step()
    state = model.state_dict()
    for legacy in (False, True):
        for name in ("state_dict", "model", "model_state", "model_state_dict"):
            torch.save({"epoch": 90, "arch": "resnet18", "best": torch.tensor(0.7), "rate": 0.1, "optimizer": optimizer.state_dict(),
                        "history": [0.1, [2, None]], name: state}, path, _use_new_zipfile_serialization=not legacy)
            assert_read(path, state)
    torch.save(collections.OrderedDict(model=torch.ones(2)), path)   # a tensor with a name like this is a tensor
    assert dump("list", path, "any") == b"model\tfloat32\t2\n"
    torch.save({"state_dict": state, "model": network()}, path)   # beside it an object, of which nothing is made
    assert_read(path, state)


def test_safetensors(work):
    path = work / "w.safetensors"
    for tensors in (network().state_dict(), every_dtype(), {"empty": torch.empty(0, 3), "scalar": torch.tensor(3.5)}, {},
                    {"größe.重み": torch.ones(2)}):
        for metadata in (None, {"format": "pt", "note": "größe \n"}):
            safetensors.torch.save_file(tensors, path, metadata)
            with safetensors.safe_open(path, "pt") as file:
                in_order = {key: file.get_tensor(key) for key in file.offset_keys()}
            assert_read(path, in_order)
    print(f"safetensors agree with safetensors {safetensors.__version__}")
