"""A look at the machine at another timeline position. The session stays where it is, and no subscriber is notified."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

from hwpoison_gui.session.session import Session

T = TypeVar("T")


def at(session: Session, position: int, look: Callable[[], T]) -> T:
    """What `look` finds on the machine as it was at an earlier position; it may change nothing.

    Costs the changes in between, twice.
    """
    assert 0 <= position <= session.position
    with session.timeline.as_of(position):
        return look()


def at_in_slices(
    session: Session, position: int, look: Callable[[], Generator[None, None, T]]
) -> Generator[None, None, T]:
    """The same for a look that yields now and then. Meanwhile the machine is as it was then: `at_rest` is False."""
    assert 0 <= position <= session.position
    with session.timeline.as_of(position):
        return (yield from look())
