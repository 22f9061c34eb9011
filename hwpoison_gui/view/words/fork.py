"""Words of kernel/fork.py: page tables copied, and the end of a process."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import fork
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
    fork.COPIED: Words(
        lambda area, start, copied: (
            f"{area or hex(start)}: {counted(copied, 'page-table entry', 'page-table entries')} copied to the child."
        )
    ),
    fork.EXITED: Words(_exited, branch=_how),
    fork.INIT_DIED: Words(_init_died),
    fork.ZAPPED: Words(
        lambda init, left: (
            f"{init} was the init of a PID namespace, which ends with it: "
            f"{counted(left, 'process', 'processes')} left in it, each killed with SIGKILL."
        )
    ),
}
