"""madvise(): injection, MADV_PAGEOUT, MADV_POPULATE_READ and MADV_DONTNEED.

After mm/madvise.c.
"""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.madvise import address_of_frame
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.records import PAGE_SHIFT
from hwpoison_gui.kernel.split_folio import HELD
from tests import invariants
from tests.workbench import Workbench

both = pytest.mark.parametrize("profile", tuple(PROFILES))


def area(profile: str = "6.1", pages: int = 4, **args: object) -> Workbench:
    """An area of which each page has been written to, except the last."""
    bench = Workbench(profile)
    bench.area(pages=pages, **args)
    for page in range(pages - 1):
        bench.do("write", task="a", at=f"m+{page}", value=f"v{page}")
    return bench


def states(bench: Workbench, pages: int = 4, task: str = "a") -> list[str]:
    return [bench.session.pte_state(task, f"m+{page}") for page in range(pages)]


# -- Where a frame is


@both
def test_where_a_process_has_a_frame(profile: str) -> None:
    bench = Workbench(profile, huge_pages=1)
    bench.do("file", path="/f", pages=2)
    for name in "mn":
        bench.area(name, pages=2, file="/f", shared=True)
        bench.do("read", task="a", at=f"{name}+1")
    bench.area("h", pages=512, huge="hugetlb", shared=True)
    bench.do("write", task="a", at="h+0")
    m, mm = bench.m, bench.session.world.process("a").mm
    lowest = min(bench.session.resolve_address("a", f"{name}+1") for name in "mn")
    assert address_of_frame(m, mm, bench.pfn("a:m+1")) == lowest
    head = m.compound_head(bench.pfn("a:h+0"))
    assert address_of_frame(m, mm, head + 9) == bench.session.resolve_address("a", "h+9")
    assert address_of_frame(m, mm, bench.pfn("any:free")) == -1


# -- Injection


@both
def test_an_injector_leaves_no_reference_behind(profile: str) -> None:
    """madvise_inject_error(): 2009 dropped its own afterwards, since 4.4 the handler takes it over."""
    bench = area(profile)
    pfn, m = bench.pfn(), bench.m
    outcome = bench.do("poison", frame="a:m+0", via="madvise", task="a")
    assert outcome.result == "Recovered" and outcome.errno == 0
    assert not any("still referenced" in line for line in outcome.log), "the injector's reference is known"
    assert m.refcount.get(pfn) == 1, "the handler's own, which keeps the frame from everybody"
    assert bench.session.pte_state("a", "m+0") == "hwpoison"


@pytest.mark.parametrize("profile, errno", (("v7", 0), ("6.1", "EBUSY")))
def test_what_the_handler_says_is_returned_since(profile: str, errno: int | str) -> None:
    bench = area(profile)
    bench.do("read", task="a", at="m+3")
    assert bench.do("poison", frame="a:m+3", via="madvise", task="a").errno == errno


@pytest.mark.parametrize("via, op", (("madvise", "poison"), ("madvise", "soft_offline")))
def test_poison_that_is_there_already_is_not_injected_twice(via: str, op: str) -> None:
    bench = area()
    pfn = bench.pfn()
    bench.do("poison", frame="a:m+0")
    log = len(bench.m.log.view)
    outcome = bench.do(op, frame="a:m+0", via=via, task="a")
    assert outcome.errno == "EFAULT" and outcome.signals == () and len(bench.m.log.view) == log
    assert bench.m.refcount.get(pfn) == 1


def test_a_soft_offlined_page_is_moved() -> None:
    bench = area()
    pfn = bench.pfn()
    assert bench.do("soft_offline", frame="a:m+0", via="madvise", task="a").errno == 0
    assert bench.pfn() != pfn and bench.m.page(pfn) & pf.HWPOISON
    assert bench.do("read", task="a", at="m+0").value == "v0"
    assert bench.m.refcount.get(pfn) == 1
    invariants.check(bench.m)


