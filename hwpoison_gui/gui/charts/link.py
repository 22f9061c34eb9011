"""Makes the chart that is asked for while the panel is seen, and links its values with the map and the timeline."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, floor
from typing import Final

from PySide6.QtCore import QObject, QPoint, QRect, QTimer

from hwpoison_gui.gui.charts.panel import WAITING, ChartsPanel
from hwpoison_gui.gui.charts.plot import KEYS, NOWHERE
from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.damage import DamageControl
from hwpoison_gui.gui.control.notifier import Moved
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.control.recorded import NONE_OPEN, Recorded
from hwpoison_gui.gui.control.selection import NONE
from hwpoison_gui.gui.control.slices import BESIDE_SECONDS, Slices, Work
from hwpoison_gui.gui.look.dock import Dock
from hwpoison_gui.gui.map.filter_control import FilterControl
from hwpoison_gui.gui.map.lens_control import LensControl
from hwpoison_gui.gui.widgets.local_keys import MOVES, PAGES, LocalKeys
from hwpoison_gui.view.base.kinds import HOLE, KINDS, kind_of
from hwpoison_gui.view.charts import catalogue as of
from hwpoison_gui.view.charts.catalogue import CHARTS, Declared, Sources
from hwpoison_gui.view.charts.chart import Bars, Chart, Curves
from hwpoison_gui.view.charts.walk_cost import class_of
from hwpoison_gui.view.damage.group_of import group_of
from hwpoison_gui.view.filter.terms import quoted
from hwpoison_gui.view.map.lens_sheets import SnapshotSheet
from hwpoison_gui.view.map.lenses import NO_SNAPSHOT, OUTCOME, SNAPSHOT
from hwpoison_gui.view.map.snapshots import Changes

_WHO: Final = "charts"
_REST_MS: Final = 150  # after the machine has moved: steps follow each other quickly
_STOPPED: Final = "The machine has stopped: nothing more happens to it."
_NO_STEPS: Final = "There are no steps yet: click a frame."
_NO_FILTER: Final = (
    "Nothing is looked for: Ctrl+F finds the frames of a fault of DRAM, as row:of:0x2416, of a process or of a kind."
)
_OF_SNAPSHOTS: Final = "changed"  # the chart that a comparison begins with
_COMPARING: Final = "comparing …"
_SHARE: Final = 0.8  # share of the main window that a window of the chart takes
_READABLE: Final = 240  # height of the panel, at 100 % text, in which a chart can be read


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
        recorded: Recorded,
        lenses: LensControl,
        find: Callable[[str], None],
    ) -> None:
        super().__init__(panel)
        self._panel, self._dock, self._damage, self._recorded = panel, dock, damage, recorded
        self._controller, self._filter, self._lenses, self._find = controller, filters, lenses, find
        self._slices = Slices(self, BESIDE_SECONDS, lambda: not controller.busy)
        self._made: Chart | None = None
        self._missing_of: dict[str, Callable[[], str]] = {
            of.DAMAGE: self._damage_missing,
            of.MACHINE: str,
            of.TIMELINE: lambda: "" if len(controller.session.steps) else _NO_STEPS,
            of.FOUND: lambda: "" if filters.count is not None else _NO_FILTER,
            of.RECORDS: lambda: "" if recorded.history is not None else NONE_OPEN,
            of.CHANGES: self._changes_missing,
        }
        self._choose: dict[str, Callable[[int], None]] = {
            of.FIND: self._find_value,
            of.RANGE: self._find_value,
            of.SEEK: lambda place: controller.seek(int(panel.curves.value_of(place)[1])),
            of.RECORD: self._choose_record,
            of.SELECT: self._select_first,
        }
        self._is_chosen = False  # whether the user has chosen a chart
        self._connect_panel(panel)
        self._connect_dock(dock, panel)
        damage.changed.connect(lambda: self._changed(of.DAMAGE))
        for found in (filters.found, filters.failed):
            found.connect(lambda _: self._filter_changed())
        recorded.changed.connect(lambda: self._changed(of.RECORDS))
        lenses.sheetsChanged.connect(lambda: self._changed(of.CHANGES))
        recorded.moved.connect(self._show_position)
        recorded.moved.connect(self._show_present)
        self._slices.progressed.connect(self._show_progress)
        present.opened.connect(lambda: self._seen(dock.in_front))
        feed = present.feed(panel)
        feed.moved.connect(self._moved)
        feed.looked.connect(self._follow)
        self._seen(dock.in_front)

    def _connect_panel(self, panel: ChartsPanel) -> None:
        panel.chartWanted.connect(self._chart_chosen)
        panel.ownWindowWanted.connect(self._own_window)
        for plot in panel.plots:
            plot.chosen.connect(lambda place: self._choose[self._declared.leads](place))
            LocalKeys(plot, *MOVES, *PAGES, *KEYS)
        LocalKeys(panel.table, *MOVES, *PAGES)
        panel.curves.rangeChosen.connect(self._find_range)
        panel.curves.playheadMoved.connect(self._playhead_moved)

    def _connect_dock(self, dock: Dock, panel: ChartsPanel) -> None:
        dock.readable = _READABLE
        dock.add_tool(panel.tools)
        dock.visibilityChanged.connect(self._seen)
        dock.topLevelChanged.connect(panel.tools.own_window.setChecked)

    @property
    def _declared(self) -> Declared:
        """The chart that is asked for."""
        return CHARTS[self._panel.wanted]

    # -- when

    def _chart_chosen(self) -> None:
        self._is_chosen = True
        self._seen(True)

    def _seen(self, seen: bool) -> None:
        if seen and not self._is_chosen:
            key = _OF_SNAPSHOTS if self._lenses.other_snapshot is not None else next(iter(CHARTS))
            self._panel.which.setCurrentIndex(self._panel.which.findData(key))
        self._damage.want(_WHO, seen and self._declared.of == of.DAMAGE, every=True)
        self._lenses.need(SNAPSHOT.sheet, seen and self._declared.of == of.CHANGES, _WHO)
        if seen:
            QTimer.singleShot(0, self, self._dock.ask_for_room)  # later, for Qt is placing panels now
            self._make()

    def _changed(self, what: str) -> None:
        """Make the chart again if it is made of what has changed."""
        if self._declared.of != what:
            return
        if self._dock.in_front:
            self._make()
        else:
            self._slices.give_up()

    def _filter_changed(self) -> None:
        self._changed(of.FOUND)
        self._show_region()

    def _moved(self, moved: Moved) -> None:
        if self._declared.of == of.MACHINE or (self._declared.of == of.TIMELINE and moved.acted):
            self._make(after_ms=_REST_MS)
        self._show_position()

    def _make(self, after_ms: int | None = None) -> None:
        why = self._missing_of[self._declared.of]()
        if why:
            self._slices.give_up()
            self._panel.show_reason(why)
            return
        self._slices.run(self._making, self._show, after_ms)

    def _damage_missing(self) -> str:
        if self._damage.every:
            return ""
        return _STOPPED if self._controller.panicked else WAITING

    @property
    def _changes(self) -> Changes | None:
        """Changes between the machine and the snapshot that it is compared with; None while not known."""
        sheet = self._lenses.current_sheet(SNAPSHOT.sheet)
        return sheet.changes if isinstance(sheet, SnapshotSheet) else None

    def _changes_missing(self) -> str:
        if self._lenses.other_snapshot is None:
            return NO_SNAPSHOT
        return "" if self._changes is not None else _COMPARING

    def _making(self) -> Work:
        session, filters = self._controller.session, self._filter
        found = (filters.text, filters.found_frames) if self._declared.of == of.FOUND else None
        sources = Sources(session, self._damage.every, found, self._recorded.history, self._changes)
        self._made = yield from self._declared.make(sources)

    def _show_progress(self, done: object) -> None:
        if isinstance(done, float) and not self._panel.is_current:
            self._panel.show_reason(f"{WAITING}: {done:.0%}")

    def _show(self, complete: bool) -> None:
        if complete and self._made is not None:
            self._panel.set_chart(self._made)
            self._show_position()
            self._show_region()
            self._show_present()

    def _own_window(self) -> None:
        """Take the panel out of the main window, or put it back."""
        alone, window = not self._dock.isFloating(), self._dock.window().geometry()
        self._dock.setFloating(alone)
        if alone:
            size = window.size() * _SHARE
            self._dock.setGeometry(QRect(window.center() - QRect(QPoint(), size).center(), size))
        self._panel.setFocus()

    # -- to the map and the timeline

    def _find_value(self, place: int) -> None:
        """Write the filter that finds the frames of a value; a second time clears it."""
        chart = self._panel.chart
        text = self._bar(chart, place) if isinstance(chart, Bars) else self._point(place)
        if text:
            self._find("" if text == self._filter.text else text)

    def _bar(self, chart: Bars, place: int) -> str:
        """The filter of a part of a bar; without its outcome where the map shows another policy."""
        bars = self._panel.bars
        group, (stack, part) = bars.group_of(place), bars.part_of(place)
        if chart.finds:
            return chart.finds.get((group, stack, part), "")
        term = chart.terms[group]
        if not term:
            return ""
        words = [f"{term[0]}:{quoted(term[1])}"]
        lens, _, key = chart.parts[part].key.partition(":")
        if lens == OUTCOME.key and stack == self._damage.policy:
            words.append(self._filter.expression_of(OUTCOME, next(one.id for one in OUTCOME.classes if one.key == key)))
        return " ".join(words)

    def _point(self, place: int) -> str:
        chart, curves = self._panel.chart, self._panel.curves
        key = curves.key_of(place)
        if isinstance(key, str):
            return key
        assert isinstance(chart, Curves)
        return f"{chart.quantity}={curves.value_of(place)[1]:.0f}" if chart.quantity else ""

    def _find_range(self, low: float, high: float) -> None:
        chart = self._panel.chart
        if isinstance(chart, Curves) and chart.quantity and high >= 1:
            x = chart.curves[0].x
            most = int(x.max()) if len(x) else 1
            least, most = min(max(1, ceil(low)), most), min(floor(high), most)
            self._find(f"{chart.quantity}>={least} {chart.quantity}<={most}")

    def _choose_record(self, place: int) -> None:
        key = self._panel.curves.key_of(place)
        if isinstance(key, int):
            self._recorded.choose(key)

    def _select_first(self, place: int) -> None:
        """Select the first frame of a bin; of records, choose it."""
        pfn, record = self._panel.places.first_of(place)
        if record is not None:
            self._recorded.choose(record)
        self._controller.selection.select(pfn)

    def _playhead_moved(self, at: float) -> None:
        """Go to the timeline position, or to the record nearest in time."""
        if self._declared.leads == of.SEEK:
            self._controller.seek(round(at))
            self._show_position()
            self._panel.curves.follow_playhead()  # else it would name what the mouse passed on the way
        elif self._declared.leads == of.RECORD and self._recorded.history is not None:
            times = [(abs(one.time - at), number) for number, one in enumerate(self._recorded.history.records)
                     if one.time is not None]  # fmt: skip
            if times:
                self._recorded.choose(min(times)[1])
            self._show_position()

    # -- and back

    def _show_position(self) -> None:
        """Put the playhead where the timeline is, or the chosen record."""
        if self._declared.leads == of.SEEK:
            curves = self._panel.curves
            curves.set_position(float(self._controller.session.position))
            if curves.cursor != NOWHERE and self._panel.is_current:
                curves.follow_playhead()
        elif self._declared.leads == of.RECORD:
            record = self._recorded.record
            self._panel.curves.set_position(record.time if record is not None else None)

    def _show_region(self) -> None:
        """Put the region over the values that the filter finds; over all while it finds something else."""
        chart = self._panel.chart
        if isinstance(chart, Curves) and chart.quantity:
            self._panel.curves.show_range(*(self._filter.interval_of(chart.quantity) or (None, None)))

    def _follow(self) -> None:
        """Mark what is selected now, and scroll to it; a chart that is new begins with its first bars."""
        self._show_present()
        if self._dock.in_front:
            self._panel.bars.reveal_cursor()

    def _show_present(self) -> None:
        """Mark the value of the selected frame or the chosen record; not while keys are at work in the chart."""
        panel, pfn, declared = self._panel, self._controller.selection.frame, self._declared
        if panel.chart is None or panel.plot.hasFocus():
            return
        if declared.leads == of.RECORD:
            place = panel.curves.place_of(self._recorded.at)
            if place != panel.curves.cursor:
                panel.curves.set_cursor(place)
        elif pfn != NONE and pfn < self._controller.session.machine.frames:
            self._show_frame(pfn)

    def _show_frame(self, pfn: int) -> None:
        chart, panel, m = self._panel.chart, self._panel, self._controller.session.machine
        if self._declared.leads == of.SELECT:
            panel.places.show_frame(pfn)
        elif self._declared.of == of.DAMAGE and self._damage.present is not None:
            by, task = panel.wanted, self._controller.selection.task
            panel.bars.show_group(group_of(self._damage.present, by, pfn, task))
        elif self._declared.of == of.CHANGES and self._lenses.other_snapshot is not None:
            words = self._lenses.other_snapshot.words
            now = kind_of(int(words[pfn])) if pfn < len(words) else HOLE
            panel.bars.show_part(KINDS[kind_of(m.page(pfn))].name, KINDS[now].name)
        elif isinstance(chart, Curves) and chart.quantity:
            column = m.mapcount.view if chart.quantity == "mapcount" else m.refcount.view
            panel.curves.show_x(float(column[pfn]))
        elif isinstance(chart, Curves) and self._declared.of == of.MACHINE:
            place = panel.curves.place_of(chart.finds.get(class_of(m, pfn), ""))
            if place not in (NOWHERE, panel.curves.cursor):
                panel.curves.set_cursor(place)
