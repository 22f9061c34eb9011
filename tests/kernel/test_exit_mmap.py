"""exit_mmap(): what a process leaves behind is what unmapping its pages one by one leaves."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import exit_mmap
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.profile.registry import PROFILES
from tests.workbench import Workbench


def _shared_file(profile: str) -> Workbench:
    bench = Workbench(profile)
    bench.do("file", path="/srv/f", pages=2)
    bench.do("task", name="b")
    for task in "ab":
        bench.area(task=task, pages=2, file="/srv/f", shared=True)
    bench.do("write", task="b", at="m+0")
    bench.do("read", task="a", at="m+0")
    bench.do("read", task="b", at="m+1")
    return bench


@pytest.mark.parametrize("profile", tuple(PROFILES))
def test_anonymous_pages_and_page_tables_are_freed(profile: str) -> None:
    bench = Workbench(profile)
    free = len(_free(bench))
    bench.do("task", name="b")
    bench.area(task="b", pages=3)
    for page in range(3):
        bench.do("write", task="b", at=f"m+{page}")
    pfns, mm = [bench.pfn(f"b:m+{page}") for page in range(3)], bench.m.processes.view[max(bench.m.processes.view)].mm
    assert len(_free(bench)) < free
    bench.do("exit", task="b")
    assert len(_free(bench)) == free
    assert all(not bench.m.refcount.view[pfn] and not bench.m.page(pfn) & pf.ANON for pfn in pfns)
    assert not bench.m.pgtables.of(mm) and not bench.m.ptes.of(mm)


@pytest.mark.parametrize("profile", tuple(PROFILES))
def test_dirty_bits_of_the_entries_go_to_the_pages_of_a_file(profile: str) -> None:
    bench = _shared_file(profile)
    first, second = bench.pfn("/srv/f@0"), bench.pfn("/srv/f@1")
    mapped = int(bench.m.mapcount.view[first])
    bench.do("exit", task="b")
    assert bench.m.page(first) & pf.DIRTY and not bench.m.page(second) & pf.DIRTY
    assert int(bench.m.mapcount.view[first]) == mapped - 1 and bench.m.page(first) & pf.MMAP
    bench.do("exit", task="a")
    assert not bench.m.mapcount.view[first] and not bench.m.page(first) & pf.MMAP
    assert bench.pfn("/srv/f@0") == first, "it stays in the page cache"


@pytest.mark.parametrize("profile", tuple(PROFILES))
def test_a_page_of_parent_and_child_stays_with_the_parent(profile: str) -> None:
    bench = Workbench(profile)
    bench.area()
    bench.do("write", task="a", at="m+0", value="A")
    pfn = bench.pfn()
    bench.do("fork", task="a", child="c")
    assert int(bench.m.mapcount.view[pfn]) == 2
    bench.do("exit", task="c")
    assert int(bench.m.mapcount.view[pfn]) == 1 and bench.pfn() == pfn
    assert bench.do("read", task="a", at="m+0").value == "A"


@pytest.mark.parametrize("pages", (exit_mmap.FEW, exit_mmap.FEW + 1))
def test_ordinary_pages_are_unmapped_in_one_change(pages: int) -> None:
    bench = Workbench()
    bench.area(pages=pages)
    for page in range(pages):
        bench.do("write", task="a", at=f"m+{page}")
    bench.do("fork", task="a", child="c")
    bench.do("exit", task="c")
    last = bench.session.operations[-1]
    stores = [change[0].name for step in bench.session.steps[last.first : last.last] for change in step.changes]
    assert stores.count("mapcount") == stores.count("page_tables") == 1


def _free(bench: Workbench) -> list[int]:
    m = bench.m
    return [pfn for pfn in range(m.frames) if not m.refcount.view[pfn] and not m.page(pfn) & pf.NOPAGE]


@pytest.mark.parametrize("profile", tuple(PROFILES))
def test_few_entries_are_sorted_out_as_many_are(profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ordinary pages, the zero page, a locked page, one in swap, a poisoned one, and those of a file."""
    digests = set()
    for few in (0, exit_mmap.FEW):
        monkeypatch.setattr(exit_mmap, "FEW", few)
        bench = _shared_file(profile)
        bench.area("n", pages=6)
        for page in (0, 1, 2, 3):
            bench.do("write", task="a", at=f"n+{page}")
        bench.do("read", task="a", at="n+4")
        bench.do("madvise", task="a", at="n+2", pages=1, advice="pageout")
        bench.do("mlock", task="a", at="n+1", pages=1)
        bench.do("fork", task="a", child="c")
        bench.do("fork", task="a", child="stays")
        bench.do("poison", frame="a:n+3")
        bench.do("exit", task="c")
        bench.do("exit", task="b")
        bench.do("exit", task="a")
        digests.add(bench.m.gate.digest())
    assert len(digests) == 1
