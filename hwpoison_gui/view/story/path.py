"""The path of a story that is presented: its operations and stops, where a question left it, and where it was left."""

from __future__ import annotations

from hwpoison_gui.record import Record
from hwpoison_gui.session.branches import Past, shared
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.story.stops import stops_of
from hwpoison_gui.view.story.telling_time import stop_seconds


class StoryPath:
    """The operations of the story. `resume`: the number of the stop at which the presenter left it."""

    def __init__(self, session: Session) -> None:
        self.line: tuple[Past, ...] = session.line()
        self.stops = stops_of(session)
        self.seconds = stop_seconds(session)
        self.resume = 0

    def is_left(self, session: Session) -> bool:
        """Return whether the session's operations are no longer those of the story."""
        return len(session.operations) != len(self.line) or self.common(session) < len(self.line)

    def common(self, session: Session) -> int:
        """Number of leading operations that the session shares with the story."""
        return shared(self.line, session.operations)


class Place(Record):
    """Place where a presentation ended, and where it can go on.

    `operations`: of the session by then. `began`: start of the presentation, by time.monotonic().
    """

    path: StoryPath
    operations: tuple[object, ...]
    position: int
    began: float
    has_notes: bool

    def fits(self, session: Session) -> bool:
        """Return whether nothing was done since: operations compare by identity."""
        now = session.operations
        return len(now) == len(self.operations) and all(a is b for a, b in zip(now, self.operations, strict=True))
