"""Fuzzy search: matches in names rank above matches in descriptions, adjacent letters above scattered ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeVar

from hwpoison_gui.record import Record

T = TypeVar("T")

_START: Final = 10  # a letter at the start of a word
_NEXT: Final = 6  # a letter that stands with others
_FIRST: Final = 8  # a letter at the start of the name
_SKIPPED: Final = 1  # a letter skipped

# How a word was found, the best first.
NAMED: Final = 0  # as it is in the name, or in another name for the same
INITIALS: Final = 1  # by letters that each start a word of the name
DESCRIBED: Final = 2  # a word of the description begins so
SCATTERED: Final = 3  # its letters stand in this order in the name


class Line(Record):
    """An entry to search: `also` has other names, `about` its purpose, or why it is unavailable (not `able`)."""

    name: str
    also: str = ""
    about: str = ""
    able: bool = True


class Fit(Record):
    """Rank of a match; less is better."""

    way: int
    unable: bool
    cost: int


def fit(wanted: str, line: Line) -> Fit | None:
    """None where a word of what was typed is nowhere in it. Words may come in any order."""
    way, points = NAMED, 0
    for word in wanted.casefold().split():
        found = _fit_word(word, line)
        if found is None:
            return None
        way, points = max(way, found[0]), points + found[1]
    return Fit(way, not line.able, len(line.name) // 8 - points)


def _fit_word(word: str, line: Line) -> tuple[int, int] | None:
    name = line.name.casefold()
    points = max(_together(word, name), _together(word, line.also.casefold()) - len(word))
    if points > 0:
        return NAMED, points
    starts = "".join(letter for at, letter in enumerate(name) if _is_start(name, at))
    if word in starts:
        return INITIALS, len(word) * _START
    points = _together(word, line.about.casefold())
    if points >= len(word) * _START:
        return DESCRIBED, points
    scattered = _scattered(word, name)
    return None if scattered is None else (SCATTERED, scattered)


def _is_start(text: str, at: int) -> bool:
    before = text[at - 1] if at else " "
    return text[at].isalnum() and not before.isalnum() and not (before == "." and text[at].isdigit())


def _together(word: str, text: str) -> int:
    """Points for a word that stands in the text as it is, best at the start of a word there; 0 where it does not."""
    best, at = 0, text.find(word)
    while at >= 0:
        starts = at == 0 or _is_start(text, at) or not text[at].isalnum()
        best = max(best, len(word) * (_NEXT + _START * starts) + (_FIRST if at == 0 else 0))
        at = text.find(word, at + 1) if not starts else -1
    return best


def _scattered(word: str, text: str) -> int | None:
    """Points for letters in this order, of which the first starts a word; None where they are not there."""
    best = None
    for first in (at for at in range(len(text)) if text[at] == word[0] and _is_start(text, at)):
        total, before = _START, first
        for letter in word[1:]:
            at = text.find(letter, before + 1)
            if at < 0:
                return best
            total += (_START if _is_start(text, at) else _NEXT * (at == before + 1)) - _SKIPPED * (at - before - 1)
            before = at
        best = total if best is None else max(best, total)
    return best


def ranked(wanted: str, lines: Iterable[tuple[Line, T]], most: int) -> list[T]:
    """The lines that fit, best first; as they come where nothing was typed. Scattered letters are a last resort."""
    if not wanted.strip():
        return [thing for _, thing in lines][:most]
    fits = [(fit(wanted, line), number, thing) for number, (line, thing) in enumerate(lines)]
    named = any(one is not None and one.way == NAMED for one, _, _ in fits)
    found = [(one, number, thing) for one, number, thing in fits if one and not (named and one.way == SCATTERED)]
    found.sort(key=lambda one: one[:2])
    return [thing for _, _, thing in found[:most]]
