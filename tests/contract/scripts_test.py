"""No check of a Python script is forgotten: what a script defines is a check, a fixture, or used by one."""
import ast

from sources import SOURCE, assert_none, name


def test_functions_of_scripts_are_run():
    problems, seen = [], 0
    for path in sorted((SOURCE / "tests").glob("*/*_test.py")):
        tree = ast.parse(path.read_text())
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                seen += 1
                fixture = any("fixture" in ast.unparse(decorator) for decorator in node.decorator_list)
                if not node.name.startswith("test_") and not fixture and node.name not in used:
                    problems.append(f"{name(path)}:{node.lineno}: {node.name} is never run; checks are named test_<subject>")
    assert seen > 300, "the scan found hardly any function: it looks in the wrong place"
    assert_none(problems)
