"""Docstrings begin with the noun or the verb that says what is documented, and are for readers of the code alone."""

from __future__ import annotations

import ast
import re

from tests.paths import ROOT

PACKAGE = ROOT / "hwpoison_gui"
CLAUSE = re.compile(r'^\s*"""(?:What|How|Where|Which|When|That|Who|Whose)\b.*', re.MULTILINE)


def test_no_docstring_begins_with_a_clause() -> None:
    paths = sorted(PACKAGE.rglob("*.py"))
    assert paths
    found = [
        f"{name}: {match[0].strip()}"
        for name, path in ((path.relative_to(PACKAGE).as_posix(), path) for path in paths)
        for match in CLAUSE.finditer(path.read_text())
    ]
    assert not found, "\n".join(found)


# Of functions; a property is a noun, and a class may say what its objects do.
NOT_IMPERATIVE = re.compile(
    r"(?:Whether|The same|As before|As of|To the|Adds|Applies|Asks|Begins|Builds|Calls|Copies|Creates|Draws|Ends|Fits|"
    r"Gives|Goes|Handles|Hides|Keeps|Makes|Moves|Opens|Puts|Reads|Replaces|Returns|Runs|Saves|Says|Seeks|Selects|Sets|"
    r"Shows|Starts|Stops|Stores|Takes|Updates|Writes)\b"
)


def test_docstrings_of_functions_are_nouns_or_imperatives() -> None:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and not any("property" in ast.unparse(d) for d in node.decorator_list):
                said = ast.get_docstring(node) or ""
                if NOT_IMPERATIVE.match(said):
                    found.append(f"{path.relative_to(PACKAGE)}: {node.name}: {said[:60]}")
    assert not found, "\n".join(found)


def test_nothing_that_users_read_is_taken_from_a_docstring() -> None:
    read = [path.name for path in sorted(PACKAGE.rglob("*.py")) if re.search(r"\bgetdoc\b|__doc__", path.read_text())]
    assert not read
