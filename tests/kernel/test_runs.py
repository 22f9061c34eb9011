"""Loops over the mappers of a frame: many alike steps made at once equal the same steps made one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from hwpoison_gui.kernel import mark, rmap, signal, user_mappings
from hwpoison_gui.kernel.gate import Change
from hwpoison_gui.kernel.profile.registry import PROFILES
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
@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
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


@pytest.mark.parametrize("sigbus", ["handler", "default"])
def test_a_crowd_that_is_alike_is_not_handled_one_by_one(sigbus: str, monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session.fresh(8192, profile="v7", sysctl={"memory_failure_early_kill": 1})
    do(session, "task", name="top", sigbus=sigbus)
    do(session, "mmap", task="top", name="m", pages=1)
    do(session, "write", task="top", at="m+0")
    for number in range(60):
        do(session, "fork", task="top", child=f"c{number}")
    calls: list[str] = []
    for module, name in ((rmap, "try_to_unmap_one"), (user_mappings, "kill_proc"), (signal, "_dequeue")):
        whole = getattr(module, name)

        def counted(*args: Any, _whole: Any = whole, _name: str = name) -> Any:
            calls.append(_name)
            return _whole(*args)

        monkeypatch.setattr(module, name, counted)
    outcome = do(session, "poison", frame="top:m+0")
    assert len(outcome.signals) == 61
    assert all(calls.count(name) == 2 for name in ("try_to_unmap_one", "kill_proc", "_dequeue"))
