"""Finding frames: the bar, the map that fades, next and previous match, errors that say where."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest

from hwpoison_gui.gui.control.selection import NONE
from hwpoison_gui.gui.map.find_bar import FindBar
from hwpoison_gui.view.base.moment import at_step
from hwpoison_gui.view.base.palette import mixed
from hwpoison_gui.view.map.codes import FOUND
from hwpoison_gui.view.map.lens_colours import FADED
from hwpoison_gui.view.map.lenses import BY_KEY
from tests.gui.conftest import workers
from tests.gui.waiting import until

Key = Qt.Key


def each_from_a_closed_bar(user, *steps) -> None:
    for step in steps:
        user.window.finder.close_search()
        step(user)


def look_for(user, text: str) -> FindBar:
    """Writes into the bar, as a user does."""
    window = user.window
    window.actions_["find"].trigger()
    assert window.finder.isVisible()
    assert window.finder.field.hasFocus()
    QTest.keyClicks(window.finder.field, text)
    until(lambda: window.filter.text == text)
    return window.finder


def colour(user, pfn: int) -> str:
    return user.window.map.view.grab().toImage().pixelColor(user.point(pfn)).name()


def what_is_not_found_fades(user) -> None:
    window, mine, other = user.window, user.frame("srv:heap+0"), user.frame("any:slab")
    window.map.fit()
    finder = look_for(user, "anon,~buddy")
    frames = int(finder.told.text().partition(" ")[0].replace(",", ""))
    assert frames == window.map.plane.found_count()
    assert "KiB" in finder.told.text() or "MiB" in finder.told.text()
    theme = window.theme
    assert colour(user, mine) == theme.kind(7)
    assert colour(user, other) == mixed(theme.kind(10), theme.ground, FADED)
    QTest.mouseClick(finder.buttons["close"], Qt.MouseButton.LeftButton)
    assert not finder.isVisible()
    assert colour(user, other) == theme.kind(10)
    assert window.map.view.hasFocus()


def the_bar_says_that_a_filter_is_on_until_that_ends(user) -> None:
    window, other = user.window, user.frame("any:slab")
    window.map.fit()
    finder = look_for(user, "anon,~buddy")
    count, words = window.map.plane.found_count(), finder.told.text()
    QTest.keyClick(finder.field, Key.Key_Escape)
    assert window.map.view.hasFocus() and window.map.plane.found_count() == count
    assert colour(user, other) == mixed(window.theme.kind(10), window.theme.ground, FADED)
    assert finder.isVisible() and finder.told.text() == words
    window.actions_["find"].trigger()
    assert finder.field.text() == finder.field.selectedText() == "anon,~buddy"
    QTest.keyClick(finder.field, Key.Key_Backspace)
    QTest.keyClick(finder.field, Key.Key_Escape)  # puts the examples away, or leaves
    QTest.keyClick(finder.field, Key.Key_Escape)
    assert not finder.isVisible() and window.map.view.hasFocus()
    assert colour(user, other) == window.theme.kind(10)


def next_and_previous_go_round(user) -> None:
    window, c = user.window, user.window.controller
    finder = look_for(user, "task:w0 anon,lru")
    plane = window.map.plane
    x, y = plane.layout.positions(np.arange(plane.frames))
    matches = np.flatnonzero(plane.codes.at(x, y) & FOUND).tolist()
    assert len(matches) > 3
    seen = []
    for _ in range(len(matches) + 1):
        QTest.keyClick(finder.field, Key.Key_Return)
        seen.append(c.selection.frame)
    assert seen == [*matches, matches[0]]
    QTest.keyClick(finder.field, Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert c.selection.frame == matches[-1]
    window.actions_["previous-match"].trigger()
    assert c.selection.frame == matches[-2]
    QTest.mouseClick(finder.buttons["next-match"], Qt.MouseButton.LeftButton)
    assert c.selection.frame == matches[-1]


def an_error_says_what_and_where(user) -> None:
    finder = look_for(user, "lru,drity")
    assert finder.told.text() == "did you mean dirty? There is no such flag"
    assert user.window.map.plane.match is None
    assert not finder.buttons["next-match"].isEnabled()
    finder.set_text("lru,dirty")
    assert "frames" in finder.told.text()
    finder.set_text("no-such-thing")
    assert "no such" in finder.told.text()
    finder.set_text("lru,slab,=")
    assert finder.told.text()
    finder.set_text("reserved pgtable")
    assert finder.told.text().startswith("no frame")


def test_what_is_looked_for_is_seen_and_gone_through(user) -> None:
    """It fades the others, is told in the bar, and errors say what and where."""
    each_from_a_closed_bar(
        user,
        what_is_not_found_fades,
        the_bar_says_that_a_filter_is_on_until_that_ends,
        next_and_previous_go_round,
        an_error_says_what_and_where,
    )


def test_an_error_is_never_cut_at_the_edge(open_window) -> None:
    user = open_window(workers(), (900, 600))
    window = user.window
    finder = look_for(user, "mapcont>=14 ")
    until(lambda: finder.explained.isVisible())
    assert "did you mean mapcount" in finder.explained.text() and "threads" in finder.explained.text()
    shown = finder.explained
    assert shown.heightForWidth(shown.width()) <= shown.height() and window.rect().contains(shown.geometry())
    assert not finder.told.isVisible(), "it is told once"
    assert not shown.geometry().intersects(window.map.rect().translated(window.map.mapTo(window, QPoint(0, 0))))
    finder.set_text("mapcount>=14")
    until(lambda: finder.told.isVisible() and not finder.explained.isVisible())
    finder.set_text("mapcont>=14")
    until(lambda: finder.explained.isVisible())
    QTest.keyClick(finder.field, Key.Key_Escape)
    assert not finder.explained.isVisible()


def test_what_was_found_stays_until_it_is_asked_again(user) -> None:
    finder = look_for(user, "w1")
    window, plane, session = user.window, user.window.map.plane, user.session
    asked, count = session.position, plane.found_count()
    found = plane.found(slice(0, plane.frames)).tolist()
    when = at_step(session, asked)
    assert when == f"step {asked - session.operations[-1].first} of operation {len(session.operations)}"
    assert count > 0 and f"· found at {when} ·" in finder.told.text() and finder.again.isHidden()
    window.controller.act("exit", {"task": "w1"})
    QTest.qWait(1)
    assert plane.found(slice(0, plane.frames)).tolist() == found
    assert f"· found at {when} ·" in finder.told.text() and finder.again.isVisible()
    window.controller.seek(asked)
    assert finder.again.isHidden(), "the machine is as it was"
    window.controller.seek(len(session.steps))
    QTest.keyClick(finder.field, Key.Key_Return)
    until(lambda: "no such" in finder.told.text())
    assert finder.again.isHidden()


@pytest.mark.parametrize("keys", [Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier])
def test_enter_goes_on_from_match_to_match_while_the_handler_plays(user, keys: Qt.KeyboardModifier) -> None:
    c = user.window.controller
    user.click_frame(user.frame("srv:heap+1"))
    c.playback.pause()
    finder = look_for(user, "task:w0 anon,lru")
    gone_to = set()
    for position in range(user.session.position + 1, user.session.position + 4):
        c.seek(position)
        assert finder.again.isVisible(), "every step makes old what was found"
        before = c.selection.frame
        QTest.keyClick(finder.field, Key.Key_Return, keys)
        until(lambda before=before: c.selection.frame != before)
        assert finder.again.isHidden() and user.window.filter.matches(c.selection.frame)
        gone_to.add(c.selection.frame)
    assert len(gone_to) == 3


def test_enter_while_the_machine_works_goes_to_a_match_once_it_can_be_read(user, monkeypatch) -> None:
    window, c = user.window, user.window.controller
    finder = look_for(user, "anon")
    with monkeypatch.context() as working:
        working.setattr(type(c), "busy", True)
        QTest.keyClicks(finder.field, " task:w0")
        QTest.keyClick(finder.field, Key.Key_Return)
        assert window.filter.text == "anon task:w0" and c.selection.frame == NONE
    until(lambda: c.selection.frame != NONE)
    assert window.filter.matches(c.selection.frame) and "task:w0" in window.filter.text


def test_a_frame_that_breaks_stays_found(user) -> None:
    pfn = user.frame("srv:heap+1")
    finder = look_for(user, "anon,~hwpoison mapcount>=2")
    count = user.window.map.plane.found_count()
    assert user.window.map.plane.found(slice(pfn, pfn + 1)).all()
    user.click_frame(pfn)
    for position in range(user.session.operations[-1].first, len(user.session.steps) + 1):
        user.window.controller.seek(position)
        assert user.window.map.plane.found(slice(pfn, pfn + 1)).all() and str(count) in finder.told.text()
    QTest.mouseClick(finder.again, Qt.MouseButton.LeftButton)
    until(lambda: not user.window.map.plane.found(slice(pfn, pfn + 1)).any())
    assert f"found at {at_step(user.session, user.session.position)}" in finder.told.text()


def test_the_filter_stays_for_every_lens_and_layout(user) -> None:
    look_for(user, "lru,~dirty")
    window = user.window
    count = window.map.plane.found_count()
    for key in BY_KEY:
        window.lenses.choose(key)
        until(lambda: not window.lenses.busy)
        assert window.map.plane.found_count() == count
        assert int((window.map.plane.pyramid.level(0) >= FOUND).sum()) == count
    window.actions_["layout-hilbert"].trigger()
    assert int((window.map.plane.pyramid.level(0) >= FOUND).sum()) == count


def test_a_click_on_the_legend_looks_for_the_class(user) -> None:
    window = user.window
    for key, name in (
        ("kind", "slab"),
        ("outcome", "late"),
        ("mapcount", "ramp1"),
        ("owner", "free"),
        ("zone", "zone0"),
    ):
        window.lenses.choose(key)
        until(lambda: not window.lenses.busy)
        lens = window.lenses.lens
        window.legend.classClicked.emit(lens.id_of(name))
        assert window.finder.isVisible()
        assert window.map.plane.found_count() == window.map.plane.class_counts()[lens.id_of(name)]
        window.legend.classClicked.emit(lens.id_of(name))
        assert not window.finder.isVisible()
    window.legend.classClicked.emit(window.lenses.lens.poison)
    assert window.filter.text == "hwpoison"


def listed(user) -> list[str]:
    words = user.window.finder.words
    return [word.text for word in words.words.words] if words.isVisible() else []


def an_empty_field_shows_examples(user) -> None:
    window = user.window
    window.actions_["find"].trigger()
    until(lambda: "lru,~dirty" in listed(user))
    field = window.finder.field
    assert not window.finder.words.geometry().intersects(QRect(field.mapTo(window, QPoint(0, 0)), field.size()))
    QTest.keyClick(window.finder.field, Key.Key_Down)
    QTest.keyClick(window.finder.field, Key.Key_Return)
    assert window.filter.text == "lru,~dirty" and window.map.plane.match is not None
    assert listed(user) == []


def words_are_suggested_gone_through_and_taken(user) -> None:
    window, field = user.window, user.window.finder.field
    look_for(user, "srv:")
    assert listed(user) == ["srv:heap", "srv:data"]
    QTest.keyClick(field, Key.Key_Up)
    assert "srv:data" in field.accessibleDescription()
    QTest.keyClick(field, Key.Key_Return)
    assert field.text() == window.filter.text == "srv:data"
    QTest.keyClicks(field, " ~dir")
    QTest.keyClick(field, Key.Key_Tab)
    assert field.text() == "srv:data ~dirty" and field.hasFocus()
    assert "frame" in window.finder.told.text()


def escape_puts_the_suggestions_away_before_the_search(user) -> None:
    finder = look_for(user, "l")
    assert listed(user)
    QTest.keyClick(finder.field, Key.Key_Escape)
    assert listed(user) == [] and finder.isVisible()
    QTest.keyClick(finder.field, Key.Key_Escape)
    assert not finder.isVisible()


def a_suggestion_is_taken_by_a_click_within_a_word(user) -> None:
    finder = look_for(user, "ano lru")
    finder.field.setCursorPosition(3)
    QTest.keyClick(finder.field, Key.Key_Down)
    words = finder.words
    assert listed(user) == ["anon"]
    QTest.mouseClick(words.viewport(), Qt.MouseButton.LeftButton, pos=words.visualRect(words.words.index(0)).center())
    assert finder.field.text() == "anon lru" and finder.field.hasFocus()


def suggestions_go_with_the_focus(user) -> None:
    look_for(user, "l")
    user.window.map.setFocus()
    assert listed(user) == []


def test_words_are_suggested(user) -> None:
    """Gone through and taken by keys and clicks, and put away."""
    each_from_a_closed_bar(
        user,
        an_empty_field_shows_examples,
        words_are_suggested_gone_through_and_taken,
        escape_puts_the_suggestions_away_before_the_search,
        a_suggestion_is_taken_by_a_click_within_a_word,
        suggestions_go_with_the_focus,
    )


def test_after_enter_the_answer_has_the_place_of_the_suggestions(open_window) -> None:
    user = open_window(workers(), (900, 600))
    finder = look_for(user, "lru,dir")
    assert listed(user) == ["dirty"]
    QTest.keyClick(finder.field, Key.Key_Return)
    assert listed(user) == []
    finder.set_text("mapcont>=14")
    until(lambda: finder.explained.isVisible())
    user.window.map.setFocus()
    until(lambda: not finder.explained.isVisible())  # and nothing lies over the lenses
    finder.field.setFocus()
    until(lambda: finder.explained.isVisible())
