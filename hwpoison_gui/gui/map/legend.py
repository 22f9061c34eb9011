"""The legend of the map: a chip for every class of frames, with its colour and number of frames.

Chips can be clicked, or reached with Tab and arrow keys and pressed; they emit a signal and change nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QFontMetrics, QGuiApplication, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QToolButton, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.flow_layout import FlowLayout
from hwpoison_gui.gui.look.plain import plain
from hwpoison_gui.gui.map.marks import draw_poison
from hwpoison_gui.gui.widgets.copying import Copying
from hwpoison_gui.gui.widgets.primitives import fill
from hwpoison_gui.view.base.columns import as_tsv
from hwpoison_gui.view.base.palette import DARK, Theme
from hwpoison_gui.view.base.units import FRAME_SIZE, amount
from hwpoison_gui.view.map.lens_colours import class_colour
from hwpoison_gui.view.map.lenses import KIND, Lens, LensClass
from hwpoison_gui.view.words.words import counted

_SWATCH: Final = 12
_ARROWS: Final = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}
_OWN_KEYS: Final = (*_ARROWS, Qt.Key.Key_Space)  # keys that are also shortcuts of the window
_DETAILS: Final = ((True, True, 2), (False, True, 3), (False, False, 0))  # long names, counts, maximum number of lines
_ROWS: Final = 2  # least lines, so that the map keeps its height from lens to lens
_WIDEST: Final = "0000.0 MiB"  # amount of memory
_PCP: Final = "pcp"  # short, as the kernel calls its per_cpu_pages: two lines of chips must suffice
_OF_THEM: Final = (
    "{:,} of these are free, on per-CPU lists (pcp) of the page allocator: no flag tells them from kernel memory. The "
    "allocator moves frames there from its free blocks, several at a time."
)
_FEWEST: Final = "0,000"  # minimum width of a count, so that chips keep their positions


@lru_cache(maxsize=512)
def _chip_size(name: str, count: str, whole: bool, _font: str) -> tuple[int, int]:
    """Width and height of a chip; `_font` is the application's, on which they depend. Layouts ask for it repeatedly."""
    metrics = QFontMetrics(look.font(look.CAPTION))
    room = max(metrics.horizontalAdvance(text) for text in (count, _FEWEST)) if count else 0
    memory = metrics.horizontalAdvance(_WIDEST) + look.SMALL if whole else 0
    words = metrics.horizontalAdvance(name) + look.SMALL + room + memory
    return 3 * look.TIGHT + look.px(_SWATCH) + words, metrics.height() + look.TIGHT


def _with_free(name: str, holds_free: bool) -> str:
    return f"{name} + {_PCP}" if holds_free else name


