"""Page faults: what a load or store finds, what it is given, and where it meets poison.

After mm/memory.c: do_anonymous_page(), __do_fault(), do_fault_around(), do_wp_page(), do_swap_page(), zap_pte_range();
and arch/x86/mm/fault.c, do_sigbus().
"""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.memory import zap_pte
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.records import PAGE_SHIFT
from tests import invariants
from tests.workbench import Workbench

both = pytest.mark.parametrize("profile", tuple(PROFILES))


def vpn_of(bench: Workbench, at: str, task: str = "a") -> tuple[int, int]:
    return bench.session.world.process(task).mm, bench.session.resolve_address(task, at) >> PAGE_SHIFT


def entry(bench: Workbench, at: str = "m+0", task: str = "a") -> int:
    return bench.m.pte(*vpn_of(bench, at, task))


def flags_of(found: int) -> int:
    return found & (ptes.PRESENT | ptes.RW | ptes.DIRTY | ptes.ACCESSED | ptes.SPECIAL)


def of_file(
    profile: str = "6.1", filesystem: str = "ext4", pages: int = 64, shared: bool = True, **args: object
) -> Workbench:
    """A file of which all pages are cached, mapped by `a` and looked at by nobody yet."""
    bench = Workbench(profile)
    bench.do("file", path="/f", pages=pages, filesystem=filesystem)
    bench.do("open", task="a", path="/f", fd="f")
    for page in range(pages):
        bench.do("pread", task="a", fd="f", page=page)
    bench.area(file="/f", pages=pages, shared=shared, **args)
    return bench


# -- Anonymous memory


@both
def test_a_first_read_maps_the_page_of_zeros_a_write_a_page_of_its_own(profile: str) -> None:
    bench = Workbench(profile)
    bench.area(pages=2)
    m, rss = bench.m, dict(bench.m.rss.view)
    assert bench.do("read", task="a", at="m+0").value == "zero"
    assert flags_of(entry(bench)) == ptes.PRESENT | ptes.ACCESSED | ptes.SPECIAL
    assert ptes.value_of(entry(bench)) == bench.pfn("any:zero") and dict(m.rss.view) == rss
    bench.do("write", task="a", at="m+0", value="x")
    pfn = bench.pfn()
    assert flags_of(entry(bench)) == ptes.PRESENT | ptes.ACCESSED | ptes.RW | ptes.DIRTY
    assert m.refcount.get(pfn) == m.mapcount.get(pfn) == 1
    word = pf.UPTODATE | pf.LRU | pf.ANON | pf.SWAPBACKED | pf.MMAP
    assert m.page(pfn) == word | (pf.MAPPEDTODISK if profile != "v7" else 0)
    assert m.refcount.get(bench.pfn("any:zero")) == 1 and not m.mapcount.get(bench.pfn("any:zero"))
    assert bench.do("read", task="a", at="m+0").value == "x"
    assert bench.do("read", task="a", at="m+1").value == "zero"
    invariants.check(m)


@both
def test_a_fault_is_taken_once(profile: str) -> None:
    """The entry that a fault maps is enough for the access that met it."""
    bench = Workbench(profile)
    bench.do("file", path="/f", pages=2)
    bench.area(pages=2)
    bench.area("s", pages=2, file="/f", shared=True)
    bench.area("p", pages=2, file="/f")
    for op, at in (("read", "m+0"), ("write", "m+1"), ("write", "m+0"), ("write", "s+0"), ("read", "s+1"),
                   ("write", "s+1"), ("write", "p+0")):  # fmt: skip
        bench.do(op, task="a", at=at)
        assert len(bench.functions()) == 2, "the fault and the access"
        bench.do(op, task="a", at=at)
        assert len(bench.functions()) == 1


@both
def test_a_page_that_is_read_only_comes_back_as_it_is(profile: str) -> None:
    bench = Workbench(profile)
    bench.area()
    bench.do("write", task="a", at="m+0", value="x")
    pfn = bench.pfn()
    bench.do("mprotect", task="a", at="m+0", prot="r")
    bench.do("mprotect", task="a", at="m+0", prot="rw")
    assert not entry(bench) & ptes.RW
    bench.do("write", task="a", at="m+0", value="y")
    assert bench.pfn() == pfn and entry(bench) & ptes.RW, "it is taken over, nobody else has it"


