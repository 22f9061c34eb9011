"""Somebody new in front of the window: what happened, and why, is learnt with mouse, keyboard and eyes alone.

Every act is an event at a place of the screen, every fact is read off the window. Only when all has been read is it
held against a machine to which the same was done.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from PySide6.QtCore import QPoint

from hwpoison_gui.gui.compare.table import CompareTable
from hwpoison_gui.opening import opening
from hwpoison_gui.session.scenario import schema, shape
from hwpoison_gui.session.session import Session
from tests.gui import eyes
from tests.gui.hands import RIGHT, Key, Person


class Stranger(Person):
    """Knows where the parts of the window are, and that a frame can be clicked."""

    pfn = 0
    tasks: Sequence[str] = ()  # as the table names and numbers them

    def frame(self) -> QPoint:
        """Where the frame is on the map."""
        return self.window.map.view.item.rect_of(self.pfn).center().toPoint()

    def finds_a_shared_page(self) -> None:
        """With a lens, its legend and the search; then closer with the wheel."""
        w = self.window
        self.click(self.button("^Lens: Mappings"))
        self.click(self.button("^3 to 9 mappings"))
        self.click(w.finder.field)
        self.press(Key.Key_End)
        self.type(" kind:anon")
        found = self.reads(w.finder)
        self.until(lambda: self.reads(w.finder) != found)
        self.click(self.button("next match"))
        self.pfn = int(self.sought(r"who uses 0x([0-9a-f]+)", w.docks["rmap"]), 16)
        while w.map.view.item.rect_of(self.pfn).width() < 8:
            self.wheel(w.map.view.viewport(), 1, self.frame())

    def points_at_it(self) -> str:
        """The label beside the pointer."""
        self.point(self.window.map.view.viewport(), self.frame())
        label = self.reads(self.window.map.view)
        assert label.startswith(f"{self.pfn:#x}")
        return label

    def breaks_it(self) -> None:
        """A click, and the rest of the walk at once."""
        self.click(self.window.map.view.viewport(), self.frame())
        assert f"A memory error is reported in frame {self.pfn:#x}" in self.reads(self.window.sentence)
        self.click(self.button("Last step"))

    def sought(self, pattern: str, where) -> str:
        found = re.search(pattern, self.reads(where), re.MULTILINE)
        assert found, f"{pattern!r} is not in\n{self.reads(where)}"
        return found[1]

    # -- who died, as each part of the window tells it

    def named(self, words: str) -> set[str]:
        """The tasks of the table that are named in some words."""
        found = set()
        self.tasks = self.tasks or sorted(self.states_by_the_table(), key=len, reverse=True)
        for name in self.tasks:
            if name in words:
                found.add(name)
                words = words.replace(name, "")  # another's name may begin like it
        return found

    def told_by_the_sentence(self, of: str) -> set[str]:
        """The tasks in the part of the sentence that has a word."""
        parts = re.split(r"[;.] ", self.reads(self.window.sentence).split("\n")[0])
        return set().union(*(self.named(part) for part in parts if re.search(of, part, re.IGNORECASE)))

    def told_by_the_outline(self, of: str) -> set[str]:
        return self.named(self.sought(rf"^{of}: (.*)", self.window.docks["why"].content()))

    def whys_by_the_outline(self) -> dict[str, str]:
        """Of each task that the handler came by: all that is said of it, told by its number."""
        lines = self.reads_to_the_end(self.window.docks["why"].content())
        rows = self.states_by_the_table().items()
        return {name: "\n".join(line for line in lines if f":{row[0]} " in line) for name, row in rows}

    def fates_by_the_map(self) -> dict[str, str]:
        """Of each task on the reverse map: what became of it, and its page-table entry."""
        rows = re.findall(
            r"^.+:(\d+)  (.*?); .*PTE: ([^;\n]*)", self.reads(self.window.docks["rmap"].content()), re.MULTILINE
        )
        names = {row[0]: name for name, row in self.states_by_the_table().items()}
        return {names[number]: f"{fate}, {entry}" for number, fate, entry in rows}

    def states_by_the_table(self) -> dict[str, list[str]]:
        """Of each task: its number, its state and by what it was killed."""
        rows = [row.split("\t") for row in self.reads_to_the_end(self.window.docks["tasks"].content())]
        return {f"{row[1]}:{row[0]}": [row[0], row[2], row[8]] for row in rows}

    def dead_by_the_table(self) -> set[str]:
        return {name for name, (_, state, by) in self.states_by_the_table().items() if state == "killed" and by}

    def dead_by_the_log(self) -> set[str]:
        """The kernel prints names and numbers of its own: the numbers stand in the table of tasks."""
        numbers = re.findall(
            r"MCE.*Killing .*?:(\d+) ", "\n".join(self.reads_to_the_end(self.window.docks["log"].content()))
        )
        return {name for name, row in self.states_by_the_table().items() if row[0] in numbers}


@pytest.fixture
def stranger(open_window, qtbot) -> Stranger:
    return Stranger(qtbot, open_window(opening.default_machine()).window)


def done_elsewhere(*operations: tuple[str, dict[str, object]]) -> Session:
    """The same acts on another machine of this kind."""
    session = opening.default_machine().session
    for name, args in operations:
        session.act(name, shape.values_of(schema.OPS[name].keys, args))
    return session


def killed(session: Session) -> set[str]:
    return {process.name for process in session.machine.processes.view.values() if process.ended}


def test_who_died_and_why_is_read_off_the_window(stranger: Stranger) -> None:
    me, w = stranger, stranger.window
    assert "Click a frame to break it" in me.reads(w.sentence)
    me.finds_a_shared_page()
    label = me.points_at_it()
    sharers = me.named(label)
    expected = int(re.search(r"kills (\d+) now", label)[1])
    assert expected == len(sharers) >= 3 and "loses 4 KiB" in label

    me.breaks_it()
    dead = me.told_by_the_sentence("killed")
    assert len(dead) == expected and dead == sharers
    assert dead == me.told_by_the_outline("Killed") == me.dead_by_the_table() == me.dead_by_the_log()
    fates = me.fates_by_the_map()
    assert {name for name, fate in fates.items() if "SIGBUS" in fate} == dead
    spared = fates.keys() - dead  # shares the area, but has a page of its own there
    assert spared and all(fates[name] == "safe, other" for name in spared)
    assert me.told_by_the_outline("Safe") == spared
    assert "4 KiB" in me.reads(w.sentence) and me.told_by_the_outline("Lost") == dead
    why = me.whys_by_the_outline()
    assert all("to_kill" in why[name] and "SIGBUS (BUS_MCEERR_AO)" in why[name] for name in dead)
    assert all("no PTE" in why[name] and "skipped" in why[name] for name in spared)
    assert me.sought(r"Killed: (\d+)", w.counters) == str(expected)
    assert me.sought(r"HardwareCorrupted: (\d+) kB", w.counters) == "4"
    assert me.sought(r"hardware poison: (\d+) frame", w.legend) == "1"
    me.tab("Frame")
    assert f"{me.pfn:#x}" in me.reads(w.docks["frame"].content()) and "HWPOISON" in me.reads(w.docks["frame"].content())

    me.click(me.button("Previous operation"))
    assert me.reads(w.transport.where) == "start" and not me.dead_by_the_table()
    assert {fate.partition(",")[0] for fate in me.fates_by_the_map().values()} == {"alive"}
    assert me.sought(r"HardwareCorrupted: (\d+) kB", w.counters) == "0"

    session = done_elsewhere(("poison", {"frame": f"pfn:{me.pfn:#x}"}))
    assert killed(session) == dead and spared.isdisjoint(dead)
    assert not killed(w.controller.session)


def test_late_kill_is_tried_touched_and_compared(stranger: Stranger) -> None:
    me, w = stranger, stranger.window
    me.finds_a_shared_page()
    slider = w.sliders["memory_failure_early_kill"]
    me.click(slider)
    assert "0: late" in me.reads(slider)
    label = me.points_at_it()
    assert " now" not in label
    waiting = int(re.search(r"kills (\d+) when touched", label)[1])

    me.breaks_it()
    hit = me.told_by_the_sentence("touch")
    assert len(hit) == waiting >= 3 and hit == me.named(label) and not me.dead_by_the_table()
    fates = me.fates_by_the_map()
    assert {name for name, fate in fates.items() if fate.endswith("hwpoison")} == hit

    unlucky = sorted(hit)[1]
    me.click(w.map.view.viewport(), me.frame(), RIGHT)
    me.choose(f"^Read as {re.escape(unlucky)}$")
    me.click(me.button("Last step"))
    assert me.told_by_the_sentence("killed") == me.dead_by_the_table() == me.dead_by_the_log() == {unlucky}
    assert "SIGBUS" in me.fates_by_the_map()[unlucky]
    assert me.sought(r"Killed: (\d+)", w.counters) == "1"

    early, late = compared(me)
    assert early == hit and not late

    frame = {"frame": f"pfn:{me.pfn:#x}"}
    session = w.controller.session
    assert session.machine.sysctl.view["memory_failure_early_kill"] == 0 and killed(session) == {unlucky}
    assert killed(done_elsewhere(("poison", frame))) == early
    assert not killed(done_elsewhere(("sysctl", {"name": "memory_failure_early_kill", "value": 0}), ("poison", frame)))


def compared(me: Stranger) -> tuple[set[str], set[str]]:
    """Who died on either side of the comparison, as its list says."""
    bar = me.window.menuBar()
    frame = next(action for action in bar.actions() if action.text().replace("&", "") == "Frame")
    me.click(bar, bar.actionGeometry(frame).center())
    me.choose("^Compare")
    me.until(lambda: "things differ" in me.reads())
    table = me.front.findChild(CompareTable)
    assert table is not None
    heads = eyes.read(table).split("\n")[0].split("\t")
    assert "early kill" in heads[3] and "late kill" in heads[4]
    rows = [row.split("\t") for row in me.reads_to_the_end(table)]
    assert all(row[0] == "≠" and row[3] != row[4] for row in rows)
    after = [row for row in rows if row[1] == "Afterwards"]
    dead = ["; ".join(row[2] for row in after if row[side] == "Killed") for side in (3, 4)]
    me.click(me.button("To before the click"))
    assert me.reads().count("Before the click.") == 2
    me.press(Key.Key_Escape)
    me.until(lambda: me.front is me.window)
    return me.named(dead[0]), me.named(dead[1])
