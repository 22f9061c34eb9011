"""Resolves the names of the scenario format on a running machine: tasks, VMAs, descriptors, files, pages.

The names are tables behind the machine's gate, so a move on the timeline also adds and removes names.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.filemap import find_get_page
from hwpoison_gui.kernel.gate import NestedTable, Table
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.mmap import overlapping
from hwpoison_gui.kernel.records import PAGE_SHIFT, Inode, Process, Task
from hwpoison_gui.session import grammar
from hwpoison_gui.session.errors import ScenarioError

OUT_OF_RANGE: Final = 1 << 40
_MOST_NAMED: Final = 6  # VMAs in an error message
# Kinds of pages besides those of scenario files, for a user who names a frame: flags that are set, flags that are not.
MORE_KINDS: Final = {
    "ksm": (pf.KSM, 0),
    "thp": (pf.THP | pf.COMPOUND_HEAD, pf.HUGE),
    "hugetlb": (pf.HUGE | pf.COMPOUND_HEAD | pf.UPTODATE, 0),
    "shmem": (pf.LRU | pf.SWAPBACKED, pf.ANON | pf.SWAPCACHE),
    "swapcache": (pf.SWAPCACHE, 0),
    "dirty": (pf.LRU | pf.DIRTY, pf.SWAPBACKED),
}
_FLAGGED: Final = {
    **MORE_KINDS,
    "anon": (pf.ANON | pf.MMAP, pf.HUGE),
    "file": (pf.LRU, pf.ANON | pf.SWAPCACHE | pf.SWAPBACKED),
    "pgtable": (pf.PGTABLE, 0),
    "reserved": (pf.RESERVED, 0),
    "slab-tail": (pf.SLAB | pf.COMPOUND_TAIL, 0),
}


class World:
    """A machine and the names of its objects. `areas`: (tgid, name) -> (start address in bytes, pages)."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        gate = machine.gate
        self.task_names: Table[str, int] = gate.add(Table("task_names"))
        self.areas: NestedTable[int, str, tuple[int, int]] = gate.add(NestedTable("areas"))
        self.remembered: Table[str, int] = gate.add(Table("remembered"))
        # Scenarios may call a booted process COMM, the oldest of that comm; earlier versions saved COMM-PID.
        booted = sorted(machine.processes.view.values(), key=lambda process: process.tgid, reverse=True)
        self.task_names.load({f"{p.comm}-{p.tgid}": p.tgid for p in booted})
        self.task_names.load({p.comm: p.tgid for p in booted})
        self.task_names.load({p.name: p.tgid for p in machine.processes.view.values()})
        for vma in machine.vmas.view.values():
            # A VMA of real memory without a name is named by its address, so that its pages can be accessed.
            self.areas.load(vma.mm, {vma.name or f"{vma.start:#x}": (vma.start, vma.pages)})

    # Tasks

    def process(self, name: str, key: str = "task") -> Process:
        """The living process of that name. Raises ScenarioError if there is none."""
        tgid = self.task_names.view.get(name)
        if tgid is None:
            raise ScenarioError(f"no task is called {name!r}", key=key)
        process = self.machine.processes.view[tgid]
        if process.ended:
            raise ScenarioError(f"task {name!r} is dead ({process.end})", key=key)
        return process

    def thread(self, name: str, number: int) -> Task:
        """Thread `number` of a process. Raises ScenarioError if there is none."""
        threads = self.process(name).threads
        if not 0 <= number < len(threads):
            raise ScenarioError(f"task {name!r} has threads 0 to {len(threads) - 1}, not {number}", key="thread")
        return self.machine.tasks.view[threads[number]]

    # Addresses

    def address(self, task: str, at: str, key: str = "at") -> int:
        """The virtual address, in bytes, of `AREA+PAGE`; the VMA may have been unmapped since.

        Raises ScenarioError if the task or the VMA never existed, or the page is outside.
        """
        parsed = grammar.parse_address(at)
        if parsed is None:
            raise ScenarioError(f"{at!r} is not an address AREA+PAGE", key=key)
        tgid = self.task_names.view.get(task)
        if tgid is None:
            raise ScenarioError(f"no task is called {task!r}", key=key)
        named = self.areas.of(tgid)
        # /proc/PID/maps, and so a recording, calls the heap `[heap]`.
        area = next((named[name] for name in (parsed.area, f"[{parsed.area}]") if name in named), None)
        if area is None:
            has = f"; it has {_some(list(named))}" if named else ""
            raise ScenarioError(f"task {task!r} has no VMA {parsed.area!r}{has}", key=key)
        if parsed.page >= area[1]:
            raise ScenarioError(f"VMA {parsed.area!r} has pages 0 to {area[1] - 1}, not {parsed.page}", key=key)
        return area[0] + (parsed.page << PAGE_SHIFT)

    def is_mapped(self, tgid: int, area: str) -> bool:
        """Return whether anything is mapped in the range of that name. If not, the name may be used again."""
        start, pages = self.areas.of(tgid).get(area, (0, 0))
        return bool(overlapping(self.machine, tgid, start, start + (pages << PAGE_SHIFT)))

    def name_of_address(self, tgid: int, address: int) -> str | None:
        """`AREA+PAGE` of a virtual address in bytes; None if no named range covers it."""
        for name, (start, pages) in self.areas.of(tgid).items():
            if start <= address < start + (pages << PAGE_SHIFT):
                return f"{name}+{(address - start) >> PAGE_SHIFT}"
        return None

    def pte_state(self, task: str, at: str) -> str:
        """State of the PTE at `AREA+PAGE`: present, none, hwpoison or swap."""
        address = self.address(task, at)
        return ptes.state_of(self.machine.pte(self.task_names.view[task], address >> PAGE_SHIFT))

    # Files

    def inode(self, path: str, key: str = "path") -> Inode:
        """The file of that path. Raises ScenarioError if there is none."""
        number = self.machine.paths.view.get(path)
        if number is None:
            raise ScenarioError(f"no file is called {path!r}", key=key)
        return self.machine.inodes.view[number]

    def description(self, task: str, fd: str) -> int:
        """The id of the open file of a descriptor. Raises ScenarioError if it is not open."""
        process = self.process(task)
        found = self.machine.fds.of(process.tgid).get(fd)
        if found is None:
            raise ScenarioError(f"task {task!r} has no descriptor {fd!r}", key="fd")
        return found

    # Pages

    def frame(self, text: str, key: str = "frame") -> int:
        """The pfn of a page in any form (see grammar.PAGE_FORMS). Raises ScenarioError if there is no such page now."""
        page = grammar.parse_page(text)
        match page:
            case grammar.HeadPage(inner):
                pfn = self._plain_frame(inner, text, key)
                return self.machine.compound_head(pfn) if 0 <= pfn < self.machine.frames else pfn
            case None:
                raise ScenarioError(f"{text!r} is not a page; expected {grammar.PAGE_FORMS}", key=key)
            case _:
                return self._plain_frame(page, text, key)

    def in_use(self, pfn: int) -> bool:
        """Return whether the frame exists and its compound head has a reference count above 0."""
        m = self.machine
        return 0 <= pfn < m.frames and m.refcount.view[m.compound_head(pfn)] > 0

    def _plain_frame(self, page: grammar.Page, text: str, key: str) -> int:
        match page:
            case grammar.PfnPage(pfn):
                return pfn
            case grammar.NamedPage(name):
                found = self.remembered.view.get(name)
            case grammar.AnyPage(kind):
                found = self._any(kind)
            case grammar.FilePage(path, index):
                found = find_get_page(self.machine, self.inode(path, key).id, index)
            case grammar.TaskPage(task, at):
                found = self._mapped(task, f"{at.area}+{at.page}", key)
            case _:
                found = None
        if found is None:
            raise ScenarioError(f"{text!r}: there is no such page now", key=key)
        return found

    def _mapped(self, task: str, at: str, key: str) -> int | None:
        """The pfn that the PTE leads to: mapped, in the swap cache for a swap entry, or named by a hwpoison entry."""
        address = self.address(task, at, key)
        vpn = address >> PAGE_SHIFT
        entry = self.machine.pte(self.task_names.view[task], vpn)
        if entry & ptes.SWAP:
            return self.machine.swap_cache.view.get(ptes.value_of(entry))
        if not entry:
            return None
        return ptes.value_of(entry) + (vpn % 512 if entry & ptes.PSE else 0)

    def _any(self, kind: str) -> int | None:
        m = self.machine
        if kind == "out-of-range":
            return max(OUT_OF_RANGE, m.frames)
        return next((pfn for pfn in self._candidates(kind) if not m.page(pfn) & pf.HWPOISON), None)

    def _candidates(self, kind: str) -> list[int]:
        m = self.machine
        if kind in ("free", "free-inside"):
            orders = [order for order in range(10, -1, -1) if m.free_area.of(order)]
            inside = kind == "free-inside"
            return [head + inside for order in orders if order or not inside for head in m.free_area.of(order)]
        if kind == "free-pcp":
            return list(m.pcp.of(0))
        if kind == "free-huge":
            return list(m.huge_free.of(0))
        if kind == "slab" and "slab" not in m.special.view:
            return self._flagged(pf.SLAB, pf.COMPOUND_TAIL)
        if kind in m.special.view:
            return list(m.special.view[kind])
        return self._flagged(*_FLAGGED[kind]) if kind in _FLAGGED else []

    def _flagged(self, have: int, lack: int) -> list[int]:
        flags = self.machine.flags.view
        fits = (flags & np.uint64(have) == np.uint64(have)) & (flags & np.uint64(lack) == 0)
        return [int(pfn) for pfn in np.flatnonzero(fits)[:64]]


def _some(names: list[str]) -> str:
    """The first of the names, and how many more there are."""
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
