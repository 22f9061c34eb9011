"""Outline of the phases that are new or different in 6.12."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import collect_ksm, hwpoison_filter, phases_6_12, split_folio, user_mappings
from hwpoison_gui.kernel.handler import EXITS, Verdict
from hwpoison_gui.kernel.profile.variants import Variant
from hwpoison_gui.view.outline.handler_6_1 import ACCESSING, FILTERED
from hwpoison_gui.view.outline.handler_6_1 import HUGETLB as HUGETLB_6_1
from hwpoison_gui.view.outline.handler_6_1 import LOCK as LOCK_6_1
from hwpoison_gui.view.outline.part import NO_STEP, OWN_STEPS, Part, Way
from hwpoison_gui.view.outline.users import CLEAN, COLLECT, KILL, MAPPED, SHAKE, SWAPCACHE, UNMAP

_COLLECT: Final = COLLECT._replace(
    signs=(*COLLECT.signs, collect_ksm.ENTER),
    parts=(
        COLLECT.parts[0]._replace(signs=(*COLLECT.parts[0].signs, collect_ksm.ADDED, collect_ksm.LISTED)),
        COLLECT.parts[1]._replace(signs=(*COLLECT.parts[1].signs, collect_ksm.SUM)),
    ),
    teach="With late kill none, unless one of them consumed the error, or injected it with madvise(): it is signalled"
    " whatever its policy. A page that KSM merged lists the tasks itself.",
)

_CLEAN: Final = CLEAN._replace(
    ways=(*CLEAN.ways, Way(user_mappings.NOT_RESTARTABLE, "Not asked: the thread cannot go on, hwpoison entries stay."))
)

_UNMAP: Final = UNMAP._replace(
    ways=(
        UNMAP.ways[0],
        Way(user_mappings.UNMAP_FAILED, "PTEs are left: the tasks on the list are signalled, dirty or not."),
    )
)

_KILL: Final = KILL._replace(
    ways=(
        Way(OWN_STEPS, "Yes: data is lost, a PTE is left, or a thread cannot go on."),
        Way(user_mappings.NOT_DIRTY, "No, the page is clean: the list is discarded."),
    ),
    signs=(user_mappings.SENT, EXITS["unmap failed"], user_mappings.UNLOCKED_MAPPED),
    teach="SIGBUS with the address: BUS_MCEERR_AR, which is forced, for the thread that consumed the error or injected"
    " it with madvise(), BUS_MCEERR_AO for the others. SIGKILL only if the address is unknown.",
)


def _report(*exits: str) -> Part:
    """The result line of exits of the handler."""
    return Part("Report it", "action_result", signs=tuple(EXITS[by] for by in exits), quiet=True, local=True)


_SHAKE: Final = SHAKE._replace(function="lru_add_drain_all", signs=(phases_6_12.DRAINED_AFTER_MLOCK,))

USER_MAPPINGS: Final = Part(
    "Unmap it and signal its users",
    "hwpoison_user_mappings",
    parts=(MAPPED, _COLLECT, SWAPCACHE, _CLEAN, _UNMAP, _SHAKE, _KILL),
    teach="Find the users through the reverse map, unmap the page, and signal those affected.",
)

_AGAIN: Final = "Yes, and poisoned before: a result line, {already poisoned.result}, {already poisoned.errno}."
HUGETLB: Final = HUGETLB_6_1._replace(
    ways=(*HUGETLB_6_1.ways[:-1], Way(phases_6_12.HUGE_PAGE_POISONED_BEFORE, _AGAIN)),
    parts=(
        ACCESSING,
        _report("already poisoned", "poisoned huge page"),
        FILTERED,
        Part(USER_MAPPINGS.title, USER_MAPPINGS.function, parts=USER_MAPPINGS.parts, quiet=True, local=True),
        HUGETLB_6_1.parts[-1],
    ),
    teach="A list of the bad frames hangs on the head: another frame of the huge page is counted, the same is not.",
)

SET_POISON: Final = Part(
    "Was it poisoned before?",
    "TestSetPageHWPoison",
    (
        Way(phases_6_12.POISONED, "No: PG_hwpoison is set now; it is counted with the result line."),
        Way(phases_6_12.POISONED_BEFORE, "Yes: {already poisoned}{already poisoned.uncounted}."),
    ),
    parts=(ACCESSING, _report("already poisoned")),
)

SPLIT: Final = Part(
    "Is it part of a large folio?",
    "split_huge_page_to_list",
    (
        Way(NO_STEP, "No: it is a page of 4 KiB."),
        Way((split_folio.SPLIT_FILE, split_folio.REMAPPED), "Yes: split, so that one page of 4 KiB is lost."),
        Way(
            (split_folio.NEVER_SPLIT, split_folio.UNDER_IO, split_folio.BUFFERS, split_folio.HELD),
            "Yes, but it cannot be split: “{unsplit thp.kind}”, {unsplit thp.result}.",
        ),
    ),
    (
        split_folio.SPLIT,
        split_folio.ENTRY_SPLIT,
        split_folio.NOT_MIGRATED,
        split_folio.ENTRY_DROPPED,
    ),
    parts=(
        _COLLECT._replace(quiet=True, local=True),
        _KILL._replace(
            ways=(Way(OWN_STEPS, "Yes, whether it is clean or not: it stays mapped."),), quiet=True, local=True
        ),
        _report("unsplit thp"),
    ),
    teach="A folio that cannot be split stays mapped, with its bad page: its users are signalled, clean or not.",
)

FILTER: Final = Part(
    "Does a filter protect it?",
    "hwpoison_filter",
    (
        Way(phases_6_12.PASSES, "No filter of the injector refuses it."),
        Way(hwpoison_filter.FILTERED, "Yes: PG_hwpoison is cleared, −EOPNOTSUPP."),
    ),
)

LOCK: Final = LOCK_6_1._replace(
    function="memory_failure",
    parts=(),
    ways=(
        Way(phases_6_12.LOCKED, "PG_locked was clear: locked at once."),
        Way(phases_6_12.LOCK_WAITED, "PG_locked was set: the handler waits for the holder."),
    ),
)

PHASES: Final[dict[Variant[Verdict], Part]] = {
    phases_6_12.try_memory_failure_hugetlb: HUGETLB,
    phases_6_12.set_page_hwpoison: SET_POISON,
    phases_6_12.check_filter: FILTER,
    phases_6_12.split_transparent_huge_page: SPLIT,
    phases_6_12.shake_page: Part("Drain the per-CPU LRU caches", "lru_add_drain_all", signs=(phases_6_12.DRAINED,)),
    phases_6_12.lock_page: LOCK,
    phases_6_12.hwpoison_user_mappings: USER_MAPPINGS,
}
