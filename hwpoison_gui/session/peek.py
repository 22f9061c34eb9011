"""A look at another moment of a session, without moving it: nobody is told."""

from __future__ import annotations

from contextlib import AbstractContextManager

from hwpoison_gui.session.session import Session


def as_of(session: Session, position: int) -> AbstractContextManager[None]:
    """Inside, the machine is as it was at an earlier step; `position` of the session stays what it is.

    Costs the changes in between, twice. Nothing may be changed inside.
    """
    assert 0 <= position <= session.position
    return session.timeline.as_of(position)
