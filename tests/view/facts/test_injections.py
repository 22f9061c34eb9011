"""What can be done to a frame besides a click: offered just where the kernel modelled has it, and it is done."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.scenario import schema, shape
from hwpoison_gui.session.scenario.reader import step_of
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.facts.injections import Injection, injections_of, madvise_range, pin, soft_offline, unpoison
from hwpoison_gui.view.facts.touching import touches_of_frame


def do(session: Session, op: str, args: dict[str, object]) -> None:
    session.act(op, shape.values_of(schema.OPS[op].keys, args))


def shared_page(profile: str) -> tuple[Session, int]:
    session = Session.fresh(4096, profile=profile)
    do(session, "task", {"name": "a", "sigbus": "handler"})
    do(session, "mmap", {"task": "a", "name": "m", "pages": 1})
    do(session, "write", {"task": "a", "at": "m+0", "value": "x"})
    do(session, "fork", {"task": "a", "child": "b"})
    return session, session.resolve_frame("a:m+0")


@pytest.fixture
def ksm_pair() -> tuple[Session, int]:
    """Two processes that share a page merged by KSM, and one page of `a` alone."""
    session = Session.fresh(4096, profile="6.1", sysctl={"memory_failure_early_kill": 0})
    for name in ("a", "b"):
        do(session, "task", {"name": name})
        do(session, "mmap", {"task": name, "name": "m", "pages": 1})
        do(session, "write", {"task": name, "at": "m+0", "value": "x"})
        do(session, "madvise", {"task": name, "at": "m+0", "pages": 1, "advice": "mergeable"})
    do(session, "mmap", {"task": "a", "name": "own", "pages": 1})
    do(session, "write", {"task": "a", "at": "own+0", "value": "y"})
    return session, session.resolve_frame("a:m+0")


def everything(session: Session, pfn: int) -> list[Injection]:
    return [*injections_of(session, pfn), *(of(session, pfn) for of in (soft_offline, unpoison, pin))]


@pytest.mark.parametrize("profile", list(PROFILES))
def test_what_is_missing_is_what_the_kernel_has_not(profile: str) -> None:
    session, pfn = shared_page(profile)
    for injection in everything(session, pfn):
        if injection.short == "not poisoned":
            continue
        try:
            step_of({"op": injection.op, **injection.args}, 1, profile)
        except ScenarioError:
            assert injection.missing, injection.text
        else:
            assert not injection.missing, injection.text


def test_every_way_is_offered_once_and_those_by_a_task_once_for_each() -> None:
    session, pfn = shared_page("6.1")
    offered = [(injection.args["via"], injection.args.get("task")) for injection in injections_of(session, pfn)]
    by_task = [(via, task) for via in ("madvise", "srar") for task in ("a", "b")]
    assert sorted(offered, key=str) == sorted(
        [*((via, None) for via in ("corrupt-pfn", "hard_offline", "srao")), *by_task], key=str
    )


def test_each_way_does_what_it_says() -> None:
    number = len(injections_of(*shared_page("6.1")))
    for which in range(number):
        session, pfn = shared_page("6.1")
        injection = injections_of(session, pfn)[which]
        do(session, injection.op, injection.args)
        outcome = session.operations[-1].outcome
        assert (outcome.result, outcome.pfn) == ("Recovered", pfn), injection.text
        told = {signal.task: signal.code for signal in outcome.signals}
        consumed = {injection.args["task"]: "BUS_MCEERR_AR"} if injection.args["via"] == "srar" else {}
        assert told == consumed, injection.text


@pytest.mark.parametrize(("of", "flag"), [(soft_offline, True), (unpoison, False)])
def test_taken_out_and_given_back(of: Callable[[Session, int], Injection], flag: bool) -> None:
    session, pfn = shared_page("6.1")
    if of is unpoison:
        do(session, "poison", {"frame": f"pfn:{pfn:#x}"})
    injection = of(session, pfn)
    do(session, injection.op, injection.args)
    assert bool(session.machine.page(pfn) & pf.HWPOISON) is flag
    assert session.alive("a") and session.alive("b")


def test_a_pin_is_taken_once_and_given_back() -> None:
    session, pfn = shared_page("v7")
    count = int(session.machine.refcount.view[pfn])
    for more in (1, 0):
        injection = pin(session, pfn)
        do(session, injection.op, injection.args)
        assert int(session.machine.refcount.view[pfn]) == count + more
    free = session.resolve_frame("any:free")
    assert "cannot be pinned" in pin(session, free).missing


def test_only_those_that_map_the_frame_report_it(ksm_pair: tuple[Session, int]) -> None:
    session, pfn = ksm_pair
    by_task = [injection for injection in injections_of(session, pfn) if injection.task]
    assert [(injection.args["via"], injection.task) for injection in by_task] == [
        ("srar", "a:101"), ("srar", "b:102"), ("madvise", "a:101"), ("madvise", "b:102"),
    ]  # fmt: skip
    do(session, "poison", {"frame": f"pfn:{session.resolve_frame('a:own+0'):#x}"})
    gone = injections_of(session, session.operations[-1].outcome.pfn or 0)
    assert {injection.missing for injection in gone if injection.args["via"] in ("srar", "madvise")} == {
        "No process maps the frame."
    }


def test_a_merged_page_is_accessed_by_all_who_map_it(ksm_pair: tuple[Session, int]) -> None:
    session, pfn = ksm_pair
    assert [(touch.task, touch.at) for touch in touches_of_frame(session, pfn)] == [("a", "m+0"), ("b", "m+0")]


def test_a_soft_offline_that_is_switched_off_says_so() -> None:
    session, pfn = shared_page("6.12")
    assert "EOPNOTSUPP" not in soft_offline(session, pfn).tip
    do(session, "sysctl", {"name": "enable_soft_offline", "value": 0})
    injection = soft_offline(session, pfn)
    assert "vm.enable_soft_offline is 0: EOPNOTSUPP" in injection.tip and not injection.missing


def test_a_healthy_frame_is_not_unpoisoned_and_a_reason_stands_beside_the_entry() -> None:
    session, pfn = shared_page("6.1")
    assert unpoison(session, pfn).missing == "The frame is not poisoned: PG_hwpoison is clear."
    do(session, "poison", {"frame": f"pfn:{pfn:#x}"})
    assert not unpoison(session, pfn).missing
    session, pfn = shared_page("v7")
    assert [of(session, pfn).short for of in (soft_offline, unpoison)] == ["needs 6.1", "needs 6.1"]


def test_a_range_of_madvise_is_an_error_for_each_page_by_address() -> None:
    session = Session.fresh()
    do(session, "task", {"name": "a", "sigbus": "handler"})
    do(session, "mmap", {"task": "a", "name": "m", "pages": 3})
    for page in (2, 0, 1):
        do(session, "write", {"task": "a", "at": f"m+{page}", "value": "x"})
    do(session, "fork", {"task": "a", "child": "c"})
    do(session, "write", {"task": "c", "at": "m+1", "value": "own"})
    pfns = [session.resolve_frame(f"a:m+{page}") for page in (2, 1, 0)]
    calls = madvise_range(session, pfns)
    assert list(calls) == ["a:101"], "c maps two of them only"
    do(session, "poison", calls["a:101"])
    assert [part.outcome.pfn for part in session.operations[-1].parts] == pfns[::-1]
    assert session.operations[-1].outcome.result == "Recovered"
    assert madvise_range(session, pfns) == {}
