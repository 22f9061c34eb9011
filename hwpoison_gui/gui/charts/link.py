"""Makes the chart that is asked for while the panel is seen, and links its values with the map and the timeline."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, floor
from typing import Final

from PySide6.QtCore import QObject

from hwpoison_gui.gui.charts.panel import CHARTS, DAMAGE, FRAMES, TIMELINE, WAITING, ChartsPanel
from hwpoison_gui.gui.charts.plot import Plot
from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.damage import DamageControl
from hwpoison_gui.gui.control.notifier import Moved
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.control.selection import NONE
from hwpoison_gui.gui.control.slices import Slices, Work
from hwpoison_gui.gui.look.dock import Dock
from hwpoison_gui.gui.map.filter_control import FilterControl
from hwpoison_gui.gui.widgets.local_keys import MOVES, PAGES, LocalKeys
from hwpoison_gui.view.base.kinds import KINDS, kind_of
from hwpoison_gui.view.charts.chart import Bars, Chart, Curves
from hwpoison_gui.view.charts.damage import damage_bars
from hwpoison_gui.view.charts.distribution import distribution
from hwpoison_gui.view.charts.timeline import timeline_curves
from hwpoison_gui.view.damage.tables import find_tables
from hwpoison_gui.view.filter.terms import quoted
from hwpoison_gui.view.map.lenses import OUTCOME

_WHO: Final = "charts"
_SLICE: Final = 0.008
_STOPPED: Final = "The machine has stopped: nothing more happens to it."
_NO_STEPS: Final = "There are no steps yet: click a frame."


class ChartsLink(QObject):
    """Charts of damage are made of the damages that all panels share."""

    def __init__(
        self,
        panel: ChartsPanel,
        dock: Dock,
        damage: DamageControl,
        controller: Controller,
        present: Present,
        filters: FilterControl,
        find: Callable[[str], None],
    ) -> None:
        super().__init__(panel)
        self._panel, self._dock, self._damage = panel, dock, damage
        self._controller, self._filter, self._find = controller, filters, find
        self._slices = Slices(self, _SLICE, lambda: not controller.busy)
        self._made: Chart | None = None
        panel.chartWanted.connect(lambda _: self._seen(True))
        panel.bars.chosen.connect(self._find_bar)
        panel.curves.chosen.connect(self._go_to_point)
        panel.curves.rangeChosen.connect(self._find_range)
        panel.curves.playheadMoved.connect(controller.seek)
        damage.changed.connect(self._damage_changed)
        dock.visibilityChanged.connect(self._seen)
        present.opened.connect(lambda: self._seen(dock.in_front))
        feed = present.feed(panel)
        feed.moved.connect(self._moved)
        feed.looked.connect(self._show_selected)
        for plot in panel.plots:
            LocalKeys(plot, *MOVES, *PAGES)
        LocalKeys(panel.table, *MOVES, *PAGES)
        self._seen(dock.in_front)

    @property
    def _of(self) -> str:
        """What the chart that is asked for is made of."""
        return CHARTS[self._panel.wanted].of

    def _seen(self, seen: bool) -> None:
        self._damage.want(_WHO, seen and self._of == DAMAGE, every=True)
        if seen:
            self._make()

    def _damage_changed(self) -> None:
        if self._of != DAMAGE:
            return
        if self._dock.in_front:
            self._make()
        else:
            self._slices.give_up()

    def _moved(self, moved: Moved) -> None:
        if self._of == FRAMES or (self._of == TIMELINE and moved.acted):
            self._make()
        self._panel.curves.set_position(self._controller.session.position)

    def _make(self) -> None:
        why = self._missing()
        if why:
            self._slices.give_up()
            self._panel.show_reason(why)
            return
        self._slices.run(self._making, self._show)

    def _missing(self) -> str:
        if self._of == TIMELINE:
            return "" if len(self._controller.session.steps) else _NO_STEPS
        if self._of == FRAMES or self._damage.every:
            return ""
        return _STOPPED if self._controller.panicked else WAITING

    def _making(self) -> Work:
        wanted, session = self._panel.wanted, self._controller.session
        if self._of == TIMELINE:
            self._made = timeline_curves(session)
        elif self._of == FRAMES:
            self._made = distribution(session.machine, wanted)
        else:
            self._made = damage_bars((yield from find_tables(self._damage.every, wanted)))
        yield

    def _show(self, complete: bool) -> None:
        if complete and self._made is not None:
            self._panel.set_chart(self._made)
            self._dock.set_subject(self._made.note)
            self._panel.curves.set_position(self._controller.session.position)
            self._show_selected()

    # -- to the map and the timeline, and back

    def _find_bar(self, place: int) -> None:
        """Writes the filter that finds the frames of a part of a bar; a second time clears it."""
        chart, bars = self._panel.chart, self._panel.bars
        if not isinstance(chart, Bars):
            return
        term, (stack, part) = chart.terms[bars.group_of(place)], bars.part_of(place)
        if not term:
            return
        words = [f"{term[0]}:{quoted(term[1])}"]
        if stack == self._damage.policy:
            code = next(one.id for one in OUTCOME.classes if one.key == chart.parts[part].key)
            words.append(self._filter.expression_of(OUTCOME, code))
        text = " ".join(words)
        self._find("" if text == self._filter.text else text)

    def _find_range(self, low: float, high: float) -> None:
        chart = self._panel.chart
        if isinstance(chart, Curves) and chart.quantity and high >= 1:
            self._find(f"{chart.quantity}>={max(1, ceil(low))} {chart.quantity}<={floor(high)}")

    def _go_to_point(self, place: int) -> None:
        """Goes to the timeline position of a point; of a distribution, finds the frames of its value."""
        chart = self._panel.chart
        if not isinstance(chart, Curves):
            return
        _, x, _ = self._panel.curves.value_of(place)
        if chart.playhead:
            self._controller.seek(int(x))
        elif chart.quantity:
            text = f"{chart.quantity}={x:.0f}"
            self._find("" if text == self._filter.text else text)

    def _show_selected(self) -> None:
        """Marks the bar of the selected frame's kind."""
        pfn = self._controller.selection.frame
        if pfn != NONE and self._panel.wanted == "kind" and not self._has_focus(self._panel.bars):
            kind = KINDS[kind_of(self._controller.session.machine.page(pfn))]
            self._panel.bars.show_group(kind.name)

    @staticmethod
    def _has_focus(plot: Plot) -> bool:
        return bool(plot.hasFocus())
