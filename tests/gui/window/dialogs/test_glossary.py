"""The glossary in the window: tips under the pointer, F1 on what has the focus, a search, and the palette."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QToolTip, QWidget

from hwpoison_gui.gui.window.commands.palette import CommandPalette
from hwpoison_gui.gui.window.dialogs import term_tips
from hwpoison_gui.gui.window.dialogs.glossary import ALL, HERE, SENTENCE, Glossary
from hwpoison_gui.gui.window.dialogs.pointed import pointed, said_by
from hwpoison_gui.gui.window.dialogs.term_tips import explain, place_of
from hwpoison_gui.view.facts.sentence import Sentence
from hwpoison_gui.view.words.glossary.find import term_of
from tests.gui.conftest import workers
from tests.gui.waiting import comparison_of, until

Key = Qt.Key


def tip(widget: QWidget, pos: QPoint) -> str:
    """The tip that the window shows at a point."""
    return term_tips.tip_at(widget, QHelpEvent(QEvent.Type.ToolTip, pos, widget.mapToGlobal(pos)))


def glossary(user) -> Glossary:
    (found,) = user.window.findChildren(Glossary)
    return found


def names(found: Glossary) -> list[str]:
    return [found.list.item(row).text() for row in range(found.list.count())]


@pytest.fixture
def broken(user):
    """After the error, with the panels made."""
    user.click_frame(user.frame("srv:heap+1"))
    user.key(Key.Key_End)
    return user


def places_of(label: QLabel, word: str) -> list[QPoint]:
    """Points of a label at which the character under the pointer is one of a word."""
    start = label.text().index(word)
    found = []
    for x in range(0, label.width(), 3):
        for y in range(2, label.height(), 6):
            place = pointed(label, QPoint(x, y)).place
            if start <= place < start + len(word):
                found.append(QPoint(x, y))
    return found


def the_word_under_the_pointer_is_explained_in_the_sentence(user) -> None:
    bar = user.window.sentence
    bar.set_sentence(Sentence("srv:101 loses the page: its dirty PTE is replaced by a hwpoison entry.", code="x()"))
    (point, *_) = places_of(bar.text, "PTE")
    assert tip(bar.text, point).startswith("PTE: Page-table entry")
    (point, *_) = places_of(bar.text, "hwpoison entry")
    assert tip(bar.text, point).startswith("hwpoison entry: ")
    (point, *_) = places_of(bar.text, "replaced")
    assert tip(bar.text, point) == ""


def the_kernel_function_beside_the_sentence_is_explained(user) -> None:
    bar = user.window.sentence
    bar.set_sentence(Sentence("What happens", code="try_to_unmap_one()"))
    (point, *_) = places_of(bar.code, "unmap")
    assert "kernel/rmap.py" in tip(bar.code, point)


def a_column_and_its_cells_are_explained(broken) -> None:
    header = broken.window.docks["tasks"].content().horizontalHeader()
    place = next(
        n for n in range(header.count()) if header.model().headerData(n, Qt.Orientation.Horizontal) == "RSS kB"
    )
    at = QPoint(header.sectionViewportPosition(place) + 4, 4)
    assert "RSS: Resident set size" in tip(header.viewport(), at)
    view = broken.window.docks["log"].content()
    rect = view.visualRect(view.model().index(0, 0))
    assert "early kill: Processes that lose data" in tip(view.viewport(), rect.center())


def reverse_map_legend_and_counters_are_explained(broken) -> None:
    rmap, layout = broken.window.docks["rmap"].content(), broken.window.docks["rmap"].content()._layout
    mapping = QPoint(round(layout.columns.mapping[0]) + 5, rmap.viewport().height() // 2)
    assert "anon_vma: The object" in tip(rmap.viewport(), mapping)
    frame = QPoint(round(layout.columns.frame[0]) + 5, rmap.viewport().height() // 2)
    assert f"{rmap.state.letters}: Letters of page flags: " in tip(rmap.viewport(), frame)
    track = broken.window.transport.timeline
    assert "reserved" not in tip(track, QPoint(track.width() - 30, 10))
    assert "\n\n" in tip(track, QPoint(track.width() // 2, 10))
    lens = broken.window.lens_bar.findChildren(QAbstractButton)[0]
    assert "frame: A piece of physical memory" in tip(lens, QPoint(3, 3))
    chip = broken.window.legend.chips[3]
    assert "reserved: Memory that was never given" in tip(chip, QPoint(3, 3))


def the_frame_panel_explains_the_word_under_the_pointer(broken) -> None:
    broken.window.show_panel("frame")
    inspector = broken.window.docks["frame"].content()
    inspector.set_facts(None)
    inspector.setPlainText("Its refcount and its VMA")
    edge = inspector.cursorRect()
    shown = {tip(inspector.viewport(), QPoint(x, edge.center().y())).partition(":")[0] for x in range(0, 400, 4)}
    assert {"refcount", "VMA", ""} <= shown


def a_tip_is_shown_by_the_window_as_plain_text(user) -> None:
    bar = user.window.sentence
    bar.set_sentence(Sentence("<b>evil</b> PTE"))
    explain(user.window, *user.window.explained_parts)
    (point, *_) = places_of(bar.text, "PTE")
    event = QHelpEvent(QEvent.Type.ToolTip, point, bar.text.mapToGlobal(point))
    QApplication.sendEvent(bar.text, event)
    assert QToolTip.text().startswith("PTE: ")


def a_tip_is_below_the_row_or_control_that_is_pointed_at(user) -> None:
    bar, table = user.window.sentence.text, user.window.docks["tasks"].content()
    row = table.visualRect(table.model().index(0, 1))
    for widget, rect in ((bar, bar.rect()), (table.viewport(), row)):
        event = QHelpEvent(QEvent.Type.ToolTip, rect.topLeft(), widget.mapToGlobal(rect.topLeft()))
        edge = widget.mapToGlobal(rect.bottomLeft())
        assert place_of(widget, event, "PTE").y() + 16 > edge.y()
        many = "PTE\n" * 200  # no room below: Qt places it above the pointer
        assert place_of(widget, event, many) == event.globalPos()


def a_tip_has_no_tip(user, monkeypatch: pytest.MonkeyPatch) -> None:
    """Qt's tip is a label within the widget that it is about: if it were watched, it would be shown for ever."""
    bar, asked = user.window.sentence, list[str]()
    bar.set_sentence(Sentence("The PTE maps it."))
    explain(user.window, *user.window.explained_parts)
    (point, *_) = places_of(bar.text, "PTE")
    QApplication.sendEvent(bar.text, QHelpEvent(QEvent.Type.ToolTip, point, bar.text.mapToGlobal(point)))
    until(QToolTip.isVisible)
    for _ in range(5):
        QApplication.processEvents()
    tips = [one for one in QApplication.topLevelWidgets() if one.inherits("QTipLabel") and one.isVisible()]
    monkeypatch.setattr(term_tips, "tip_at", lambda widget, _: asked.append(type(widget).__name__) or "a tip")
    for shown in tips:
        middle = shown.rect().center()
        QApplication.sendEvent(shown, QHelpEvent(QEvent.Type.ToolTip, middle, shown.mapToGlobal(middle)))
    assert tips and asked == []
    QToolTip.hideText()


