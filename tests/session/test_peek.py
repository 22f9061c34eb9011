"""Looking at another moment: as seeking there, but nobody hears of it."""

from __future__ import annotations

import pytest

from hwpoison_gui.session.peek import as_of
from hwpoison_gui.session.session import Session


def session_with_a_past() -> Session:
    session = Session.fresh(4096)
    for pfn in (2000, 2001, 2002):
        session.act("poison", {"frame": f"pfn:{pfn:#x}", "via": "corrupt-pfn", "thread": 0, "rip_valid": True})
    return session


def test_inside_it_is_that_moment_and_afterwards_the_present() -> None:
    session = session_with_a_past()
    heard: list[object] = []
    session.subscribe(heard.append)
    digests = []
    for position in range(len(session.steps) + 1):
        with as_of(session, position):
            digests.append(session.machine.gate.digest())
    present = session.machine.gate.digest()
    assert heard == [] and session.position == len(session.steps)
    for position, digest in enumerate(digests):
        session.seek(position)
        assert session.machine.gate.digest() == digest
    assert digests[-1] == present


def test_an_exception_inside_does_not_keep_it_in_the_past() -> None:
    session = session_with_a_past()
    present = session.machine.gate.digest()
    with pytest.raises(KeyError), as_of(session, 0):
        raise KeyError
    assert session.machine.gate.digest() == present
