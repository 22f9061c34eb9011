"""Builds both sides of a comparison: work for a thread."""

from __future__ import annotations

from typing import NamedTuple

from hwpoison_gui.gui.control.worker import Cancelled, Progress
from hwpoison_gui.session import compare
from hwpoison_gui.session.compare import Recipe, Settings, Side, StoppedError, Tick
from hwpoison_gui.sources.errors import CancelledError
from hwpoison_gui.view.facts.compare import Column, Row, column_of, rows_of


class Compared(NamedTuple):
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
    """Builds both sides; one of `old`, if of the same recipe, is used again where only its sysctls change.

    Raises CancelledError.
    """

    def side(number: int) -> Side:
        return _side(
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
    """What comes of a click under every kernel, early and late; one machine at a time. Raises CancelledError."""
    columns: list[Column] = []
    side: Side | None = None
    every = compare.matrix(base)
    try:
        for number, settings in enumerate(every):
            progress(number / len(every), settings.profile)
            if cancelled():
                raise StoppedError
            side = _side(recipe, settings, side, lambda share, doing: None, cancelled)
            columns.append(column_of(side))
    except StoppedError:
        raise CancelledError from None
    return columns


def _side(recipe: Recipe, wanted: Settings, old: Side | None, progress: Progress, cancelled: Cancelled) -> Side:
    if old is not None and old.settings == wanted:
        old.session.seek(len(old.session.steps))
        return old
    if old is not None and old.settings.profile == wanted.profile:
        compare.again(old, recipe, wanted, cancelled)
        return old
    return compare.build(recipe, wanted, progress, cancelled)
