"""Words of kernel/profile/linux_6_1.py, and what an upgrade to this kernel changes, in Markdown."""

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

# Each line names a case, or says that there is none.
UPGRADE: Final = {
    "6.1": """\
- Late kill is the default (`vm.memory_failure_early_kill` = 0): processes get SIGBUS when they access the page
  (`cases-extra/6.1/blockdev_buffers.toml`).
- Every log line reads differently: `recovery action for KIND: RESULT`, and KIND says dirty or clean
  (`cases/6.1/file_unmapped_clean.ek0.toml`).
- A free page is recovered: it is taken off the buddy lists (`cases/6.1/free_buddy.ek1.srao.toml`).
- A hugetlb page is handled (`cases/6.1/hugetlb_private_tail_1.ek0.toml`), a THP is split
  (`cases/6.1/thp_head_1.ek1.toml`). A pinned THP is ignored, and nobody is signalled
  (`cases/6.1/thp_tail_pinned_by_pipe.ek0.srar.toml`).
- A KSM page is ignored: `can't handle KSM pages.` (`cases/6.1/ksm_2.ek0.madv.toml`).
- tmpfs and hugetlbfs keep the poisoned page: read(2) and write(2) of it fail with EIO until it is truncated
  (`cases/6.1/shmem_unmapped_write2_first.ek1.toml`).
- A lost write is reported once to each open file, not once to each file
  (`cases/6.1/file_unmapped_dirty_write2_first.ek0.toml`).
- Machine checks run the handler (`cases/6.1/anon_private.ek0.srar.toml`). Soft offline, `hard_offline_page`, unpoison
  and filters of the injector exist (`cases-extra/6.1/filter_hugetlb.toml`).
- HardwareCorrupted counts result lines, not poisoned pages (`cases/6.1/free_buddy.ek1.srao.toml`).
""",
}
