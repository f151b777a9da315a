"""The C++ sources of the product, as the contract tests scan them."""
import os
import pathlib
import re

SOURCE = pathlib.Path(os.environ["TORCHPORT_SOURCE"])
PRODUCT = ("runtime", "datasets", "models", "component")
_COMMENT_OR_STRING = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'', re.S)


def cpp_files(*folders, suffixes=(".h", ".cpp")):
    """Paths below the source tree, sorted."""
    return sorted(path for folder in folders for path in (SOURCE / folder).rglob("*") if path.suffix in suffixes)


def name(path):
    return path.relative_to(SOURCE).as_posix()


def without_comments(text):
    """Comments blanked; lines keep their numbers."""
    return _COMMENT_OR_STRING.sub(lambda m: m[0] if m[0][0] in "R\"'" else "\n" * m[0].count("\n"), text)


def code_only(text):
    """Comments and the contents of string and character literals blanked; lines keep their numbers."""
    return _COMMENT_OR_STRING.sub(lambda m: ('""' if m[0][0] in "R\"'" else "") + "\n" * m[0].count("\n"), text)


def assert_none(problems):
    """Fails with a list of what is wrong, if anything."""
    found = list(problems)
    assert not found, "\n" + "\n".join(found)
