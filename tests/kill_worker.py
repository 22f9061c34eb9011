"""Works in a window by random clicks and keys, and notes each state of the work; see kills.py."""

from __future__ import annotations

import json
import random
import time
from typing import IO, Any

from PySide6.QtCore import QObject, QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QInputDialog, QMessageBox, QPlainTextEdit

from hwpoison_gui import resources
from hwpoison_gui.gui.window.files.recovery import RecoveryDialog
from hwpoison_gui.gui.window.main_window import MainWindow
from hwpoison_gui.opening import opening
from hwpoison_gui.opening.start import Start, start_of, start_of_desktop
from hwpoison_gui.session.document.document import place_of

Key = Qt.Key
_POLL_MS = 30
_LOOK_MS = 600  # after which a start that offers nothing has nothing to offer
_FRESH = 10  # one start of so many discards what it finds
_KEYS = (Key.Key_Home, Key.Key_End, Key.Key_PageUp, Key.Key_PageDown, Key.Key_Period, Key.Key_Comma, Key.Key_Space,
         Key.Key_1, Key.Key_3, Key.Key_7, Key.Key_Plus, Key.Key_0, Key.Key_T)  # fmt: skip
_MOST_OPERATIONS = 60


def start_for(seed: int) -> Start:
    """A start on one of three kinds of machines."""
    from hwpoison_gui.sources import live
    from hwpoison_gui.sources.recording import read_recording

    victim = resources.path("machines/victim_before.npz")
    live.read = lambda *_: read_recording(victim, hidden=False)  # type: ignore[assignment]
    if seed % 3 == 0:
        return start_of_desktop()
    if seed % 3 == 1:
        return start_of(opening.open_file(victim))
    return start_of(opening.open_live(lambda share, doing: None, lambda: False))


def work_of(window: MainWindow) -> str:
    """All work in the window, as JSON; empty if none of it is unsaved."""
    session, book = window.controller.session, window.notes.notebook

    def line(operations: Any) -> list[Any]:
        return [[op.name, dict(op.args)] for op in operations]

    def notes(some: Any) -> list[Any]:
        return [[note.text, line(note.line), note.within] for note in some]

    if not window.keeping.work.any:
        return ""
    content = {
        "operations": line(session.operations),
        "branches": [[line(branch.operations), branch.left_at] for branch in session.branches.kept],
        "notes": notes(book.notes),
        "drafts": notes(book.drafts),
        "comparisons": [
            [
                one.way,
                [[[asked.name, dict(asked.args)] for asked in side] for side in one.lines],
                one.clicks,
                one.settings,
                one.said,
            ]
            for one in session.comparisons
        ],
        "at": place_of(session),
    }
    return json.dumps(content, sort_keys=True)


