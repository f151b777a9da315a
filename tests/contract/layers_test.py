"""The folders depend on each other in one direction, and libraries neither print, exit, read the environment nor open outputs by themselves.
What calls at::parallel_for is compiled with OpenMP: without, it runs on one thread."""
import json
import re
import subprocess

from harness import BIN

from sources import PRODUCT, code_only, cpp_files, finish, name, without_comments

MAY_INCLUDE = {"runtime": {"runtime"}, "datasets": {"runtime", "datasets"}, "models": {"runtime", "models"}, "component": set(PRODUCT)}

# Where a library may be included. Folders end in "/".
LIBRARIES = {
    r"torch/|ATen/|c10/": ("datasets/loading/", "models/nn/", "models/architectures/", "models/torch_pch.h", "datasets/trace.h", "component/"),
    r"opencv2/": ("datasets/codecs/opencv/",),
    r"jpeglib\.h|png\.h": ("datasets/codecs/", "component/worker/"),
    r"archive(_entry)?\.h": ("datasets/sources/archive.cpp",),
    r"mpi\.h": ("component/collectives/",),
    r"arrow/|parquet/": ("datasets/tables/table_reader.cpp", "datasets/tables/parquet_writer.cpp"),
    r"curl/": ("component/download/http.cpp",),
    r"boost/": ("runtime/request/request.cpp",),
}
TORCH_FREE = ("component/check.h", "component/check.cpp", "component/checks/", "component/commands.h", "component/commands/", "component/estimate/", "component/estimates/",
              "component/evaluation/", "component/download/", "component/cli_main.cpp")

# What a library leaves to the programs, with the files that are the place for it.
BARRED = {
    r"\bgetenv\b|\benviron\b": ("component/cli_main.cpp", "component/worker/", "runtime/launch/", "component/download/environment.cpp"),
    r"\b(un)?setenv\b": ("runtime/launch/", "component/collectives/"),
    r"\b(_exit|exit|_Exit|quick_exit|abort|terminate)\s*\(":
        ("component/cli_main.cpp", "component/worker/", "runtime/launch/", "runtime/launch/process.cpp", "component/collectives/", "runtime/collective.h",
         "runtime/collective.cpp"),
    r"\bprintf\b|\bfprintf\b|\bputs\b|\bstd::(cout|cerr|clog)\b": ("component/cli_main.cpp", "component/worker/"),
    r"\bofstream\b|\bstd::fstream\b|\bfopen\b|\bfwrite\b|torch::save\b": (),
    r"\bsystem\s*\(|\bpopen\s*\(": (),
}


def within(path, places):
    return any(path == place or (place.endswith("/") and path.startswith(place)) for place in places)


problems = []
seen = 0
for file in cpp_files(*PRODUCT):
    path = name(file)
    text = file.read_text()
    folder = path.split("/")[0]
    for quoted, system in re.findall(r'^#include (?:"([^"]+)"|<([^>]+)>)', without_comments(text), re.M):
        seen += 1
        target = quoted.split("/")[0]
        if quoted and target not in MAY_INCLUDE[folder]:
            problems.append(f"{path}: {folder}/ must not include {quoted}")
        for library, places in LIBRARIES.items():
            if re.match(library, system) and (not within(path, places) or ("torch" in library and within(path, TORCH_FREE))):
                problems.append(f"{path}: <{system}> has no place here")
    for number, line in enumerate(code_only(text).split("\n"), 1):
        for pattern, places in BARRED.items():
            if re.search(pattern, line) and not within(path, places):
                problems.append(f"{path}:{number}: {re.search(pattern, line)[0]} has no place here")
# The command line starts in milliseconds because it links none of the large libraries.
needed = subprocess.run(["readelf", "-d", BIN / "torchport"], check=True, capture_output=True, text=True).stdout
assert "libstdc++" in needed, needed
problems += [f"torchport links {library}" for library in re.findall(r"\[(lib(?:torch|c10|arrow|parquet|opencv|mpi|curl)[^\]]*)\]", needed)]
compiled = {command["file"]: command["command"] for command in json.loads((BIN.parent / "compile_commands.json").read_text())}
parallel = [file for file in cpp_files(*PRODUCT, suffixes=(".cpp",)) if "at::parallel_for(" in file.read_text()]
assert len(parallel) > 3, "the scan found hardly any parallel loop: it looks in the wrong place"
problems += [f"{name(file)}: at::parallel_for, but not in use_torch_threads" for file in parallel if "-fopenmp" not in compiled[str(file)]]
assert seen > 100, "the scan found hardly any include: it looks in the wrong place"
finish(problems)
