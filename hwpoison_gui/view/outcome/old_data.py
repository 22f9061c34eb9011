"""Whether a read returned old data: the last write to its page was lost with a broken frame, and the read succeeded."""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import Final

import numpy as np

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.filemap import ZERO, can, content_of, disk_content
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.page_mapping import mapping_number
from hwpoison_gui.kernel.profile.variants import Effect
from hwpoison_gui.kernel.records import Inode
from hwpoison_gui.kernel.rmap import page_index
from hwpoison_gui.session.operation import Operation, Parts
from hwpoison_gui.session.peek import at
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.outcome.matched_row import effect_of, matched_row

_CUTS: Final = ("truncate", "punch_hole")  # operations after which old content is expected to be gone


def read_old_data(session: Session, operation: Operation) -> bool:
    """Return whether a complete operation read, by a mapping or a call, data from before a lost write."""
    return _error_behind(session, operation) is not None


def readers_of_old_data(session: Session, error: Operation, tgids: Set[int]) -> set[int]:
    """Those of some processes that have read, since an error, the data from before the write that it lost."""
    found, tasks = set[int](), session.machine.tasks.view
    for operation in session.since(error.last):
        if operation.first >= session.position:
            break
        readers = {tasks[tid].tgid for tid in session.steps.marks[operation.last - 1].tasks} & tgids
        if readers - found:
            behind = _error_behind(session, operation)
            if behind is not None and (behind.first, behind.outcome.pfn) == (error.first, error.outcome.pfn):
                found |= readers
    return found


def _error_behind(session: Session, operation: Operation) -> Operation | None:
    """The error that lost a write to the page that an operation has read, if it got what was there before."""
    m, frames = session.machine, session.steps.marks[operation.last - 1].frames
    if operation.outcome.value is None or not frames:
        return None
    inode, index, dirty = at(
        session,
        operation.last,
        lambda: (m.inode_of(frames[0]), page_index(m, frames[0]), m.page(frames[0]) & pf.DIRTY),
    )
    if inode is None or dirty:
        return None
    for earlier in reversed([one for one in session.operations if one.last <= operation.first]):
        if earlier.name in _CUTS and earlier.args.get("path") == inode.path:
            return None
        for error in _errors_at(m, earlier, index) if earlier.name == "poison" else ():
            if _was_lost(session, error, inode, index, operation.outcome.value):
                return error
    return None


def _errors_at(m: Machine, operation: Operation, index: int) -> Iterable[Operation]:
    """The errors of an operation in frames that had a page of that number of a file, the newest first."""
    parts = operation.parts
    if not isinstance(parts, Parts):
        return (operation,)
    numbers = np.flatnonzero(m.index.view[np.array(parts.pfns, np.int64)] == index).tolist()
    return map(parts.__getitem__, reversed(numbers))


def _was_lost(session: Session, error: Operation, inode: Inode, index: int, value: str) -> bool:
    """Return whether the error lost newer content of that page, and `value` is what was left."""
    m, pfn = session.machine, error.outcome.pfn
    if pfn is None or not _lost_a_write(session, error) or content_of(m, pfn) == value:
        return False
    if int(m.index.view[pfn]) != index or _inode_before(session, error, pfn) != inode.id:
        return False
    return value == at(session, error.last, lambda: _left(m, inode, index))


def _lost_a_write(session: Session, error: Operation) -> bool:
    return effect_of(session.machine.profile, matched_row(session, error)) is Effect.DROPS_DIRTY


def _inode_before(session: Session, error: Operation, pfn: int) -> int:
    """Id of the inode whose page cache lost the frame to the error, 0 if there is none."""
    for step in session.steps[error.first : error.last]:
        for store, key, old, _ in step.changes:
            if store is session.machine.mapping and key == pfn:
                return mapping_number(int(old))
    return 0


def _left(m: Machine, inode: Inode, index: int) -> str:
    return disk_content(m, inode, index) if can(inode, "writeback") else ZERO