@both
def test_a_writer_gets_a_copy_of_what_others_have(profile: str) -> None:
    bench = Workbench(profile)
    bench.area()
    bench.do("write", task="a", at="m+0", value="x")
    bench.do("fork", task="a", child="b")
    shared, m = bench.pfn(), bench.m
    bench.do("write", task="b", at="m+0", value="y")
    copy = bench.pfn("b:m+0")
    assert copy != shared and m.mapcount.get(shared) == m.refcount.get(shared) == 1
    assert m.page(copy) & pf.ANON and m.anon_vma_of(copy)
    assert flags_of(entry(bench, task="b")) == ptes.PRESENT | ptes.ACCESSED | ptes.RW | ptes.DIRTY
    assert bench.do("read", task="a", at="m+0").value == "x"
    bench.do("write", task="a", at="m+0", value="z")
    assert bench.pfn() == shared, "the last one takes it over"
    invariants.check(m)


def test_a_page_that_somebody_holds_is_copied_since_6_1() -> None:
    """do_wp_page(): a reference that is no mapping counts as another user, unless the page is exclusive."""
    bench = Workbench()
    bench.area()
    bench.do("write", task="a", at="m+0", value="x")
    bench.do("fork", task="a", child="b")
    pfn = bench.pfn()
    bench.do("pin", frame="a:m+0")
    bench.do("munmap", task="b", at="m+0", pages=1)
    bench.do("write", task="a", at="m+0", value="y")
    assert bench.pfn() != pfn


# -- Files


@pytest.mark.parametrize("profile, most", (("v7", 1), ("6.1", 16)))
def test_a_read_fault_maps_the_cached_pages_around_it(profile: str, most: int) -> None:
    """do_fault_around(): fault_around_bytes is 64 KiB, a window of 16 pages, aligned by address; 2009 mapped one."""
    bench = of_file(profile)
    mm, first = vpn_of(bench, "m+0")
    at = next(page for page in range(16, 48) if (first + page) % 16 == 5)
    bench.do("read", task="a", at=f"m+{at}")
    mapped = [vpn - first for vpn in sorted(bench.m.ptes.of(mm)) if 0 <= vpn - first < 64]
    low = (first + at) // most * most - first
    assert mapped == list(range(low, low + most))
    for page in mapped:
        pfn = bench.pfn(f"/f@{page}")
        assert ptes.value_of(entry(bench, f"m+{page}")) == pfn
        assert (bench.m.mapcount.get(pfn), bench.m.refcount.get(pfn)) == (1, 2)
        assert not entry(bench, f"m+{page}") & (ptes.RW | ptes.DIRTY)
    invariants.check(bench.m)


def test_around_a_fault_nothing_is_mapped_that_is_not_ready() -> None:
    """filemap_map_pages(): cached, uptodate, unlocked, not poisoned, inside the VMA and the file, and no entry yet."""
    bench = Workbench()
    bench.do("file", path="/f", pages=8)
    bench.do("open", task="a", path="/f", fd="f")
    for page in (0, 1, 2, 3, 4, 6, 7):
        bench.do("pread", task="a", fd="f", page=page)
    bench.area("n", pages=1)
    bench.area(file="/f", pages=7, shared=True)
    m = bench.m
    for page, on, off in ((1, 0, pf.UPTODATE), (2, pf.LOCKED, 0), (3, pf.HWPOISON, 0)):
        m.set_flags(bench.pfn(f"/f@{page}"), on)
        m.clear_flags(bench.pfn(f"/f@{page}"), off)
    mm, first = vpn_of(bench, "m+0")
    m.set_pte(mm, first + 6, ptes.hwpoison_pte(77))
    bench.do("read", task="a", at="m+0")
    states = [ptes.state_of(m.ptes.of(mm).get(first + page, 0)) for page in range(-1, 8)]
    assert states == ["none", "present", "none", "none", "none", "present", "none", "hwpoison", "none"]
    assert 5 not in m.page_cache.of(m.paths.view["/f"]), "nothing is read in"


def test_around_a_fault_the_file_may_end() -> None:
    bench = of_file(pages=2)
    bench.do("truncate", path="/f", pages=1)
    bench.do("read", task="a", at="m+0")
    assert entry(bench) and not entry(bench, "m+1")


