"""What is in x.cpp and used elsewhere is declared in x.h beside it, so that a name leads to its file."""
import re

from sources import PRODUCT, SOURCE, assert_none, cpp_files, name

# These share a header with a neighbour. The list only gets shorter: the test fails for a file that is gone or has a header of its own.
EXCEPTIONS = """
datasets/directory/image_directory_reader.cpp
datasets/directory/image_directory_schema.cpp
datasets/directory/image_directory_writer.cpp
datasets/pixels/resize_avx2.cpp
"""


def plug_ins():
    """Files of the folders that add_plugins names: what each defines stands in a generated table."""
    found = set()
    for lists in SOURCE.glob("*/CMakeLists.txt"):
        for call in re.findall(r"add_plugins\(([^()]*(?:\([^()]*\)[^()]*)*)", lists.read_text()):
            folder, but = re.search(r"FOLDER (\S+)", call)[1], re.search(r"EXCLUDE ((?:(?!TABLE|HEADER|TYPE)\w+ )*)", call)
            found |= {path for path in (lists.parent / folder).glob("*.cpp") if path.stem not in (but[1].split() if but else ())}
    return found


def test_sources_have_headers_of_their_own():
    plugged, exceptions = plug_ins(), EXCEPTIONS.split()
    assert len(plugged) > 25, "the scan found hardly any plug-in: it is broken"
    # A program has no header, nor has a module of an image format: its one function is that of datasets/codecs/image_module.h, runtime/tracking/http_module.h, component/cuda/plugin.h or component/collectives/mpi_module.h.
    headerless = {name(path) for path in cpp_files(*PRODUCT, suffixes=(".cpp",))
                  if not path.with_suffix(".h").exists() and path not in plugged and not re.search(r"^(int main|bool torchport_read_image|void torchport_http_send|const torchport::cuda::Plugin\* torchport_cuda_plugin|const Calls\* torchport_mpi_calls)\(", path.read_text(), re.M)}
    print(f"{len(headerless)} sources share a header")
    assert_none([*(f"{path} has no header of its own: declare in {path[:-3]}h what others use of it" for path in sorted(headerless - {*exceptions})),
                 *(f"{path} is gone or has a header: take it off the list of exceptions" for path in sorted({*exceptions} - headerless))])
