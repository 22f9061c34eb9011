"""Outline of what comes before and after the handler: faults, machine checks, signals, the end of processes."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import (
    anon_folio,
    get_hwpoison_page,
    gup,
    huge_fault,
    huge_memory,
    hugetlb,
    hugetlb_pool,
    madvise,
    mce,
    memory,
    migrate,
    soft_offline,
    split_folio,
    unpoison,
)
from hwpoison_gui.kernel.exit import EXITED, INIT_DIED, ZAPPED
from hwpoison_gui.kernel.hwpoison_inject import NO_PAGE
from hwpoison_gui.kernel.signal import HANDLED, UNKILLABLE
from hwpoison_gui.view.outline.part import NO_STEP, Part, Way, sites_of

_COPIED: Final = (
    memory.SHARED_WRITE,
    memory.REUSED,
    memory.COPIED,
    huge_fault.REUSED,
    huge_fault.SPLIT,
    hugetlb.REUSED,
)

FAULT: Final = Part(
    "What is in the page table?",
    "handle_mm_fault",
    (
        Way(NO_STEP, "A present PTE that allows the access."),
        Way(_COPIED, "A present, read-only PTE: the page is reused or copied."),
        Way(memory.HWPOISON_ENTRY, "A hwpoison entry: its frame is poisoned."),
        Way(hugetlb.POISON, "A huge hwpoison entry: its 2 MiB are lost."),
        Way(memory.POISONED_SWAP_CACHE, "A swap entry, and its page in the swap cache is poisoned."),
        Way(memory.SWAPPED_IN, "A swap entry: the page is read in and mapped."),
        Way(memory.POISONED_FILE_PAGE, "No PTE, and the page in the page cache is poisoned."),
        Way(memory.DROPPED_AT_FAULT, "No PTE; the poisoned page was clean, is dropped, and the fault is repeated."),
        Way(
            (memory.FILE_PAGE, memory.MAPPED_AROUND, memory.PRIVATE_COPY),
            "No PTE: the page of the file is mapped or copied.",
        ),
        Way(
            (memory.ZERO_PAGE, memory.NEW_PAGE, anon_folio.NEW_FOLIO, huge_memory.GIVEN, hugetlb.MAPPED),
            "No PTE: memory is allocated.",
        ),
    ),
    teach="Unmapping leaves hwpoison entries behind: here late kill takes effect.",
)

ACCESS: Final = Part(
    "Does the access succeed?",
    "do_page_fault",
    (
        Way((memory.READ, memory.WRITTEN), "Yes."),
        Way(memory.TOUCHED_POISON, "No: SIGBUS (BUS_MCEERR_AR), even if it is blocked or ignored."),
        Way(memory.TOUCHED_NOTHING, "No: there is no page at the address. SIGBUS (BUS_ADRERR)."),
        Way(memory.BAD_AREA, "No: the access is not allowed. SIGSEGV."),
    ),
)

COPY: Final = Part(
    "Does the kernel’s read succeed?",
    "copy_from_user",
    (
        Way(gup.COPIED, "Yes."),
        Way(gup.NOT_COPIED["EFAULT"], "No: EFAULT, and no signal."),
        Way(gup.NOT_COPIED["ENOMEM"], "No: there is no memory to read it into."),
    ),
)

# The sites of a fault without an access: madvise(), mlock() and swapoff() bring pages in, too.
FAULTS: Final = frozenset(site for way in FAULT.ways for site in sites_of(way.sign))

TOUCH: Final = (FAULT, ACCESS)
KERNEL_READ: Final = (FAULT, COPY)

BEFORE: Final = (
    Part(
        "The page is faulted in first",
        "follow_page",
        signs=tuple(FAULTS),
        quiet=True,
    ),
    Part(
        "The processor reports the error",
        "do_machine_check",
        (
            Way(mce.GOES_ON, "The thread can resume afterwards: it handles the error first."),
            Way(mce.MUST_KILL, "It cannot resume: the handler takes the page away and must kill it (MF_MUST_KILL)."),
            Way(mce.CANNOT_GO_ON, "It cannot resume: SIGBUS at once."),
        ),
        (mce.KILL_ME_MAYBE, NO_PAGE),
        quiet=True,
    ),
)

AFTER: Final = (
    Part("The injector drops its reference", "madvise_hwpoison", signs=(madvise.REFERENCE_DROPPED,), quiet=True),
    Part("The thread cannot resume", "kill_me_now", signs=(mce.KILL_ME_NOW,), quiet=True),
    Part(
        "The tasks run and take their signals",
        "get_signal_to_deliver",
        signs=(HANDLED, UNKILLABLE, EXITED, INIT_DIED, ZAPPED),
        quiet=True,
        teach="A process without a handler for the signal is killed.",
    ),
)

SOFT_OFFLINE: Final = (
    Part(
        "Is there something to do?",
        "soft_offline_page",
        (
            Way(soft_offline.ENTER, "Yes: the frame still works and is taken out of use."),
            Way(soft_offline.DISABLED, "No: vm.enable_soft_offline is 0. −EOPNOTSUPP."),
            Way(soft_offline.POISONED_BEFORE, "No: it is poisoned already."),
            Way(soft_offline.NO_PAGE, "No: there is no such page. −ENXIO."),
        ),
    ),
    Part(
        "Can a reference be taken?",
        "get_hwpoison_page",
        (
            Way(get_hwpoison_page.LRU_PAGE, "It is on an LRU list: a reference is taken."),
            Way(get_hwpoison_page.HUGE_PAGE, "It is a huge page of hugetlb."),
            Way(
                (split_folio.NEVER_SPLIT, split_folio.UNDER_IO, split_folio.BUFFERS, split_folio.HELD),
                "It is part of a large folio that cannot be split: −EBUSY.",
            ),
            Way(get_hwpoison_page.FREE_PAGE, "It is free: it is only taken off the free lists."),
            Way(get_hwpoison_page.UNHANDLABLE, "None of these: the kernel uses the page, so it is left alone."),
        ),
        (
            get_hwpoison_page.DRAINED,
            get_hwpoison_page.SHAKEN,
            split_folio.SPLIT,
            split_folio.SPLIT_FILE,
            split_folio.REMAPPED,
            split_folio.ENTRY_SPLIT,
            split_folio.ENTRY_DROPPED,
        ),
    ),
    Part(
        "A filter protects it",
        "hwpoison_filter",
        signs=(soft_offline.FILTERED,),
        quiet=True,
        teach="corrupt-filter-enable is set: the test is to spare this page. −EOPNOTSUPP.",
    ),
    Part(
        "Drop it, or move it?",
        "soft_offline_in_use_page",
        (
            Way(soft_offline.INVALIDATED, "Clean and unmapped: dropped from the page cache."),
            Way(migrate.MOVED, "Its content moves to another frame; no process notices."),
            Way((migrate.NO_MEMORY, migrate.HELD), "It cannot be migrated: nothing changes. −EBUSY or −ENOMEM."),
            Way(soft_offline.NOT_LRU, "It is on no LRU list: −EBUSY."),
        ),
        (soft_offline.WRITEBACK_WAITED, migrate.REMAPPED),
    ),
    Part(
        "Nothing changes",
        "soft_offline_page",
        signs=(soft_offline.NOT_SPLIT, *soft_offline.NOT_MOVED.values()),
        quiet=True,
    ),
    Part(
        "Mark the empty frame",
        "page_handle_poison",
        signs=(
            soft_offline.SET_ASIDE,
            hugetlb_pool.DISSOLVED,
            hugetlb_pool.NOT_DISSOLVED,
            hugetlb_pool.OFF_BUDDY,
        ),
    ),
)

UNPOISON: Final = (
    Part(
        "Can the error be undone?",
        "unpoison_memory",
        (
            Way(unpoison.CLEARED, "Yes: HWPOISON is cleared; a page without users is free again."),
            Way(
                (unpoison.REFUSED["EBUSY"], unpoison.NOTHING_CLEARED),
                "No: it is not poisoned, or it is in use. −EBUSY.",
            ),
            Way(unpoison.REFUSED["EOPNOTSUPP"], "No: a real error was seen, the frame may be broken. −EOPNOTSUPP."),
            Way(unpoison.NO_PAGE, "No: there is no such page. −EIO."),
        ),
    ),
)
