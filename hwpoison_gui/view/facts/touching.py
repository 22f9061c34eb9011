"""Accesses that can be simulated: pages that a task can read, and tasks that can read a frame."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.filemap import can
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.mark import Act
from hwpoison_gui.kernel.records import PAGE_SHIFT, Vma
from hwpoison_gui.kernel.rmap import mappings_of, rmap_addresses
from hwpoison_gui.record import Record
from hwpoison_gui.session.session import Session

_MOST_CUT: Final = 2000  # entries that errors have cut off last, among the pages worth touching


class Touch(Record):
    """A task and an address in its words (`at`); `label` and `place` are shown; `missing` says why it cannot be.

    `of_file`: a shared mapping of a file, so that msync() asks for its error mark.
    """

    task: str
    label: str
    at: str
    place: str
    state: str
    missing: str = ""
    of_file: bool = False


def touches_of_frame(session: Session, pfn: int) -> list[Touch]:
    """One for each living task that maps the frame, or did before it was cut off."""
    m = session.machine
    if not 0 <= pfn < m.frames:
        return []
    places = dict.fromkeys((vma.mm, address) for vma, address in mappings_of(m, pfn))
    for vma, address in rmap_addresses(m, pfn):
        if m.pte(vma.mm, address >> PAGE_SHIFT) & (ptes.HWPOISON | ptes.SWAP):
            places[vma.mm, address] = None
    for mm, vpn in _cut_ptes(session, pfn):
        places[mm, vpn << PAGE_SHIFT] = None
    return [_touch(session, mm, address) for mm, address in places if _lives(m, mm)]


def pages_of_task(session: Session, tgid: int) -> list[Touch]:
    """Pages worth touching: poisoned ones first, then the first mapped page of each VMA."""
    m = session.machine
    mm = m.processes.view[tgid].mm
    entries = m.ptes.of(mm)
    poisoned = sorted(vpn for vpn, entry in entries.items() if entry & ptes.HWPOISON)
    cut = [vpn for pfn_mm, vpn in _cut_last(session) if pfn_mm == mm]
    first = [vpn for vma in m.vmas_of(mm) if (vpn := _first_present(m, vma)) is not None]
    return [_touch(session, mm, vpn << PAGE_SHIFT) for vpn in dict.fromkeys((*poisoned, *cut, *first))]


def _first_present(m: Machine, vma: Vma) -> int | None:
    """The first mapped page of a VMA; of a huge VMA, only the beginning is searched."""
    start = vma.start >> PAGE_SHIFT
    return next((vpn for vpn, _ in m.ptes.between(vma.mm, start, start + min(vma.pages, 512))), None)


def _lives(m: Machine, mm: int) -> bool:
    process = m.processes.view.get(mm)
    return process is not None and not process.ended


def _touch(session: Session, mm: int, address: int) -> Touch:
    m = session.machine
    process = m.processes.view[mm]
    at = session.address_name(process.name, address)
    state = {"present": "mapped", "swap": "in swap", "hwpoison": "hwpoison entry", "none": "not mapped"}[
        ptes.state_of(m.pte(mm, address >> PAGE_SHIFT))
    ]
    missing = "" if at is not None else "The address has no name that an operation could use."
    vma = m.find_vma(mm, address)
    inode = m.inodes.view.get(vma.mapping) if vma is not None and vma.shared else None
    of_file = inode is not None and can(inode, "writeback")
    return Touch(process.name, process.label, at or "", at or f"{address:#x}", state, missing, of_file)


def _cut_last(session: Session) -> dict[tuple[int, int], None]:
    """The entries that operations on frames have cut off last."""
    found: dict[tuple[int, int], None] = {}
    for number in session.steps.marks.of_act(Act.UNMAP, 0, session.position)[-_MOST_CUT:]:
        operation = session.operation_at(number + 1)
        if operation is not None and operation.outcome.pfn is not None:
            found.update(dict.fromkeys(session.steps.marks[number].ptes))
    return found


def _cut_ptes(session: Session, pfn: int) -> dict[tuple[int, int], None]:
    """The PTEs, as (mm, vpn), that operations so far have unmapped from a frame."""
    found: dict[tuple[int, int], None] = {}
    for operation in reversed(tuple(session.parts(pfn=pfn))):
        if operation.first >= session.position:
            continue
        marks = session.steps.marks
        for number in marks.of_act(Act.UNMAP, operation.first, min(operation.last, session.position)):
            found.update(dict.fromkeys(marks[number].ptes))
    return found