def test_around_a_fault_nothing_is_mapped_before_the_vma() -> None:
    """filemap_map_pages(): the file has pages before the first that the VMA maps."""
    bench = Workbench()
    bench.do("file", path="/f", pages=32)
    bench.do("open", task="a", path="/f", fd="f")
    for page in range(32):
        bench.do("pread", task="a", fd="f", page=page)
    bench.area("n", pages=5)
    bench.area(file="/f", pages=4, offset=20, shared=True)
    mm, first = vpn_of(bench, "m+0")
    assert first % 16 >= 4
    bench.do("read", task="a", at="m+0")
    assert sorted(vpn - first for vpn in bench.m.ptes.of(mm)) == [0, 1, 2, 3]
    invariants.check(bench.m)


def test_around_a_fault_nothing_is_mapped_of_a_folio_that_the_file_ends_in() -> None:
    """A dirty folio of ext4 is not split when the file is cut inside it."""
    bench = Workbench("7.2")
    bench.do("file", path="/f", pages=16, folio=16)
    bench.area(file="/f", pages=16, shared=True)
    bench.do("write", task="a", at="m+1", value="x")
    bench.do("truncate", path="/f", pages=6)
    bench.do("read", task="a", at="m+3")
    mm, first = vpn_of(bench, "m+0")
    assert sorted(vpn - first for vpn in bench.m.ptes.of(mm)) == list(range(6))
    assert bench.pfn("head:a:m+3") == bench.pfn("a:m+0"), "it is whole"
    assert bench.do("read", task="a", at="m+6").signals[0].code == "BUS_ADRERR"


def test_a_write_maps_one_page_alone() -> None:
    bench = of_file()
    bench.do("write", task="a", at="m+20", value="x")
    assert len(bench.m.ptes.of(vpn_of(bench, "m+0")[0])) == 1


@pytest.mark.parametrize("filesystem, blocks", (("ext4", True), ("tmpfs", False), ("nofs", False)))
@pytest.mark.parametrize("first", ("read", "write"))
def test_a_shared_write_makes_the_files_page_dirty(filesystem: str, blocks: bool, first: str) -> None:
    """page_mkwrite(): the page is DIRTY at once, before write-back looks at entries."""
    bench = of_file(filesystem=filesystem, pages=1)
    pfn, m = bench.pfn("/f@0"), bench.m
    m.clear_flags(pfn, pf.DIRTY | pf.MAPPEDTODISK)
    if first == "read":
        bench.do("read", task="a", at="m+0")
        assert not m.page(pfn) & pf.DIRTY
    bench.do("write", task="a", at="m+0", value="x")
    assert bench.pfn() == pfn and not m.page(pfn) & pf.ANON
    noted = first == "write" or filesystem != "tmpfs"  # shared memory is writable from the start
    assert bool(m.page(pfn) & pf.DIRTY) is noted
    assert bool(m.page(pfn) & pf.MAPPEDTODISK) is blocks
    invariants.check(m)
    assert flags_of(entry(bench)) == ptes.PRESENT | ptes.ACCESSED | ptes.RW | ptes.DIRTY
    assert bench.do("pread", task="a", fd="f", page=0).value == "x"


@pytest.mark.parametrize("filesystem, shared, prot, writable", (
    ("tmpfs", True, "rw", True), ("tmpfs", True, "r", False), ("tmpfs", False, "rw", False),
    ("ext4", True, "rw", False),
))  # fmt: skip
@both
def test_what_is_never_written_back_is_writable_at_once(
    profile: str, filesystem: str, shared: bool, prot: str, writable: bool
) -> None:
    """vma_wants_writenotify(): only where write-back must hear of the first write does a read map read-only."""
    bench = of_file(profile, filesystem, 4, shared, prot=prot)
    bench.do("read", task="a", at="m+0")
    assert {bool(entry(bench, f"m+{page}") & ptes.RW) for page in range(4) if entry(bench, f"m+{page}")} == {writable}


@both
def test_a_private_write_copies_the_files_page(profile: str) -> None:
    """do_cow_fault(): the file does not see it."""
    bench = of_file(profile, pages=2, shared=False)
    bench.do("read", task="a", at="m+1")
    for page in (0, 1):
        bench.do("write", task="a", at=f"m+{page}", value="mine")
        pfn = bench.pfn(f"a:m+{page}")
        assert pfn != bench.pfn(f"/f@{page}") and bench.m.page(pfn) & pf.ANON
        assert bench.do("pread", task="a", fd="f", page=page).value == "disk"
        assert bench.m.mapcount.get(bench.pfn(f"/f@{page}")) == 0
    invariants.check(bench.m)


