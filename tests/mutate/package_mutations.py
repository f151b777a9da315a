"""Mutations of what is made for others: wheels, and MPI as a module."""
from mutation import Mutation

DESIGNER = "cmake/wheel/torchport_designer/__init__.py"
PACK = "cmake/wheel/pack.py"
MPI = "component/collectives/mpi/calls.cpp"

MUTATIONS = [
    Mutation("defaults over the flags that are given", DESIGNER, "if _flag(flag) not in named and not", "if not", ["contract.wheel_test"]),
    Mutation("flags with underscores are others", DESIGNER, '[0].replace("_", "-")', "[0]", ["contract.wheel_test"]),
    Mutation("every rank copies the model", DESIGNER, '"0") != "0"', '"0") == "x"', ["contract.wheel_test"]),
    Mutation("the empty last versions of the designer's packages are in the way", DESIGNER, "if any(str(file) == path for", "if all(str(file) != path for", ["contract.wheel_test"]),
    Mutation("torch is looked for beside the programs alone", "cmake/wheel/torchport/__init__.py", "    if lost:", "    if not lost:", ["contract.wheel_test"]),
    Mutation("programs that cannot be started", PACK, "0o100755 if executable", "0o100644 if executable", ["contract.wheel_test"]),
    Mutation("modules without the program's defaults", "component/contracts/python.cpp", '",\\n    defaults=" + defaults_of(component)', '",\\n    defaults={}"', ["contract.wheel_test"]),
    Mutation("the least over the ranks is the greatest", MPI, "Reduction::least ? MPI_MIN : MPI_MAX", "Reduction::least ? MPI_MAX : MPI_MIN", ["distributed.collective_test"]),
    Mutation("a machine's lack is red", ".ci/run", "69) ((counted)) ||", "69) red=1; ((counted)) ||", ["contract.ci_test"]),
    Mutation("packages that fail are green", ".ci/run", "      red=1\n", "", ["contract.ci_test"]),
    Mutation("a machine's lack is a failure of the packages", "tests/packages/fresh.sh", "exit 69; }", "exit 1; }", ["contract.ci_test"]),
]
