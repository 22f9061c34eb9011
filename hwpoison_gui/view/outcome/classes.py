"""Classes of what poisoning a frame comes to, numbered by what is the worse for the machine.

The number is the code of the outcome lens, so the maximum of many frames is their summary.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.profile.type import DELAYED, FAILED, RECOVERED
from hwpoison_gui.view.outcome.cases import HWPOISON, NO_FILE, Cases, has


class OutcomeClass(NamedTuple):
    """One class: `id` as stored in planes, `key` for code, `name` and `meaning` for people."""

    id: int
    key: str
    name: str
    meaning: str


OUTSIDE: Final = 0
HOLE: Final = 1
FREE: Final = 2
SILENT: Final = 3
LOST: Final = 4
LATE: Final = 5
EARLY: Final = 6
STUCK: Final = 7
IGNORED: Final = 8
PANICS: Final = 9
POISONED: Final = 10

CLASSES: Final[tuple[OutcomeClass, ...]] = (
    OutcomeClass(OUTSIDE, "outside", "outside", "past the last frame"),
    OutcomeClass(HOLE, "hole", "no page", "a hole: no memory at this frame number"),
    OutcomeClass(FREE, "free", "set aside", "free: the allocator never hands it out again, nobody misses it"),
    OutcomeClass(SILENT, "silent", "recovered silently", "what was on it can be read again: nobody is told"),
    OutcomeClass(
        LOST,
        "lost",
        "data lost",
        "nobody is killed, but the last write is gone; of a file on disk, fsync says EIO once",
    ),
    OutcomeClass(LATE, "late", "SIGBUS when touched", "for whoever touches it: who does not catch it dies then"),
    OutcomeClass(EARLY, "early", "SIGBUS now", "at once for those who use it: who does not catch it dies"),
    OutcomeClass(STUCK, "failed", "failed", "it cannot be taken from those who use it"),
    OutcomeClass(IGNORED, "ignored", "ignored", "the kernel's own, or of a kind it cannot handle: it stays in use"),
    OutcomeClass(PANICS, "panic", "panic", "memory_failure_recovery is 0: the machine stops"),
    OutcomeClass(POISONED, "poison", "hardware poison", "broken memory: HWPOISON is set"),
)

SHORT: Final = {
    "silent": "silent", "late": "SIGBUS late", "early": "SIGBUS now", "free": "set aside", "poison": "poison",
}  # fmt: skip

PANIC: Final = "panic"
_OF_RESULT: Final[dict[str | int | None, int]] = {
    RECOVERED: SILENT, DELAYED: SILENT, FAILED: STUCK, PANIC: PANICS,
}  # fmt: skip


def codes_of(c: Cases) -> npt.NDArray[np.uint8]:
    """The class of each case that the handler is through with."""
    codes = np.array([_OF_RESULT.get(word, IGNORED) for word in c.words], np.uint8)[c.result]
    recovered = codes == SILENT
    for code, which in ((LOST, c.lost), (LATE, (c.late > 0) | _waited_for(c)), (EARLY, c.signalled > 0)):
        codes[recovered & which] = code
    panics = codes == PANICS
    before = c.before
    # A free frame is ignored in 2009 and recovered later: in both it is out of the way.
    unused = (c.refs_before == 0) & (has(before, pf.BUDDY) | c.on_pcp)
    codes[unused & ~panics] = FREE
    codes[recovered & (c.refs_before == 0)] = FREE
    codes[c.errno == c.word("EHWPOISON")] = POISONED
    codes[has(before, pf.NOPAGE)] = HOLE
    codes[has(before, pf.HWPOISON)] = POISONED
    return codes


def _waited_for(c: Cases) -> npt.NDArray[np.bool_]:
    """Its file keeps the broken page, and some area has nothing there: its fault finds it."""
    marked = np.where(c.cut & (c.entry_for == HWPOISON), c.user["found"], 0)
    bare = c.user["areas"] - c.user["taken"] - marked
    found: npt.NDArray[np.bool_] = (c.fs != NO_FILE) & ~c.dropped & (bare > 0)
    return found