# -- MADV_PAGEOUT


@both
def test_a_range_is_paged_out_and_nothing_else(profile: str) -> None:
    bench = area(profile)
    bench.do("read", task="a", at="m+3")
    assert bench.do("madvise", task="a", at="m+1", pages=3, advice="pageout").errno == 0
    assert states(bench) == ["present", "swap", "swap", "present"], "the page of zeros stays"
    invariants.check(bench.m)


@pytest.mark.parametrize("profile, state", (("v7", "swap"), ("6.1", "present")))
def test_what_others_map_is_spared_since(profile: str, state: str) -> None:
    """madvise_cold_or_pageout_pte_range(): page_mapcount() != 1."""
    bench = area(profile)
    bench.do("fork", task="a", child="b")
    bench.do("write", task="a", at="m+1")
    bench.do("madvise", task="a", at="m+0", pages=2, advice="pageout")
    assert bench.session.pte_state("a", "m+1") == "swap", "a page of its own behind it goes"
    assert bench.session.pte_state("a", "m+0") == bench.session.pte_state("b", "m+0") == state


@pytest.mark.parametrize("profile, errno", (("v7", 0), ("6.1", "EINVAL")))
def test_locked_memory_refuses_since(profile: str, errno: int | str) -> None:
    """can_madv_lru_vma(): what comes before the locked VMA is paged out."""
    bench = area(profile)
    bench.do("mlock", task="a", at="m+1", pages=1)
    assert bench.do("madvise", task="a", at="m+0", pages=3, advice="pageout").errno == errno
    assert states(bench)[:2] == ["swap", "present"]
    assert states(bench)[2] == ("present" if errno else "swap")


def test_a_gap_is_told_when_the_rest_is_done() -> None:
    bench = area()
    bench.do("munmap", task="a", at="m+1", pages=1)
    assert bench.do("madvise", task="a", at="m+0", pages=3, advice="pageout").errno == "ENOMEM"
    assert states(bench) == ["swap", "none", "swap", "none"]


def test_hugetlb_is_not_paged_out() -> None:
    bench = Workbench(huge_pages=1)
    bench.area("m", pages=512, huge="hugetlb", shared=True)
    bench.do("write", task="a", at="m+3")
    assert bench.do("madvise", task="a", at="m+0", pages=512, advice="pageout").errno == "EINVAL"
    assert bench.session.pte_state("a", "m+3") == "present"


@pytest.mark.parametrize("first, count", ((0, 512), (5, 3), (510, 4)))
def test_a_transparent_huge_page_is_split_and_paged_out_in_small_ones(first: int, count: int) -> None:
    bench = Workbench()
    bench.do("mmap", task="a", name="m", pages=1024, huge="thp")
    for page in (0, 3, 5, 7, 8, 511, 512, 513, 514, 1023):
        bench.do("write", task="a", at=f"m+{page}", value=f"v{page}")
    bench.do("madvise", task="a", at=f"m+{first}", pages=count, advice="pageout")
    found = [page for page in range(1024) if bench.session.pte_state("a", f"m+{page}") == "swap"]
    assert found == list(range(first, first + count))
    assert not bench.m.swap_cache.view, "no reference is left on a page that was split"
    for page in (0, 3, 5, 7, 8, 511, 512, 513, 514, 1023):
        assert bench.do("read", task="a", at=f"m+{page}").value == f"v{page}"
    invariants.check(bench.m)


# -- MADV_POPULATE_READ


