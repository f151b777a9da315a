"""One hostile input: what it is, how it is written, which command reads it, and what must come of it. Made by kinds/*.py, run by probe.py."""
import dataclasses
import pathlib
import typing

# What a word of a command stands for: the input, the output that must be whole or absent, and folders of good things beside it.
IN, OUT, GOOD = "{in}", "{out}", "{good}"


@dataclasses.dataclass
class Case:
    kind: str                                      # a row of the table
    name: str                                      # what is wrong with it
    command: tuple                                 # words after `torchport`
    write: typing.Callable[[pathlib.Path], None]   # makes the input at the path
    suffix: str = ""                               # of the input's name
    wants: str | None = None                       # "refused", "taken", or None where both are right
    # What is wrong with what came of a command that succeeded: called with the folder of the case and all that was printed.
    check: typing.Callable[[pathlib.Path, str], str | None] | None = None
    # Asked of an oracle in a process of its own (oracles.py): what it refuses must be refused.
    oracle: str | None = None


class Linked:
    """A file or folder of the good things, linked file by file: `good` is set where they are made."""
    good: pathlib.Path

    def __init__(self, name, but=()):
        self.name, self.but = name, but

    def __call__(self, target):
        source = self.good / self.name
        if source.is_file():
            target.hardlink_to(source)
            return
        for path in source.rglob("*"):
            place = target / path.relative_to(source)
            if path.is_file() and str(path.relative_to(source)) not in self.but:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.hardlink_to(path)


def write_bytes(data):
    return lambda path: path.write_bytes(data)


def sparse(size, head=b"", tail=b""):
    """A file of `size` bytes that takes no room."""
    def write(path):
        with open(path, "wb") as file:
            file.write(head)
            file.truncate(size)
            if tail:
                file.seek(size - len(tail))
                file.write(tail)
    return write


def tree(files, links=None, base=None):
    """A folder of `files`: a path below it -> bytes, or a function that writes the file; and links, path -> target, beside those of `base`."""
    def write(path):
        path.mkdir(parents=True, exist_ok=True)
        if base:
            replaced = {*files, *(links or {})}
            Linked(base, but=replaced | {str(parent) for name in replaced for parent in pathlib.Path(name).parents})(path)
        for name, content in files.items():
            target = path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                target.write_bytes(content)
            else:
                content(target)
        for name, to in (links or {}).items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).symlink_to(to)
    return write
