"""Looking at another position: as seeking there, but nobody is notified."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from hwpoison_gui.session import timeline
from hwpoison_gui.session.peek import at, at_in_slices
from hwpoison_gui.session.session import Session


def session_with_a_past() -> Session:
    session = Session.fresh(4096)
    for pfn in (2000, 2001, 2002):
        session.act("poison", {"frame": f"pfn:{pfn:#x}", "via": "corrupt-pfn", "thread": 0, "rip_valid": True})
    return session


def test_inside_it_is_that_position_and_afterwards_the_present() -> None:
    session = session_with_a_past()
    heard: list[object] = []
    session.subscribe(heard.append)
    digests = [at(session, position, session.machine.gate.digest) for position in range(len(session.steps) + 1)]
    present = session.machine.gate.digest()
    assert heard == [] and session.position == len(session.steps)
    for position, digest in enumerate(digests):
        session.seek(position)
        assert session.machine.gate.digest() == digest
    assert digests[-1] == present


def test_an_exception_inside_does_not_keep_it_in_the_past() -> None:
    session = session_with_a_past()
    present = session.machine.gate.digest()

    def fail() -> None:
        raise KeyError

    with pytest.raises(KeyError):
        at(session, 0, fail)
    assert session.machine.gate.digest() == present and session.at_rest


def test_a_look_in_slices_may_be_given_up_between_two_of_them() -> None:
    session = session_with_a_past()
    present, then = session.machine.gate.digest(), at(session, 1, session.machine.gate.digest)

    def look() -> Generator[None, None, tuple[str, str]]:
        before = session.machine.gate.digest()
        yield
        return before, session.machine.gate.digest()

    looking = at_in_slices(session, 1, look)
    next(looking)
    assert session.machine.gate.digest() == then and not session.at_rest
    looking.close()
    assert session.machine.gate.digest() == present and session.at_rest
    again = at_in_slices(session, 1, look)
    next(again)
    with pytest.raises(StopIteration) as stop:
        next(again)
    assert stop.value.value == (then, then) and session.machine.gate.digest() == present


def test_the_way_to_another_position_and_back_is_made_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    session = session_with_a_past()
    last, present = session.position, session.machine.gate.digest()
    digests = [at(session, position, session.machine.gate.digest) for position in range(last + 1)]
    monkeypatch.setattr(timeline, "STEPS_PER_SLICE", 1)

    def look() -> Generator[None, None, str]:
        yield from ()
        return session.machine.gate.digest()

    looking, seen = at_in_slices(session, 1, look), list[str]()
    with pytest.raises(StopIteration) as found:
        while True:
            next(looking)
            seen.append(session.machine.gate.digest())
            assert session.position == last and not session.at_rest
    assert seen == [*digests[last - 1 : 1 : -1], *digests[2:last]] and found.value.value == digests[1]
    assert session.machine.gate.digest() == present and session.at_rest
    for slices in range(1, len(seen) + 1):  # given up on the way
        looking = at_in_slices(session, 1, look)
        for _ in range(slices):
            next(looking)
        looking.close()
        assert session.machine.gate.digest() == present and session.at_rest
