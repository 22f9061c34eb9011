"""Titles of operations: what was done, and by which way an error was reported."""

from __future__ import annotations

import pytest

from hwpoison_gui.view.base.moment import title


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({}, "break frame 0x12"),
        ({"via": "corrupt-pfn"}, "break frame 0x12"),
        ({"via": "hard_offline"}, "hard offline frame 0x12"),
        ({"via": "srao"}, "SRAO at frame 0x12"),
        ({"via": "srar", "task": "nginx"}, "SRAR at frame 0x12, nginx reads it"),
        ({"via": "madvise", "task": "nginx"}, "nginx: MADV_HWPOISON on 0x12"),
    ],
)
def test_the_way_of_reporting_stays_in_the_title(args: dict[str, str], words: str) -> None:
    assert title("poison", {"frame": "pfn:0x12", **args}) == words
