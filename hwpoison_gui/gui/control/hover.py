"""Predicts in two lines what an error in a frame would do: for the label beside the pointer, and for the selection.

The users of a frame that has very many are counted between events.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import QObject

from hwpoison_gui.gui.control.slices import Slices, Work
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.facts.sentence import AboutFrame

_SLICE: Final = 0.006  # seconds that a hover may take, at once and in each turn of the event loop after that
_LOOKING: Final = "If it broke: looking up its users…"


class HoverText(QObject):
    """Provides the texts for one session; `counted` is called when an incomplete one is complete.

    `ready`: whether the machine can be read now, and nothing more urgent is under way. The last text is kept, since a
    label is painted much more often than it changes.
    """

    def __init__(self, counted: Callable[[], None], ready: Callable[[], bool], parent: QObject) -> None:
        super().__init__(parent)
        self._counted, self._ready = counted, ready
        self._session: Session | None = None
        self._about: tuple[int, tuple[int, int]] | None = None  # the frame and the machine's stamp of the text
        self._summary = self._preview = ""
        self._deferred = False  # the prediction was not complete at once
        self._slices = Slices(self, _SLICE, self._at_rest, at_once=_SLICE)

    def _at_rest(self) -> bool:
        return self._session is not None and self._session.at_rest and self._ready()

    def set_session(self, session: Session) -> None:
        """Replace the session."""
        self._slices.give_up()
        self._session, self._about = session, None

    def text(self, pfn: int) -> str:
        """Up to three lines about a frame; empty within a step, when its state is not meant to be shown.

        Flags by their names: in a proportional font their letters `l` and `I` look alike.
        """
        lines = self.lines(pfn)
        flags = pf.words_of(self._session.machine.page(pfn)) if lines[0] and self._session is not None else ""
        return "\n".join(line for line in (*lines[:2], f"flags: {flags}" * bool(flags)) if line)

    def lines(self, pfn: int) -> AboutFrame:
        """Describe a frame and the predicted outcome of an error in it; all empty within a step."""
        session = self._session
        assert session is not None
        if not session.at_rest:
            return AboutFrame()
        about = pfn, session.stamp
        if about != self._about:
            from hwpoison_gui.view.outcome.summary import summary

            self._slices.give_up()
            self._about = about
            self._summary, self._preview = summary(session.machine, pfn), ""
            if not session.machine.panicked:
                self._preview = _LOOKING
                self._deferred = False
                self._slices.run(partial(self._predicting, session, pfn), self._ended)
                self._deferred = self._slices.busy
        return AboutFrame(self._summary, self._preview, pf.letters_of(session.machine.page(pfn)))

    def _predicting(self, session: Session, pfn: int) -> Work:
        from hwpoison_gui.view.outcome.preview import find_preview

        def finding() -> Work:
            self._preview = yield from find_preview(session, pfn)

        work = finding()
        while self._about == (pfn, session.stamp):
            if next(work, work) is work:
                return
            yield
        self._about = None  # the machine has changed, so the counts are stale

    def _ended(self, complete: bool) -> None:
        if complete and self._deferred:  # otherwise the caller of `lines` gets the complete text
            self._counted()
