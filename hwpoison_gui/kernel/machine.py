"""The machine: columns of frames and tables of everything else, all behind one gate.

Reading is free (`machine.flags.view[pfn]`, `machine.tasks.view[tid]`); changing goes through `put`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.image import Capture, ZoneImage

from . import page_flags as pf
from . import pte as ptes
from .gate import ABSENT, Cells, Column, Gate, NestedTable, SortedSets, Table
from .journal import Journal
from .memcontrol import PageMemcg
from .memo import Memo
from .mmzone import zones_by_address
from .packed import PackedNestedTable, PackedTable
from .packed_tags import PackedTags
from .page_mapping import MAPPING_ANON, mapping_flags, mapping_number
from .places import IntervalTree, Places
from .profile.type import Profile
from .records import (
    HPAGE_PMD_NR,
    MAX_ORDER,
    MF_STATS,
    PAGE_SHIFT,
    ActionResult,
    Delivery,
    Inode,
    LogLine,
    OpenFile,
    Process,
    RmapItem,
    SigInfo,
    Task,
    Vma,
)
from .threads import Threads

I64 = npt.NDArray[np.int64]

_HUGE_FROM: Final = 1 << 22  # bytes of an array from which numpy asks for huge pages


def _zeros(frames: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """A column of zeros that takes memory only where it is written to, in pages of 4 KiB.

    Of an array of this size numpy asks for huge pages, and one frame in use would take 2 MiB of each column.
    """
    size = frames * np.dtype(dtype).itemsize
    if size < _HUGE_FROM:
        return np.zeros(frames, dtype)
    from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap  # imported here to keep start-up fast

    return np.frombuffer(mmap(-1, size, MAP_PRIVATE | MAP_ANONYMOUS), dtype)


class Machine:
    """All state of one simulated machine.

    Columns, one value per frame, index = pfn: `flags` uint64 (KPF bits), `refcount` and `mapcount`
    int32, `mapping` uint32 (page->mapping as page_mapping.py has it; of a compound tail the pfn of its head),
    `index` uint32 (page->index, in pages).
    Constant: `zones`, those of one node unless an image says otherwise; `memcg`, None unless it says one; `capture`;
    `uncaptured`, int32 per frame, the mappings that the kernel counted and no captured PTE explains, where the source
    has the page tables of some processes only, else None;
    `devices`,     (major, minor) of the file systems of inodes, by number, as far as it says them.
    """

    def __init__(self, frames: int, profile: Profile) -> None:
        if not 256 <= frames <= 1 << 32:
            raise ValueError(f"frames: {frames}, expected 256 to {1 << 32}")
        self.gate = Gate()
        self.put, self.delete = self.gate.put, self.gate.delete
        self.profile = profile
        self.frames = frames
        self.zones: tuple[ZoneImage, ...] = zones_by_address(frames, node=0)
        self.memcg: PageMemcg | None = None
        self.capture = Capture()
        self.uncaptured: npt.NDArray[np.int32] | None = None
        self.devices: Mapping[int, tuple[int, int]] = {}
        self._add_columns(frames)
        self._add_memory_tables()
        self._add_task_tables()
        self._add_file_tables()
        self._add_records()
        # Caches: up to a hundred thousand threads, and the reverse map of the page at hand.
        self._threads: Memo[tuple[int, ...], Threads] = Memo(256, self.tasks, self.processes)
        self._living: Memo[None, Sequence[Process]] = Memo(1, self.processes)
        walked = self.vmas, self.anon_vma_chain, self.i_mmap
        self.trees_memo: Memo[int, IntervalTree] = Memo(1, *walked)
        self.places_memo: Memo[tuple[int, int], Places] = Memo(1, *walked)
        self.entries_memo: Memo[tuple[int, int], I64] = Memo(1, *walked, self.ptes)

    def _add_columns(self, frames: int) -> None:
        def column(name: str, dtype: Any) -> Column:
            store: Column = self.gate.add(Column(name, _zeros(frames, dtype)))
            return store

        self.flags = column("flags", np.uint64)
        self.refcount = column("refcount", np.int32)
        self.mapcount = column("mapcount", np.int32)
        self.mapping = column("mapping", np.uint32)
        self.index = column("index", np.uint32)

    def _add_memory_tables(self) -> None:
        add = self.gate.add
        self.free_area: SortedSets = add(SortedSets("free_area", MAX_ORDER + 1))
        self.pcp: SortedSets = add(SortedSets("per_cpu_pages", 1))
        self.huge_free: SortedSets = add(SortedSets("huge_free", 1))
        self.huge_resv: NestedTable[int, int, bool] = add(NestedTable("huge_resv"))
        self.raw_hwp: NestedTable[int, int, bool] = add(NestedTable("raw_hwp_pages"))
        self.compound_order: PackedTable = add(PackedTable("compound_order"))
        self.content: PackedTags = add(PackedTags("content"))
        self.special: Table[str, tuple[int, ...]] = add(Table("special_pages"))
        self.swap_map: PackedTable = add(PackedTable("swap_map"))
        self.swap_cache: PackedTable = add(PackedTable("swap_cache"))
        self.swap_content: Table[int, str] = add(Table("swap_content"))
        self.page_private: Table[int, int] = add(Table("page_private"))
        self.ksm_mm_slots: Table[int, int] = add(Table("ksm_mm_slots"))
        self.rmap_items: NestedTable[int, int, RmapItem] = add(NestedTable("rmap_items"))
        self.pins: Table[int, int] = add(Table("pins"))
        self.pin_holders: Table[int, tuple[int, ...]] = add(Table("pin_holders"))
        self.charged: Table[int, int] = add(Table("charged"))

    def _add_task_tables(self) -> None:
        add = self.gate.add
        self.processes: Table[int, Process] = add(Table("processes"))
        self.tasks: Table[int, Task] = add(Table("tasks"))
        self.pending: Table[int, tuple[SigInfo, ...]] = add(Table("pending_signals"))
        self.mmap_base: Table[int, int] = add(Table("mmap_base"))
        self.rss: Table[int, int] = add(Table("rss"))
        self.vmas: Table[int, Vma] = add(Table("vmas"))
        self.mm_vmas: NestedTable[int, int, bool] = add(NestedTable("mm_vmas"))
        self.ptes: PackedNestedTable = add(PackedNestedTable("page_tables"))
        self.pgtables: NestedTable[int, int, int] = add(NestedTable("page_table_pages"))
        self.anon_vma_chain: NestedTable[int, int, bool] = add(NestedTable("anon_vma_chain"))
        self.vma_anon_vmas: NestedTable[int, int, bool] = add(NestedTable("vma_anon_vmas"))

    def _add_file_tables(self) -> None:
        add = self.gate.add
        self.inodes: Table[int, Inode] = add(Table("inodes"))
        self.paths: Table[str, int] = add(Table("paths"))
        self.i_mmap: NestedTable[int, int, bool] = add(NestedTable("i_mmap"))
        self.page_cache: PackedNestedTable = add(PackedNestedTable("page_cache"))
        self.shmem_swap: NestedTable[int, int, int] = add(NestedTable("shmem_swap"))
        self.disk: NestedTable[int, int, str] = add(NestedTable("disk"))
        self.open_files: Table[int, OpenFile] = add(Table("open_files"))
        self.file_users: Table[int, int] = add(Table("file_users"))
        self.fds: NestedTable[int, str, int] = add(NestedTable("fds"))

    def _add_records(self) -> None:
        add = self.gate.add
        self.sysctl: Table[str, int] = add(Table("sysctl"))
        self.filters: Table[str, int] = add(Table("hwpoison_filters"))
        self.counters: Table[str, int] = add(Table("counters"))
        self.log: Journal[LogLine] = add(Journal("kernel_log"))
        self.deliveries: Journal[Delivery] = add(Journal("deliveries"))
        self.results: Table[int, ActionResult] = add(Table("results"))
        self.sysctl.load(dict(self.profile.sysctl))

    # Reading

    def page(self, pfn: int) -> int:
        """The flag word of frame `pfn`."""
        word: int = self.flags.cells[pfn]
        return word

    def pte(self, mm: int, vpn: int) -> int:
        """The page-table entry of virtual page `vpn` (address >> 12) in `mm`, or 0.

        A huge entry (PSE) is stored at its first page and found for all 512.
        """
        entry = self.ptes.value(mm, vpn)
        if entry:
            return entry
        huge = self.ptes.value(mm, vpn & -HPAGE_PMD_NR)
        return huge if huge & ptes.PSE else 0

    def counter(self, name: str) -> int:
        return self.counters.view.get(name, 0)

    def mf_stats(self) -> dict[str, int]:
        """Return the counters of /sys/devices/system/node/node0/memory_failure since boot, by file name."""
        return {name: self.counter(f"mf_stats:{name}") for name in MF_STATS}

    def anon_vma_of(self, pfn: int) -> int:
        """Id of the anon_vma in page->mapping, or 0."""
        word = int(self.mapping.view[pfn])
        return mapping_number(word) if mapping_flags(word) == MAPPING_ANON else 0

    def inode_of(self, pfn: int) -> Inode | None:
        """page->mapping->host: the inode whose page cache contains the frame, or None."""
        word = int(self.mapping.view[pfn])
        if not word or mapping_flags(word) or self.page(pfn) & pf.COMPOUND_TAIL:
            return None
        return self.inodes.view[mapping_number(word)]

    def compound_head(self, pfn: int) -> int:
        """The head of the compound page that contains `pfn`, or `pfn` itself."""
        head: int = self.mapping.cells[pfn] if self.flags.cells[pfn] & pf.COMPOUND_TAIL else pfn
        return head

    def compound_heads(self, pfns: I64 | slice) -> I64:
        """`compound_head` of many frames."""
        heads = np.arange(*pfns.indices(self.frames)) if isinstance(pfns, slice) else pfns.astype(np.int64)
        tails, of_tails = self.tails_among(pfns)
        heads[tails] = of_tails
        return heads

    def folio_mappings(self, pfns: I64 | slice) -> npt.NDArray[np.uint32]:
        """Return page->mapping of each frame, for a tail page that of its head.

        Read-only; encoded as in page_mapping.py.
        """
        words = self.mapping.view[pfns]
        tails, heads = self.tails_among(pfns)
        if len(tails):
            words = words.copy()
            words[tails] = self.mapping.view[heads]
        return words

    def tails_among(self, pfns: I64 | slice) -> tuple[I64, I64]:
        """The compound tails of many frames, by their places in `pfns`, and the head of each."""
        tails = np.flatnonzero((self.flags.view[pfns] & np.uint64(pf.COMPOUND_TAIL)) != 0)
        heads = self.mapping.view[pfns][tails] if isinstance(pfns, slice) else self.mapping.view[pfns[tails]]
        return tails, heads.astype(np.int64)

    def vmas_of(self, mm: int) -> list[Vma]:
        """The VMAs of an address space, sorted by address."""
        vmas = self.vmas.view
        found = [vmas[id_] for id_ in self.mm_vmas.of(mm)]
        if len(found) > 1:
            found.sort(key=lambda vma: vma.start)
        return found

    def find_vma(self, mm: int, address: int) -> Vma | None:
        """The VMA that contains `address`, in bytes, or None."""
        vmas = self.vmas.view
        for id_ in self.mm_vmas.of(mm):
            vma = vmas[id_]
            if vma.start <= address < vma.end:
                return vma
        return None

    def living(self) -> Sequence[Process]:
        """Return the processes that have not ended, in order of creation (for_each_process())."""
        processes = self.processes.view.values()
        return self._living.get(None, lambda: [process for process in processes if not process.ended])

    def threads_of(self, tids: Sequence[int]) -> Threads:
        """The threads with these ids, at least one, as columns. Kept until a task or a process changes."""
        key = tuple(tids)
        return self._threads.get(key, lambda: self._read_threads(key))

    def _read_threads(self, tids: Sequence[int]) -> Threads:
        tasks = self.tasks.of_each(tids)
        return Threads(tasks, self.processes.of_each([task.tgid for task in tasks]))

    @property
    def panicked(self) -> bool:
        return self.counter("panic") != 0

    @property
    def hardware_corrupted_kb(self) -> int:
        """HardwareCorrupted of /proc/meminfo, in kB."""
        return self.counter("num_poisoned_pages") << (PAGE_SHIFT - 10)

    # Changing

    def put_cells(self, column: Column, pfns: npt.NDArray[np.int64], values: npt.NDArray[Any]) -> None:
        """Set many cells of a column as one change; `values` is parallel to `pfns`, of the column's dtype."""
        self.gate.put(Cells(column), pfns, values.tobytes())

    def put_flags(self, pfns: npt.NDArray[np.int64], on: int = 0, off: int = 0) -> None:
        """Set the bits `on` and clear the bits `off` of many frames' flag words as one change."""
        words = (self.flags.view[pfns] | np.uint64(on)) & np.uint64(~off & (1 << 64) - 1)
        self.put_cells(self.flags, pfns, words)

    def set_flags(self, pfn: int, mask: int) -> None:
        """Set bits in the flag word of the frame itself, which may be a tail page."""
        self.gate.put(self.flags, pfn, self.page(pfn) | mask)

    def clear_flags(self, pfn: int, mask: int) -> None:
        """Clear bits in the flag word of the frame itself."""
        self.gate.put(self.flags, pfn, self.page(pfn) & ~mask)

    def add_to(self, store: Any, key: Any, amount: int) -> None:
        """Add to a column's cell, or to a counter in a table, which is deleted at 0."""
        if type(store) is Column:
            self.gate.increase(store, key, amount)
            return
        value = store.get(key)
        total = (0 if value is ABSENT else value) + amount
        self.gate.put(store, key, total if total else ABSENT)

    def new_id(self, kind: str) -> int:
        """The next unused id of this kind of object, from 1."""
        number = self.counter(f"next_{kind}") + 1
        self.gate.put(self.counters, f"next_{kind}", number)
        return number

    def set_pte(self, mm: int, vpn: int, entry: int) -> None:
        """Set a page-table entry, or clear it with 0, and update RSS."""
        self.replace_pte(mm, vpn, self.ptes.value(mm, vpn), entry)

    def replace_pte(self, mm: int, vpn: int, old: int, entry: int) -> None:
        """`set_pte` by a caller that has read the entry, `old` (0: there is none)."""
        self.gate.put(self.ptes, (mm, vpn), entry if entry else ABSENT)
        change = ptes.rss_of(entry) - ptes.rss_of(old)
        if change:
            self.add_to(self.rss, mm, change)

    def printk(self, text: str, pfn: int = -1, fatal: bool = False) -> None:
        """Append a line to the kernel log; see `LogLine`."""
        self.gate.put(self.log, len(self.log.view), LogLine(text, pfn, fatal))
