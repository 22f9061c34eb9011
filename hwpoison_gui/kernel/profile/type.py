"""A profile: everything in which one kernel's handler differs from another's, as data.

A profile is features, tables, constants and predicates. The handler asks the profile for them, never for its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .features import FEATURES

if TYPE_CHECKING:
    from ..handler import Handler
    from ..machine import Machine
    from ..mark import Steps
    from ..records import Inode, Process, Vma

IGNORED: Final = "Ignored"
FAILED: Final = "Failed"
DELAYED: Final = "Delayed"
RECOVERED: Final = "Recovered"

# What drops a page of a file on error, unless its file system has a way of its own.
CUTS: Final = "generic_error_remove_page"


@dataclass(frozen=True, slots=True)
class StateRow:
    """A row of the handler's state table: it fits a page when `flags & mask == res`."""

    mask: int
    res: int
    kind: str
    action: str


@dataclass(frozen=True, slots=True)
class Profile:
    """One kernel's handler, and what of the memory manager around it differs.

    `phases`: names of the handler's phases in order (memory_failure.PHASES). `states`: the state
    table, first match wins; `actions`: what its rows name. `names`: functions that are called otherwise
    than in 2009. Log lines are format strings; `pfn`, `comm`, `pid`, `kind`, `result`, `dirty`, `trapno`
    and `users` are filled in. `errno_of`: what the handler returns for a result.
    """

    name: str
    title: str
    from_version: tuple[int, int]  # of the oldest kernel to which this profile is the nearest
    features: frozenset[str]
    sysctl: Mapping[str, int]
    phases: tuple[str, ...]
    states: tuple[StateRow, ...]
    actions: Mapping[str, Callable[[Handler], Steps[str]]]
    names: Mapping[str, str]
    panic_line: str
    prefix: str
    result_line: str
    kill_line: str
    force_kill_line: str
    still_referenced_line: str
    unmap_failed_line: str
    unmap_failed_kind: str  # "": the handler goes on all the same
    errno_of: Mapping[str, int | str]
    has_users: Callable[[int], bool]  # a page with this flag word can be a process's own
    unmap_tries: int
    must_kill: Callable[[int, bool], bool]  # by the page's flag word, and whether it was unmapped
    early_kill_thread: Callable[[Machine, Process], int | None]
    populate_writes: Callable[[Vma], bool]
    reuses: Callable[[Machine, Vma, int, int], bool]  # a write takes the page over instead of copying it
    swap_in: Callable[[Machine, Vma, int, int, bool], int]  # before the page is mapped; the entry's flags
    swapped_in: Callable[[Machine, Vma, int, int], None]  # after that
    madvise_errno: Callable[[int | str], int | str]
    io_refuses: Callable[[Machine, int], bool]
    report_error: Callable[[Machine, Inode, int | None], int | str]
    sync_error: Callable[[Machine, Inode], None]
    exclusive: int  # the flag of an anonymous page that one process alone has, 0 if there is none
    fault_around: int  # pages that a read fault maps along if they are cached
    error_remove_page: Mapping[str, str]  # file system -> what drops a page of its on error

    def has(self, feature: str) -> bool:
        """Whether this kernel has a feature. Raises KeyError for a name that is not declared in features.py."""
        return feature in self.features or not FEATURES[feature]

    @property
    def result_says_dirty(self) -> bool:
        """Whether the result line tells a dirty page apart, instead of the kind in it."""
        return "{dirty}" in self.result_line

    def called(self, function: str) -> str:
        """What this kernel calls a function of 2009."""
        return self.names.get(function, function)

    def keeps_poison(self, filesystem: str) -> bool:
        """Whether files of that sort keep their broken pages, marked, instead of dropping them."""
        return self.error_remove_page.get(filesystem, CUTS) != CUTS
