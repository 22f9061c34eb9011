"""Impact: the ways in which a broken page hits a process, the words for each, and which of two counts."""

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


class Impact(Record):
    """A way in which a broken page hits a process. Pairs of words are for one process and for several.

    Attributes
    ----------
    kind : str
        One of the names above.
    meaning : str
        A line of its own, or what precedes the names.
    clause, narrow : str
        After the name of one process, to fit a box, and a narrow one.
    counted : (str, str)
        After the number of processes; empty for an impact that is not counted.
    ahead : (str, str)
        With their number, what follows "If it broke:"; empty where a preview tells it otherwise.
    summary : (str, str)
        With their names, of an error that was handled; empty where the signals that were sent tell it.
    named : str
        After the number of several whose names follow, where that is not `counted`.
    tone : str
        Colour of the theme.
    delivered : bool
        A signal that was delivered or waits, whatever the next touch does.
    on_touch : bool
        The next touch of a page has it.
    """

    kind: str
    meaning: str
    clause: str
    narrow: str
    counted: tuple[str, str] = ("", "")
    ahead: tuple[str, str] = ("", "")
    summary: tuple[str, str] = ("", "")
    named: str = ""
    tone: str = "warn"
    delivered: bool = False
    on_touch: bool = False


# The worst first.
_IMPACTS: Final = (
    Impact(
        PANICS, "Panics the kernel on touch", "panics the kernel on touch", "panic on touch",
        counted=("process panics the kernel on touch", "processes panic the kernel on touch"),
        ahead=("panics the kernel when touched", "panics the kernel when touched"),
        summary=("the kernel panics when {names} touches it", "the kernel panics when {names} touch it"),
        tone="kill", on_touch=True,
    ),
    Impact(DEAD, "Killed", "killed", "killed", counted=("killed", "killed"), tone="kill", delivered=True),
    Impact(
        ENDS, "Dies on touch, and its PID namespace with it", "dies on touch with its PID namespace", "namespace dies",
        counted=("dies on touch with its PID namespace", "die on touch with their PID namespaces"),
        ahead=("ends {} PID namespace when touched", "ends {} PID namespaces when touched"),
        summary=("{names} dies on touch, and its PID namespace with it",
                 "{names} die on touch, and their PID namespaces with them"),
        on_touch=True,
    ),
    Impact(
        SIGNALLED, "Signalled, and survives", "signalled, survives", "signalled",
        counted=("signalled", "signalled"), named="signalled, survive",
        ahead=("signals {} that survives", "signals {} that survive"),
        delivered=True,
    ),
    Impact(
        PENDING, "Signal pending", "signal pending", "pending",
        counted=("pending", "pending"), named="signal pending",
        ahead=("the signal stays pending for {}", "the signal stays pending for {}"),
        delivered=True,
    ),
    Impact(
        LATER, "Dies on touch", "dies on touch", "dies on touch",
        counted=("dies on touch", "die on touch"),
        summary=("{names} dies on touch", "{names} die on touch"),
        on_touch=True,
    ),
    Impact(
        CAUGHT, "Signalled on touch", "signalled on touch", "SIGBUS on touch",
        counted=("signalled on touch", "signalled on touch"),
        ahead=("signals {} when touched", "signals {} when touched"),
        summary=("{names} will be signalled on touch", "{names} will be signalled on touch"),
        on_touch=True,
    ),
    Impact(
        IGNORED, "Ignored the signal, dies on touch", "ignored it, dies on touch", "dies on touch",
        counted=("dies on touch", "die on touch"),
        ahead=("{} ignores the signal and dies when touching it", "{} ignore the signal and die when touching it"),
        summary=("{names} ignored SIGBUS, and dies on touch", "{names} ignored SIGBUS, and die on touch"),
    ),
    Impact(DROPPED, "The signal is dropped, as for any init", "signal dropped", "dropped", named="dropped"),
    Impact(
        USES, "Keeps using the broken page", "keeps using it", "uses it",
        counted=("uses it", "use it"),
        ahead=("{} keeps using it", "{} keep using it"),
        summary=("{names} keeps using it", "{names} keep using it"),
        tone="kill", on_touch=True,
    ),
    Impact(
        STALE, "Silently reads old data from disk", "silently reads old data", "old data",
        counted=("reads old data", "read old data"),
        ahead=("{} silently reads old data", "{} silently read old data"),
        summary=("{names} will silently read old data", "{names} will silently read old data"),
    ),
    Impact(
        ZEROS, "Silently reads zeros", "silently reads zeros", "zeros",
        counted=("reads zeros", "read zeros"),
        ahead=("{} silently reads zeros", "{} silently read zeros"),
        summary=("{names} will silently read zeros", "{names} will silently read zeros"),
    ),
    Impact(
        NO_ACCESS, "Cannot touch it (PROT_NONE)", "cannot touch it (PROT_NONE)", "PROT_NONE",
        counted=("cannot touch it (PROT_NONE)", "cannot touch it (PROT_NONE)"),
        ahead=("{} cannot touch it (PROT_NONE)", "{} cannot touch it (PROT_NONE)"),
        summary=("{names} cannot touch it (PROT_NONE)", "{names} cannot touch it (PROT_NONE)"),
        on_touch=True,
    ),
    Impact(SAFE, "Safe", "safe", "safe", counted=("safe", "safe"), tone="good"),
)  # fmt: skip
IMPACTS: Final = {impact.kind: impact for impact in _IMPACTS}  # the worst first
_RANK: Final = {kind: number for number, kind in enumerate(IMPACTS)}
# Signals come before touches where impacts are counted.
_COUNTED: Final = tuple(sorted((one for one in _IMPACTS if one.counted[0]), key=lambda one: not one.delivered))


class Hit(Record):
    """A process and its impact, a key of IMPACTS."""

    tgid: int
    task: str
    kind: str


MOST_ERRORS: Final = 8  # frames broken last whose impact Tasks shows; an older one takes a walk back over its steps


class Fate(Record):
    """The worst impact of these errors on a process, a key of IMPACTS, and the frame whose error has it."""

    kind: str
    pfn: int


def keep_worse(found: dict[int, Fate], tgid: int, fate: Fate) -> None:
    """Keep the worse of two impacts on a process; of equal ones the first."""
    if tgid not in found or rank(fate.kind) < rank(found[tgid].kind):
        found[tgid] = fate


def counted_hits(kinds: Iterable[str], signals: bool = True) -> list[str]:
    """Numbers of processes by their impact, the worst first: `4 killed`, `1 dies on touch`.

    `signals`: whether the impact of signals is counted, too.
    """
    count = Counter(kinds)
    told = (impact for impact in _COUNTED if count[impact.kind] and (signals or not impact.delivered))
    return [f"{count[impact.kind]:,} {impact.counted[count[impact.kind] > 1]}" for impact in told]


def worse(one: str, other: str) -> str:
    """The worse of two impacts; an empty string is no impact."""
    if not one or not other:
        return one or other
    return min(one, other, key=_RANK.__getitem__)


def rank(kind: str) -> int:
    """The severity of an impact; the worst is 0."""
    return _RANK[kind]


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
