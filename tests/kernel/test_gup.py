"""get_user_pages() and the kernel's own reads of user memory; pins go with the processes that hold them.

After mm/gup.c and arch/x86/lib/usercopy.c.
"""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel.gup import follow_page
from hwpoison_gui.kernel.profile.registry import PROFILES
from tests import invariants
from tests.kernel.test_madvise import area
from tests.workbench import Workbench, run

both = pytest.mark.parametrize("profile", tuple(PROFILES))


def test_a_page_is_followed_and_faulted_in_where_needed() -> None:
    bench = area()
    m, mm = bench.m, bench.session.world.process("a").mm
    start = bench.session.resolve_address("a", "m+0")
    assert run(follow_page(m, mm, start)) == bench.pfn()
    assert run(follow_page(m, mm, start + 3 * 4096)) == bench.pfn("any:zero")
    assert run(follow_page(m, mm, start - 4096)) == "EFAULT"
    bench.do("mprotect", task="a", at="m+0", prot="none")
    assert run(follow_page(m, mm, start)) == "EFAULT"


@both
def test_a_page_inside_a_huge_one_is_found(profile: str) -> None:
    bench = Workbench(profile, huge_pages=1)
    bench.area("h", pages=512, huge="hugetlb", shared=True)
    bench.do("write", task="a", at="h+3", value="x")
    m, mm = bench.m, bench.session.world.process("a").mm
    head = m.compound_head(bench.pfn("a:h+3"))
    for page in (0, 3, 511):
        assert run(follow_page(m, mm, bench.session.resolve_address("a", f"h+{page}"))) == head + page
    assert bench.do("copy_from_user", task="a", at="h+3").value == "x"


@pytest.mark.parametrize("how, errno", (("poison", "EFAULT"), ("nothing", "EFAULT"), ("no memory", "ENOMEM")))
def test_the_kernel_gets_an_error_and_no_signal(how: str, errno: str) -> None:
    """copy_from_user() and get_user_pages() fail where a load of the process itself would be killed."""
    bench = Workbench(frames=512)
    bench.area(pages=2)
    bench.do("write", task="a", at="m+0", value="x")
    if how == "poison":
        bench.do("poison", frame="a:m+0")
    elif how == "nothing":
        bench.do("munmap", task="a", at="m+0", pages=1)
    else:
        bench.do("madvise", task="a", at="m+0", advice="pageout")
        bench.do("alloc", frames=512)
    outcome = bench.do("copy_from_user", task="a", at="m+0")
    assert (outcome.errno, outcome.value, outcome.signals) == (errno, None, ())


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
