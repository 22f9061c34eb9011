"""What comes before and after the handler, in our words: faults, machine checks, signals, the end of tasks."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import (
    get_hwpoison_page,
    huge_fault,
    huge_memory,
    hugetlb,
    hugetlb_pool,
    madvise,
    memory,
    migrate,
    soft_offline,
    unpoison,
)
from hwpoison_gui.kernel import hwpoison_inject as inject
from hwpoison_gui.kernel.fork import EXITED
from hwpoison_gui.kernel.signal import HANDLED
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
    "What stands in the page table?",
    "handle_mm_fault",
    (
        Way(NO_STEP, "A present entry that allows it: the access goes through."),
        Way(_COPIED, "A present entry that may not be written: taken over, or copied."),
        Way(memory.HWPOISON_ENTRY, "A hwpoison entry: the frame it names is broken."),
        Way(hugetlb.POISON, "A huge hwpoison entry: its 2 MiB are lost."),
        Way(memory.POISONED_SWAP_CACHE, "A swap entry, and its page in the swap cache is poisoned."),
        Way(memory.SWAPPED_IN, "A swap entry: the page is read in and mapped."),
        Way(memory.POISONED_FILE_PAGE, "Nothing, and the file’s page in the page cache is poisoned."),
        Way(
            (memory.FILE_PAGE, memory.MAPPED_AROUND, memory.PRIVATE_COPY),
            "Nothing: the file’s page is mapped or copied.",
        ),
        Way((memory.ZERO_PAGE, memory.NEW_PAGE, huge_memory.GIVEN, hugetlb.MAPPED), "Nothing yet: memory is given."),
    ),
    teach="A hwpoison entry is what unmapping left behind: late kill strikes here.",
)

ACCESS: Final = Part(
    "Does the access go through?",
    "do_user_addr_fault",
    (
        Way((memory.READ, memory.WRITTEN), "Yes."),
        Way(memory.TOUCHED_POISON, "No: SIGBUS, BUS_MCEERR_AR. Blocking or ignoring it does not help."),
        Way(memory.TOUCHED_NOTHING, "No: there is no page behind the address. SIGBUS, BUS_ADRERR."),
        Way(memory.BAD_AREA, "No: nothing may be touched there. SIGSEGV."),
    ),
)

COPY: Final = Part(
    "Does the kernel’s read go through?",
    "copy_from_user",
    (
        Way(madvise.COPIED, "Yes."),
        Way(madvise.NOT_COPIED["EFAULT"], "No: EFAULT, and no signal."),
        Way(madvise.NOT_COPIED["ENOMEM"], "No: there is no memory to read it into."),
    ),
)

# The sites of a fault without an access: madvise(), mlock() and swapoff() bring pages in, too.
FAULTS: Final = frozenset(site for way in FAULT.ways for site in sites_of(way.sign))

TOUCH: Final = (FAULT, ACCESS)
KERNEL_READ: Final = (FAULT, COPY)

BEFORE: Final = (
    Part(
        "The page is brought in first",
        "follow_page",
        signs=tuple(FAULTS),
        quiet=True,
    ),
    Part(
        "The processor reports it",
        "do_machine_check",
        (
            Way(inject.GOES_ON, "The thread can go on afterwards: it handles the error first."),
            Way(inject.CANNOT_GO_ON, "It cannot go on where it was: SIGBUS at once."),
        ),
        (inject.KILL_ME_MAYBE, inject.NO_PAGE),
        quiet=True,
    ),
)

AFTER: Final = (
    Part("The injector lets go", "madvise_hwpoison", signs=(madvise.REFERENCE_DROPPED,), quiet=True),
    Part("The thread cannot go on", "kill_me_now", signs=(inject.KILL_ME_NOW,), quiet=True),
    Part(
        "The tasks run again and take their signals",
        "get_signal",
        signs=(HANDLED, EXITED),
        quiet=True,
        teach="A handler runs; without one the process ends.",
    ),
)

SOFT_OFFLINE: Final = (
    Part(
        "Is there something to do?",
        "soft_offline_page",
        (
            Way(soft_offline.ENTER, "Yes: the frame still works, and is to be left alone from now on."),
            Way(soft_offline.POISONED_BEFORE, "No: it is poisoned already."),
            Way(soft_offline.NO_PAGE, "No: there is no such page. −ENXIO."),
        ),
    ),
    Part(
        "Can it be taken hold of?",
        "get_hwpoison_page",
        (
            Way(get_hwpoison_page.LRU_PAGE, "It is on an LRU list: a reference is taken."),
            Way(get_hwpoison_page.HUGE_PAGE, "It is a huge page of hugetlb."),
            Way((huge_memory.NEVER_SPLIT, huge_memory.HELD), "It is part of a huge page that somebody holds: −EBUSY."),
            Way(get_hwpoison_page.FREE_PAGE, "It is free: it only leaves the free lists."),
            Way(get_hwpoison_page.UNHANDLABLE, "Neither: the kernel’s own, it stays in use."),
        ),
        (
            get_hwpoison_page.DRAINED,
            get_hwpoison_page.SHAKEN,
            huge_memory.SPLIT,
            huge_memory.SPLIT_FILE,
            huge_memory.REMAPPED,
            huge_memory.ENTRY_SPLIT,
            huge_memory.ENTRY_DROPPED,
        ),
    ),
    Part(
        "Drop it, or move it?",
        "soft_offline_in_use_page",
        (
            Way(soft_offline.INVALIDATED, "Clean and unmapped: dropped from its file."),
            Way(migrate.MOVED, "Its content moves to another frame, and nobody notices."),
            Way((migrate.NO_MEMORY, migrate.HELD), "It cannot be moved: all stays as it was. −EBUSY, or −ENOMEM."),
            Way(soft_offline.NOT_LRU, "It is on no LRU list: −EBUSY."),
        ),
        (soft_offline.WRITEBACK_WAITED, migrate.REMAPPED),
    ),
    Part(
        "All stays as it was",
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
        "May the error be taken back?",
        "unpoison_memory",
        (
            Way(unpoison.CLEARED, "Yes: HWPOISON is cleared; a page without users is free again."),
            Way(
                (unpoison.REFUSED["EBUSY"], unpoison.NOTHING_CLEARED),
                "No: it is not poisoned, or somebody has it. −EBUSY.",
            ),
            Way(unpoison.REFUSED["EOPNOTSUPP"], "No: a real error was seen, the frame may be broken. −EOPNOTSUPP."),
            Way(unpoison.NO_PAGE, "No: there is no such page. −EIO."),
        ),
    ),
)
