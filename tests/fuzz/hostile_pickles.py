"""Hostile pickles: (name, bytes of data.pkl, the whole reason for which they are refused)."""
import os
import pickle

from forge import GOOD_PICKLE, ORDERED_DICT, integer, named, state_dict, storage, tensor, text, tuple_of

MILLION = 1_000_000


class Command:
    """Unpickled by Python, it runs `word`."""

    def __init__(self, word):
        self.word = word

    def __reduce__(self):
        return os.system, (self.word,)


def attack(canary):
    return pickle.dumps({"w": Command(f"touch {canary}")}, protocol=2)


def code(canary):
    foreign = "it names '{}', which no state dict of tensors needs"
    yield "os.system", attack(canary), "data.pkl, byte 27: " + foreign.format("posix.system")
    yield ("os.system by STACK_GLOBAL", b"\x80\x04" + text("posix") + text("system") + b"\x93" + tuple_of(text(f"touch {canary}")) + b"R.",
           "data.pkl, byte 24: " + foreign.format("posix.system"))
    # Names that only look like the allowed ones, and harmless ones.
    for module, name in (("torch", "FloatStorage.__init__"), ("torch._utils", "_rebuild_tensor"), ("collections", "OrderedDict "),
                         ("torch.storage", "UntypedStorage"), ("torch.jit._pickle", "restore_type_tag"), ("", ""), ("builtins", "eval")):
        yield (f"the name {module}.{name}", b"\x80\x02" + named(module, name) + b".",
               f"data.pkl, byte {5 + len(module) + len(name)}: " + foreign.format(f"{module}.{name}"))
    yield "a storage class called", b"\x80\x02" + named("torch", "FloatStorage") + b")R.", "data.pkl, byte 24: a call of a storage class"
    yield ("an OrderedDict with arguments", b"\x80\x02" + named("collections", "OrderedDict") + tuple_of(text("a")) + b"R.",
           "data.pkl, byte 36: an OrderedDict with arguments")


def geometry():
    """Tensors that reach beyond the 16 bytes of their storage, or make more of them than there are."""
    beyond = "'w' reaches beyond its storage of 4 elements"
    negative = "'w' has a negative size or stride"
    repeats = "'w' repeats its storage to more elements than the storage holds"
    for name, fields, reason in (
            ("offset past the end", dict(offset=1), beyond),
            ("offset far past the end", dict(offset=2**62), beyond),
            ("offset that overflows", dict(offset=2**63 - 1, shape=(2,), stride=(1,)), beyond),
            ("negative offset", dict(offset=-1), beyond),
            ("stride past the end", dict(stride=(2, 3)), beyond),
            ("stride that overflows", dict(shape=(2, 2), stride=(2**62, 2**62)), beyond),
            ("stride that wraps round to the inside", dict(shape=(3, 2), stride=(2**63 - 1, 1)), beyond),
            ("negative stride", dict(stride=(-2, 1)), negative),
            ("negative size", dict(shape=(-2, 2)), negative),
            ("smallest size", dict(shape=(-2**63, 2)), negative),
            ("shape that overflows", dict(shape=(2**32, 2**32 + 1), stride=(0, 0)), beyond),
            ("shape product of 2^64 + 4", dict(shape=(4194305, 4194305, 211106198978564), stride=(0, 0, 0)), beyond),
            ("zero stride", dict(shape=(8_600_000_000,), stride=(0,)), repeats),
            ("overlapping strides", dict(shape=(3, 2), stride=(1, 1)), repeats),
            ("shape and stride of different lengths", dict(stride=(1,)), "'w' has a shape and strides of different lengths"),
            ("empty tensor beyond its storage", dict(offset=5, shape=(0,), stride=(1,)), beyond)):
        yield name, state_dict(("w", tensor(**fields))), reason
    holds = "x 4 bytes, but data/0 holds 16 bytes"
    for name, fields, reason in (
            ("dtype mismatch", dict(kind="LongStorage"), "'w' needs a storage of 4 x 8 bytes, but data/0 holds 16 bytes"),
            ("huge storage", dict(elements=2**62), f"'w' needs a storage of 4611686018427387904 {holds}"),
            ("storage whose bytes overflow to 16", dict(elements=2**62 + 4), f"'w' needs a storage of 4611686018427387908 {holds}"),
            ("negative storage", dict(elements=-4), f"'w' needs a storage of -4 {holds}"),
            ("missing record", dict(key="1"), "it lacks the record 'data/1'"),
            ("storage elsewhere", dict(key="../data/0"), "it lacks the record 'data/../data/0'")):
        yield name, state_dict(("w", tensor(storage(**fields)))), reason


