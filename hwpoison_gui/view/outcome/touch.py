"""The impact of the next touch of a page that broke: a load is run dry, once for each sort of place.

Whether the load meets the poisoned page, what it reads otherwise, and whether the forced signal kills the process, is
the model's answer. What a death comes to is not run dry: do_group_exit() may take seconds.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.filemap import ZERO
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.mark import Steps
from hwpoison_gui.kernel.memory import MEETS_POISON, TOUCHED_POISON, Access, access
from hwpoison_gui.kernel.records import BUS_MCEERR_AR, PAGE_SHIFT, Process, SigInfo, Vma
from hwpoison_gui.kernel.signal import force_sig, get_signal
from hwpoison_gui.record import Record
from hwpoison_gui.session.dry_run import dry
from hwpoison_gui.view.base.impacts import CAUGHT, ENDS, LATER, NO_ACCESS, PANICS, SAFE, STALE, USES, ZEROS
from hwpoison_gui.view.outcome.loss_words import Page

NOT_OF_IT: Final = ""  # the touch is signalled, but not for this error
_MET: Final = "met"  # the load runs into the poisoned page


class Place(Record):
    """A place where a process could map a page: VMA, address space (numbered by tgid) and virtual page."""

    vma: int
    mm: int
    vpn: int


class Touches:
    """Impacts of the next touch on a machine at rest, which must stay as it is between the calls."""

    def __init__(self, m: Machine) -> None:
        self._m = m
        self._loads: dict[Hashable, str] = {}  # keys: sorts of place
        self._deaths: dict[Hashable, str] = {}  # keys: sorts of process

    def impact(self, page: Page, place: Place) -> str:
        """The impact on the process, which lives; NOT_OF_IT where the touch is signalled for another reason.

        Parameters
        ----------
        page
            As it was before the error.
        place
            In a VMA; it may have got something else since.
        """
        m, sort = self._m, sort_of_place(self._m, page, place)
        of_entry = sort.flags & (ptes.PRESENT | ptes.HWPOISON)  # else of what the file or swap has
        load = sort, None if of_entry else page
        came = self._loads.get(load)
        if came is None:
            came = self._loads[load] = _came(m, page, place) if sort.leads else _elsewhere(sort)
        if came in (SAFE, NOT_OF_IT):
            return came
        if sort.prot == "none":
            return NO_ACCESS  # SIGSEGV, as before the error, until mprotect() allows more
        return self._death_of(m.processes.view[place.mm]) if came == _MET else came

    def _death_of(self, process: Process) -> str:
        sort = sort_of_process(self._m, process)
        known = self._deaths.get(sort)
        if known is None:
            known = self._deaths[sort] = death_by_touch(self._m, process)
        return known


class Sort(Record):
    """Equal for places of a page that neither the handler nor a load can tell apart, but for the process.

    `flags`: of the entry. `leads`: whether the place is one of the page still. The rest is of the VMA.
    """

    flags: int
    leads: bool
    shared: bool
    locked: bool
    huge: str
    resv: int
    prot: str


def sort_of_process(m: Machine, process: Process) -> Hashable:
    """Equal for processes that signals of the handler, and of a touch, hit alike."""
    tid = m.profile.users.early_kill_thread(m, process)
    threads = []
    for thread in process.threads:
        task, pending = m.tasks.view[thread], m.pending.view.get(thread, ())
        threads.append((thread == tid, task.blocked, task.stopped, *(info.signal for info in pending)))
    init = process.is_global_init, process.is_namespace_init, process.unkillable
    return bool(process.ended), process.sigbus, init, tid is None, tuple(threads)


def sort_of_place(m: Machine, page: Page, place: Place) -> Sort:
    """The sort of a place in a VMA."""
    entry, vma = m.pte(place.mm, place.vpn), m.vmas.view[place.vma]
    leads = _leads(m, page, place, vma, entry)
    return Sort(entry & ptes.FLAGS, leads, vma.shared, vma.locked, vma.huge, vma.resv, vma.prot)


def death_by_touch(m: Machine, process: Process) -> str:
    """The impact of the signal that touching a poisoned page forces: blocking or ignoring it does not help, nor is an
    init spared."""
    with dry(m, _forced(m, process.tgid)) as ran:
        if not ran.returned:
            return CAUGHT
    return PANICS if process.is_global_init else ENDS if process.is_namespace_init else LATER


def _forced(m: Machine, tid: int) -> Steps[bool]:
    """Return whether the process dies of SIGBUS, once its main thread runs."""
    m.put(m.tasks, tid, m.tasks.view[tid]._replace(stopped=False))
    force_sig(m, tid, SigInfo("SIGBUS", BUS_MCEERR_AR))
    return bool((yield from get_signal(m, tid)))


def _leads(m: Machine, page: Page, place: Place, vma: Vma, entry: int) -> bool:
    """Return whether a place still is one of the page: by its PTE or, without one, by the file of its VMA."""
    if entry & ptes.PRESENT:
        return ptes.maps_frame(entry, page.pfn)
    if entry & ptes.SWAP:
        return ptes.value_of(entry) == m.page_private.view.get(page.pfn)
    if entry:
        return entry == page.hwpoison_entry
    of_file = page.inode is not None and vma.mapping == page.inode.id
    return of_file and vma.index_of(place.vpn << PAGE_SHIFT) == page.number


def _elsewhere(sort: Sort) -> str:
    return NOT_OF_IT if sort.flags & ptes.HWPOISON else SAFE


def _came(m: Machine, page: Page, place: Place) -> str:
    """Return the result of a load at a place of the page: an impact, or _MET."""
    with dry(m, _load(m, place)) as ran:
        value, marks = ran.returned.value, ran.marks
        if any(mark.site is TOUCHED_POISON for mark in marks):
            # A page that is met may be dropped, and the fault repeated: the last one is that of the signal.
            met = [mark.frames[0] for mark in marks if mark.site in MEETS_POISON][-1]
            return _MET if met == ptes.value_of(page.hwpoison_entry) else NOT_OF_IT
        if value is None:  # beyond the end of the file, say
            return NOT_OF_IT
        if ptes.maps_frame(m.pte(place.mm, place.vpn), page.pfn):
            return USES
    if not page.dirty:
        return SAFE
    return ZEROS if value == ZERO else STALE if value == page.on_disk else SAFE  # written again since


def _load(m: Machine, place: Place) -> Steps[Access]:
    """Load from the place, after making a PROT_NONE VMA readable."""
    vma = m.vmas.view[place.vma]
    m.put(m.vmas, vma.id, vma._replace(prot="r" if vma.prot == "none" else vma.prot))
    return (yield from access(m, place.mm, place.vpn << PAGE_SHIFT))
