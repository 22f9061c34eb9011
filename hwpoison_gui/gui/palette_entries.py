"""What the command palette offers: every command, every task and file, and the frame that was typed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtGui import QKeySequence

from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.view.file_rows import first_cached_frame
from hwpoison_gui.view.fuzzy import ranked

if TYPE_CHECKING:
    from hwpoison_gui.gui.main_window import MainWindow

MOST = 60


class PaletteEntry(NamedTuple):
    """One line: where it belongs, what it does; `missing` says why it cannot be done now."""

    group: str
    text: str
    tip: str
    keys: str
    run: Callable[[], object]
    missing: str = ""


def entries_for(window: MainWindow, typed: str) -> list[PaletteEntry]:
    """The entries that fit what was typed, best first."""
    every = [*_commands(window)]
    if typed.strip():
        every += [*_tasks(window), *_files(window)]
    found = ranked(typed, ((f"{entry.group} {entry.text}", entry) for entry in every), MOST)
    return [*_frame(window, typed.strip()), *found]


def _commands(w: MainWindow) -> list[PaletteEntry]:
    entries = []
    for name, command in w.actions_.commands.items():
        keys = ", ".join(key.toString(QKeySequence.SequenceFormat.NativeText) for key in w.actions_[name].shortcuts())
        group = command.menu.replace("&", "").replace(" > ", ", ")
        words = command.text.replace("&", "")
        if name != "palette":
            run = w.actions_[name].trigger
            entries.append(PaletteEntry(group, words, command.tip, keys, run, command.missing()))
    return entries


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
    return [PaletteEntry("Go to frame", f"{pfn:#x}", w.map.view.item.summary_of(pfn), "", where)]


def _to_task(w: MainWindow, tgid: int) -> None:
    w.show_panel("tasks")
    w.controller.select_task(tgid)


def _to_file(w: MainWindow, inode: int) -> None:
    frame = first_cached_frame(w.controller.session.machine, inode)
    if frame is not None:
        w.dialogs.go_to_frame(frame)
