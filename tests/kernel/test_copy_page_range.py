"""Page-table entries that fork copies: many at once as one by one, with page tables for all of them or not at all.

After copy_page_range() of mm/memory.c.
"""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import fork
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.records import PAGE_SHIFT
from tests import invariants
from tests.workbench import Workbench

both = pytest.mark.parametrize("profile", tuple(PROFILES))


def with_every_kind_of_entry(profile: str) -> Workbench:
    """`a` with memory of every kind that has entries to copy, and what a fork copies by itself or not at all."""
    bench, has = Workbench(profile, huge_pages=1), PROFILES[profile].has
    bench.do("file", path="/f", pages=4)
    bench.area("m", pages=600)
    bench.area("p", file="/f", pages=4)
    bench.area("shared", pages=3)
    bench.area("left", pages=1)
    bench.area("none", pages=1)
    bench.area("k", pages=4)
    bench.area("h", pages=512, huge="hugetlb")
    bench.area("t", pages=1024, huge="thp" if has("transparent_hugepages") else "none")
    bench.area("folio", pages=4, folio=4 if has("multi_size_thp") else 1)
    of_m = ("m+0", "m+1", "m+2", "m+3", "m+598", "m+599")
    for at in (*of_m, "p+1", "shared+0", "shared+1", "left+0", "k+1", "h+3", "t+0", "t+512", "folio+0"):
        bench.do("write", task="a", at=at, value=at)
    for at in ("k+0", "k+2"):
        bench.do("write", task="a", at=at, value="twice")
    for at in ("m+4", "p+2", "none+0"):
        bench.do("read", task="a", at=at)
    for at in ("m+1", "m+598"):
        bench.do("madvise", task="a", at=at, advice="pageout")
    bench.do("madvise", task="a", at="left+0", advice="dontneed")
    if has("ksm"):
        bench.do("madvise", task="a", at="k+0", pages=4, advice="mergeable")
    bench.do("mprotect", task="a", at="m+2", pages=1, prot="r")
    bench.do("mprotect", task="a", at="t+513", pages=1, prot="r")
    bench.do("pin", frame="a:m+0")
    bench.do("poison", frame="a:m+3")
    # Only in a captured image does a shared VMA have an anon_vma.
    vma = bench.m.find_vma(bench.session.world.process("a").mm, bench.session.resolve_address("a", "shared+0"))
    assert vma is not None
    bench.m.put(bench.m.vmas, vma.id, vma._replace(shared=True))
    return bench


@both
def test_entries_copied_in_columns_are_those_copied_one_by_one(profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    digests = []
    for few in (0, 1 << 30):
        monkeypatch.setattr(fork, "FEW", few)
        bench = with_every_kind_of_entry(profile)
        forked = bench.session.position
        bench.do("fork", task="a", child="b")
        position, digest = bench.session.position, bench.m.gate.digest()
        bench.session.seek(forked)
        bench.session.seek(position)
        assert bench.m.gate.digest() == digest
        changes = [change for step in bench.session.steps[forked:position] for change in step.changes]
        assert all(old != new for store, _, old, new in changes if store is bench.m.ptes)
        digests.append(digest)
        invariants.check(bench.m)
    assert digests[0] == digests[1]


def test_entries_of_small_private_pages_are_not_copied_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Workbench()
    bench.area(pages=40)
    for page in range(40):
        bench.do("write", task="a", at=f"m+{page}")
    bench.do("madvise", task="a", at="m+7", advice="pageout")
    alone: list[int] = []
    monkeypatch.setattr(fork, "_copy_one_pte", lambda m, vma, copy, vpn, entry: alone.append(vpn))
    bench.do("fork", task="a", child="b")
    assert alone == [bench.session.resolve_address("a", "m+7") >> PAGE_SHIFT]


@both
def test_the_mark_of_a_copied_vma_counts_its_entries(profile: str) -> None:
    bench = with_every_kind_of_entry(profile)
    bench.do("fork", task="a", child="b")
    m, fork_op = bench.m, bench.session.operations[-1]
    marks = [mark for mark in bench.session.steps.marks[fork_op.first : fork_op.last] if mark.site is fork.COPIED]
    counted = {mark.value("area"): mark.value("copied") for mark in marks}
    mm = bench.session.world.process("b").mm
    in_child = {
        vma.name: len(m.ptes.between(mm, vma.start >> PAGE_SHIFT, vma.end >> PAGE_SHIFT)) for vma in m.vmas_of(mm)
    }
    assert counted == in_child
    assert counted["m"] and counted["h"] and not counted["left"] and not counted["none"]


@both
@pytest.mark.parametrize("frames", range(4))
def test_a_fork_without_memory_for_its_page_tables_fails(profile: str, frames: int) -> None:
    """copy_pte_range(): -ENOMEM; the child is freed. It needs a page directory and two page tables."""
    bench = Workbench(profile, frames=2048)
    bench.area(pages=600)
    bench.area("s", pages=600, shared=True)
    bench.area("given back", pages=3)
    for at in ("m+0", "m+599", "s+0", "s+599", "given back+0", "given back+1", "given back+2"):
        bench.do("write", task="a", at=at, value=at)
    bench.do("alloc", frames=2048)
    if frames:
        bench.do("munmap", task="a", at="given back+0", pages=frames)
    m = bench.m
    stores = (m.processes, m.tasks, m.vmas, m.ptes, m.pgtables, m.rss, m.mmap_base, bench.session.world.task_names)

    def kept() -> list[object]:
        free = {pfn for pfn in range(m.frames) if m.page(pfn) & pf.BUDDY} | set(m.pcp.of(0))
        return [free, *(str(sorted(store.view.items())) for store in stores)]

    before = kept()
    failed = bench.do("fork", task="a", child="b").errno
    assert failed == ("ENOMEM" if frames < 3 else 0)
    assert (kept() == before) is (frames < 3)
    invariants.check(m)
