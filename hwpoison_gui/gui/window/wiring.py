"""The one place where the session's notices meet the widgets, and what widgets want meets the commands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt

from hwpoison_gui.gui.control.controller import NONE, Moved
from hwpoison_gui.gui.control.hover import HoverText
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.widgets.local_keys import LocalKeys
from hwpoison_gui.gui.widgets.progress_line import ProgressLine
from hwpoison_gui.session.timeline import Step
from hwpoison_gui.view.base.kinds import KINDS, kind_of
from hwpoison_gui.view.base.moment import moment_of, title_of
from hwpoison_gui.view.facts.counters import counters_of
from hwpoison_gui.view.facts.frame_facts import MOST_PTES, facts_of
from hwpoison_gui.view.facts.groundwork import Groundwork
from hwpoison_gui.view.facts.sentence import sentence_of
from hwpoison_gui.view.filter.suggestions import words_for
from hwpoison_gui.view.map.highlights import colours_of, highlights_of
from hwpoison_gui.view.map.lenses import Lens
from hwpoison_gui.view.map.zones import starts_of
from hwpoison_gui.view.outcome.loss import ending_of, loss_of, note_beginning
from hwpoison_gui.view.rmap.graph import ReverseMap
from hwpoison_gui.view.rows.log import log_lines, newest_lines, step_of_line
from hwpoison_gui.view.walk.cost import walk_cost

if TYPE_CHECKING:
    from hwpoison_gui.gui.window.main_window import MainWindow

Key = Qt.Key
_MOVES: Final = (Key.Key_Left, Key.Key_Right, Key.Key_Up, Key.Key_Down)
_PAGES: Final = (Key.Key_PageUp, Key.Key_PageDown, Key.Key_Home, Key.Key_End)
_TASK_TABLES: Final = frozenset({"processes", "tasks", "pending_signals", "rss", "counters"})


class Wiring(QObject):
    """Connects one window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._w = window
        self._ground = Groundwork()
        self._colours: dict[int, int] = {}
        self._used: dict[int, str] = {}  # the same in the colours of the theme
        self._graph: ReverseMap | None = None
        self._hover = HoverText(lambda: window.map.view.describe(window.map.view.item.described), self)
        self._chosen = HoverText(self._show_sentence, self)
        self.progress = ProgressLine(window.sentence)
        self._connect_model()
        self._connect_widgets()
        self._keep_keys()
        self._layout_changed()

    def _connect_model(self) -> None:
        c, w = self._w.controller, self._w
        c.opened.connect(self.show_machine)
        c.moved.connect(self._moved)
        c.prepare = lambda far: self._ground.prepare(c.session, c.selected, far)
        c.pointed.connect(lambda: w.map.select(c.selected, reveal=False))
        c.viewChanged.connect(self._view_changed)
        c.failed.connect(w.dialogs.show_error)
        c.work.busyChanged.connect(self._busy_changed)
        c.work.progressed.connect(self.progress.say)
        self.progress.cancelled.connect(c.work.give_up)
        c.playback.phaseChanged.connect(self._phase)
        c.playback.playingChanged.connect(self._playing_changed)
        c.playback.speedChanged.connect(self._speed_changed)

    def _connect_widgets(self) -> None:
        c, w = self._w.controller, self._w
        w.map.fired.connect(self._fire)
        w.map.selected.connect(c.select)
        w.map.contextMenuRequested.connect(w.menus.show_frame_menu)
        w.map.countsChanged.connect(self._show_counts)
        w.map.layoutChanged.connect(self._layout_changed)
        w.looks.waysChanged.connect(w.actions_.refresh)
        w.lens_bar.lensWanted.connect(w.lenses.choose)
        w.lenses.lensChanged.connect(self._lens_changed)
        w.lenses.progress.connect(lambda done: w.lens_bar.set_progress(w.lenses.wanted, done))
        w.finder.words.suggest = lambda typed: words_for(c.session.machine, typed)
        w.finder.textWanted.connect(w.filter.set_text)
        w.finder.stepWanted.connect(w.filter.step)
        w.finder.closed.connect(w.map.setFocus)
        w.filter.found.connect(self._found)
        w.filter.failed.connect(w.finder.show_error)
        w.legend.classClicked.connect(self._find_class)
        for name, slider in w.sliders.items():
            slider.valueWanted.connect(lambda value, name=name: c.set_sysctl(name, value))
        w.transport.timeline.seekRequested.connect(c.seek)
        w.tasks.taskSelected.connect(c.select_task)
        w.tasks.menuRequested.connect(w.menus.show_task_menu)
        w.tasks.edited.connect(self.task_edited)
        w.log.lineActivated.connect(self._go_to_line)
        w.inspector.taskWanted.connect(c.select_task)
        w.docks["frame"].visibilityChanged.connect(lambda seen: w.inspector.answer() if seen else None)
        w.rmap.taskClicked.connect(c.select_task)
        w.why.seekRequested.connect(c.seek)
        w.states.seekRequested.connect(c.seek)

    def _keep_keys(self) -> None:
        w = self._w
        LocalKeys(w.map.view, *_MOVES)
        for widget in (w.tasks, w.log, w.inspector, w.rmap, w.why, w.states.view):
            LocalKeys(widget, *_MOVES, *_PAGES)
        LocalKeys(w.rmap, Key.Key_Space)
        LocalKeys(w.why, Key.Key_Plus, Key.Key_Minus)
        for slider in w.sliders.values():
            LocalKeys(slider, Key.Key_Space, Key.Key_0, Key.Key_1, *_MOVES)

    # -- wishes

    def _fire(self, pfn: int) -> None:
        c = self._w.controller
        if not c.panicked:
            c.fire(pfn)

    def task_edited(self, field: str, task: str, word: str) -> None:
        """The user chose another policy or disposition for a task."""
        c = self._w.controller
        if field == "policy":
            c.set_policy(task, word)
        else:
            c.set_sigbus(task, word)

    def _go_to_line(self, line: int) -> None:
        position = step_of_line(self._w.controller.session, line)
        if position is not None:
            self._w.show_moment(position)

    # -- notices

    def show_machine(self) -> None:
        """Another machine: everything is shown anew."""
        w, c = self._w, self._w.controller
        m = c.session.machine
        self._ground.clear()
        w.legend.forget()
        w.map.set_source(m.flags.view, m.refcount.view, m.mapcount.view, starts_of(m.zones), c.machine.plane)
        w.lenses.machine_changed()
        self._lens_changed(w.lenses.lens)
        w.filter.machine_changed()
        for told in (self._hover, self._chosen):
            told.set_session(c.session)
        w.map.set_summary(self._hover.text)
        w.transport.timeline.set_steps(c.session)
        note = "What is clicked here is simulated on the copy: nothing here touches the real one."
        w.copy.show_words("A copy of this machine’s memory" if c.machine.is_copy else "", note)
        self.show_profile()
        self._show_task_rows()
        self._show_moment()
        self._view_changed()
        self._speed_changed()

    def _moved(self, moved: Moved) -> None:
        w, c = self._w, self._w.controller
        w.map.frames_changed(moved.pfns)
        w.lenses.moved(moved)
        w.filter.moved(moved)
        if moved.acted:
            w.transport.timeline.set_steps(c.session)
        if moved.tables & _TASK_TABLES:
            self._show_task_rows(moved.steps)
        self._show_moment()
        self._show_frame(stepping=not moved.acted)

    def _busy_changed(self, busy: bool) -> None:
        """Nothing that acts can be done meanwhile."""
        self.progress.set_busy(busy)
        self._w.actions_.refresh()

    def _show_moment(self) -> None:
        """What follows the position on the timeline."""
        w, c = self._w, self._w.controller
        session = c.session
        self._show_sentence()
        w.transport.timeline.set_position(session.position)
        w.log.set_lines(log_lines(session), newest_lines(session))
        w.counters.set_counters(counters_of(session))
        for name, slider in w.sliders.items():
            slider.set_value(session.machine.sysctl.view.get(name))
            slider.setEnabled(not c.panicked)
        panic = next((line for line in reversed(log_lines(session)) if "panic" in line), "") if c.panicked else ""
        w.panic.show_line(panic)
        self._show_walk()
        self._show_highlights()
        self._show_why()
        w.actions_.refresh()
        file = c.machine.file.rpartition("/")[2]
        w.setWindowTitle(f"{file + ': ' if file else ''}{c.machine.title} – hwpoison-gui")

    def _show_sentence(self) -> None:
        w, c = self._w, self._w.controller
        selected = self._chosen.text(c.selected) if c.selected != NONE and not c.session.steps else ""
        sentence = sentence_of(c.session, selected)
        w.sentence.set_sentence(sentence)
        w.transport.where.setText(sentence.where)

    def show_profile(self) -> None:
        """Which kernel runs: the menu must not show one that was only asked for."""
        profile = self._w.controller.session.machine.profile
        self._w.profile.set_profile(profile)
        self._w.actions_.check(f"profile-{profile.name}")

    def _show_task_rows(self, steps: Sequence[Step] | None = None) -> None:
        """`steps`: the few that have been walked since the last time."""
        w, c = self._w, self._w.controller
        rows = self._ground.rows_of(c.session, steps)
        w.tasks.set_rows(rows, c.panicked)
        w.tasks.show_selected(c.selected_task)
        alive = sum(row.alive for row in rows)
        dead = len(rows) - alive
        w.docks["tasks"].set_subject(f"{alive} running" + (f", {dead} ended" if dead else ""))

    def _show_counts(self) -> None:
        plane = self._w.map.plane
        if plane is not None:
            legend = self._w.legend
            if plane.lens is not legend.lens:
                legend.set_lens(plane.lens)
            legend.set_counts(plane.class_counts().tolist())

    def _found(self, frames: int | None) -> None:
        self._w.finder.show_found(frames)
        self._w.actions_.refresh()

    def _find_class(self, code: int) -> None:
        """A click on the legend looks for that class, or for nothing when it is being looked for."""
        w = self._w
        text = w.filter.expression_of(w.lenses.lens, code)
        if text and text == w.filter.text:
            w.finder.close_search()
        elif text:
            w.finder.show()
            w.finder.set_text(text)

    def _layout_changed(self) -> None:
        actions, width, own = self._w.actions_, self._w.map.row_width, self._w.layouts.is_own
        actions.check(f"layout-{self._w.map.layout_name}")
        actions.check("width-own" if own else f"width-{width or 'fit'}")
        actions["width-own"].setText(f"&Other… ({width:,})" if own else "&Other…")

    def _lens_changed(self, lens: Lens) -> None:
        self._w.lens_bar.set_current(lens.key)
        self._w.actions_.check(f"lens-{lens.key}")

    def _view_changed(self) -> None:
        """Another frame or task is looked at."""
        w, c = self._w, self._w.controller
        w.map.select(c.selected, reveal=False)
        w.tasks.show_selected(c.selected_task)
        w.log.show_frame(c.selected)
        self._show_walk()
        self._show_why()
        self._show_highlights()
        self._show_frame()
        self._show_sentence()
        w.actions_.refresh()

    def _show_highlights(self) -> None:
        c = self._w.controller
        self._w.map.set_highlights(highlights_of(c.session, c.selected_task, self._colours))

    def _show_frame(self, stepping: bool = False) -> None:
        w, c = self._w, self._w.controller
        if c.selected == NONE:
            w.inspector.set_facts(None)
            w.docks["frame"].set_subject("")
            return
        m, pfn, graph = c.session.machine, c.selected, self._graph
        w.docks["frame"].set_subject(f"{pfn:#x}  {KINDS[kind_of(m.page(pfn))].name}")
        users = graph.mappers if graph is not None and graph.pfn == pfn else None
        many = users is not None and len(users) > MOST_PTES
        if many or stepping:
            w.inspector.show_when_seen(lambda: facts_of(c.session, pfn, c.machine.notes, users if many else None))
        else:
            w.inspector.set_facts(facts_of(c.session, pfn, c.machine.notes))

    def _show_walk(self) -> None:
        """The reverse map of the operation's frame, or of the selected one when nothing goes on."""
        w, c = self._w, self._w.controller
        session = c.session
        graph = self._ground.walks.map_for(session, c.selected)
        if graph is not self._graph:
            self._colours = colours_of(mapper.tgid for mapper in graph.mappers) if graph is not None else {}
            self._used = {tgid: w.theme.task(number) for tgid, number in self._colours.items()}
        self._graph = graph
        if graph is None:
            w.rmap.set_walk(None, None, {}, c.selected_task)
            w.docks["rmap"].set_subject("")
            w.tasks.set_colours({})
            return
        state = self._ground.walks.state_of(session, graph)
        w.rmap.set_walk(graph, state, self._used, c.selected_task)
        w.tasks.set_colours(self._used, state.ends)
        moment = moment_of(session)
        cost = walk_cost(session, moment.operation) if moment.operation is not None else ""
        w.docks["rmap"].set_subject(f"who uses {graph.pfn:#x}" + (f"  ·  {cost}" if cost else ""))
        if state.current_task is not None and moment.step is not None:
            w.tasks.reveal(state.current_task)

    def _show_why(self) -> None:
        """The outline of the present operation; the handler at rest where there is none."""
        w, session = self._w, self._w.controller.session
        operation = moment_of(session).operation
        w.why.set_moment(self._ground.outlines.outline_for(session, operation), session.position)
        if operation is not None:
            note_beginning(session, operation)
        loss = loss_of(session, operation) if operation and session.position == operation.last else None
        w.why.set_ending(ending_of(loss) if loss else ())
        w.docks["why"].set_subject(title_of(operation) if operation else "the handler, at rest")
        w.states.set_table(self._ground.tables.table_for(session, self._w.controller.selected))

    def _phase(self, phase: float) -> None:
        self._w.map.set_pulse_phase(phase)
        self._w.rmap.set_phase(phase)

    def _playing_changed(self, playing: bool) -> None:
        w = self._w
        w.actions_.set_icon("play", "pause" if playing else "play", w.theme.text, look.disabled_of(w.theme))

    def _speed_changed(self) -> None:
        speed = self._w.controller.playback.speed
        self._w.transport.show_speed(speed)
        self._w.actions_.check(f"speed-{speed:g}")

    def theme_changed(self) -> None:
        """Colours that come from the state of the machine are taken anew."""
        self._playing_changed(self._w.controller.playback.playing)
        self._graph = None
        self._show_walk()
        self._show_highlights()
