"""Words of session/ops.py, and of operations without a site of their own at the end."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.session import ops
from hwpoison_gui.session.session import DONE
from hwpoison_gui.view.words.debugfs import shown_value
from hwpoison_gui.view.words.sysctls import sysctl_words
from hwpoison_gui.view.words.words import Words, counted


def _sigaction(task: int, sigbus: str, sigsegv: str) -> str:
    named = (("SIGBUS", sigbus), ("SIGSEGV", sigsegv))
    return f"Thread {task}: {', '.join(f'{signal} {action}' for signal, action in named if action)}."


WORDS: Final[dict[Site, Words]] = {
    ops.STARTED: Words("{comm}:{task} starts."),
    ops.FORKED: Words("{parent_comm}:{parent} forks {comm}:{child}."),
    ops.WOKEN: Words("{comm}:{task} runs."),
    ops.PRCTL: Words("PR_MCE_KILL of thread {task} is {policy}."),
    ops.SIGACTION: Words(_sigaction),
    ops.CREATED: Words(lambda path, pages, filesystem: f"{path}, {counted(pages, 'page')} on {filesystem}."),
    ops.OPENED: Words("{comm}:{task} opens {path}."),
    ops.CLOSED: Words("{comm}:{task} closes {fd}."),
    ops.PROTECTED: Words(lambda at, pages, prot: f"{at}: the protection of {counted(pages, 'page')} is {prot} now."),
    ops.DONTNEED: Words(lambda pages, start: f"{counted(pages, 'page')} at {start:#x} dropped."),
    ops.SYSCTL: Words(
        lambda sysctl, old, new: f"vm.{sysctl} is {new} now (was {old}): {sysctl_words(sysctl).effect[new]}."
    ),
    ops.DEBUGFS: Words(
        lambda file, old, new: f"hwpoison/{file} is {shown_value(file, new)} now (was {shown_value(file, old)})."
    ),
    ops.OVERCOMMIT: Words(
        lambda old, new: (
            f"vm.nr_overcommit_hugepages is {new:,} now (was {old:,}): so many huge pages more than the pool "
            "has may be allocated while they are needed."
        )
    ),
    ops.CHECKED: Words("A look at the machine, which does not change."),
    **{site: Words(f"{name}: done.") for name, site in DONE.items()},
}