def test_a_private_copy_begins_as_the_files_page() -> None:
    bench = of_file(pages=1, shared=False)
    bench.do("write", task="a", at="m+0", value="x")
    bench.do("mprotect", task="a", at="m+0", prot="r")
    bench.do("fork", task="a", child="b")
    assert bench.do("read", task="b", at="m+0").value == "x"


@both
def test_there_is_nothing_behind_the_end_of_a_file(profile: str) -> None:
    bench = of_file(profile, pages=2)
    bench.do("truncate", path="/f", pages=1)
    seen = bench.do("read", task="a", at="m+1").signals[0]
    assert (seen.signal, seen.code, seen.lsb) == ("SIGBUS", "BUS_ADRERR", 0)
    assert not entry(bench, "m+1")


def test_a_page_that_could_not_be_read_is_no_page() -> None:
    bench = of_file(pages=1)
    bench.m.clear_flags(bench.pfn("/f@0"), pf.UPTODATE)
    assert bench.do("read", task="a", at="m+0").signals[0].code == "BUS_ADRERR"


# -- Poison


@both
@pytest.mark.parametrize("how", ("entry", "cache", "swap cache"))
def test_poison_is_met_wherever_it_waits(profile: str, how: str) -> None:
    """VM_FAULT_HWPOISON: by a hwpoison entry, a page of the page cache, or one of the swap cache."""
    bench = of_file(profile, "tmpfs", pages=1) if how == "cache" else Workbench(profile)
    if how != "cache":
        bench.area()
        bench.do("write", task="a", at="m+0", value="x")
    if how == "swap cache":
        bench.do("madvise", task="a", at="m+0", advice="pageout")
        bench.do("swapin", task="a", at="m+0")
        pfn = bench.m.swap_cache.view[ptes.value_of(entry(bench))]
        bench.m.set_flags(pfn, pf.HWPOISON)
    elif how == "cache":
        bench.m.set_flags(bench.pfn("/f@0"), pf.HWPOISON)
    else:
        bench.m.set_pte(*vpn_of(bench, "m+0"), ptes.hwpoison_pte(5))
    before = entry(bench)
    seen = bench.do("read", task="a", at="m+0").signals[0]
    address = bench.session.resolve_address("a", "m+0")
    assert (seen.signal, seen.code, seen.lsb) == ("SIGBUS", "BUS_MCEERR_AR", 12)
    assert seen.addr == address
    assert entry(bench) == before


@both
def test_a_page_of_the_swap_cache_without_content_is_a_bus_error(profile: str) -> None:
    bench = Workbench(profile)
    bench.area()
    bench.do("write", task="a", at="m+0", value="x")
    bench.do("madvise", task="a", at="m+0", advice="pageout")
    bench.do("swapin", task="a", at="m+0")
    pfn = bench.m.swap_cache.view[ptes.value_of(entry(bench))]
    bench.m.clear_flags(pfn, pf.UPTODATE)
    assert bench.do("read", task="a", at="m+0").signals[0].code == "BUS_ADRERR"


# -- What may not be touched


@pytest.mark.parametrize("prot, write, code", (
    ("none", False, "SEGV_ACCERR"), ("none", True, "SEGV_ACCERR"), ("r", True, "SEGV_ACCERR"), ("r", False, None),
))  # fmt: skip
def test_protection_is_kept(prot: str, write: bool, code: str | None) -> None:
    bench = Workbench()
    bench.do("sigaction", task="a", sigsegv="handler")
    bench.area(prot=prot)
    outcome = bench.do("write" if write else "read", task="a", at="m+0")
    assert [(seen.signal, seen.code) for seen in outcome.signals] == ([("SIGSEGV", code)] if code else [])


def test_where_nothing_is_mapped_is_no_address() -> None:
    bench = Workbench()
    bench.do("sigaction", task="a", sigsegv="handler")
    bench.area(pages=2)
    bench.do("munmap", task="a", at="m+1", pages=1)
    seen = bench.do("read", task="a", at="m+1").signals[0]
    assert (seen.code, seen.addr, seen.lsb) == ("SEGV_MAPERR", bench.session.resolve_address("a", "m+1"), 0)


# -- Swapping in


