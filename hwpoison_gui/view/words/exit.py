"""Words of kernel/exit.py: the end of a process."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import exit
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words, counted


def _how(signal: str, code: str) -> str:
    return f"{signal} ({code})" if signal else "exit"


def _ends(signal: str, code: str) -> str:
    return f"is killed by {_how(signal, code)}" if signal else "exits"


def _exited(comm: str, tgid: int, signal: str, code: str) -> str:
    return f"{comm}:{tgid} {_ends(signal, code)}."


def _init_died(comm: str, task: int, signal: str, code: str) -> str:
    return f"{comm}:{task} is init, and it {_ends(signal, code)}: the kernel panics, as it cannot go on without."


WORDS: Final[dict[Site, Words]] = {
    exit.EXITED: Words(_exited, branch=_how),
    exit.INIT_DIED: Words(_init_died),
    exit.ZAPPED: Words(
        lambda init, left: (
            f"{init} was the init of a PID namespace, which ends with it: "
            f"{counted(left, 'process', 'processes')} left in it, each killed with SIGKILL."
        )
    ),
}
