"""What the command palette offers: commands, sysctls, touches of the selected frame, tasks, files, the frame typed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtGui import QKeySequence

from hwpoison_gui.gui.window.commands import PANICKED
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.view.facts.touching import touches_of_frame
from hwpoison_gui.view.filter.fuzzy import Line, ranked
from hwpoison_gui.view.rows.files import first_cached_frame

if TYPE_CHECKING:
    from hwpoison_gui.gui.window.main_window import MainWindow

MOST = 60
_MOST_TOUCHES = 20


class PaletteEntry(NamedTuple):
    """One line: where it belongs, what it does; `missing` says why it cannot be done now, `also` are other names."""

    group: str
    text: str
    tip: str
    keys: str
    run: Callable[[], object]
    missing: str = ""
    also: str = ""


def entries_for(window: MainWindow, typed: str) -> list[PaletteEntry]:
    """The entries that fit what was typed, best first."""
    every = [*_commands(window), *_sysctls(window)]
    if typed.strip():
        every += [*_touches(window), *_tasks(window), *_files(window)]
    found = ranked(typed, ((_line_of(entry), entry) for entry in every), MOST)
    return [*_frame(window, typed.strip()), *found]


def _line_of(entry: PaletteEntry) -> Line:
    return Line(entry.text, f"{entry.group} {entry.also}", entry.tip, not entry.missing)


def _commands(w: MainWindow) -> list[PaletteEntry]:
    entries = []
    for name, command in w.actions_.commands.items():
        keys = ", ".join(key.toString(QKeySequence.SequenceFormat.NativeText) for key in w.actions_[name].shortcuts())
        above = command.menu.replace("&", "").split(" > ")
        words = ": ".join((*above[1:][-1:], command.text.replace("&", "")))
        if name != "palette":
            run = w.actions_[name].trigger
            entries.append(PaletteEntry(", ".join(above), words, command.tip, keys, run, command.missing()))
    return entries


def _sysctls(w: MainWindow) -> list[PaletteEntry]:
    c, entries = w.controller, []
    for sysctl in c.session.machine.profile.sysctls:
        now = c.session.machine.sysctl.view[sysctl.name]
        for value, means in ((1, sysctl.on), (0, sysctl.off)):
            missing = PANICKED if c.panicked else f"It is {value} already." if now == value else ""
            words = f"{sysctl.title}: {'on' if value else 'off'}"
            run = partial(c.set_sysctl, sysctl.name, value)
            entries.append(PaletteEntry(f"vm.{sysctl.name} = {value}", words, means, "", run, missing, means))
    return entries


def _touches(w: MainWindow) -> list[PaletteEntry]:
    """Reads and writes of the selected frame by those who have it."""
    c = w.controller
    touches = touches_of_frame(c.session, c.selected)[:_MOST_TOUCHES] if c.selected >= 0 else []
    frozen = PANICKED if c.panicked else ""
    return [
        PaletteEntry("Touch the selected frame", f"{word} as {touch.task}", f"{touch.place}: {touch.state}", "",
                     partial(c.touch, verb, touch.task, touch.at), frozen or touch.missing)
        for verb, word in (("read", "Read"), ("write", "Write")) for touch in touches
    ]  # fmt: skip


def _tasks(w: MainWindow) -> list[PaletteEntry]:
    c = w.controller
    return [
        PaletteEntry("Go to task", f"{process.name}:{tgid}", "Select it: its pages are outlined on the map", "",
                     partial(_to_task, w, tgid), f"{process.name} is dead." if process.ended else "")
        for tgid, process in c.session.machine.processes.view.items()
    ]  # fmt: skip


def _files(w: MainWindow) -> list[PaletteEntry]:
    m = w.controller.session.machine
    entries = []
    for inode in m.inodes.view.values():
        cached = len(m.page_cache.of(inode.id))
        tip, missing = f"Its first cached page, of {cached:,}", "" if cached else "Nothing of it is cached."
        if inode.path:
            entries.append(PaletteEntry("Go to file", inode.path, tip, "", partial(_to_file, w, inode.id), missing))
    return entries


def _frame(w: MainWindow, typed: str) -> list[PaletteEntry]:
    """The frame whose number or name was typed."""
    try:
        pfn = w.dialogs.frame_of(typed)
    except ScenarioError:
        return []
    where = partial(w.dialogs.go_to_frame, pfn)
    return [
        PaletteEntry("Go to frame", f"{pfn:#x}", " · ".join(w.map.view.item.summary_of(pfn).splitlines()), "", where)
    ]


def _to_task(w: MainWindow, tgid: int) -> None:
    w.show_panel("tasks")
    w.controller.select_task(tgid)


def _to_file(w: MainWindow, inode: int) -> None:
    frame = first_cached_frame(w.controller.session.machine, inode)
    if frame is not None:
        w.dialogs.go_to_frame(frame)
