"""Words of the scene of the start page, for somebody who sees it for the first time: the deaths are counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.session.operation import Operation

# What the walk is doing, by acts of the handler.
_STEPS: Final[dict[Act, str]] = {
    Act.ENTER: "The memory controller reports the error. Linux marks the page as poisoned.",
    Act.VISIT: "Who uses it? The kernel searches: from the page to its reverse map, and from there to the processes.",
    Act.UNMAP: "The page is taken away from each of them, so that nobody reads bad data.",
    Act.SIGNAL: "Each process is told: SIGBUS. What was in the page exists nowhere else.",
}
_COUNTS: Final = ("Nobody", "One process", "Two processes", "Three processes", "Four processes")


def shared_words(users: int) -> str:
    """Return what is seen before the page breaks; `users`: the processes that map it."""
    share = "shares" if users == 1 else "share"
    return f"{_counted(users)} {share} this page of memory. Then a bit flips in it, and another."


def step_words(act: Act, operation: Operation) -> str:
    """Return what the walk is doing at an act of the operation; empty for an act without words of its own."""
    return _dying(operation) if act is Act.DIE else _STEPS.get(act, "")


def deaths(operation: Operation) -> Sequence[str]:
    """Return the names of the processes that a signal of the operation killed."""
    return list(dict.fromkeys(signal.task for signal in operation.outcome.signals if signal.effect == "killed"))


def end_words(operation: Operation) -> str:
    """Return how many are dead, and by which default, of a machine of 2009; empty if nobody is."""
    dead = len(deaths(operation))
    if not dead:
        return ""
    is_dead = f"{_counted(dead)} {'is' if dead == 1 else 'are'} dead"
    return f"{is_dead}. Early kill was the default in 2009; today it is late kill."


def _dying(operation: Operation) -> str:
    dead = len(deaths(operation))
    if dead < len({signal.task for signal in operation.outcome.signals}):
        return (
            f"{_counted(dead)} without a handler for SIGBUS {'dies' if dead == 1 else 'die'}, and the machine runs on."
        )
    return "None of them has a handler for SIGBUS. They die, and the machine runs on."


def _counted(count: int) -> str:
    return _COUNTS[count] if count < len(_COUNTS) else f"{count:,} processes"