@both
def test_who_writes_first_after_swap_has_the_page_alone(profile: str) -> None:
    bench = Workbench(profile)
    bench.area()
    bench.do("write", task="a", at="m+0", value="x")
    bench.do("madvise", task="a", at="m+0", advice="pageout")
    bench.do("write", task="a", at="m+0", value="y")
    m = bench.m
    assert flags_of(entry(bench)) == ptes.PRESENT | ptes.ACCESSED | ptes.RW | ptes.DIRTY
    assert not m.swap_map.view and not m.swap_cache.view and not m.page(bench.pfn()) & pf.SWAPCACHE
    assert m.page(bench.pfn()) & pf.ANON and m.anon_vma_of(bench.pfn())
    invariants.check(m)


@both
def test_who_only_reads_after_swap_may_not_write_yet(profile: str) -> None:
    bench = Workbench(profile)
    bench.area()
    bench.do("write", task="a", at="m+0", value="x")
    bench.do("fork", task="a", child="b")
    bench.do("madvise", task="a", at="m+0", advice="pageout")
    if profile != "v7":  # it spares what others have, too
        bench.do("munmap", task="b", at="m+0", pages=1)
        bench.do("madvise", task="a", at="m+0", advice="pageout")
    assert bench.do("read", task="a", at="m+0").value == "x"
    assert not entry(bench) & (ptes.RW | ptes.DIRTY)
    invariants.check(bench.m)


# -- Zapping


@both
@pytest.mark.parametrize("state", ("present", "swap", "hwpoison", "special", "none"))
def test_an_entry_of_any_sort_can_be_zapped(profile: str, state: str) -> None:
    """zap_pte_range(): a page loses a mapping, a swap entry a user, a hwpoison entry goes silently."""
    bench = Workbench(profile)
    bench.area()
    if state != "none":
        bench.do("read" if state == "special" else "write", task="a", at="m+0")
    if state == "swap":
        bench.do("madvise", task="a", at="m+0", advice="pageout")
    elif state == "hwpoison":
        bench.do("poison", frame="a:m+0")
    m, (mm, vpn) = bench.m, vpn_of(bench, "m+0")
    pfn = ptes.value_of(entry(bench))
    refs = m.refcount.get(pfn) if state in ("hwpoison", "special") else 0
    zap_pte(m, mm, vpn)
    assert not m.ptes.of(mm) and not m.swap_map.view and not m.rss.view
    if state in ("hwpoison", "special", "present"):
        assert m.refcount.get(pfn) == refs
    invariants.check(m)


@both
def test_a_dirty_entry_makes_a_files_page_dirty_and_no_anonymous_one(profile: str) -> None:
    bench = of_file(profile, pages=1)
    bench.do("write", task="a", at="m+0", value="x")
    pfn, m = bench.pfn(), bench.m
    m.clear_flags(pfn, pf.DIRTY)
    zap_pte(m, *vpn_of(bench, "m+0"))
    assert m.page(pfn) & pf.DIRTY
    bench.area("n")
    bench.do("write", task="a", at="n+0")
    bench.do("pin", frame="a:n+0")
    pfn = bench.pfn("a:n+0")
    zap_pte(m, *vpn_of(bench, "n+0"))
    assert not m.page(pfn) & pf.DIRTY


def test_zapping_the_last_locked_mapping_makes_a_page_evictable() -> None:
    bench = of_file("v7", pages=1, locked=True)
    pfn, m = bench.pfn("/f@0"), bench.m
    assert m.page(pfn) & pf.MLOCKED
    bench.do("munmap", task="a", at="m+0", pages=1)
    assert not m.page(pfn) & (pf.MLOCKED | pf.UNEVICTABLE | pf.MMAP)


# -- No memory


@both
def test_a_fault_without_memory_leaves_everything_as_it_was(profile: str) -> None:
    bench = Workbench(profile, frames=512)
    bench.do("file", path="/f", pages=2)
    bench.area(pages=2)
    bench.area("f", pages=2, file="/f", shared=True)
    bench.area("p", pages=2, file="/f")
    bench.do("write", task="a", at="m+1")
    bench.do("read", task="a", at="p+1")
    bench.do("alloc", frames=512)
    for op, at in (("write", "m+0"), ("read", "f+0"), ("write", "f+0"), ("write", "p+0"), ("write", "p+1")):
        mm, entries = vpn_of(bench, at)[0], dict(bench.m.ptes.of(vpn_of(bench, at)[0]))
        assert bench.do(op, task="a", at=at).errno == "ENOMEM"
        assert dict(bench.m.ptes.of(mm)) == entries
        invariants.check(bench.m)


