"""Rows of the table of frames, made when they are displayed: there may be tens of millions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.page_mapping import mapping_flags, mapping_number
from hwpoison_gui.kernel.records import PAGE_SHIFT
from hwpoison_gui.record import Record
from hwpoison_gui.view.base import kinds
from hwpoison_gui.view.base.columns import TextColumn
from hwpoison_gui.view.base.mappers import mappers_unknown
from hwpoison_gui.view.base.naming import file_name, listed
from hwpoison_gui.view.base.natural import natural
from hwpoison_gui.view.base.units import amount
from hwpoison_gui.view.outcome.summary import users_of
from hwpoison_gui.view.rmap.compound import huge_name, kind_of_frame
from hwpoison_gui.view.rmap.page_offset import offset_of

PAGE_COLUMNS: Final = (
    TextColumn("pfn", "Frame", "Page frame number: the physical address divided by 4096", "0xfffff", fixed=True),
    TextColumn("kind", "Kind", "What kind of page it is, as the map's first lens colours it", "file (page cache)"),
    TextColumn("flags", "Flags", "The set flags as the letters of page-types; the Frame panel spells them out",
               "RUDlAMasb", fixed=True),
    TextColumn("refcount", "Refs", "_refcount: how many hold on to it; free at 0", "0,000", number=True),
    TextColumn("mapcount", "Maps", "_mapcount: page-table entries that map it", "0,000", number=True),
    TextColumn("owner", "Owner", "The file that it is cached of; of anonymous memory, the processes that map it",
               "postgres:538", wide=True),
    TextColumn("pgoff", "Index", "page->index: its page in the file, or that of its address", "0x7ffffffff",
               fixed=True),
    TextColumn("shown", "On the map", "As what the map shows it: the class of its present lens", "10 to 999"),
)  # fmt: skip
# Columns with what an error in the frame would do; shown on demand.
PAGE_DAMAGE_COLUMNS: Final = (
    *PAGE_COLUMNS[:2],
    TextColumn("signalled", "Signals", "Processes that an error would signal, at once or when they touch the page",
               "0,000", number=True),
    TextColumn("loses", "Loses", "Content that an error would lose; of a page of hugetlb, all of it", "2.0 MiB",
               number=True),
    *PAGE_COLUMNS[2:],
)  # fmt: skip
_MOST_OWNERS: Final = 3
_NO_COUNT: Final = -1  # for a page that only its flags say is mapped
_LONGEST_CHAIN: Final = 256  # VMAs of an anon_vma that are looked at for each row


class PageRow(Record):
    """A frame as text, but for its number."""

    pfn: int
    kind: str
    flags: str
    refcount: int
    mapcount: int
    owner: str
    pgoff: str
    shown: str
    poisoned: bool
    signalled: int = 0
    loses: int = 0


class PageRows:
    """Rows of one machine; owners are kept until `forget`, since asking the reverse map costs its length.

    `shown` names what the map shows a frame as; `ahead`: how many processes an error would signal, and bytes lost.
    """

    def __init__(
        self,
        m: Machine,
        shown: Callable[[int], str] = lambda pfn: "",
        ahead: Callable[[int], tuple[int, int]] = lambda pfn: (0, 0),
    ) -> None:
        self.m, self._shown, self._ahead = m, shown, ahead
        self._words: dict[int, tuple[str, str]] = {}  # flag word -> its kind and its letters
        self._owners: dict[int, str] = {}
        self._sharers: dict[int, list[str]] | None = None  # for pages merged by KSM, once one was asked for

    def forget(self) -> None:
        """Forget cached owners: the machine changed."""
        self._owners.clear()
        self._sharers = None

    def row(self, pfn: int) -> PageRow:
        m, word = self.m, self.m.page(pfn)
        if word not in self._words:
            self._words[word] = kinds.KINDS[kinds.kind_of(word)].name, pf.letters_of(word)
        kind, letters = self._words[word]
        return PageRow(
            pfn,
            _kind_words(m, pfn) or kind,
            letters,
            int(m.refcount.view[pfn]),
            _NO_COUNT if mappers_unknown(m, pfn) else int(m.mapcount.view[pfn]),
            self._owner(pfn),
            offset.words if (offset := offset_of(m, pfn)) is not None else "",
            self._shown(pfn),
            bool(word & pf.HWPOISON),
            *self._ahead(pfn),
        )

    def _owner(self, pfn: int) -> str:
        if pfn not in self._owners:
            # In the order of the rows of a table sorted by owner.
            named = listed(sorted(self._users(pfn), key=natural), _MOST_OWNERS)
            self._owners[pfn] = named or owner_of(self.m, int(self.m.mapping.view[self.m.compound_head(pfn)]))
        return self._owners[pfn]

    def _users(self, pfn: int) -> list[str]:
        """Names of the processes that map anonymous memory; none where they are too many to look for."""
        m, anon_vma = self.m, self.m.anon_vma_of(self.m.compound_head(pfn))
        if m.page(pfn) & pf.KSM:
            if self._sharers is None:
                self._sharers = sharers_of(m)
            return self._sharers.get(pfn, [])
        return users_of(m, pfn) if anon_vma and len(m.anon_vma_chain.of(anon_vma)) <= _LONGEST_CHAIN else []


def sharers_of(m: Machine) -> dict[int, list[str]]:
    """Names of the processes that map each page merged by KSM, found in one pass over all page tables."""
    found: dict[int, dict[str, None]] = {}
    for process in m.living():
        _, entries = m.ptes.arrays(process.mm)
        pfns = (entries[entries & ptes.PRESENT != 0] >> PAGE_SHIFT).astype(np.int64)
        for pfn in pfns[m.flags.view[pfns] & np.uint64(pf.KSM) != 0].tolist():
            found.setdefault(pfn, {})[process.label] = None
    return {pfn: list(names) for pfn, names in found.items()}


def _kind_words(m: Machine, pfn: int) -> str:
    """Return what the flag word does not say: sort of large folio, head or tail, or a per-CPU list; else empty."""
    word = m.page(pfn)
    if not word:
        return kind_of_frame(m, pfn).name
    if not word & (pf.HUGE | pf.THP) or kinds.kind_of(word) != kinds.HUGE:
        return ""
    return f"{huge_name(m, pfn)}, {'tail' if word & pf.COMPOUND_TAIL else 'head'}"


def owner_of(m: Machine, mapping: int) -> str:
    """The file of a page->mapping, or the process whose anonymous memory it was first; empty for none."""
    number = mapping_number(mapping)
    if mapping_flags(mapping):
        vmas = m.anon_vma_chain.of(number)
        # The oldest VMA is that of the process which the memory was given to first.
        return m.processes.view[m.vmas.view[min(vmas)].mm].label if vmas else ""
    inode = m.inodes.view.get(number) if number else None
    return file_name(inode) if inode is not None else ""


def page_cells(row: PageRow) -> tuple[str, ...]:
    """The fields of a row as they are shown, in the order of PAGE_COLUMNS."""
    counts = f"{row.refcount:,}", "–" if row.mapcount == _NO_COUNT else f"{row.mapcount:,}"
    return f"{row.pfn:#x}", row.kind, row.flags, *counts, row.owner, row.pgoff, row.shown


def page_damage_cells(row: PageRow) -> tuple[str, ...]:
    """As `page_cells`, in the order of PAGE_DAMAGE_COLUMNS."""
    cells = page_cells(row)
    signalled, loses = f"{row.signalled:,}" if row.signalled else "", amount(row.loses) if row.loses else ""
    return *cells[:2], signalled, loses, *cells[2:]
