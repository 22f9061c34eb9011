"""Answers about one session that were expensive to find: the newest few of each question, dropped with the session.

What happened in an operation never changes, and whoever goes back and does something else gets another Operation.
So an answer holds as long as it is about the same objects, compared by identity.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Question(Generic[T]):
    """What is asked of a session again and again; `kept` newest answers are at hand."""

    name: str
    kept: int = 1


class Recall:
    """Answers by question and by what each was about."""

    def __init__(self) -> None:
        self._answers: dict[Question[Any], list[tuple[tuple[object, ...], Any]]] = {}

    def known(self, question: Question[T], *about: object) -> tuple[T] | None:
        """The answer as a tuple of one, for None may be one; None where it is not at hand."""
        for asked, answer in self._answers.get(question, ()):
            if len(asked) == len(about) and all(map(lambda one, other: one is other, asked, about)):
                return (answer,)
        return None

    def keep(self, question: Question[T], answer: T, *about: object) -> T:
        """Keeps an answer in place of the oldest one, and gives it back."""
        answers = self._answers.setdefault(question, [])
        del answers[: max(0, len(answers) + 1 - question.kept)]
        answers.append((about, answer))
        return answer

    def answer(self, question: Question[T], find: Callable[[], T], *about: object) -> T:
        """The answer, found now where it is not at hand."""
        known = self.known(question, *about)
        return known[0] if known is not None else self.keep(question, find(), *about)
