"""Reads the lessons, and makes the scene and their pictures, in a thread, after the page is on the screen."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QThread, Signal

from hwpoison_gui import lessons, resources
from hwpoison_gui.gui.control.worker import Cancelled, Progress, Worker
from hwpoison_gui.gui.start.cards import LessonList
from hwpoison_gui.gui.widgets.messages import show_error
from hwpoison_gui.opening import opening
from hwpoison_gui.opening.opening import Opened


class Pictures(QObject):
    """Fills `view`; `take` gets the machine of the scene."""

    # Emitted by the thread; the slots are methods of an object of the window's thread, so Qt calls them there.
    _read = Signal(object)  # all lessons
    _opened = Signal(object)  # the Opened of the scene
    _drawn = Signal(int, object)  # number of a lesson, and the lesson with its picture

    def __init__(self, parent: QObject, view: LessonList, take: Callable[[Opened], None]) -> None:
        super().__init__(parent)
        self._view, self._take = view, take
        self._known = list(view.lessons.lessons)
        self._worker = Worker(self._work, self)
        self._worker.refused.connect(self._show_refused)
        self._read.connect(view.set_lessons)
        self._opened.connect(self._take_scene)
        self._drawn.connect(view.lessons.set_lesson)

    def begin(self) -> None:
        """Start the thread; called once."""
        self._worker.start(QThread.Priority.LowPriority)

    @property
    def busy(self) -> bool:
        return self._worker.isRunning()

    def stop(self) -> None:
        """Wait for the step at hand; pictures that are missing are made at another start."""
        self._worker.cancel()
        self._worker.wait()

    def _work(self, _: Progress, cancelled: Cancelled) -> None:
        found = self._known
        if not found:
            found = [lessons.read(path) for path in lessons.paths()]
            self._read.emit(list(found))
        opened = opening.open_scenario(resources.path("start/hook.toml"), cancelled=cancelled)
        opened.session.seek(len(opened.session.steps))
        self._opened.emit(opened)
        missing = [number for number, lesson in enumerate(found) if lesson.picture is None]
        for number in missing:
            found[number] = lessons.run(found[number], cancelled)
            self._drawn.emit(number, found[number])
        if missing:
            lessons.keep(found)

    def _take_scene(self, opened: Opened) -> None:
        if not self._worker.is_cancelled:
            self._take(opened)

    def _show_refused(self, why: str) -> None:
        show_error(self._view, "The lessons cannot be shown", why)
