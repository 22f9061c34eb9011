"""Caches what views found out about one session: the newest few answers to each question, dropped with the session.

An operation never changes, and other operations after going back are other objects. So an answer is valid as long
as it is about the same objects, compared by identity, and about equal numbers, words and stamps.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")
_PLAIN: Final = frozenset({int, str, tuple})  # compared by value; a tuple here is a stamp of the machine's state


class Question(Generic[T]):
    """A question that is asked of a session repeatedly; the `kept` newest answers stay available."""

    def __init__(self, name: str, kept: int = 1) -> None:
        self.name, self.kept = name, kept


class Recall:
    """Answers by question and by what each is about."""

    def __init__(self) -> None:
        self._answers: dict[Question[Any], list[tuple[tuple[object, ...], Any]]] = {}

    def known(self, question: Question[T], *about: object) -> tuple[T] | None:
        """The answer in a tuple of one, since None is a valid answer; None if it is not cached."""
        for asked, answer in self._answers.get(question, ()):
            if len(asked) == len(about) and all(map(_is_same, asked, about)):
                return (answer,)
        return None

    def keep(self, question: Question[T], answer: T, *about: object) -> T:
        """Caches an answer, in place of the oldest one, and returns it."""
        answers = self._answers.setdefault(question, [])
        del answers[: max(0, len(answers) + 1 - question.kept)]
        answers.append((about, answer))
        return answer

    def answer(self, question: Question[T], find: Callable[[], T], *about: object) -> T:
        """The cached answer, or that of `find`."""
        known = self.known(question, *about)
        return known[0] if known is not None else self.keep(question, find(), *about)


def _itself(one: object) -> object:
    return one


def unchanged(known: Sequence[Any], now: Sequence[Any], of: Callable[[Any], object] = _itself) -> int:
    """Return how many objects two lists begin with in common, compared by identity.

    What follows a replaced object must have been replaced, too: so it is with operations, which are run in turn.
    `of`: the object of each element.
    """
    least = min(len(known), len(now))
    return bisect_left(range(least), True, key=lambda number: of(known[number]) is not of(now[number]))


def _is_same(one: object, other: object) -> bool:
    return one is other or (type(one) in _PLAIN and type(other) is type(one) and one == other)
