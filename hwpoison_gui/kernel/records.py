"""The records of a machine's tables: tasks, VMAs, inodes, open files, signals, results.

Records are immutable: a change puts a new one through the gate. They refer to each other by id.
"""

from __future__ import annotations

from typing import Final

from hwpoison_gui.record import Record

PAGE_SHIFT: Final = 12
PAGE_SIZE: Final = 1 << PAGE_SHIFT
TASK_SIZE: Final = 1 << 47  # the end of user addresses, in bytes
INDEX_MASK: Final = (1 << 32) - 1  # the index column has 32 bits
MAX_ORDER: Final = 10
HPAGE_PMD_ORDER: Final = 9
HPAGE_PMD_NR: Final = 1 << HPAGE_PMD_ORDER
# Files of /sys/devices/system/node/nodeN/memory_failure: all result lines, and those with each result.
MF_STATS: Final = ("total", "ignored", "failed", "delayed", "recovered")

BUS_ADRERR: Final = "BUS_ADRERR"
BUS_MCEERR_AR: Final = "BUS_MCEERR_AR"
BUS_MCEERR_AO: Final = "BUS_MCEERR_AO"
SEGV_MAPERR: Final = "SEGV_MAPERR"
SEGV_ACCERR: Final = "SEGV_ACCERR"
SI_KERNEL: Final = "SI_KERNEL"

# Flags of a private hugetlb mapping, in the low bits of vm_private_data (mm/hugetlb.c).
HPAGE_RESV_OWNER: Final = 1 << 0
HPAGE_RESV_UNMAPPED: Final = 1 << 1

GLOBAL_INIT: Final = 1  # pid

MCE_KILL_POLICIES: Final = ("default", "early", "late")
DISPOSITIONS: Final = ("default", "handler", "ignored", "blocked")


def label_of(comm: str, pid: int) -> str:
    """`COMM:PID`, as the kernel log names a process; what it is called wherever it is shown."""
    return f"{comm}:{pid}"


class Process(Record):
    """A thread group (signal_struct and sighand_struct).

    `name` is what scenarios call it; of a booted process, its label. `mm` is 0 after exit. `sigbus` and `sigsegv` are
    dispositions: `default`, `handler` or `ignored`.
    `ended` is empty while the process lives, then `exit`, or the signal that killed it, of code `end_code`.
    `unkillable` is SIGNAL_UNKILLABLE: signals whose default action would kill it are dropped.
    `pid_ns` has the tgids of the inits of its PID namespaces, the outermost first, without the initial namespace.
    """

    tgid: int
    ppid: int
    comm: str
    name: str
    mm: int
    sigbus: str = "default"
    sigsegv: str = "default"
    threads: tuple[int, ...] = ()
    ended: str = ""
    unkillable: bool = False
    pid_ns: tuple[int, ...] = ()
    end_code: str = ""

    @property
    def label(self) -> str:
        """`COMM:PID`, as the kernel log names the process; what it is called wherever it is shown."""
        return label_of(self.comm, self.tgid)

    @property
    def end(self) -> str:
        """`exit`, or the signal with its code, as `SIGBUS (BUS_MCEERR_AO)`; empty while the process lives."""
        return f"{self.ended} ({self.end_code})" if self.end_code else self.ended

    @property
    def is_global_init(self) -> bool:
        """is_global_init(): the kernel panics when it dies."""
        return self.tgid == GLOBAL_INIT

    @property
    def is_namespace_init(self) -> bool:
        """The child_reaper of a PID namespace other than the initial one, which ends with it."""
        return bool(self.pid_ns) and self.pid_ns[-1] == self.tgid


class Task(Record):
    """One thread. `mce_kill` is its PR_MCE_KILL policy; `blocked`: it blocks SIGBUS.

    A `stopped` thread (SIGSTOP) takes only SIGKILL; other signals stay pending.
    """

    tid: int
    tgid: int
    number: int
    mce_kill: str = "default"
    blocked: bool = False
    stopped: bool = False


