"""Questions of an audience, which leave the path: a frame is broken, or a sysctl written and the story played on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.stage.motion import Motion
from hwpoison_gui.session.under_sysctl import under_sysctl
from hwpoison_gui.view.story.path import StoryPath


class Questions:
    """Asks them of the open machine. `asked` is called when a sysctl was written.

    `ended`: why the story cannot be played on to its end under another sysctl.
    """

    def __init__(self, controller: Controller, motion: Motion, path: StoryPath, asked: Callable[[], object]) -> None:
        self._controller, self._motion, self._path, self._asked = controller, motion, path, asked
        self.ended = ""

    def fire(self, pfn: int) -> None:
        """Run memory_failure() for a frame."""
        self._motion.finish()
        with self._controller.together():
            if not self._controller.panicked:
                self._begin_again()
                self.ended = ""
            self._controller.fire(pfn)

    def _begin_again(self) -> None:
        """Go back to where the story's operation began: its results were not seen yet, and are not the question's."""
        session = self._controller.session
        operation = session.operation_at(session.position)
        if not self._path.is_left(session) and operation is not None and session.position < operation.last:
            self._controller.seek(operation.first)

    def set_sysctl(self, name: str, value: int) -> None:
        """Write a sysctl and run the rest of the story again under it."""
        c = self._controller
        if c.occupied or c.session.machine.sysctl.view[name] == value:
            return
        self._motion.finish()
        c.finish()
        c.work.finish()
        kept, line = under_sysctl(c.session, name, value)
        self.ended = ""
        c.go_along(line, partial(self._go_on_after, kept), self._cannot_go_on)

    def _cannot_go_on(self, why: str) -> None:
        self.ended = why

    def _go_on_after(self, kept: int) -> None:
        """Seek to the end of the operation that asked the question."""
        operations = self._controller.session.operations
        if kept < len(operations):
            self._controller.seek(operations[kept].last)
            self._controller.work.finish()
            self._asked()
