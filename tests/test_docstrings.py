"""Docstrings begin with the noun or the verb that says what is documented, and are for readers of the code alone."""

from __future__ import annotations

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


def test_nothing_that_users_read_is_taken_from_a_docstring() -> None:
    read = [path.name for path in sorted(PACKAGE.rglob("*.py")) if re.search(r"\bgetdoc\b|__doc__", path.read_text())]
    assert not read
