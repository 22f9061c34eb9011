"""The damage of errors on the machine as it is now, under either policy, for all panels that show it.

It is computed in slices while a panel wants it, and again after the machine has changed.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, Signal

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.notifier import Moved
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.control.slices import BESIDE_SECONDS, Slices, Work
from hwpoison_gui.view.damage.damage import Damage
from hwpoison_gui.view.damage.policy import early_kill_of

_REST_MS: Final = 150  # delay after a change of the machine
_NO_NEWS: Final = frozenset({"kernel_log", "counters", "results", "deliveries"})
POLICIES: Final = (0, 1)


class DamageControl(QObject):
    """Holds the complete damages by policy; those of an earlier state are dropped."""

    changed = Signal()  # emitted when the result is complete or was dropped
    progressed = Signal(float)  # 0 to 1

    def __init__(self, controller: Controller, present: Present, parent: QObject) -> None:
        super().__init__(parent)
        self._controller = controller
        self._found: dict[int, Damage] = {}
        self._was_panicked = False
        self._wanted: dict[str, bool] = {}  # who wants it -> whether under every policy
        self.slices = Slices(self, BESIDE_SECONDS, lambda: not controller.busy)
        self.slices.progressed.connect(self.progressed.emit)
        present.opened.connect(self._opened)
        present.moved.connect(self._moved)

    @property
    def present(self) -> Damage | None:
        """The damage under the present policy; None until it is complete."""
        return self._found.get(self.policy)

    @property
    def policy(self) -> int:
        """vm.memory_failure_early_kill as it is now."""
        return early_kill_of(self._controller.session.machine)

    @property
    def every(self) -> dict[int, Damage]:
        """Those of all policies; empty until all are complete."""
        return dict(self._found) if self._found.keys() >= set(POLICIES) else {}

    def want(self, who: str, on: bool, every: bool = False) -> None:
        """Note that a panel shows it (`on`), under the present policy or under `every` one; or not any more."""
        if on:
            self._wanted[who] = every
        else:
            self._wanted.pop(who, None)
        if not self._missing():
            self.slices.give_up()
        elif not self.slices.busy:
            self.slices.run(self._work, self._ended)

    def finish(self) -> None:
        """Complete what is wanted now."""
        self.slices.finish()

    def _missing(self) -> list[int]:
        """The policies that are wanted and not complete, the present one first."""
        if not self._wanted or self._controller.panicked:
            return []
        present = self.policy
        wanted = sorted(POLICIES, key=lambda early: early != present) if any(self._wanted.values()) else [present]
        return [early for early in wanted if early not in self._found]

    def _opened(self) -> None:
        self._drop(after_ms=0)

    def _moved(self, moved: Moved) -> None:
        panicked = self._controller.panicked
        if moved.tables - _NO_NEWS or len(moved.pfns) or panicked != self._was_panicked:
            self._was_panicked = panicked
            self._drop(after_ms=_REST_MS)

    def _drop(self, after_ms: int) -> None:
        self.slices.give_up()
        self._found.clear()
        self.changed.emit()
        if self._missing():
            self.slices.run(self._work, self._ended, after_ms)

    def _work(self) -> Work:
        missing = self._missing()
        for number, early in enumerate(missing):
            damage = Damage(self._controller.session.machine, early)
            for done in damage.work():
                yield (number + done) / len(missing)
            self._found[early] = damage

    def _ended(self, complete: bool) -> None:
        if complete:
            self.changed.emit()
