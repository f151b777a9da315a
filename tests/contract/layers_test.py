"""The folders depend on each other in one direction, and libraries neither print, exit, read the environment nor open outputs by themselves.
What calls at::parallel_for is compiled with OpenMP: without, it runs on one thread."""
import json
import re
import subprocess

from harness import BIN

from sources import PRODUCT, SOURCE, assert_none, code_only, cpp_files, name, without_comments

MAY_INCLUDE = {"runtime": {"runtime"}, "datasets": {"runtime", "datasets"}, "models": {"runtime", "models"}, "component": set(PRODUCT)}

# Where a library may be included. Folders end in "/".
LIBRARIES = {
    r"torch/|ATen/|c10/": ("datasets/loading/", "models/nn/", "models/architectures/", "models/torch_pch.h", "datasets/trace.h", "component/"),
    r"opencv2/": ("datasets/codecs/opencv/",),
    r"onnx/|google/protobuf": ("component/export/onnx/",),
    r"tiffio": ("datasets/codecs/tiff/",),
    r"jpeglib\.h|png\.h": ("datasets/codecs/", "component/worker/"),
    r"archive(_entry)?\.h": ("datasets/sources/archive.cpp",),
    r"mpi\.h": ("component/collectives/",),
    r"cuda|nccl|ATen/cuda/|c10/cuda/": ("component/cuda/plugin/", "models/nn/kernels/cuda/"),
    r"arrow/|parquet/": ("datasets/tables/table_reader.cpp", "datasets/tables/table_writer.cpp"),
    r"curl/": ("component/download/http.cpp", "runtime/tracking/http/"),
    r"httplib\.h": ("component/view/page_server.cpp",),
    r"boost/(asio|beast)/": ("component/serving/http_server.cpp", "component/serving/http_connection.h", "component/serving/http_connection.cpp",
                             "component/serving/http_rules.h", "component/serving/http_rules.cpp"),
    r"boost/(?!crc|asio|beast)": ("runtime/request/request.cpp",),
    r"events\.pb\.h": ("runtime/tracking/event_file.cpp", "runtime/report/sinks/tensorboard.cpp"),
    r"boost/crc": ("runtime/tracking/event_file.cpp",),
}
TORCH_FREE = ("component/check.h", "component/check.cpp", "component/checks/", "component/commands.h", "component/commands/", "component/estimate/", "component/estimates/",
              "component/evaluation/", "component/report/", "component/runs/", "component/view/", "component/download/", "component/serving/question.cpp", "component/serving/http_connection.cpp", "component/cli_main.cpp")

# What a library leaves to the programs, with the files that are the place for it.
BARRED = {
    r"\bgetenv\b|\benviron\b": ("component/cli_main.cpp", "component/worker/", "runtime/launch/", "component/download/environment.cpp", "runtime/tracking/mlflow_settings.cpp",
                                   "component/collectives/", "component/training/choose_device.cpp"),
    r"\b(un)?setenv\b": ("runtime/launch/", "component/collectives/"),
    r"\b(_exit|exit|_Exit|quick_exit|abort|terminate)\s*\(":
        ("component/cli_main.cpp", "component/worker/", "runtime/launch/", "component/collectives/", "component/cuda/plugin/", "runtime/control.h", "runtime/control.cpp"),
    r"\bprintf\b|\bfprintf\b|\bputs\b|\bstd::(cout|cerr|clog)\b": ("component/cli_main.cpp", "component/worker/"),
    # The log and the launcher are what speaks to the terminal; a child process gets its standard streams there.
    r"\bSTD(OUT|ERR)_FILENO\b": ("component/cli_main.cpp", "component/worker/", "runtime/report/log.cpp", "runtime/launch/"),
    r"\bofstream\b|\bstd::fstream\b|\bfopen\b|\bfwrite\b|torch::save\b": (),
    r"\bsystem\s*\(|\bpopen\s*\(": (),
    # JSON from outside is read under limits: by runtime/text/json.h.
    r"\b[jJ]son::(parse|sax_parse)\b": ("runtime/text/json.cpp", "runtime/text/json_rows.cpp"),
}


def within(path, places):
    return any(path == place or (place.endswith("/") and path.startswith(place)) for place in places)



def test_includes_go_in_one_direction():
    problems, seen = [], 0
    for file in cpp_files(*PRODUCT):
        path = name(file)
        folder = path.split("/")[0]
        for quoted, system in re.findall(r'^#include (?:"([^"]+)"|<([^>]+)>)', without_comments(file.read_text()), re.M):
            seen += 1
            if quoted and quoted.split("/")[0] not in MAY_INCLUDE[folder]:
                problems.append(f"{path}: {folder}/ must not include {quoted}")
            for library, places in LIBRARIES.items():
                if re.match(library, system) and (not within(path, places) or ("torch" in library and within(path, TORCH_FREE))):
                    problems.append(f"{path}: <{system}> has no place here")
    assert seen > 100, "the scan found hardly any include: it looks in the wrong place"
    assert_none(problems)


def test_what_is_left_to_the_programs():
    problems = []
    for file in cpp_files(*PRODUCT):
        path = name(file)
        for number, line in enumerate(code_only(file.read_text()).split("\n"), 1):
            for pattern, places in BARRED.items():
                if re.search(pattern, line) and not within(path, places):
                    problems.append(f"{path}:{number}: {re.search(pattern, line)[0]} has no place here")
    assert_none(problems)


def test_torchport_links_none_of_the_large_libraries():
    """So it starts in milliseconds."""
    needed = subprocess.run(["readelf", "-d", BIN / "torchport"], check=True, capture_output=True, text=True).stdout
    assert "libstdc++" in needed, needed
    assert_none(f"torchport links {library}"
                for library in re.findall(r"\[(lib(?:torch|c10|arrow|parquet|opencv|tiff|mpi|curl)[^\]]*)\]", needed))


def test_parallel_loops_are_compiled_with_openmp():
    compiled = {command["file"]: command["command"] for command in json.loads((BIN.parent / "compile_commands.json").read_text())}
    parallel = [file for file in cpp_files(*PRODUCT, suffixes=(".cpp",)) if "at::parallel_for(" in file.read_text()]
    assert len(parallel) > 3, "the scan found hardly any parallel loop: it looks in the wrong place"
    assert_none(f"{name(file)}: at::parallel_for, but not in use_torch_threads" for file in parallel if "-fopenmp" not in compiled[str(file)])


# The bench measures and stands in for trainings that take time; this file names the word.
MAY_SLEEP = ("tests/bench/", "tests/contract/layers_test.py")


def test_tests_wait_for_events_and_do_not_sleep():
    files = [*cpp_files("tests"), *sorted((SOURCE / "tests").rglob("*.py"))]
    assert len(files) > 80, "the scan found hardly any test: it looks in the wrong place"
    assert_none(f"{name(file)}:{number}: a test waits for what it needs, and does not sleep" for file in files if not within(name(file), MAY_SLEEP)
                for number, line in enumerate(file.read_text().split("\n"), 1) if re.search(r"\bu?sleep(_for|_until)?\(|\bsleep [\d.$]", line))
