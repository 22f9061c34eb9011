"""Names on a machine: what each resolves to, what is refused, and names that come and go with the position."""

from __future__ import annotations

from typing import Any

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.records import PAGE_SIZE
from hwpoison_gui.session.booting import boot
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.scenario.schema import ANY_KINDS
from hwpoison_gui.session.session import Session
from hwpoison_gui.session.world import OUT_OF_RANGE, World
from tests.workbench import Workbench, do


def bench_with_file() -> Workbench:
    """`a` has written page 0 of anonymous `m` (2 pages), and has read page 1 of /f, mapped as `f`."""
    bench = Workbench()
    bench.area(pages=2)
    bench.do("write", task="a", at="m+0", value="x")
    bench.do("file", path="/f", pages=2)
    bench.do("open", task="a", path="/f", fd="d")
    bench.area("f", pages=2, file="/f", fd="d", shared=True)
    bench.do("read", task="a", at="f+1")
    return bench


def test_each_form_of_a_page_resolves_to_its_frame() -> None:
    bench = bench_with_file()
    anon, file = bench.pfn("a:m+0"), bench.pfn("a:f+1")
    bench.do("remember", name="p", frame="a:m+0")
    assert bench.flags(anon) >= {"ANON", "MMAP"} and "ANON" not in bench.flags(file)
    assert bench.pfn("/f@1") == file and bench.pfn(f"pfn:{anon:#x}") == bench.pfn("@p") == anon
    assert bench.pfn("head:a:m+0") == anon


def test_a_page_of_a_huge_page_and_its_head() -> None:
    bench = Workbench(huge_pages=1, frames=8192)
    bench.area("h", pages=512, huge="hugetlb")
    bench.do("write", task="a", at="h+0", value="x")
    head = bench.pfn("a:h+0")
    assert bench.pfn("a:h+7") == head + 7 and bench.pfn("head:a:h+7") == bench.pfn("head:head:a:h+7") == head


def test_a_swapped_page_is_the_one_of_the_swap_cache_and_a_poisoned_one_stays_known() -> None:
    bench = bench_with_file()
    bench.do("madvise", task="a", at="m+0", pages=1, advice="pageout")
    assert bench.session.pte_state("a", "m+0") == "swap"
    bench.do("swapin", task="a", at="m+0")
    cached = bench.pfn("a:m+0")
    assert "SWAPCACHE" in bench.flags(cached)
    bench.do("write", task="a", at="m+1", value="y")
    broken = bench.pfn("a:m+1")
    bench.do("poison", frame="a:m+1")
    assert bench.session.pte_state("a", "m+1") == "hwpoison" and bench.pfn("a:m+1") == broken


@pytest.mark.parametrize(
    ("frame", "key", "message"),
    [
        ("a:m+1", "frame", "no such page now"),
        ("a:m+2", "frame", "VMA 'm' has pages 0 to 1, not 2"),
        ("a:z+0", "frame", "task 'a' has no VMA 'z'"),
        ("z:m+0", "frame", "no task is called 'z'"),
        ("/f@0", "frame", "no such page now"),
        ("/z@0", "frame", "no file is called '/z'"),
        ("@p", "frame", "no such page now"),
        ("0x12", "frame", "is not a page; expected TASK:AREA+PAGE"),
    ],
)
def test_a_page_that_is_not_there(frame: str, key: str, message: str) -> None:
    bench = bench_with_file()
    bench.do("drop_caches")
    bench.do("file", path="/g", pages=1)
    with pytest.raises(ScenarioError) as raised:
        bench.pfn(frame)
    assert raised.value.key == key and message in raised.value.message


def test_addresses_are_in_bytes_and_are_named_back() -> None:
    session = bench_with_file().session
    start = session.resolve_address("a", "m+0")
    assert start % PAGE_SIZE == 0 and session.resolve_address("a", "m+1") == start + PAGE_SIZE
    assert session.address_name("a", start + PAGE_SIZE + 5) == "m+1"
    assert session.address_name("a", start - 1) != "m+0"
    assert session.address_name("a", 0) is None
    with pytest.raises(ScenarioError, match="not an address AREA"):
        session.resolve_address("a", "m")
    with pytest.raises(KeyError):
        session.address_name("z", start)


def test_an_unmapped_name_resolves_until_it_is_used_again() -> None:
    bench = bench_with_file()
    world, old = bench.session.world, bench.session.resolve_address("a", "m+0")
    tgid = world.task_names.view["a"]
    assert world.is_mapped(tgid, "m") and not world.is_mapped(tgid, "z")
    with pytest.raises(ScenarioError, match="task 'a' has a VMA 'm' already"):
        bench.area()
    bench.do("munmap", task="a", at="m+0", pages=2)
    assert not world.is_mapped(tgid, "m") and bench.session.resolve_address("a", "m+0") == old
    bench.area("other", pages=4)
    bench.area(pages=3)
    assert bench.session.resolve_address("a", "m+2")


def test_a_dead_task_keeps_its_name_and_can_do_nothing() -> None:
    bench = bench_with_file()
    session, tid = bench.session, bench.session.tid_of("a")
    assert tid is not None and session.alive("a")
    bench.do("exit", task="a")
    assert not session.alive("a") and session.tid_of("a") == tid and session.machine.processes.view[tid].name == "a"
    with pytest.raises(ScenarioError, match=r"task 'a' is dead \(exit\)"):
        bench.do("read", task="a", at="m+0")


def test_threads_and_descriptors_by_name() -> None:
    bench = bench_with_file()
    bench.do("task", name="t", threads=2)
    world = bench.session.world
    assert world.thread("t", 1).tid == bench.session.tid_of("t", 1) != bench.session.tid_of("t")
    assert bench.session.tid_of("t", 2) is bench.session.tid_of("z") is None
    with pytest.raises(ScenarioError, match="threads 0 to 1, not 2"):
        world.thread("t", 2)
    assert world.description("a", "d") in bench.m.open_files.view
    with pytest.raises(ScenarioError, match="task 't' has no descriptor 'd'"):
        world.description("t", "d")