class Vma(Record):
    """A vm_area_struct. Addresses in bytes, `pgoff` in pages; `mapping` 0 means anonymous.

    `prot` is `rw`, `r` or `none`; `execute` is only displayed. `file` is the id of an open file description, or 0.
    `anon_vma` is 0 until the first anonymous fault. `huge` is `none`, `hugetlb` or `thp`. `resv`: HPAGE_RESV_ flags of
    a private hugetlb mapping: OWNER in the address space that reserved its pages, UNMAPPED where a page was taken away
    for the owner (unmap_ref_private()). `folio`: frames of the folios in which anonymous memory is allocated.
    """

    id: int
    mm: int
    start: int
    end: int
    prot: str
    shared: bool
    mapping: int
    pgoff: int
    anon_vma: int = 0
    file: int = 0
    locked: bool = False
    huge: str = "none"
    mergeable: bool = False
    name: str = ""
    execute: bool = False
    resv: int = 0
    folio: int = 1

    @property
    def perms(self) -> str:
        """The permissions as /proc/PID/maps prints them, for instance `r-xp`."""
        read, write = "-" if self.prot == "none" else "r", "w" if self.prot == "rw" else "-"
        return f"{read}{write}{'x' if self.execute else '-'}{'s' if self.shared else 'p'}"

    @property
    def pages(self) -> int:
        return (self.end - self.start) >> PAGE_SHIFT

    def index_of(self, address: int) -> int:
        """linear_page_index(): the page's index in the file, or in the anonymous VMA as first mapped."""
        return ((address - self.start) >> PAGE_SHIFT) + self.pgoff

    def address_of(self, index: int) -> int:
        """vma_address(): address in bytes of page `index`, or -1 if the VMA does not cover it.

        `index` has 32 bits: in an anonymous VMA of terabytes it begins again at 0.
        """
        address = self.start + ((index - self.pgoff & INDEX_MASK) << PAGE_SHIFT)
        return address if address < self.end else -1


class RmapItem(Record):
    """A page that KSM merged into another (struct ksm_rmap_item): its address in bytes, and its anon_vma then."""

    mm: int
    address: int
    anon_vma: int


# Pseudo-paths, in the form of d_dname(), of inodes that own the cached pages of all files that a source does not name,
# by file system.
UNKNOWN_FILES: Final = {"tmpfs": "tmpfs:[unknown]", "blockdev": "blockdev:[unknown]", "ext4": "ext4:[unknown]"}
SHARED_ANONYMOUS: Final = "/dev/zero"  # the path of every file that shmem_zero_setup() makes


class Inode(Record):
    """A file and its address_space; sizes in pages. `linked` is false after unlink.

    The first `on_disk` pages had content when the file was created; the others are a hole.
    `wb_err` counts write-back errors (errseq_t); `wb_seen`: the newest one has been reported.
    `deleted`: /proc/PID/maps printed the path with ` (deleted)`, as for System V segments and memfds.
    `folio`: frames of the folios in which the page cache keeps it, where the file system has large ones.
    """

    id: int
    path: str
    filesystem: str
    pages: int
    on_disk: int = 0
    linked: bool = True
    wb_err: int = 0
    wb_seen: bool = True
    deleted: bool = False
    folio: int = 1

    @property
    def is_unknown(self) -> bool:
        """Whether it stands for all files that the source does not name: the indices of its pages are made up."""
        return self.path == UNKNOWN_FILES.get(self.filesystem)

    @property
    def has_path(self) -> bool:
        """Whether `path` is an absolute path; otherwise it is a pseudo-path, or what a source calls the file."""
        return self.path.startswith("/")

    @property
    def can_be_opened(self) -> bool:
        """Whether a process can open it by its name: not deleted, no System V segment."""
        return self.linked and not self.deleted

    @property
    def is_shared_anonymous(self) -> bool:
        """Whether it is the unnamed file behind a shared anonymous mapping (shmem_zero_setup())."""
        return self.path == SHARED_ANONYMOUS


class OpenFile(Record):
    """An open file description; `wb_err` is the newest write-back error reported to it (f_wb_err)."""

    id: int
    inode: int
    wb_err: int = 0


class SigInfo(Record):
    """A signal (siginfo): `address` is si_addr, in bytes; `lsb` is si_addr_lsb."""

    signal: str
    code: str
    address: int = 0
    lsb: int = 0


class LogLine(Record):
    """A line of the kernel log. `pfn`: the frame that it is about, or -1; `fatal`: a kill or a panic."""

    text: str
    pfn: int = -1
    fatal: bool = False


class Delivery(Record):
    """The effect of a signal: killed, handled, ignored, pending, or dropped because the process is unkillable."""

    tid: int
    info: SigInfo
    effect: str


class ActionResult(Record):
    """A result line of the handler; `dirty`: it has the prefix of the 2.6.32 line."""

    pfn: int
    kind: str
    result: str
    dirty: bool


def anon_pgoff(start: int) -> int:
    """`pgoff` of a new anonymous VMA: its page number, truncated to 31 bits to fit the index column."""
    return start >> PAGE_SHIFT & 0x7FFF_FFFF
