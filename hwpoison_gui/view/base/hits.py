"""Impact: the ways in which a broken page hits a process, their words, and which of two counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from hwpoison_gui.record import Record

PANICS: Final = "panics"
DEAD: Final = "dead"
ENDS: Final = "ends"
SIGNALLED: Final = "signalled"
PENDING: Final = "pending"
IGNORED: Final = "ignored"
DROPPED: Final = "dropped"
LATER: Final = "later"
CAUGHT: Final = "caught"
STALE: Final = "stale"
ZEROS: Final = "zeros"
NO_ACCESS: Final = "no access"
USES: Final = "uses"
SAFE: Final = "safe"

# The worst first.
MEANINGS: Final[dict[str, str]] = {
    PANICS: "Init: panics the kernel on touch",
    DEAD: "Killed",
    ENDS: "Init: dies on touch with its PID namespace",
    SIGNALLED: "Signalled, and survives",
    PENDING: "Signal pending",
    LATER: "Dies on touch",
    CAUGHT: "Signalled on touch",
    IGNORED: "Ignored the signal, dies on touch",
    DROPPED: "Init: the signal is dropped",
    USES: "Keeps using the broken page",
    STALE: "Silently reads old data from disk",
    ZEROS: "Silently reads zeros",
    NO_ACCESS: "Cannot touch it (PROT_NONE)",
    SAFE: "Safe",
}
# To fit a box, and a narrow one.
IN_SHORT: Final[dict[str, tuple[str, str]]] = {
    PANICS: ("panics the kernel on touch", "panic on touch"),
    DEAD: ("killed", "killed"),
    ENDS: ("dies on touch with its PID namespace", "namespace dies"),
    SIGNALLED: ("signalled, survives", "signalled"),
    PENDING: ("signal pending", "pending"),
    LATER: ("dies on touch", "dies on touch"),
    CAUGHT: ("signalled on touch", "SIGBUS on touch"),
    IGNORED: ("ignored it, dies on touch", "dies on touch"),
    DROPPED: ("signal dropped", "dropped"),
    USES: ("keeps using it", "uses it"),
    STALE: ("silently reads old data", "old data"),
    ZEROS: ("silently reads zeros", "zeros"),
    NO_ACCESS: ("cannot touch it (PROT_NONE)", "PROT_NONE"),
    SAFE: ("safe", "safe"),
}
# Of several processes, after their number.
OF_MANY: Final = {
    PANICS: "panic the kernel on touch",
    ENDS: "die on touch with their PID namespaces",
    LATER: "die on touch",
    CAUGHT: "signalled on touch",
    IGNORED: "die on touch",
    USES: "use it",
    STALE: "read old data",
    ZEROS: "read zeros",
    NO_ACCESS: "cannot touch it (PROT_NONE)",
    SAFE: "safe",
}
_OF_ONE: Final = {
    PANICS: "panics the kernel on touch", ENDS: "dies on touch with its PID namespace", LATER: "dies on touch",
    IGNORED: "dies on touch", USES: "uses it", STALE: "reads old data", ZEROS: "reads zeros",
}  # fmt: skip
_BY_SIGNAL: Final = {DEAD: "killed", SIGNALLED: "signalled", PENDING: "pending"}
TONES: Final = {
    PANICS: "kill", DEAD: "kill", SIGNALLED: "warn", PENDING: "warn", IGNORED: "warn", USES: "kill", SAFE: "good"
}  # fmt: skip
ON_TOUCH: Final = frozenset({PANICS, ENDS, LATER, CAUGHT, USES, NO_ACCESS})  # impacts of the next touch of a page
_ORDER: Final = {kind: number for number, kind in enumerate(MEANINGS)}


class Hit(Record):
    """A process and its impact, a key of MEANINGS."""

    tgid: int
    task: str
    kind: str


MOST_ERRORS: Final = 8  # frames broken last, whose impact Tasks shows; an older one costs a look at the past


class Fate(Record):
    """The worst impact of these errors on a process, a key of MEANINGS, and the frame whose error has it."""

    kind: str
    pfn: int


def keep_worse(found: dict[int, Fate], tgid: int, fate: Fate) -> None:
    """Keeps the worse of two impacts on a process; of equal ones the first."""
    if tgid not in found or rank(fate.kind) < rank(found[tgid].kind):
        found[tgid] = fate


def counted_hits(kinds: Iterable[str], signals: bool = True) -> list[str]:
    """Numbers of processes by their impact, the worst first: `4 killed`, `1 dies on touch`.

    `signals`: whether the impact of signals is counted, too.
    """
    count = Counter(kinds)
    words = {**_BY_SIGNAL, **OF_MANY} if signals else OF_MANY
    return [f"{count[kind]:,} {_OF_ONE.get(kind, word) if count[kind] == 1 else word}"
            for kind, word in words.items() if count[kind]]  # fmt: skip


def worse(one: str, other: str) -> str:
    """The worse of two impacts; an empty string is no impact."""
    if not one or not other:
        return one or other
    return min(one, other, key=_ORDER.__getitem__)


def rank(kind: str) -> int:
    """The severity of an impact; the worst is 0."""
    return _ORDER[kind]


def signalled_and_touched(effect: str, touched: str) -> str:
    """Combine the effect of the signal on a process, empty if none was sent, with the impact of its next touch.

    The touch counts only if the process ignored the signal, got none, or was an init to which it was not delivered. The
    death of an init always counts, as it takes other processes with it.
    """
    if touched in (PANICS, ENDS) and effect != DEAD:
        return touched
    if effect not in (IGNORED, DROPPED):
        return effect or touched
    return IGNORED if effect == IGNORED and touched == LATER else touched
