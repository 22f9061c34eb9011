"""A profile: everything in which the modelled kernels differ, as data.

Whether a kernel does something at all is a feature (features.py). Values, tables and functions are grouped in five
records. The file of a kernel replaces what changed in the records of the previous kernel; sources.py cites the commit,
or file and version, of each change. The model asks a profile for these; it never compares profile names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from hwpoison_gui.record import Record

from .features import FEATURES

if TYPE_CHECKING:
    from dataclasses import dataclass as part

    from ..handler import Verdict
    from ..machine import Machine
    from ..records import Inode, Process, Vma
    from .variants import Action, Variant

else:

    def part(**_: bool) -> Callable[[type], type]:
        """Replace `dataclass(frozen=True, kw_only=True)` in a quarter of its time: methods are shared, not compiled."""

        def made(kind: type) -> type:
            kind.__init__, kind.__setattr__ = _set_all, _refuse
            kind.__post_init__ = getattr(kind, "__post_init__", _accept)
            return dataclass(init=False, eq=False, repr=False)(kind)

        return made

    def _set_all(self: Any, **values: Any) -> None:
        names = {one.name for one in fields(self)}
        defaults = {name: value for name, value in vars(type(self)).items() if name in names}
        self.__dict__.update(defaults, **values)
        if self.__dict__.keys() != names:
            raise TypeError(f"{type(self).__name__}: {', '.join(sorted(names ^ self.__dict__.keys()))}")
        self.__post_init__()

    def _refuse(self: Any, name: str, value: Any) -> None:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def _accept(self: Any) -> None:
        """Stand for the check of a record that has none."""


IGNORED: Final = "Ignored"
FAILED: Final = "Failed"
DELAYED: Final = "Delayed"
RECOVERED: Final = "Recovered"

# The default of address_space_operations.error_remove_page: remove the page from the page cache.
CUTS: Final = "generic_error_remove_page"

MEANS: Final = "means"


FLAGS: Final = "flags"


def means(text: str, flags: bool = False) -> dict[str, Any]:
    """Metadata of a dataclass field, for the page of differences: what it holds, and whether that is a flag word."""
    return {MEANS: text, FLAGS: flags}


class StateRow(Record):
    """A row of error_states[]: matches a page if `flags & mask == res`."""

    mask: int
    res: int
    kind: str
    action: str


class Exit(Record):
    """An early return of the handler, before the state table: kind and result of the result line, and its return value.

    `counted`: whether HardwareCorrupted and the counts of the node grow by it, in kernels that count result lines.
    """

    kind: str
    result: str
    errno: int | str
    counted: bool = True


# Phases that are asked for by name, so that every kernel must have a variant of each: a phase that goes on with another
# than the next (the last two), and views that must know which pages reach the state table (the first).
Asked = Literal["take_reference", "hwpoison_user_mappings", "identify_page_state"]

SYSCTL_EARLY_KILL: Final = "memory_failure_early_kill"
SYSCTL_RECOVERY: Final = "memory_failure_recovery"
SYSCTL_ENABLE_SOFT_OFFLINE: Final = "enable_soft_offline"


class Sysctl(Record):
    """A sysctl with the values 0 and 1: its file name in /proc/sys/vm, and its value after boot."""

    name: str
    default: int


@part(frozen=True, kw_only=True, eq=False, repr=False)
class LogLines:
    """Kernel log lines, as format strings; empty where a kernel does not print the line.

    Values: `pfn`, `comm`, `pid`, `kind`, `result`, `dirty` ("dirty " or empty), `trapno`, `users` (references), `left`
    (mappings), `address`, `err` (negative errno), `code` (wait status); those of
    `soft_offline` are listed where the table is.
    """

    panic: str = field(metadata=means("recovery is off"))
    init_died: str = field(metadata=means("init dies"))
    prefix: str = field(metadata=means("before each line of the handler"))
    result: str = field(metadata=means("result line"))
    kill: str = field(metadata=means("SIGBUS (action optional or required) is sent"))
    force_kill: str = field(metadata=means("SIGKILL is sent"))
    still_referenced: str = field(metadata=means("references that nobody accounts for"))
    unmap_failed: str = field(metadata=means("the page stays mapped"))
    unknown_state: str = field(metadata=means("me_unknown()"))
    not_invalidated: str = field(metadata=means("the page stays in its file, whose file system removes no pages"))
    not_punched: str = field(metadata=means("the file system fails to remove the page"))
    in_swap_cache: str = field(metadata=means("the page is in the swap cache"))
    clean: str = field(metadata=means("the page is clean"))
    fault_kill: str = field(metadata=means("a page fault meets a poisoned page"))
    inadequate_pool: str = field(metadata=means("a fault in a mapping that lost a huge page to its owner"))
    no_page: str = field(default="", metadata=means("a pfn without a page"))
    already_poisoned: str = field(default="", metadata=means("the page is poisoned already"))
    unhandlable: str = field(default="", metadata=means("no reference can be taken"))
    ksm: str = field(default="", metadata=means("a KSM page"))
    split_huge_zero_page: str = field(default="", metadata=means("the huge zero page is to be split"))
    soft_offline: Mapping[str, str] = field(metadata=means("soft offline"))
    unpoison: Mapping[str, str] = field(metadata=means("unpoison"))


@part(frozen=True, kw_only=True, eq=False, repr=False)
class Results:
    """Outcomes of the handler: the state table, its actions, and the exits before it."""

    states: tuple[StateRow, ...] = field(metadata=means("error_states[], first match wins"))
    actions: Mapping[str, Action] = field(metadata=means("action of the state table"))
    errno_of: Mapping[str, int | str] = field(metadata=means("return value of memory_failure() for a result"))
    exits: Mapping[str, Exit] = field(metadata=means("exit before the state table"))

    def __post_init__(self) -> None:
        """Raise ValueError for a row whose action is missing, and for a table that leaves a page without a row."""
        missing = {row.action for row in self.states} - self.actions.keys()
        if missing:
            raise ValueError(f"rows name actions that are missing: {', '.join(sorted(missing))}")
        if not self.states or self.states[-1][:2] != (0, 0):
            raise ValueError("the last row of the state table does not match every page")


@part(frozen=True, kw_only=True, eq=False, repr=False)
class Users:
    """Treatment of the processes that map the page."""

    has_users: Callable[[int], bool] = field(metadata=means("whether a page with this flag word can be a user page"))
    early_kill_thread: Callable[[Machine, Process], int | None] = field(
        metadata=means("thread of a process that gets SIGBUS before it accesses the page")
    )
    unmap_tries: int = field(metadata=means("attempts to unmap"))
    must_kill: Callable[[int, bool], bool] = field(
        metadata=means("whether collected processes are signalled, by flag word and success of unmapping")
    )


@part(frozen=True, kw_only=True, eq=False, repr=False)
class Mm:
    """Page faults, anonymous memory and swap."""

    populate_writes: Callable[[Vma], bool] = field(metadata=means("when MAP_POPULATE and mlock fault for writing"))
    reuses: Callable[[Machine, Vma, int, int], bool] = field(
        metadata=means("when a write fault reuses the page instead of copying it")
    )
    swap_in: Callable[[Machine, Vma, int, int, bool], int] = field(
        metadata=means("before a swapped-in page is mapped; returns bits of its PTE")
    )
    swapped_in: Callable[[Machine, Vma, int, int], None] = field(metadata=means("after it is mapped"))
    exclusive: int = field(metadata=means("flag of an exclusive anonymous page; 0 if there is none", flags=True))
    reuses_huge: Callable[[Machine, int], bool] = field(
        metadata=means("when a write to a private huge page of hugetlb reuses it instead of copying it")
    )
    no_huge_page: str = field(metadata=means("what a page fault returns if the pool has no huge page left"))
    fault_around: int = field(metadata=means("pages that a read fault maps if they are cached (fault-around)"))


@part(frozen=True, kw_only=True, eq=False, repr=False)
class Files:
    """File I/O and the page cache."""

    io_refuses: Callable[[Machine, int], bool] = field(
        metadata=means("when read(2) and write(2) of a page fail with EIO")
    )
    report_error: Callable[[Machine, Inode, int | None], int | str] = field(metadata=means("what fsync returns"))
    noop_fsync: tuple[str, ...] = field(
        default=(), metadata=means("file systems whose fsync reports no error of write-back")
    )
    error_remove_page: Mapping[str, str] = field(metadata=means("error_remove_page of a file system"))
    large_folios: tuple[str, ...] = field(
        default=(), metadata=means("file systems whose page cache may have folios between 4 KiB and 2 MiB")
    )

    def keeps_poison(self, filesystem: str) -> bool:
        """Return whether a file system keeps a poisoned page in the page cache instead of dropping it."""
        return self.error_remove_page.get(filesystem, CUTS) != CUTS


@part(frozen=True, kw_only=True, eq=False, repr=False)
class Profile:
    """One kernel: its handler, and where the memory manager around it differs.

    Attributes
    ----------
    name, title : str
        As in scenario files, and as shown in menus.
    news : str
        What distinguishes its handler, in one line without a full stop.
    from_version : (int, int)
        The oldest kernel (major, minor) that this profile stands for.
    modelled : tuple of int
        The kernel that was modelled, by its version.
    release : str
        The real kernel whose recordings it is held to; empty if none could be run.
    sysctls : tuple of Sysctl
    features : frozenset of str
        Names declared in features.py; see `has`.
    phases : tuple of Variant
        The phases of memory_failure() in their order.
    names : mapping
        What this kernel calls functions that sites name otherwise; see `called`.
    log, results, users, mm, files
        Records.
    """

    name: str
    title: str
    news: str
    from_version: tuple[int, int]
    modelled: tuple[int, ...]
    release: str
    sysctls: tuple[Sysctl, ...]
    features: frozenset[str]
    phases: tuple[Variant[Verdict], ...]
    names: Mapping[str, str]
    log: LogLines
    results: Results
    users: Users
    mm: Mm
    files: Files

    def has(self, feature: str) -> bool:
        """Return whether this kernel has a feature. Raises KeyError if no feature of that name is declared."""
        return FEATURES[feature].name in self.features

    def __post_init__(self) -> None:
        """Raise ValueError if a phase is missing that is asked for by name."""
        missing = [name for name in get_args(Asked) if not self.runs(name)]
        if missing:
            raise ValueError(f"profile {self.name} has no phase {', '.join(missing)}")

    def phase(self, name: Asked) -> Variant[Verdict]:
        """Return the variant of a phase that this kernel runs."""
        return next(phase for phase in self.phases if phase.name == name)

    def runs(self, name: str) -> bool:
        """Return whether this kernel has a phase of that name."""
        return any(phase.name == name for phase in self.phases)

    @property
    def sysctl(self) -> dict[str, int]:
        """Default values of the sysctls, by name."""
        return {sysctl.name: sysctl.default for sysctl in self.sysctls}

    def called(self, function: str) -> str:
        """The name in this kernel of a function that a site or an outline names."""
        return self.names.get(function, function)
