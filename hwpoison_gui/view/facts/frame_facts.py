"""Facts about one frame: flags, counts, mapping, content, and the PTEs that map it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.mmzone import page_zone
from hwpoison_gui.kernel.records import PAGE_SHIFT
from hwpoison_gui.record import Record
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base import kinds
from hwpoison_gui.view.base.impacts import IMPACTS
from hwpoison_gui.view.base.mappers import captured_words, mappers_unknown
from hwpoison_gui.view.base.naming import names
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.map.zones import zone_meaning, zone_name
from hwpoison_gui.view.outcome.impact_now import by_impact, impact_now
from hwpoison_gui.view.outcome.preview import find_preview
from hwpoison_gui.view.rmap.compound import huge_name, kind_of_frame, kind_words, place_in_compound
from hwpoison_gui.view.rmap.graph import mappers_of, mapping_of
from hwpoison_gui.view.rmap.groups import Mapper
from hwpoison_gui.view.rmap.page_offset import offset_of
from hwpoison_gui.view.words.words import counted


class Fact(Record):
    """A name, a value, and what it means."""

    name: str
    value: str
    meaning: str = ""
    tone: str = ""


class PteFact(Record):
    """A PTE that maps the frame, or that replaced one."""

    tgid: int
    task: str
    alive: bool
    address: str
    name: str
    state: str
    bits: str
    vma: str


class Facts(Record):
    """One frame. `notes`: how what Linux does not export was derived, for machines from real memory.

    `ahead`: the prediction, if it is quick to compute; `hits`: impact of a handled error, and the processes hit.
    """

    pfn: int
    kind: kinds.Kind
    flags: tuple[pf.PageFlag, ...]
    letters: str
    counts: tuple[Fact, ...]
    ptes: tuple[PteFact, ...]
    more_ptes: int
    notes: tuple[str, ...]
    ahead: str = ""
    hits: tuple[Fact, ...] = ()


MOST_PTES: Final = 100
MOST_NAMES: Final = 12
_BITS: Final = (
    (ptes.RW, "writable"),
    (ptes.DIRTY, "dirty"),
    (ptes.ACCESSED, "accessed"),
    (ptes.PSE, "huge"),
    (ptes.SPECIAL, "special"),
)


def facts_of(
    session: Session,
    pfn: int,
    notes: tuple[str, ...] = (),
    users: Sequence[Mapper] | None = None,
    was: kinds.Kind = kinds.KINDS[kinds.POISON],
    place: Fact | None = None,
) -> Facts:
    """Facts about frame `pfn` now.

    `users`: its mappers, if the caller has them already. `was`: what a poisoned frame held before, if that is known.
    `place`: where it lies in DRAM (facts/place_in_dram.py), if that is of interest.
    """
    m = session.machine
    word = m.page(pfn)
    known = mappers_of(session, pfn) if users is None else users
    mappers = [mapper for mapper in known if m.pte(mapper.mm, mapper.vpn)]
    flags = tuple(flag for flag in pf.FLAGS if word >> flag.bit & 1)
    entries = tuple(_pte(m, pfn, mapper) for mapper in mappers[:MOST_PTES])
    more = max(0, len(mappers) - MOST_PTES)
    kind = kind_of_frame(m, pfn)
    kind = kind._replace(name=kind_words(kind.id == kinds.POISON, was if kind.id == kinds.POISON else kind))
    ahead = "" if more else to_the_end(find_preview(session, pfn))
    counts = tuple(_counts(m, pfn, word))
    counts = (counts[0], place, *counts[1:]) if place is not None else counts
    return Facts(pfn, kind, flags, pf.letters_of(word), counts, entries, more, notes, ahead, _hits(session, pfn))


def _hits(session: Session, pfn: int) -> tuple[Fact, ...]:
    groups = by_impact(impact_now(session, pfn))
    known = ((IMPACTS[kind], who) for kind, who in groups)
    return tuple(Fact(impact.meaning, _who(session, who), "", impact.tone) for impact, who in known)


def _who(session: Session, who: Sequence[int]) -> str:
    return names([session.label_of(tgid) for tgid in who], MOST_NAMES)


def _counts(m: Machine, pfn: int, word: int) -> list[Fact]:
    address = f"{pfn << PAGE_SHIFT:#x}"
    facts = [
        Fact("Physical address", address, "the frame number times 4096"),
        _zone(m, pfn),
        Fact("References", f"{int(m.refcount.view[pfn]):,}", "_refcount: references to the page; it is free at 0"),
        _mappings(m, pfn),
    ]
    if compound := place_in_compound(m, pfn):
        facts.append(Fact("Compound page", compound, huge_name(m, pfn) or "several frames with one reference count"))
    mapping = mapping_of(m, pfn)
    facts.append(Fact("Mapping", mapping.title, mapping.detail))
    offset = offset_of(m, pfn)
    if offset is not None:
        only = "" if offset.is_whole else "; its lower 31 bits, the others are not known"
        facts.append(Fact("Index", offset.words, f"page->index, in pages{only}"))
    facts += _extras(m, pfn, word)
    return facts


def _mappings(m: Machine, pfn: int) -> Fact:
    if m.uncaptured is not None and m.uncaptured[pfn]:
        others = int(m.uncaptured[pfn])
        why = f"{others:,} of them by PTEs that were not captured: {captured_words(m)}"
        return Fact("Mappings", f"{int(m.mapcount.view[pfn]) + others:,}", why)
    if not m.processes.view and mappers_unknown(m, pfn):
        return Fact("Mappings", "not known", "its flag MMAP is set, but no PTE was captured")
    return Fact("Mappings", f"{int(m.mapcount.view[pfn]):,}", "_mapcount: page-table entries that map it")


def _zone(m: Machine, pfn: int) -> Fact:
    zone = page_zone(m.zones, pfn)
    if zone is None:
        return Fact("Zone", "none", "never given to the allocator")
    return Fact("Zone", zone_name(zone.node, zone.name), zone_meaning(zone.node, zone.name))


def _extras(m: Machine, pfn: int, word: int) -> list[Fact]:
    facts = []
    slot = m.page_private.view.get(pfn)
    if word & pf.SWAPCACHE and slot is not None:
        facts.append(Fact("Swap entry", f"{slot:#x}", "where its copy lies in swap"))
    pins = m.pins.view.get(pfn, 0)
    if pins:
        facts.append(Fact("Pins", str(pins), "references held outside the page tables"))
    content = m.content.view.get(pfn)
    if content is not None:
        lost = " and lost" if word & pf.HWPOISON else ""
        facts.append(Fact("Content", f"“{content}”", f"what was written there last{lost}"))
    if word & pf.BUDDY:
        facts.append(Fact("Free block", _block(m, pfn), "in the buddy allocator"))
    return facts


def _block(m: Machine, pfn: int) -> str:
    for order in range(10, -1, -1):
        head = pfn & -(1 << order)
        if m.free_area.get((order, head)) is True:
            return f"order {order}: {counted(1 << order, 'frame')} from {head:#x}"
    return "on a per-CPU list"


def _pte(m: Machine, pfn: int, mapper: Mapper) -> PteFact:
    entry = m.pte(mapper.mm, mapper.vpn)
    state = ptes.state_of(entry)
    if state == "present" and not ptes.maps_frame(entry, pfn):
        state = "another frame"
    bits = ", ".join(name for bit, name in _BITS if entry & bit) if state == "present" else ""
    process = m.processes.view[mapper.tgid]
    vma = m.vmas.view.get(mapper.vma)
    said = f"{vma.perms}{' locked' if vma.locked else ''}" if vma else ""
    return PteFact(
        mapper.tgid, mapper.task, not process.ended, f"{mapper.vpn << PAGE_SHIFT:#x}", mapper.name, state, bits, said
    )
