"""Compound pages in words: head or tail, which of how many, and the head of a tail."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import HPAGE_PMD_NR
from hwpoison_gui.view.base import kinds

_MEANINGS: Final = {
    "hugetlb": "part of a huge page of the hugetlb pool; the handler takes all of it",
    "THP": "part of a transparent huge page, which can be split",
    "large folio": "one of several frames with flags and references in common; the folio can be split",
}


def place_in_compound(m: Machine, pfn: int) -> str:
    """`head of 512 pages`, or `tail 2 of 512, head 0x6200`; empty for a page that is part of no compound page."""
    word = m.page(pfn)
    if not word & (pf.COMPOUND_HEAD | pf.COMPOUND_TAIL):
        return ""
    head = m.compound_head(pfn)
    pages = _pages(m, head)
    if word & pf.COMPOUND_TAIL:
        return f"tail {pfn - head}{f' of {pages}' if pages else ''}, head {head:#x}"
    return f"head of {pages} pages" if pages else "head"


def _pages(m: Machine, head: int) -> int:
    """The frames of a compound page; 0 if they are not known."""
    order = m.compound_order.get(head)
    return 1 << order if isinstance(order, int) else HPAGE_PMD_NR if m.page(head) & (pf.HUGE | pf.THP) else 0


def huge_name(m: Machine, pfn: int) -> str:
    """What a page of kind HUGE is called: `hugetlb`, `THP`, or `large folio` below 2 MiB; empty for others."""
    word = m.page(pfn)
    if word & pf.HUGE or not word & pf.THP:
        return "hugetlb" if word & pf.HUGE else ""
    return "THP" if _pages(m, m.compound_head(pfn)) >= HPAGE_PMD_NR else "large folio"


def kind_words(poisoned: bool, kind: kinds.Kind) -> str:
    """The kind of a frame; of a poisoned one also what it held before, if that is known: `kind`."""
    poison = kinds.KINDS[kinds.POISON].name
    return kind.name if not poisoned else poison if kind.id == kinds.POISON else f"{poison}, was {kind.name}"


def exact_kind(m: Machine, pfn: int, kind: kinds.Kind) -> kinds.Kind:
    """The kind of a frame; of one in a large folio with its name, `THP, tail 2 of 512, head 0x6200`."""
    name = huge_name(m, pfn)
    if kind.id != kinds.HUGE or not name:
        return kind
    place = place_in_compound(m, pfn)
    return kind._replace(name=f"{name}, {place}" if place else name, meaning=_MEANINGS[name])
