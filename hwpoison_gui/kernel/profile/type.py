"""A profile: everything in which one kernel's handler differs from another's, as data.

A yes or no is a feature (features.py). Values, tables and functions stand in five records, by what they are about.
A kernel's file replaces in the records of the kernel before it what changed, and cites what changed it. The code of
the model asks the profile for these, never for its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .features import FEATURES

if TYPE_CHECKING:
    from ..handler import Verdict
    from ..machine import Machine
    from ..records import Inode, Process, Vma
    from .variants import Variant

IGNORED: Final = "Ignored"
FAILED: Final = "Failed"
DELAYED: Final = "Delayed"
RECOVERED: Final = "Recovered"

# How a file system without a function of its own drops a poisoned page.
CUTS: Final = "generic_error_remove_page"

MEANS: Final = "means"


def means(text: str) -> dict[str, Any]:
    """Metadata of a field: what it holds, in a few words."""
    return {MEANS: text}


class StateRow(NamedTuple):
    """A row of error_states[]: it fits a page when `flags & mask == res`."""

    mask: int
    res: int
    kind: str
    action: str


class Exit(NamedTuple):
    """A way out of the handler before the state table: its result line, and what memory_failure() returns."""

    kind: str
    result: str
    errno: int | str


class Sysctl(NamedTuple):
    """A sysctl below /proc/sys/vm that is 0 or 1.

    Attributes
    ----------
    name : str
        File name below /proc/sys/vm.
    default : int
        Value after boot.
    title : str
        Short name for people.
    off, on : str
        What 0 and 1 do.
    short : tuple of str
        The same in one word each.
    tip : str
        What 0 and 1 do, in whole sentences.
    effect : tuple of str
        What holds after 0 or 1 was written.
    """

    name: str
    default: int
    title: str
    off: str
    on: str
    short: tuple[str, str]
    tip: str
    effect: tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class LogLines:
    """Lines of the kernel log, as format strings.

    Filled in: `pfn`, `comm`, `pid`, `kind`, `result`, `dirty` ("dirty " or nothing), `trapno`, `users` (references),
    `left` (mappings), and those that the two tables name.
    """

    panic: str = field(metadata=means("recovery is off"))
    prefix: str = field(metadata=means("before each line of the handler"))
    result: str = field(metadata=means("result line"))
    kill: str = field(metadata=means("SIGBUS is sent to a process that has not touched the page"))
    force_kill: str = field(metadata=means("SIGKILL is sent"))
    still_referenced: str = field(metadata=means("references that nobody accounts for"))
    unmap_failed: str = field(metadata=means("the page stays mapped"))
    soft_offline: Mapping[str, str] = field(metadata=means("soft offline"))
    unpoison: Mapping[str, str] = field(metadata=means("unpoison"))

    @property
    def result_says_dirty(self) -> bool:
        """Whether the result line tells a dirty page apart, instead of the kind in it."""
        return "{dirty}" in self.result


@dataclass(frozen=True, kw_only=True)
class Results:
    """What the handler decides of a page: the state table, its actions, and the exits before it."""

    states: tuple[StateRow, ...] = field(metadata=means("error_states[], first match wins"))
    actions: Mapping[str, Variant[str]] = field(metadata=means("functions that its rows name"))
    errno_of: Mapping[str, int | str] = field(metadata=means("what memory_failure() returns for a result"))
    exits: Mapping[str, Exit] = field(metadata=means("exits before the state table: kind, result, errno"))


@dataclass(frozen=True, kw_only=True)
class Users:
    """How the handler treats the processes that map a page."""

    has_users: Callable[[int], bool] = field(metadata=means("pages, by flag word, that a process can have mapped"))
    early_kill_thread: Callable[[Machine, Process], int | None] = field(
        metadata=means("thread of a process to signal before it touches the page")
    )
    unmap_tries: int = field(metadata=means("times that it tries to unmap"))
    must_kill: Callable[[int, bool], bool] = field(
        metadata=means("by flag word, and whether it was unmapped: whether collected processes are signalled")
    )


@dataclass(frozen=True, kw_only=True)
class Mm:
    """Page faults, anonymous memory and swap."""

    populate_writes: Callable[[Vma], bool] = field(metadata=means("MAP_POPULATE and mlock fault for writing"))
    reuses: Callable[[Machine, Vma, int, int], bool] = field(
        metadata=means("a write takes the page over instead of copying it")
    )
    swap_in: Callable[[Machine, Vma, int, int, bool], int] = field(
        metadata=means("before a swapped-in page is mapped; returns bits of its PTE")
    )
    swapped_in: Callable[[Machine, Vma, int, int], None] = field(metadata=means("after it is mapped"))
    exclusive: int = field(metadata=means("flag of an anonymous page that one process has alone; 0 if there is none"))
    fault_around: int = field(metadata=means("cached pages that a read fault maps along"))


@dataclass(frozen=True, kw_only=True)
class Files:
    """File I/O and the page cache."""

    io_refuses: Callable[[Machine, int], bool] = field(metadata=means("read and write of a page fail with EIO"))
    report_error: Callable[[Machine, Inode, int | None], int | str] = field(metadata=means("what fsync returns"))
    error_remove_page: Mapping[str, str] = field(metadata=means("file system: what drops its page on error"))

    def keeps_poison(self, filesystem: str) -> bool:
        """Whether files of that file system keep a poisoned page in the page cache instead of dropping it."""
        return self.error_remove_page.get(filesystem, CUTS) != CUTS


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One kernel's handler, and what of the memory manager around it differs.

    Attributes
    ----------
    name, title : str
        As scenarios and menus have it.
    from_version : (int, int)
        The oldest (major, minor) to which this profile is the nearest.
    sysctls : tuple of Sysctl
    features : frozenset of str
        Names of features.py; ask `has`.
    phases : tuple of Variant
        The phases of memory_failure() in their order.
    names : mapping
        Functions that are called otherwise than in 2.6.32; ask `called`.
    log, results, users, mm, files
        The records.
    """

    name: str
    title: str
    from_version: tuple[int, int]
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
        """Whether this kernel has a feature. Raises KeyError for a name that is not declared in features.py."""
        return feature in self.features or not FEATURES[feature]

    def phase(self, name: str) -> Variant[Verdict]:
        """This kernel's variant of a phase. Raises StopIteration if it has none."""
        return next(phase for phase in self.phases if phase.name == name)

    def runs(self, name: str) -> bool:
        """Whether one of its phases has that name."""
        return any(phase.name == name for phase in self.phases)

    @property
    def sysctl(self) -> dict[str, int]:
        """Values of the sysctls after boot, by name."""
        return {sysctl.name: sysctl.default for sysctl in self.sysctls}

    def called(self, function: str) -> str:
        """What this kernel calls a function of 2.6.32."""
        return self.names.get(function, function)
