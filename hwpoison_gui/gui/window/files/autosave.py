"""Writes unsaved work to the user's state folder every few seconds, so that it survives a crash or kill -9."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.worker import Worker
from hwpoison_gui.gui.window.files.unsaved import UnsavedWork

if TYPE_CHECKING:  # imported on first use to keep start-up fast
    from hwpoison_gui.opening.opening import Opened
    from hwpoison_gui.session.document.document import Document, Stored
    from hwpoison_gui.sources.assemble import Exported
    from hwpoison_gui.user.state import Slot

    # With the file that is open, whether the editor of notes is, and the panels in front.
    _State = tuple[Document, str, bool, tuple[str, ...]]

SESSION: Final = "session.json"
SAVES_TO: Final = "saves-to"  # the path of the session file that the work belongs to
OPENED: Final = "opened"  # the path of the file that was opened, which the title names
EDITING: Final = "editing"  # exists while the editor of notes is open
FRONT: Final = "front"  # the names of the panels in front
MEMORY: Final = "memory.npz"  # a copy of live memory
PAUSE_MS: Final = 1500
_LONGEST_MS: Final = 2500
_SHARE: Final = 10  # pauses are at least this many times the processor time of the last autosave


class Autosave(QObject):
    """Follows one window; nothing is written unless something has changed.

    `document` gives what is to be written, `editing` whether the editor of notes is open, `front` the names of the
    panels in front: a recovery opens it again, and brings them there. Where it is not `on`, nothing is written at all.
    """

    failed = Signal(str)  # once in a row

    def __init__(
        self,
        parent: QObject,
        controller: Controller,
        work: UnsavedWork,
        document: Callable[[], Document],
        editing: Callable[[], bool],
        front: Callable[[], tuple[str, ...]],
        on: bool,
    ) -> None:
        super().__init__(parent)
        self._controller, self._work, self._on = controller, work, on
        self._document, self._editing, self._front = document, editing, front
        self._slot: Slot | None = None
        self._worker: Worker | None = None
        self._memory: tuple[Exported, Stored] | None = None  # the live copy whose memory is in the folder
        self._writing: _State | None = None
        self._written: _State | None = None
        self._took = 0.0
        self._failing = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._save)
        work.changed.connect(self._changed)

    def touch(self) -> None:
        """Schedule a save: work, position, selection or view may have changed."""
        if self._on and self._work.any and not self._timer.isActive() and self._worker is None:
            self._timer.start(max(PAUSE_MS, min(_LONGEST_MS, round(self._took * 1000 * _SHARE))))

    def adopt(self, slot: Slot) -> None:
        """Go on in the folder from which work was recovered."""
        from hwpoison_gui.session.document.document import Stored

        self._drop_folder()
        self._slot = slot
        machine = self._controller.machine
        if machine.exported is not None and machine.document is not None:
            found = machine.document.machine
            self._memory = (machine.exported, found) if isinstance(found, Stored) else None

    def stop(self) -> None:
        """Work is saved or discarded, and the window closes: nothing is left to recover."""
        self._timer.stop()
        self._drop_folder()

    def _changed(self, unsaved: bool) -> None:
        if unsaved:
            self.touch()
        else:
            self._forget()

    def machine_changed(self) -> None:
        """Another machine is open: work on the one before was saved or discarded."""
        self._timer.stop()
        self._drop_folder()
        self.touch()

    def _forget(self) -> None:
        """All work is in a file of the user's."""
        self._timer.stop()
        self._join()
        self._written = None
        if self._slot is not None:
            with contextlib.suppress(OSError):
                (self._slot.path / SESSION).unlink(missing_ok=True)

    def _drop_folder(self) -> None:
        self._join()
        self._written, self._memory = None, None
        if self._slot is not None:
            self._slot.remove()
            self._slot = None

    def _save(self) -> None:
        if not self._work.any:
            return
        machine = self._controller.machine
        state = self._document(), machine.file, self._editing(), self._front()
        if state == self._written:
            return

        def write(*_: object) -> tuple[_State, float]:
            began = time.thread_time()
            self._write(*state, machine)
            return state, time.thread_time() - began

        self._writing = state
        self._worker = Worker(write, self)
        self._worker.made.connect(self._made)
        self._worker.refused.connect(self._refused)
        self._worker.finished.connect(self._finished)
        self._worker.start()

    def _write(self, document: Document, file: str, editing: bool, front: tuple[str, ...], machine: Opened) -> None:
        """Run in the thread."""
        from hwpoison_gui.session.document.dump import dumps
        from hwpoison_gui.user.state import SESSIONS, new_slot

        if self._slot is None:
            self._slot = new_slot(SESSIONS)
            if self._slot is None:
                raise OSError("there is no state folder that can be written to")
        slot = self._slot
        if machine.exported is not None and machine.stored is None:
            document = document._replace(machine=self._memory_in(slot, machine.exported, document.profile))
        for name, path in ((SAVES_TO, machine.saves_to), (OPENED, file), (FRONT, " ".join(front))):
            if slot.read(name) != os.fsencode(path):
                slot.write(name, os.fsencode(path))
        if editing:
            slot.write(EDITING, b"")
        else:
            (slot.path / EDITING).unlink(missing_ok=True)
        slot.write(SESSION, dumps(document))

    def _memory_in(self, slot: Slot, exported: Exported, profile: str) -> Stored:
        """The files that hold the captured memory; each capture is written once."""
        from hwpoison_gui.session.document.document import Stored
        from hwpoison_gui.session.document.files import refs_of
        from hwpoison_gui.sources.recording_writer import save_snapshot

        if self._memory is None or self._memory[0] is not exported:
            save_snapshot(exported, slot.path / MEMORY)
            self._memory = exported, Stored(refs_of((slot.path / MEMORY,)), profile)
        return self._memory[1]

    def _made(self, result: tuple[_State, float]) -> None:
        if result[0] is self._writing:  # else it was joined, and what it wrote is gone
            self._written, self._took, self._failing = *result, False

    def _refused(self, why: str) -> None:
        if not self._failing:
            self._failing = True
            self.failed.emit(f"Your work is not saved automatically: {why}")

    def _finished(self) -> None:
        if self._worker is not None and self._worker.isFinished():
            self._end()
            self.touch()  # something may have changed meanwhile

    def _join(self) -> None:
        if self._worker is not None:
            self._worker.wait()
            self._end()

    def _end(self) -> None:
        worker, self._worker, self._writing = self._worker, None, None
        if worker is not None:
            worker.wait()
            worker.deleteLater()
