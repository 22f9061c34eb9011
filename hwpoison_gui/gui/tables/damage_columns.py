"""Columns with the predicted outcome of errors, for the tables of tasks, files and pages."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Qt

from hwpoison_gui.gui.control.damage import DamageControl
from hwpoison_gui.gui.tables.docks import Tables
from hwpoison_gui.gui.tables.link import TablesLink
from hwpoison_gui.gui.tables.task_model import COLUMNS
from hwpoison_gui.gui.tables.tasks import TaskTable
from hwpoison_gui.view.damage.damage import Damage
from hwpoison_gui.view.damage.per_frame import PerFrame, per_frame
from hwpoison_gui.view.damage.worst import tolls_of_files, tolls_of_processes
from hwpoison_gui.view.rows.files import FILE_DAMAGE_COLUMNS

I64 = npt.NDArray[np.int64]

_WHO = "tables"


class DamageColumns(QObject):
    """The columns are shown while they are on; while the damage is being computed they are empty."""

    def __init__(self, damage: DamageControl, tasks: TaskTable, tables: Tables, link: TablesLink) -> None:
        super().__init__(damage)
        self._damage, self._tasks, self._tables, self._link = damage, tasks, tables, link
        self._on = self._sorts = False
        damage.changed.connect(self._show)

    def set_on(self, on: bool) -> None:
        """Show the columns, sorted by them with the worst first; or remove them."""
        if on != self._on:
            self._on = self._sorts = on
            self._damage.want(_WHO, on)
            self._show()

    def _show(self) -> None:
        damage = self._damage.present if self._on else None
        if damage is None:
            self._tasks.show_tolls(self._on, {})
            self._link.show_damage(self._on, {}, None)
            return
        counts = per_frame(damage)
        tolls = tolls_of_processes(damage)
        files = {toll.inode: toll for toll in tolls_of_files(damage, counts) if toll is not None}
        self._tasks.show_tolls(True, {toll.tgid: toll for toll in tolls})
        self._link.show_damage(True, files, partial(_ahead, damage, counts))
        if self._sorts:
            self._sorts = False
            late = sum(toll.late for toll in tolls) > sum(toll.now for toll in tolls)
            self._tasks.sortByColumn(len(COLUMNS) + late, Qt.SortOrder.DescendingOrder)
            late = sum(toll.late for toll in files.values()) > sum(toll.now for toll in files.values())
            column = [one.field for one in FILE_DAMAGE_COLUMNS].index("late" if late else "now")
            self._tables.files.sortByColumn(column, Qt.SortOrder.DescendingOrder)


def _ahead(damage: Damage, counts: PerFrame, pfns: I64) -> tuple[I64, I64]:
    """For an error in each frame: the number of processes signalled, and of bytes lost."""
    return counts.of(counts.signalled, pfns), damage.lost[damage.assessment.class_of[pfns]]
