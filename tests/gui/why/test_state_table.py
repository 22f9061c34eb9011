"""The state table panel: what is lit, what it says, and the way to the step that found the row."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from hwpoison_gui.gui.why.state_model import BITS, DOES, KIND
from hwpoison_gui.kernel.handler import ROW
from hwpoison_gui.view.base.palette import THEMES, mixed
from hwpoison_gui.view.outline.state_rows import FITS, OPEN

Key, Role = Qt.Key, Qt.ItemDataRole


def lit(user):
    return next(row for row in user.window.docks["states"].content().model.table.rows if row.state == FITS)


def text(user, row: int, column: int) -> str:
    return user.window.docks["states"].content().model.index(row, column).data()


def test_a_selected_frame_is_previewed(user) -> None:
    panel = user.window.docks["states"].content()
    assert all(row.state == OPEN for row in panel.model.table.rows)
    user.window.controller.selection.select(user.frame("srv:heap+1"))
    assert "if it broke now" in panel.caption.text()
    assert lit(user).kind == "LRU"
    assert "HWPOISON" in panel.flags.text() and "saved earlier" in panel.flags.text()


def test_the_row_is_a_fact_after_the_handler_looked(user) -> None:
    user.click_frame(user.frame("srv:heap+1"))
    panel = user.window.docks["states"].content()
    assert "will look" in panel.caption.text()
    user.key(Key.Key_End, user.window.map.view)
    assert "looked" in panel.caption.text()
    row = lit(user)
    assert text(user, row.number, BITS) == "DIRTY LRU"
    assert text(user, row.number, KIND) == "LRU" and text(user, row.number, DOES) == row.does
    assert text(user, 5, DOES) == "SWAPCACHE clear"
    assert "never reached" in text(user, 0, DOES)
    said = panel.model.index(row.number, KIND).data(Role.AccessibleTextRole)
    assert said == "LRU: the first match"


def test_enter_on_the_lit_row_goes_to_the_step_that_found_it(user) -> None:
    user.click_frame(user.frame("srv:heap+1"))
    user.key(Key.Key_End, user.window.map.view)
    panel, row = user.window.docks["states"].content(), lit(user)
    step = panel.model.table.step
    user.window.docks["states"].raise_()
    panel.view.setFocus()
    panel.view.setCurrentIndex(panel.model.index(row.number, KIND))
    user.key(Key.Key_Return, panel.view)
    assert user.session.position == step
    assert user.session.steps[step - 1].mark.site is ROW


def test_every_row_teaches(user) -> None:
    model = user.window.docks["states"].content().model
    for row in model.table.rows:
        tip = model.index(row.number, KIND).data(Role.ToolTipRole)
        assert row.action in tip and (not row.never or "Never reached" in tip)


def test_what_does_not_come_so_far_says_so(user) -> None:
    user.window.controller.selection.select(user.frame("any:free"))
    assert "does not reach the state table" in user.window.docks["states"].content().caption.text()
    assert not user.window.docks["states"].content().flags.isVisibleTo(user.window.docks["states"].content())


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_the_first_match_stands_on_a_ground_of_its_own(user, theme) -> None:
    user.window.appearance.choose_theme(theme.name)
    user.click_frame(user.frame("srv:heap+1"))
    user.key(Key.Key_End, user.window.map.view)
    user.window.docks["states"].raise_()
    view = user.window.docks["states"].content().view
    rect = view.visualRect(user.window.docks["states"].content().model.index(lit(user).number, KIND))
    image = view.viewport().grab().toImage()
    ratio = image.devicePixelRatio()
    at = image.pixelColor(int((rect.right() - 2) * ratio), int((rect.top() + 1) * ratio))
    assert at == QColor(mixed(theme.base, theme.good, 0.22))