@pytest.mark.parametrize("case, errno, done", (
    ("all", 0, ["present"] * 4), ("gap", "ENOMEM", ["present", "none", "none", "none"]),
    ("none", "EINVAL", ["present", "none", "none", "none"]),
    ("poison", "EHWPOISON", ["present", "hwpoison", "none", "none"]),
    ("end of file", "EFAULT", ["present", "none", "none", "none"]),
))  # fmt: skip
def test_populating_ends_where_it_cannot_go_on(case: str, errno: int | str, done: list[str]) -> None:
    """madvise_populate(): the errno says why."""
    bench = Workbench()
    bench.do("file", path="/f", pages=1)
    bench.area(pages=4, **({"file": "/f", "shared": True} if case == "end of file" else {}))
    if case == "gap":
        bench.do("munmap", task="a", at="m+1", pages=1)
    elif case == "none":
        bench.do("mprotect", task="a", at="m+1", prot="none")
    elif case == "poison":
        bench.do("write", task="a", at="m+1")
        bench.do("poison", frame="a:m+1")
    outcome = bench.do("madvise", task="a", at="m+0", pages=4, advice="populate_read")
    assert (outcome.errno, states(bench), outcome.signals) == (errno, done, ())


def test_only_present_entries_are_paged_out() -> None:
    """The offset of a swap entry is no frame."""
    bench = area("v7", pages=2)
    bench.do("write", task="a", at="m+1")
    mm, vpn = bench.session.world.process("a").mm, bench.session.resolve_address("a", "m+0") >> PAGE_SHIFT
    other = bench.pfn("a:m+1")
    bench.do("munmap", task="a", at="m+0", pages=1)
    bench.area("n", fixed="m+0")
    bench.m.set_pte(mm, vpn, ptes.swp_pte(other))
    bench.do("madvise", task="a", at="n+0", pages=1, advice="pageout")
    assert bench.session.pte_state("a", "m+1") == "present"


@both
def test_an_injector_learns_that_the_kernel_is_gone(profile: str) -> None:
    bench = area(profile)
    bench.do("sysctl", name="memory_failure_recovery", value=0)
    outcome = bench.do("poison", frame="a:m+0", via="madvise", task="a")
    assert outcome.panic and outcome.errno == "EPANIC"


def test_a_huge_page_that_cannot_be_split_does_not_end_the_pageout() -> None:
    bench = Workbench(frames=16384)
    bench.area(pages=1024, huge="thp")
    for at in ("m+0", "m+512"):
        bench.do("write", task="a", at=at)
    bench.do("pin", frame="a:m+5")
    bench.do("madvise", task="a", at="m+0", pages=1024, advice="pageout")
    assert [bench.session.pte_state("a", at) for at in ("m+5", "m+517")] == ["present", "swap"]


@pytest.mark.parametrize("profile", ("6.1", "6.12"))
def test_a_huge_page_that_cannot_be_split_is_tried_once(profile: str) -> None:
    bench = Workbench(profile)
    bench.area("t", pages=1024, huge="thp")
    bench.area(fixed="t+512")
    for at in ("t+3", "m+0"):
        bench.do("write", task="a", at=at)
    bench.do("pin", frame="a:t+3")
    bench.do("madvise", task="a", at="t+0", pages=513, advice="pageout")
    assert [mark.site for mark in bench.session.steps.marks].count(HELD) == 1
    assert bench.session.pte_state("a", "m+0") == "swap"


def test_the_panic_of_2009_names_the_trap_of_an_injector() -> None:
    """madvise_hwpoison() of 2.6.32 passes trap number 0, a machine check 18."""
    traps = []
    for via in ("madvise", "mce"):
        bench = area("v7")
        bench.do("sysctl", name="memory_failure_recovery", value=0)
        keys = {"via": via, "task": "a"} if via == "madvise" else {}
        outcome = bench.do("poison", frame="a:m+0", **keys)
        traps += [line.split("trap ")[1].split()[0] for line in outcome.log if "from trap" in line]
    assert traps == ["0", "18"]


def test_since_6_12_the_caller_is_signalled_as_if_it_had_consumed_the_error() -> None:
    """madvise_inject_error() passes MF_ACTION_REQUIRED: the caller gets BUS_MCEERR_AR whatever its policy."""
    codes = {}
    for profile in ("6.1", "6.12"):
        outcome = area(profile).do("poison", frame="a:m+0", via="madvise", task="a")
        codes[profile] = [signal.code for signal in outcome.signals]
    assert codes == {"6.1": [], "6.12": ["BUS_MCEERR_AR"]}


