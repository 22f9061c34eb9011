"""Docstrings begin with the noun or the verb that says what is documented: a value, an action, a table."""

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
