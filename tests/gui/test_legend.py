"""The legend: counts, amounts, clicks and keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from hwpoison_gui.gui.legend import Legend
from hwpoison_gui.view import kinds
from hwpoison_gui.view.palette import DARK, LIGHT


@pytest.fixture
def legend(qtbot: QtBot) -> Legend:
    widget = Legend()
    qtbot.addWidget(widget)
    widget.resize(900, 120)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def counts(**known: int) -> list[int]:
    return [known.get(kind.key, 0) for kind in kinds.KINDS]


def test_counts_in_frames_and_memory(legend: Legend) -> None:
    legend.set_counts(counts(free=40_013, poison=1))
    assert legend.rows[kinds.FREE].text() == "40,013"
    assert legend.rows[kinds.FREE].accessibleName() == "free (buddy): 40,013 frames, 156.3 MiB"
    assert legend.rows[kinds.POISON].accessibleName() == "hardware poison: 1 frames, 4 KiB"


def test_holes_are_listed_only_where_there_are_some(legend: Legend) -> None:
    legend.set_counts(counts(free=5))
    assert not legend.rows[kinds.HOLE].isVisible()
    legend.set_counts(counts(free=5, hole=7))
    assert legend.rows[kinds.HOLE].isVisible()


def test_a_row_says_which_kind_by_mouse_and_by_key(legend: Legend, qtbot: QtBot) -> None:
    with qtbot.waitSignal(legend.kindClicked) as clicked:
        QTest.mouseClick(legend.rows[kinds.ANON], Qt.MouseButton.LeftButton)
    assert clicked.args == [kinds.ANON]
    legend.rows[kinds.SLAB].setFocus()
    with qtbot.waitSignal(legend.kindClicked) as pressed:
        QTest.keyClick(legend.rows[kinds.SLAB], Qt.Key.Key_Space)
    assert pressed.args == [kinds.SLAB]


def test_rows_lie_apart_in_any_width(legend: Legend, qtbot: QtBot) -> None:
    for width in (1400, 900, 500, 330):
        legend.resize(width, legend.heightForWidth(width))
        qtbot.waitUntil(lambda width=width: legend.width() == width)
        shown = [row for row in legend.rows.values() if row.isVisible()]
        for row in shown:
            assert legend.rect().contains(row.geometry())
            assert row.width() >= row.sizeHint().width()
        assert all(a is b or not a.geometry().intersects(b.geometry()) for a in shown for b in shown)


def test_every_row_teaches(legend: Legend) -> None:
    assert all(row.toolTip() and row.accessibleName() for row in legend.rows.values())


@pytest.mark.parametrize("theme", [DARK, LIGHT])
def test_swatches_have_the_colours_of_the_theme(legend: Legend, theme: object) -> None:
    legend.set_theme(theme)  # type: ignore[arg-type]
    row = legend.rows[kinds.ANON]
    image = row.grab().toImage()
    assert image.pixelColor(12, row.height() // 2) == QColor(theme.kind(kinds.ANON))  # type: ignore[attr-defined]
