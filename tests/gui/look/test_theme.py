"""Colours that the window mixes from the themes: words can be read on them, and edges be seen, in every theme."""

from __future__ import annotations

import re

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QPushButton, QScrollBar, QSlider, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.style_sheet import style_sheet
from hwpoison_gui.gui.timeline import track as timeline
from hwpoison_gui.view.base.palette import THEMES, Theme, contrast, mixed

themes = pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)


@themes
def test_words_can_be_read_on_every_ground(theme: Theme) -> None:
    read = [
        (look.selected_text_of(theme), look.selection_of(theme)),
        (theme.text, look.dead_ground(theme)),
        (theme.text, look.menu_ground(theme)),
        (theme.muted, mixed(theme.raised, theme.poison, 0.2)),
        *((ink, look.lit_ground(theme)) for ink in (theme.text, theme.muted, theme.kill)),
        *((theme.text, mixed(theme.base, tone, 0.22)) for tone in (theme.good, theme.warn)),
        *((theme.text, mixed(theme.base, tone, 0.14)) for tone in (theme.good, theme.warn, theme.kill, theme.muted)),
    ]
    assert {pair: round(contrast(*pair), 2) for pair in read if contrast(*pair) < 4.5} == {}


@themes
def test_edges_and_what_is_dragged_can_be_seen(theme: Theme) -> None:
    for ground in (theme.window, theme.base, theme.raised):
        assert contrast(look.edge_of(theme), ground) >= 3, ground
    passed, ahead = (mixed(theme.window, theme.text, share) for share in (timeline._PASSED, timeline._AHEAD))
    assert contrast(passed, theme.window) >= 3
    assert contrast(passed, ahead) >= 1.9
    assert contrast(theme.text, theme.window) > contrast(passed, theme.window)


@themes
def test_fields_and_buttons_wear_the_theme(qtbot, theme: Theme) -> None:
    """On the screen, not in the style sheet: the edge of each has its colour somewhere."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    app.setPalette(look.palette_of(theme))
    app.setStyleSheet(style_sheet(theme))
    page = QWidget()
    qtbot.addWidget(page)
    page.resize(400, 300)
    bar, slider = QScrollBar(Qt.Orientation.Vertical, page), QSlider(Qt.Orientation.Horizontal, page)
    bar.setRange(0, 100)
    made = [QLineEdit(page), QComboBox(page), QPushButton("Close", page), bar, slider]
    for number, widget in enumerate(made):
        widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        widget.setGeometry(10, 10 + 50 * number, 120, 40)
    page.show()
    for widget in made:
        image = widget.grab().toImage()
        colours = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
        assert look.edge_of(theme) in colours, widget


def test_the_style_sheet_has_no_colour_of_its_own() -> None:
    for theme in THEMES.values():
        own = {
            *(getattr(theme, name) for name in ("window", "base", "raised", "line", "text", "muted", "accent")),
            *(look.selection_of(theme), look.selected_text_of(theme), look.disabled_of(theme), look.edge_of(theme)),
            look.menu_ground(theme),
            mixed(theme.raised, theme.text, 0.08),
        }
        assert set(re.findall(r"#[0-9a-f]{6}\b", style_sheet(theme))) <= own


def test_the_letter_l_is_no_digit_in_monospaced_text(qapp) -> None:
    """Of the letters of page-types, l is LRU: drawn with 1 upon it, much of each is to be seen beside the other."""
    drawn = []
    for text in ("l", "1"):
        image = QImage(40, 60, QImage.Format.Format_Grayscale8)
        image.fill(0)
        painter = QPainter(image)
        painter.setFont(look.mono(2.0))
        painter.setPen(QColor("white"))
        painter.drawText(8, 45, text)
        painter.end()
        drawn.append({(x, y) for x in range(40) for y in range(60) if QColor(image.pixel(x, y)).value() > 128})
    ell, one = drawn
    assert ell and one
    assert len(ell ^ one) > 0.5 * len(ell), look.mono().families()
