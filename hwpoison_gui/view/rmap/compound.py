"""Description of a frame: its kind, and in a compound page head or tail, which of how many, and the head."""

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
_PER_CPU: Final = "free: on a per-CPU list of the page allocator, where no flag says so"


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
    """Name of a page of kind HUGE: `hugetlb`, `THP`, or `large folio` below 2 MiB; empty for others."""
    word = m.page(pfn)
    if word & pf.HUGE or not word & pf.THP:
        return "hugetlb" if word & pf.HUGE else ""
    return "THP" if _pages(m, m.compound_head(pfn)) >= HPAGE_PMD_NR else "large folio"


def kind_words(poisoned: bool, kind: kinds.Kind) -> str:
    """The kind of a frame; of a poisoned one also what it held before, if that is known: `kind`."""
    poison = kinds.KINDS[kinds.POISON].name
    return kind.name if not poisoned else poison if kind.id == kinds.POISON else f"{poison}, was {kind.name}"


def short_kind(poisoned: bool, kind: kinds.Kind) -> str:
    """As kind_words(), to fit a box."""
    poison, rest = kinds.KINDS[kinds.POISON].shortest, narrow_kind(poisoned, kind)
    return rest if rest == kind.shortest else f"{poison}, {rest}"


def narrow_kind(poisoned: bool, kind: kinds.Kind) -> str:
    """As short_kind(), beside a sign that says whether the frame is poisoned."""
    return kind.shortest if not poisoned or kind.id == kinds.POISON else f"was {kind.shortest}"


def kind_of_frame(m: Machine, pfn: int) -> kinds.Kind:
    """The kind of a frame as exact_kind() names it."""
    return exact_kind(m, pfn, kinds.KINDS[kinds.kind_of(m.page(pfn))])


def is_per_cpu(m: Machine, pfn: int) -> bool:
    """Return whether the frame is free on a per-CPU list."""
    return m.pcp.get((0, pfn)) is True


def exact_kind(m: Machine, pfn: int, kind: kinds.Kind) -> kinds.Kind:
    """A kind with what the flag word does not say: `THP, tail 2 of 512, head 0x6200`, or free on a per-CPU list."""
    if kind.id == kinds.KERNEL and is_per_cpu(m, pfn):
        return kind._replace(name="free (per-CPU list)", meaning=_PER_CPU, short="free")
    name = huge_name(m, pfn)
    if kind.id != kinds.HUGE or not name:
        return kind
    place = place_in_compound(m, pfn)
    return kind._replace(name=f"{name}, {place}" if place else name, meaning=_MEANINGS[name], short=name)
