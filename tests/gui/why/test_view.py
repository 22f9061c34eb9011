"""The decision view under mouse and keyboard, and what a screen reader hears of it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.why.delegate import sign_name
from hwpoison_gui.gui.why.view import DecisionView
from hwpoison_gui.kernel.profile.v7 import V7
from hwpoison_gui.view.base.palette import THEMES
from hwpoison_gui.view.outcome.loss import ending_of, loss_of
from hwpoison_gui.view.outline.outline import ASIDE, DONE, Node, Outline

Key, Role = Qt.Key, Qt.ItemDataRole


@pytest.fixture
def fired(user):
    """An anonymous page with four users is broken, and the walk shown from its first step."""
    QApplication.processEvents()  # the panels find their places; in a test's body this has been done
    user.click_frame(user.frame("srv:heap+1"))
    user.window.controller.playback.pause()
    assert user.session.operations[-1].name == "poison"
    return user


def line(view: DecisionView, text: str) -> Node:
    return next(node for node in view.outline_model.outline.shown() if text in (node.text + node.told))


def click(view: DecisionView, node: Node) -> None:
    index = view.outline_model.index_of(node)
    view.scrollTo(index)
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(index).center())


def test_at_rest_it_shows_the_handler(user) -> None:
    user.window.controller.seek(0)
    view = user.window.docks["why"].content()
    assert view.outline_model.rowCount() == 1
    assert view.outline_model.data(view.outline_model.index(0, 0)) == "A memory error is reported"
    assert user.window.docks["why"].head.subject.text() == "not running"


def back_at_rest_it_begins_at_the_first_question(fired) -> None:
    view = fired.window.docks["why"].content()
    fired.window.controller.seek(len(fired.session.steps))
    assert view.verticalScrollBar().value() > 0
    fired.window.controller.seek(0)
    assert view.verticalScrollBar().value() == 0


def the_present_step_is_marked_and_in_view(fired) -> None:
    view, session = fired.window.docks["why"].content(), fired.session
    operation = session.operations[-1]
    for position in range(operation.first + 1, operation.last + 1):
        fired.window.controller.seek(position)
        node = view.present()
        assert node is not None and node.first + 1 == position
        rect = view.visualRect(view.outline_model.index_of(node))
        assert view.viewport().rect().contains(rect.center())
        said = view.outline_model.data(view.outline_model.index_of(node), Role.AccessibleTextRole)
        assert "present step" in said or "taken now" in said


def only_ways_are_ticked_or_crossed(fired) -> None:
    outline, last = fired.window.docks["why"].content().outline_model.outline, fired.session.operations[-1].last
    fired.window.controller.seek(last)
    for node in outline.shown():
        state = node.state(last)
        assert (sign_name(node, state) in ("tick", "cross")) == (node.kind == "way" and state in (DONE, ASIDE))


def a_click_on_a_line_goes_to_its_step(fired) -> None:
    view = fired.window.docks["why"].content()
    node = line(view, "PG_hwpoison is set now")
    click(view, node)
    assert fired.session.position == node.first + 1
    click(view, line(view, "Yes: the handler waits for the holder."))  # nothing happened there
    assert fired.session.position == node.first + 1


def arrows_move_in_it_and_enter_goes_there(fired) -> None:
    view = fired.window.docks["why"].content()
    before = fired.session.position
    view.setFocus()
    view.setCurrentIndex(view.outline_model.index_of(line(view, "Is there memory at the frame number?")))
    fired.key(Key.Key_Down, view)
    assert fired.session.position == before
    node = view.outline_model.node(view.currentIndex())
    assert node.branch == "valid"
    fired.key(Key.Key_Return, view)
    assert fired.session.position == node.first + 1
    parent = view.currentIndex().parent()
    view.setCurrentIndex(parent)
    fired.key(Key.Key_Left, view)
    assert not view.isExpanded(parent)


def at_the_end_it_says_what_became_of_it(fired) -> None:
    view = fired.window.docks["why"].content()
    fired.key(Key.Key_End, fired.window.map.view)
    model = view.outline_model
    head = model.index(model.rowCount() - 1, 0)
    said = [model.data(model.index(row, 0, head)) for row in range(model.rowCount(head))]
    assert said == [
        "Lost: 4 KiB of anonymous memory of srv:101, w0:102, w1:103 and w2:104.",
        "Killed: srv:101, w0:102, w1:103 and w2:104.",
    ]
    assert "Lost: 4 KiB" in fired.window.sentence.detail.text()
    fired.key(Key.Key_PageUp, fired.window.map.view)
    fired.key(Key.Key_End, fired.window.map.view)
    assert model.rowCount() == view.outline_model.rowCount()


def test_lines_lead_to_their_steps_and_the_last_ones_say_what_became_of_it(fired) -> None:
    """By the mouse and by keys."""
    a_click_on_a_line_goes_to_its_step(fired)
    arrows_move_in_it_and_enter_goes_there(fired)
    at_the_end_it_says_what_became_of_it(fired)


def test_what_was_not_reached_is_one_line_so_that_decision_and_ending_are_seen_together(user) -> None:
    user.window.controller.set_sysctl("memory_failure_recovery", 0)
    user.click_frame(user.frame("srv:heap+1"))
    user.key(Key.Key_End, user.window.map.view)
    view, model = user.window.docks["why"].content(), user.window.docks["why"].content().outline_model
    rest = line(view, "Not reached: ")
    assert rest.children and rest.first == -1 and not view.isExpanded(model.index_of(rest))
    assert rest.state(user.session.position) == "aside"
    seen = view.viewport().rect()
    for words in ("the kernel panics", "Outcome"):
        assert seen.contains(view.visualRect(model.index_of(line(view, words))).center()), words


def test_a_touch_is_told_as_a_fault(user) -> None:
    user.window.controller.set_sysctl("memory_failure_early_kill", 0)
    user.click_frame(user.frame("srv:heap+2"))
    user.window.controller.finish()
    user.window.controller.touch("read", "w1", "heap+2")
    user.window.controller.finish()
    view = user.window.docks["why"].content()
    assert line(view, "What is in the page table?").first >= 0
    end = user.session.position
    assert line(view, "A hwpoison entry: its frame is poisoned.").state(end) == DONE


def ten_thousand_of_a_kind_are_one_line_until_it_is_unfolded(qtbot: QtBot, fired) -> None:
    steps = fired.session.steps
    cut = next(step for step in steps if step.mark.site.function == "try_to_unmap_one")
    view = DecisionView()
    qtbot.addWidget(view)
    view.resize(520, 300)
    view.show()
    view.set_moment(Outline(V7, [cut.mark] * 10_000, 0, 10_000), 5_000)
    model = view.outline_model
    run = next(node for node in model.outline.nodes if node.kind == "run")
    assert model.data(model.index_of(run)).startswith("5,000 of 10,000: ")
    assert view.present() is run
    view.setExpanded(model.index_of(run), True)
    assert model.rowCount(model.index_of(run)) == 10_000
    view.set_moment(model.outline, 6_000)
    present = view.present()
    assert present is not None and present.first == 5_999
    rect = view.visualRect(model.index_of(present))
    assert view.viewport().rect().contains(rect.center())


def every_line_says_its_state_and_has_a_tip(fired) -> None:
    model = fired.window.docks["why"].content().outline_model
    for node in model.outline.shown():
        index = model.index_of(node)
        assert model.data(index, Role.AccessibleTextRole).endswith((")", "()"))
        assert model.data(index, Role.DisplayRole) in model.data(index, Role.ToolTipRole)
        assert model.node(model.parent(index)).id == node.parent


def no_words_are_cut_off(fired) -> None:
    view = fired.window.docks["why"].content()
    fired.key(Key.Key_End, fired.window.map.view)
    for node in view.outline_model.outline.shown():
        index = view.outline_model.index_of(node)
        room = view.visualRect(index)
        lines = view.itemDelegate()._laid_out(node, room.width()).lineCount()
        assert lines <= 3
        if lines > 1:
            assert room.height() >= lines * view.fontMetrics().height() * 0.9


def it_is_drawn_in_every_theme(fired, theme) -> None:
    fired.window.appearance.choose_theme(theme.name)
    assert not fired.window.docks["why"].content().grab().isNull()
    operation = fired.session.operations[-1]
    loss = loss_of(fired.session, operation) if fired.session.position == operation.last else None
    assert loss is None or ending_of(loss)


def test_each_line_of_a_walk(fired) -> None:
    """Its state, its tip, its room, and the present step in view, in every theme."""
    the_present_step_is_marked_and_in_view(fired)
    only_ways_are_ticked_or_crossed(fired)
    every_line_says_its_state_and_has_a_tip(fired)
    no_words_are_cut_off(fired)
    back_at_rest_it_begins_at_the_first_question(fired)
    for theme in THEMES.values():
        it_is_drawn_in_every_theme(fired, theme)


def no_line_is_drawn_over_the_next_one(fired, qtbot: QtBot, width: int) -> None:
    end = len(fired.session.steps)
    fired.window.controller.seek(end)
    outline = fired.window.docks["why"].content().outline_model.outline
    fact = next(node for node in outline.shown() if node.kind == "fact")
    fact.text = f"Lost: {'pages and ' * 80}no more"
    try:
        look.set_text_size(200)
        view = DecisionView()
        qtbot.addWidget(view)
        view.resize(width, 600)
        view.set_moment(outline, end)
        view.show()
        QApplication.processEvents()
        for node in outline.shown():
            room = view.visualRect(view.outline_model.index_of(node))
            drawn = view._delegate._laid_out(node, room.width()).boundingRect()
            assert drawn.height() <= room.height() and drawn.width() <= room.width(), node.text
        assert view._delegate._laid_out(fact, 200).text().endswith("…")
    finally:
        look.set_text_size(look.USUAL_TEXT)


def test_views_of_any_width_and_length(qtbot: QtBot, fired) -> None:
    """Long words, and ten thousand lines."""
    ten_thousand_of_a_kind_are_one_line_until_it_is_unfolded(qtbot, fired)
    for width in (240, 300, 410):
        no_line_is_drawn_over_the_next_one(fired, qtbot, width)
