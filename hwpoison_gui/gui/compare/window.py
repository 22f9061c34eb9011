"""The Compare window: one click under two settings, walked side by side, with a list of differences."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from hwpoison_gui.export.comparison import Comparison as Exported
from hwpoison_gui.gui.compare.export import ExportButton
from hwpoison_gui.gui.compare.side import CompareSide, LinkedViews
from hwpoison_gui.gui.compare.table import CompareTable
from hwpoison_gui.gui.compare.walk import Walk
from hwpoison_gui.gui.compare.walk_bar import WalkBar
from hwpoison_gui.gui.control.compare_builder import Compared, build, build_matrix
from hwpoison_gui.gui.control.slices import Work
from hwpoison_gui.gui.control.worker import Worker
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.elided_label import ElidedLabel
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.profile.type import SYSCTL_RECOVERY
from hwpoison_gui.session import compare
from hwpoison_gui.session.compare import KILLS, Recipe, Settings, Side, kept_of
from hwpoison_gui.view.base.moment import START_WITHIN, title
from hwpoison_gui.view.base.palette import DARK, Theme
from hwpoison_gui.view.facts.compare import (
    Column,
    Line,
    Row,
    differences,
    headline,
    matrix_rows,
    settings_words,
    skipped_words,
)
from hwpoison_gui.view.words.words import counted

_WAYS: Final = (("Early vs. late kill", "early"), ("Recovery on vs. off", "recovery"),
                ("Profile {} against {}", "profile"), ("As chosen below", ""),
                ("Matrix: every kernel, early and late", "matrix"))  # fmt: skip
_LIT: Final = ". Lit: not as in the older kernel to its right"
_LINES: Final = ("Branch against branch", "lines")
_SAME: Final = "All sides are equal.\nThe button above lists the facts; other settings are chosen at the top."
_USUAL: Final = QSize(1180, 740)
_FRAME: Final = QSize(8, 40)  # approximate window frame


class CompareWindow(QDialog):
    """`recipe`: the click; `base`: the settings of its machine; `pace` gives speed of playback, and whether to skim.

    `lines`: the present line and the branches. `make` has to be completed before the window is used.
    """

    made = Signal(object)  # session.comparisons.Compared: a comparison is complete

    def __init__(
        self,
        recipe: Recipe,
        base: Settings,
        parent: QWidget | None = None,
        theme: Theme = DARK,
        pace: Callable[[], tuple[float, bool]] = lambda: (1.0, True),
        lines: Sequence[Line] = (),
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self._recipe, self._base, self._theme, self._lines = recipe, base, theme, tuple(lines)
        self.rows: list[Row] = []
        self._shown: Sequence[Side | Column] = ()  # both sides, or the columns of the matrix
        self._has_lines = False  # the sides show lines of operations, not the click under two settings
        self.compared: Compared | None = None
        self._builder: Worker | None = None
        self._stale = True  # the chosen comparison has not been built
        self._walked = False
        self._pace = pace
        self.machine = ""  # its title, for an export
        self.setWindowTitle(f"Compare: {title(recipe.click.name, recipe.click.args)}")
        self.resize((_USUAL * look.scale()).boundedTo(self.screen().availableSize() - _FRAME))
        self._split()

    # -- making

    def make(self, way: str = "early", hand: tuple[Settings, Settings] | None = None) -> Work:
        """Make what is in the window, a part in each turn of the event loop.

        `way`: compared first, with settings `hand` if given; `build` does it.
        """
        self._make_way()
        yield
        left = CompareSide("Left", self._pair, self._theme)
        yield
        self.sides = left, CompareSide("Right", self._pair, self._theme)
        yield
        self._link()
        self._make_result()
        yield
        self._place()
        self.set_theme(self._theme)
        for side, settings in zip(self.sides, hand or (), strict=False):
            side.choices.set_settings(settings)
        self._take(way)
        self._empty()

    def _make_way(self) -> None:
        self.way = QComboBox(self)
        self.way.setAccessibleName("What is compared")
        self.way.setToolTip("How the two sides differ; choices below override it")
        profiles = [settings.profile for settings in compare.differing(self._base, "profile")]
        for words, key in (*_WAYS, _LINES) if len(self._lines) > 1 else _WAYS:
            self.way.addItem(words.format(*profiles), key)
        self.way.activated.connect(lambda _: self.choose(self.way.currentData()))
        self.subject = ElidedLabel(self)
        self._compared = ""

    def _link(self) -> None:
        self._linked = LinkedViews(*(side.rmap for side in self.sides))
        for number, side in enumerate(self.sides):
            side.choices.set_lines([line.words for line in self._lines], number)
            side.choices.changed.connect(self._chosen_by_hand)
        self.walk = Walk(self, self.sides, self._pace)
        self.bar = WalkBar(self._below, self.walk, self._theme)

    def _split(self) -> None:
        """Make the splitters before what is in them: a widget that gets another parent is styled again."""
        self._halves = QSplitter(Qt.Orientation.Vertical, self)
        self._pair = QSplitter(Qt.Orientation.Horizontal, self._halves)
        self._below = QWidget(self._halves)

    def _make_result(self) -> None:
        self.words = QLabel(self._below)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setWordWrap(True)
        self.all = QToolButton(self._below)
        self.all.setObjectName("boxed")
        self.all.setAccessibleName("Also what is equal")  # its text has numbers, once both sides are there
        self.all.setCheckable(True)
        self.all.setToolTip("The list has what differs; with this also what is equal on all sides")
        self.all.toggled.connect(lambda _: self._show_rows())
        self.progress = QProgressBar(self._below)
        self.progress.setRange(0, 1000)
        self.progress.setFormat("%p %")
        self.cancel = QPushButton("Cancel", self._below)
        self.cancel.setToolTip("Stops building the machines, and closes the window")
        self.cancel.clicked.connect(self.close)
        self.table = CompareTable(self._below, self._theme)
        self.table.sideWanted.connect(self._open_column)
        self.export = ExportButton(self._below, self._exported, self.table.picture)

    def _place(self) -> None:
        top = _row(self.way, self.subject)
        top.setStretch(1, 1)
        result = _row(self.words, self.progress, self.cancel, self.all, self.export)
        result.setStretch(0, 1)
        for side in self.sides:
            side.rmap.setMinimumWidth(380)
        under = QVBoxLayout(self._below)
        under.setContentsMargins(0, 0, 0, 0)
        under.setSpacing(0)
        under.addWidget(self.bar)
        under.addLayout(result)
        under.addWidget(self.table, 1)
        for splitter in (self._pair, self._halves):
            splitter.setChildrenCollapsible(False)
        self._halves.setSizes([400, 300])
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addLayout(top)
        box.addWidget(self._halves, 1)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for side in self.sides:
            side.set_theme(theme)
        self.bar.set_theme(theme)
        self.table.set_theme(theme)
        self.words.setFont(look.font(look.TITLE, QFont.Weight.DemiBold))
        self.subject.setFont(look.font(look.BODY))
        look.ink(self.subject, theme.muted)

    # -- what is compared

    def choose(self, way: str) -> None:
        """Set in what the sides differ, a value of WAYS (empty: the settings chosen by hand), and build them."""
        self._take(way)
        self.build()

    def _take(self, way: str) -> None:
        self.way.setCurrentIndex(self.way.findData(way))
        for part in (self._pair, self.bar):
            part.setHidden(way == "matrix")
        if way == "matrix" and not self.isMaximized():
            room = self.screen().availableSize() - _FRAME
            wanted = self.table.width_for(KILLS * len(PROFILES)) + 2 * look.LARGE
            self.resize(min(max(self.width(), wanted), room.width()), self.height())
        for side in self.sides:
            side.choices.choose_lines(way == "lines")
        if way not in ("", "matrix", "lines"):
            for side, settings in zip(self.sides, compare.differing(self._base, way), strict=True):
                side.choices.set_settings(settings)

    def _chosen_by_hand(self) -> None:
        self.choose("lines" if self.way.currentData() == "lines" else "")

    @property
    def building(self) -> bool:
        return self._builder is not None or self._stale

    @property
    def _is_wanted(self) -> bool:
        """Whether a result is shown that a thread had sent before other sides were chosen, or the build was stopped."""
        return self._builder is not None and not self._stale

    def build(self) -> None:
        """Build both sides; a running build is cancelled."""
        self.walk.stop()
        self.bar.show_playing()
        self._stale = self._builder is not None
        if self._builder is not None:
            self._builder.cancel()
            return
        job, built = self._job()
        self._empty()
        self._builder = builder = Worker(job, self)
        builder.progressed.connect(self._progressed)
        builder.made.connect(built)
        builder.refused.connect(self._refused)
        builder.finished.connect(self._finished)
        builder.start()

    def _empty(self) -> None:
        """Show that the machines are being built."""
        self._forget()
        self.table.empty = ""
        self.table.facts.set_heads([])
        self._show_building(True)

    def _forget(self) -> None:
        """Drop both machines. No cycle refers to them, so they go without the collector, for which they are frozen:
        unfrozen, they and the machine in the main window would all be scanned at once."""
        self.compared, self.rows, self._shown = None, [], ()
        self.walk.set_compared(None)
        for side in self.sides:
            side.set_side(None)

    def _job(self) -> tuple[Callable[..., object], Callable[[Any], None]]:
        """Return the function that builds the sides, and the one that shows them."""
        if self.way.currentData() == "matrix":
            return partial(build_matrix, self._recipe, self._base), self._matrix_built
        wanted = self.sides[0].choices.settings, self.sides[1].choices.settings
        old = self.sides[0].side, self.sides[1].side
        recipes, had_lines, self._has_lines = (self._recipe,) * 2, self._has_lines, self.way.currentData() == "lines"
        if self._has_lines or had_lines:
            old = None, None
        if self._has_lines:
            wanted = (Settings(self._base.profile, {}),) * 2  # each line sets its own
            recipes = self._lines[self._line_of(0)].recipe, self._lines[self._line_of(1)].recipe
        return partial(build, recipes, wanted, old), self._built

    def _line_of(self, side: int) -> int:
        return max(0, self.sides[side].choices.line.currentIndex())

    def _show_building(self, yes: bool) -> None:
        self.progress.setVisible(yes)
        self.cancel.setVisible(yes)
        for button in (self.all, self.export):
            button.setVisible(not yes)
        self.words.setText("Building the machines …" if yes else "")
        self.bar.set_unavailable("The machines are being built." if yes else "")

    def _progressed(self, share: float, doing: str) -> None:
        self.progress.setValue(round(share * 1000))
        self.words.setText(f"Building the machines: {doing}")

    def _refused(self, why: str) -> None:
        self._show_building(False)
        self.words.setText(f"Not possible: {why}")

    def _built(self, compared: Compared) -> None:
        if not self._is_wanted:
            return
        gc.freeze()  # the two machines may have a million records, which the collector need not scan
        self._show_building(False)
        self.compared = compared
        self.walk.set_compared(compared)
        for shown, side in zip(self.sides, (compared.left, compared.right), strict=True):
            shown.set_side(side)
        heads = [settings_words(side.settings) for side in (compared.left, compared.right)]
        if self._has_lines:
            heads = [self._lines[self._line_of(side)].words for side in (0, 1)]
        self.table.facts.set_heads(heads)
        self.rows, self._shown = compared.rows, (compared.left, compared.right)
        self.bar.slider.setRange(0, self.last)
        self.words.setText(headline(self.rows, self._shown))
        self._show_subject(self._subject(compared))
        self._note((compared.left.settings, compared.right.settings))
        self._show_rows()
        self.walk.seek(self.last, at_once=0.0)  # the list is shown before
        if not self._walked:
            self._walked = True
            self.bar.slider.setFocus()  # later choices keep the focus

    def _matrix_built(self, columns: list[Column]) -> None:
        if not self._is_wanted:
            return
        self._show_building(False)
        # The newest kernel first, as in the menu: a narrow window hides the oldest.
        pairs = [columns[first : first + KILLS] for first in range(0, len(columns), KILLS)]
        columns = [column for pair in reversed(pairs) for column in pair]
        self.table.facts.set_heads([column.head for column in columns], lit_from=KILLS)
        self.rows, self._shown = matrix_rows(columns), columns
        self.words.setText(headline(self.rows, columns))
        done = counted(len(self._recipe.before), "operation")
        recovery = "on" if self._base.sysctl.get(SYSCTL_RECOVERY, 1) else "off"
        click = title(self._recipe.click.name, self._recipe.click.args)
        self._show_subject(f"{click}, after {done}; recovery is {recovery}", _LIT)
        self._note((self._base, self._base))
        self._show_rows()

    def _open_column(self, number: int) -> None:
        """Show the machine of a column of the matrix, beside the present one, else beside its other policy."""
        if self.way.currentData() != "matrix" or not self._shown:
            return
        wanted = self._shown[number].settings
        other = self._base if self._base != wanted else self._shown[number ^ 1].settings
        for side, settings in zip(self.sides, (other, wanted), strict=True):
            side.choices.set_settings(settings)
        self.choose("")

    def _note(self, settings: tuple[Settings, Settings]) -> None:
        recipes = self._recipe, self._recipe
        if self.way.currentData() == "lines":
            recipes = self._lines[self._line_of(0)].recipe, self._lines[self._line_of(1)].recipe
        self.made.emit(kept_of(self.way.currentData(), recipes, settings, self.words.text()))

    def _exported(self) -> Exported:
        title = f"{self.windowTitle()} ({self.machine})" if self.machine else self.windowTitle()
        return Exported(title, f"{self._compared}. {self.words.text()}", self.table.facts.heads,
                        self.table.facts.rows)  # fmt: skip

    def _show_subject(self, subject: str, colours: str = "") -> None:
        """Show what is compared, and what the colours mean, which exported text does not have."""
        self._compared = subject
        self.subject.setText(f"{subject}{colours}")

    def _subject(self, compared: Compared) -> str:
        if self._has_lines:
            skipped = compared.left.skipped + compared.right.skipped
            self.subject.setToolTip(plain("\n".join(map(skipped_words, skipped))))
            if not skipped:
                return "each line from its first error on"
            return f"{counted(len(skipped), 'operation')} could not be repeated"
        done, skipped = len(self._recipe.before), compared.left.skipped + compared.right.skipped
        words = f"on {START_WITHIN}" if not done else f"after {counted(done, 'operation')}, the same on both"
        self.subject.setToolTip(plain("\n".join(map(skipped_words, skipped))))
        left_out = f"; {len(skipped)} could not be repeated" if skipped else ""
        return f"{title(self._recipe.click.name, self._recipe.click.args)}, {words}{left_out}"

    def _finished(self) -> None:
        builder, self._builder = self._builder, None
        if builder is not None:
            builder.wait()
            builder.deleteLater()
        if self._stale:
            self.build()

    # -- walking

    @property
    def at(self) -> int:
        return self.walk.at

    @property
    def last(self) -> int:
        return self.walk.last

    # -- the list

    def _show_rows(self) -> None:
        differing = differences(self.rows)
        self.table.empty = _SAME if any(side.ran for side in self._shown) and not differing else ""
        self.table.set_rows(self.rows if self.all.isChecked() else differing)
        self.all.setText(f"Also list what is equal ({len(self.rows) - len(differing)})")

    # -- the window

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: self.at - 1, Qt.Key.Key_Right: self.at + 1, Qt.Key.Key_Home: 0,
                 Qt.Key.Key_End: self.last, Qt.Key.Key_Comma: self.at - 1, Qt.Key.Key_Period: self.at + 1}  # fmt: skip
        key = Qt.Key(event.key())
        if key in moves:
            self.walk.seek(moves[key])
        elif key == Qt.Key.Key_Space:
            self.walk.toggle()
        elif key not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)

    def stop(self) -> None:
        """Stop playback, walking and building."""
        self.walk.stop()
        self._stale = False
        if self._builder is not None:
            self._builder.cancel()
            self._builder.wait()
            self._finished()

    def done(self, result: int) -> None:
        self.stop()
        self._forget()
        super().done(result)


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setContentsMargins(look.MEDIUM, look.SMALL, look.MEDIUM, look.SMALL)
    row.setSpacing(look.SMALL)
    for widget in widgets:
        row.addWidget(widget)
        if isinstance(widget, QLabel):
            widget.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return row