def contents():
    """Sound pickles of something else than a dict of tensors."""
    end = len(GOOD_PICKLE)
    yield "9 dimensions", state_dict(("w", tensor(shape=(1,) * 9, stride=(1,) * 9))), f"data.pkl, byte {end + 70}: a tensor of 9 dimensions"
    double = state_dict(("w", tensor()), ("w", tensor()))
    yield "a key given twice", double, f"data.pkl, byte {len(double)}: the key 'w' is there twice"
    yield "a number among the tensors", state_dict(("epoch", integer(3))), "data.pkl, byte 47: the value of 'epoch' is not a tensor"
    yield "a key that is not UTF-8", state_dict((b"\xff\xfe", tensor())), f"data.pkl, byte {end + 1}: a key that is not a text"
    yield "a key that is a number", b"\x80\x02}" + integer(1) + tensor() + b"s.", None
    yield "a nested state dict", state_dict(("state_dict", b"}")), "data.pkl, byte 48: the value of 'state_dict' is not a tensor"
    texts = named("torch._utils", "_rebuild_tensor_v2") + tuple_of(storage(), integer(0), tuple_of(text("a")), tuple_of(text("a")),
                                                                    b"\x89", ORDERED_DICT) + b"R"
    yield "a shape of texts", state_dict(("w", texts)), f"data.pkl, byte {end - 8}: a shape that is not of numbers"
    yield "a tensor of nothing", b"\x80\x02" + named("torch._utils", "_rebuild_tensor_v2") + b")R.", "data.pkl, byte 37: a tensor of an unknown form"
    short = tuple_of(text("storage"), named("torch", "FloatStorage"), text("0"), text("cpu"))
    yield "a storage without a size", b"\x80\x02" + short + b"Q.", f"data.pkl, byte {3 + len(short)}: an unknown kind of persistent id"
    other = tuple_of(text("module"), named("torch", "FloatStorage"), text("0"), text("cpu"), integer(4))
    yield "a persistent id of a module", b"\x80\x02" + other + b"Q.", f"data.pkl, byte {3 + len(other)}: an unknown kind of persistent id"
    broken = tuple_of(text("storage"), text("x"), text("0"), text("cpu"), integer(4))
    yield "a storage without a class", b"\x80\x02" + broken + b"Q.", f"data.pkl, byte {3 + len(broken)}: a broken id of a storage"
    attributes = state_dict(("w", tensor() + b"}b"))
    yield "attributes of a tensor", attributes, f"data.pkl, byte {len(attributes) - 2}: something else where a dict belongs"
    yield "bytes after STOP", GOOD_PICKLE + b"N.", f"data.pkl, byte {end}: bytes after the end of the pickle"
    yield "no STOP", GOOD_PICKLE[:-1], f"data.pkl ends at byte {end - 1}, within an item"
    yield "a list", b"\x80\x02].", "data.pkl, byte 4: the pickle is not a dict of tensors"


