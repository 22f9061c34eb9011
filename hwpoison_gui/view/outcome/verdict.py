"""The summary of a finished operation, in one sentence: its result line, its impact, and what is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Final

from hwpoison_gui.kernel.exit import INIT_DIED
from hwpoison_gui.kernel.hwpoison_inject import REFUSED
from hwpoison_gui.kernel.migrate import MOVED
from hwpoison_gui.kernel.profile.type import RECOVERED
from hwpoison_gui.kernel.records import label_of
from hwpoison_gui.kernel.soft_offline import FILTERED, SET_ASIDE
from hwpoison_gui.session.operation import Operation
from hwpoison_gui.session.outcome import Outcome, SignalSeen
from hwpoison_gui.session.recall import Question
from hwpoison_gui.session.session import DONE, Session
from hwpoison_gui.view.base.impacts import DEAD, ENDS, IGNORED, IMPACTS, LATER, PANICS, USES
from hwpoison_gui.view.base.mappers import mappers_unknown, not_known
from hwpoison_gui.view.base.naming import names
from hwpoison_gui.view.outcome.impact_now import impact_now
from hwpoison_gui.view.outcome.loss import Loss, loss_of
from hwpoison_gui.view.outcome.old_data import read_old_data
from hwpoison_gui.view.words.lookup import clause_of, why_of
from hwpoison_gui.view.words.words import counted

_MOST_NAMES: Final = 5

# Effects of signals, for one process and for several.
_EFFECTS: Final = {
    "killed": ("{signal} killed {names}", "{signal} killed {names}"),
    "handled": ("{names} caught {signal} and survives", "{names} caught {signal} and survive"),
    "pending": ("{signal} is pending for {names}", "{signal} is pending for {names}"),
    "dropped": (
        "{signal} for {names} is dropped, as it is an init",
        "{signal} for {names} is dropped, as they are inits",
    ),
}
_OF_ERROR: Final = Question[str]("summary of an error", 3)  # counted over all its users, and shown at each look
_REFUSED: Final = REFUSED | {FILTERED}
_FATAL: Final = (PANICS, DEAD, ENDS, LATER, IGNORED)
_RUNS_ON: Final = "the machine runs on"
_PANIC: Final = "The kernel gave up on purpose: nothing runs any more; step back, or start a new machine."
_INIT_DIED: Final = "{signals}; without init the kernel cannot go on; step back, or start a new machine."


def verdict(session: Session, operation: Operation) -> str:
    """The summary of a finished operation; empty if its last step says everything."""
    outcome = operation.outcome
    if operation.parts:
        from hwpoison_gui.view.outcome.many import said_of  # imported here to keep start-up fast
        from hwpoison_gui.view.outcome.summing import summary_of

        return said_of(summary_of(session, operation))
    if outcome.panic:
        died = session.steps.marks[operation.last - 1].site is INIT_DIED
        return _INIT_DIED.format(signals="; ".join(_signals(outcome.signals)) or "Init exited") if died else _PANIC
    if outcome.filtered:
        return _of_filtered(session, operation)
    if operation.name == "poison" and (loss := loss_of(session, operation)) is not None:
        return session.recall.answer(_OF_ERROR, lambda: _of_error(session, outcome, loss), operation)
    if operation.name == "soft_offline" and not outcome.errno:
        return _of_soft_offline(session, operation)
    if operation.name == "unpoison" and not outcome.errno:
        return _of_unpoison(session, operation)
    parts = _signals(outcome.signals)
    if outcome.value is not None:
        old = (
            ", which is old: the last write was lost, and the read does not say so"
            if read_old_data(session, operation)
            else ""
        )
        parts.append(f"{_who(session, operation.args.get('task', ''))} read “{outcome.value}”{old}")
    if refused(outcome):
        mark = session.steps.marks[operation.last - 1]
        if mark.site is DONE[operation.name]:
            return f"The call returned −{outcome.errno}."
        if outcome.errno not in (mark.site.branch, *mark.args):  # else the step says it
            parts = [clause_of(mark), f"the call returned −{outcome.errno}"]
    return f"{'; '.join(parts)}." if parts else ""


def _who(session: Session, task: str) -> str:
    tgid = session.world.task_names.view.get(task)
    return session.label_of(tgid) if tgid is not None else "it"


def refused(outcome: Outcome) -> bool:
    """Return whether a call failed and nothing else came of it: then its last step is part of the summary."""
    return bool(outcome.errno) and outcome.value is None and not _signals(outcome.signals)


def _of_filtered(session: Session, operation: Operation) -> str:
    """Name the filter of the injector that refused the error, in the words of its step."""
    marks = session.steps.marks[operation.first : operation.last]
    found = next(mark for mark in reversed(marks) if mark.site in _REFUSED)
    return f"{clause_of(found)}, because {why_of(found)}."


def _of_soft_offline(session: Session, operation: Operation) -> str:
    """The frame that holds the content now; empty if the frame was offlined before."""
    marks = session.steps.marks[operation.first : operation.last]
    if not any(mark.site is SET_ASIDE for mark in marks):
        return ""
    to = next((mark.frames[1] for mark in marks if mark.site is MOVED), None)
    kept = "the page was not in use" if to is None else f"the page was migrated to frame {to:#x}"
    return f"Offlined: {kept}; nothing is lost."


def _of_unpoison(session: Session, operation: Operation) -> str:
    """Name the processes whose hwpoison entry was left; empty if there is none."""
    pfn = operation.outcome.pfn
    left = impact_now(session, pfn) if pfn is not None else {}
    if not left:
        return ""
    said = _ahead({kind: [session.label_of(tgid) for tgid in left if left[tgid] == kind] for kind in {*left.values()}})
    entry = counted(len(left), "process still has its hwpoison entry", "processes still have their hwpoison entries")
    return f"Unpoisoned, but {entry}: {'; '.join(said)}."


def _of_error(session: Session, outcome: Outcome, loss: Loss) -> str:
    """The result line, the impact, and what is lost."""
    hit = loss.names()
    ahead = _ahead(hit)
    if ahead and loss.again:
        ahead[0] = f"as before, {ahead[0]}"
    parts = [*_signals(outcome.signals), *_covering(loss), *ahead]
    if _is_unknown(session, outcome):
        parts.append(not_known(session.machine))
    elif not parts:
        parts = ["no process is signalled"]
    if outcome.result == RECOVERED and not hit.keys().isdisjoint(_FATAL):
        parts.insert(0, _RUNS_ON)
    if loss.brief and not (loss.in_use and USES in hit):
        parts.append(loss.brief)
    went = _went(session, outcome)
    return f"{went}: {'; '.join(parts)}." if went else f"{'; '.join(parts)}."


def _is_unknown(session: Session, outcome: Outcome) -> bool:
    return outcome.pfn is not None and mappers_unknown(session.machine, outcome.pfn)


def _went(session: Session, outcome: Outcome) -> str:
    """The result line as the kernel words it; without one, what the handler logged instead."""
    if outcome.result is not None:
        # The old handler's word "dirty" stands before the kind, the new one's in it.
        dirty = outcome.dirty and session.machine.profile.has("result_says_dirty")
        return f"{outcome.result} ({'dirty ' if dirty else ''}{outcome.kind})"
    errno = f"−{outcome.errno}" if outcome.errno else ""
    if outcome.already_poisoned:
        return "Already hardware poisoned" + (f" ({errno})" if errno else "")
    return errno


def _signals(signals: Sequence[SignalSeen]) -> list[str]:
    who: dict[str, dict[str, dict[tuple[str, int], None]]] = {effect: {} for effect in _EFFECTS}
    for seen in signals:
        if seen.effect in who:
            who[seen.effect].setdefault(seen.signal, {})[seen.comm, seen.pid] = None
    return [
        words[len(tasks) > 1].format(signal=signal, names=_few(tasks))
        for effect, words in _EFFECTS.items()
        for signal, tasks in who[effect].items()
    ]


def _few(tasks: Mapping[tuple[str, int], None]) -> str:
    """Name the first of the processes; there may be ten thousand."""
    first = [label_of(comm, pid) for comm, pid in islice(tasks, _MOST_NAMES)]
    return names(first, _MOST_NAMES, len(tasks))


def _covering(loss: Loss) -> list[str]:
    """Why more processes are signalled than mapped the page."""
    if not loss.covering:
        return []
    has = "has a VMA" if len(loss.covering) == 1 else "have a VMA"
    return [f"{names(loss.covering, _MOST_NAMES)} only {has} over the page, and no PTE for it"]


def _ahead(hit: Mapping[str, Sequence[str]]) -> list[str]:
    """Impacts that are still to come, with the names of the processes that `hit` has for each."""
    found = ((impact.summary, hit.get(impact.kind)) for impact in IMPACTS.values() if impact.summary[0])
    return [words[len(who) > 1].format(names=names(who, _MOST_NAMES)) for words, who in found if who]