def test_names_come_and_go_with_the_position() -> None:
    bench = bench_with_file()
    session = bench.session
    bench.do("remember", name="p", frame="a:m+0")
    end = session.position
    session.seek(0)
    for ask in (lambda: bench.pfn("@p"), lambda: bench.pfn("/f@1"), lambda: session.resolve_address("a", "m+0")):
        with pytest.raises(ScenarioError):
            ask()
    assert session.tid_of("a") is None
    session.seek(end)
    assert bench.pfn("@p") == bench.pfn("a:m+0")


def test_a_vma_of_a_preset_without_a_name_is_named_by_its_address() -> None:
    machine = boot(16384, 0, "desktop", "v7")
    nameless = next(vma for vma in machine.vmas.view.values() if vma.name)
    machine.vmas.load({nameless.id: nameless._replace(name="")})
    world = World(machine)
    assert world.address(world.machine.processes.view[nameless.mm].name, f"{nameless.start:#x}+0") == nameless.start


@pytest.mark.parametrize("kind", ANY_KINDS)
def test_any_page_of_a_kind_is_unbroken_and_not_taken_twice(kind: str) -> None:
    """Each kind exists on the preset, or is refused as absent; a poisoned frame is not offered again."""
    session = Session.fresh(16384, background="desktop", profile="6.1", huge_pages=1)
    try:
        pfn = session.resolve_frame(f"any:{kind}")
    except ScenarioError as error:
        assert "no such page now" in error.message
        return
    if kind == "out-of-range":
        assert pfn == OUT_OF_RANGE and not session.world.in_use(pfn)
        return
    machine = session.machine
    assert not machine.page(pfn) & pf.HWPOISON
    machine.put(machine.flags, pfn, machine.page(pfn) | pf.HWPOISON)
    try:
        assert session.resolve_frame(f"any:{kind}") != pfn
    except ScenarioError as error:
        assert "no such page now" in error.message


@pytest.mark.parametrize("profile", list(PROFILES))
def test_a_mapping_of_a_descriptor_is_of_its_file_after_unlink(profile: str) -> None:
    """As programs do with temporary files; another file may have taken the name."""
    session = Session.fresh(profile=profile)
    do(session, "file", path="/f", pages=2)
    do(session, "task", name="a")
    do(session, "open", task="a", path="/f", fd="d")
    do(session, "pwrite", task="a", fd="d", page=0, value="old")
    do(session, "unlink", path="/f")
    do(session, "file", path="/f", pages=2)
    do(session, "mmap", task="a", name="m", pages=2, fd="d", shared=True)
    do(session, "mmap", task="a", name="n", pages=2, file="/f", shared=True)
    assert do(session, "read", task="a", at="m+0").value == "old"
    assert do(session, "read", task="a", at="n+0").value == "disk"
    do(session, "close", task="a", fd="d")
    assert do(session, "read", task="a", at="m+0").value == "old"
    pages = sum(map(len, session.machine.page_cache.view.values()))
    do(session, "munmap", task="a", at="m+0", pages=2)
    assert sum(map(len, session.machine.page_cache.view.values())) == pages - 1, "its last user is gone"


def test_a_name_of_a_descriptor_may_be_used_again() -> None:
    """As by dup2(): what was open under it is closed."""
    session = Session.fresh()
    for path in ("/f", "/g"):
        do(session, "file", path=path, pages=2)
    do(session, "task", name="a")
    do(session, "open", task="a", path="/f", fd="d")
    do(session, "open", task="a", path="/g", fd="d")
    (opened,) = session.machine.open_files.view.values()
    assert session.machine.inodes.view[opened.inode].path == "/g"
    assert list(session.machine.file_users.view.values()) == [1]


@pytest.mark.parametrize(
    ("op", "args", "key"),
    [
        ("file", {"path": "/h", "pages": 5, "filesystem": "hugetlbfs"}, "pages"),
        ("truncate", {"path": "/huge", "pages": 5}, "pages"),
        ("mmap", {"task": "a", "name": "m", "pages": 5, "huge": "hugetlb"}, "pages"),
        ("mmap", {"task": "a", "name": "m", "pages": 512, "file": "/huge", "offset": 5}, "offset"),
        ("mmap", {"task": "a", "name": "m", "pages": 512, "file": "/f", "huge": "hugetlb"}, "huge"),
    ],
    ids=str,
)
def test_what_a_scenario_may_not_say_cannot_be_done(op: str, args: dict[str, Any], key: str) -> None:
    session = Session.fresh(huge_pages=2)
    do(session, "file", path="/f", pages=512)
    do(session, "file", path="/huge", pages=512, filesystem="hugetlbfs", hole=True)
    do(session, "task", name="a")
    with pytest.raises(ScenarioError) as raised:
        do(session, op, **args)
    assert raised.value.key == key


@pytest.mark.parametrize(
    ("op", "args"),
    [
        ("poison", {"frame": "any:free", "task": "nobody"}),
        ("poison", {"frame": "any:free", "task": "a", "thread": 3}),
        ("soft_offline", {"frame": "any:free", "task": "nobody"}),
    ],
    ids=str,
)
def test_a_task_that_is_not_needed_must_exist_all_the_same(op: str, args: dict[str, Any]) -> None:
    """As in a scenario: what was done can be saved and opened again."""
    session = Session.fresh(profile="6.1")
    do(session, "task", name="a")
    with pytest.raises(ScenarioError):
        do(session, op, **args)
