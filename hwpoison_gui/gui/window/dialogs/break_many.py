"""The dialog that breaks many frames at once: which frames, what it would do, and the operations."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.damage import DamageControl
from hwpoison_gui.gui.look import fitting
from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.look.enabling import PANICKED, enable
from hwpoison_gui.gui.look.plain import plain_labels
from hwpoison_gui.session.grammar import parse_frames
from hwpoison_gui.session.many import MOST_FRAMES, ranges_of
from hwpoison_gui.view.base.palette import Theme
from hwpoison_gui.view.base.units import FRAME_SIZE, amount
from hwpoison_gui.view.damage.foretold import foretold
from hwpoison_gui.view.facts.injections import soft_offline
from hwpoison_gui.view.filter.expression import FilterError
from hwpoison_gui.view.words.words import counted

Pfns = npt.NDArray[np.int64]

_FORMS: Final = (
    "Frames, as in Find: anon, task:nginx, node:1, dirty, row:of:0x2416. Or ranges, with a blank between them: "
    "0x1000+0x200 is 512 frames, 0x1000+0x200/8 every eighth of them, 0x1000,0x2000 from the first up to the second. "
    "/8 at the end, as in dimm:of:0x2416 /8, takes every eighth of all."
)
_WHO: Final = "break many"
_TYPED_MS: Final = 300
_EACH: Final = "If each of them broke alone, with vm.memory_failure_early_kill = {early}:"
_STRIDE: Final = re.compile(r"(.*?\S)( *)/ *(0[xX][0-9a-fA-F]{1,8}|[0-9]{1,9})")


def _range_of(word: str) -> range | None:
    """A range as in scenarios, or FROM,TO as in Find; None for other words, or if no frame lies in it."""
    first, comma, end = word.partition(",")
    ends = [parse_frames(number) for number in (first, end)] if comma else []
    if len(ends) == 2 and ends[0] and ends[1] and len(ends[0]) == len(ends[1]) == 1:
        return range(ends[0].start, ends[1].start) or None
    return None if comma else parse_frames(word)


def _of_ranges(words: Sequence[str], ranges: Sequence[range]) -> Pfns:
    """The frames of ranges, ascending. Raises FilterError if two of them name the same frame."""
    pfns = np.concatenate(list(map(_pfns_in, ranges)))
    order = np.argsort(pfns, kind="stable")
    twice = np.flatnonzero(pfns[order][1:] == pfns[order][:-1])
    if len(twice):
        pair = np.sort(order[twice[0] : twice[0] + 2])
        ends = np.cumsum([len(one) for one in ranges])
        one, other = (words[at] for at in np.searchsorted(ends, pair, side="right"))
        frame = pfns[order[twice[0]]]
        raise FilterError(f"“{one}” and “{other}” overlap: both name frame {frame:#x}", 0, len(one))
    return pfns[order]


def _pfns_in(frames: range) -> Pfns:
    return np.arange(frames.start, frames.stop, frames.step, dtype=np.int64)


def stride_for(frames: int) -> int:
    """The least n for which every n-th of so many frames can break at once; 1 where all can."""
    return max(1, -(-frames // MOST_FRAMES))


def strided(text: str, frames: int) -> str:
    """An expression of Find as the field takes it: with `/n` at the end where it finds too many frames."""
    step = stride_for(frames)
    return f"{text} /{step}" if step > 1 else text


def named_at_first(pfns: Sequence[int], found: str) -> str:
    """Initial text of the field: the marked frames if there are several, else the filter."""
    return " ".join(ranges_of(pfns)) if len(pfns) > 1 else found


class BreakMany(QDialog):
    """Says, while the frames are typed, how many they are and what would come of it.

    Parameters
    ----------
    pfns_of
        The frames that an expression of Find finds, int64, ascending; raises FilterError.
    text
        What the field begins with.
    """

    def __init__(
        self,
        above: QWidget,
        controller: Controller,
        damage: DamageControl,
        pfns_of: Callable[[str], Pfns],
        text: str,
        theme: Theme,
    ) -> None:
        super().__init__(above)
        self.setWindowTitle("Break many frames")
        self._controller, self._damage, self._pfns_of, self._theme = controller, damage, pfns_of, theme
        self._pfns: Pfns = np.zeros(0, np.int64)
        self._make_parts(text)
        plain_labels(self)
        self._typed = QTimer(self, singleShot=True, interval=_TYPED_MS)
        self._typed.timeout.connect(self._look)
        self.line.textChanged.connect(lambda _: self._typed.start())
        damage.changed.connect(self._tell)
        damage.want(_WHO, True)
        self.finished.connect(lambda _: damage.want(_WHO, False))
        fitting.resize_dialog(self, 620, 440)
        self.line.selectAll()
        self._look()

    def _make_parts(self, text: str) -> None:
        forms = QLabel(_FORMS, self)
        self.line = QLineEdit(text, self)
        self.line.setAccessibleName("Frames")
        self.line.setAccessibleDescription(_FORMS)
        self.answer, self.head, self.lines, self.why_not = (QLabel(self) for _ in range(4))
        self.answer.setAccessibleName("Which frames these are")
        self.lines.setAccessibleName("What would come of it")
        self.lines.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.why_not.setAccessibleName("Why it cannot be done")
        look.ink(self.why_not, self._theme.warn)
        for label in (forms, self.answer, self.head, self.lines, self.why_not):
            label.setWordWrap(True)
        told = QScrollArea(self)
        told.setWidgetResizable(True)
        told.setFrameShape(QFrame.Shape.NoFrame)
        told.setWidget(self.lines)
        told.setMinimumHeight(3 * self.lines.fontMetrics().lineSpacing())
        buttons = QDialogButtonBox(self)
        self.breaks = self._button(buttons, "&Break them", "poison")
        self.offlines = self._button(buttons, "&Soft-offline them", "soft_offline")
        buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        buttons.rejected.connect(self.reject)
        box = QVBoxLayout(self)
        for part in (forms, self.line, self.answer, self.head):
            box.addWidget(part)
        box.addWidget(told, 1)
        box.addWidget(self.why_not)
        box.addWidget(buttons)

    def _button(self, buttons: QDialogButtonBox, text: str, op: str) -> QPushButton:
        button = buttons.addButton(text, QDialogButtonBox.ButtonRole.ActionRole)
        button.clicked.connect(lambda: self._run(op))
        return button

    def _look(self) -> None:
        """Look the frames up, and what would come of them."""
        text, words, wrong = self.line.text().strip(), "", ""
        self._pfns = np.zeros(0, np.int64)
        try:
            if text:
                self._pfns = self._named(text)
                words = f"{counted(len(self._pfns), 'frame')}, {amount(len(self._pfns) * FRAME_SIZE)}"
        except FilterError as error:
            wrong = error.message[:1].upper() + error.message[1:]
        self.answer.setText(wrong or words)
        look.ink(self.answer, self._theme.warn if wrong else self._theme.muted)
        self._allow(wrong)
        self._tell()

    def _named(self, text: str) -> Pfns:
        """The frames of a text: ranges, an expression of Find, or every n-th of what it finds. Raises FilterError."""
        words = text.split()
        ranges = [one for one in map(_range_of, words) if one]
        if len(ranges) < len(words):
            return self._found(text)
        last = self._controller.session.machine.frames - 1
        if max(one[-1] for one in ranges) > last:
            raise FilterError(f"that leaves the memory: the last frame is {last:#x}", 0, len(text))
        return _of_ranges(words, ranges)

    def _found(self, text: str) -> Pfns:
        """Return every frame that Find finds, or every n-th. A slash without a blank before it may belong to a name."""
        given = _STRIDE.fullmatch(text)
        if given is None:
            return self._pfns_of(text)
        if not given[2]:
            with suppress(FilterError):
                return self._pfns_of(text)
        step = int(given[3], 0) if given[3][:2].lower() == "0x" else int(given[3])
        if not step:
            raise FilterError("every 0th frame: /n needs 1 or more", 0, len(text))
        return self._named(given[1])[::step]

    def _allow(self, wrong: str) -> None:
        """Enable the buttons; `wrong`: what is wrong with the text, which is said beside it already."""
        c, pfns = self._controller, self._pfns
        missing = PANICKED if c.panicked else wrong or ("" if len(pfns) else "No frame is named.")
        if len(pfns) > MOST_FRAMES:
            step = stride_for(len(pfns))
            missing = f"At most {MOST_FRAMES:,} frames break at once: /{step} at the end takes one in {step} of them."
        missing_soft = missing or soft_offline(c.session, int(pfns[0])).missing
        enable(self.breaks, missing)
        enable(self.offlines, missing_soft)
        said = missing if self.line.text().strip() and missing != wrong else ""
        self.why_not.setText(said or ("" if missing else f"No soft offline: {missing_soft}" if missing_soft else ""))
        self.why_not.setVisible(bool(self.why_not.text()))

    def _tell(self) -> None:
        """Say what would come of it, as soon as the damage is known."""
        damage = self._damage.present
        if damage is None:
            self.head.setText("Looking at what would come of it…")
            return
        self.head.setText(_EACH.format(early=damage.early) if len(self._pfns) else "")
        self.lines.setText("\n".join(foretold(damage, damage.toll(self._pfns))) if len(self._pfns) else "")

    def _run(self, op: str) -> None:
        self.accept()
        self._controller.act(op, {"frames": ranges_of(self._pfns.tolist())})
