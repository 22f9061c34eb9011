"""A look at the machine at another timeline position. The session stays where it is, and no subscriber is notified."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

from hwpoison_gui.session.session import Session

T = TypeVar("T")


def at(session: Session, position: int, look: Callable[[], T]) -> T:
    """The result of `look` on the machine as it was at an earlier position.

    Parameters
    ----------
    session
        At rest; it stays at its position.
    position
        Timeline position, 0 to the present one. Cost: the changes in between are applied twice.
    look
        Reads the machine; must not change it.
    """
    assert 0 <= position <= session.position
    with session.timeline.as_of(position):
        return look()


def at_in_slices(
    session: Session, position: int, look: Callable[[], Generator[None, None, T]]
) -> Generator[None, None, T]:
    """Do the same as `at` for a generator, with the way there and back in slices as well.

    Between its yields the machine is at that position, or on the way, and `session.at_rest` is False.
    """
    assert 0 <= position <= session.position
    with session.timeline.excursion() as go:
        yield from go(position)
        found = yield from look()
        yield from go(session.position)
    return found
