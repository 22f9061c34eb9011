"""Predicts in two lines what an error in a frame would do: for the label beside the pointer, and for the selection.

The users of a frame that has very many are counted between events.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject

from hwpoison_gui.gui.control.slices import Slices, Work
from hwpoison_gui.session.session import Session

if TYPE_CHECKING:  # imported when a frame is first looked at
    from hwpoison_gui.view.outcome.preview import Hover

_SLICE: Final = 0.006


def preload() -> None:
    """Imports what the first text needs, so that the first frame that is selected need not wait for it."""
    import hwpoison_gui.view.outcome.preview  # noqa: F401


class HoverText(QObject):
    """Provides the texts for one session; `counted` is called when an incomplete one is complete."""

    def __init__(self, counted: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._counted = counted
        self._session: Session | None = None
        self._hover: Hover | None = None
        self._slices = Slices(self, _SLICE, self._at_rest)

    def _at_rest(self) -> bool:
        return self._session is not None and self._session.at_rest

    def set_session(self, session: Session) -> None:
        """Replaces the session."""
        self._slices.give_up()
        self._session, self._hover = session, None

    def text(self, pfn: int) -> str:
        """One or two lines about a frame; empty within a step, when its state is not meant to be shown."""
        return "\n".join(line for line in self.lines(pfn) if line)

    def lines(self, pfn: int) -> tuple[str, str]:
        """What a frame is, and what an error in it would do; both empty within a step."""
        assert self._session is not None
        if not self._session.at_rest:
            return "", ""
        if self._hover is None:
            from hwpoison_gui.view.outcome.preview import Hover

            self._hover = Hover(self._session)
        lines = self._hover(pfn)
        if self._hover.counting and not self._slices.busy:
            self._slices.run(self._count, lambda complete: self._counted() if complete else None, after_ms=0)
        return lines

    def _count(self) -> Work:
        assert self._hover is not None
        while self._hover.counting:
            self._hover.work(0.0)
            yield
