"""Words of kernel/profile/linux_6_1.py."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel.profile import linux_6_1
from hwpoison_gui.view.words.words import Behaviour

BEHAVIOUR: Final[Behaviour] = {
    linux_6_1.has_users: "LRU and hugetlb pages, unless reserved, slab or a page table.",
    linux_6_1.find_early_kill_thread: (
        "The first thread whose PR_MCE_KILL policy is early, or default while early kill is on."
    ),
    linux_6_1.must_kill: "If the page is dirty or could not be unmapped.",
    linux_6_1.populate_writes: "In writable private VMAs; shared ones are read, to keep them clean.",
    linux_6_1.reuses: "If the page is exclusive, or has no other reference, swap included.",
    linux_6_1.swap_in: "Drop the swap reference; a page that was, or is now, exclusive may be mapped writable.",
    linux_6_1.swapped_in: "Nothing: the entry was dropped before mapping.",
    linux_6_1.reuses_huge: "If the page is anonymous and mapped once, whoever else holds it.",
    linux_6_1.io_refuses: "For poisoned pages of tmpfs and hugetlbfs.",
    linux_6_1.check_and_advance_wb_err: (
        "EIO once per open file description; never on tmpfs and hugetlbfs, whose fsync is noop_fsync()."
    ),
}
