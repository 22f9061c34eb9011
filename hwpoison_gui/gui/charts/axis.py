"""An axis whose numbers are written as the rest of the window writes them: counts, frames, times; powers of ten."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, floor, log10
from typing import Final

import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetrics

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.view.rows.error_records import axis_time_words

Words = Callable[[float, float], str]  # (value, distance between two ticks) -> label

_COUNTS, _FRAMES, _TIMES = 7, 10, 14  # least characters from one labelled tick to the next, along the axis
_DECADE: Final = 4  # characters of a decade, such as 100k
_TALL: Final = 1.8  # lines of text between two ticks that have words, upward
_CLOSE: Final = 1.1  # the same between two decades
_STEPS: Final = (1.0, 2.0, 5.0)
_SECONDS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
_DAY: Final = 86400
_UNITS: Final = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
_BETWEEN: Final = 4  # words for which a decade must have room, so that its two and five get theirs, too


class Axis(pg.AxisItem):  # type: ignore[misc]
    """`show_counts`, `show_frames` and `show_times` say what its numbers are."""

    def __init__(self, side: str) -> None:
        super().__init__(side)
        self.enableAutoSIPrefix(False)
        self.setStyle(maxTextLevel=1, textFillLimits=[(0, 1.0)], autoExpandTextSpace=True)
        self._words: Words = count_words
        self._step: Callable[[float], float] = _whole_step
        self._wide = _COUNTS

    def show_counts(self, unit: str = "", whole: bool = True) -> None:
        """Numbers with a unit, `whole` ones where no other can occur; of a logarithmic axis, decades."""
        self._words = lambda value, step: f"{count_words(value, step)} {unit}".rstrip()
        self._step = _whole_step if whole else _round_step
        self._wide = _COUNTS + 1 + len(unit)

    def show_frames(self) -> None:
        """Numbers of frames."""
        self._words, self._step, self._wide = _frame_words, _frame_step, _FRAMES

    def show_times(self, clock: str) -> None:
        """Seconds, of a clock of sources/records/event.py."""
        self._words, self._step, self._wide = lambda at, step: axis_time_words(at, step, clock), _time_step, _TIMES

    def setGrid(self, grid: int | float | bool) -> None:
        super().setGrid(grid)
        self.setZValue(-1)  # below what is drawn, not over it

    def boundingRect(self) -> QRectF:
        """With half a line more below an upward axis, where there is room: its least number is kept."""
        more = QFontMetrics(look.font()).lineSpacing() / 2 if self.orientation == "left" else 0.0
        return super().boundingRect().adjusted(0, 0, 0, more)

    @property
    def _apart(self) -> float:
        """Pixels between two ticks with words."""
        metrics = QFontMetrics(look.font())
        if self.orientation == "left":
            return _TALL * metrics.lineSpacing()
        return float(metrics.horizontalAdvance("0" * self._wide))

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        low, high = min(low, high), max(low, high)
        if self.logMode:
            return _log_ticks(
                low, high, size / self._apart, _TALL / _CLOSE if self.orientation == "left" else _COUNTS / _DECADE
            )
        if high <= low:
            return []
        step = self._step((high - low) / max(1.0, size / self._apart))
        return [(step, [at * step for at in range(ceil(low / step), floor(high / step) + 1)])]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        if self.logMode:
            return [count_words(10**value, 10**value) for value in values]
        return [self._words(value, spacing) for value in values]


def count_words(value: float, step: float = 1.0) -> str:
    """A number, short: 1, 20, 1.5k, 3M."""
    for unit, letter in _UNITS:
        if abs(value) >= unit and step >= unit:
            return f"{value / unit:,.4g}{letter}"
    return f"{value:,.0f}" if step >= 1 else f"{value:,.4g}"


def _frame_words(value: float, step: float) -> str:
    return f"{round(value):#x}"


def _round_step(least: float) -> float:
    """1, 2 or 5 with zeros or decimals, and at least so much."""
    unit = 10.0 ** floor(log10(least))
    return next((unit * step for step in _STEPS if unit * step >= least), unit * 10)


def _whole_step(least: float) -> float:
    """1, 2 or 5 with zeros, and at least so much."""
    return _round_step(max(least, 1.0))


def _frame_step(least: float) -> float:
    """A power of two: its multiples are short in hexadecimal."""
    return float(2 ** max(0, ceil(log10(max(least, 1.0)) / log10(2))))


def _time_step(least: float) -> float:
    if least < 1:
        return _round_step(least)
    if least <= _DAY:
        return float(next(step for step in _SECONDS if step >= least))
    return _round_step(least / _DAY) * _DAY


def _log_ticks(low: float, high: float, room: float, wide: float) -> list[tuple[float, list[float]]]:
    """Decades with words, as many as have room; between them the others without or, where there is room, 2 and 5.

    Of decades that are left out, as many lie between any two with words: 1, 100, 10k. `room`: for so many words of
    a count; `wide`: such words in the place of a decade's.
    """
    apart = max(1, ceil((high - low) / max(1.0, room * wide)))
    decades = [float(at) for at in range(ceil(low), floor(high) + 1) if at % apart == 0]
    between = [at + log10(part) for at in range(floor(low), floor(high) + 1) for part in range(2, 10)]
    between = [at for at in between if low <= at <= high]
    if (high - low) * _BETWEEN > room:
        return [(1.0, decades), (0.0, []), (0.1, between)]
    worded = [at for at in between if round(10 ** (at - floor(at))) in (2, 5)]
    return [(1.0, decades + worded), (0.0, []), (0.1, between)]
