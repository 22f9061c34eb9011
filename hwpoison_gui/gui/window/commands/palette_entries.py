"""Entries of the command palette: commands, sysctls, accesses to the selected frame, tasks, files of the machine,
files to open, the frame typed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path

from PySide6.QtGui import QKeySequence

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.look.enabling import PANICKED
from hwpoison_gui.gui.window.actions import Actions
from hwpoison_gui.gui.window.commands.synonyms import synonyms_of
from hwpoison_gui.gui.window.dialogs.go_to import GoTo
from hwpoison_gui.gui.window.files.recent import RecentFiles
from hwpoison_gui.gui.window.samples import samples
from hwpoison_gui.record import Record
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.view.base.frame_number import frame_taken, hint_for
from hwpoison_gui.view.base.naming import path_of
from hwpoison_gui.view.facts.touching import touches_of_frame
from hwpoison_gui.view.filter.fuzzy import Line, ranked
from hwpoison_gui.view.rows.files import first_cached_frame
from hwpoison_gui.view.words.glossary.find import terms
from hwpoison_gui.view.words.glossary.term import Term
from hwpoison_gui.view.words.sysctls import sysctl_words

MOST = 60
_MOST_TOUCHES = 20
_MOST_TERMS = 8
_GLOSSARY = "Glossary"


class PaletteEntry(Record):
    """An entry; `missing` says why it is unavailable, `also` are other names."""

    group: str
    text: str
    tip: str
    keys: str
    run: Callable[[], object]
    missing: str = ""
    also: str = ""


class PaletteEntries:
    """Call it with the typed text for the matching entries, best first.

    `summary_of` describes a frame; `show_tasks` brings the tasks panel to the front, `show_term` opens the
    glossary.
    """

    def __init__(
        self,
        actions: Actions,
        controller: Controller,
        present: Present,
        go_to: GoTo,
        summary_of: Callable[[int], str],
        show_tasks: Callable[[], None],
        show_term: Callable[[Term], None],
        recent: RecentFiles,
    ) -> None:
        self._recent = recent
        self._actions, self._controller, self._present, self._go_to = actions, controller, present, go_to
        self._summary_of, self._show_tasks, self._show_term = summary_of, show_tasks, show_term

    @cached_property
    def _samples(self) -> list[tuple[Path, str]]:
        return samples()  # reads all lessons, and is asked for with every letter

    def __call__(self, typed: str) -> list[PaletteEntry]:
        every = [*_commands(self._actions), *_sysctls(self._controller)]
        if typed.strip():
            every += _touches(self._controller, self._present.frame)
            every += [*self._tasks(), *self._files(), *self._recent_files()]
        found = ranked(typed, ((_line_of(entry), entry) for entry in every), MOST)
        # A number may be part of a command, as that of a text size; a decimal one more likely than not.
        number = typed.strip()
        named = sum(number in entry.text for entry in found) if number.isdecimal() else 0
        found.sort(key=lambda entry: named > 0 and number not in entry.text)
        return [*found[:named], *self._frame(number), *found[named:], *self._last(typed)]

    def why_none(self, typed: str) -> str:
        """Why nothing matches the typed text."""
        typed = typed.strip()
        if frame_taken(typed, self._controller.session.machine.frames) is not None:
            try:
                self._go_to.taken(typed)
            except ScenarioError as error:
                return error.message
        hint = hint_for(typed)
        none = f"No command, task, file, frame or term matches “{typed}”"
        return f"{none}: {hint}." if hint else f"{none}."

    def _recent_files(self) -> list[PaletteEntry]:
        return [
            PaletteEntry("Open recent", path.name, str(path), "", partial(self._recent.open, path))
            for path in self._recent.files()
        ]

    def _tasks(self) -> list[PaletteEntry]:
        return [
            PaletteEntry("Go to task", process.label, "Select it: its pages are outlined on the map", "",
                         partial(self._to_task, tgid), f"{process.label} is dead." if process.ended else "")
            for tgid, process in self._controller.session.machine.processes.view.items()
        ]  # fmt: skip

    def _files(self) -> list[PaletteEntry]:
        m = self._controller.session.machine
        entries = []
        for inode in m.inodes.view.values():
            cached = len(m.page_cache.of(inode.id))
            tip, missing = f"Its first of {cached:,} cached pages", "" if cached else "Nothing of it is cached."
            run = partial(self._to_file, inode.id)
            entries.append(PaletteEntry("Go to file", path_of(inode), tip, "", run, missing))
        return entries

    def _last(self, typed: str) -> list[PaletteEntry]:
        """Entries of the glossary, and samples: who types `late` more likely wants the command."""
        if not typed.strip():
            return []
        every = [
            PaletteEntry(_GLOSSARY, term.name, term.text, "", partial(self._show_term, term), also=" ".join(term.forms))
            for term in terms()
        ]
        every += [
            PaletteEntry("Open a sample", title, path.name, "", partial(self._recent.open, path))
            for path, title in self._samples
        ]
        found = ranked(typed, ((_line_of(entry), entry) for entry in every), len(every))
        too_many = [number for number, entry in enumerate(found) if entry.group == _GLOSSARY][_MOST_TERMS:]
        return [entry for number, entry in enumerate(found) if number not in too_many][:MOST]

    def _frame(self, typed: str) -> list[PaletteEntry]:
        """Entry for the frame whose number or name was typed."""
        try:
            pfn, words, _ = self._go_to.taken(typed)
        except ScenarioError:
            return []
        tip = " · ".join(self._summary_of(pfn).split("\n"))
        return [PaletteEntry("Go to frame", words[0].upper() + words[1:], tip, "", partial(self._go_to.show, pfn))]

    def _to_task(self, tgid: int) -> None:
        self._show_tasks()
        self._controller.selection.select_task(tgid)

    def _to_file(self, inode: int) -> None:
        frame = first_cached_frame(self._controller.session.machine, inode)
        if frame is not None:
            self._go_to.show(frame)


def _line_of(entry: PaletteEntry) -> Line:
    return Line(entry.text, f"{entry.group} {entry.also}", entry.tip, not entry.missing)


def _commands(actions: Actions) -> list[PaletteEntry]:
    entries = []
    for name, command in actions.commands.items():
        keys = ", ".join(key.toString(QKeySequence.SequenceFormat.NativeText) for key in actions[name].shortcuts())
        above = command.titles
        words = ": ".join((*above[1:][-1:], command.text.replace("&", "")))
        if name != "palette":
            run = actions[name].trigger
            missing, also = actions.missing_of(name), synonyms_of(name)
            entries.append(PaletteEntry(", ".join(above), words, command.tip, keys, run, missing, also))
    return entries


def _sysctls(c: Controller) -> list[PaletteEntry]:
    entries = []
    for sysctl in c.session.machine.profile.sysctls:
        now = c.session.machine.sysctl.view[sysctl.name]
        said = sysctl_words(sysctl.name)
        for value, means in ((1, said.on), (0, said.off)):
            missing = PANICKED if c.panicked else f"It is already {value}." if now == value else ""
            words = f"{said.title}: {'on' if value else 'off'}"
            run = partial(c.set_sysctl, sysctl.name, value)
            entries.append(PaletteEntry(f"vm.{sysctl.name} = {value}", words, means, "", run, missing, means))
    return entries


def _touches(c: Controller, pfn: int) -> list[PaletteEntry]:
    """Entries that read and write the frame shown by its users."""
    touches = touches_of_frame(c.session, pfn)[:_MOST_TOUCHES] if pfn >= 0 else []
    frozen = PANICKED if c.panicked else ""
    return [
        PaletteEntry(f"Access frame {pfn:#x}", f"{word} as {touch.label}", f"{touch.place}: {touch.state}", "",
                     partial(c.touch, verb, touch.task, touch.at), frozen or touch.missing)
        for verb, word in (("read", "Read"), ("write", "Write")) for touch in touches
    ]  # fmt: skip
