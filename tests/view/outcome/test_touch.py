"""What the next touch of a broken page comes to is what a load comes to, asked once for each sort of place."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import pytest

from hwpoison_gui.kernel import memory
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.mark import Mark, Steps
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.session.dry_run import RanAlone
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base import impacts
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.outcome import classes as outcomes
from hwpoison_gui.view.outcome import touch as module
from hwpoison_gui.view.outcome.assessment import Assessment
from hwpoison_gui.view.outcome.impact import Before, find_before, find_next_touches
from hwpoison_gui.view.outcome.impact_now import impact_now
from hwpoison_gui.view.outcome.prediction import predict
from hwpoison_gui.view.outcome.touch import Touches, death_by_touch
from hwpoison_gui.view.outcome.verdict import verdict
from tests.workbench import do


def late(profile: str = "6.1", **more: Any) -> Session:
    return Session.fresh(4096, profile=profile, sysctl={"memory_failure_early_kill": 0}, **more)


def broken(session: Session, frame: str) -> int:
    pfn = session.resolve_frame(frame)
    do(session, "poison", frame=frame)
    return pfn


def told(session: Session, pfn: int) -> dict[str, str]:
    return {session.machine.processes.view[tgid].name: kind for tgid, kind in impact_now(session, pfn).items()}


def touched(session: Session, before: Before) -> dict[str, str]:
    found = to_the_end(find_next_touches(session.machine, before))
    return {session.machine.processes.view[tgid].name: kind for tgid, kind in found.items()}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("sigbus", ["default", "handler", "ignored", "blocked"])
def test_a_touch_cannot_be_refused(profile: str, sigbus: str) -> None:
    session = late(profile)
    do(session, "task", name="a", sigbus=sigbus)
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0", value="x")
    m = session.machine
    kind = death_by_touch(m, m.processes.view[session.world.task_names.view["a"]])
    pfn = broken(session, "a:m+0")
    assert told(session, pfn) == {"a": kind}
    do(session, "read", task="a", at="m+0")
    assert session.alive("a") is (kind == impacts.CAUGHT) and kind in (impacts.CAUGHT, impacts.LATER)


def test_who_is_stopped_dies_when_it_runs_again() -> None:
    session = late()
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0", value="x")
    m, tgid = session.machine, session.world.task_names.view["a"]
    m.tasks.load({tgid: m.tasks.view[tgid]._replace(stopped=True)})
    assert death_by_touch(m, m.processes.view[tgid]) == impacts.LATER
    assert told(session, broken(session, "a:m+0")) == {"a": impacts.LATER}
    assert m.tasks.view[tgid].stopped


def test_a_touch_leaves_the_machine_as_it_was() -> None:
    """Whether it reads the page in again, with those around it, or is signalled."""
    session = late(huge_pages=2)
    do(session, "file", path="/f", pages=40)
    for name in ("a", "b"):
        do(session, "task", name=name)
        do(session, "mmap", task=name, name="m", pages=40, file="/f", shared=True)
    do(session, "mmap", task="a", name="h", pages=512, huge="hugetlb", shared=True)
    do(session, "write", task="a", at="h+7", value="x")
    do(session, "fork", task="a", child="c")
    do(session, "write", task="a", at="m+20", value="x")
    huge, small = session.resolve_frame("a:h+7"), session.resolve_frame("a:m+20")
    m, kinds = session.machine, set[str]()
    for pfn in (small, huge):
        before = to_the_end(find_before(m, pfn))
        do(session, "poison", frame=f"pfn:{pfn:#x}")
        digest = m.gate.digest()
        kinds |= set(to_the_end(find_next_touches(m, before)).values())
        assert m.gate.digest() == digest and not m.gate.changed
    assert kinds == {impacts.LATER, impacts.STALE}


def test_like_places_are_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    session, tried, dry = late(), list[Steps[Any]](), module.dry

    def counted(m: Machine, function: Steps[Any]) -> AbstractContextManager[RanAlone[Any]]:
        tried.append(function)
        return dry(m, function)

    do(session, "file", path="/f", pages=3)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=3, file="/f", shared=True)
    for page in range(2):
        do(session, "write", task="a", at=f"m+{page}", value="x")
    do(session, "read", task="a", at="m+2")
    m, names = session.machine, [f"c{number}" for number in range(30)]
    for name in names:
        do(session, "fork", task="a", child=name, sigbus="handler" if name == "c7" else "default")
        if int(name[1:]) % 2:
            do(session, "read", task=name, at="m+0")
    pfns = [session.resolve_frame(f"/f@{page}") for page in range(3)]
    befores = [to_the_end(find_before(m, pfn)) for pfn in pfns]
    for pfn in pfns:
        do(session, "poison", frame=f"pfn:{pfn:#x}")
    monkeypatch.setattr(module, "dry", counted)
    touches = Touches(m)
    first, second, clean = (to_the_end(find_next_touches(m, before, touches)) for before in befores)
    assert set(first.values()) == set(second.values()) == {impacts.LATER, impacts.CAUGHT, impacts.STALE}
    assert set(clean.values()) == {impacts.SAFE}
    assert len(tried) == 1 + 3 + 2, "an entry, and no entry of each page; the deaths of two sorts of process"
    assert first == to_the_end(find_next_touches(m, befores[0], touches)) and len(tried) == 6
    assert first == to_the_end(find_next_touches(m, befores[0])), "the same without what is known of others"


def test_what_is_written_again_and_synced_is_not_old() -> None:
    session = late()
    do(session, "file", path="/f", pages=1)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1, file="/f", shared=True)
    do(session, "open", task="a", path="/f", fd="d")
    do(session, "pwrite", task="a", fd="d", page=0, value="first")
    before = to_the_end(find_before(session.machine, session.resolve_frame("/f@0")))
    do(session, "poison", frame="/f@0")
    assert touched(session, before) == {"a": impacts.STALE}
    do(session, "pwrite", task="a", fd="d", page=0, value="second")
    assert touched(session, before) == {"a": impacts.SAFE}
    do(session, "sync", path="/f")
    do(session, "drop_caches")
    assert touched(session, before) == {"a": impacts.SAFE}


def test_shared_memory_that_is_written_again_and_swapped_out_holds_no_zeros() -> None:
    session = late("v7")
    do(session, "file", path="/dev/shm/x", pages=1, filesystem="tmpfs")
    for name in ("a", "b"):
        do(session, "task", name=name)
        do(session, "mmap", task=name, name="m", pages=1, file="/dev/shm/x", shared=True)
    do(session, "open", task="a", path="/dev/shm/x", fd="d")
    do(session, "pwrite", task="a", fd="d", page=0, value="first")
    before = to_the_end(find_before(session.machine, session.resolve_frame("/dev/shm/x@0")))
    do(session, "poison", frame="/dev/shm/x@0")
    assert touched(session, before) == {"a": impacts.ZEROS, "b": impacts.ZEROS}
    do(session, "write", task="b", at="m+0", value="second")
    do(session, "madvise", task="b", at="m+0", pages=1, advice="pageout")
    assert session.machine.shmem_swap.view
    assert touched(session, before) == {"a": impacts.SAFE, "b": impacts.SAFE}


def test_a_huge_page_is_had_again_by_who_has_reserved_one() -> None:
    """alloc_huge_page(), mm/hugetlb.c: what is left of the pool is reserved. A child, which has reserved none, gets
    SIGBUS for want of a page, not for the error."""
    session = late(huge_pages=2)
    do(session, "file", path="/huge", pages=512, filesystem="hugetlbfs")
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="h", pages=512, file="/huge", shared=False)
    do(session, "fork", task="a", child="c")
    before = to_the_end(find_before(session.machine, session.resolve_frame("/huge@3")))
    do(session, "poison", frame="/huge@3")
    assert touched(session, before) == {"a": impacts.LATER, "c": impacts.LATER}
    do(session, "truncate", path="/huge", pages=0)
    do(session, "truncate", path="/huge", pages=512)
    assert touched(session, before) == {"a": impacts.ZEROS}


def test_the_page_that_a_touch_meets_need_not_be_named_by_the_step_before_the_signal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fault(*args: Any) -> Steps[str]:
        """A fault with one more step, which names another frame."""
        done = yield from handle_mm_fault(*args)
        yield Mark(memory.NEW_PAGE, (0,), (0,))
        return done

    session = late()
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0", value="x")
    pfn, handle_mm_fault = broken(session, "a:m+0"), memory.handle_mm_fault
    monkeypatch.setattr(memory, "handle_mm_fault", fault)
    assert told(session, pfn) == {"a": impacts.LATER}


@pytest.mark.parametrize("profile", PROFILES)
def test_prot_none_is_sigsegv_before_and_after(profile: str) -> None:
    session = late(profile)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=2)
    for page in range(2):
        do(session, "write", task="a", at=f"m+{page}", value="x")
    do(session, "mprotect", task="a", at="m+0", pages=1, prot="none")
    m, tgid = session.machine, session.world.task_names.view["a"]
    barred, open_to_it = (session.resolve_frame(f"a:m+{page}") for page in range(2))
    assert predict(m, barred).hits == {impacts.NO_ACCESS: [tgid]} and predict(m, open_to_it).hits == {
        impacts.LATER: [tgid]
    }
    assert Assessment.of(m).classes()[[barred, open_to_it]].tolist() == [outcomes.LOST, outcomes.LATE]
    do(session, "poison", frame="a:m+0")
    assert told(session, barred) == {"a": impacts.NO_ACCESS}
    assert "a:101 cannot touch it (PROT_NONE); " in verdict(session, session.operations[-1])
    broke = session.position
    do(session, "read", task="a", at="m+0")
    assert [seen.code for seen in session.operations[-1].outcome.signals] == ["SEGV_ACCERR"] and not session.alive("a")
    session.seek(broke)
    do(session, "mprotect", task="a", at="m+0", pages=1, prot="r")
    assert told(session, barred) == {"a": impacts.LATER}


def test_what_could_be_read_again_is_safe_without_access_too() -> None:
    session = late()
    do(session, "file", path="/f", pages=1)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1, file="/f")
    do(session, "read", task="a", at="m+0")
    do(session, "mprotect", task="a", at="m+0", pages=1, prot="none")
    assert told(session, broken(session, "/f@0")) == {"a": impacts.SAFE}


def test_beyond_the_end_of_the_file_a_place_without_access_is_not_of_the_error_either() -> None:
    session = late()
    do(session, "file", path="/f", pages=1)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1, file="/f", shared=True)
    do(session, "write", task="a", at="m+0", value="x")
    before = to_the_end(find_before(session.machine, session.resolve_frame("/f@0")))
    do(session, "mprotect", task="a", at="m+0", pages=1, prot="none")
    do(session, "poison", frame="/f@0")
    assert touched(session, before) == {"a": impacts.NO_ACCESS}
    do(session, "truncate", path="/f", pages=0)
    assert touched(session, before) == {}


@pytest.mark.parametrize(("of", "code"), [({"pid": 1}, outcomes.INIT), ({"newpid": True}, outcomes.NAMESPACE)])
def test_an_init_without_access_kills_nobody_by_a_touch(of: dict[str, Any], code: int) -> None:
    session = late()
    do(session, "task", name="i", **of)
    do(session, "mmap", task="i", name="m", pages=2)
    for page in range(2):
        do(session, "write", task="i", at=f"m+{page}", value="x")
    do(session, "mprotect", task="i", at="m+0", pages=1, prot="none")
    m = session.machine
    pfns = [session.resolve_frame(f"i:m+{page}") for page in range(2)]
    assert [predict(m, pfn).code for pfn in pfns] == Assessment.of(m).classes()[pfns].tolist() == [outcomes.LOST, code]
