"""Outline of hwpoison_user_mappings(): who maps the page, which tasks are signalled, and how it is unmapped."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import collect, user_mappings
from hwpoison_gui.kernel.handler import EXITS
from hwpoison_gui.kernel.rmap import UNMAPPED
from hwpoison_gui.view.outline.part import AFTER_STEPS, NO_STEP, OWN_STEPS, Part, Way

MAPPED: Final = Part(
    "Does a page table map it?",
    "hwpoison_user_mappings",
    (
        Way(user_mappings.MAPPED, "Yes: it must be unmapped."),
        Way(user_mappings.NOT_MAPPED, "No: its processes are not collected, though VMAs may cover it."),
    ),
    teach="A page that is not mapped affects no process now; one that accesses it later may be.",
)

KSM: Final = Part(
    "Is it merged by KSM?",
    "hwpoison_user_mappings",
    (
        Way(NO_STEP, "No: it is not a KSM page."),
        Way(user_mappings.KSM, "Yes: this kernel cannot collect the processes that share it. {unmap failed.result}."),
    ),
    (EXITS["unmap failed"], user_mappings.UNLOCKED_MAPPED),
    when=lambda profile: profile.has("abort_on_failed_unmap"),
)

SWAPCACHE: Final = Part(
    "Is it in the swap cache?",
    "hwpoison_user_mappings",
    (
        Way(NO_STEP, "No: PG_swapcache is clear."),
        Way(
            user_mappings.SWAPCACHE,
            "Yes, and it stays there: PTEs become swap entries, a process that swaps it in gets SIGBUS.",
        ),
    ),
)

CLEAN: Final = Part(
    "Can its content be read again?",
    "page_mkclean",
    (
        Way(
            user_mappings.MKCLEAN_CLEAN,
            "Yes, from its file: neither PG_dirty nor a PTE dirty bit is set. PTEs are cleared, no process is killed.",
        ),
        Way(user_mappings.MKCLEAN_DIRTY, "No: PG_dirty was clear, but a PTE is dirty, newer than the file."),
        Way(user_mappings.MUST_KILL, "No: PG_dirty is set, or no file on disk has a copy: users must be signalled."),
    ),
    teach="Shared memory and tmpfs have no copy on disk, so their pages are never clean in this sense.",
)

COLLECT: Final = Part(
    "Which tasks are signalled now?",
    "collect_procs",
    signs=(collect.ENTER_ANON, collect.ENTER_FILE),
    parts=(
        Part(
            "Every task × every VMA of the page",
            "add_to_kill",
            signs=(collect.ADDED_ANON, collect.ADDED_FILE, collect.NOT_MAPPED, collect.LATE, collect.REQUIRED),
            teach="Early kill is checked first: PR_MCE_KILL of the task, else vm.memory_failure_early_kill. For an"
            " anonymous page a task counts only if one of its PTEs maps it, for a file page if a VMA of its covers it.",
        ),
        Part(
            "What did the walk cost?",
            "collect_procs",
            signs=(collect.SUM_ANON, collect.SUM_FILE),
            local=True,
            teach="The walk visits tasks × VMAs, however few of the pairs belong together: it is not linear.",
        ),
    ),
    teach="With late kill none: a task that touches the page later finds a hwpoison entry.",
)

UNMAP: Final = Part(
    "Unmap it from every page table",
    "try_to_unmap",
    (
        Way(AFTER_STEPS, "No PTE maps it now."),
        Way(user_mappings.UNMAP_FAILED, "PTEs are left: all tasks on the list get SIGKILL instead of SIGBUS."),
    ),
    tuple(UNMAPPED.values()),
    teach="The dirty bit of each PTE goes to the page; a hwpoison entry, a swap entry or nothing replaces the PTE.",
)

SHAKE: Final = Part(
    "Drain the caches again after mlock",
    "shake_page",
    signs=(user_mappings.SHAKEN,),
    quiet=True,
    local=True,
)

KILL: Final = Part(
    "Are the tasks on the list signalled?",
    "kill_procs_ao",
    (
        Way(OWN_STEPS, "Yes: PG_dirty is set, data is lost; or a PTE is left."),
        Way(user_mappings.NOT_DIRTY, "No, the page is clean: the list is discarded."),
    ),
    (user_mappings.SENT, EXITS["unmap failed"]),
    teach="SIGBUS (BUS_MCEERR_AO) with the address; SIGKILL if the address is unknown or a PTE is left.",
)

USER_MAPPINGS: Final = Part(
    "Unmap it and signal its users",
    "hwpoison_user_mappings",
    parts=(MAPPED, KSM, SWAPCACHE, CLEAN, COLLECT, UNMAP, SHAKE, KILL),
    teach="Find the users through the reverse map, unmap the page, and signal those affected.",
)
