"""Hostile files given as --weights, safetensors and torch's old form: each is refused with its reason, or at least refused, at no cost."""
import json
import os
import pickle
import struct
import tempfile

from forge import GOOD_DATA, GOOD_PICKLE, integer, model, named, state_dict, tensor, text, tuple_of
from hostile_models_test import faults

GOOD = {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}


def safetensors(header, data=GOOD_DATA, length=None):
    header = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def safetensors_cases():
    def entry(**fields):
        return safetensors({"w": {**GOOD, **fields}})

    neither = "it is neither a torch.save file nor a safetensors file"
    yield "nothing", b"", neither
    yield "a header of other bytes", safetensors(b"[]"), neither
    yield "a length beyond the file", safetensors({"w": GOOD}, length=1 << 20), "its header would be of 1048576 bytes"
    yield "a length of 2^64 - 1", safetensors({"w": GOOD}, length=2**64 - 1), "its header would be of 18446744073709551615 bytes"
    huge = b"{" + b" " * (5 << 20) + b"}"
    yield "a header of 5 MB", safetensors(huge, b""), f"its header would be of {len(huge)} bytes"
    yield "no JSON", safetensors(b"{nope}"), "its header is not valid JSON (column 3: invalid literal; last read: '{no'; expected string literal)"
    yield "NaN", safetensors(b'{"w": NaN}'), "its header is not valid JSON (column 7: NaN and Infinity are not JSON)"
    yield "a key that is not UTF-8", safetensors(b'{"\xff": 1}'), "its header is not valid JSON (column 3: a text that is not UTF-8)"
    yield "bytes after the JSON", safetensors(b'{} {}', b""), "its header is not valid JSON (column 4: unexpected '{'; expected end of input)"
    yield "a key given twice", safetensors(b'{"w": %s, "w": %s}' % ((json.dumps(GOOD).encode(),) * 2)), "its header has the key 'w' twice"
    twice = b'{"w": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16], "shape": [4]}}'
    yield "a shape given twice", safetensors(twice), "its header has the key 'shape' twice"
    yield "a million brackets", safetensors(b'{"w": ' + b"[" * 1_000_000), "its header is nested deeper than 3 levels"
    yield "a nested shape", entry(shape=[[2, 2]]), "its header is nested deeper than 3 levels"
    yield "a list of objects", safetensors(b'{"w": [' + b"{}," * 1_000_000), "its header holds more than 70000 values"
    yield "an object of objects", entry(shape={str(i): {} for i in range(100_000)}), "its header is nested deeper than 3 levels"
    yield "a number for a tensor", safetensors({"w": 1}), "its header has another entry of 'w' than dtype, shape and data_offsets"
    yield "an entry too much", entry(more=1), "its header has another entry of 'w' than dtype, shape and data_offsets"
    yield "no dtype", safetensors({"w": {"type": "F32", "shape": [4], "data_offsets": [0, 16]}}), "its header has no 'dtype' of 'w'"
    for dtype in ("F8_E4M3", "C64", "U64", "", "f32"):
        yield f"the dtype {dtype}", entry(dtype=dtype), f"its header has the dtype '{dtype}' of 'w', which is not known here"
    for shape in ([-2, 2], [2.0, 2], ["2", 2], [None], [True], [2**63]):
        yield f"the shape {shape}", entry(shape=shape), "its header has no whole numbers in 'shape' of 'w'"
    yield "9 dimensions", entry(shape=[1] * 9), "its header has too long a list 'shape' of 'w'"
    yield "a shape that overflows", entry(shape=[2**32, 2**32]), "its header has too large a shape of 'w'"
    yield "a shape product of 2^64 + 4", entry(shape=[4194305, 4194305, 211106198978564]), "its header has too large a shape of 'w'"
    yield "another size than its bytes", entry(shape=[3]), "'w' needs a storage of 3 x 4 bytes, but its place holds 16 bytes"
    yield "bytes that overflow to 16", entry(shape=[2**62 + 4]), f"'w' needs a storage of {2**62 + 4} x 4 bytes, but its place holds 16 bytes"
    for offsets in ([0], [0, 16, 16], [16, 0]):
        yield f"the offsets {offsets}", entry(data_offsets=offsets), "its header has no begin and end in 'data_offsets' of 'w'"
    yield "a gap before", entry(data_offsets=[4, 20]), "its header leaves a gap or an overlap before 'w'"
    yield "beyond the file", entry(shape=[8], data_offsets=[0, 32]), "'w' reaches beyond the file"
    yield "far beyond the file", entry(shape=[2**60], data_offsets=[0, 2**62]), "'w' reaches beyond the file"
    yield "an overlap", safetensors({"w": GOOD, "x": {**GOOD, "data_offsets": [8, 24]}}), "its header leaves a gap or an overlap before 'x'"
    yield "the same bytes twice", safetensors({"w": GOOD, "x": GOOD}), "its header leaves a gap or an overlap before 'x'"
    yield "bytes after the last tensor", safetensors({"w": GOOD}, GOOD_DATA + b"x"), "the file holds bytes after its last tensor"
    yield "metadata of numbers", safetensors({"__metadata__": {"a": 1}, "w": GOOD}), "its header has something else than texts in '__metadata__'"
    empty = {f"t{i}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for i in range(60_000)}
    yield "60,000 tensors", safetensors(empty, b""), "its header holds more than 70000 values"
    few = dict(list(empty.items())[:5_001])
    yield "5,001 tensors", safetensors(few, b""), "its header has more tensors than a network needs"
    wide = {"w": {**GOOD, "shape": [0] * 1_000_000}}
    yield "a million dimensions", safetensors(wide), "its header holds more than 70000 values"


def legacy(weights, keys=(text("0"),), storages=struct.pack("<q", 4) + GOOD_DATA, order=True, version=1001):
    system = pickle.dumps({"protocol_version": 1001, "little_endian": order, "type_sizes": {}}, 2)
    begin = pickle.dumps(0x1950a86a20f9469cfc6c, 2) + pickle.dumps(version, 2) + system
    return begin + weights + b"\x80\2](" + b"".join(keys) + b"e." + storages


def old_storage(kind="FloatStorage", key="0", elements=4, view=b"N"):
    return tuple_of(text("storage"), named("torch", kind), text(key), text("cpu"), integer(elements), view) + b"Q"


def old_state(**fields):
    return state_dict(("w", tensor(old_storage(**fields))))


GOOD_LEGACY = legacy(old_state())


def legacy_cases(canary):
    class Command:
        def __reduce__(self):
            return os.system, (f"touch {canary}",)

    order = "its numbers are not little-endian"
    yield "a command", legacy(pickle.dumps({"w": Command()}, 2)), "no dict in it has tensors: 'w' is an object of 'posix.system'"
    yield "another version", legacy(old_state(), version=1002), "the file's version is unknown"
    yield "big-endian", legacy(old_state(), order=False), order
    yield "a form that zip archives have", legacy(GOOD_PICKLE), None
    yield "a view of a storage", legacy(old_state(view=tuple_of(text("1"), integer(0), integer(4)))), None
    yield "no keys", legacy(old_state(), keys=()), "the file holds bytes after its last storage"
    yield "keys that are numbers", legacy(old_state(), keys=(integer(0),)), None
    yield "an unknown key", legacy(old_state(), keys=(text("1"),)), "the storage '1' belongs to no tensor"
    yield ("a key twice", legacy(old_state(), keys=(text("0"),) * 2, storages=(struct.pack("<q", 4) + GOOD_DATA) * 2),
           "the storage '0' is there twice")
    for count in (5, 2**62, 2**62 + 4, 2**64 - 1):
        yield (f"a storage of {count}", legacy(old_state(), storages=struct.pack("<Q", count) + GOOD_DATA),
               "the storage '0' reaches beyond the file")
    yield ("another count than the pickle's", legacy(old_state(elements=3)),
           "'w' needs a storage of 3 x 4 bytes, but the storage 0 holds 16 bytes")
    yield "bytes after the last storage", GOOD_LEGACY + b"x", "the file holds bytes after its last storage"
    yield "a tensor beyond its storage", legacy(state_dict(("w", tensor(old_storage(), offset=1)))), "'w' reaches beyond its storage of 4 elements"
    double = state_dict(("w", tensor(old_storage())), ("x", tensor(old_storage("DoubleStorage"))))
    yield "one storage of two types", legacy(double), "a storage is used with elements of two sizes"
    yield "a missing storage", legacy(old_state(), keys=(), storages=b""), "it lacks the storage 0"
    for length in range(0, len(GOOD_LEGACY), 3):
        yield f"legacy cut to {length} bytes", GOOD_LEGACY[:length], None


def other_cases():
    nested = state_dict(("state_dict", state_dict(("state_dict", b"}"), end=b"")[2:]))
    yield "a state dict within a state dict within a dict", model(nested), None
    yield "a number in a wrapped state dict", model(state_dict(("state_dict", b"}" + text("epoch") + integer(1) + b"s"))), None


def test_hostile_weights_are_refused():
    with tempfile.TemporaryDirectory() as folder:
        canary, path = os.path.join(folder, "canary"), os.path.join(folder, "weights")
        for good in (safetensors({"w": GOOD, "__metadata__": {"format": "pt"}}), GOOD_LEGACY, model()):
            found, _, _ = faults(good, path, None, "any")
            assert found == ["exit 0, '', not None"], found   # else all that follows would be refused for the wrong reason
        cases = [*safetensors_cases(), *legacy_cases(canary), *other_cases()]
        results = [(name, *faults(content, path, reason, "any")) for name, content, reason in cases]
        assert not os.path.exists(canary), "a hostile file ran a command"
    bad = [f"{name}: {fault}" for name, found, _, _ in results for fault in found]
    print(f"{len(results)} hostile files, {len(bad)} faults; slowest {max(seconds for *_, seconds in results):.2f} s, "
          f"most memory beyond 2 x file {max(memory for *_, memory, _ in results) >> 20} MB")
    assert not bad, "\n" + "\n".join(bad)
