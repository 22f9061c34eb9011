"""The ways in which a broken page hits a process, and what decides which of them it is.

Asked by outcome/impact.py, in a dry run before an error as after a recorded one.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from hwpoison_gui.kernel.filemap import ZERO, can, disk_content
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import Inode, Process

DEAD: Final = "dead"
SIGNALLED: Final = "signalled"
PENDING: Final = "pending"
IGNORED: Final = "ignored"
LATER: Final = "later"
CAUGHT: Final = "caught"
STALE: Final = "stale"
ZEROS: Final = "zeros"
USES: Final = "uses"
SAFE: Final = "safe"

# In the order in which they are told, the worst first.
MEANINGS: Final[dict[str, str]] = {
    DEAD: "Killed",
    SIGNALLED: "Told, and living on",
    PENDING: "The signal waits for",
    LATER: "Dies when it touches the page",
    CAUGHT: "Told when it touches the page",
    IGNORED: "Ignored the signal, dies when it touches the page",
    USES: "Goes on using the broken memory",
    STALE: "Silently reads the old data from disk",
    ZEROS: "Silently reads zeros",
    SAFE: "Safe",
}
# In the room of a box, and in less.
IN_SHORT: Final[dict[str, tuple[str, str]]] = {
    DEAD: ("killed", "killed"),
    SIGNALLED: ("told, lives on", "told"),
    PENDING: ("its signal waits", "waits"),
    LATER: ("dies when it touches it", "dies later"),
    CAUGHT: ("told when it touches it", "told later"),
    IGNORED: ("ignored it, dies touching it", "dies later"),
    USES: ("goes on using it", "uses it"),
    STALE: ("silently reads old data", "old data"),
    ZEROS: ("silently reads zeros", "zeros"),
    SAFE: ("safe", "safe"),
}
# Of several.
OF_MANY: Final = {
    LATER: "will die",
    CAUGHT: "will be told",
    IGNORED: "will die",
    USES: "use it",
    STALE: "read old data",
    ZEROS: "read zeros",
    SAFE: "safe",
}
TONES: Final = {DEAD: "kill", SIGNALLED: "warn", PENDING: "warn", IGNORED: "warn", USES: "kill", SAFE: "good"}
_ORDER: Final = {kind: number for number, kind in enumerate(MEANINGS)}


class Hit(NamedTuple):
    """A process, and how it is hit: one of MEANINGS."""

    tgid: int
    task: str
    kind: str


def worse(one: str, other: str) -> str:
    """The worse of two ways; an empty one is none."""
    if not one or not other:
        return one or other
    return min(one, other, key=_ORDER.__getitem__)


def rank(kind: str) -> int:
    """How bad it is, the worst is 0."""
    return _ORDER[kind]


def when_told(m: Machine, process: Process, tid: int) -> str:
    """What a SIGBUS that may be refused does to a process; empty where it is dropped, for one waits already."""
    task = m.tasks.view[tid]
    if process.sigbus == "ignored" and not task.blocked:
        return IGNORED
    if any(info.signal == "SIGBUS" for info in m.pending.view.get(tid, ())):
        return ""
    if task.blocked or task.stopped:
        return PENDING
    return SIGNALLED if process.sigbus == "handler" else DEAD


def when_touched(m: Machine, process: Process) -> str:
    """The signal of a fault is forced: blocking and ignoring it do not help."""
    return CAUGHT if process.sigbus == "handler" and not m.tasks.view[process.tgid].blocked else LATER


def told_and_touched(told: str, touched: str) -> str:
    """Of a process that was told: what counts. Who ignored it is hit by the touch alone."""
    if told != IGNORED:
        return told or touched
    return IGNORED if touched == LATER else touched


def when_read_again(m: Machine, inode: Inode, number: int) -> str:
    """What a fault reads for a page whose newest content was dropped."""
    on_disk = can(inode, "writeback") and disk_content(m, inode, number) != ZERO
    return STALE if on_disk else ZEROS
