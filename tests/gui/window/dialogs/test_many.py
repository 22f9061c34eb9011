"""Breaking many frames in the window: what it would do is said before, and the worst frames are listed after."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QInputDialog, QLabel

from hwpoison_gui.gui.widgets.row_table import NO_KEY
from hwpoison_gui.gui.window.dialogs import break_many
from hwpoison_gui.gui.window.dialogs.break_many import BreakMany
from hwpoison_gui.gui.window.dialogs.worst_frames import WorstFrames
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.session.operation import Operation
from hwpoison_gui.view.damage.damage import Damage
from hwpoison_gui.view.outcome.many import said_of
from hwpoison_gui.view.outcome.summing import summary_of
from tests.gui.waiting import until


@pytest.fixture
def dialog(user) -> BreakMany:
    user.window.actions_["break-many"].trigger()
    shown = user.window.findChild(BreakMany)
    until(lambda: "alone" in shown.head.text() or not shown.line.text())
    return shown


def typed(dialog: BreakMany, text: str) -> None:
    dialog.line.setText(text)
    until(lambda: not dialog._typed.isActive())


def test_what_is_marked_stands_in_the_field(user) -> None:
    user.window.controller.selection.mark((0x400, 0x401, 0x402, 0x409))
    user.window.actions_["break-many"].trigger()
    shown = user.window.findChild(BreakMany)
    assert shown.line.text() == "0x400+0x3 0x409" and shown.answer.text() == "4 frames, 16 KiB"


def test_what_would_come_of_it_is_what_the_assessment_says(user, dialog: BreakMany) -> None:
    typed(dialog, "task:srv anon")
    assert dialog.breaks.isEnabled()
    pfns = user.window.filter.frames_of("task:srv anon")
    toll = Damage.of(user.session.machine).toll(pfns)
    assert dialog.answer.text().startswith(f"{len(pfns)} frames")
    for tgid in list(toll.hit)[:5]:
        assert user.session.label_of(tgid) in dialog.lines.text()


NO_FRAMES = (
    ("", ""),
    ("0x10+0", "it ends where it begins"),
    ("0xfffff+4", "leaves the memory"),
    ("task:nobody", "no such process"),
    ("rwo:of:0x10", "row"),
    ("0x20+0x10,0x28+0x10", "a blank separates ranges"),
    ("=", ""),
    ("0x20+0x10 0x28+0x10", "“0x20+0x10” and “0x28+0x10” overlap: both name frame 0x28"),
    ("0x20,0x30 0x5 0x28", "“0x20,0x30” and “0x28” overlap: both name frame 0x28"),
    ("anon /0", "every 0th frame"),
)


def test_what_names_no_frame_breaks_none(dialog: BreakMany) -> None:
    for text, says in NO_FRAMES:
        typed(dialog, text)
        assert says.casefold() in dialog.answer.text().casefold(), text
        assert not dialog.breaks.isEnabled() and dialog.breaks.toolTip(), text
        assert not says or not dialog.why_not.isVisible(), text  # one message for one mistake


def every_nth_frame_of_what_is_found(user, dialog: BreakMany) -> None:
    anon = user.window.filter.frames_of("anon").tolist()
    for text in ("anon /3", "anon/3", "anon / 0x3"):
        typed(dialog, text)
        assert dialog._pfns.tolist() == anon[::3]
    typed(dialog, "0x0,0x10 0x20+0x10 /5")
    assert dialog._pfns.tolist() == [*range(0x10), *range(0x20, 0x30)][::5]


def test_what_stands_in_the_field_is_replaced_by_typing(user) -> None:
    user.window.controller.selection.mark((0x400, 0x401, 0x402))
    user.window.actions_["break-many"].trigger()
    shown = user.window.findChild(BreakMany)
    assert shown.line.selectedText() == shown.line.text() != ""


def too_many_are_foretold_but_not_broken(dialog: BreakMany, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(break_many, "MOST_FRAMES", 100)
    typed(dialog, "0x0,0x65")
    assert "At most 100 frames" in dialog.breaks.toolTip() and not dialog.breaks.isEnabled()
    assert "At most 100 frames" in dialog.why_not.text() and dialog.why_not.isVisible()
    assert dialog.answer.text().startswith("101 frames") and "frames: " in dialog.lines.text()
    assert "/2 at the end takes one in 2" in dialog.why_not.text()
    typed(dialog, "0x0,0x64")
    assert "At most" not in dialog.why_not.text()
    assert dialog.breaks.isEnabled()


def a_blank_separates_ranges_of_either_form(dialog: BreakMany) -> None:
    typed(dialog, "0x20,0x28 0x40+0x10/8 0x90")
    assert dialog._pfns.tolist() == [*range(0x20, 0x28), 0x40, 0x48, 0x90]


def test_frames_are_named_in_several_ways(user, dialog: BreakMany, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every nth of what is found, ranges of either form, and too many."""
    every_nth_frame_of_what_is_found(user, dialog)
    a_blank_separates_ranges_of_either_form(dialog)
    too_many_are_foretold_but_not_broken(dialog, monkeypatch)


def test_they_break_as_one_operation_and_the_worst_is_first(user, dialog: BreakMany) -> None:
    window, session = user.window, user.session
    done = len(session.operations)
    assert not window.actions_["worst-frames"].isEnabled()
    typed(dialog, "task:srv anon")
    dialog.breaks.click()
    until(lambda: not window.controller.work.busy)
    (broke,) = session.operations[done:]
    summary = summary_of(session, broke)
    assert window.sentence.text.text() == said_of(summary)
    window.actions_["worst-frames"].trigger()
    worst = window.findChild(WorstFrames)
    rows = worst.table.rows.rows
    assert [row.frame for row in rows] == [one.pfn for one in summary.frames]
    here = session.position
    worst.table.setFocus()
    assert session.position == here and worst.table.current_key() == NO_KEY  # only looking
    QTest.keyClick(worst.table, Qt.Key.Key_Down)
    until(lambda: window.controller.selection.frame == rows[0].frame)
    worst.table.setCurrentIndex(worst.table.order.index(1, 0))
    until(lambda: window.controller.selection.frame == rows[1].frame)
    assert session.position == broke.parts[rows[1].key].last
    window.actions_["first"].trigger()
    assert not any(session.machine.page(row.frame) & pf.HWPOISON for row in rows)


def broken(user, dialog: BreakMany) -> Operation:
    """The operation that breaks the anonymous pages of srv."""
    typed(dialog, "task:srv anon")
    dialog.breaks.click()
    until(lambda: not user.window.controller.work.busy)
    return user.session.operations[-1]


def test_a_note_within_it_and_at_its_end_is_of_the_whole_operation(user, dialog: BreakMany) -> None:
    window, session, whole = user.window, user.session, broken(user, dialog)
    for position in (whole.parts[1].first + 1, whole.last):
        window.controller.seek(position)
        until(lambda: not window.controller.work.busy)
        window.notes.ask_note()
        (note,) = (one for one in window.findChildren(QInputDialog) if one.isVisible())
        assert any(f"operation {len(session.operations)}:" in one.text() for one in note.findChildren(QLabel))
        note.reject()
        until(lambda: not window.notes.editing)


def test_end_leads_to_the_end_of_the_whole_operation_that_is_played(user, dialog: BreakMany) -> None:
    window, session, whole = user.window, user.session, broken(user, dialog)
    window.controller.seek(whole.first + 1)
    window.controller.playback.play()
    window.controller.finish()
    until(lambda: session.position == whole.last)