# -- MADV_DONTNEED


@pytest.mark.parametrize("profile, at, pages, errno", (
    ("v7", "h+0", 512, "EINVAL"), ("6.1", "h+0", 512, 0), ("6.1", "h+1", 511, "EINVAL"), ("6.1", "h+0", 511, 0),
))  # fmt: skip
def test_dontneed_of_hugetlb_takes_whole_huge_pages(profile: str, at: str, pages: int, errno: int | str) -> None:
    """madvise_dontneed_free_valid_vma(): the start must be aligned, the end is rounded down."""
    bench = Workbench(profile, huge_pages=1)
    bench.area("h", pages=512, huge="hugetlb", shared=True)
    bench.do("write", task="a", at="h+3", value="x")
    assert bench.do("madvise", task="a", at=at, pages=pages, advice="dontneed").errno == errno
    gone = errno == 0 and pages == 512
    assert bench.session.pte_state("a", "h+3") == ("none" if gone else "present")
    assert bench.do("read", task="a", at="h+3").value == "x", "the file has it still"


def test_dontneed_may_begin_in_other_memory_before_hugetlb() -> None:
    """madvise_walk_vmas(): where hugetlb must begin is asked of the part in its VMA."""
    bench = Workbench(huge_pages=1)
    bench.area("t", pages=1024, huge="thp")
    bench.area("h", pages=512, huge="hugetlb", fixed="t+512")
    bench.do("write", task="a", at="h+3", value="x")
    assert bench.do("madvise", task="a", at="t+511", pages=513, advice="dontneed").errno == 0
    assert bench.session.pte_state("a", "h+3") == "none"


@pytest.mark.parametrize("first, pages", ((5, 1), (0, 5), (508, 4)))
def test_dontneed_splits_a_huge_page_that_reaches_beyond_the_range(first: int, pages: int) -> None:
    bench = Workbench()
    bench.area("t", pages=512, huge="thp")
    for page in (first, first + pages - 1, 300):
        bench.do("write", task="a", at=f"t+{page}", value="x")
    bench.do("madvise", task="a", at=f"t+{first}", pages=pages, advice="dontneed")
    gone = [page for page in range(512) if bench.session.pte_state("a", f"t+{page}") == "none"]
    assert gone == list(range(first, first + pages))
    assert [bench.do("read", task="a", at=f"t+{page}").value for page in (first, 300)] == ["zero", "x"]
    invariants.check(bench.m)


@pytest.mark.parametrize("hindrance", ("shared", "pinned"))
def test_a_folio_that_cannot_be_paged_out_as_a_whole_is_left_whole(hindrance: str) -> None:
    """madvise_cold_or_pageout_pte_range(): a folio that the range maps is not split, and skipped if others map it."""
    bench = Workbench("7.2")
    bench.do("file", path="/f", pages=32, folio=16)
    bench.do("task", name="b")
    bench.area(file="/f", pages=32, shared=True)
    bench.do("read", task="a", at="m+16")
    head = bench.pfn("head:a:m+16")
    if hindrance == "shared":
        bench.area("n", task="b", file="/f", offset=28, pages=4, shared=True, populate=True)
    else:
        bench.do("pin", frame="a:m+20")
    assert bench.do("madvise", task="a", at="m+0", pages=32, advice="pageout").errno == 0
    assert {bench.pfn(f"head:/f@{page}") for page in range(16, 32)} == {head}
    mapped = {bench.session.pte_state("a", f"m+{page}") for page in range(16, 32)}
    assert mapped == {"present" if hindrance == "shared" else "none"}
    if hindrance == "shared":
        assert {bench.session.pte_state("b", f"n+{page}") for page in range(4)} == {"present"}
    invariants.check(bench.m)
