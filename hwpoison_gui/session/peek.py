"""A look at another moment of a session, without moving it: nobody is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hwpoison_gui.session.session import Session


@contextmanager
def as_of(session: Session, position: int) -> Iterator[None]:
    """Inside, the machine is as it was at an earlier step; `position` of the session stays what it is.

    Costs the changes in between, twice. Nothing may be changed inside.
    """
    assert 0 <= position <= session.position
    gate = session.machine.gate
    between = session.steps[position : session.position]
    for step in reversed(between):
        gate.backward(step.changes)
    try:
        yield
    finally:
        for step in between:
            gate.forward(step.changes)
