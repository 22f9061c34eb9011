"""Words of kernel/phases.py: the phases of 2009."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import phases
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Behaviour, Words, counted

# Why a page has no references, and what is returned for it.
_WHOSE: Final = {
    "free head": "it is the head of a free block (PageBuddy())",
    "free inside": "it is inside a free block, where only the head has PG_buddy",
    "kernel or per-CPU": "it is in no free block, but on a per-CPU list or inside a kernel allocation",
}
_NOT_TRUNCATED: Final = {
    "swap cache": "it is in the swap cache",
    "anon_vma": "page->mapping still points to anon_vma {anon_vma}",
    "file": "page->mapping still points to {path}",
    "mapping": "page->mapping is set",
    "never on LRU": "it was on no LRU list before",
}


def _not_truncated(what: str, anon_vma: int, path: str) -> str:
    return f"It was not truncated meanwhile: {_NOT_TRUNCATED[what].format(anon_vma=anon_vma, path=path)}."


WORDS: Final[dict[Site, Words]] = {
    phases.RECOVER: Words("memory_failure_recovery is {sysctl}: the kernel tries to recover."),
    phases.PANIC: Words("memory_failure_recovery is 0: the kernel panics."),
    phases.PFN_VALID: Words("Frame {frame:#x} is memory of this machine."),
    phases.POISONED: Words("PG_hwpoison was clear and is set now; HardwareCorrupted is {corrupted_kb} kB."),
    phases.REFERENCED: Words(lambda count: f"Its refcount is {count}; the handler takes one more reference."),
    phases.UNREFERENCED: Words(lambda whose: f"Its refcount is 0: {_WHOSE[whose]}."),
    phases.NOT_LRU: Words(
        "PG_lru is clear, it is on no LRU list; the per-CPU caches are drained in case it is in one of them."
    ),
    phases.ISOLATED: Words("PG_lru is set: the page is taken off its LRU list, so reclaim does not find it."),
    phases.LOCKED: Words("PG_locked was clear: locked."),
    phases.LOCK_WAITED: Words("PG_locked was set: locked after its holder unlocked it."),
    phases.NO_WRITEBACK: Words("PG_writeback is clear: no I/O is under way."),
    phases.WRITEBACK_WAITED: Words("PG_writeback was set: the handler waited until the I/O ended."),
    phases.NOT_TRUNCATED: Words(_not_truncated),
    phases.STILL_REFERENCED: Words(lambda users: f"{counted(users, 'reference')} left besides the handler's own."),
}

BEHAVIOUR: Final[Behaviour] = {
    phases.check_recovery: "Panic if recovery is switched off (vm.memory_failure_recovery).",
    phases.check_pfn: "pfn_valid(): ignore a pfn without a page.",
    phases.set_page_hwpoison: (
        "TestSetPageHWPoison(): mark and count the page, whatever the outcome; stop if it is marked already."
    ),
    phases.take_reference: (
        "get_page_unless_zero(): the handler stops at a page with refcount 0: free, or part of a kernel allocation."
    ),
    phases.isolate_lru_page: "Take the page off its LRU list, away from reclaim. A page on no list cannot be handled.",
    phases.lock_page: "Lock the page, after waiting for another holder.",
    phases.wait_on_page_writeback: "Wait until I/O on the page has ended.",
    phases.check_truncated: "Stop if the page was on an LRU list and has lost its mapping: it was truncated meanwhile.",
    phases.identify_page_state: (
        "page_action(): find the row of the state table that matches the page and run its action."
    ),
}
