"""collect_procs(): find the processes to signal for a poisoned page, and make the to_kill list.

After mm/memory-failure.c. The walk is tasks x VMAs, which the kernel does under the task list lock;
the pairs it visits are counted, and tasks that own none of the VMAs are summed up in one step.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from operator import attrgetter
from typing import Final

from hwpoison_gui.record import Record, from_columns

from .block_list import BlockList
from .machine import Machine
from .mark import Act, Mark, MarksAlike, Run, Steps, in_runs, site, stretches
from .packed_blocks import Pairs
from .places import Places, column
from .profile.type import SYSCTL_EARLY_KILL
from .pte import PRESENT, maps_frame
from .records import PAGE_SHIFT, Process
from .rmap import page_index, rmap_entries, rmap_places
from .threads import Threads

ENTER_ANON: Final = site("collect_procs_anon", args="anon_vma")
ENTER_FILE: Final = site("collect_procs_file", args="path index")
LATE: Final = site("task_early_kill", Act.SKIP, "task_early_kill: no", "comm policy early_kill")
REQUIRED: Final = site("task_early_kill", Act.DECIDE, "MF_ACTION_REQUIRED", "comm policy early_kill")
NOT_MAPPED: Final = site("page_mapped_in_vma", Act.SKIP, "page_mapped_in_vma: no", "comm")
ADDED_ANON: Final = site("add_to_kill", Act.VISIT, "page_mapped_in_vma: yes", "comm address")
ADDED_FILE: Final = site("add_to_kill", Act.VISIT, "vma->vm_mm == tsk->mm", "comm address mapped")
SUM_ANON: Final = site("collect_procs_anon", Act.DECIDE, args="early vmas_found found strangers", name="sum")
SUM_FILE: Final = site("collect_procs_file", Act.DECIDE, args="early vmas_found found strangers", name="sum")


class ToKill(Record):
    """An entry of the to_kill list: the thread to signal, and the page's address there in bytes, or -1.

    `lsb` is log2 of the size lost, in bytes: 12 for a page, 21 for a huge page.
    """

    tid: int
    address: int
    vma: int
    lsb: int = PAGE_SHIFT


class ToKillAlike(Record):
    """Entries of the to_kill list as columns, with one element per entry."""

    tids: Sequence[int]
    addresses: Sequence[int]
    vmas: Sequence[int]
    lsbs: Sequence[int]

    @property
    def size(self) -> int:
        return len(self.tids)

    def made(self) -> Iterator[ToKill]:
        """The entries one by one."""
        return from_columns(ToKill, *self)


class Page(Record):
    """Invariants of the walk: the page, and the places where it may be mapped."""

    pfn: int
    anon: bool
    lsb: int
    places: Places


def collect_procs(m: Machine, pfn: int, current: int = 0) -> Steps[Sequence[ToKill]]:
    """Walk tasks x VMAs; returns the entries in order of the tasks, one for each VMA.

    `current` is the thread that consumed the error and is signalled whatever its policy, or 0.
    """
    anon = m.anon_vma_of(m.compound_head(pfn)) != 0
    places = rmap_places(m, pfn)
    found = Collected()
    page = Page(pfn, anon, page_shift(m, pfn), places)
    yield _enter(m, pfn, tuple(places.of.ids))
    yield from in_runs(m.gate, _walk(m, page, current, found))
    m.add_to(m.counters, "pairs_visited", found.early * len(places.addresses))
    counts = found.early, len(places.addresses), len(found.to_kill), found.strangers
    yield Mark(SUM_ANON if anon else SUM_FILE, counts, (pfn,))
    return found.to_kill


@dataclass(eq=False, repr=False)  # generating these methods delays start-up
class Collected:
    """Result of the walk so far. `early`: tasks to signal now; `strangers`: those of them without a VMA."""

    to_kill: BlockList[ToKill] = field(default_factory=BlockList)
    early: int = 0
    strangers: int = 0


def _walk(m: Machine, page: Page, current: int, found: Collected) -> Iterator[Mark | Run]:
    """Visit each pair of a living process and a VMA of its that covers the page."""
    for part in stretches(m.living()):
        run = _visit_alike(m, page, current, part, found)
        if run is not None:
            yield run
        else:
            yield from _visit_each(m, page, current, part, found)


def _visit_alike(m: Machine, page: Page, current: int, processes: Sequence[Process], found: Collected) -> Run | None:
    """Visit many processes that each own one VMA and are put on to_kill; None where any is not."""
    places = page.places
    if not 1 < len(processes) <= len(places.addresses):
        return None
    main = m.threads_of(list(map(_TGID, processes)))
    who, tids = main.process, _early_kill_threads(m, processes, main)
    at = None if tids is None else places.of.of_each(main.mms)
    if tids is None or at is None:
        return None
    if current:
        tgid = m.tasks.view[current].tgid
        tids = [current if process == tgid else tid for process, tid in zip(who.tgid, tids, strict=True)]
    entries = rmap_entries(m, page.pfn)[at]
    if not (entries & PRESENT != 0).all() or not (entries >> PAGE_SHIFT == page.pfn).all():
        return None
    ids, addresses, count = column(places.of.id_array[at]), column(places.addresses[at]), len(processes)
    found.early += count
    found.to_kill.extend(BlockList.of(ToKillAlike(tids, addresses, ids, array("q", [page.lsb]) * count)))
    args = (who.comm, addresses) if page.anon else (who.comm, addresses, repeat(True))
    keys = Pairs(who.mm, column(places.addresses[at] >> PAGE_SHIFT))
    marks = MarksAlike(ADDED_ANON if page.anon else ADDED_FILE, args, (page.pfn,), who.tgid, ids, keys)
    return Run(BlockList.of(marks), array("q", [len(m.gate.recorded)]) * count)


def _early_kill_threads(m: Machine, processes: Sequence[Process], main: Threads) -> Sequence[int] | None:
    """The thread of each process to signal now; None where one has none. `main`: their main threads."""
    if max(map(len, main.process.threads)) == 1 and len(set(main.task.mce_kill)) == 1:
        # Of processes with one thread each, and of one policy, what holds for the first holds for all.
        return None if m.profile.users.early_kill_thread(m, processes[0]) is None else main.task.tid
    tids = [tid for tid in map(m.profile.users.early_kill_thread, repeat(m), processes) if tid is not None]
    return tids if len(tids) == len(processes) else None


_TGID: Final = attrgetter("tgid")


def _visit_each(m: Machine, page: Page, current: int, processes: Sequence[Process], found: Collected) -> Iterator[Mark]:
    places, of_mm = page.places, page.places.of.of_mm
    early_kill_thread = m.profile.users.early_kill_thread
    if not current and not any(map(early_kill_thread, repeat(m), processes)):
        processes = [process for process in processes if process.mm in of_mm]  # the others are skipped
    for process in processes:
        tid = task_early_kill(m, process, current) if current else early_kill_thread(m, process)
        own = of_mm.get(process.mm)
        if tid is None:
            if own:
                yield late(m, page.pfn, process, [places.of.ids[number] for number in own])
            continue
        found.early += 1
        if not own:
            found.strangers += 1
            continue
        if is_only_required(m, process, current):
            yield required(m, page.pfn, process)
        for number in own:
            entry = ToKill(tid, int(places.addresses[number]), places.of.ids[number], page.lsb)
            yield _visit(m, page, process, entry, found.to_kill)


def task_early_kill(m: Machine, process: Process, current: int) -> int | None:
    """Thread to signal now, or None: `current` for an action-required error, else by PR_MCE_KILL and the sysctl."""
    if current and m.tasks.view[current].tgid == process.tgid:
        return current
    return m.profile.users.early_kill_thread(m, process)


def is_only_required(m: Machine, process: Process, current: int) -> bool:
    """Return whether the process of `current` is signalled for the action-required error alone, not by its policy."""
    is_current = bool(current) and m.tasks.view[current].tgid == process.tgid
    return is_current and m.profile.users.early_kill_thread(m, process) is None


def _enter(m: Machine, pfn: int, ids: tuple[int, ...]) -> Mark:
    anon_vma = m.anon_vma_of(m.compound_head(pfn))
    if anon_vma:
        return Mark(ENTER_ANON, (anon_vma,), (pfn,), ids)
    inode = m.inode_of(m.compound_head(pfn))
    return Mark(ENTER_FILE, (inode.path if inode else "", page_index(m, pfn)), (pfn,), ids)


def late(m: Machine, pfn: int, process: Process, vmas: Sequence[int]) -> Mark:
    """A process that has the page, by the VMAs given, and is not signalled now."""
    return Mark(LATE, (process.comm, *_policy(m, process)), (pfn,), tuple(vmas), (), (process.tgid,))


def required(m: Machine, pfn: int, process: Process) -> Mark:
    """The process that the action-required error is for; its policy alone would have it signalled later."""
    return Mark(REQUIRED, (process.comm, *_policy(m, process)), (pfn,), tasks=(process.tgid,))


def _policy(m: Machine, process: Process) -> tuple[str, int]:
    return m.tasks.view[process.tgid].mce_kill, m.sysctl.view[SYSCTL_EARLY_KILL]


def _visit(m: Machine, page: Page, process: Process, entry: ToKill, to_kill: BlockList[ToKill]) -> Mark:
    """Visit one pair, of a process that owns the VMA; append the entry to `to_kill` if the pair counts."""
    pfn, tasks, vmas, vpn = page.pfn, (process.tgid,), (entry.vma,), entry.address >> PAGE_SHIFT
    mapped = maps_frame(m.pte(process.mm, vpn), pfn)
    if page.anon and not mapped:
        return Mark(NOT_MAPPED, (process.comm,), (pfn,), vmas, (), tasks)
    to_kill.items.append(entry)
    site, args = (
        (ADDED_ANON, (process.comm, entry.address))
        if page.anon
        else (ADDED_FILE, (process.comm, entry.address, mapped))
    )
    return Mark(site, args, (pfn,), vmas, ((process.mm, vpn),), tasks)


def page_shift(m: Machine, pfn: int) -> int:
    """log2 of the size, in bytes, of the compound page that contains the frame."""
    return PAGE_SHIFT + m.compound_order.view.get(m.compound_head(pfn), 0)