def limits():
    """What exhausts memory or the stack of a careless reader."""
    many = "data.pkl, byte 600003: more values than a state dict needs"
    for opcode, name in ((b"]", "lists"), (b"(", "marks"), (b"}", "dicts"), (b"N", "nothings"), (b")", "tuples")):
        yield f"a million {name}", b"\x80\x02" + opcode * MILLION + b".", many
    yield "30 million nothings", b"\x80\x02" + b"N" * 30 * MILLION + b".", many
    yield "300,000 nested tuples", b"\x80\x02)" + b"\x85" * 300_000 + b".", "data.pkl, byte 300004: the pickle is not a dict of tensors"
    yield "a million nested tuples", b"\x80\x02)" + b"\x85" * MILLION + b".", many
    yield ("nested lists", b"\x80\x02" + b"]" * 300_000 + b"a" * 299_999 + b".", "data.pkl, byte 600002: the pickle is not a dict of tensors")
    yield ("nested dicts", b"\x80\x02" + (b"}" + text("a")) * 250_000 + b"}" + b"s" * 250_000 + b".",
           "data.pkl, byte 2000004: the value of 'a' is not a tensor")
    yield "a dict that holds itself", b"\x80\x02}q\0" + text("me") + b"h\0s.", "data.pkl, byte 16: the value of 'me' is not a tensor"
    yield "a list that holds itself", b"\x80\x02]q\0h\0a.", "data.pkl, byte 9: the pickle is not a dict of tensors"
    double = b"".join(b"h" + bytes([i]) + b"h" + bytes([i]) + b"\x86q" + bytes([i + 1]) for i in range(100))
    yield "2^100 tuples by the memo", b"\x80\x02)q\0" + double + b".", "data.pkl, byte 706: the pickle is not a single value"
    yield "a memo number of 4 billion", b"\x80\x02Nr\xff\xff\xff\xff.", "data.pkl, byte 8: a memo number is skipped"
    yield "a text of 4 GB", b"\x80\x02X\xff\xff\xff\xffabc.", "data.pkl ends at byte 11, within an item"
    yield "a number of 255 bytes", b"\x80\x02\x8a\xff" + b"\1" * 255 + b".", "data.pkl, byte 259: a number of more than 64 bits"
    yield "a name without end", b"\x80\x02c" + b"a" * MILLION, "data.pkl, byte 260: a name of more than 256 bytes"
    again = b"".join(text(str(i)) + b"h\0" for i in range(60_000))
    wide = b"\x80\x02}(" + text("a") + tensor(shape=(1,) * 8, stride=(1,) * 8) + b"q\0" + again + b"u."
    yield "60,000 keys of one tensor", wide, f"data.pkl, byte {len(wide)}: more tensors than a network needs"
    huge = state_dict(("k" * 30 * MILLION, integer(1)))
    yield "a key of 30 MB", huge, f"data.pkl, byte {len(huge)}: the value of '{'k' * 100}' is not a tensor"


def misuse():
    """Opcodes without what they need, and opcodes that torch never writes."""
    nothing = "the pickle takes a value that it has not made"
    for opcode in (b"\x85", b"\x86", b"\x87", b"s", b"a", b"b", b"R", b"Q", b"\x93", b"q\0"):
        yield f"underflow of {opcode}", b"\x80\x02" + opcode + b".", f"data.pkl, byte {2 + len(opcode)}: {nothing}"
        yield f"underflow of {opcode} at a mark", b"\x80\x02}}(" + opcode + b".", f"data.pkl, byte {5 + len(opcode)}: {nothing}"
    for opcode in (b"t", b"u", b"e"):
        yield f"{opcode} without a mark", b"\x80\x02}" + opcode + b".", "data.pkl, byte 4: a mark is missing"
    yield "a memo that is never written", b"\x80\x02h\0.", "data.pkl, byte 4: a memo is read before it is written"
    yield "a key without a value", b"\x80\x02}(" + text("w") + b"u.", "data.pkl, byte 11: a key without a value"
    yield "items of a list", b"\x80\x02](" + text("w") + b"Nu.", "data.pkl, byte 12: something else where a dict belongs"
    yield "items appended to a dict", b"\x80\x02}Na.", "data.pkl, byte 5: something else where a list belongs"
    yield "items set across a mark", b"\x80\x02}(" + text("w") + b"Ns.", "data.pkl, byte 12: something else where a dict belongs"
    yield "an open mark", b"\x80\x02}(.", "data.pkl, byte 5: the pickle is not a single value"
    yield "nothing", b"", "data.pkl ends at byte 0, within an item"
    yield "only STOP", b"\x80\x02.", "data.pkl, byte 3: the pickle is not a single value"
    yield "protocol 0", b"(dp0\n.", "data.pkl, byte 2: the opcode 100, which no state dict of tensors needs"
    yield "protocol 9", b"\x80\x09}.", "data.pkl, byte 2: the pickle protocol 9"
    known = b".\x80\x95c\x93qr\x94hjX\x8c()t\x85\x86\x87]ae}subRQKMJ\x8aGN\x88\x89"
    for number in range(256):
        if number not in known:
            yield (f"opcode {number}", b"\x80\x02" + bytes([number]) + b"\0" * 16 + b".",
                   f"data.pkl, byte 3: the opcode {number}, which no state dict of tensors needs")


def all_pickles(canary):
    for group in (code(canary), geometry(), contents(), limits(), misuse()):
        yield from group
