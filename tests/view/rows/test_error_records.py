"""Rows of the history of real errors: the date of a time is left out where all records have the same."""

from __future__ import annotations

import pytest

from hwpoison_gui.sources.records.event import BOOT, UTC
from hwpoison_gui.sources.records.history import ErrorRecord, History
from hwpoison_gui.view.rows.error_records import record_rows, time_words

NOON = 1_700_000_000.25  # 2023-11-14 22:13:20 UTC
DAY = 86400


def shown(clock: str, *times: float | None, short: bool = True) -> list[str]:
    records = tuple(ErrorRecord("memory failure", time, None, "", "", (), 1, (), ()) for time in times)
    return [row.cells[0] for row in record_rows(History((), records, clock, "", ()), short)]


def test_the_date_that_all_have_is_left_out() -> None:
    assert shown(UTC, NOON, NOON + 1, None) == ["22:13:20.25", "22:13:21.25", "–"]
    assert shown(UTC, NOON, short=False) == ["2023-11-14 22:13:20.25"]


def test_dates_that_differ_stay() -> None:
    assert shown(UTC, NOON, NOON + DAY) == ["2023-11-14 22:13:20.25", "2023-11-15 22:13:20.25"]


@pytest.mark.parametrize("short", [False, True])
def test_seconds_since_boot_have_no_date(short: bool) -> None:
    assert shown(BOOT, 1.5, None, short=short) == ["1.500 s", "–"]


def test_a_time_beyond_the_calendar_is_in_seconds() -> None:
    assert time_words(1e18, UTC) == "1000000000000000000 s"
    assert shown(UTC, NOON, 1e18)[0] == "2023-11-14 22:13:20.25"
