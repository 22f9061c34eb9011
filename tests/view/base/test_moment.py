"""Titles of operations: what was done, and by which way an error was reported."""

from __future__ import annotations

import pytest

from hwpoison_gui.session.operation import Asked
from hwpoison_gui.view.base.moment import heading_of, title


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


@pytest.mark.parametrize(
    ("name", "args", "words"),
    [
        ("poison", {"frame": "pfn:0x12"}, "Break frame 0x12"),
        ("poison", {"frame": "pfn:0x12", "via": "hard_offline"}, "Hard offline frame 0x12"),
        ("poison", {"frame": "pfn:0x12", "via": "madvise", "task": "nginx"}, "nginx: MADV_HWPOISON on 0x12"),
        ("task", {"name": "nginx"}, "Start nginx"),
        ("read", {"task": "nginx", "at": "heap+1"}, "nginx reads heap+1"),
        ("sigaction", {"task": "nginx", "sigbus": "handler"}, "nginx: SIGBUS handler"),
        ("sysctl", {"name": "memory_failure_early_kill", "value": 1}, "vm.memory_failure_early_kill = 1"),
        ("mlock", {"task": "nginx", "at": "heap"}, "mlock nginx heap"),
    ],
)
def test_a_heading_has_a_capital_where_it_does_not_begin_with_a_name(name: str, args: dict, words: str) -> None:
    assert heading_of(Asked(name, args)) == words
