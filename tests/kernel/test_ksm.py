"""KSM: equal pages become one that nobody may write."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.page_mapping import MAPPING_KSM, mapping_word
from hwpoison_gui.kernel.records import PAGE_SHIFT
from hwpoison_gui.kernel.rmap import rmap_addresses
from tests import invariants
from tests.workbench import Workbench


def merged() -> Workbench:
    bench = Workbench()
    bench.do("task", name="b")
    for task in "ab":
        bench.area(task=task, pages=2)
        bench.do("write", task=task, at="m+0", value="same")
        bench.do("write", task=task, at="m+1", value=task)
        bench.do("madvise", task=task, at="m+0", pages=2, advice="mergeable")
    return bench


def test_equal_pages_are_one() -> None:
    bench = merged()
    pfn = bench.pfn("a:m+0")
    assert pfn == bench.pfn("b:m+0")
    assert {"KSM", "ANON"} <= bench.flags(pfn)
    assert bench.m.refcount.view[pfn] == bench.m.mapcount.view[pfn] == 2
    assert bench.pfn("a:m+1") != bench.pfn("b:m+1")
    invariants.check(bench.m)


def test_a_third_joins_what_is_merged() -> None:
    bench = merged()
    bench.do("task", name="c")
    bench.area(task="c")
    bench.do("write", task="c", at="m+0", value="same")
    bench.do("madvise", task="c", at="m+0", advice="mergeable")
    assert bench.session.mapcount(bench.pfn("a:m+0")) == 3


def test_a_child_is_scanned_after_its_parent() -> None:
    """ksm_fork(): ksmd enters the child, too, behind all it knows; of equal pages the first that it meets is kept."""
    bench = merged()
    bench.do("fork", task="a", child="c")
    for task in "ac":
        bench.do("write", task=task, at="m+1", value="equal")
    pfn = bench.pfn("a:m+1")
    bench.do("madvise", task="b", at="m+0", advice="mergeable")
    assert bench.pfn("a:m+1") == bench.pfn("c:m+1") == pfn


def test_a_write_makes_a_copy() -> None:
    bench = merged()
    pfn = bench.pfn("a:m+0")
    bench.do("write", task="a", at="m+0", value="A")
    assert bench.pfn("a:m+0") != pfn
    assert bench.do("read", task="b", at="m+0").value == "same"
    invariants.check(bench.m)


def test_what_is_moved_has_pages_of_its_own_that_stay_read_only() -> None:
    """move_vma() of mm/mremap.c breaks the sharing by a write fault; maybe_mkwrite() minds the VMA."""
    bench = merged()
    pfn = bench.pfn("a:m+0")
    bench.do("write", task="b", at="m+0", value="not to be merged again")
    bench.do("mprotect", task="a", at="m+0", pages=2, prot="r")
    bench.do("mremap", task="a", at="m+0", pages=2, name="n")
    mm, vpn = bench.session.world.process("a").mm, bench.session.resolve_address("a", "n+0") >> PAGE_SHIFT
    assert bench.pfn("a:n+0") != pfn and not bench.m.pte(mm, vpn) & ptes.RW
    assert bench.do("read", task="a", at="n+0").value == "same"
    assert bench.do("write", task="a", at="n+0").signals[0].signal == "SIGSEGV"


def test_a_held_page_is_not_merged() -> None:
    bench = Workbench()
    bench.area(pages=2)
    for at in ("m+0", "m+1"):
        bench.do("write", task="a", at=at, value="same")
    bench.do("pin", frame="a:m+0")
    bench.do("madvise", task="a", at="m+0", pages=2, advice="mergeable")
    assert bench.pfn("a:m+0") != bench.pfn("a:m+1")


def test_the_handler_gives_up_on_it() -> None:
    bench = merged()
    outcome = bench.do("poison", frame="a:m+0")
    assert (outcome.kind, outcome.result) == ("unmapping failed page", "Ignored")
    assert bench.do("read", task="b", at="m+0").value == "same"


def test_it_can_be_moved() -> None:
    bench = merged()
    pfn = bench.pfn("a:m+0")
    assert bench.do("soft_offline", frame="a:m+0").errno == 0
    assert bench.pfn("a:m+0") == bench.pfn("b:m+0") != pfn
    invariants.check(bench.m)


def test_a_gap_is_told_when_the_rest_is_merged() -> None:
    bench = Workbench()
    bench.area(pages=3)
    assert bench.do("madvise", task="a", at="m+0", pages=3, advice="mergeable").errno == 0
    bench.do("munmap", task="a", at="m+1", pages=1)
    assert bench.do("madvise", task="a", at="m+0", pages=3, advice="mergeable").errno == "ENOMEM"


def test_the_page_at_the_lowest_address_is_the_one_that_stays() -> None:
    """ksmd scans an address space in order of address, however old a VMA is."""
    bench = Workbench()
    bench.area(pages=2)
    bench.area("n", fixed="m+0")
    for at in ("m+1", "n+0"):
        bench.do("write", task="a", at=at, value="same")
    lowest = bench.pfn("a:n+0")
    bench.do("madvise", task="a", at="n+0", pages=2, advice="mergeable")
    assert bench.pfn("a:m+1") == bench.pfn("a:n+0") == lowest


def test_the_dirty_bit_of_a_protected_entry_goes_to_the_page() -> None:
    """write_protect_page()."""
    assert "DIRTY" in merged().flags(merged().pfn("a:m+0"))


def test_poison_is_not_merged() -> None:
    bench = Workbench()
    bench.area(pages=2)
    for at in ("m+0", "m+1"):
        bench.do("write", task="a", at=at, value="same")
    bench.m.set_flags(bench.pfn("a:m+1"), pf.HWPOISON)
    bench.do("madvise", task="a", at="m+0", pages=2, advice="mergeable")
    assert bench.pfn("a:m+0") != bench.pfn("a:m+1")


def test_a_merged_page_refers_to_a_stable_node() -> None:
    bench = merged()
    for task in "ab":
        bench.do("write", task=task, at="m+1", value="equal by now")
    bench.do("madvise", task="a", at="m+0", pages=2, advice="mergeable")
    words = [int(bench.m.mapping.view[bench.pfn(f"a:m+{page}")]) for page in (0, 1)]
    assert words == [1 << 2 | MAPPING_KSM, 2 << 2 | MAPPING_KSM]


def test_only_mergeable_pages_of_their_own_are_merged() -> None:
    """The zero page, holes, and equal pages of VMAs that did not ask for it stay as they are."""
    bench = Workbench()
    bench.area(pages=4)
    bench.area("n")
    for at in ("m+0", "n+0"):
        bench.do("write", task="a", at=at, value="same")
    for page in (1, 2):
        bench.do("read", task="a", at=f"m+{page}")
    bench.do("madvise", task="a", at="m+0", pages=4, advice="mergeable")
    assert "KSM" not in bench.flags(bench.pfn("a:n+0")) | bench.flags(bench.pfn("a:m+0"))
    assert bench.pfn("a:m+1") == bench.pfn("a:m+2") == bench.pfn("any:zero")
    assert "KSM" not in bench.flags(bench.pfn("any:zero"))
    assert bench.session.pte_state("a", "m+3") == "none"


def test_a_swap_entry_is_no_page_of_the_number_of_its_slot() -> None:
    """_candidate() reads a frame number from present entries only, whatever slot another entry names."""
    bench = Workbench()
    bench.area()
    bench.area("n", pages=2)
    bench.do("write", task="a", at="m+0", value="same")
    bench.do("write", task="a", at="n+0", value="same")
    pfn, mm = bench.pfn("a:m+0"), next(iter(bench.m.vmas.view.values())).mm
    vpn = bench.session.resolve_address("a", "n+1") >> 12
    bench.m.set_pte(mm, vpn, ptes.swp_pte(pfn))
    bench.do("madvise", task="a", at="n+0", pages=2, advice="mergeable")
    assert bench.session.pte_state("a", "n+1") == "swap"
    assert "KSM" not in bench.flags(pfn) | bench.flags(bench.pfn("a:n+0"))


def test_neither_shared_memory_nor_hugetlb_is_marked_mergeable() -> None:
    bench = Workbench(huge_pages=1)
    bench.area("own")
    bench.area("shared", shared=True)
    bench.area("huge", pages=512, huge="hugetlb")
    for name in ("own", "shared", "huge"):
        bench.do("madvise", task="a", at=f"{name}+0", pages=512 if name == "huge" else 1, advice="mergeable")
    marked = {vma.id for vma in bench.m.vmas.view.values() if vma.mergeable}
    areas = bench.session.world.areas.of(bench.session.world.task_names.view["a"])
    assert len(marked) == 1 and len(areas) == 3
    (own,) = marked
    assert bench.m.vmas.view[own].start == bench.session.world.address("a", "own+0")


def test_a_page_with_a_copy_in_swap_is_merged_but_not_if_it_is_held() -> None:
    """write_protect_page() expects a reference for each mapping, its own, and that of the swap cache."""
    for held in (False, True):
        bench = Workbench()
        bench.area(pages=2)
        for at in ("m+0", "m+1"):
            bench.do("write", task="a", at=at, value="same")
        bench.do("madvise", task="a", at="m+0", advice="pageout")
        bench.do("read", task="a", at="m+0")
        pfn = bench.pfn("a:m+0")
        assert bench.m.page(pfn) & pf.SWAPCACHE
        if held:
            bench.do("pin", frame="a:m+0")
        bench.do("madvise", task="a", at="m+0", pages=2, advice="mergeable")
        assert (bench.pfn("a:m+0") == bench.pfn("a:m+1")) is not held
        invariants.check(bench.m)


def test_a_page_that_cannot_be_merged_does_not_end_the_scan() -> None:
    bench = Workbench()
    bench.area(pages=3)
    bench.do("read", task="a", at="m+0")  # the zero page
    for at in ("m+1", "m+2"):
        bench.do("write", task="a", at=at, value="same")
    bench.do("madvise", task="a", at="m+0", pages=3, advice="mergeable")
    assert bench.pfn("a:m+1") == bench.pfn("a:m+2")


def test_a_clean_page_stays_clean() -> None:
    """write_protect_page() marks a page dirty only for an entry that is dirty."""
    bench = Workbench()
    bench.area(pages=2)
    for at in ("m+0", "m+1"):
        bench.do("write", task="a", at=at, value="same")
        bench.do("madvise", task="a", at=at, advice="pageout")
        bench.do("read", task="a", at=at)
    assert "DIRTY" not in bench.flags(bench.pfn("a:m+0"))
    bench.do("madvise", task="a", at="m+0", pages=2, advice="mergeable")
    pfn = bench.pfn("a:m+0")
    assert pfn == bench.pfn("a:m+1") and "KSM" in bench.flags(pfn) and "DIRTY" not in bench.flags(pfn)


def test_merged_pages_are_joined_wherever_they_are_mapped_unless_they_broke() -> None:
    """stable_tree_search() finds a page whose own VMAs are not scanned any more, but none that is poisoned."""
    for broken in (False, True):
        bench = merged()
        pfn = bench.pfn("a:m+0")
        for vma in tuple(bench.m.vmas.view.values()):
            bench.m.put(bench.m.vmas, vma.id, vma._replace(mergeable=False))
        if broken:
            bench.m.set_flags(pfn, pf.HWPOISON)
        bench.do("task", name="c")
        bench.area(task="c")
        bench.do("write", task="c", at="m+0", value="same")
        bench.do("madvise", task="c", at="m+0", advice="mergeable")
        assert (bench.pfn("c:m+0") == pfn) is not broken


@pytest.mark.parametrize("prot", ("rw", "r"))
def test_a_move_unshares_merged_pages_which_are_merged_again_at_the_new_address(prot: str) -> None:
    bench = Workbench("6.12", early_kill=1)
    bench.area(pages=2)
    for page in (0, 1):
        bench.do("write", task="a", at=f"m+{page}", value="same")
    bench.do("madvise", task="a", at="m+0", pages=2, advice="mergeable")
    bench.do("mprotect", task="a", at="m+0", pages=2, prot=prot)
    before = len(bench.session.steps)
    bench.do("mremap", task="a", at="m+0", pages=2, name="n")
    sites = [step.mark.site.function for step in bench.session.steps[before:]]
    assert sites.index("wp_page_copy") < sites.index("move_vma") < sites.index("replace_page")
    assert bench.pfn("a:n+0") == bench.pfn("a:n+1")
    assert not any(entry & ptes.RW for _, entry in bench.m.ptes.between(bench.session.tid_of("a"), 0, 1 << 40))
    done = bench.do("poison", frame="a:n+0")
    at = {bench.session.world.address("a", f"n+{page}", "at") for page in (0, 1)}
    assert done.result == "Recovered" and {signal.addr for signal in done.signals} <= at and done.signals
    invariants.check(bench.m)


def test_without_memory_for_the_copies_nothing_moves() -> None:
    bench = Workbench("6.12")
    bench.area(pages=2)
    for page in (0, 1):
        bench.do("write", task="a", at=f"m+{page}", value="same")
    bench.do("madvise", task="a", at="m+0", pages=2, advice="mergeable")
    bench.do("alloc", frames=8192)
    assert bench.do("mremap", task="a", at="m+0", pages=2, name="n").errno == "ENOMEM"
    assert bench.do("read", task="a", at="m+1").value == "same"
    invariants.check(bench.m)


def test_a_move_leaves_pages_that_are_not_merged_as_they_are() -> None:
    """Neither a page that a child shares nor a swap slot with the number of a merged page is unshared."""
    bench = Workbench("6.12")
    bench.area(pages=4)
    for page, value in enumerate(("same", "same", "own")):
        bench.do("write", task="a", at=f"m+{page}", value=value)
    bench.do("fork", task="a", child="b")
    bench.do("madvise", task="a", at="m+0", pages=4, advice="mergeable")
    shared, merged = bench.pfn("b:m+2"), bench.pfn("a:m+0")
    assert "KSM" in bench.flags(merged) and "KSM" not in bench.flags(shared)
    vpn = bench.session.resolve_address("a", "m+3") >> PAGE_SHIFT
    bench.m.set_pte(bench.session.world.process("a").mm, vpn, ptes.swp_pte(merged))
    bench.do("mremap", task="a", at="m+0", pages=4, name="n")
    assert bench.pfn("a:n+2") == shared and bench.session.pte_state("a", "n+3") == "swap"


def test_the_reverse_map_of_files_leads_to_no_merged_page() -> None:
    """A stable node may have the number of an inode, whose VMAs cover pages of the same index."""
    bench = merged()
    bench.do("file", path="/f", pages=2)
    bench.area("f", pages=2, file="/f", shared=True)
    m, pfn = bench.m, bench.pfn("a:m+0")
    (inode,) = (inode for inode in m.inodes.view.values() if inode.path == "/f")
    m.put(m.mapping, pfn, mapping_word(inode.id, MAPPING_KSM))
    m.put(m.index, pfn, 1)
    assert rmap_addresses(m, pfn) == []
