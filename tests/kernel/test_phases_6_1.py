"""The phases of the 6.1 handler, one outcome each."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import phases_6_1
from hwpoison_gui.kernel.handler import Handler
from tests.workbench import Workbench, run


@pytest.mark.parametrize(
    "frame, kind, result, errno",
    (("any:free", "free buddy page", "Recovered", 0), ("any:free-inside", "free buddy page", "Recovered", 0),
     ("any:free-pcp", "free buddy page", "Recovered", 0), ("any:slab", "unknown page", "Ignored", "EBUSY"),
     ("any:reserved", "unknown page", "Ignored", "EBUSY"), ("any:zero", "unknown page", "Ignored", "EBUSY"),
     ("any:out-of-range", None, None, "ENXIO")),
)  # fmt: skip
def test_pages_of_nobody(frame: str, kind: str | None, result: str | None, errno: int | str) -> None:
    outcome = Workbench().do("poison", frame=frame)
    assert (outcome.kind, outcome.result, outcome.errno) == (kind, result, errno)


def test_recovery_off_stops_the_machine() -> None:
    bench = Workbench()
    bench.do("sysctl", name="memory_failure_recovery", value=0)
    pfn = bench.pfn("any:free")
    outcome = bench.do("poison", frame="any:free")
    assert outcome.panic
    assert outcome.log == (f"Kernel panic - not syncing: Memory failure on page {pfn:x}",)


def test_the_counter_follows_the_result_lines() -> None:
    bench = Workbench()
    bench.do("remember", name="it", frame="any:free")
    bench.do("poison", frame="@it")
    assert bench.do("poison", frame="@it").errno == "EHWPOISON"
    bench.do("poison", frame="any:slab")
    assert bench.session.corrupted_kb() == 8


def test_an_injector_who_holds_the_page_leaves_it_to_the_handler() -> None:
    bench = Workbench()
    bench.area()
    bench.do("write", task="a", at="m+0")
    pfn = bench.pfn()
    bench.do("poison", frame="a:m+0", via="madvise", task="a")
    assert bench.m.refcount.view[pfn] == 1


def test_a_page_cut_off_its_file_while_it_was_held() -> None:
    bench = Workbench()
    bench.do("file", path="/srv/f", pages=1)
    bench.do("open", task="a", path="/srv/f", fd="f")
    bench.do("pread", task="a", fd="f", page=0)
    bench.do("remember", name="it", frame="/srv/f@0")
    bench.do("pin", frame="@it")
    bench.do("truncate", path="/srv/f", pages=0)
    outcome = bench.do("poison", frame="@it")
    assert (outcome.kind, outcome.result, outcome.errno) == ("already truncated LRU page", "Ignored", "EBUSY")
    assert "LOCKED" not in bench.flags(bench.pfn("@it"))


def test_a_mlocked_page_is_an_lru_page_once_it_is_unmapped() -> None:
    bench = Workbench()
    bench.area(locked=True)
    assert {"MLOCKED", "UNEVICTABLE"} <= bench.flags(bench.pfn())
    assert bench.do("poison", frame="a:m+0").kind == "dirty LRU page"


@pytest.mark.parametrize("held", (False, True))
def test_a_step_says_whether_the_lock_was_waited_for(held: bool) -> None:
    bench = Workbench("6.1")
    bench.area()
    bench.do("write", task="a", at="m+0")
    if held:
        bench.m.set_flags(bench.pfn(), pf.LOCKED)
    bench.do("poison", frame="a:m+0")
    sites = [step.mark.site for step in bench.session.steps]
    assert (phases_6_1.LOCK_WAITED in sites, phases_6_1.LOCKED in sites) == (held, not held)


def test_the_first_pfn_behind_memory_is_no_page() -> None:
    bench = Workbench("6.1")
    frames = bench.m.frames
    assert bench.do("poison", frame=f"pfn:{frames:#x}").errno == "ENXIO"
    assert run(phases_6_1.check_pfn(Handler(bench.m, frames))) == "ENXIO"
    assert bench.do("unpoison", frame=f"pfn:{frames:#x}").errno == "EIO"
    assert bench.do("poison", frame=f"pfn:{frames - 1:#x}").errno != "ENXIO"


@pytest.mark.parametrize("word, verdict", ((pf.WRITEBACK, None), (pf.LRU, "EBUSY"), (pf.LRU | pf.SWAPCACHE, None)))
def test_only_a_page_on_the_lru_can_have_been_truncated(word: int, verdict: str | None) -> None:
    m = Workbench("6.1").m
    m.put(m.flags, 3000, word)
    assert run(phases_6_1.check_truncated(Handler(m, 3000))) == verdict


def test_users_of_a_page_off_the_lru_are_not_looked_for() -> None:
    bench = Workbench()
    bench.area(populate=True)
    h = Handler(bench.m, bench.pfn())
    assert run(phases_6_1.lock_page(h)) is None
    bench.m.clear_flags(h.pfn, pf.LOCKED | pf.LRU)
    assert run(phases_6_1.lock_page(h)) is not None
    assert bench.session.pte_state("a", "m+0") == "present"
