"""collect_procs(): find every process that must hear of the bad page, and the to_kill list.

After mm/memory-failure.c. The walk is tasks x VMAs, which the kernel does under the task list lock;
the pairs it visits are counted, and pairs of tasks that own none of the VMAs are told in one step.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from .machine import Machine
from .mark import Act, Mark, Steps, counted
from .records import PAGE_SHIFT, Process, Vma
from .rmap import mapped_at, page_index, rmap_vmas


class ToKill(NamedTuple):
    """An entry of the to_kill list: the thread to signal and the page's address there, -1 when unknown.

    `lsb` is the size of what is lost, as a power of two: 12 for a page, 21 for a huge one.
    """

    tid: int
    address: int
    vma: int
    lsb: int = PAGE_SHIFT


class Page(NamedTuple):
    """What the walk must know of the bad page for each pair; it does not change on the way."""

    pfn: int
    anon: bool
    pgoff: int
    lsb: int


def collect_procs(m: Machine, pfn: int, current: int = 0) -> Steps[list[ToKill]]:
    """Walk tasks x VMAs; returns the entries in order of the tasks, one for each VMA.

    `current` is the thread that ran into the error and must be told whatever its policy, or 0.
    """
    anon = m.anon_vma_of(pfn) != 0
    function = m.profile.called("collect_procs_anon" if anon else "collect_procs_file")
    vmas = rmap_vmas(m, pfn)
    of_mm: defaultdict[int, list[Vma]] = defaultdict(list)
    for vma in vmas:
        of_mm[vma.mm].append(vma)
    to_kill: list[ToKill] = []
    early = strangers = 0
    page = Page(pfn, anon, page_index(m, pfn), page_shift(m, pfn))
    yield _enter(m, pfn, function, vmas)
    for process in m.living():
        tid = task_early_kill(m, process, current)
        own = of_mm.get(process.mm, [])
        early += tid is not None
        if tid is None and own:
            yield _late(m, pfn, process, own)
        elif tid is not None and not own:
            strangers += 1
        elif tid is not None:
            for vma in own:
                yield _visit(m, page, Candidate(process, tid, vma), to_kill)
    m.add_to(m.counters, "pairs_visited", early * len(vmas))
    yield _sum_up(pfn, function, early, strangers, len(vmas), len(to_kill))
    return to_kill


def task_early_kill(m: Machine, process: Process, current: int) -> int | None:
    """The thread to tell at once, or None: the one that runs into the error, else whom the policy says."""
    if current and m.tasks.view[current].tgid == process.tgid:
        return current
    return m.profile.users.early_kill_thread(m, process)


class Candidate(NamedTuple):
    """A pair of the walk whose VMA belongs to the task."""

    process: Process
    tid: int
    vma: Vma


def _enter(m: Machine, pfn: int, function: str, vmas: list[Vma]) -> Mark:
    anon_vma = m.anon_vma_of(pfn)
    inode = m.inode_of(m.compound_head(pfn))
    if anon_vma:
        where = f"anon_vma {anon_vma}"
    else:
        where = f"{inode.path} page {page_index(m, pfn)}" if inode else "no mapping"
    return Mark(
        function,
        f"Who uses it? {where} leads to {counted(len(vmas), 'VMA')}; every task is looked at for each.",
        frames=(pfn,),
        vmas=tuple(vma.id for vma in vmas),
    )


def _late(m: Machine, pfn: int, process: Process, own: list[Vma]) -> Mark:
    policy = m.tasks.view[process.tgid].mce_kill
    sysctl = m.sysctl.view["memory_failure_early_kill"]
    why = f"PR_MCE_KILL is {policy}" if policy != "default" else f"memory_failure_early_kill is {sysctl}"
    return Mark(
        "task_early_kill",
        f"{process.comm}:{process.tgid} is passed by: {why}. It is not told now.",
        Act.SKIP,
        "task_early_kill: no",
        why,
        (pfn,),
        tuple(vma.id for vma in own),
        (),
        (process.tgid,),
    )


def _visit(m: Machine, page: Page, pair: Candidate, to_kill: list[ToKill]) -> Mark:
    """Look at one pair; append it to `to_kill` if it counts."""
    pfn, anon, pgoff, lsb = page
    process, tid, vma = pair
    who = f"{process.comm}:{process.tgid}"
    address = vma.address_of(pgoff)
    mapped = mapped_at(m, pfn, vma, address) >= 0
    if anon and not mapped:
        return Mark(
            "page_mapped_in_vma",
            f"{who} could map it, but no PTE of its does: passed by.",
            Act.SKIP,
            "page_mapped_in_vma: no",
            "no PTE maps the page",
            (pfn,),
            (vma.id,),
            (),
            (process.tgid,),
        )
    if anon:
        cause = f"a PTE of its maps the page at {address:#x}"
    else:
        cause = f"its VMA covers {address:#x}" + ("" if mapped else ", though it has not mapped the page")
    to_kill.append(ToKill(tid, address, vma.id, lsb))
    return Mark(
        "add_to_kill",
        f"{who} goes on the to_kill list: {cause}.",
        Act.VISIT,
        "add_to_kill",
        "page_mapped_in_vma()" if anon else "vma->vm_mm == tsk->mm",
        (pfn,),
        (vma.id,),
        ((vma.mm, address >> PAGE_SHIFT),),
        (process.tgid,),
    )


def page_shift(m: Machine, pfn: int) -> int:
    """Size of the compound page that the frame belongs to, as a power of two."""
    return PAGE_SHIFT + m.compound_order.view.get(m.compound_head(pfn), 0)


def _sum_up(pfn: int, function: str, early: int, strangers: int, vmas: int, found: int) -> Mark:
    return Mark(
        function,
        f"{counted(early, 'task')} x {counted(vmas, 'VMA')} = {counted(early * vmas, 'pair')} looked at, {found} found"
        + (f" ({counted(strangers, 'task owns', 'tasks own')} none of these VMAs)." if strangers else "."),
        Act.DECIDE,
        f"{found} to kill",
        frames=(pfn,),
    )
