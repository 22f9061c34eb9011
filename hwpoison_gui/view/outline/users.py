"""The users of a bad page, in our words: who has it mapped, who must be told, and how it is taken from them."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import collect, user_mappings
from hwpoison_gui.kernel.handler import EXITS
from hwpoison_gui.kernel.rmap import UNMAPPED
from hwpoison_gui.view.outline.part import NO_STEP, OWN_STEPS, Part, Way

MAPPED: Final = Part(
    "Does a page table map it?",
    "hwpoison_user_mappings",
    (
        Way(user_mappings.MAPPED, "Yes: its users must lose it."),
        Way(user_mappings.NOT_MAPPED, "No: nobody is told, though VMAs may cover it."),
    ),
    teach="A page that nobody has mapped hits nobody now; who comes for it later may still be hit.",
)

KSM: Final = Part(
    "Is it shared by equal content?",
    "hwpoison_user_mappings",
    (
        Way(NO_STEP, "No: PG_ksm is clear."),
        Way(user_mappings.KSM, "By KSM: its users cannot be found this way. Ignored."),
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
            "Yes, and it stays there: PTEs become swap entries, who swaps it in is told.",
        ),
    ),
)

CLEAN: Final = Part(
    "Can its content be had again?",
    "page_mkclean",
    (
        Way(
            user_mappings.MKCLEAN_CLEAN,
            "From its file, and neither PG_dirty nor a PTE is dirty: nobody is killed, PTEs just go.",
        ),
        Way(user_mappings.MKCLEAN_DIRTY, "PG_dirty was clear, but a PTE is dirty: newer than the file."),
        Way(user_mappings.MUST_KILL, "PG_dirty is set, or no file on disk has a copy: users must be told."),
    ),
    teach="Shared memory and tmpfs have no copy on disk, so their pages are never clean in this sense.",
)

COLLECT: Final = Part(
    "Who must be told at once?",
    "collect_procs",
    signs=(collect.ENTER_ANON, collect.ENTER_FILE),
    parts=(
        Part(
            "Every task × every VMA of the page",
            "add_to_kill",
            signs=(collect.ADDED_ANON, collect.ADDED_FILE, collect.NOT_MAPPED, collect.LATE),
            teach="Early kill is asked first: PR_MCE_KILL of the task, else vm.memory_failure_early_kill. Of an"
            " anonymous page a task counts only if a PTE of its maps it, of a file’s page if its VMA covers it.",
        ),
        Part(
            "What did the search cost?",
            "collect_procs",
            signs=(collect.SUM_ANON, collect.SUM_FILE),
            local=True,
            teach="The walk is tasks × VMAs, however few of the pairs belong together: it is not linear.",
        ),
    ),
    teach="Late kill: nobody. Who touches the page later finds a hwpoison entry there.",
)

UNMAP: Final = Part(
    "Cut every PTE that maps it",
    "try_to_unmap",
    (
        Way(OWN_STEPS, "None is left: 0 PTEs map it now."),
        Way(user_mappings.UNMAP_FAILED, "Some are left: SIGKILL instead of SIGBUS for all on the list."),
    ),
    tuple(UNMAPPED.values()),
    teach="Each PTE’s dirty bit goes to the page; a hwpoison entry, a swap entry or nothing takes its place.",
)

SHAKE: Final = Part(
    "Look at it once more for mlock",
    "shake_page",
    signs=(user_mappings.SHAKEN,),
    quiet=True,
    local=True,
)

KILL: Final = Part(
    "Must those on the list be told?",
    "kill_procs_ao",
    (
        Way(OWN_STEPS, "Yes: PG_dirty is set, its content is lost; or a PTE is left."),
        Way(user_mappings.NOT_DIRTY, "No, it turned out clean: the list is dropped, nobody is told."),
    ),
    (user_mappings.SENT, EXITS["unmap failed"]),
    teach="SIGBUS with BUS_MCEERR_AO and the address; SIGKILL where the address is not known or a PTE is left.",
)

USER_MAPPINGS: Final = Part(
    "Take it from its users",
    "hwpoison_user_mappings",
    parts=(MAPPED, KSM, SWAPCACHE, CLEAN, COLLECT, UNMAP, SHAKE, KILL),
    teach="Find them through the reverse map, unmap the page, tell those who must know.",
)
