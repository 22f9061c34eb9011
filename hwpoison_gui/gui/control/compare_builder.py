"""Builds both sides of a comparison: work for a thread."""

from __future__ import annotations

from hwpoison_gui.gui.control.worker import Cancelled, Progress
from hwpoison_gui.record import Record
from hwpoison_gui.session import compare
from hwpoison_gui.session.compare import Recipe, Settings, Side, StoppedError, Tick
from hwpoison_gui.sources.errors import CancelledError
from hwpoison_gui.view.facts.compare import Column, Row, columns_of, rows_of


class Compared(Record):
    """Both sides after their click, the ticks by which they are walked together, and all facts compared."""

    left: Side
    right: Side
    ticks: list[Tick]
    rows: list[Row]


def build(
    recipes: tuple[Recipe, Recipe],
    wanted: tuple[Settings, Settings],
    old: tuple[Side | None, Side | None],
    progress: Progress,
    cancelled: Cancelled,
) -> Compared:
    """Build both sides; one of `old`, if of the same recipe, is used again where only its sysctls change.

    Raises CancelledError.
    """

    def side(number: int) -> Side:
        return compare.built(
            recipes[number],
            wanted[number],
            old[number],
            lambda share, doing: progress((number + share) / 2.1, doing),
            cancelled,
        )

    try:
        left, right = side(0), side(1)
        progress(1.0, "comparing")
        return Compared(left, right, compare.ticks_of(left, right), rows_of(left, right))
    except StoppedError:
        raise CancelledError from None


def build_matrix(recipe: Recipe, base: Settings, progress: Progress, cancelled: Cancelled) -> list[Column]:
    """Return the results of a click under every kernel, with early and late kill. Raises CancelledError."""
    try:
        return list(columns_of(recipe, base, progress, cancelled))
    except StoppedError:
        raise CancelledError from None
