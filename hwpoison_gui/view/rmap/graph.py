"""The reverse map of a frame: frame, mapping, the VMAs that could map it, and the processes that own them.

Built once per operation, from the machine before it; view/walk/state.py has the current state of each PTE and
process.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from functools import cached_property

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.kernel.records import PAGE_SHIFT, Vma
from hwpoison_gui.kernel.rmap import page_index, rmap_vmas
from hwpoison_gui.record import Record
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base import kinds
from hwpoison_gui.view.base.naming import path_of, vma_name
from hwpoison_gui.view.base.slicing import ITEMS_PER_SLICE, to_the_end
from hwpoison_gui.view.rmap.compound import kind_of_frame
from hwpoison_gui.view.rmap.groups import Group, Mapper, find_groups, numbered
from hwpoison_gui.view.rmap.table_scan import entries_naming
from hwpoison_gui.view.words.words import counted


class Mapping(Record):
    """The object that page->mapping refers to.

    `kind`: anon, file, ksm, swap or none. `name`: path of the file, or number of the anon_vma, which `title` has with
    its noun: `anon_vma 3`.
    """

    kind: str
    title: str
    detail: str = ""
    name: str = ""


class _ReverseMap(Record):
    pfn: int
    kind: kinds.Kind
    letters: str
    mapping: Mapping
    mappers: tuple[Mapper, ...]


class ReverseMap(_ReverseMap):
    """A frame with everything that leads from it to the processes that use it."""

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The mappers by the rows that they share."""
        return to_the_end(find_groups(self.mappers))

    @cached_property
    def numbers(self) -> dict[int, int]:
        """tgid -> number of the colour of a process, so that neighbours never share one."""
        return numbered(self.mappers)

    def grouping(self) -> Generator[None, None, None]:
        """Find the groups and the numbers in slices."""
        if "groups" not in self.__dict__:
            self.__dict__["groups"] = yield from find_groups(self.mappers)
            yield
            self.__dict__["numbers"] = numbered(self.mappers)
            yield


def reverse_map(session: Session, pfn: int) -> ReverseMap:
    """Return the reverse map of a frame in the machine's current state."""
    return to_the_end(find_reverse_map(session, pfn))


def find_reverse_map(session: Session, pfn: int) -> Generator[None, None, ReverseMap]:
    """Do the same in slices; the machine must not change in between."""
    m = session.machine
    word = m.page(pfn)
    mappers = yield from _find_mappers(session, pfn)
    return ReverseMap(pfn, _kind(session, pfn), pf.letters_of(word), mapping_of(m, pfn), mappers)


def _kind(session: Session, pfn: int) -> kinds.Kind:
    """The kind of a frame; of one that an operation poisoned, the kind that it had before that."""
    kind = kind_of_frame(session.machine, pfn)
    if kind.id != kinds.POISON:
        return kind
    flags = session.machine.flags
    for operation in session.parts(session.position, pfn):
        if operation.outcome.already_poisoned:
            continue
        for step in session.steps.each(operation.first, operation.last):
            for store, key, old, new in step.changes:
                if store is flags and key == pfn and int(new) & ~int(old) & pf.HWPOISON:
                    return kinds.KINDS[kinds.kind_of(int(old))]
    return kind


def mapping_of(m: Machine, pfn: int) -> Mapping:
    """Return the object that page->mapping of a frame refers to."""
    head = m.compound_head(pfn)
    anon_vma, inode = m.anon_vma_of(head), m.inode_of(head)
    slot = m.page_private.view.get(pfn) if m.page(pfn) & pf.SWAPCACHE else None
    if m.page(head) & pf.KSM:
        shared = counted(int(m.mapcount.view[pfn]), "PTE shares", "PTEs share")
        return Mapping("ksm", "KSM stable node", f"pages of equal content were merged: {shared} it", "KSM")
    in_swap = f"swap cache, entry {slot:#x}" if slot is not None else ""
    if anon_vma:
        return Mapping("anon", f"anon_vma {anon_vma}", in_swap or "anonymous memory", f"{anon_vma}")
    if inode is not None:
        path = path_of(inode)
        gone = "deleted; " if inode.deleted else ""
        where = (
            "not known which, nor at what offset"
            if inode.is_unknown
            else f"page {page_index(m, pfn)} on {inode.filesystem}"
        )
        return Mapping("file", path, f"{gone}{where}", path)
    if in_swap:
        return Mapping("swap", "swap cache", f"entry {slot:#x}")
    return Mapping("none", "none", "page->mapping is 0: no file and no anon_vma")