def test_words_under_the_pointer_are_explained(user, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the sentence, beside it, and by a tip that has none."""
    the_word_under_the_pointer_is_explained_in_the_sentence(user)
    the_kernel_function_beside_the_sentence_is_explained(user)
    a_tip_is_below_the_row_or_control_that_is_pointed_at(user)
    a_tip_is_shown_by_the_window_as_plain_text(user)
    a_tip_has_no_tip(user, monkeypatch)


def f1_explains_what_has_the_focus(broken) -> None:
    window = broken.window
    window.sentence.set_sentence(Sentence("its dirty PTE is replaced by a hwpoison entry"))
    window.sentence.setFocus()
    broken.key(Key.Key_F1, window.sentence)
    found = glossary(broken)
    assert found.isVisible() and found.chosen.name == "dirty"
    listed = names(found)
    assert listed[:4] == [HERE, "dirty", "PTE", "hwpoison entry"]
    assert ALL in listed and "VMA" in listed


def the_terms_of_the_sentence_are_listed_wherever_the_focus_is(broken) -> None:
    window = broken.window
    window.sentence.set_sentence(Sentence("its dirty PTE is replaced by a hwpoison entry"))
    window.transport.timeline.setFocus()
    broken.key(Key.Key_F1, window.transport.timeline)
    listed = names(glossary(broken))
    assert "hwpoison entry" in listed[listed.index(SENTENCE) : listed.index(ALL)]


def keys_choose_and_search_in_it(user) -> None:
    user.window.actions_["glossary"].trigger()
    found = glossary(user)
    QTest.keyClicks(found.field, "pte")
    assert found.chosen == term_of("PTE") and "Read on:" in found.text.toPlainText()
    first = found.chosen
    QTest.keyClick(found.field, Key.Key_Down)
    assert found.chosen != first and found.name.text() == found.chosen.name
    found.field.setText("no such thing")
    assert found.chosen is None and "no such thing" in found.text.toPlainText()
    QTest.keyClick(found.field, Key.Key_Escape)
    assert not found.isVisible()
    user.window.actions_["glossary"].trigger()
    assert glossary(user) is found and found.field.text() == ""


def the_palette_opens_an_entry(user) -> None:
    user.window.actions_["palette"].trigger()
    (palette,) = user.window.findChildren(CommandPalette)
    palette.line.setText("anon_vma")
    (entry,) = [entry for entry in palette.model.entries if (entry.group, entry.text) == ("Glossary", "anon_vma")]
    palette.close()
    entry.run()
    assert glossary(user).chosen == term_of("anon_vma")


def test_the_glossary_is_searched(user) -> None:
    """By its own field and by the palette."""
    keys_choose_and_search_in_it(user)
    the_palette_opens_an_entry(user)


def what_has_the_focus_is_read_in_full(broken) -> None:
    window = broken.window
    window.docks["tasks"].content().setCurrentIndex(window.docks["tasks"].content().model().index(0, 4))
    said = said_by(window.docks["tasks"].content())
    assert "SIGBUS" in said and "srv" in said
    assert "anon_vma" in said_by(window.docks["rmap"].content())
    window.docks["log"].content().setCurrentIndex(window.docks["log"].content().model().index(0, 0))
    assert "MCE" in said_by(window.docks["log"].content())
    assert said_by(None) == ""


def test_what_is_seen_after_an_error_is_explained(broken) -> None:
    """Columns, cells, views and whatever has the focus."""
    a_column_and_its_cells_are_explained(broken)
    reverse_map_legend_and_counters_are_explained(broken)
    what_has_the_focus_is_read_in_full(broken)
    f1_explains_what_has_the_focus(broken)
    the_terms_of_the_sentence_are_listed_wherever_the_focus_is(broken)
    the_frame_panel_explains_the_word_under_the_pointer(broken)


def test_with_large_text_it_fits_into_a_small_window(open_window) -> None:
    user = open_window(workers(), (900, 600))
    user.window.appearance.choose_text_size(200)
    user.window.actions_["glossary"].trigger()
    found = glossary(user)
    assert found.width() <= 900 and found.height() <= 600
    assert found.text.width() > found.list.width()
    user.window.appearance.choose_text_size(100)


def test_the_compare_window_is_explained_too(broken) -> None:
    broken.window.actions_["compare"].trigger()
    shown = comparison_of(broken.window)
    until(lambda: shown.compared is not None)
    label = shown.sides[0].sentence.text
    QToolTip.hideText()
    shown.sides[0].sentence.set_sentence(Sentence("its dirty PTE"))
    (point, *_) = places_of(label, "PTE")
    event = QHelpEvent(QEvent.Type.ToolTip, point, label.mapToGlobal(point))
    QApplication.sendEvent(label, event)
    assert QToolTip.text().startswith("PTE: ")
    shown.close()
