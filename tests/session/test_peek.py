"""Looking at another position: as seeking there, but nobody is notified."""

from __future__ import annotations

from collections.abc import Generator

import pytest

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
