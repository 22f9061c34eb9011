"""Finding a line by some of its letters: all letters in order, best where they start words or stand together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeVar

T = TypeVar("T")

_START: Final = 10  # a letter at the start of a word
_NEXT: Final = 6  # a letter that follows the one found before
_FIRST: Final = 8  # at the very start
_SKIPPED: Final = 1  # a letter passed over


def score(wanted: str, text: str) -> int | None:
    """How well `text` fits what was typed, more is better; None where it does not. Words may come in any order."""
    total = 0
    for word in wanted.casefold().split():
        found = _score_word(word, text.casefold())
        if found is None:
            return None
        total += found
    return total - len(text) // 8


def _score_word(word: str, text: str) -> int | None:
    at = text.find(word)
    if at >= 0:
        starts = at == 0 or not text[at - 1].isalnum()
        return len(word) * (_NEXT + _START * starts) + (_FIRST if at == 0 else 0)
    total, before = 0, -1
    for letter in word:
        at = text.find(letter, before + 1)
        if at < 0:
            return None
        total += _START if at == 0 or not text[at - 1].isalnum() else _NEXT if at == before + 1 else 0
        total -= _SKIPPED * (at - before - 1)
        before = at
    return total


def ranked(wanted: str, lines: Iterable[tuple[str, T]], most: int) -> list[T]:
    """The lines that fit, best first; as they come where nothing was typed."""
    scored = [(score(wanted, text), number, thing) for number, (text, thing) in enumerate(lines)]
    fitting = [(-found, number, thing) for found, number, thing in scored if found is not None]
    fitting.sort(key=lambda line: line[:2])
    return [thing for _, _, thing in fitting[:most]]