def mappers_of(session: Session, pfn: int) -> tuple[Mapper, ...]:
    """Return the VMAs that could map the frame, in rmap walk order, and those that an operation unmapped it from."""
    return to_the_end(_find_mappers(session, pfn))


def _find_mappers(session: Session, pfn: int) -> Generator[None, None, tuple[Mapper, ...]]:
    m = session.machine
    found: dict[tuple[int, int], Mapper] = {}
    for number, (vma, vpn) in enumerate(_merged(m, pfn) if m.page(pfn) & pf.KSM else _covering(m, pfn)):
        if number % ITEMS_PER_SLICE == 0:
            yield
        found[vma.mm, vpn] = _mapper(m, vma, vpn)
    poisoned = m.page(pfn) & pf.HWPOISON
    for number, (mm, vpn) in enumerate(_cut_off(session, pfn)):
        if number % ITEMS_PER_SLICE == 0:
            yield
        vma_there = m.find_vma(mm, vpn << PAGE_SHIFT)
        # A frame that is not poisoned any more is only theirs whose hwpoison entry still names it.
        is_left = poisoned or m.pte(mm, vpn) == ptes.hwpoison_pte(pfn)
        if is_left and (mm, vpn) not in found and vma_there is not None:
            found[mm, vpn] = _mapper(m, vma_there, vpn)
    order = {tgid: number for number, tgid in enumerate(m.processes.view)}
    yield
    mappers = tuple(sorted(found.values(), key=lambda mapper: (order[mapper.tgid], mapper.vma)))
    yield
    return mappers


def _covering(m: Machine, pfn: int) -> Iterator[tuple[Vma, int]]:
    index = page_index(m, pfn)
    for vma in rmap_vmas(m, pfn):
        yield vma, vma.address_of(index) >> PAGE_SHIFT


def _merged(m: Machine, pfn: int) -> Iterator[tuple[Vma, int]]:
    """Yield the mappings of a KSM page: its index does not lead to its addresses, so all PTEs are searched."""
    for places in entries_naming(m, ptes.PRESENT, pfn):
        for mm, vpn in places:
            vma = m.find_vma(mm, vpn << PAGE_SHIFT)
            if vma is not None:
                yield vma, vpn


def _cut_off(session: Session, pfn: int) -> Iterator[tuple[int, int]]:
    """Yield the PTEs, as (mm, vpn), that finished operations unmapped from the frame.

    The reverse map may not lead to them any more, as page->mapping may have been cleared.
    """
    marks = session.steps.marks
    for operation in reversed(tuple(session.parts(session.position, pfn))):
        for number in marks.of_act(Act.UNMAP, operation.first, operation.last):
            yield from marks[number].ptes


def _mapper(m: Machine, vma: Vma, vpn: int) -> Mapper:
    process = m.processes.view[vma.mm]
    inode = m.inodes.view.get(vma.mapping)
    file = "" if inode is None or inode.is_shared_anonymous else path_of(inode).rpartition("/")[2]
    name = vma_name(vma) or file or ("anonymous" if not vma.mapping else "shared")
    rights = f"{vma.perms}{', locked' if vma.locked else ''}"
    return Mapper(vma.id, vma.mm, vpn, process.tgid, process.comm, name, rights)
