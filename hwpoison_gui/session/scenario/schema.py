"""The format of scenario files as data: tables, ops with their keys, keys of `expect`.

The reader, the writer and the check of names work from these tables; a new op or key is a new row here. If a key takes
one of several words, the first is its default. Profiles and sysctls are those of kernel/profile/registry.py.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final

from hwpoison_gui.kernel.hwpoison_filter import FILTER_FILES
from hwpoison_gui.kernel.page_flags import FLAGS
from hwpoison_gui.kernel.profile.type import DELAYED, FAILED, IGNORED, RECOVERED
from hwpoison_gui.record import Record

BACKGROUNDS: Final = ("none", "desktop")

LEAST_FRAMES: Final = 256
MOST_FRAMES: Final = 1 << 26  # 256 GiB: the columns of that many frames take 1.6 GB
MOST_HUGE_PAGES: Final = 1 << 14  # huge pages of the pool, 32 GiB: some seconds at boot
MOST_DESKTOP_FRAMES: Final = 1 << 24  # 64 GiB: with their processes and files they take 1.6 GB, too
MOST_PAGES: Final = 1 << 31  # of a VMA, 8 TiB: page->index has 32 bits, and anonymous VMAs begin in the lower half
MOST_FILE_PAGES: Final = 1 << 32  # 32 bits of page->index
MOST: Final = (1 << 63) - 1  # the largest of other numbers: what TOML holds
MOST_PID: Final = 1 << 22  # PID_MAX_LIMIT
HUGE_PAGE: Final = 512  # 4 KiB frames of a 2 MiB page


class Kind(Enum):
    """The type of a value; for names, also whether the name is declared or used."""

    TEXT = "a string"
    NAME = "a name"
    CHOICE = "one of some words"
    SYSCTL = "a sysctl"
    COUNT = "an integer"
    POWER = "a power of two"
    FLAG = "true or false"
    TASK = "a task"
    NEW_TASK = "a name for a task"
    THREAD = "a thread of the task"
    ADDRESS = "an address AREA+PAGE of the task"
    NEW_AREA = "a name for a VMA"
    PATH = "a file"
    NEW_PATH = "a path for a file"
    FD = "an open descriptor of the task"
    NEW_FD = "a name for a descriptor"
    FRAME = "a page"
    FRAMES = "frames"
    NEW_PAGE = "a name for a page"


class Missing(Enum):
    """Defaults that are no values: the key is required, or stays absent."""

    REQUIRED = "required"
    ABSENT = "absent"


class SameAs(Record):
    """Default: the value of another key."""

    key: str


Default = Missing | SameAs | str | int | bool


class Key(Record):
    """A key of an op.

    `features` maps a word of `allowed` to the feature that a profile must have for it. `instead`: a key that may be
    given in its place.
    """

    kind: Kind
    default: Default = Missing.REQUIRED
    allowed: tuple[str, ...] = ()
    least: int = 0
    most: int = MOST
    features: Mapping[str, str] = MappingProxyType({})
    instead: str = ""


class Op(Record):
    """An op: its keys, and the feature that a profile must have for it (empty: none).

    `needs` holds (key, word, other): if `key` has the value `word`, the key `other` is required.
    """

    keys: dict[str, Key]
    feature: str = ""
    needs: tuple[tuple[str, str, str], ...] = ()


def _choice(*words: str, **features: str) -> Key:
    return Key(Kind.CHOICE, words[0], words, features=features)


def _maybe(*words: str) -> Key:
    return Key(Kind.CHOICE, Missing.ABSENT, words)


def _pages(default: Default = Missing.REQUIRED) -> Key:
    return Key(Kind.COUNT, default, least=1, most=MOST_PAGES)


_POLICIES: Final = ("default", "early", "late")
_SIGBUS: Final = ("default", "handler", "ignored", "blocked")
_SIGSEGV: Final = ("default", "handler")
_PROT: Final = ("rw", "r", "none")

_TASK: Final = Key(Kind.TASK)
_THREAD: Final = Key(Kind.THREAD, 0, most=4095)
_THREADS: Final = Key(Kind.COUNT, 1, least=1, most=4096)
_AT: Final = Key(Kind.ADDRESS)
_PATH: Final = Key(Kind.PATH)
_FD: Final = Key(Kind.FD)
_FRAME: Final = Key(Kind.FRAME)
_FRAMES: Final = {"frame": Key(Kind.FRAME, instead="frames"), "frames": Key(Kind.FRAMES, Missing.ABSENT)}
_VALUE: Final = Key(Kind.TEXT)
_INDEX: Final = Key(Kind.COUNT, most=MOST_FILE_PAGES - 1)
_SIZE: Final = Key(Kind.COUNT, most=MOST_FILE_PAGES)
_NO: Final = Key(Kind.FLAG, False)
_FOLIO: Final = Key(Kind.POWER, Missing.ABSENT, least=1, most=HUGE_PAGE)
_RANGE: Final = {"task": _TASK, "at": _AT, "pages": _pages(default=1)}

OPS: Final[dict[str, Op]] = {
    "task": Op(
        {
            "name": Key(Kind.NEW_TASK),
            "comm": Key(Kind.NAME, SameAs("name")),
            "mce_kill": _choice(*_POLICIES),
            "sigbus": _choice(*_SIGBUS),
            "sigsegv": _choice(*_SIGSEGV),
            "threads": _THREADS,
            "pid": Key(Kind.COUNT, Missing.ABSENT, least=1, most=MOST_PID),
            "newpid": Key(Kind.FLAG, Missing.ABSENT),
        }
    ),
    "fork": Op(
        {
            "task": _TASK,
            "child": Key(Kind.NEW_TASK),
            "comm": Key(Kind.NAME, SameAs("child")),
            "mce_kill": _maybe(*_POLICIES),
            "sigbus": _maybe(*_SIGBUS),
            "sigsegv": _maybe(*_SIGSEGV),
            "threads": _THREADS,
            "newpid": Key(Kind.FLAG, Missing.ABSENT),
        }
    ),
    "exit": Op({"task": _TASK}),
    "prctl": Op({"task": _TASK, "thread": _THREAD, "mce_kill": Key(Kind.CHOICE, allowed=_POLICIES)}),
    "sigaction": Op({"task": _TASK, "thread": _THREAD, "sigbus": _maybe(*_SIGBUS), "sigsegv": _maybe(*_SIGSEGV)}),
    "file": Op(
        {
            "path": Key(Kind.NEW_PATH),
            "pages": _SIZE,
            "filesystem": _choice("ext4", "tmpfs", "hugetlbfs", "blockdev", "nofs", "directory"),
            "hole": _NO,
            "folio": _FOLIO,
        }
    ),
    "open": Op({"task": _TASK, "path": _PATH, "fd": Key(Kind.NEW_FD)}),
    "close": Op({"task": _TASK, "fd": _FD}),
    "mmap": Op(
        {
            "task": _TASK,
            "name": Key(Kind.NEW_AREA),
            "pages": _pages(),
            "file": Key(Kind.PATH, Missing.ABSENT),
            "fd": Key(Kind.FD, Missing.ABSENT),
            "offset": Key(Kind.COUNT, 0, most=MOST_FILE_PAGES - 1),
            "shared": _NO,
            "prot": _choice(*_PROT),
            "locked": _NO,
            "populate": _NO,
            "huge": _choice("none", "hugetlb", "thp", thp="transparent_hugepages"),
            "folio": _FOLIO,
            "fixed": Key(Kind.ADDRESS, Missing.ABSENT),
        }
    ),
    "munmap": Op(_RANGE),
    "mremap": Op({"task": _TASK, "at": _AT, "pages": _pages(), "name": Key(Kind.NEW_AREA)}),
    "mprotect": Op({**_RANGE, "prot": _choice(*_PROT)}),
    "mlock": Op(_RANGE),
    "munlock": Op(_RANGE),
    "madvise": Op({**_RANGE, "advice": _choice("dontneed", "pageout", "mergeable", "populate_read", mergeable="ksm")}),
    "swapin": Op({"task": _TASK, "at": _AT}),
    "read": Op({"task": _TASK, "at": _AT, "thread": _THREAD}),
    "write": Op({"task": _TASK, "at": _AT, "thread": _THREAD, "value": Key(Kind.TEXT, "w")}),
    "copy_from_user": Op({"task": _TASK, "at": _AT, "by": Key(Kind.TASK, SameAs("task"))}),
    "pread": Op({"task": _TASK, "fd": _FD, "page": _INDEX}),
    "pwrite": Op({"task": _TASK, "fd": _FD, "page": _INDEX, "value": _VALUE}),
    "fsync": Op({"task": _TASK, "fd": _FD}),
    "msync": Op(_RANGE),
    "sync": Op({"path": _PATH}),
    "truncate": Op({"path": _PATH, "pages": _SIZE}),
    "punch_hole": Op({"path": _PATH, "page": _INDEX}),
    "drop_caches": Op({}),
    "unlink": Op({"path": _PATH}),
    "pin": Op({"frame": _FRAME}),
    "unpin": Op({"frame": _FRAME}),
    "writeback": Op({"frame": _FRAME, "state": _choice("start", "end")}),
    "poison": Op(
        {
            **_FRAMES,
            "via": _choice(
                "corrupt-pfn",
                "madvise",
                "hard_offline",
                "srao",
                "srar",
                hard_offline="hard_offline",
                srao="machine_check_recovery",
                srar="machine_check_recovery",
            ),
            "task": Key(Kind.TASK, Missing.ABSENT),
            "thread": _THREAD,
            "rip_valid": Key(Kind.FLAG, True),
        },
        needs=(("via", "madvise", "task"), ("via", "srar", "task")),
    ),
    "soft_offline": Op(
        {**_FRAMES, "via": _choice("sysfs", "madvise"), "task": Key(Kind.TASK, Missing.ABSENT)},
        feature="soft_offline",
        needs=(("via", "madvise", "task"),),
    ),
    "unpoison": Op(_FRAMES, feature="unpoison"),
    "sysctl": Op({"name": Key(Kind.SYSCTL), "value": Key(Kind.COUNT, most=1)}),
    "debugfs": Op(
        {"name": Key(Kind.CHOICE, allowed=tuple(FILTER_FILES)), "value": Key(Kind.COUNT)},
        feature="injection_filters",
    ),
    "hugepages": Op({"pages": Key(Kind.COUNT, most=MOST_HUGE_PAGES)}),
    "overcommit_hugepages": Op({"pages": Key(Kind.COUNT, most=MOST_HUGE_PAGES)}),
    "remember": Op({"name": Key(Kind.NEW_PAGE), "frame": _FRAME}),
    "alloc": Op({"frames": Key(Kind.COUNT)}),
    "check": Op({"frame": Key(Kind.FRAME, Missing.ABSENT), "task": Key(Kind.TASK, Missing.ABSENT)}),
}

# Keys that users look for and that do not exist, with the reason.
NO_KEYS: Final[Mapping[tuple[str, str], str]] = {
    ("poison", "pages"): '`frames` names many: frames = "0x1000+0x200"',
    ("soft_offline", "pages"): '`frames` names many: frames = "0x1000+0x200"',
    ("unpoison", "pages"): '`frames` names many: frames = "0x1000+0x200"',
}

_FILTER: Final = 'the filters are set by steps of their own: op = "debugfs", name = "corrupt-filter-enable", value = 1'
NO_KEYS_LIKE: Final[Mapping[str, str]] = {"corrupt-filter-": _FILTER, "corrupt_filter_": _FILTER}  # by their beginning
# Words that users look for and that do not exist, by the key they stand for, with the reason.
_BY_MADVISE: Final = 'is the op `{}` with via = "madvise"; `frames` names the pages of a range'
_PFN: Final = "hwpoison/corrupt-pfn is the op `poison`, unpoison-pfn the op `unpoison`"
_POOL: Final = "the pool of huge pages is set by the op `hugepages`, and before the start by `huge_pages` of `[memory]`"
_OVERCOMMIT: Final = "surplus huge pages are allowed by the op `overcommit_hugepages`"
NO_WORDS: Final[Mapping[tuple[str, str], str]] = {
    ("name", "nr_hugepages"): _POOL,
    ("name", "nr_overcommit_hugepages"): _OVERCOMMIT,
    **dict.fromkeys((("name", name) for name in ("corrupt-pfn", "unpoison-pfn")), _PFN),
    **{("name", name): "is a file of debugfs, which the op `debugfs` writes" for name in FILTER_FILES},
    ("advice", "hwpoison"): "MADV_HWPOISON " + _BY_MADVISE.format("poison"),
    ("advice", "soft_offline"): "MADV_SOFT_OFFLINE " + _BY_MADVISE.format("soft_offline"),
    ("op", "nr_hugepages"): _POOL,
    ("op", "nr_overcommit_hugepages"): _OVERCOMMIT,
    ("op", "unpoison-pfn"): "hwpoison/unpoison-pfn is the op `unpoison`",
    ("op", "corrupt-pfn"): _PFN,
    **{("op", name): f'is the op `debugfs` with name = "{name}"' for name in FILTER_FILES},
}  # fmt: skip

STEP_KEYS: Final = ("caption", "notes", "pause", "expect")
SCENARIO_KEYS: Final = ("format", "title", "summary", "profile", "memory", "sysctl", "step")

MEMORY: Final[dict[str, Key]] = {
    "frames": Key(Kind.COUNT, 4096, least=LEAST_FRAMES, most=MOST_FRAMES),
    "background": Key(Kind.CHOICE, "none", BACKGROUNDS),
    "seed": Key(Kind.COUNT, 0, most=(1 << 64) - 1),
    "huge_pages": Key(Kind.COUNT, 0, most=MOST_HUGE_PAGES),
}

ANY_KINDS: Final = (
    "free", "free-inside", "free-pcp", "slab", "slab-tail", "pgtable", "reserved", "kernel-text", "high-order",
    "high-order-tail", "kernel", "free-huge", "zero", "huge-zero", "hole", "out-of-range", "anon", "file",
)  # fmt: skip
ANY_KIND_FEATURES: Final = {"huge-zero": "transparent_hugepages"}


class Want(Enum):
    """The type of a value in `expect`."""

    RESULT = "a result"
    TEXT = "a string"
    FLAG = "true or false"
    ERRNO = "0 or the name of an error"
    SIGNALS = "a list of signals"
    LINES = "a list of strings"
    TASKS = "a list of tasks"
    FLAGS = "a list of page flags"
    COUNT = "an integer"
    PTES = "a list of {task, at, is}"
    POLICY = "a policy"
    FRAMES = "a list of pages"
    STATS = "{total, ignored, failed, delayed, recovered}"


# In the order in which they are saved and reported.
EXPECT: Final[dict[str, Want]] = {
    "result": Want.RESULT,
    "kind": Want.TEXT,
    "dirty": Want.FLAG,
    "errno": Want.ERRNO,
    "value": Want.TEXT,
    "signals": Want.SIGNALS,
    "log": Want.LINES,
    "log_contains": Want.LINES,
    "log_lacks": Want.LINES,
    "flags_set": Want.FLAGS,
    "flags_clear": Want.FLAGS,
    "mapcount": Want.COUNT,
    "pte": Want.PTES,
    "mce_kill": Want.POLICY,
    "corrupted_kb": Want.COUNT,
    "mf_stats": Want.STATS,
    "alive": Want.TASKS,
    "dead": Want.TASKS,
    "never_handed_out": Want.FRAMES,
    "panic": Want.FLAG,
    "filtered": Want.FLAG,
}

# Keys of `expect` that only some ops can answer; `mapcount` and the flags ask for a `frame`.
EXPECT_ONLY: Final[dict[str, tuple[str, ...]]] = {
    "value": ("read", "pread", "copy_from_user"),
    "mce_kill": ("prctl", "check"),
    "never_handed_out": ("alloc",),
}
# Keys of `expect` that a profile can answer only if it has a feature.
EXPECT_FEATURES: Final = {"mf_stats": "memory_failure_stats", "filtered": "injection_filters"}
EXPECT_OF_FRAME: Final = ("flags_set", "flags_clear", "mapcount")

RESULTS: Final = (IGNORED, FAILED, DELAYED, RECOVERED, "none")
POLICIES: Final = _POLICIES
PTE_STATES: Final = ("present", "none", "hwpoison", "swap")
SIGNAL_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "signal": ("SIGBUS", "SIGKILL", "SIGSEGV"),
    "code": ("BUS_MCEERR_AO", "BUS_MCEERR_AR", "BUS_ADRERR", "SEGV_ACCERR", "SEGV_MAPERR", "SI_KERNEL"),
    "effect": ("killed", "handled", "ignored", "pending", "dropped"),
}
SIGNAL_KEYS: Final = ("task", "thread", "signal", "code", "at", "lsb", "effect")
PTE_KEYS: Final = ("task", "at", "is")
FLAG_NAMES: Final = frozenset(flag.name for flag in FLAGS)
# errno.EHWPOISON exists since Python 3.14 only.
ERRNO_NAMES: Final = frozenset(name for name in vars(errno) if name.startswith("E")) | {"EHWPOISON"}
