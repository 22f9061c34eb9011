"""Memory images: plain arrays and records, as Linux exports them, from which a machine is booted.

Recordings, this machine's /proc and the presets provide images; kernel/boot/machine.py boots a machine from one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.record import Record

U64 = npt.NDArray[np.uint64]

# Files of /proc/sys/vm, in any modelled kernel.
SYSCTLS: Final = ("memory_failure_early_kill", "memory_failure_recovery", "enable_soft_offline")


class Capture(Record):
    """Time and place of a capture of memory.

    `time`: seconds since 1970, UTC, None if unknown; `boot`: identifies one boot of one machine, empty if unknown;
    `pids`: the only processes whose page tables were read, empty if all were.
    """

    time: float | None = None
    boot: str = ""
    pids: tuple[int, ...] = ()


UNKNOWN: Final = Capture()
_NOTHING: Final[Mapping[Any, Any]] = MappingProxyType({})


class VmaImage(Record):
    """One line of /proc/PID/maps. Addresses in bytes, `offset` in bytes into the file.

    `path` is empty for anonymous memory, else what maps prints: a path, `[heap]`, `/memfd:x (deleted)`,
    `/SYSV00000000 (deleted)`, `/dev/zero (deleted)`. `flags`: VmFlags of smaps where known (`lo` locked,
    `ht` hugetlb, `mg` mergeable). `name`: the VMA's name in scenario addresses, empty for the default.
    """

    start: int
    end: int
    perms: str
    offset: int = 0
    device: str = "00:00"
    inode: int = 0
    path: str = ""
    flags: tuple[str, ...] = ()
    name: str = ""


class ThreadImage(Record):
    """One thread: its PR_MCE_KILL policy (`default`, `early`, `late`), and whether it blocks SIGBUS."""

    tid: int
    mce_kill: str = "default"
    blocked: bool = False


class ProcessImage(Record):
    """One process with an address space (kernel threads have none).

    Attributes
    ----------
    threads : int
        How many threads it has.
    sigbus, sigsegv : str
        Dispositions: `default`, `handler` or `ignored`.
    mce_kill, blocked
        PR_MCE_KILL policy (`default`, `early`, `late`), and whether SIGBUS is blocked: of each thread not `listed`.
    stopped : bool
        By SIGSTOP: it does not run, and signals stay pending.
    listed : tuple of ThreadImage
        Threads of which more is known, the main one first; may be empty.
    pid_ns : tuple of int
        Pids of the inits of its PID namespaces, the outermost first, without the initial namespace.
    """

    pid: int
    ppid: int
    comm: str
    vmas: tuple[VmaImage, ...] = ()
    threads: int = 1
    sigbus: str = "default"
    mce_kill: str = "default"
    stopped: bool = False
    sigsegv: str = "default"
    blocked: bool = False
    listed: tuple[ThreadImage, ...] = ()
    pid_ns: tuple[int, ...] = ()


class FileImage(Record):
    """A file, apart from its mappings. `filesystem`: as in scenario files; `pages`: its size in pages."""

    device: str
    inode: int
    path: str
    filesystem: str = "ext4"
    pages: int = 0


class ZoneImage(Record):
    """Frames `start` to `end` (exclusive) of a zone of the page allocator. `node` is -1 if unknown."""

    node: int
    name: str
    start: int
    end: int


@dataclass(frozen=True, eq=False, repr=False)  # generating these methods delays start-up
class CachedPages:
    """Page-cache frames, where the source knows them: parallel int64 arrays pfn, file number, page index."""

    pfn: npt.NDArray[np.int64]
    file: npt.NDArray[np.int64]
    index: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)  # generating these methods delays start-up
class HiddenState:
    """State that Linux does not export, where it was recorded or synthesized.

    `refcount`: int32 per frame. `pte_dirty`: bool, parallel to the pagemap arrays.
    `mapping`, `index`: uint64 per frame, words of struct page (low two bits of mapping: 1 anonymous, 3 KSM).
    `pte_pmd`: bool, parallel to the pagemap arrays: mapped by a huge PMD, not by a PTE.
    Any may be None.
    """

    refcount: npt.NDArray[np.int32] | None = None
    pte_dirty: npt.NDArray[np.bool_] | None = None
    mapping: U64 | None = None
    index: U64 | None = None
    private: U64 | None = None
    pte_pmd: npt.NDArray[np.bool_] | None = None


class MemoryImage(Record):
    """The memory of a whole machine at one point in time.

    `kpageflags`: uint64 per frame, index = pfn. `kpagecount`: any integer type per frame, mappings and not references.
    `pagemap_pid` int64, `pagemap_va` uint64 (bytes), `pagemap_entry` uint64 (raw pagemap words: bit 63
    present, 62 swapped, 61 file or shared, 56 exclusive, 0-54 pfn; swapped: 0-4 type, 5-54 offset):
    parallel, present or swapped entries only. `notes`: text on how hidden state was derived.
    `kernel`: (major, minor) of the kernel that exported it, None if unknown.
    `hardware_corrupted_kb`: of /proc/meminfo, None if unknown.
    `zones`: sorted by address, without overlap (a zone may have several parts); empty if unknown.
    `cgroup`: uint64 per frame, the inode number of the memory cgroup that is charged, 0 for none; None if unknown.
    `cgroups`: paths of memory cgroups by inode number, as far as they are known.
    `no_handler`: whether its kernel was built without memory_failure().
    """

    title: str
    kpageflags: U64
    kpagecount: npt.NDArray[np.integer[Any]]
    pagemap_pid: npt.NDArray[np.int64]
    pagemap_va: U64
    pagemap_entry: U64
    processes: tuple[ProcessImage, ...]
    files: tuple[FileImage, ...] = ()
    cached: CachedPages | None = None
    hidden: HiddenState = HiddenState()
    kernel: tuple[int, int] | None = None
    hardware_corrupted_kb: int | None = None
    sysctl: Mapping[str, int] = _NOTHING
    zones: tuple[ZoneImage, ...] = ()
    cgroup: U64 | None = None
    cgroups: Mapping[int, str] = _NOTHING
    notes: tuple[str, ...] = ()
    capture: Capture = UNKNOWN
    no_handler: bool = False
