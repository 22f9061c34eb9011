"""A frame in one line: what it is, and which processes map it."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.rmap import mappings_of, page_index
from hwpoison_gui.view.base import kinds
from hwpoison_gui.view.base.naming import listed, page_name, path_of
from hwpoison_gui.view.rmap.compound import is_per_cpu, kind_of_frame, place_in_compound
from hwpoison_gui.view.words.words import counted

_MOST_MAPPERS: Final = 256
_MOST_SEARCHED: Final = 1 << 19  # page-table entries at most that are searched for a page merged by KSM
_MOST_NAMES: Final = 3


def summary(m: Machine, pfn: int) -> str:
    """The first line of the label beside the pointer."""
    word = m.page(pfn)
    kind, compound = kind_of_frame(m, pfn), place_in_compound(m, pfn)
    parts = [f"{pfn:#x}  {kind.name}"]
    if compound and kind.id != kinds.HUGE:
        parts.append(f"compound page, {compound}")
    if word & pf.KSM:
        parts.append("merged by KSM")
    inode = m.inode_of(m.compound_head(pfn))
    if inode is not None:
        parts.append(page_name(inode, path_of(inode), page_index(m, pfn), " page "))
    users = users_of(m, pfn)
    if users:
        parts.append("mapped by " + listed(users, _MOST_NAMES))
    elif int(m.mapcount.view[pfn]):
        parts.append("mapped " + counted(int(m.mapcount.view[pfn]), "time"))
    elif not word and not int(m.refcount.view[pfn]) and not is_per_cpu(m, pfn):
        parts.append("refcount 0")
    return " · ".join(parts)


def users_of(m: Machine, pfn: int) -> list[str]:
    """Names of the processes that map the frame; none where there are too many to look for on a hover."""
    if not 0 < int(m.mapcount.view[pfn]) <= _MOST_MAPPERS:
        return []
    if m.page(pfn) & pf.KSM and sum(m.rss.view.values()) > _MOST_SEARCHED:
        return []
    names: dict[str, None] = {}
    for vma, _ in mappings_of(m, pfn):
        names[m.processes.view[vma.mm].label] = None
    return list(names)
