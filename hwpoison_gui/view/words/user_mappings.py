"""Words of kernel/user_mappings.py: who has the page mapped, whether it is clean, and who is signalled."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import user_mappings
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Behaviour, Words, counted


def _not_mapped(mapped: int, word: int) -> str:
    if not mapped and word & pf.MMAP:
        return "Its flag MMAP is set, but no PTE was captured: which processes are signalled is not known."
    if not mapped:
        return "0 PTEs map it: no process is signalled."
    names = ", ".join(pf.names_of(word))
    return f"{_maps(mapped)} it, but by its flags ({names}) it is no user page: no process is signalled."


def _maps(mapped: int) -> str:
    return counted(mapped, "PTE maps", "PTEs map")


def _must_kill(dirty: bool, filesystem: str) -> str:
    of = f"of {filesystem}" if filesystem else "anonymous"
    why = "PG_dirty is set" if dirty else f"it is {of}, no file on disk has a copy of it"
    return f"It cannot simply be dropped: {why}."


# What became of the signal; keys: values that send_sig() returns.
_SENT: Final = {
    "queued": "queued",
    "pending": "blocked, so it stays pending",
    "stopped": "pending until the stopped task continues",
    "ignored": "ignored and discarded",
    "unkillable": "dropped, as it is an init without a handler for it (SIGNAL_UNKILLABLE)",
    "dropped": "dropped, as one is pending already",
}


def _kill_proc(comm: str, task: int, signal: str, code: str, address: int, sent: str) -> str:
    at = f" with si_addr {address:#x}" if address >= 0 else ""
    return f"{comm}:{task} is sent {signal} ({code}){at}: {_SENT[sent]}."


WORDS: Final[dict[Site, Words]] = {
    user_mappings.NOT_MAPPED: Words(_not_mapped),
    user_mappings.MAPPED: Words(lambda mapped: f"{_maps(mapped)} it."),
    user_mappings.KSM: Words("It is a KSM page: this kernel cannot collect the processes that share it."),
    user_mappings.SWAPCACHE: Words("PG_swapcache is set and the page stays there: its PTEs become swap entries."),
    user_mappings.MUST_KILL: Words(_must_kill),
    user_mappings.NOT_RESTARTABLE: Words(
        "MF_MUST_KILL is set, the thread cannot go on: the PTEs become hwpoison entries even if the page is clean."
    ),
    user_mappings.MKCLEAN_DIRTY: Words(
        lambda dirty, mapped: f"PG_dirty was clear, but {dirty} of {counted(mapped, 'PTE')} dirty: PG_dirty is set now."
    ),
    user_mappings.MKCLEAN_CLEAN: Words(
        lambda path, mapped: (
            f"PG_dirty is clear and 0 of {counted(mapped, 'PTE')} dirty, {path} can be read again: no signal is sent."
        )
    ),
    user_mappings.SHAKEN: Words("It was mlocked: the per-CPU LRU caches are drained once more."),
    user_mappings.UNMAP_FAILED: Words(
        lambda left: f"Unmapping failed: {counted(left, 'PTE still maps', 'PTEs still map')} it."
    ),
    user_mappings.UNLOCKED_MAPPED: Words("Unlocked, and still mapped."),
    user_mappings.NOT_DIRTY: Words(
        "PG_dirty is clear, so no data is lost: the to_kill list is discarded, no process is signalled."
    ),
    user_mappings.SENT: Words(_kill_proc, branch="{sent}"),
}

BEHAVIOUR: Final[Behaviour] = {
    user_mappings.hwpoison_user_mappings: (
        "Collect the processes of the page, unless it is KSM, unmap it, and signal them."
    ),
}
