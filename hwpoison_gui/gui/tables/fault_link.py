"""Keeps the panel of a fault of DRAM up to date, and links it with the map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject

from hwpoison_gui.dram.errors import DramError
from hwpoison_gui.dram.fault import Fault, frames_of_fault, parse_fault
from hwpoison_gui.dram.geometry import Geometry
from hwpoison_gui.export.dram import run_name, runs_of
from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.damage import DamageControl
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.control.selection import NONE
from hwpoison_gui.gui.control.slices import BESIDE_SECONDS, Slices, Work
from hwpoison_gui.gui.look.dock import Dock
from hwpoison_gui.gui.look.enabling import PANICKED, enable
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.tables.expected_link import ExpectedLink
from hwpoison_gui.gui.tables.fault import MODES, FaultPanel
from hwpoison_gui.session.operation import Parts
from hwpoison_gui.view.base.naming import listed
from hwpoison_gui.view.damage.damage import Damage
from hwpoison_gui.view.damage.fault import FaultDamage, find_fault_damage
from hwpoison_gui.view.damage.per_frame import PerFrame, per_frame
from hwpoison_gui.view.rows.fault import (
    broken_frames,
    broken_notes,
    failing_frames,
    fault_notes,
    fault_rows,
    size_words,
)

_WHO: Final = "fault"
_MOST_RUNS: Final = 4
_NO_FAULT: Final = "No part of DRAM is chosen: select a frame, or name one above."


class FaultLink(QObject):
    """The part is that of the selected frame, until one is named.

    `find` sets the filter of the map; `ask` opens the dialog that breaks many frames, by their
    expression and number.
    """

    def __init__(
        self,
        panel: FaultPanel,
        dock: Dock,
        damage: DamageControl,
        controller: Controller,
        present: Present,
        frame_map: FrameMapWidget,
        find: Callable[[str], None],
        ask: Callable[[str, int], None],
    ) -> None:
        super().__init__(panel)
        self._panel, self._dock, self._damage, self._map = panel, dock, damage, frame_map
        self._controller, self._find, self._ask = controller, find, ask
        self._fault: Fault | None = None
        self._seen_frame = NONE  # the selected frame when the part was chosen
        self._damages: list[FaultDamage] = []
        self._foretold: tuple[Fault | None, list[FaultDamage]] = (None, [])  # when its frames could still fail
        self._counts: dict[int, tuple[Damage, PerFrame]] = {}  # keys: policies
        self._slices = Slices(self, BESIDE_SECONDS, lambda: not controller.busy)
        self._expected = ExpectedLink(panel.expected, dock, damage, controller, frame_map)
        panel.named.connect(self._named)
        panel.tools.expected.toggled.connect(self._show_expected)
        panel.tools.mode.activated.connect(lambda _: self._part_of_frame())
        panel.tools.finds.clicked.connect(lambda: self._find(panel.line.text()))
        panel.tools.breaks.clicked.connect(lambda: self._ask(panel.line.text(), len(self._frames())))
        damage.changed.connect(self._compute)
        dock.visibilityChanged.connect(self._seen)
        frame_map.dramGeometryChanged.connect(self._geometry_changed)
        feed = present.feed(panel)
        feed.looked.connect(self._looked)
        feed.moved.connect(lambda _: self._allow())
        present.opened.connect(self._opened)
        self._opened()

    @property
    def _geometry(self) -> Geometry:
        return self._map.dram_geometry()

    # -- which part

    def show_part(self, mode: str, pfn: int) -> None:
        """Show the part of a mode in which the first byte of a frame lies."""
        self._panel.tools.expected.setChecked(False)
        self._panel.tools.mode.setCurrentIndex(max(0, self._panel.tools.mode.findData(mode)))
        self._take(f"{mode}:of:{pfn:#x}")

    def _opened(self) -> None:
        self._fault, self._seen_frame = None, NONE
        self._foretold = None, []
        self._panel.line.clear()
        self._panel.table.set_rows([])
        self._panel.notes.clear()
        self._geometry_changed()

    def _geometry_changed(self) -> None:
        """Other parts exist, and the part that is named has other frames."""
        modes, chosen = self._panel.tools.mode, self._panel.tools.mode.currentData()
        modes.clear()
        for mode, name in MODES.items():
            if mode not in self._geometry.merged:
                modes.addItem(name, mode)
        modes.setCurrentIndex(max(0, modes.findData(chosen)))
        if self._fault is not None and self._seen_frame != NONE:
            self._part_of_frame()
        elif self._fault is not None:
            self._named(self._panel.line.text())
        else:
            self._looked()
        self._allow()

    def _looked(self) -> None:
        """Follow the selected frame."""
        pfn = self._controller.selection.frame
        if pfn != NONE and pfn != self._seen_frame:
            self._part_of_frame()

    def _part_of_frame(self) -> None:
        pfn = self._controller.selection.frame
        if pfn == NONE and self._fault is not None:
            pfn = int(self._frames()[0])
        if pfn != NONE:
            self._seen_frame = pfn
            self._take(f"{self._panel.tools.mode.currentData()}:of:{pfn:#x}")

    def _named(self, text: str) -> None:
        self._seen_frame = self._controller.selection.frame
        self._take(text.strip())

    def _take(self, text: str) -> None:
        try:
            fault = parse_fault(text, self._geometry, self._controller.session.machine.frames)
        except DramError as error:
            self._fault = None
            self._panel.say(str(error), is_wrong=True)
            self._panel.table.set_rows([])
            self._panel.notes.clear()
            self._allow()
            return
        self._fault = fault
        place = self._panel.tools.mode.findData(fault.mode)
        if place >= 0:
            self._panel.tools.mode.setCurrentIndex(place)
        self._panel.line.setText(fault.name(self._geometry))
        pfns = self._frames()
        shown = [run_name(*run) for run in runs_of(pfns)]
        by = "made up" if self._geometry.made_up else self._geometry.key or self._geometry.name
        self._panel.say(f"{size_words(len(pfns))}: {listed(shown, _MOST_RUNS)}; geometry {by}")
        self._allow()
        self._seen(self._dock.in_front)

    def _frames(self) -> npt.NDArray[np.int64]:
        assert self._fault is not None
        return frames_of_fault(self._geometry, self._fault, self._controller.session.machine.frames)

    def _allow(self) -> None:
        missing = "" if self._fault is not None else _NO_FAULT
        enable(self._panel.tools.finds, missing)
        enable(self._panel.tools.breaks, missing or (PANICKED if self._controller.panicked else ""))
        if self._fault is None and not self._panel.line.text():
            self._panel.say(_NO_FAULT)

    # -- its damage

    def _show_expected(self, on: bool) -> None:
        self._panel.show_expected(on)
        self._dock.set_subject("")
        self._seen(self._dock.in_front)

    def _seen(self, seen: bool) -> None:
        is_expected = self._panel.tools.expected.isChecked()
        self._expected.show(seen and is_expected)
        wanted = seen and not is_expected and self._fault is not None
        self._damage.want(_WHO, wanted, every=True)
        if wanted:
            self._compute()

    def _compute(self) -> None:
        if self._fault is None or not self._dock.in_front or self._panel.tools.expected.isChecked():
            self._slices.give_up()  # what it computes from may be dropped meanwhile
            return
        if not self._damage.every:
            self._slices.give_up()
            self._dock.set_subject("the machine has stopped" if self._controller.panicked else "being computed")
            return
        self._slices.run(self._computing, self._computed)

    def _computing(self) -> Work:
        damages, pfns, found = self._damage.every, self._frames(), []
        for early in sorted(damages):
            known = self._counts.get(early)
            if known is None or known[0] is not damages[early]:
                known = self._counts[early] = damages[early], per_frame(damages[early])
                yield
            found.append((yield from find_fault_damage(known[0], pfns, known[1])))
        self._damages = found

    def _computed(self, complete: bool) -> None:
        if not complete or self._fault is None:
            return
        m, shown = self._controller.session.machine, self._damages
        broken = broken_frames(shown[0])
        if failing_frames(shown[0]):
            self._foretold = self._fault, shown
        is_foretold = not failing_frames(shown[0]) and self._foretold[0] == self._fault
        if is_foretold:
            shown = self._foretold[1]
        notes = broken_notes(broken, is_foretold, self._happened() if broken else "")
        self._panel.table.set_rows(fault_rows(shown))
        self._panel.notes.setText("\n".join(notes + fault_notes(m, shown, self._fault.mode)))
        self._dock.set_subject(self._fault.name(self._geometry))

    def _happened(self) -> str:
        """Result of the newest operation that broke only frames of the part; empty if there is none."""
        from hwpoison_gui.view.outcome.many import said_of  # imported here to keep start-up fast
        from hwpoison_gui.view.outcome.summing import said_in_short, summary_at_hand

        session, pfns = self._controller.session, self._frames()
        for operation in reversed(session.operations):
            over = operation.last <= session.position and operation.name == "poison"
            if over and isinstance(operation.parts, Parts) and np.isin(operation.parts.pfns, pfns).all():
                summary = summary_at_hand(session, operation)
                return said_in_short(operation) if summary is None else said_of(summary)
        return ""
