"""Builds both sides of a comparison in a thread, with progress and cancellation."""

from __future__ import annotations

import threading
from typing import NamedTuple

from PySide6.QtCore import QObject, QThread, Signal

from hwpoison_gui.session import compare
from hwpoison_gui.session.compare import Recipe, Settings, Side, StoppedError, Tick
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.sources.errors import SourceError
from hwpoison_gui.view.facts.compare import Row, rows_of


class Compared(NamedTuple):
    """Both sides after their click, the ticks by which they are walked together, and all facts compared."""

    left: Side
    right: Side
    ticks: list[Tick]
    rows: list[Row]


class Builder(QThread):
    """Builds both sides; a previous side is reused where only its sysctls change."""

    progressed = Signal(float, str)
    built = Signal(object)
    refused = Signal(str)

    def __init__(
        self,
        recipe: Recipe,
        wanted: tuple[Settings, Settings],
        old: tuple[Side | None, Side | None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._recipe, self._wanted, self._old = recipe, wanted, old
        self._stopped = threading.Event()

    def cancel(self) -> None:
        """Requests cancellation; the thread ends at its next check."""
        self._stopped.set()

    def run(self) -> None:
        try:
            left, right = (self._side(number) for number in range(2))
            self.progressed.emit(1.0, "comparing")
            compared = Compared(left, right, compare.ticks_of(left, right), rows_of(left, right))
        except StoppedError:
            return
        except (ScenarioError, SourceError) as error:
            self.refused.emit(str(error))
        except OSError as error:
            self.refused.emit(f"{error.filename or ''}: {error.strerror or error}".lstrip(": "))
        else:
            if not self._stopped.is_set():
                self.built.emit(compared)

    def _side(self, number: int) -> Side:
        old, wanted = self._old[number], self._wanted[number]
        if old is not None and old.settings == wanted:
            old.session.seek(len(old.session.steps))
            return old
        if old is not None and old.settings.profile == wanted.profile:
            compare.again(old, self._recipe, wanted, self._stopped.is_set)
            return old

        def progress(share: float, doing: str) -> None:
            self.progressed.emit((number + share) / 2.1, doing)

        return compare.build(self._recipe, wanted, progress, self._stopped.is_set)
