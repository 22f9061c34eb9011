"""Rows of the table of VMAs, and the frames that a VMA maps."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import PAGE_SHIFT, Vma
from hwpoison_gui.kernel.rmap import rmap_vmas
from hwpoison_gui.record import Record
from hwpoison_gui.view.base.columns import TextColumn
from hwpoison_gui.view.base.naming import file_name, vma_name

VMA_COLUMNS: Final = (
    TextColumn("task", "Task", "The process whose address space it is in", "postgres:12"),
    TextColumn("start", "Start", "Its first address", "0x7fffffffffff", fixed=True),
    TextColumn("end", "End", "The first address past it", "0x7fffffffffff", fixed=True),
    TextColumn("kb", "Size kB", "How much of the address space it covers, resident or not", "000,000", number=True),
    TextColumn("perms", "Perms", "As /proc/PID/maps has it: read, write, execute, shared or private", "r-xp",
               fixed=True),
    TextColumn("name", "File or name", "The file it maps, or what it is for", "libc.so.6 (deleted)", wide=True,
               path=True),
    TextColumn("pgoff", "pgoff (pages)", "vm_pgoff: the file’s page at its start; /proc/PID/maps has it in bytes",
               "0x7ffff", fixed=True),
    TextColumn("anon_vma", "anon_vma", "Leads from its anonymous pages back to it", "0,000", number=True),
    TextColumn("more", "More", "Locked into memory, huge pages, merged by KSM", "locked"),
)  # fmt: skip


class VmaRow(Record):
    """One VMA. `key` is its id."""

    key: int
    tgid: int
    task: str
    start: int
    end: int
    kb: int
    perms: str
    name: str
    pgoff: int | None
    anon_vma: int
    more: str


def vma_rows(m: Machine, tgid: int | None = None) -> list[VmaRow]:
    """The VMAs of a process, or of all living processes, by process and address."""
    processes = m.processes.view
    chosen = list(m.living()) if tgid is None else [processes[tgid]] if tgid in processes else []
    rows = []
    for process in chosen:
        if process.mm:
            rows += [_row(m, process.tgid, process.label, vma) for vma in m.vmas_of(process.mm)]
    return rows


def _row(m: Machine, tgid: int, task: str, vma: Vma) -> VmaRow:
    inode = m.inodes.view.get(vma.mapping)
    path = file_name(inode) if inode is not None else ""
    more = [word for word, on in (("locked", vma.locked), ("mergeable", vma.mergeable)) if on]
    more += [vma.huge] if vma.huge != "none" else []
    return VmaRow(
        vma.id,
        tgid,
        task,
        vma.start,
        vma.end,
        vma.pages << PAGE_SHIFT - 10,
        vma.perms,
        path or vma_name(vma) or "anonymous",
        vma.pgoff if vma.mapping else None,
        vma.anon_vma,
        ", ".join(more),
    )


def vma_cells(row: VmaRow) -> tuple[str, ...]:
    """The fields of a row as they are shown, in the order of VMA_COLUMNS."""
    offset = "" if row.pgoff is None else f"{row.pgoff:#x}"
    anon_vma = f"{row.anon_vma}" if row.anon_vma else ""
    where = f"{row.start:#x}", f"{row.end:#x}", f"{row.kb:,}"
    return row.task, *where, row.perms, row.name, offset, anon_vma, row.more


def first_frame_of(m: Machine, vma: int) -> int | None:
    """The first frame that a VMA maps, or None if none of its pages is resident."""
    found = m.vmas.view.get(vma)
    if found is None:
        return None
    entries = m.ptes.between(found.mm, found.start >> PAGE_SHIFT, found.end >> PAGE_SHIFT)
    return next((ptes.value_of(entry) for _, entry in entries if entry & ptes.PRESENT), None)


def vmas_of_frame(m: Machine, pfn: int) -> list[Vma]:
    """The VMAs that could map the frame, by its reverse map."""
    return rmap_vmas(m, pfn)
