"""Reads the lessons, and makes the scene and their pictures, in a thread, after the page is on the screen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QThread, Signal

from hwpoison_gui import lessons, resources
from hwpoison_gui.gui.start.cards import LessonList
from hwpoison_gui.lessons import Lesson
from hwpoison_gui.opening import opening
from hwpoison_gui.opening.opening import Opened

_PAUSE_MS: Final = 20  # between two lessons, so that the window gets its turn


class _Thread(QThread):
    made = Signal(object)  # the Opened of the scene
    read = Signal(object)  # all lessons
    drawn = Signal(int, object)  # number of a lesson, and the lesson with its picture

    def __init__(self, known: list[Lesson], parent: QObject) -> None:
        super().__init__(parent)
        self._lessons = known
        self.cancelled = threading.Event()

    def run(self) -> None:
        if not self._lessons:
            self._lessons = [lessons.read(path) for path in lessons.paths()]
            self.read.emit(list(self._lessons))
        opened = opening.open_scenario(resources.path("start/hook.toml"))
        opened.session.seek(len(opened.session.steps))
        self.made.emit(opened)
        missing = [number for number, lesson in enumerate(self._lessons) if lesson.picture is None]
        for number in missing:
            if self.cancelled.wait(_PAUSE_MS / 1000):
                return
            lesson = self._lessons[number]
            self._lessons[number] = lessons.run(lesson)
            self.drawn.emit(number, self._lessons[number])
        if missing:
            lessons.keep(self._lessons)


class Pictures(QObject):
    """Fills `view`; `take` gets the machine of the scene."""

    def __init__(self, parent: QObject, view: LessonList, take: Callable[[Opened], None]) -> None:
        super().__init__(parent)
        self._view, self._take = view, take
        self._thread = _Thread(list(view.lessons.lessons), self)
        self._thread.read.connect(self._read)
        self._thread.made.connect(self._made)
        self._thread.drawn.connect(self._drawn)

    def begin(self) -> None:
        """Start once."""
        self._thread.start(QThread.Priority.LowPriority)

    @property
    def busy(self) -> bool:
        return self._thread.isRunning()

    def stop(self) -> None:
        """Wait for the lesson at hand; pictures that are missing are made at another start."""
        self._thread.cancelled.set()
        self._thread.wait()

    # Methods of an object of the window's thread: Qt calls them there.

    def _read(self, found: list[Lesson]) -> None:
        self._view.set_lessons(found)

    def _made(self, opened: Opened) -> None:
        if not self._thread.cancelled.is_set():
            self._take(opened)

    def _drawn(self, number: int, lesson: Lesson) -> None:
        self._view.lessons.set_lesson(number, lesson)
