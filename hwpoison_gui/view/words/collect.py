"""Words of kernel/collect.py: which tasks are signalled, and what the walk over tasks and VMAs cost."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import collect
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words, counted


def _enter_file(path: str, index: int, vmas: tuple[int, ...]) -> str:
    where = f"i_mmap of {path} leads from page {index} to" if path else "It has no mapping:"
    return f"{where} {counted(len(vmas), 'VMA')}; every task is checked against each."


def _why_late(policy: str, early_kill: int) -> str:
    return f"PR_MCE_KILL is {policy}" if policy != "default" else f"memory_failure_early_kill is {early_kill}"


def _late(comm: str, task: int, policy: str, early_kill: int) -> str:
    return f"{comm}:{task} is skipped and not signalled now: {_why_late(policy, early_kill)}."


def _required(comm: str, task: int, policy: str, early_kill: int) -> str:
    return (
        f"{comm}:{task} is signalled now, though {_why_late(policy, early_kill)}: the error is action required"
        " (MF_ACTION_REQUIRED), as it ran into it, or injected it with madvise()."
    )


def _added_file(comm: str, task: int, address: int, mapped: bool) -> str:
    covers = f"its VMA covers {address:#x}" + ("" if mapped else ", though no PTE maps the page there")
    return f"{comm}:{task} goes on the to_kill list: {covers}."


def _sum(early: int, vmas_found: int, found: int, strangers: int) -> str:
    pairs = f"{counted(early, 'early-kill task')} × {counted(vmas_found, 'VMA')}"
    visited = f"{pairs} = {counted(early * vmas_found, 'pair')} visited"
    rest = f" ({counted(strangers, 'task owns', 'tasks own')} none of these VMAs)" if strangers else ""
    return f"{visited}, {found:,} on the list{rest}."


SUM: Final = Words(_sum, branch="{found:,} to kill")

WORDS: Final[dict[Site, Words]] = {
    collect.ENTER_ANON: Words(
        lambda anon_vma, vmas: (
            f"anon_vma {anon_vma} leads to {counted(len(vmas), 'VMA')}; every task is checked against each."
        )
    ),
    collect.ENTER_FILE: Words(_enter_file),
    collect.LATE: Words(_late),
    collect.REQUIRED: Words(_required),
    collect.NOT_MAPPED: Words("{comm}:{task} is skipped: its VMA covers the page, but no PTE maps it."),
    collect.ADDED_ANON: Words("{comm}:{task} goes on the to_kill list: its PTE at {address:#x} maps the page."),
    collect.ADDED_FILE: Words(_added_file),
    collect.SUM_ANON: SUM,
    collect.SUM_FILE: SUM,
}
