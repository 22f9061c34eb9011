"""Loops over the mappers of a frame: many alike steps made at once equal the same steps made one by one."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from hwpoison_gui.kernel import collect, mark, rmap, signal, user_mappings
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.block_list import BlockList
from hwpoison_gui.kernel.collect import ToKill, collect_procs
from hwpoison_gui.kernel.gate import ABSENT, Change
from hwpoison_gui.kernel.handler import MF_ACTION_REQUIRED, Handler
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.mark import Steps
from hwpoison_gui.kernel.memory import zap_pte
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.profile.type import SYSCTL_EARLY_KILL
from hwpoison_gui.kernel.records import PAGE_SHIFT, Process, SigInfo
from hwpoison_gui.session.session import Session
from tests.workbench import do

NEVER = 1 << 30
DISPOSITIONS = ("handler", "handler", "handler", "default", "ignored", "blocked")
POLICIES = ("default", "default", "early", "late")


@pytest.fixture(autouse=True)
def _short_runs() -> Iterator[None]:
    """Small crowds take several runs."""
    longest, mark.LONGEST_RUN = mark.LONGEST_RUN, 6  # type: ignore[misc]
    yield
    mark.LONGEST_RUN = longest  # type: ignore[misc]


def crowd(draw: st.DataObject, profile: str) -> Session:
    """Up to forty processes that share a page of anonymous memory or of a file, in different ways."""
    early = draw.draw(st.sampled_from((0, 1)), "early_kill")
    session = Session.fresh(8192, profile=profile, sysctl={"memory_failure_early_kill": early})
    usual = draw.draw(st.sampled_from(("handler", "default")), "disposition")
    do(session, "task", name="top", sigbus=usual)
    if draw.draw(st.booleans(), "of a file"):
        do(session, "file", path="/f", pages=4)
        do(session, "open", task="top", path="/f", fd="f")
        do(session, "mmap", task="top", name="m", pages=2, file="/f", shared=draw.draw(st.booleans(), "shared"))
    else:
        do(session, "mmap", task="top", name="m", pages=2)
    do(session, draw.draw(st.sampled_from(("read", "write"))), task="top", at="m+0")
    varies = draw.draw(st.sampled_from(("nothing", "signals", "policies", "mappings", "all")), "what varies")
    for number in range(draw.draw(st.integers(14, 40), "children")):
        sigbus = draw.draw(st.sampled_from(DISPOSITIONS)) if varies in ("signals", "all") else usual
        policy = draw.draw(st.sampled_from(POLICIES)) if varies in ("policies", "all") else "default"
        do(session, "fork", task="top", child=f"c{number}", sigbus=sigbus, mce_kill=policy)
        act = draw.draw(st.integers(0, 9)) if varies in ("mappings", "all") else 0
        if act == 1:
            do(session, "write", task=f"c{number}", at="m+0")
        elif act == 2:
            do(session, "munmap", task=f"c{number}", at="m+0", pages=1)
        elif act == 3:
            do(session, "exit", task=f"c{number}")
        elif act == 4:
            do(session, "read", task=f"c{number}", at="m+0")
    return session


def broken(session: Session, shortest: int, **args: Any) -> tuple[list[Any], str]:
    """The steps of an error in the shared page, with stretches from `shortest` items on, and the digest after it."""
    before, mark.SHORTEST_STRETCH = mark.SHORTEST_STRETCH, shortest  # type: ignore[misc]
    start = session.position
    try:
        do(session, "poison", frame=args.pop("frame"), **args)
    finally:
        mark.SHORTEST_STRETCH = before  # type: ignore[misc]
    steps = [(step.mark, [_plain(change) for change in step.changes]) for step in session.steps[start:]]
    return steps, session.machine.gate.digest()


def _plain(change: Change) -> tuple[Any, ...]:
    store, key, old, new = change
    return store.name, key if isinstance(key, (int, str, tuple)) else key.tolist(), old, new


@pytest.mark.parametrize("profile", list(PROFILES))
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_alike_steps_at_once_equal_one_by_one(profile: str, data: st.DataObject) -> None:
    session = crowd(data, profile)
    frame = f"pfn:{session.resolve_frame('top:m+0'):#x}"
    booted = session.position
    one_by_one = broken(session, NEVER, frame=frame)
    outcome = session.operations[-1].outcome
    session.seek(booted)
    at_once = broken(session, 2, frame=frame)
    assert at_once == one_by_one
    assert session.operations[-1].outcome == outcome
    last = session.position
    session.seek(booted)
    session.seek(last)
    assert session.machine.gate.digest() == at_once[1]


@pytest.mark.parametrize(("sigbus", "policies"), [("handler", ["default"]), ("default", ["default", "early"])])
def test_a_crowd_that_is_alike_is_not_handled_one_by_one(
    sigbus: str, policies: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session.fresh(8192, profile="v7", sysctl={"memory_failure_early_kill": 1})
    do(session, "task", name="top", sigbus=sigbus)
    do(session, "mmap", task="top", name="m", pages=1)
    do(session, "write", task="top", at="m+0")
    for number in range(60):
        do(session, "fork", task="top", child=f"c{number}", mce_kill=policies[number % len(policies)])
    calls: list[str] = []
    loops = (collect, "_visit"), (rmap, "try_to_unmap_one"), (user_mappings, "kill_proc"), (signal, "deliver")
    for module, name in loops:
        whole = getattr(module, name)

        def counted(*args: Any, _whole: Any = whole, _name: str = name) -> Any:
            calls.append(_name)
            return _whole(*args)

        monkeypatch.setattr(module, name, counted)
    outcome = do(session, "poison", frame="top:m+0")
    assert len(outcome.signals) == 61
    assert [calls.count(name) for _, name in loops] == [2, 2, 2, 2]


# -- The loops by themselves, on ten processes of which some differ


class Odd(random.Random):
    """Chances of what is rare."""

    rare = 0.0

    def of(self, usual: Any, *others: Any) -> Any:
        return self.choice(others) if self.random() < self.rare else usual

    def perhaps(self) -> Odd:
        """Itself, or one by which nothing differs."""
        return odd_of(self.randrange(1 << 32), self.choice((0.0, self.rare)))


class Ten(NamedTuple):
    """Ten processes that map a page: of a file, which one maps twice, or anonymous. Two have several threads."""

    m: Machine
    pfn: int
    processes: list[Process]

    def vary(self, odd: Odd) -> None:
        """Change what becomes of signals, and who is to be killed early."""
        m = self.m
        usual, usual_policy = odd.choice(("handler", "default")), odd.choice(("default", "early"))
        m.put(m.sysctl, SYSCTL_EARLY_KILL, odd.randrange(2))
        for process in self.processes:
            process = process._replace(
                sigbus=odd.of(usual, "handler", "default", "ignored"),
                sigsegv=odd.of(usual, "handler", "default", "ignored"),
                unkillable=odd.of(False, True),
                ended=odd.of("", "exit"),
            )
            m.put(m.processes, process.tgid, process)
            for tid in process.threads:
                policy, blocked, stopped = odd.of(usual_policy, *POLICIES), odd.of(False, True), odd.of(False, True)
                m.put(m.tasks, tid, m.tasks.view[tid]._replace(mce_kill=policy, blocked=blocked, stopped=stopped))

    def vary_entries(self, odd: Odd, odd_entry: Callable[[int], int]) -> None:
        """Change some page-table entries that map the page, and count the mappings that are left."""
        m, left, usual = self.m, odd.randrange(2), ptes.mk_pte(self.pfn, odd.choice((0, ptes.DIRTY, ptes.ACCESSED)))
        for vma, address in rmap.rmap_addresses(m, self.pfn):
            vpn = address >> PAGE_SHIFT
            m.set_pte(vma.mm, vpn, odd.of(usual, 0, ptes.hwpoison_pte(self.pfn), odd_entry(self.pfn)))
            left += ptes.maps_frame(m.pte(vma.mm, vpn), self.pfn)
        m.put(m.mapcount, self.pfn, left)
        m.put(m.refcount, self.pfn, left + odd.randrange(2))

    def threads(self, odd: Odd) -> list[int]:
        """One thread of each process, or all of each; of some none."""
        most = odd.choice((1, 3))
        return [tid for one in self.processes for tid in odd.of(one.threads[:most], ())]

    def same(self, loop: Callable[[], Steps[Any]]) -> None:
        """Check that a loop does the same with stretches of two and with none. The machine is as before in the end."""
        booted = self.m.gate.digest()
        at_once, one_by_one = self._came_to(loop, 2), self._came_to(loop, NEVER)
        assert at_once == one_by_one
        assert self.m.gate.digest() == booted

    def _came_to(self, loop: Callable[[], Steps[Any]], shortest: int) -> list[Any]:
        before, mark.SHORTEST_STRETCH = mark.SHORTEST_STRETCH, shortest  # type: ignore[misc]
        steps, marks, ends = loop(), list[mark.Mark](), list[int]()
        try:
            while True:
                part = next(steps)
                marks += [part] if isinstance(part, mark.Mark) else part.marks
                ends += [len(self.m.gate.recorded)] if isinstance(part, mark.Mark) else part.ends
        except StopIteration as end:
            returned = end.value
        finally:
            mark.SHORTEST_STRETCH = before  # type: ignore[misc]
        changes, digest = self.m.gate.take(), self.m.gate.digest()
        self.m.gate.backward(changes)
        listed = list(returned) if isinstance(returned, BlockList) else returned
        return [listed, marks, ends, list(map(_plain, changes)), digest]


@pytest.fixture(scope="module", params=[("v7", False), ("v7", True), ("6.1", True), ("7.2", False)], ids=str)
def ten(request: pytest.FixtureRequest) -> Ten:
    profile, of_file = request.param
    session = Session.fresh(1024, profile=profile)
    do(session, "task", name="p0", threads=2)
    where = {"file": "/f", "shared": True} if of_file else {}
    if of_file:
        do(session, "file", path="/f", pages=1)
    do(session, "mmap", task="p0", name="m", pages=1, **where)
    do(session, "write", task="p0", at="m+0")
    for number in range(1, 10):
        do(session, "fork", task="p0", child=f"p{number}", threads=3 if number == 9 else 1)
        do(session, "read", task=f"p{number}", at="m+0")
    if of_file:
        do(session, "mmap", task="p7", name="n", pages=1, **where)
        do(session, "read", task="p7", at="n+0")
    return Ten(session.machine, session.resolve_frame("p0:m+0"), list(session.machine.living()))


def each_seed(test: Callable[..., None]) -> Callable[..., None]:
    """Some seeds, and how rare it is that a process differs."""
    seeds = given(seed=st.integers(0, 1 << 32), rare=st.sampled_from((0.03, 0.1, 0.3)))
    return settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))(seeds(test))


def odd_of(seed: int, rare: float) -> Odd:
    odd = Odd(seed)
    odd.rare = rare
    return odd


@each_seed
def test_signals_are_taken_at_once_as_one_by_one(ten: Ten, seed: int, rare: float) -> None:
    kinds = (
        SigInfo("SIGBUS", "AO", 1),
        SigInfo("SIGBUS", "AO", 2),
        SigInfo("SIGSEGV", "MAPERR"),
        SigInfo("SIGKILL", "K"),
    )

    def loop() -> Steps[Any]:
        m, odd = ten.m, odd_of(seed, rare)
        ten.vary(odd.perhaps())
        usual = odd.choice(kinds)
        for tid in ten.threads(odd):
            infos = (odd.of(usual, *kinds), *odd.of((), kinds))
            m.put(m.pending, tid, tuple({info.signal: info for info in infos}.values()))
        return (yield from signal.get_signal(m))

    ten.same(loop)


@each_seed
def test_signals_are_sent_at_once_as_one_by_one(ten: Ten, seed: int, rare: float) -> None:
    def loop() -> Steps[Any]:
        m, odd = ten.m, odd_of(seed, rare)
        ten.vary(odd.perhaps())
        entries = [ToKill(tid, 4096 * tid + odd.randrange(2), 7 + tid) for tid in ten.threads(odd)]
        twins = [(one, odd.of((), (one,), (one._replace(lsb=21),))) for one in entries]
        entries = [
            odd.of(one, one._replace(address=-1), one._replace(vma=0)) for one, more in twins for one in (one, *more)
        ]
        for tid in ten.threads(odd):
            m.put(m.pending, tid, odd.of((), (SigInfo("SIGSEGV", "MAPERR"),), (SigInfo("SIGBUS", "AO"),)) or ABSENT)
        handler = Handler(m, ten.pfn, to_kill=entries, unmapped=odd.of(True, False))
        if odd.randrange(2):
            handler.flags, handler.current = MF_ACTION_REQUIRED, odd.choice(ten.processes).tgid
        return (yield from user_mappings.kill_procs(handler))

    ten.same(loop)


@each_seed
def test_entries_are_replaced_at_once_as_one_by_one(ten: Ten, seed: int, rare: float) -> None:
    def loop() -> Steps[Any]:
        m, odd = ten.m, odd_of(seed, rare)
        flags = odd.choice((ptes.RW, ptes.ACCESSED, ptes.DIRTY, ptes.RW | ptes.ACCESSED | ptes.DIRTY))
        ten.vary_entries(odd.perhaps(), lambda pfn: ptes.mk_pte(pfn, flags))
        m.put(m.flags, ten.pfn, m.page(ten.pfn) & ~pf.DIRTY | odd.choice((0, pf.DIRTY)))
        m.put(m.page_private, ten.pfn, 3)
        return (yield from rmap.try_to_unmap(m, ten.pfn, odd.choice(("hwpoison", "none", "swap"))))

    ten.same(loop)


@pytest.mark.parametrize("entry_for", ("hwpoison", "none", "swap"))
@pytest.mark.parametrize("gone", (False, True))
def test_all_mappings_are_replaced_at_once_as_one_by_one(ten: Ten, gone: bool, entry_for: str) -> None:
    """`gone`: the first and the last process have given the page up, so the others have its last mappings."""

    def loop() -> Steps[Any]:
        m, places = ten.m, list(rmap.rmap_addresses(ten.m, ten.pfn))
        m.put(m.page_private, ten.pfn, 3)
        for vma, address in (places[0], places[-1]) if gone else ():
            zap_pte(m, vma.mm, address >> PAGE_SHIFT)
        return (yield from rmap.try_to_unmap(m, ten.pfn, entry_for))

    ten.same(loop)


def test_pages_of_a_folio_are_unmapped_at_once_as_one_by_one() -> None:
    """References are counted on the head. Each process gave up one page, so that small entries map the others."""
    session = Session.fresh(8192, profile="6.1")
    do(session, "task", name="p0")
    do(session, "mmap", task="p0", name="m", pages=512, huge="thp")
    do(session, "write", task="p0", at="m+0")
    for number in range(1, 6):
        do(session, "fork", task="p0", child=f"p{number}")
    for process in list(session.machine.living()):
        do(session, "munmap", task=process.name, at="m+511", pages=1)
    m, pfn = session.machine, session.resolve_frame("p0:m+7")
    for page, flag in ((pfn, pf.COMPOUND_TAIL), (pfn - 7, pf.COMPOUND_HEAD)):
        assert m.page(page) & flag and m.mapcount.get(page) == 6
        Ten(m, page, []).same(partial(rmap.try_to_unmap, m, page, "hwpoison"))


@each_seed
def test_processes_are_visited_at_once_as_one_by_one(ten: Ten, seed: int, rare: float) -> None:
    def loop() -> Steps[Any]:
        odd = odd_of(seed, rare)
        ten.vary(odd.perhaps())
        ten.vary_entries(odd.perhaps(), lambda pfn: ptes.mk_pte(pfn + 1, 0))
        return (yield from collect_procs(ten.m, ten.pfn, odd.choice((0, *odd.choice(ten.processes).threads))))

    ten.same(loop)


@pytest.mark.parametrize("state", ("none", "hwpoison", "swap", "another page"))
def test_one_whose_entry_does_not_map_the_page_is_not_visited_with_the_others(ten: Ten, state: str) -> None:
    """The entry may have the number of the frame all the same: as that of a swap slot, or of a withdrawn error."""
    m, pfn = ten.m, ten.pfn
    entries = {"hwpoison": ptes.hwpoison_pte(pfn), "swap": ptes.swp_pte(pfn), "another page": ptes.mk_pte(pfn + 1)}

    def loop() -> Steps[Any]:
        m.put(m.sysctl, SYSCTL_EARLY_KILL, 1)
        vma, address = rmap.rmap_addresses(m, pfn)[3]
        m.set_pte(vma.mm, address >> PAGE_SHIFT, entries.get(state, 0))
        return (yield from collect_procs(m, pfn))

    ten.same(loop)


@pytest.mark.parametrize("odd", ("address", "vma", "tid"))
def test_one_that_is_signalled_in_another_way_is_not_signalled_with_the_others(ten: Ten, odd: str) -> None:
    """Without an address it gets SIGKILL, without a VMA the mark has none; a thread listed twice queues one signal."""
    entries = [ToKill(process.tgid, 4096, 7, 12) for process in ten.processes]
    values = {"address": -1, "vma": 0, "tid": entries[2].tid}
    entries[3] = entries[3]._replace(**{odd: values[odd]})
    ten.same(lambda: user_mappings.kill_procs(Handler(ten.m, ten.pfn, to_kill=list(entries), unmapped=True)))
