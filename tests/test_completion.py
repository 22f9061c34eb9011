"""The tests that docs/completion.md names exist."""

from __future__ import annotations

import re

import pytest

from tests.paths import ROOT

_NAMED = re.findall(r"`(tests/\S+\.py)::(\w+)`", (ROOT / "docs" / "completion.md").read_text())


def test_each_rule_names_a_test() -> None:
    text = (ROOT / "docs" / "completion.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| ") and "---" not in line][1:]
    assert len(rows) >= 15
    assert all(re.search(r"`tests/\S+\.py::\w+` \|$", row) for row in rows)


@pytest.mark.parametrize(("file", "name"), sorted(set(_NAMED)))
def test_a_named_test_exists(file: str, name: str) -> None:
    assert f"\ndef {name}(" in (ROOT / file).read_text()
