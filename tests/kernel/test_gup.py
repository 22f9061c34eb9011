"""Pins go with the processes that hold them."""

from __future__ import annotations

from tests import invariants
from tests.workbench import Workbench


def pinned() -> Workbench:
    bench = Workbench()
    bench.area()
    bench.do("write", task="a", at="m+0")
    bench.do("remember", name="it", frame="a:m+0")
    bench.do("pin", frame="@it")
    return bench


def test_a_pin_goes_with_the_last_that_shares_the_pipe() -> None:
    bench = pinned()
    bench.do("fork", task="a", child="b")
    pfn = bench.pfn("@it")
    bench.do("exit", task="a")
    assert bench.m.pins.view[pfn] == 1 and bench.m.refcount.view[pfn] == 2
    bench.do("exit", task="b")
    assert pfn not in bench.m.pins.view and bench.m.refcount.view[pfn] == 0
    assert bench.do("unpin", frame="@it").errno == 0 and pfn not in bench.m.pin_holders.view
    invariants.check(bench.m)


def test_a_pin_is_given_back_once() -> None:
    bench = pinned()
    pfn = bench.pfn()
    bench.do("unpin", frame="@it")
    assert bench.m.refcount.view[pfn] == 1 and not bench.m.pins.view and not bench.m.pin_holders.view


def test_a_page_that_nobody_maps_stays_pinned() -> None:
    bench = Workbench()
    bench.do("file", path="/srv/f", pages=1)
    bench.do("open", task="a", path="/srv/f", fd="f")
    bench.do("pread", task="a", fd="f", page=0)
    bench.do("pin", frame="/srv/f@0")
    pfn = bench.pfn("/srv/f@0")
    bench.do("exit", task="a")
    assert bench.m.pins.view[pfn] == 1


def test_who_exits_takes_along_the_pins_of_its_own_pipe_alone() -> None:
    bench = Workbench("6.12")
    bench.do("task", name="b")
    for task in "ab":
        bench.area(task=task)
        bench.do("write", task=task, at="m+0")
        bench.do("pin", frame=f"{task}:m+0")
    first, second = bench.pfn("a:m+0"), bench.pfn("b:m+0")
    bench.do("exit", task="b")
    assert (bench.m.refcount.view[first], bench.m.refcount.view[second]) == (2, 0)
    assert first in bench.m.pins.view and second not in bench.m.pins.view
    bench.do("exit", task="a")
    assert not bench.m.pins.view and not bench.m.refcount.view[[first, second]].any()
