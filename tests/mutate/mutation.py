"""One way in which ./dev mutate breaks the product."""
from typing import NamedTuple


class Mutation(NamedTuple):
    name: str
    file: str
    old: str
    new: str
    tests: list
    cpu: str = ""   # the processor's flag (/proc/cpuinfo) without which this code does not run
