"""Exports to take along: a link to a timeline position, the report, and the page for a browser."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QWidget

from hwpoison_gui.gui.control.background import Background
from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.worker import Cancelled, Progress
from hwpoison_gui.gui.widgets.messages import show_error
from hwpoison_gui.gui.window.files.saving import Saving
from hwpoison_gui.gui.window.files.unsaved import UnsavedWork
from hwpoison_gui.opening import opening
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.session import Session
from hwpoison_gui.sources.errors import stop_if

_REPORT: Final = "Markdown (*.md)"
_PAGE: Final = "Page for a browser (*.html)"
Text = Callable[[Session, Callable[[float], None]], str]  # the second argument reports progress, 0 to 1
_REPEATED: Final = 0.4  # share of the time, about, in which the operations are done again


class TakingHome(QObject):
    """Texts are made in a thread, from a copy of the machine on which the operations are done again."""

    said = Signal(str)  # what was copied or saved, and where

    def __init__(self, above: QWidget, controller: Controller, work: UnsavedWork, saving: Saving) -> None:
        super().__init__(above)
        self._above, self._controller, self._work, self._saving = above, controller, work, saving
        self.background = Background(above)
        self.background.refused.connect(partial(show_error, above))

    # -- links

    def missing_link(self) -> str:
        """Why there is no link to the present step; empty if there is one."""
        if not self._controller.machine.file:
            return "A link names a file, and this machine is in none: Ctrl+S saves it."
        return "A link leads to what is in the file: Ctrl+S saves what you did." if self._work.any else ""

    def copy_link(self) -> None:
        """Copy the command that opens the file at the present timeline position."""
        import shlex

        from hwpoison_gui.session.link import link_to

        file, session = Path(self._controller.machine.file).absolute(), self._controller.session
        words = f"hwpoison-gui {shlex.quote(str(file))} --at {link_to(session)}"
        QApplication.clipboard().setText(words)
        self.said.emit(f"Copied: {words}")

    # -- texts

    def missing_text(self) -> str:
        """Why the operations cannot be done again on a copy; empty if they can."""
        if opening.booting(self._controller.machine) is None:
            return "This machine cannot be booted again: its source is gone."
        return "" if self._controller.session.operations else "Nothing was done yet: click a frame."

    def copy_report(self) -> None:
        """Copy the report as Markdown."""

        def done(text: str) -> None:
            QApplication.clipboard().setText(text)
            self.said.emit("The report is copied, as Markdown.")

        self._make("Writing the report", self._report(), done)

    def save_report(self) -> None:
        """Ask for a file, and write the report to it."""
        self._save("Save a report", ".md", _REPORT, self._report())

    def save_page(self) -> None:
        """Ask for a file, and write the page for a browser to it."""
        self._save("Save a page for a browser", ".html", _PAGE, self._page())

    def _report(self) -> Text:
        title = self._controller.machine.title

        def text(session: Session, _: Callable[[float], None]) -> str:
            from hwpoison_gui.export.report import report

            return report(session, title)

        return text

    def _page(self) -> Text:
        machine = self._controller.machine
        title, summary = machine.title, machine.scenario.summary if machine.scenario is not None else ""

        def text(session: Session, each: Callable[[float], None]) -> str:
            from hwpoison_gui.export.html import page
            from hwpoison_gui.export.story import TooLongError, story

            try:
                return page(story(session, title, summary, progress=each))
            except TooLongError as error:
                raise ScenarioError(str(error)) from None

        return text

    def _save(self, title: str, suffix: str, kind: str, text: Text) -> None:
        from PySide6.QtWidgets import QFileDialog

        machine, folder = self._controller.machine, self._saving.folder
        stem = Path(machine.saves_to or machine.file).stem or "story"
        name, _ = QFileDialog.getSaveFileName(self._above, title, str(Path(folder) / f"{stem}{suffix}"), kind)
        if not name:
            return

        def write(path: Path, made: str) -> None:
            from hwpoison_gui import atomic_file

            try:
                atomic_file.write(path, made.encode())
            except OSError as error:
                show_error(self._above, "It cannot be saved", f"{path}: {error.strerror or error}")
            else:
                self.said.emit(f"Saved to {path.absolute()}")

        def make(path: Path) -> None:
            self._make(f"Writing {path.name}", text, partial(write, path))

        self._saving.folder = str(Path(name).parent)
        self._saving.with_suffix(name, suffix, make)

    def _make(self, title: str, text: Text, take: Callable[[str], None]) -> None:
        boot, session = opening.booting(self._controller.machine), self._controller.session
        line, profile = session.line(), session.machine.profile.name
        if boot is None:
            return

        def work(progress: Progress, cancelled: Cancelled) -> str:
            def each(share: float, doing: str) -> None:
                stop_if(cancelled)
                progress(share, doing)

            copy = boot(profile)
            for left in copy.go_along(line):
                each(_REPEATED * (1 - left / len(line)), f"operation {len(line) - left + 1} of {len(line)}")
            return text(copy, lambda share: each(_REPEATED + (1 - _REPEATED) * share, "writing"))

        self.background.run(title, work, take)
