"""Files of at most 400 lines, functions of at most 60."""
import re

from sources import PRODUCT, code_only, cpp_files, finish, name

MAX_FILE, MAX_FUNCTION = 400, 60
EXCEPTIONS = {}   # "path" or "path: function": the reason


def functions(text):
    """(first line, lines, header) of each function body that lies in namespaces and classes only."""
    open_blocks, header_start = [], 0
    for match in re.finditer(r"[{};]", text):
        at = match.start()
        header = text[header_start:at].strip()
        if match[0] == "{":
            scope = re.search(r"\b(namespace|class|struct|union|enum|extern)\b", header) and not header.endswith(")")
            kind = "scope" if scope else "function" if "(" in header and "=" not in header.split("(")[0] else "other"
            open_blocks.append((kind, at - len(text[header_start:at].lstrip()), header))
        elif match[0] == "}" and open_blocks:
            kind, start, title = open_blocks.pop()
            if kind == "function" and all(block[0] == "scope" for block in open_blocks):
                yield text.count("\n", 0, start) + 1, text.count("\n", start, at) + 1, " ".join(title.split())
        header_start = at + 1


long_text = "namespace a {\nclass B {\n  int f(int x) const {\n" + "    g({x});\n" * 70 + "  }\n};\n}\n"
assert [(line, lines) for line, lines, _ in functions(long_text)] == [(3, 72)], "the scan does not find functions"

problems = []
total = 0
for file in cpp_files(*PRODUCT, "tests"):
    path = name(file)
    text = re.sub(r"^#.*", "", code_only(file.read_text()), flags=re.M)
    length = text.count("\n")
    if length > MAX_FILE and path not in EXCEPTIONS:
        problems.append(f"{path}: {length} lines, more than {MAX_FILE}")
    for line, lines, header in functions(text):
        total += 1
        if lines > MAX_FUNCTION and not header.startswith("TEST_CASE"):
            problems.append(f"{path}:{line}: {lines} lines, more than {MAX_FUNCTION}: {header[:80]}")
assert total > 100, f"only {total} functions found: the scan is broken"
finish(problems)
