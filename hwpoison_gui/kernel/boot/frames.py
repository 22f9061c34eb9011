"""The columns of frames, and the free lists.

A huge entry counts as a mapping of each of its 512 frames, and as one reference. Linux does not export reference
counts. They are derived: one for each entry, one per frame for the page cache or the swap cache, one for private
data of a file page, and one for any other frame in use. A recorded count (-1: not recorded) above the derived one
is kept: somebody else holds the page.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import page_flags as pf
from ..gate import Column
from ..image import U64, MemoryImage
from ..machine import MAPPING_ANON, MAPPING_KSM, Machine
from ..records import HPAGE_PMD_NR, HPAGE_PMD_ORDER, MAX_ORDER
from .anon import AnonFamilies
from .compound import Compounds
from .entries import Entries

I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SWAP_TYPE_SHIFT = 58
_COUNTED = np.uint64(pf.LRU | pf.UNEVICTABLE | pf.MMAP | pf.SWAPCACHE | pf.PRIVATE | pf.HUGE | pf.HWPOISON)
_NOT_IN_USE = np.uint64(pf.BUDDY | pf.NOPAGE | pf.COMPOUND_TAIL)


def free_blocks(free: Bools) -> list[list[int]]:
    """Heads of free blocks by order: the largest aligned blocks that fit into the free frames."""
    span = 1 << MAX_ORDER
    left = np.zeros((len(free) + span - 1) & -span, bool)
    left[: len(free)] = free
    found: list[list[int]] = []
    for order in range(MAX_ORDER, -1, -1):
        blocks = left.reshape(-1, 1 << order)
        whole = blocks.all(axis=1)
        found.append((np.nonzero(whole)[0] << order).tolist())
        blocks[whole] = False
    return found[::-1]


def load_frames(m: Machine, image: MemoryImage, entries: Entries, families: AnonFamilies, compounds: Compounds) -> None:
    """Load flags, mapcounts, mapping and index of anonymous pages, the swap cache, and reference counts."""
    words = image.kpageflags
    everything = slice(None)
    m.flags.load(everything, words)
    m.mapcount.load(everything, _mapcounts(len(words), entries))
    m.compound_order.load(compounds.order)
    m.mapping.load(compounds.tails, compounds.head[compounds.tails])
    _load_anon(m, words, families, compounds)
    _load_exclusive(m, words, compounds)
    _load_swap(m, image, entries, compounds)
    counts = _refcounts(image, entries, compounds, m.mapping)
    m.refcount.load(everything, counts)
    pooled = np.nonzero(_heads_of_hugetlb(words) & (counts == 0))[0].tolist()
    m.huge_free.load(0, pooled)
    if huge := int(_heads_of_hugetlb(words).sum()):
        m.counters.load({"nr_huge_pages": huge})


def _load_anon(m: Machine, words: U64, families: AnonFamilies, compounds: Compounds) -> None:
    pfn = np.nonzero((words & np.uint64(pf.ANON)) != 0)[0]
    pfn = pfn[compounds.is_head(pfn)]
    kind = np.where((words[pfn] & np.uint64(pf.KSM)) != 0, MAPPING_KSM, MAPPING_ANON)
    m.mapping.load(pfn, families.of_frame[pfn] << 2 | kind)
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
    cached = np.nonzero((image.kpageflags & np.uint64(pf.SWAPCACHE)) != 0)[0]
    pfns = cached[compounds.is_head(cached)].tolist()
    following = int(offsets[-1]) + 1 if len(offsets) else 1
    known: dict[int, int] = {}
    if image.hidden.private is not None:
        for pfn in pfns:
            word = int(image.hidden.private[pfn])
            offset = (word & (1 << 50) - 1) | word >> SWAP_TYPE_SHIFT << 50
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


def _mapcounts(frames: int, entries: Entries) -> I64:
    counted = entries.counted
    count = np.bincount(entries.value[counted], minlength=frames)
    for head in entries.value[counted & entries.pse].tolist():
        count[head + 1 : head + HPAGE_PMD_NR] += 1
    return count


def _refcounts(image: MemoryImage, entries: Entries, compounds: Compounds, mapping: Column) -> I64:
    words = image.kpageflags
    count = np.bincount(entries.head[entries.counted], minlength=len(words))
    mapped = count > 0
    unused = (words & _NOT_IN_USE) != 0
    at = np.nonzero(((words & _COUNTED) != 0) & ~unused)[0]
    word = words[at]
    frames = np.ones(len(at), np.int64)
    heads = np.array([head for head in compounds.order if not int(words[head]) & pf.HUGE], np.int64)
    where = np.searchsorted(at, heads)
    counted = where < len(at)
    counted[counted] = at[where[counted]] == heads[counted]
    frames[where[counted]] = [1 << compounds.order[head] for head in heads[counted].tolist()]
    of_file = (mapping.view[at] != 0) & ((mapping.view[at] & 3) == 0)
    count[at] += of_file * frames
    count[at] += of_file & ((word & np.uint64(pf.PRIVATE)) != 0)
    count[at] += ((word & np.uint64(pf.SWAPCACHE)) != 0) * frames
    pooled = at[_heads_of_hugetlb(word) & (count[at] == 0)]
    unused[pooled] = True
    count[(count == 0) & ~unused] = 1
    if image.hidden.refcount is not None:
        recorded = image.hidden.refcount
        # Recorded without references: being freed or allocated, or inside a large allocation.
        idle = (recorded == 0) & ~mapped & ((words & np.uint64(pf.LRU)) == 0)
        count = np.where(idle, 0, np.maximum(count, recorded))
    count[unused] = 0
    return count
