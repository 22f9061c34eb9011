"""Containers, nested ones, processes that entered one from outside, and NSpid that makes no sense."""

from __future__ import annotations

import pytest

from hwpoison_gui.sources.maps import ProcessText
from hwpoison_gui.sources.pid_namespaces import inits_of


def process(pid: int, ppid: int, nspid: str = "", pid_ns: int = 0) -> ProcessText:
    return ProcessText(pid, ppid, f"p{pid}", {"NSpid": nspid} if nspid else {}, (), (), pid_ns)


def test_by_ancestry() -> None:
    machine = [
        process(1, 0, "1"),
        process(5, 1, "5"),
        process(100, 5, "100\t1"),
        process(101, 100, "101\t8"),
        process(102, 101, "102\t9"),
        process(200, 101, "200\t10\t1"),
        process(201, 200, "201\t11\t2"),
        process(300, 5, "300\t1"),
        process(301, 300, "301\t2"),
    ]
    assert inits_of(machine) == {
        100: (100,),
        101: (100,),
        102: (100,),
        200: (100, 200),
        201: (100, 200),
        300: (300,),
        301: (300,),
    }


def test_by_the_link() -> None:
    """A process that entered a container has a parent outside."""
    machine = [
        process(1, 0, "1"),
        process(100, 1, "100 1", 7),
        process(101, 1, "101 30", 7),
        process(102, 1, "102 2", 8),
    ]
    assert inits_of(machine) == {100: (100,), 101: (100,)}


@pytest.mark.parametrize("nspid", ["٣ ٤", "5 " + "9" * 5000, "5 -1", "x y", " ".join(["1"] * 5000)])
def test_odd_numbers(nspid: str) -> None:
    found = inits_of([process(5, 6, nspid), process(6, 5, "6 7"), process(7, 7, "7 2")])
    assert set(found) <= {5, 6}


def test_without_nspid() -> None:
    assert inits_of([process(1, 0), process(2, 1)]) == {}
