"""What comes before and after the handler, in our words: faults, machine checks, signals, the end of tasks."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.view.outline.part import Part, Way, sign_of

_COPIED: Final = "do_wp_page|wp_page_copy|do_huge_pmd_wp_page|hugetlb_wp"

FAULT: Final = Part(
    "What stands in the page table?",
    "handle_mm_fault",
    (
        Way("", "A present entry that allows it: the access goes through."),
        Way(_COPIED, "A present entry that may not be written: taken over, or copied."),
        Way("do_swap_page/is_hwpoison_entry", "A hwpoison entry: the frame it names is broken."),
        Way("hugetlb_fault/hwpoison", "A huge hwpoison entry: its 2 MiB are lost."),
        Way("do_swap_page/PageHWPoison", "A swap entry, and its page in the swap cache is poisoned."),
        Way("do_swap_page/", "A swap entry: the page is read in and mapped."),
        Way("__do_fault/PageHWPoison", "Nothing, and the file’s page in the page cache is poisoned."),
        Way("__do_fault|filemap_map_pages|do_cow_fault/", "Nothing: the file’s page is mapped or copied."),
        Way("do_anonymous_page|do_huge_pmd|hugetlb_fault/", "Nothing yet: memory is given."),
    ),
    teach="A hwpoison entry is what unmapping left behind: late kill strikes here.",
)

ACCESS: Final = Part(
    "Does the access go through?",
    "do_user_addr_fault",
    (
        Way("access", "Yes."),
        Way("do_sigbus/VM_FAULT_HWPOISON", "No: SIGBUS, BUS_MCEERR_AR. Blocking or ignoring it does not help."),
        Way("do_sigbus/VM_FAULT_SIGBUS", "No: there is no page behind the address. SIGBUS, BUS_ADRERR."),
        Way("bad_area", "No: nothing may be touched there. SIGSEGV."),
    ),
)

COPY: Final = Part(
    "Does the kernel’s read go through?",
    "copy_from_user",
    (
        Way("copy_from_user/", "Yes."),
        Way("copy_from_user/EFAULT", "No: EFAULT, and no signal."),
        Way("copy_from_user/ENOMEM", "No: there is no memory to read it into."),
    ),
)

# The functions of a fault without an access: madvise(), mlock() and swapoff() bring pages in, too.
FAULTS: Final = frozenset().union(*(sign_of(way.sign).functions for way in FAULT.ways if way.sign))

TOUCH: Final = (FAULT, ACCESS)
KERNEL_READ: Final = (FAULT, COPY)

BEFORE: Final = (
    Part(
        "The page is brought in first",
        "follow_page",
        signs=(
            _COPIED,
            "__do_fault|filemap_map_pages|do_cow_fault|do_swap_page",
            "do_anonymous_page|do_huge_pmd|hugetlb_fault",
        ),
        quiet=True,
    ),
    Part(
        "The processor reports it",
        "do_machine_check",
        (
            Way("do_machine_check/kill_me_maybe", "The thread can go on afterwards: it handles the error first."),
            Way("do_machine_check/kill_me_now", "It cannot go on where it was: SIGBUS at once."),
        ),
        ("kill_me_maybe", "hwpoison_inject"),
        quiet=True,
    ),
)

AFTER: Final = (
    Part("The injector lets go", "madvise_hwpoison", signs=("madvise_hwpoison",), quiet=True),
    Part("The thread cannot go on", "kill_me_now", signs=("kill_me_now",), quiet=True),
    Part(
        "The tasks run again and take their signals",
        "get_signal",
        signs=("handle_signal", "do_exit"),
        quiet=True,
        teach="A handler runs; without one the process ends.",
    ),
)

SOFT_OFFLINE: Final = (
    Part(
        "Is there something to do?",
        "soft_offline_page",
        (
            Way("soft_offline_page/", "Yes: the frame still works, and is to be left alone from now on."),
            Way("soft_offline_page/already poisoned", "No: it is poisoned already."),
            Way("soft_offline_page/ENXIO", "No: there is no such page. −ENXIO."),
        ),
    ),
    Part(
        "Can it be taken hold of?",
        "get_hwpoison_page",
        (
            Way("get_hwpoison_page/PageLRU", "It is on an LRU list: a reference is taken."),
            Way("get_hwpoison_page/huge page", "It is a huge page of hugetlb."),
            Way("split_huge_page_to_list/EBUSY", "It is part of a huge page that somebody holds: −EBUSY."),
            Way("is_free_buddy_page/free", "It is free: it only leaves the free lists."),
            Way("get_hwpoison_page/unhandlable", "Neither: the kernel’s own, it stays in use."),
        ),
        ("get_hwpoison_page", "shake_page", "split_huge_page_to_list|remap_page|try_to_migrate_one"),
    ),
    Part(
        "Drop it, or move it?",
        "soft_offline_in_use_page",
        (
            Way("invalidate_inode_page", "Clean and unmapped: dropped from its file."),
            Way("migrate_pages/moved", "Its content moves to another frame, and nobody notices."),
            Way("migrate_pages/failed", "It cannot be moved: all stays as it was. −EBUSY, or −ENOMEM."),
            Way("isolate_lru_page/EBUSY", "It is on no LRU list: −EBUSY."),
        ),
        ("wait_on_page_writeback", "remove_migration_pte"),
    ),
    Part(
        "All stays as it was",
        "soft_offline_page",
        signs=("soft_offline_page/EBUSY", "soft_offline_page/ENOMEM"),
        quiet=True,
    ),
    Part(
        "Mark the empty frame",
        "page_handle_poison",
        signs=("page_handle_poison", "dissolve_free_huge_page|take_page_off_buddy"),
    ),
)

UNPOISON: Final = (
    Part(
        "May the error be taken back?",
        "unpoison_memory",
        (
            Way("unpoison_memory/", "Yes: HWPOISON is cleared; a page without users is free again."),
            Way("unpoison_memory/EBUSY", "No: it is not poisoned, or somebody has it. −EBUSY."),
            Way("unpoison_memory/EOPNOTSUPP", "No: a real error was seen, the frame may be broken. −EOPNOTSUPP."),
            Way("unpoison_memory/EIO", "No: there is no such page. −EIO."),
        ),
    ),
)
