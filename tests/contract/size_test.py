"""Sizes: files of at most 350 lines, half of the product's of at most 110, nine in ten of at most 200; functions of at most 60."""
import re
import statistics

from sources import PRODUCT, assert_none, code_only, cpp_files, name

MAX_FILE, MAX_MEDIAN, MAX_NINE_IN_TEN, MAX_FUNCTION = 350, 110, 200, 60


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


def test_files():
    lines = {name(file): file.read_text().count("\n") for file in cpp_files(*PRODUCT, "tests")}
    ours = [count for path, count in lines.items() if not path.startswith("tests/")]
    assert len(ours) > 200, f"only {len(ours)} files found: the scan is broken"
    median, nine_in_ten = statistics.median(ours), statistics.quantiles(ours, n=10)[-1]
    print(f"{len(ours)} files of the product, {sum(ours)} lines: median {median:.0f}, nine in ten {nine_in_ten:.0f}, longest {max(ours)}")
    assert median <= MAX_MEDIAN and nine_in_ten <= MAX_NINE_IN_TEN
    assert_none(f"{path}: {count} lines, more than {MAX_FILE}" for path, count in lines.items() if count > MAX_FILE)


def test_functions():
    long_text = "namespace a {\nclass B {\n  int f(int x) const {\n" + "    g({x});\n" * 70 + "  }\n};\n}\n"
    assert [(line, lines) for line, lines, _ in functions(long_text)] == [(3, 72)], "the scan does not find functions"
    problems, total = [], 0
    for file in cpp_files(*PRODUCT, "tests"):
        text = re.sub(r"^#.*", "", code_only(file.read_text()), flags=re.M)
        for line, lines, header in functions(text):
            total += 1
            if lines > MAX_FUNCTION and not header.startswith("TEST_CASE"):
                problems.append(f"{name(file)}:{line}: {lines} lines, more than {MAX_FUNCTION}: {header[:80]}")
    assert total > 100, f"only {total} functions found: the scan is broken"
    assert_none(problems)
