"""A frame with many users is predicted from one process of each sort, and nobody can tell."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.collect_ksm import rmap_items_of
from hwpoison_gui.kernel.gate import ABSENT, Whole
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.page_mapping import mapping_number
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.records import PAGE_SHIFT
from hwpoison_gui.kernel.rmap import rmap_addresses, rmap_walk_ksm
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base import impacts
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.outcome import crowd as module
from hwpoison_gui.view.outcome.crowd import Crowd, is_crowded
from hwpoison_gui.view.outcome.crowd_ksm import MergedCrowd
from hwpoison_gui.view.outcome.impact import find_before
from hwpoison_gui.view.outcome.prediction import find_prediction, predict
from tests.programs import Kind, prepared, run
from tests.session.test_properties import EXAMPLES, PROGRAMS
from tests.view.outcome.states import scramble, with_huge_pages
from tests.workbench import do

few = settings(
    max_examples=max(10, EXAMPLES // 2),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)


@pytest.fixture(params=sorted(PROGRAMS), name="kind", ids=lambda kind: f"{kind[0]}-{kind[1]}", scope="module")
def _kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


def shared_frames(m: Machine) -> list[int]:
    """Frames that several processes may use; of huge pages a few."""
    pfns = np.flatnonzero(m.mapcount.view > 1).tolist()
    cached = [pfn for inode in m.page_cache.view for pfn in m.page_cache.of(inode).values()]
    return sorted({*pfns[::7], *pfns[:40], *cached, *m.swap_cache.view.values()})


def as_it_is_and_as_a_crowd(m: Machine, pfn: int) -> None:
    whole = predict(m, pfn)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_MAPPERS", 0)
        crowd = predict(m, pfn)
    assert {way: sorted(who) for way, who in crowd.hits.items()} == {
        way: sorted(who) for way, who in whole.hits.items()
    }, hex(pfn)
    assert crowd._replace(hits={}) == whole._replace(hits={}), hex(pfn)


@few
@given(data=st.data())
def test_after_any_program_of_operations(kind: Kind, data: st.DataObject) -> None:
    session = prepared(kind)
    run(session, data.draw(PROGRAMS[kind]))
    digest = session.machine.gate.digest()
    for pfn in shared_frames(session.machine):
        as_it_is_and_as_a_crowd(session.machine, pfn)
    assert session.machine.gate.digest() == digest


@pytest.mark.parametrize("profile", list(PROFILES))
def test_on_the_desktop(profile: str) -> None:
    session = Session.fresh(1 << 14, 3, "desktop", 2, profile, {"memory_failure_early_kill": 1})
    for pfn in shared_frames(session.machine)[::5]:
        as_it_is_and_as_a_crowd(session.machine, pfn)


@pytest.mark.parametrize("profile", ["6.1", "6.12", "7.2"])
@pytest.mark.parametrize("seed", range(4))
def test_merged_pages(profile: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    m = with_huge_pages(profile, rng).machine
    for _ in ("made", "scrambled"):
        merged = np.flatnonzero(m.flags.view & np.uint64(pf.KSM)).tolist()
        assert merged
        for pfn in merged:
            as_it_is_and_as_a_crowd(m, pfn)
        scramble(m, rng)


@pytest.mark.parametrize("known", [True, False])
def test_a_merged_page_that_a_process_has_hundreds_of_times(known: bool) -> None:
    """One PTE and one rmap item are left of `a`, and `b` and `c`, who have written to theirs, are found by its item."""
    session = Session.fresh(1 << 13, profile="6.12", sysctl={"memory_failure_early_kill": 1})
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=400)
    for page in range(400):
        do(session, "write", task="a", at=f"m+{page}", value="x")
    do(session, "madvise", task="a", at="m+0", pages=400, advice="mergeable")
    m, pfn = session.machine, session.resolve_frame("a:m+0")
    for child in "bc":
        do(session, "fork", task="a", child=child)
        do(session, "munmap", task=child, at="m+1", pages=399)
        do(session, "write", task=child, at="m+0", value="y")
    if not known:  # as on a recorded machine
        m.put(Whole(m.rmap_items), mapping_number(m.mapping.get(pfn)), ABSENT)
        m.gate.take()
    before = to_the_end(find_before(m, pfn))
    assert len(before.places) == 400 and is_crowded(before)
    users = MergedCrowd(m, before)
    assert sum(1 for _ in users.work()) > 3
    a, b, c = (session.world.process(name).tgid for name in "abc")
    assert sorted(users.alike.values()) == [[a], [b, c]]
    digest = m.gate.digest()
    users.leave_out(m)
    assert m.mapcount.get(pfn) == len(list(rmap_walk_ksm(m, pfn))) == len(rmap_items_of(m, pfn)) == 1
    linked = [vma for item in rmap_items_of(m, pfn) for vma in m.anon_vma_chain.of(item.anon_vma)]
    assert {m.vmas.view[vma].mm for vma in linked} == users.alike.keys(), "the handler looks at nobody else"
    m.gate.backward(m.gate.take())
    assert m.gate.digest() == digest
    assert {way: sorted(who) for way, who in predict(m, pfn).hits.items()} == {impacts.DEAD: [a, b, c]}


def test_who_has_a_merged_page_in_swap_is_of_a_sort_of_its_own() -> None:
    """`b` and `d` have a swap entry for a page that `c`, like them, has no other entry for; `d` may not touch it."""
    session = Session.fresh(1 << 13, profile="6.12")
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=3)
    for page in range(2):
        do(session, "write", task="a", at=f"m+{page}", value="x")
    do(session, "madvise", task="a", at="m+0", pages=2, advice="mergeable")
    m, pfn, offset = session.machine, session.resolve_frame("a:m+0"), 7
    for child in "bcd":
        do(session, "fork", task="a", child=child)
        for page in range(2):
            do(session, "write", task=child, at=f"m+{page}", value="y")
    do(session, "mprotect", task="d", at="m+0", pages=3, prot="none")
    a, b, c, d = (session.world.process(name).tgid for name in "abcd")
    for holder in (b, d):
        m.set_pte(holder, session.resolve_address("a", "m+2") >> PAGE_SHIFT, ptes.swp_pte(offset))
    m.set_flags(pfn, pf.SWAPCACHE | pf.DIRTY)
    m.put(m.page_private, pfn, offset)
    m.put(m.swap_cache, offset, pfn)
    m.put(m.swap_map, offset, 2)
    m.gate.take()
    users = MergedCrowd(m, to_the_end(find_before(m, pfn)))
    to_the_end(users.work())
    assert sorted(users.alike.values()) == [[a], [b], [c], [d]]
    assert predict(m, pfn).hits == {impacts.LATER: [b, a], impacts.NO_ACCESS: [d]}
    as_it_is_and_as_a_crowd(m, pfn)


def test_a_huge_page_that_some_have_by_small_entries() -> None:
    session = Session.fresh(1 << 14, profile="6.1", sysctl={"memory_failure_early_kill": 1})
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="t", pages=512, huge="thp")
    do(session, "write", task="a", at="t+0", value="x")
    for child in ("b", "c", "d", "e", "f"):
        do(session, "fork", task="a", child=child)
    for child in ("c", "d"):
        do(session, "write", task=child, at="t+1", value="y")
    for at in ("a:t+0", "a:t+5", "a:t+511"):
        as_it_is_and_as_a_crowd(session.machine, session.resolve_frame(at))


def test_a_huge_page_of_which_vmas_cover_a_part_each() -> None:
    """Two VMAs of a process map halves of a page by small entries: each counts those that it covers, and no others."""
    session = Session.fresh(1 << 14, profile="6.1", sysctl={"memory_failure_early_kill": 1})
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="t", pages=512, huge="thp")
    do(session, "write", task="a", at="t+0", value="x")
    for child in ("b", "c", "d"):
        do(session, "fork", task="a", child=child)
        do(session, "write", task=child, at="t+1", value="y")
        do(session, "mprotect", task=child, at="t+256", pages=256, prot="r")
    m = session.machine
    frames = [session.resolve_frame(at) for at in ("a:t+0", "a:t+5", "a:t+300", "a:t+511")]
    for pfn in frames:
        as_it_is_and_as_a_crowd(m, pfn)
    users = Crowd(m, to_the_end(find_before(m, frames[1])))
    to_the_end(users.work())
    users.leave_out(m)
    head = m.compound_head(frames[1])
    for pfn in range(head, head + 512):
        maps = [ptes.maps_frame(m.pte(vma.mm, address >> PAGE_SHIFT), pfn) for vma, address in rmap_addresses(m, pfn)]
        assert m.mapcount.get(pfn) == sum(maps), pfn - head


def test_entries_for_the_page_are_not_those_for_another_one() -> None:
    """Processes that differ in what their entry leads to, and in nothing else, are of two sorts."""
    session = Session.fresh(4096)
    do(session, "file", path="/f", pages=1)
    names = [f"t{number}" for number in range(6)]
    for name in names:
        do(session, "task", name=name)
        do(session, "mmap", task=name, name="m", pages=1, file="/f", shared=True)
        do(session, "read", task=name, at="m+0")
    m, pfn = session.machine, session.resolve_frame("/f@0")
    entries = [ptes.mk_pte(pfn, 0), ptes.mk_pte(pfn + 1, 0), ptes.hwpoison_pte(pfn), ptes.hwpoison_pte(pfn + 1)]
    mms = [session.world.task_names.view[name] for name in names]
    for mm, entry in zip(mms, [*entries, entries[0], entries[3]], strict=True):
        m.set_pte(mm, session.resolve_address("t0", "m+0") >> 12, entry)
    users = Crowd(m, to_the_end(find_before(m, pfn)))
    to_the_end(users.work())
    assert sorted(users.alike.values()) == [[mms[0], mms[4]], [mms[1]], [mms[2]], [mms[3], mms[5]]]


@pytest.mark.parametrize("profile", PROFILES)
def test_who_has_a_signal_pending_is_of_another_sort(profile: str) -> None:
    """A second SIGBUS is dropped while the first is pending (legacy_queue())."""
    session = Session.fresh(4096, profile=profile, sysctl={"memory_failure_early_kill": 1})
    do(session, "file", path="/f", pages=2)
    for name, pages in (("a", 1), ("b", 2), ("c", 1)):
        do(session, "task", name=name, sigbus="blocked")
        do(session, "mmap", task=name, name="m", pages=pages, file="/f", shared=True)
        for page in range(pages):
            do(session, "write", task=name, at=f"m+{page}", value="x")
    do(session, "poison", frame="/f@1")
    m, pfn = session.machine, session.resolve_frame("/f@0")
    as_it_is_and_as_a_crowd(m, pfn)
    a, b, c = (session.world.process(name).tgid for name in "abc")
    users = Crowd(m, to_the_end(find_before(m, pfn)))
    to_the_end(users.work())
    assert sorted(users.alike.values()) == [[a, c], [b]]


@pytest.mark.parametrize("shared", [True, False])
def test_a_huge_page_of_hugetlb(shared: bool) -> None:
    session = Session.fresh(1 << 14, huge_pages=2, profile="6.1", sysctl={"memory_failure_early_kill": 1})
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="h", pages=512, huge="hugetlb", shared=shared)
    do(session, "write", task="a", at="h+0", value="x")
    for child in ("b", "c", "d"):
        do(session, "fork", task="a", child=child)
        do(session, "read", task=child, at="h+0")
    for at in ("a:h+0", "a:h+9"):
        as_it_is_and_as_a_crowd(session.machine, session.resolve_frame(at))


@pytest.fixture(name="crowd", scope="module")
def _crowd() -> Session:
    """One page of private memory and one of a file, each with 600 users; every third has a handler."""
    session = Session.fresh(1 << 13, sysctl={"memory_failure_early_kill": 1})
    do(session, "file", path="/f", pages=1)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0", value="x")
    do(session, "mmap", task="a", name="f", pages=1, file="/f", shared=True)
    do(session, "write", task="a", at="f+0", value="x")
    for number in range(599):
        do(session, "fork", task="a", child=f"k{number}", sigbus="default" if number % 3 else "handler")
    return session


@pytest.mark.parametrize("frame", ["a:m+0", "/f@0"])
def test_the_handler_is_not_run_on_hundreds_of_mappers(crowd: Session, frame: str) -> None:
    m, pfn = crowd.machine, crowd.resolve_frame(frame)
    before = to_the_end(find_before(m, pfn))
    assert is_crowded(before)
    users = Crowd(m, before)
    slices = sum(1 for _ in users.work())
    assert slices > 3, "the window must be able to do something else meanwhile"
    # `a` itself, who wrote the page, those with a handler, and those without.
    assert len(users.before.places) == 3
    assert sorted(map(len, users.alike.values())) == [1, 200, 399]


@pytest.mark.parametrize("frame", ["a:m+0", "/f@0"])
def test_what_is_predicted_happens(crowd: Session, frame: str) -> None:
    m, pfn = crowd.machine, crowd.resolve_frame(frame)
    slices = sum(1 for _ in find_prediction(m, pfn))
    assert slices > 3
    predicted = predict(m, pfn).hits
    assert {way: len(who) for way, who in predicted.items()} == {impacts.DEAD: 400, impacts.SIGNALLED: 200}
    start = crowd.position
    do(crowd, "poison", frame=frame)
    dead = {process.tgid for process in m.processes.view.values() if process.ended}
    crowd.seek(start)
    assert dead == set(predicted[impacts.DEAD])
