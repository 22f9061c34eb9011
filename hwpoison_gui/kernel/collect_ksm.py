"""collect_procs_ksm(): find the processes to signal for a page that KSM merged.

After mm/ksm.c (6.12). The page's index leads nowhere, but its stable node lists what was merged into it: rmap items,
each an address in a process and the anon_vma of the page that was there. A process is signalled once, however many of
its pages share the poisoned one, whether or not a PTE still maps it there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from .collect import ToKill, is_only_required, late, required, task_early_kill
from .machine import Machine
from .mark import Act, Mark, Steps, site
from .page_mapping import mapping_number
from .records import PAGE_SHIFT, Process, RmapItem, Vma
from .rmap import rmap_walk_ksm

ENTER: Final = site("collect_procs_ksm", args="items")
ADDED: Final = site("add_to_kill_ksm", Act.VISIT, "vma->vm_mm == tsk->mm", "comm address")
LISTED: Final = site("add_to_kill_ksm", Act.SKIP, "task_in_to_kill_list: yes", "comm")
SUM: Final = site("collect_procs_ksm", Act.DECIDE, args="early vmas_found found strangers", name="sum")

Early = dict[int, tuple[Process, int | None]]  # by address space: its process, and the thread to signal now


def collect_procs_ksm(m: Machine, pfn: int, current: int) -> Steps[list[ToKill]]:
    """Walk rmap items x tasks x VMAs; returns one entry for a task, in the order of the items.

    `current` is the thread that consumed the error and is signalled whatever its policy, or 0.
    """
    items = rmap_items_of(m, pfn)
    tasks: Early = {process.mm: (process, task_early_kill(m, process, current)) for process in m.living()}
    to_kill: list[ToKill] = []
    yield Mark(ENTER, (len(items),), (pfn,))
    pairs, owners, asked = 0, set[int](), False
    early = sum(tid is not None for _, tid in tasks.values())
    for item in items:
        vmas = _by_process(m, item)
        pairs += early * sum(map(len, vmas.values()))
        owners |= vmas.keys()
        for mm in (mm for mm in tasks if mm in vmas):
            if not asked and is_only_required(m, tasks[mm][0], current):
                asked = True
                yield required(m, pfn, tasks[mm][0])
            yield from _visit(m, pfn, tasks[mm], item, vmas[mm], to_kill)
    m.add_to(m.counters, "pairs_visited", pairs)
    strangers = sum(tid is not None and mm not in owners for mm, (_, tid) in tasks.items())
    yield Mark(SUM, (early, pairs // early if early else 0, len(to_kill), strangers), (pfn,))
    return to_kill


def rmap_items_of(m: Machine, pfn: int) -> list[RmapItem]:
    """Return the rmap_items of a KSM page, the last merged first.

    A recorded machine does not export them: the PTEs that map the page stand for them."""
    known = m.rmap_items.of(mapping_number(int(m.mapping.view[pfn])))
    if known:
        return [known[number] for number in sorted(known, reverse=True)]
    return [RmapItem(vma.mm, address, vma.anon_vma) for vma, address in reversed(list(rmap_walk_ksm(m, pfn)))]


def _by_process(m: Machine, item: RmapItem) -> dict[int, list[Vma]]:
    """All VMAs of the item's anon_vma, by address space."""
    found = defaultdict[int, list[Vma]](list)
    for id_ in sorted(m.anon_vma_chain.of(item.anon_vma)):
        vma = m.vmas.view[id_]
        found[vma.mm].append(vma)
    return found


def _visit(
    m: Machine, pfn: int, task: tuple[Process, int | None], item: RmapItem, vmas: list[Vma], to_kill: list[ToKill]
) -> Iterator[Mark]:
    """add_to_kill_ksm(), for each VMA that a process has of the item's anon_vma."""
    process, tid = task
    if tid is None:
        yield late(m, pfn, process, [vma.id for vma in vmas])
        return
    for vma in vmas:
        where = (pfn,), (vma.id,), ((vma.mm, item.address >> PAGE_SHIFT),), (process.tgid,)
        if any(entry.tid == tid for entry in to_kill):
            yield Mark(LISTED, (process.comm,), *where)
        else:
            to_kill.append(ToKill(tid, item.address, vma.id))
            yield Mark(ADDED, (process.comm, item.address), *where)
