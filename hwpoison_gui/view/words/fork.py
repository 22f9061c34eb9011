"""Words of kernel/fork.py: page tables copied, and the end of a process."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import fork
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words, counted


def _exited(comm: str, tgid: int, why: str) -> str:
    return f"{comm}:{tgid} exits." if why == "exit" else f"{comm}:{tgid} is killed by {why}."


def _init_died(comm: str, task: int, why: str) -> str:
    ends = "exits" if why == "exit" else f"is killed by {why}"
    return f"{comm}:{task} is init, and it {ends}: the kernel panics, as it cannot go on without."


WORDS: Final[dict[Site, Words]] = {
    fork.COPIED: Words(
        lambda area, start, copied: (
            f"{area or hex(start)}: {counted(copied, 'page-table entry', 'page-table entries')} copied to the child."
        )
    ),
    fork.EXITED: Words(_exited, branch="{why}"),
    fork.INIT_DIED: Words(_init_died),
    fork.ZAPPED: Words(
        lambda init, left: (
            f"{init} was the init of a PID namespace, which ends with it: "
            f"{counted(left, 'process', 'processes')} left in it, each killed with SIGKILL."
        )
    ),
}