class Worker(QObject):
    """Recovers what there is, then works. `script`: `random`, or `fixed` for the same few acts."""

    def __init__(self, window: MainWindow, journal: IO[str], script: str, seed: int) -> None:
        super().__init__(window)
        self._window, self._journal, self._script = window, journal, script
        self._choice = random.Random(seed)
        self._last: str | None = None
        self._said_saved = False
        self._looks = 0
        window.keeping.offer_recovery()
        self._poll = QTimer(self)
        self._poll.timeout.connect(self._find)
        self._poll.start(_POLL_MS)

    def _say(self, **what: Any) -> None:
        self._journal.write(json.dumps(what) + "\n")

    # -- the start

    def _find(self) -> None:
        window = self._window
        dialog = window.findChild(RecoveryDialog)
        self._looks += 1
        if dialog is not None:
            self._poll.stop()
            self._recover(dialog)
        elif self._looks * _POLL_MS > _LOOK_MS:
            self._poll.stop()
            self._begin(False)

    def _recover(self, dialog: RecoveryDialog) -> None:
        dialog.accept()
        self._poll = QTimer(self)
        self._poll.timeout.connect(self._recovered)
        self._poll.start(_POLL_MS)

    def _recovered(self) -> None:
        if not self._window.keeping.work.any or self._window.machines.loader.busy:
            return
        self._poll.stop()
        fresh = self._script == "random" and (
            self._choice.randrange(_FRESH) == 0 or len(self._window.controller.session.operations) > _MOST_OPERATIONS
        )
        self._begin(fresh)

    def _begin(self, discard: bool) -> None:
        window = self._window
        self._say(found=work_of(window))
        if discard:
            window.keeping.work.mark_saved(window.keeping.work.present)
            self._note()
            window.machines.new_machine()
        window.present.moved.connect(self._note)
        window.notes.changed.connect(self._note)
        window.keeping.work.changed.connect(self._note)
        self._note()
        self._poll = QTimer(self)
        self._poll.timeout.connect(self._note)
        self._poll.start(_POLL_MS)
        QTimer.singleShot(0, self, self._act if self._script == "random" else self._fixed)

    def _note(self) -> None:
        """Writes a line if the work is another than before."""
        found = work_of(self._window)
        if found != self._last:
            self._last = found
            self._say(began=time.time(), work=found)
        autosave = self._window.keeping.autosave
        if self._script == "fixed" and found and not self._said_saved:
            self._said_saved = autosave._written and autosave._written[0] == self._window.keeping.saving.document()
            if self._said_saved:
                self._say(saved=True)

    # -- acts

    def _fixed(self) -> None:
        window = self._window
        self._click(200)
        window.controller.seek(0)
        self._click(300)
        window.notes.write("a note")
        window.controller.step(1)
        window.notes.ask_note()
        QTest.keyClicks(self._edit(), ", half a thou")

    def _act(self) -> None:
        acts = (self._click_some, self._click_some, self._key, self._key, self._key, self._write, self._leave_draft,
                self._inject, self._branch, self._sysctl, self._remove, self._compare, self._compare)  # fmt: skip
        self._clear()
        if not self._window.machines.loader.busy:
            self._choice.choice(acts)()
        self._note()
        QTimer.singleShot(self._choice.randrange(10, 400), self, self._act)

    def _clear(self) -> None:
        """Closes messages, and a note that was left open some time."""
        for box in self._window.findChildren(QMessageBox):
            box.close()
        compared = self._window.comparison
        if compared.shown is not None and not compared.shown.building and self._choice.randrange(2):
            compared.stop()
        popup = QApplication.activePopupWidget()
        if popup is not None:
            popup.close()
        for dialog in self._window.findChildren(QInputDialog):
            if self._choice.randrange(3):
                dialog.accept() if self._choice.randrange(2) else dialog.reject()

    def _edit(self) -> QPlainTextEdit:
        edit: QPlainTextEdit = self._window.findChild(QInputDialog).findChild(QPlainTextEdit)
        return edit

    def _open_note(self) -> None:
        if self._window.findChild(QInputDialog) is None:
            self._window.notes.ask_note()

    def _click(self, pfn: int) -> None:
        frame_map = self._window.map
        frame_map.center_on(pfn)
        point: QPoint = frame_map.view.item.rect_of(pfn).center().toPoint()
        QTest.mouseClick(frame_map.view.viewport(), Qt.MouseButton.LeftButton, pos=point)

    def _click_some(self) -> None:
        self._click(self._choice.randrange(self._window.controller.session.machine.frames))

    def _key(self) -> None:
        QTest.keyClick(self._window.map.view, self._choice.choice(_KEYS))

    def _write(self) -> None:
        self._open_note()
        QTest.keyClicks(self._edit(), f"note {self._choice.randrange(1000)}")
        self._window.findChild(QInputDialog).accept()

    def _leave_draft(self) -> None:
        self._open_note()
        QTest.keyClicks(self._edit(), f" draft {self._choice.randrange(1000)}")

    def _inject(self) -> None:
        action = self._window.actions_[self._choice.choice(("soft-offline", "unpoison", "pin"))]
        if action.isEnabled():
            action.trigger()

    def _branch(self) -> None:
        kept = self._window.controller.session.branches.kept
        if kept and not self._window.controller.occupied:
            self._window.notes.reopen(self._choice.choice(kept).operations)

    def _compare(self) -> None:
        """Opens a comparison, which is kept when it is complete; now and then, forgets them."""
        name = self._choice.choice(("compare", "compare", "kernels", "compare", "compare", "forget-compared"))
        if self._window.comparison.shown is None and self._window.actions_[name].isEnabled():
            self._window.actions_[name].trigger()

    def _sysctl(self) -> None:
        if not self._window.controller.panicked:
            self._window.controller.set_sysctl("memory_failure_early_kill", self._choice.randrange(2))

    def _remove(self) -> None:
        notes = self._window.notes.notebook.notes
        if len(notes) > 5:
            self._window.notes.remove(self._choice.choice(notes))
