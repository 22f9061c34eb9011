"""Shows the captions of a scenario while it is stepped through."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, SignalInstance

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.present import Present

if TYPE_CHECKING:  # only a scenario has captions
    from hwpoison_gui.gui.widgets.caption_bar import CaptionBar
    from hwpoison_gui.view.story.captions import Captions


class CaptionsLink(QObject):
    """`bar(create)` returns the bar, if created; `edited` is emitted when a caption may have changed."""

    def __init__(
        self, controller: Controller, present: Present, edited: SignalInstance, bar: Callable[[bool], CaptionBar | None]
    ) -> None:
        super().__init__(present)
        self._controller, self._bar = controller, bar
        self._captions: Captions | None = None  # captions of the open machine, if it has some
        present.opened.connect(self._opened)
        present.moved.connect(lambda moved: self._show(moved.acted))
        edited.connect(self._edited)

    def _opened(self) -> None:
        scenario, session = self._controller.machine.scenario, self._controller.session
        self._captions = None
        told = any(operation.telling.caption for operation in session.told)
        if self._controller.machine.is_story and (told or (scenario is not None and scenario.summary)):
            from hwpoison_gui.view.story.captions import Captions

            title, summary = (scenario.title, scenario.summary) if scenario is not None else ("", "")
            self._captions = Captions(session, title, summary)
        self._show(True)

    def _edited(self) -> None:
        if self._controller.machine.is_story:
            self._opened()

    def _show(self, acted: bool) -> None:
        captions = self._captions
        shown = self._bar(captions is not None)
        if shown is None:
            return
        if acted:
            shown.set_texts(captions.every if captions is not None else ())
        shown.show_words(*captions.at_present() if captions is not None else ("", ""))