class LegendChip(QAbstractButton):
    """One class: swatch, name and frames."""

    def __init__(self, one: LensClass, lens: Lens, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme
        self.whole, self.counted = False, True
        self.per_cpu = 0  # frames of the class that are on per-CPU free lists, which no flag shows
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.become(one, lens)

    def become(self, one: LensClass, lens: Lens) -> None:
        """Represent another class, with no frames counted yet."""
        self.one, self.lens, self.per_cpu = one, lens, 0
        self.updateGeometry()
        self.set_frames(0)

    def set_frames(self, frames: int) -> None:
        """Show the number of frames."""
        text = f"{frames:,}"
        if len(text) != len(self.text()):  # all digits have the same width
            self.updateGeometry()
        self.frames = frames
        self.setText(text)
        size = amount(frames * FRAME_SIZE)
        self.setAccessibleName(f"{self.full_name}: {counted(frames, 'frame')}, {size}")
        meaning = self.one.meaning[0].upper() + self.one.meaning[1:]
        lines = [self.full_name, meaning, f"{counted(frames, 'frame')}, {size}"]
        if self.per_cpu:
            lines.append(_OF_THEM.format(self.per_cpu))
        self.setToolTip(plain("\n".join(lines)))
        self.update()

    def set_per_cpu(self, frames: int) -> None:
        """Show that so many of its frames are free on per-CPU lists."""
        if frames != self.per_cpu:
            self.per_cpu = frames
            self.set_frames(self.frames)

    def set_detail(self, whole: bool, counted: bool) -> None:
        """Choose the long name with the amount of memory or the short name, and whether to show the count."""
        if (whole, counted) != (self.whole, self.counted):
            self.whole, self.counted = whole, counted
            self.updateGeometry()
            self.update()

    @property
    def full_name(self) -> str:
        return _with_free(self.one.name, self.per_cpu > 0)

    @property
    def name(self) -> str:
        """As it is displayed."""
        return _with_free(self.one.name if self.whole else self.one.shortest, self.per_cpu > 0)

    @property
    def _widest_name(self) -> str:
        """With the free frames that its class may come to hold: they must not move the map under the pointer."""
        holds_free = self.lens.code_of is not None and self.lens.code_of(0) == self.one.id
        return _with_free(self.one.name if self.whole else self.one.shortest, holds_free)

    def _memory(self) -> str:
        return amount(self.frames * FRAME_SIZE) if self.whole and self.frames else ""

    def sizeHint(self) -> QSize:
        count = self.text() if self.counted else ""
        return QSize(*_chip_size(self._widest_name, count, self.whole, QGuiApplication.font().key()))

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _ARROWS:
            event.ignore()  # handled by the legend
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        if self.underMouse() or self.isDown():
            fill(painter, box, QColor(self.theme.raised))
        if self.hasFocus():
            painter.setPen(QPen(QColor(self.theme.accent), 1))
            painter.drawRect(box)
        self._paint_swatch(painter)
        painter.setFont(look.font(look.CAPTION))
        painter.setPen(QColor(self.theme.text if self.frames else self.theme.muted))
        room = self.rect().adjusted(2 * look.TIGHT + look.px(_SWATCH), 0, -look.TIGHT, 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(room, middle | Qt.AlignmentFlag.AlignLeft, self.name)
        painter.setPen(QColor(self.theme.muted))
        if self.whole:
            painter.drawText(room, middle | Qt.AlignmentFlag.AlignRight, self._memory())
            room.adjust(0, 0, -painter.fontMetrics().horizontalAdvance(_WIDEST) - look.SMALL, 0)
        if self.counted:
            painter.drawText(room, middle | Qt.AlignmentFlag.AlignRight, self.text())

    def _paint_swatch(self, painter: QPainter) -> None:
        painter.save()
        side = look.px(_SWATCH)
        painter.translate(look.TIGHT, (self.height() - side) // 2)
        if self.one.id == self.lens.poison:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            draw_poison(painter, self.theme, side)
        else:
            painter.setPen(QPen(QColor(self.theme.line), 1))
            painter.setBrush(QColor(class_colour(self.theme, self.lens, self.one.key)))
            painter.drawRect(QRectF(0.5, 0.5, side - 1, side - 1))
        painter.restore()


class Legend(QWidget):
    """Lists the classes of a lens that occur in the machine, the most severe first, and always poison.

    Where there is room for few lines, it has the classes of most frames, and a button for the others.
    """

    classClicked = Signal(int)

    def __init__(self, parent: QWidget | None = None, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self.setAccessibleName("Legend: what the colours of the map mean")
        Copying(self, "the legend", lambda: "", self._text)
        self._theme = theme
        self._flow = FlowLayout(self)
        self._flow.least_rows = _ROWS
        self._most_lines, self._unfolded = 0, False
        self._left_out: set[int] = set()  # classes for which there is no room
        self.more = QToolButton(self)
        self.more.setObjectName("boxed")
        self.more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.more.clicked.connect(self._unfold)
        self.more.hide()
        self._flow.addWidget(self.more)
        self._made: list[LegendChip] = []  # all chips created so far; they are reused for other lenses
        self._seen: set[int] = set()  # classes that the machine has, or had, frames of, and poison
        self._needed: tuple[Lens, list[tuple[int, int]]] | None = None  # all that the widths of chips depend on
        self.chips: dict[int, LegendChip] = {}
        self.lens = KIND
        # Not Fixed: its height would be limited to that of the size hint, which is for another width.
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAutoFillBackground(True)
        self.set_lens(KIND)
        self._show_seen()
        self.set_theme(theme)

    def set_lens(self, lens: Lens) -> None:
        """List the classes of another lens; counts follow with `set_counts`."""
        self.lens = lens
        shown = lens.classes[:0:-1]  # without the first class, the area past the last frame
        self._flow.removeWidget(self.more)
        for one in shown[len(self._made) :]:
            self._made.append(LegendChip(one, lens, self._theme, self))
            self._flow.addWidget(self._made[-1])
            self._made[-1].clicked.connect(lambda _=False, chip=self._made[-1]: self.classClicked.emit(chip.one.id))
        self._flow.addWidget(self.more)
        self._left_out = set()
        for chip, one in zip(self._made, shown, strict=False):
            chip.become(one, lens)
        self.chips = {one.id: chip for chip, one in zip(self._made, shown, strict=False)}
        self._seen = {lens.poison}
        self._made[0].setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFocusProxy(self._made[0])

    def set_theme(self, theme: Theme) -> None:
        """Use another theme."""
        self._theme = theme
        colours = self.palette()
        colours.setColor(self.backgroundRole(), QColor(theme.window))
        self.setPalette(colours)
        self.more.setFont(look.font(look.CAPTION))
        for chip in self._made:
            chip.theme = theme
            chip.updateGeometry()
            chip.update()
        if self._needed is not None:  # fonts may have another size
            self._choose_names()

    def forget(self) -> None:
        """Forget which classes occurred, as another machine is shown."""
        self._seen = {self.lens.poison}
        self._show_seen()

    def set_counts(self, counts: Sequence[int], per_cpu: int = 0) -> None:
        """Show the number of frames of each class, by code. A chip once shown stays, so that the others do not move.

        `per_cpu`: frames that are free on per-CPU lists. Their flag word is 0: they are of the class of such words.
        """
        if self.lens.code_of is not None:
            self.chips[self.lens.code_of(0)].set_per_cpu(per_cpu)
        self._flow.setEnabled(False)  # otherwise every chip that appears would cause a layout of the whole window
        for number, chip in self.chips.items():
            frames = int(counts[number])
            if frames != chip.frames:
                chip.set_frames(frames)
            if frames:
                self._seen.add(number)
        self._show_seen()
        self._flow.setEnabled(True)
        listed = [chip for chip in self.chips.values() if self._is_listed(chip)]
        needed = self.lens, [(chip.one.id, len(chip.text())) for chip in listed]
        if needed != self._needed:
            self._needed = needed
            self._choose_names()

    def _show_seen(self) -> None:
        for place, chip in enumerate(self._made):
            listed = place < len(self.chips) and self._is_listed(chip)
            chip.setVisible(listed and chip.one.id not in self._left_out)

    def _is_listed(self, chip: LegendChip) -> bool:
        return chip.one.id in self._seen

    def set_most_lines(self, most: int) -> None:
        """Take so many lines at most; 0: as many as needed."""
        if most != self._most_lines:
            self._most_lines, self._unfolded = most, False
            self._choose_names()

    def _unfold(self) -> None:
        """List all classes, or those that fit the lines that there may be."""
        self._unfolded = not self._unfolded
        self._choose_names()

    def _shorten(self) -> None:
        """Leave out classes with few frames until the others fit the lines that there may be."""
        shown = [chip for chip in self.chips.values() if self._is_listed(chip)]
        while self._flow.rows(self.width()) > self._most_lines and len(shown) > 1:
            least = min(shown[1:], key=lambda chip: chip.frames)
            shown.remove(least)
            self._left_out.add(least.one.id)
            least.hide()
            self.more.setText(f"+{len(self._left_out)}")
            self.more.show()
        names = [self.chips[number].accessibleName() for number in self.chips if number in self._left_out]
        self.more.setToolTip(plain("\n".join(["Not shown for lack of room; a click shows all:", *names])))
        self.more.setAccessibleName(f"{len(names)} more classes")

    def _choose_names(self) -> None:
        """Use long names if two lines suffice, and omit counts if more than three lines were needed with them."""
        self._left_out = set()
        self._show_seen()
        self.more.setVisible(bool(self._most_lines) and self._unfolded)
        self._flow.least_rows = min(_ROWS, self._most_lines or _ROWS)
        self.more.setText("less")
        self.more.setToolTip("Leaves the map its room")
        self.more.setAccessibleName("Fewer classes")
        for whole, counts, lines in _DETAILS[-1:] if self._most_lines else _DETAILS:
            for chip in self.chips.values():
                chip.set_detail(whole, counts)
            self._flow.in_columns = whole
            if self._flow.rows(self.width()) <= lines:
                break
        if self._most_lines and not self._unfolded:
            self._shorten()
        self._flow.invalidate()
        self.updateGeometry()
        self.update()

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._choose_names()

    def event(self, event: QEvent) -> bool:
        """Reserve the keys of its chips, which leave the question whether a key is a shortcut to it."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in _OWN_KEYS:
            event.accept()
            return True
        return super().event(event)

    def _text(self) -> str:
        """All classes that are listed, as rows of a table."""
        shown = [chip for chip in self.chips.values() if not chip.isHidden()]
        rows = [(chip.full_name, chip.text(), amount(chip.frames * FRAME_SIZE)) for chip in shown]
        return as_tsv(rows, (self.lens.name, "Frames", "Memory"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = _ARROWS.get(Qt.Key(event.key()))
        shown = [chip for chip in self.chips.values() if not chip.isHidden()]
        here = next((number for number, chip in enumerate(shown) if chip.hasFocus()), None)
        if by is None or here is None:
            super().keyPressEvent(event)
            return
        shown[(here + by) % len(shown)].setFocus(Qt.FocusReason.TabFocusReason)
