"""Rows of a recording: read, checked, and refused with the line and the reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.fidelity.recorded_rows import Row, read_rows
from tests.paths import DATA

ROWS = DATA / "server" / "server_poison.ek1.jsonl"


def test_all_rows_but_skipped_ones_are_read() -> None:
    rows = read_rows(ROWS)
    assert len(rows) == 292
    assert [row.number for row in rows] == sorted(row.number for row in rows)
    assert all(row.stopped and row.early_kill == 1 for row in rows)
    assert sum(row.changed for row in rows) == 11


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("{", "line 1: not JSON"),
        ("[]", "line 1: an object expected"),
        ({"n": 1}, "line 1: not a row of a recording ('errno' is missing)"),
        ({"type": "summary"}, "no row has the outcome"),
        (dict.fromkeys(Row.__dataclass_fields__, "x") | {"errno": "0", "n": 1, "pfn": "zz"}, "line 1: not a row"),
    ],
)
def test_bad_rows(tmp_path: Path, row: Any, said: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(row if isinstance(row, str) else json.dumps(row))
    with pytest.raises(ScenarioError, match="rows.jsonl: ") as raised:
        read_rows(path)
    assert said in str(raised.value)
