"""The users of a bad page, in our words: who has it mapped, who must be told, and how it is taken from them."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.view.outline.part import OWN_STEPS, Part, Way

MAPPED: Final = Part(
    "Does a page table map it?",
    "hwpoison_user_mappings",
    (
        Way("hwpoison_user_mappings/mapped", "Yes: its users must lose it."),
        Way("hwpoison_user_mappings/not mapped", "No: nobody is told, though VMAs may cover it."),
    ),
    teach="A page that nobody has mapped hits nobody now; who comes for it later may still be hit.",
)

KSM: Final = Part(
    "Is it shared by equal content?",
    "hwpoison_user_mappings",
    (
        Way("", "No: PG_ksm is clear."),
        Way("hwpoison_user_mappings/PageKsm", "By KSM: its users cannot be found this way. Ignored."),
    ),
    ("action_result:unmapping failed", "unlock_page"),
    when=lambda profile: profile.has("abort_on_failed_unmap"),
)

SWAPCACHE: Final = Part(
    "Is it in the swap cache?",
    "hwpoison_user_mappings",
    (
        Way("", "No: PG_swapcache is clear."),
        Way(
            "hwpoison_user_mappings/PageSwapCache",
            "Yes, and it stays there: PTEs become swap entries, who swaps it in is told.",
        ),
    ),
)

CLEAN: Final = Part(
    "Can its content be had again?",
    "page_mkclean",
    (
        Way(
            "page_mkclean|folio_mkclean/clean",
            "From its file, and neither PG_dirty nor a PTE is dirty: nobody is killed, PTEs just go.",
        ),
        Way("page_mkclean|folio_mkclean/dirty", "PG_dirty was clear, but a PTE is dirty: newer than the file."),
        Way("hwpoison_user_mappings/kill", "PG_dirty is set, or no file on disk has a copy: users must be told."),
    ),
    teach="Shared memory and tmpfs have no copy on disk, so their pages are never clean in this sense.",
)

COLLECT: Final = Part(
    "Who must be told at once?",
    "collect_procs",
    signs=("collect_procs_anon|collect_procs_file|collect_procs/",),
    parts=(
        Part(
            "Every task × every VMA of the page",
            "add_to_kill",
            signs=("add_to_kill|page_mapped_in_vma|task_early_kill",),
            teach="Early kill is asked first: PR_MCE_KILL of the task, else vm.memory_failure_early_kill. Of an"
            " anonymous page a task counts only if a PTE of its maps it, of a file’s page if its VMA covers it.",
        ),
        Part(
            "What did the search cost?",
            "collect_procs",
            signs=("collect_procs_anon|collect_procs_file|collect_procs",),
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
        Way("hwpoison_user_mappings/failed", "Some are left: SIGKILL instead of SIGBUS for all on the list."),
    ),
    ("try_to_unmap_one",),
    teach="Each PTE’s dirty bit goes to the page; a hwpoison entry, a swap entry or nothing takes its place.",
)

SHAKE: Final = Part(
    "Look at it once more for mlock",
    "shake_page",
    signs=("shake_page/",),
    quiet=True,
    local=True,
)

KILL: Final = Part(
    "Must those on the list be told?",
    "kill_procs_ao",
    (
        Way(OWN_STEPS, "Yes: PG_dirty is set, its content is lost; or a PTE is left."),
        Way("kill_procs_ao|kill_procs/not PageDirty", "No, it turned out clean: the list is dropped, nobody is told."),
    ),
    ("kill_proc_ao|kill_proc", "action_result:unmapping failed"),
    teach="SIGBUS with BUS_MCEERR_AO and the address; SIGKILL where the address is not known or a PTE is left.",
)

USER_MAPPINGS: Final = Part(
    "Take it from its users",
    "hwpoison_user_mappings",
    parts=(MAPPED, KSM, SWAPCACHE, CLEAN, COLLECT, UNMAP, SHAKE, KILL),
    teach="Find them through the reverse map, unmap the page, tell those who must know.",
)
