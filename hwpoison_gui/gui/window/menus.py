"""The menu bar, from the table of commands, and the context menus of frames and tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import groupby, islice
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QAction, QCursor, QFont, QKeyEvent
from PySide6.QtWidgets import QApplication, QMenu, QMenuBar, QWidget

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.control.selection import NONE
from hwpoison_gui.gui.look import icons
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.appearance import Appearance
from hwpoison_gui.gui.look.dock import Dock
from hwpoison_gui.gui.look.enabling import PANICKED
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.gui.look.plain_menu import trim
from hwpoison_gui.gui.map.widget import FrameMapWidget
from hwpoison_gui.gui.widgets.copying import Copying
from hwpoison_gui.gui.window.actions import Actions
from hwpoison_gui.record import Record
from hwpoison_gui.view.base.columns import as_tsv
from hwpoison_gui.view.words.words import counted

if TYPE_CHECKING:  # imported on first use to keep start-up fast
    from hwpoison_gui.gui.window.comparison import Comparison
    from hwpoison_gui.view.facts.injections import Injection
    from hwpoison_gui.view.facts.touching import Touch

_MOST_TASKS: Final = 24  # tasks in one menu
_MOST_LISTED: Final = 1000  # frames whose mappings are looked up for a menu
_MOST_COPIED: Final = 10_000  # rows of frames
_MOST_SINGLE: Final = 3  # processes at most that have an entry in the menu itself; more get a submenu
# Operation, label and icon of accesses by a task.
_VERBS: Final = (("read", "Read", "read"), ("write", "Write", "write"), ("msync", "Write back (msync)", "save"))


class Entry(Record):
    """An entry of a context menu; `missing` says why it is disabled, `short` does so in two words beside it."""

    text: str
    run: Callable[[], object]
    icon: str = ""
    missing: str = ""
    tip: str = ""
    short: str = ""


def build_menu_bar(bar: QMenuBar, actions: Actions) -> dict[str, QMenu]:
    """Fill the menu bar; return the menus by path."""
    menus: dict[str, QMenu] = {}
    for name, command in actions.commands.items():
        parts = command.menu.split(" > ")
        for depth in range(1, len(parts) + 1):
            path = " > ".join(parts[:depth])
            if path not in menus:
                parent = menus[" > ".join(parts[:-1])] if depth > 1 else bar
                menus[path] = parent.addMenu(parts[depth - 1])
                menus[path].setToolTipsVisible(True)
                menus[path].aboutToShow.connect(partial(_draw, menus[path], actions))
        if command.separated:
            menus[command.menu].addSeparator()
        menus[command.menu].addAction(actions[name])
    return menus


def _draw(menu: QMenu, actions: Actions) -> None:
    actions.draw_icons(menu.actions())
    trim(menu)


def add_panels(menu: QMenu, before: QAction, docks: Mapping[str, Dock]) -> None:
    """List the panels in a menu, to show them, in front of their tabs, and to hide them."""
    for dock in docks.values():
        action = dock.toggleViewAction()
        action.triggered.connect(lambda on, dock=dock: dock.raise_() if on else None)
        menu.insertAction(before, action)
    menu.insertSeparator(before)


class ContextMenus:
    """Context menus of a frame and of a task."""

    def __init__(
        self,
        above: QWidget,
        frame_map: FrameMapWidget,
        controller: Controller,
        present: Present,
        appearance: Appearance,
        comparison: Comparison,
    ) -> None:
        self._above, self._map, self._controller, self._appearance = above, frame_map, controller, appearance
        self._present, self._comparison = present, comparison
        self.all_tasks: Callable[[], str] = lambda: ""  # the table of tasks as text
        self.find: Callable[[str], None] = lambda text: None  # applies a filter
        self.show_fault: Callable[[str, int], None] = lambda part, pfn: None  # a part of DRAM, by one of its frames
        self.copy_pages: tuple[Callable[[], str], Callable[[], object]]  # what copies the table of pages, and its name
        Copying(frame_map.view, "the frames", self.frames_text, lambda: "", has_menu=True)

    # -- a frame

    def frame_menu(self, pfn: int) -> QMenu:
        """Context menu of a frame."""
        from hwpoison_gui.view.facts.injections import pin, soft_offline, unpoison
        from hwpoison_gui.view.facts.touching import touches_of_frame

        c = self._controller
        frozen = PANICKED if c.panicked else ""
        menu = self._menu(f"Frame {pfn:#x}")
        self._add(menu, Entry("Break it", lambda: c.fire(pfn), "break", frozen))
        self._add_injections(menu.addMenu("Report the error as"), pfn, frozen)
        for injection in (soft_offline(c.session, pfn), unpoison(c.session, pfn), pin(c.session, pfn)):
            self._add_injection(menu, pfn, injection, frozen)
        menu.addSeparator()
        self._add_touches(menu, touches_of_frame(c.session, pfn), frozen)
        menu.addSeparator()
        self._add_parts(menu.addMenu("Find its part of DRAM"), pfn)
        self._add_faults(menu.addMenu("If its part of DRAM fails"), pfn)
        menu.addSeparator()
        unbootable = self._comparison.unbootable()
        self._add(menu, Entry("Compare…", lambda: self._comparison.open(frame=pfn), "compare", unbootable))
        self._add(menu, Entry("Every kernel…", lambda: self._comparison.open_matrix(pfn), "", unbootable))
        menu.addSeparator()
        self._add(menu, Entry("Centre on it", lambda: self._map.center_on(pfn), "centre"))
        self._add(menu, Entry(f"Copy {pfn:#x}", lambda: QApplication.clipboard().setText(f"{pfn:#x}"), "copy"))
        self._add(menu, Entry("Copy all facts", self.copy_frame, "copy"))
        return menu

    def frames_menu(self, pfns: Sequence[int]) -> QMenu:
        """Context menu of the marked frames: what is chosen is done to all of them, and undone at once."""
        from hwpoison_gui.session.many import MOST_FRAMES, ranges_of
        from hwpoison_gui.view.facts.injections import madvise_range, soft_offline

        c = self._controller
        menu = self._menu(counted(len(pfns), "frame"))
        many = f"At most {MOST_FRAMES:,} at once." if len(pfns) > MOST_FRAMES else ""
        missing = PANICKED if c.panicked else many
        soft, ranges = soft_offline(c.session, pfns[0]).missing, ranges_of(pfns[:MOST_FRAMES])
        for text, op, icon, why in (
            ("Break all", "poison", "break", ""),
            ("Soft-offline all", "soft_offline", "", soft),
        ):
            run = partial(c.act, op, {"frames": ranges})
            self._add(menu, Entry(text, run, icon, missing or why, "One operation: one undo takes back all of it"))
        for label, args in islice(madvise_range(c.session, pfns[:_MOST_LISTED]).items(), _MOST_SINGLE):
            run = partial(c.act, "poison", args)
            tip = "A range in one call: its pages break one by one, by address"
            self._add(menu, Entry(f"madvise(MADV_HWPOISON) by {label}", run, "", missing, tip))
        menu.addSeparator()
        numbers = "\n".join(f"{pfn:#x}" for pfn in pfns)
        self._add(menu, Entry("Copy their numbers", lambda: QApplication.clipboard().setText(numbers), "copy"))
        table = lambda: QApplication.clipboard().setText(self.frames_text())  # noqa: E731
        self._add(menu, Entry("Copy them as a table", table, "copy"))
        self._add(menu, Entry("Forget the marks", lambda: c.selection.mark(())))
        return menu

    def frames_text(self) -> str:
        """The marked frames, or the selected one, as the rows of a table with heads; only the first of very many."""
        from hwpoison_gui.view.rows.pages import PAGE_COLUMNS, PageRows, page_cells

        selection = self._controller.selection
        pfns = selection.marked or ((selection.frame,) if selection.frame != NONE else ())
        rows = PageRows(self._controller.session.machine)
        cells = [page_cells(rows.row(pfn))[:-1] for pfn in pfns[:_MOST_COPIED]]  # not what the map shows them as
        return as_tsv(cells, [column.head for column in PAGE_COLUMNS[:-1]]) if cells else ""

    def _add_parts(self, menu: QMenu, pfn: int) -> None:
        """The filters that find the row, bank and the like that a frame has bytes in."""
        for part, text in self._parts():
            self._add(menu, Entry(text, partial(self.find, f"{part}:of:{pfn:#x}"), "find"))

    def _add_faults(self, menu: QMenu, pfn: int) -> None:
        """Add an entry for each part of DRAM around the frame: it shows what the failure of the part would do."""
        for part, text in self._parts():
            self._add(menu, Entry(f"{text}…", partial(self.show_fault, part, pfn)))

    def _parts(self) -> list[tuple[str, str]]:
        merged = self._map.dram_geometry().merged
        parts = ("row", "Row"), ("bank", "Bank"), ("rank", "Rank"), ("dimm", "DIMM")
        return [(part, text) for part, text in parts if part not in merged]

    def show_frame_menu(self, pfn: int, where: QPoint) -> None:
        self._popup(self._menu_of(pfn), where)

    def show_danger_menu(self, pfn: int, where: QPoint, copying: Sequence[tuple[str, Callable[[], object]]]) -> None:
        """The menu of a frame in a list of the most dangerous, with that of all marked frames, which are like it."""
        menu, marked = self.frame_menu(pfn), self._controller.selection.marked
        if pfn in marked and len(marked) > 1:
            under = self.frames_menu(marked)
            under.setTitle(f"All {counted(len(marked), 'frame')} like it")
            menu.insertMenu(menu.actions()[3], under)  # below what breaks this one
        for text, run in copying:
            self._add(menu, Entry(text, run, "copy"))
        self._popup(menu, where)

    def show_page_menu(self, pfn: int, where: QPoint) -> None:
        """Add the same entries to the menu of the table of pages, which can be copied."""
        menu, (name, copy) = self._menu_of(pfn), self.copy_pages
        self._add(menu, Entry(name(), copy, "copy"))
        self._popup(menu, where)

    def _menu_of(self, pfn: int) -> QMenu:
        marked = self._controller.selection.marked
        return self.frames_menu(marked) if pfn in marked and len(marked) > 1 else self.frame_menu(pfn)

    def touch_shown(self) -> None:
        """Show a menu of accesses to the frame shown."""
        from hwpoison_gui.view.facts.touching import touches_of_frame

        c = self._controller
        menu = self._menu(f"Frame {self._present.frame:#x}")
        self._add_touches(menu, touches_of_frame(c.session, self._present.frame), PANICKED if c.panicked else "")
        self._popup_at_shown(menu)

    def break_shown_otherwise(self) -> None:
        """Show a menu of ways to inject an error into the frame shown."""
        c = self._controller
        menu = self._menu(f"Break frame {self._present.frame:#x}")
        self._add_injections(menu, self._present.frame, PANICKED if c.panicked else "")
        self._popup_at_shown(menu)

    def _popup_at_shown(self, menu: QMenu) -> None:
        rect = self._map.view.item.rect_of(self._present.frame)
        view = self._map.view.viewport()
        inside = view.rect().contains(rect.center().toPoint())
        self._popup(menu, view.mapToGlobal(rect.bottomRight().toPoint()) if inside else QCursor.pos())
        # A key has opened it, and Enter takes the first entry; setActiveAction() would open a menu within it.
        QApplication.sendEvent(menu, QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Down, Qt.KeyboardModifier.NoModifier))

    def _add_injections(self, menu: QMenu, pfn: int, frozen: str) -> None:
        from hwpoison_gui.view.facts.injections import injections_of

        menu.setToolTipsVisible(True)
        for way, some in groupby(injections_of(self._controller.session, pfn), key=lambda one: one.way):
            injections = list(some)
            if not way or len(injections) <= _MOST_SINGLE:
                for injection in injections:
                    self._add_injection(menu, pfn, injection, frozen)
                continue
            under = menu.addMenu(way)
            under.setToolTipsVisible(True)
            for injection in injections[:_MOST_TASKS]:
                self._add_injection(under, pfn, injection._replace(text=injection.task), frozen)
            self._add_rest(under, len(injections))

    def _add_injection(self, menu: QMenu, pfn: int, injection: Injection, frozen: str) -> None:
        run = partial(self._controller.inject, pfn, injection.op, injection.args)
        short = "" if frozen else injection.short
        self._add(menu, Entry(injection.text, run, "", frozen or injection.missing, injection.tip, short))

    def _add_rest(self, menu: QMenu, total: int) -> None:
        """Say how many entries a menu leaves out."""
        if total > _MOST_TASKS:
            more = f"and {total - _MOST_TASKS:,} more"
            self._add(menu, Entry(more, lambda: None, "", f"The menu has the first {_MOST_TASKS} of {total:,}."))

    def _add_touches(self, menu: QMenu, touches: list[Touch], frozen: str) -> None:
        c = self._controller
        if not touches:
            self._add(menu, Entry("No task can access it", lambda: None, "", "No page table leads to it."))
            return
        for verb, word, icon in _VERBS:
            able = [touch for touch in touches if verb != "msync" or touch.of_file]
            target = menu if len(touches) <= _MOST_SINGLE or not able else menu.addMenu(f"{word} as")
            if target is not menu:
                target.setToolTipsVisible(True)
            for touch in able[:_MOST_TASKS]:
                text = f"{word} as {touch.label}" if target is menu else f"{touch.label}  ({touch.place})"
                self._add(
                    target,
                    Entry(
                        text,
                        partial(c.touch, verb, touch.task, touch.at),
                        icon if target is menu else "",
                        frozen or touch.missing,
                        f"{touch.label} at {touch.place}: {touch.state}",
                    ),
                )
            if target is not menu:
                self._add_rest(target, len(able))

    def copy_frame(self) -> None:
        """Copy the inspector's facts as text."""
        from hwpoison_gui.view.facts.frame_facts import facts_of
        from hwpoison_gui.view.facts.frame_text import as_text
        from hwpoison_gui.view.facts.place_in_dram import place_in_dram

        c = self._controller
        if self._present.frame != NONE:
            place = place_in_dram(self._map.dram_geometry(), self._present.frame)
            QApplication.clipboard().setText(as_text(facts_of(c.session, self._present.frame, place=place)))

    # -- a task

    def task_menu(self, tgid: int) -> QMenu:
        """Context menu of a task."""
        from hwpoison_gui.view.facts.touching import pages_of_task

        c = self._controller
        process = c.session.machine.processes.view[tgid]
        frozen = PANICKED if c.panicked else f"{process.label} is dead." if process.ended else ""
        menu = self._menu(process.label)
        pages = [] if process.ended else pages_of_task(c.session, tgid)
        for verb, word in (("read", "Read"), ("write", "Write")):
            under = menu.addMenu(icons.icon(verb, *self._colours()), f"{word} a page")
            self._disable(under, frozen or ("" if pages else f"{process.label} has no pages."))
            for touch in pages[:_MOST_TASKS]:
                run = partial(c.touch, verb, touch.task, touch.at)
                self._add(under, Entry(f"{touch.place}   {touch.state}", run, "", touch.missing))
            self._add_rest(under, len(pages))
        self._add_all_choices(menu, [tgid], frozen)
        menu.addSeparator()
        exits = lambda: c.act("exit", {"task": process.name}, animate=True)  # noqa: E731
        self._add(menu, Entry("Let it exit", exits, "", frozen))
        row = process.label
        self._add(menu, Entry(f"Copy {row}", lambda: QApplication.clipboard().setText(row), "copy"))
        self._add_copy_of_all(menu)
        return menu

    def tasks_menu(self, tgids: Sequence[int]) -> QMenu:
        """Context menu of several tasks: what is chosen is set for all of them, and undone at once."""
        c = self._controller
        living = [tgid for tgid in tgids if not c.session.machine.processes.view[tgid].ended]
        menu = self._menu(counted(len(tgids), "task"))
        self._add_all_choices(menu, living, PANICKED if c.panicked else "" if living else "They are all dead.")
        menu.addSeparator()
        rows = "\n".join(c.session.machine.processes.view[tgid].label for tgid in tgids)
        self._add(menu, Entry("Copy their names", lambda: QApplication.clipboard().setText(rows), "copy"))
        self._add_copy_of_all(menu)
        return menu

    def _add_copy_of_all(self, menu: QMenu) -> None:
        run = lambda: QApplication.clipboard().setText(self.all_tasks())  # noqa: E731
        self._add(menu, Entry("Copy all tasks as a table", run, "copy"))

    def show_task_menu(self, tgids: Sequence[int], where: QPoint) -> None:
        self._popup(self.task_menu(tgids[0]) if len(tgids) == 1 else self.tasks_menu(tgids), where)

    def _add_all_choices(self, menu: QMenu, tgids: Sequence[int], frozen: str) -> None:
        self._add_choices(menu, "Policy (PR_MCE_KILL)", ("default", "early", "late"), tgids, "policy", frozen)
        self._add_choices(menu, "SIGBUS", ("default", "handler", "ignored", "blocked"), tgids, "sigbus", frozen)

    def _add_choices(
        self, menu: QMenu, text: str, words: tuple[str, ...], tgids: Sequence[int], field: str, frozen: str
    ) -> None:
        from hwpoison_gui.view.rows.tasks import task_row

        under = menu.addMenu(text)
        self._disable(under, frozen)
        rows = [task_row(self._controller.session.machine, tgid) for tgid in tgids]
        names, now = [row.task for row in rows], {getattr(row, field) for row in rows}
        for word in words:
            action = self._add(under, Entry(word, partial(self._controller.set_tasks, field, names, word)))
            action.setCheckable(True)
            action.setChecked(now == {word})

    # -- both

    def _colours(self) -> tuple[str, str]:
        theme = self._appearance.theme
        return theme.text, look.disabled_of(theme)

    def _menu(self, title: str) -> QMenu:
        menu = QMenu(self._above)
        menu.setToolTipsVisible(True)
        head = menu.addAction(title.replace("&", "&&"))
        head.setEnabled(False)
        head.setFont(look.mono(look.BODY, QFont.Weight.DemiBold))
        menu.addSeparator()
        return menu

    def _add(self, menu: QMenu, entry: Entry) -> QAction:
        text = entry.text.replace("&", "&&")
        action = menu.addAction(f"{text}\t{entry.short}" if entry.short else text)
        if entry.icon:
            action.setIcon(icons.icon(entry.icon, *self._colours()))
        action.setEnabled(not entry.missing)
        action.setToolTip(plain(entry.missing or entry.tip or entry.text))
        action.triggered.connect(lambda _=False: entry.run())
        return action

    def _disable(self, under: QMenu, missing: str) -> None:
        """Disable a menu within a menu, if something is missing: its tip says what."""
        if missing:
            under.setEnabled(False)
            under.menuAction().setToolTip(plain(missing))

    def _popup(self, menu: QMenu, where: QPoint) -> None:
        trim(menu)
        menu.aboutToHide.connect(menu.deleteLater)
        self._controller.opened.connect(menu.close)  # it is about the machine before
        menu.popup(where)
