"""Nothing is cut without a sign: in the smallest window, in every state, words fit or are elided and told by a tip."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetrics, QHelpEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QDialog,
    QDockWidget,
    QHeaderView,
    QLabel,
    QTabBar,
    QTableView,
    QTextBrowser,
    QToolTip,
    QWidget,
)

from hwpoison_gui import resources
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.elided_label import ElidedLabel
from hwpoison_gui.gui.widgets.caption_bar import CaptionBar
from hwpoison_gui.opening.opening import Opened, open_file
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.map.lenses import LENSES
from tests.gui.conftest import User, workers
from tests.gui.waiting import comparison_of, until

Role = Qt.ItemDataRole


def seen(root: QWidget, kind: type) -> Iterator[QWidget]:
    """What of a kind can be seen of a window, at least a part of it."""
    yield from (one for one in root.findChildren(kind) if one.isVisible() and not one.visibleRegion().isEmpty())


def scrolls(one: QWidget) -> bool:
    """Whether it can be scrolled into view."""
    above = one.parentWidget()
    while above is not None and not isinstance(above, QAbstractScrollArea):
        above = above.parentWidget()
    return above is not None


def cut(root: QWidget) -> list[str]:
    """Words that are not wholly seen, without an ellipsis or without a tip that says them."""
    found = []
    for label in seen(root, QLabel):
        tall = label.heightForWidth(label.width()) if label.wordWrap() else label.sizeHint().height()
        wide = 0 if label.wordWrap() or isinstance(label, ElidedLabel) else label.sizeHint().width()
        if label.text() and (wide > label.width() or tall > label.height()) and not isinstance(label, ElidedLabel):
            found.append(f"label {label.text()!r}")
    for button in seen(root, QAbstractButton):
        room, wanted = button.size(), button.sizeHint()
        if button.text() and (wanted.width() > room.width() or wanted.height() > room.height()):
            found.append(f"button {button.text()!r}")
    for one in (*seen(root, QLabel), *seen(root, QAbstractButton)):
        if one.text() and not scrolls(one) and one.visibleRegion().boundingRect() != one.rect():
            found.append(f"a part of {one.text()!r}")
    for bar in seen(root, QTabBar):
        metrics = QFontMetrics(bar.font())
        tabs = range(bar.count())
        told = {
            dock.windowTitle() for dock in root.findChildren(QDockWidget)
        }  # by tips, as tests/gui/test_tips.py holds
        wide = [bar.tabText(n) for n in tabs if metrics.horizontalAdvance(bar.tabText(n)) > bar.tabRect(n).width()]
        found += [text for text in wide if text not in told]
    for table in seen(root, QTableView):
        found += _cut_cells(table)
    return found


def _cut_cells(table: QTableView) -> list[str]:
    model, head, found = table.model(), table.horizontalHeader(), []
    for column in range(model.columnCount()):
        name = str(model.headerData(column, Qt.Orientation.Horizontal) or "")
        told = model.headerData(column, Qt.Orientation.Horizontal, Role.ToolTipRole)
        fits = QHeaderView.sectionSizeHint(head, column) <= head.sectionSize(column)
        if not fits and (not told or head.textElideMode() == Qt.TextElideMode.ElideNone):
            found.append(f"head {name!r} of {table.accessibleName()}")
        if table.textElideMode() == Qt.TextElideMode.ElideNone:
            found.append(f"cells of {name!r}")
        found += [
            f"cell {index.data()!r}"
            for index in (model.index(row, column) for row in range(min(model.rowCount(), 30)))
            if index.data() and table.visualRect(index).isValid() and not index.data(Role.ToolTipRole)
        ]
    return found


@pytest.fixture
def small(open_window) -> User:
    """The smallest window there is, after a click that killed."""
    user = open_window(workers(), (900, 600))
    assert cut(user.window) == []
    user.click_frame(user.frame("srv:heap+1"))
    user.window.controller.playback.pause()
    return user


def test_all_words_fit_in_the_smallest_window_or_are_told(small: User) -> None:
    window = small.window
    total = len(small.session.steps)
    for position in (1, total // 2, total):
        window.controller.seek(position)
        QApplication.processEvents()
        assert cut(window) == [], position
    for panel in window.docks:
        window.show_panel(panel)
        QApplication.processEvents()
        assert cut(window) == [], panel
    window.finder.open_search()
    for expression in ("lru,nonsense", "lru,~dirty", "anon"):
        window.finder.set_text(expression)
        QApplication.processEvents()
        assert cut(window) == [], expression
    window.finder.close_search()
    window.controller.set_sysctl("memory_failure_recovery", 0)
    QApplication.processEvents()  # the map takes the room of the bar
    small.click_frame(small.frame("/srv/data@1"))
    until(lambda: len(small.session.steps) > total + 1 and not window.controller.busy)
    window.controller.seek(len(small.session.steps))
    QApplication.processEvents()
    assert window.on_demand.panic().isVisible()
    assert cut(window) == []


@pytest.mark.parametrize(("size", "percents"), [
    ((1920, 1080), (150, 200)), ((1280, 800), (150, 200)), ((900, 600), (115, 150, 200)),
])  # fmt: skip
def test_all_words_fit_where_text_is_larger(open_window, size: tuple[int, int], percents: tuple[int, ...]) -> None:
    user = open_window(workers(), size)
    user.click_frame(user.frame("srv:heap+1"))
    user.window.controller.playback.pause()
    user.window.controller.seek(len(user.session.steps))
    try:
        for percent in percents:
            user.window.appearance.choose_text_size(percent)
            for panel in user.window.docks:
                user.window.show_panel(panel)
                QApplication.processEvents()
                assert cut(user.window) == [], (percent, panel)
    finally:
        look.set_text_size(look.USUAL_TEXT)


@pytest.mark.parametrize("size", [(900, 600), (1000, 700), (1100, 720)])
def test_the_legend_of_every_lens_is_seen_in_full(open_window, size: tuple[int, int]) -> None:
    window = open_window(Opened(Session.fresh(65536, 3, "desktop"), "a test"), size).window
    try:
        for percent in (100, 115, 150, 200):
            window.appearance.choose_text_size(percent)
            for lens in LENSES:
                window.lenses.choose(lens.key)
                until(lambda: not cut(window))  # a sheet is computed in slices, and its counts change the legend
    finally:
        look.set_text_size(look.USUAL_TEXT)


@pytest.mark.parametrize("percent", [100, 200])
def test_dialogs_are_within_the_screen(small: User, percent: int) -> None:
    window = small.window
    try:
        window.appearance.choose_text_size(percent)
        for page in ("keys", "notes", "about", "note", "go-to", "palette", "glossary"):
            window.actions_[page].trigger()
            until(lambda: any(one.isVisible() for one in window.findChildren(QDialog)))
            dialog = next(one for one in window.findChildren(QDialog) if one.isVisible())
            QApplication.processEvents()
            room = window.screen().availableSize().expandedTo(window.size())  # the test's screen is smaller
            assert dialog.width() <= room.width() and dialog.height() <= room.height(), page
            assert cut(dialog) == [], page
            if page == "about" and percent == 100:
                text = dialog.findChild(QTextBrowser)
                assert dialog.height() < 300 and not text.verticalScrollBar().maximum(), "a short page is small"
            dialog.close()
            until(lambda: not any(one.isVisible() for one in window.findChildren(QDialog)))
    finally:
        look.set_text_size(look.USUAL_TEXT)


@pytest.mark.parametrize("size", [(900, 600), (1024, 640), (1280, 720), (1280, 800)])
def test_all_bars_have_room_in_a_window_with_a_caption(open_window, size: tuple[int, int]) -> None:
    """Else a window manager leaves out what Qt places first: the tool bar."""
    window = open_window(open_file(resources.path("lessons/22-a-dirty-large-folio.toml")), size).window
    try:
        for percent in (100, 115, 130, 150, 175):
            window.appearance.choose_text_size(percent)
            window.resize(*size)
            QApplication.processEvents()
            assert any(seen(window, CaptionBar))
            until(lambda: window.minimumSizeHint().height() <= size[1])
    finally:
        look.set_text_size(look.USUAL_TEXT)


def test_no_figure_leaves_the_tool_bar_of_a_narrow_window(small: User) -> None:
    window, slider = small.window, small.window.sliders["memory_failure_early_kill"]
    window.controller.seek(len(small.session.steps))
    whole = slider.width_of(2)
    try:
        window.appearance.choose_text_size(115)
        until(lambda: window.counters.isVisible() and slider.width() < whole)
        assert len(window.counters.texts()) == 3
        sliders = [window.sliders[name] for name in small.session.machine.profile.sysctl]
        for figure in (window.counters, window.profile, *sliders):
            assert figure.isVisible() and window.rect().contains(figure.mapTo(window, figure.rect().bottomRight()))
        assert slider.width() < whole
        window.resize(1600, 600)
        QApplication.processEvents()
        assert slider.width() > whole, "where there is room, all words are there again"
    finally:
        look.set_text_size(look.USUAL_TEXT)


def test_all_words_fit_in_a_small_comparison(small: User, qtbot) -> None:
    small.window.controller.seek(len(small.session.steps))  # where playback was depends on the load
    small.window.actions_["compare"].trigger()
    window = comparison_of(small.window)
    window.resize(892, 560)
    until(lambda: not window.building and not window.walk.busy)
    QApplication.processEvents()
    assert cut(window) == []
    assert window.sides[0].sentence.detail.text()
    window.close()


def test_a_cut_label_has_an_ellipsis_and_its_tip_says_all(qtbot) -> None:
    label = ElidedLabel()
    qtbot.addWidget(label)
    label.setText("there is no flag “nonsense”; there is locked, error, referenced")
    label.setToolTip("what was found")
    label.resize(120, 20)
    label.show()
    assert label.is_cut
    assert label.shown.endswith("…")
    QApplication.sendEvent(label, QHelpEvent(QHelpEvent.Type.ToolTip, QPoint(5, 5), label.mapToGlobal(QPoint(5, 5))))
    assert QToolTip.text() == f"{label.text()}\nwhat was found"
    QToolTip.hideText()
    label.resize(2000, 20)
    assert not label.is_cut
    label.setWordWrap(True)
    label.resize(220, 80)
    assert not label.is_cut


def test_the_columns_of_tasks_fit_the_usual_window(open_window) -> None:
    table = (
        open_window(Opened(Session.fresh(65536, 3, "desktop"), "a test"), (1280, 800)).window.docks["tasks"].content()
    )
    assert not table.horizontalScrollBar().maximum()
