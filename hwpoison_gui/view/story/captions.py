"""Words of a scenario at a timeline position: its title and summary, and the caption of the operation."""

from __future__ import annotations

from hwpoison_gui.record import Record
from hwpoison_gui.session.operation import Operation
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.story.stops import TOLD, is_told
from hwpoison_gui.view.words.plain import plain


class Caption(Record):
    """`head`: the title, and the summary where the text is another one; `text`: what is to be read now."""

    head: str
    text: str


class Captions:
    """The texts of an open scenario, without the marks of Markdown.

    Parameters
    ----------
    session, title, summary
        Of the open machine.
    """

    def __init__(self, session: Session, title: str, summary: str) -> None:
        self._session, self._title, self._summary = session, title, plain(summary)
        self._known: tuple[Operation | None, int] = None, -1  # state of the session when captions were read
        self._captions: list[str] = []

    @property
    def every(self) -> list[str]:
        """All texts, in order; none without a summary and captions."""
        return [text for text in (self._summary, *self._read()) if text]

    def at_present(self) -> Caption:
        """Return the caption at the present position: the newest so far, before the first one the summary.

        No caption outlasts the next error that is shown step by step: it would stand over another page's end.
        """
        session, captions = self._session, self._read()
        done = session.steps.operations[session.position - 1] + 1 if session.position else 0
        text = ""
        for caption, operation in zip(reversed(captions[:done]), reversed(session.operations[:done]), strict=True):
            text = caption
            if caption or (operation.name in TOLD and is_told(operation)):
                break
        head = " · ".join(words for words in (self._title, self._summary if text else "") if words)
        return Caption(head, text or self._summary)

    def _read(self) -> list[str]:
        known = self._session.newest, self._session.tellings
        if self._known != known:
            self._known = known
            self._captions = [plain(operation.telling.caption) for operation in self._session.operations]
        return self._captions


def first_caption(session: Session) -> int | None:
    """The position of the first step of the first operation with a caption; None without one."""
    return next((operation.first + 1 for operation in session.told if operation.telling.caption), None)
