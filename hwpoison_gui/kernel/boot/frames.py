"""The columns of frames, and the free lists.

A huge entry counts as a mapping of each of its 512 frames, and as one reference. Linux does not export reference
counts. They are derived: one for each entry, one per frame for the page cache or the swap cache, one for private
data of a file page, and one for any other frame in use. A recorded count (-1: not recorded) above the derived one
is kept: somebody else holds the page.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.image import U64, MemoryImage

from .. import page_flags as pf
from ..gate import Column
from ..machine import Machine
from ..page_mapping import MAPPING_ANON, MAPPING_KSM, mapping_word, of_files
from ..records import HPAGE_PMD_NR, HPAGE_PMD_ORDER, MAX_ORDER
from .anon import AnonFamilies
from .compound import Compounds
from .entries import Entries, swp_entry
from .scan import frames_with, occurrences, pieces

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_SWP_TYPE_SHIFT: Final = 58  # of a swp_entry_t in struct page
_STRETCH: Final = 1 << 10  # frames: a page of counts
_NOT_IN_USE = np.uint64(pf.BUDDY | pf.NOPAGE | pf.COMPOUND_TAIL)


def free_blocks(words: U64) -> list[list[int]]:
    """Heads of free blocks by order: the largest aligned blocks that fit into the free frames."""
    found: list[list[int]] = [[] for _ in range(MAX_ORDER + 1)]
    for piece in pieces(len(words)):
        free = (words[piece] & np.uint64(pf.BUDDY)) != 0
        if free.any():
            _add_blocks(found, free, piece.start)
    return found


def _add_blocks(found: list[list[int]], free: Bools, first: int) -> None:
    """Add the free blocks of a piece of memory that begins at frame `first`."""
    left = np.pad(free, (0, -len(free) % (1 << MAX_ORDER)))
    for order in range(MAX_ORDER, -1, -1):
        blocks = left.reshape(-1, 1 << order)
        whole = blocks.all(axis=1)
        found[order] += ((np.flatnonzero(whole) << order) + first).tolist()
        blocks[whole] = False


def load_frames(m: Machine, image: MemoryImage, entries: Entries, families: AnonFamilies, compounds: Compounds) -> None:
    """Load flags, mapcounts, mapping and index of anonymous pages, the swap cache, and reference counts."""
    words = image.kpageflags
    _load_used(m.flags, words)
    _load_used(m.mapcount, _mapcounts(len(words), entries))
    m.compound_order.load(compounds.order)
    for part in pieces(len(words)):
        head = compounds.head[part]
        tails = np.flatnonzero(head != np.arange(part.start, part.stop)) + part.start
        m.mapping.load(tails, compounds.head[tails])
    _load_anon(m, words, families, compounds)
    _load_exclusive(m, words, compounds)
    _load_swap(m, image, entries, compounds)
    counts = _refcounts(image, entries, compounds, m.mapping)
    _load_used(m.refcount, counts)
    hugetlb = compounds.heads[_heads_of_hugetlb(words[compounds.heads])]
    m.huge_free.load(0, hugetlb[counts[hugetlb] == 0].tolist())
    if len(hugetlb):
        m.counters.load({"nr_huge_pages": len(hugetlb)})


def _load_used(column: Column, values: npt.NDArray[Any]) -> None:
    """Load a column that is 0 so far; where it stays 0, its memory stays untouched."""
    for start in range(0, len(values), _STRETCH):
        part = slice(start, start + _STRETCH)
        if values[part].any():
            column.load(part, values[part])


def _load_anon(m: Machine, words: U64, families: AnonFamilies, compounds: Compounds) -> None:
    for part in pieces(len(words)):
        pfn = np.flatnonzero((words[part] & np.uint64(pf.ANON)) != 0) + part.start
        pfn = pfn[compounds.is_head(pfn)]
        kind = np.where((words[pfn] & np.uint64(pf.KSM)) != 0, MAPPING_KSM, MAPPING_ANON)
        m.mapping.load(pfn, mapping_word(families.of_frame[pfn].astype(np.int64), kind))
        m.index.load(pfn, families.index[pfn])


def _load_exclusive(m: Machine, words: U64, compounds: Compounds) -> None:
    """Load PG_anon_exclusive of the tails of large folios that PTEs map; later kernels show that of the head alone."""
    exclusive = pf.ANON | pf.MAPPEDTODISK
    for head, order in compounds.order.items():
        if order < HPAGE_PMD_ORDER and int(words[head]) & (exclusive | pf.THP) == exclusive | pf.THP:
            tails = slice(head + 1, head + (1 << order))
            m.flags.load(tails, m.flags.view[tails] | np.uint64(m.profile.mm.exclusive))


def _load_swap(m: Machine, image: MemoryImage, entries: Entries, compounds: Compounds) -> None:
    """Load users of swap entries, and the entries of swap-cache pages: as recorded, else made up above all others."""
    offsets, users = np.unique(entries.value[entries.swapped], return_counts=True)
    m.swap_map.load_arrays(offsets, users)
    cached = frames_with(image.kpageflags, pf.SWAPCACHE)
    pfns = cached[compounds.is_head(cached)].tolist()
    following = int(offsets[-1]) + 1 if len(offsets) else 1
    known: dict[int, int] = {}
    if image.hidden.private is not None:
        for pfn in pfns:
            word = int(image.hidden.private[pfn])
            offset = swp_entry(word >> _SWP_TYPE_SHIFT & 31, word)
            if offset:
                known.setdefault(offset, pfn)
        following = max(following, max(known, default=0) + 1)
    has_entry = set(known.values())
    unknown = [pfn for pfn in pfns if pfn not in has_entry]
    known.update(zip(range(following, following + len(unknown)), unknown, strict=True))
    m.swap_cache.load(known)
    m.page_private.load({pfn: offset for offset, pfn in known.items()})


def _heads_of_hugetlb(words: U64) -> Bools:
    both = np.uint64(pf.HUGE | pf.COMPOUND_HEAD)
    return np.asarray((words & both) == both)


def _mapcounts(frames: int, entries: Entries) -> I32:
    counted = entries.counted
    count = occurrences(entries.value[counted], frames)
    for head in entries.value[counted & entries.pse].tolist():
        count[head + 1 : head + HPAGE_PMD_NR] += 1
    return count


def _refcounts(image: MemoryImage, entries: Entries, compounds: Compounds, mapping: Column) -> I32:
    words, recorded = image.kpageflags, image.hidden.refcount
    count = occurrences(entries.head[entries.counted], len(words))
    of_hugetlb = (words[compounds.heads] & np.uint64(pf.HUGE)) != 0
    heads, sizes = compounds.heads[~of_hugetlb], 1 << compounds.orders[~of_hugetlb]
    for part in pieces(len(words)):
        here = slice(*np.searchsorted(heads, (part.start, part.stop)).tolist())
        frames = np.ones(part.stop - part.start, np.int32)
        frames[heads[here] - part.start] = sizes[here]
        known = None if recorded is None else recorded[part]
        count[part] = _derived(words[part], count[part], mapping.view[part], frames, known)
    return count


def _derived(words: U64, mappings: I32, mapping: npt.NDArray[np.uint32], frames: I32, recorded: I32 | None) -> I32:
    """The reference counts of some frames, by the rules above; `frames`: those of the folio of a head, else 1."""
    mapped = mappings > 0
    unused = (words & _NOT_IN_USE) != 0
    of_file = of_files(mapping)
    count: I32 = mappings + of_file * frames
    count += of_file & ((words & np.uint64(pf.PRIVATE)) != 0)
    count += ((words & np.uint64(pf.SWAPCACHE)) != 0) * frames
    unused |= _heads_of_hugetlb(words) & (count == 0)  # in the pool
    count[count == 0] = 1
    if recorded is not None:
        # Recorded without references: being freed or allocated, or inside a large allocation.
        idle = (recorded == 0) & ~mapped & ((words & np.uint64(pf.LRU)) == 0)
        count = np.where(idle, 0, np.maximum(count, recorded)).astype(np.int32)
    count[unused] = 0
    return count
