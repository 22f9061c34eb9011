"""Words of kernel/memory.py: accesses and page faults."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import memory
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words

WORDS: Final[dict[Site, Words]] = {
    memory.READ: Words("{comm}:{task} reads {address:#x}, frame {frame:#x}."),
    memory.WRITTEN: Words("{comm}:{task} writes to {address:#x}, frame {frame:#x}."),
    memory.BAD_AREA: Words("{comm}:{task} may not access {address:#x}: SIGSEGV ({code}).", branch="{code}"),
    memory.TOUCHED_POISON: Words(
        "{comm}:{task} touches poisoned memory at {address:#x}: SIGBUS (BUS_MCEERR_AR), even if blocked or ignored."
    ),
    memory.TOUCHED_NOTHING: Words("{comm}:{task} touches {address:#x}, where there is no page: SIGBUS (BUS_ADRERR)."),
    memory.HWPOISON_ENTRY: Words("The PTE at {address:#x} is a hwpoison entry for frame {frame:#x}."),
    memory.POISONED_SWAP_CACHE: Words(
        "Swap entry {offset:#x} refers to frame {frame:#x} in the swap cache, which is poisoned."
    ),
    memory.DROPPED_AT_FAULT: Words(
        "{path}, page {index}: the poisoned folio is clean and nobody else has it: dropped, and the fault repeated."
    ),
    memory.POISONED_FILE_PAGE: Words("{path}, page {index}: its page in the page cache is poisoned."),
    memory.ZERO_PAGE: Words("{address:#x} was never written: it maps the zero page."),
    memory.NEW_PAGE: Words("Frame {frame:#x} is allocated and mapped at {address:#x}."),
    memory.MAPPED_AROUND: Words("{path}, page {index} and its cached neighbours are mapped around {address:#x}."),
    memory.FILE_PAGE: Words("{path}, page {index}, frame {frame:#x}, is mapped at {address:#x}."),
    memory.PRIVATE_COPY: Words("{address:#x} gets a private copy of the file's page: frame {frame:#x}."),
    memory.SHARED_WRITE: Words("The file system is notified of the write; PG_dirty is set on frame {frame:#x}."),
    memory.REUSED: Words("Frame {frame:#x} has no other user: its PTE is made writable."),
    memory.COPIED: Words("Frame {old:#x} is shared: the writer gets a copy, frame {frame:#x}."),
    memory.SWAPPED_IN: Words("Swapped in: frame {frame:#x} is mapped at {address:#x}."),
}
