"""What the user can do: acts upon the session, moves on its timeline, and what is looked at.

Widgets tell it what is meant; it tells them what changed, once for each thing done. What is selected lives
here, never in the session.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication

from hwpoison_gui.gui.opening import Opened
from hwpoison_gui.gui.playback import Playback
from hwpoison_gui.session import schema, shape
from hwpoison_gui.session.branches import Told
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.session import Session
from hwpoison_gui.session.timeline import Notice
from hwpoison_gui.view.moment import moment_of, title

NONE = -1


_MANY = 1000  # users of a frame, from which on finding all of them takes a while


@contextmanager
def _waiting() -> Iterator[None]:
    QGuiApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
    try:
        yield
    finally:
        QGuiApplication.restoreOverrideCursor()


class Moved(NamedTuple):
    """The machine changed: which frames, ascending, and which tables. `acted`: there are new steps."""

    pfns: npt.NDArray[np.int64]
    tables: frozenset[str]
    acted: bool


class Controller(QObject):
    """One machine at a time, and the user's way with it."""

    opened = Signal()
    moved = Signal(object)
    viewChanged = Signal()
    failed = Signal(str, str)  # a title, a message

    def __init__(self, opened: Opened, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.machine = opened
        self.selected = NONE
        self.selected_task: int | None = None
        self.playback = Playback(self, lambda: self.session)
        self.playback.seekWanted.connect(self._seek)
        self._depth = 0
        self._acted = False
        self._notices: list[Notice] = []
        self._unsubscribe = opened.session.subscribe(self._heard)

    @property
    def session(self) -> Session:
        return self.machine.session

    @property
    def panicked(self) -> bool:
        return self.session.machine.panicked

    def open(self, opened: Opened) -> None:
        """Takes another machine."""
        self.playback.pause()
        self.playback.forget()
        self._unsubscribe()
        self.machine = opened
        self.selected, self.selected_task = NONE, None
        self._unsubscribe = opened.session.subscribe(self._heard)
        gc.unfreeze()  # what belonged to the machine that goes can be garbage now
        self.opened.emit()

    # -- what changed

    def _heard(self, notice: Notice) -> None:
        self._notices.append(notice)
        if not self._depth:
            self._tell()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What happens inside is told once, at the end."""
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if not self._depth and (self._notices or self._acted):
                self._tell()

    def _tell(self) -> None:
        notices, self._notices = self._notices, []
        acted, self._acted = self._acted, False
        empty = np.empty(0, np.int64)
        pfns = np.unique(np.concatenate([empty, *(notice.pfns for notice in notices)]))
        tables = frozenset().union(*(notice.tables for notice in notices)) if notices else frozenset[str]()
        self.moved.emit(Moved(pfns, tables, acted))

    # -- acts

    def act(self, name: str, args: Mapping[str, Any], *, animate: bool = False) -> bool:
        """Carries an operation out; tells whether that was possible. What plays is finished first."""
        with self.together():
            self.finish()
            first = self.session.position
            try:
                self.session.act(name, shape.values_of(schema.OPS[name].keys, dict(args)))
            except ScenarioError as error:
                self.failed.emit(f"Cannot do that: {title(name, args)}", str(error))
                return False
            self._acted = True
            self.playback.forget()
            if animate:
                self.session.seek(first + 1)
        if animate:
            self.playback.play()
        return True

    def fire(self, pfn: int) -> None:
        """The click: memory_failure() for this frame."""
        many = int(self.session.machine.mapcount.view[pfn]) > _MANY
        with _waiting() if many else nullcontext(), self.together():
            self.select(pfn)
            self.select_task(None)
            self.act("poison", {"frame": f"pfn:{pfn:#x}"}, animate=True)

    def set_sysctl(self, name: str, value: int) -> None:
        """A write to /proc/sys/vm; nothing when it has that value already."""
        if self.session.machine.sysctl.view[name] != value:
            self.act("sysctl", {"name": name, "value": value})

    def set_policy(self, task: str, policy: str) -> None:
        """prctl(PR_MCE_KILL) of every thread of a task."""
        process = self.session.machine.processes.view[self.session.world.task_names.view[task]]
        with self.together():
            for number, tid in enumerate(process.threads):
                if self.session.machine.tasks.view[tid].mce_kill != policy:
                    self.act("prctl", {"task": task, "thread": number, "mce_kill": policy})

    def set_sigbus(self, task: str, disposition: str) -> None:
        """sigaction(SIGBUS) and sigprocmask() of a task."""
        self.act("sigaction", {"task": task, "sigbus": disposition})

    def touch(self, verb: str, task: str, at: str) -> None:
        """A task reads or writes a page: `verb` is the operation's name."""
        self.act(verb, {"task": task, "at": at}, animate=True)

    def go_along(self, line: Sequence[Told], progress: Callable[[int], bool]) -> bool:
        """Makes the operations begin with those of a line; `progress` hears how many are left, and may stop it."""
        with self.together():
            self.finish()
            for left in self.session.go_along(line):
                self._acted = True
                self.playback.forget()
                if not progress(left):
                    return False
        return True

    # -- the timeline

    def seek(self, position: int) -> None:
        """The user goes to a step: what plays stops."""
        self.playback.pause()
        self._seek(position)

    def _seek(self, position: int) -> None:
        position = min(max(position, 0), len(self.session.steps))
        if position != self.session.position:
            self.session.seek(position)

    def step(self, by: int) -> None:
        self.seek(self.session.position + by)

    def finish(self) -> None:
        """The operation that is under way is shown at its end, and stays there."""
        playing = self.playback.playing
        self.playback.pause()
        operation = moment_of(self.session).operation
        if playing and operation is not None:
            self._seek(operation.last)

    def step_operation(self, by: int) -> None:
        """To the end of the operation before or after."""
        session = self.session
        ends = [0, *(operation.last for operation in session.operations)]
        if by > 0:
            self.seek(next((end for end in ends if end > session.position), ends[-1]))
        else:
            self.seek(next((end for end in reversed(ends) if end < session.position), 0))

    def toggle(self) -> None:
        """Play, or pause."""
        if self.playback.playing:
            self.playback.pause()
        else:
            self.playback.play()

    # -- what is looked at

    def select(self, pfn: int) -> None:
        if pfn != self.selected:
            self.selected = pfn
            self.viewChanged.emit()

    def select_task(self, tgid: int | None) -> None:
        if tgid != self.selected_task:
            self.selected_task = tgid
            self.viewChanged.emit()