# -- What an access returns and leaves in the log


@both
def test_an_access_that_succeeds_has_no_errno(profile: str) -> None:
    bench = Workbench(profile)
    bench.area()
    assert [bench.do(op, task="a", at="m+0").errno for op in ("write", "read")] == [0, 0]
    bench.do("munmap", task="a", at="m+0", pages=1)
    assert bench.do("read", task="a", at="m+0").errno == 0, "SIGSEGV says it"


@pytest.mark.parametrize("huge, lsb", (("none", 12), ("hugetlb", 21)))
def test_the_signal_says_how_much_is_lost(huge: str, lsb: int) -> None:
    """do_sigbus(): hstate_index_to_shift() of a hugetlb page; the line in the log is KERN_ERR."""
    bench = Workbench(huge_pages=1)
    bench.area(pages=512 if huge == "hugetlb" else 1, huge=huge, shared=True)
    bench.do("write", task="a", at="m+0")
    bench.do("poison", frame="a:m+0")
    outcome = bench.do("read", task="a", at="m+0")
    assert [(seen.code, seen.lsb) for seen in outcome.signals] == [("BUS_MCEERR_AR", lsb)]
    line = list(bench.m.log.view.values())[-1]
    assert "due to hardware memory corruption fault at" in line.text and line.fatal


def test_no_frame_of_a_huge_page_stays_mapped_when_its_entry_is_zapped() -> None:
    """page_remove_rmap(), compound: each of the 512 frames loses a mapping."""
    bench = Workbench()
    bench.do("mmap", task="a", name="t", pages=512, huge="thp", shared=True)
    bench.do("write", task="a", at="t+3")
    assert (bench.m.mapcount.view == 1).sum() == 512
    zap_pte(bench.m, *vpn_of(bench, "t+0"))
    assert not bench.m.mapcount.view.any()


@pytest.mark.parametrize("bad", (0, 3))
def test_a_fault_on_poison_in_a_huge_page_unmaps_its_huge_entries(bad: int) -> None:
    """__do_fault(): unmap_mapping_pages() splits the huge entry, which for a file leaves none."""
    bench = Workbench()
    bench.do("file", path="/dev/shm/g", pages=512, filesystem="tmpfs", hole=True)
    bench.do("mmap", task="a", name="t", pages=512, huge="thp", shared=True, file="/dev/shm/g")
    bench.do("write", task="a", at=f"t+{bad}", value="x")
    bench.do("pin", frame=f"a:t+{bad}")
    assert bench.do("poison", frame=f"a:t+{bad}").kind == "unsplit thp"
    assert bench.session.pte_state("a", "t+9") == "present"
    bench.do("task", name="b")
    bench.area(task="b", pages=8, file="/dev/shm/g", shared=True)
    assert bench.do("read", task="b", at=f"m+{bad}").signals[0].code == "BUS_MCEERR_AR"
    assert bench.session.pte_state("a", "t+9") == "none"
    invariants.check(bench.m)


@both
@pytest.mark.parametrize("op, area", (("read", "m"), ("write", "m"), ("read", "f"), ("write", "f"), ("write", "p")))
def test_a_fault_without_memory_for_a_page_table_keeps_no_page(profile: str, op: str, area: str) -> None:
    bench = Workbench(profile, frames=512)
    bench.do("file", path="/f", pages=2)
    bench.do("open", task="a", path="/f", fd="f")
    bench.do("pread", task="a", fd="f", page=0)
    bench.area(**({} if area == "m" else {"file": "/f", "shared": area == "f"}))
    m, cached = bench.m, bench.pfn("/f@0")
    free = int((m.flags.view & pf.BUDDY != 0).sum()) + len(m.pcp.of(0))
    bench.do("alloc", frames=free - (area != "f" and op == "write"))  # one is left for the page itself
    before = [int(column.view[cached]) for column in (m.refcount, m.mapcount)]
    anonymous = int((m.flags.view & pf.ANON != 0).sum())
    assert bench.do(op, task="a", at="m+0").errno == "ENOMEM"
    assert [int(column.view[cached]) for column in (m.refcount, m.mapcount)] == before
    assert int((m.flags.view & pf.ANON != 0).sum()) == anonymous and not entry(bench)
