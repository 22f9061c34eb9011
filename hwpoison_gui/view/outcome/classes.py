"""Classes of outcomes of an error in a frame, numbered by severity for the machine.

The number is the code of the outcome lens, so the maximum over many frames is the worst of them.
"""

from __future__ import annotations

from typing import Final

from hwpoison_gui.record import Record


class OutcomeClass(Record):
    """One class: `id` as stored in planes, `key` for code, `name` and `meaning` as shown."""

    id: int
    key: str
    name: str
    meaning: str


OUTSIDE: Final = 0
HOLE: Final = 1
FILTERED: Final = 2
FREE: Final = 3
SILENT: Final = 4
LOST: Final = 5
LATE: Final = 6
EARLY: Final = 7
NAMESPACE: Final = 8
STUCK: Final = 9
IGNORED: Final = 10
INIT: Final = 11
PANICS: Final = 12
POISONED: Final = 13

NO_MEMORY: Final = (OUTSIDE, HOLE)
# Outcomes by which somebody is signalled, content is lost, or the kernel panics, or the page stays with its users.
HARMFUL: Final = (LOST, LATE, EARLY, NAMESPACE, STUCK, INIT, PANICS)

CLASSES: Final[tuple[OutcomeClass, ...]] = (
    OutcomeClass(OUTSIDE, "outside", "outside", "past the last frame"),
    OutcomeClass(HOLE, "hole", "no page", "a hole: no memory at this frame number"),
    OutcomeClass(FILTERED, "filtered", "filtered", "a filter of the injector protects it: nothing happens"),
    OutcomeClass(FREE, "free", "free page", "in no use: the page is taken off the free list, nothing is lost"),
    OutcomeClass(SILENT, "silent", "recovered silently", "its content can be read again: no process is signalled"),
    OutcomeClass(
        LOST,
        "lost",
        "data lost",
        "no process is killed, but the last write is lost; of a file, fsync() may return EIO",
    ),
    OutcomeClass(LATE, "late", "SIGBUS late", "when a process touches it: it dies unless it handles SIGBUS"),
    OutcomeClass(EARLY, "early", "SIGBUS now", "sent to its users at once: each dies unless it handles SIGBUS"),
    OutcomeClass(
        NAMESPACE,
        "namespace",
        "namespace ends",
        "used by the init of a PID namespace that has no handler for SIGBUS: its death kills all of its container",
    ),
    OutcomeClass(STUCK, "failed", "failed", "it cannot be taken from its users"),
    OutcomeClass(IGNORED, "ignored", "ignored", "the kernel's own, or of a kind it cannot handle: it stays in use"),
    OutcomeClass(
        INIT,
        "init",
        "panic late",
        "used by init (PID 1) without a handler for SIGBUS: a touch kills it, and the kernel panics",
    ),
    OutcomeClass(
        PANICS, "panic", "panic", "the machine stops: memory_failure_recovery is 0, or the handler kills init"
    ),
    OutcomeClass(POISONED, "poison", "hardware poison", "broken memory: HWPOISON is set"),
)

# Where there is no room for the whole name.
SHORT: Final = {"silent": "silent", "poison": "poison"}
LONGEST: Final = max((one.name for one in CLASSES), key=len)
