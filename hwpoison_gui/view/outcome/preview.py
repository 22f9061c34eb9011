"""Preview: the prediction for a frame in one line, for the label beside the pointer."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Final

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.filemap import can
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import HPAGE_PMD_NR
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.impacts import DEAD, IMPACTS, LATER
from hwpoison_gui.view.base.mappers import captured_words, mappers_unknown, not_known
from hwpoison_gui.view.base.naming import names
from hwpoison_gui.view.base.units import FRAME_SIZE, amount
from hwpoison_gui.view.outcome import classes as outcomes
from hwpoison_gui.view.outcome.loss_words import content_name
from hwpoison_gui.view.outcome.prediction import Prediction, find_predicted
from hwpoison_gui.view.words.hwpoison_filter import why_filtered

_MOST_NAMES: Final = 3
_NOBODY: Final = "no process is signalled"


def find_preview(session: Session, pfn: int) -> Generator[None, None, str]:
    """The prediction for a frame in words, in slices; empty once the machine has stopped."""
    if session.machine.panicked:
        return ""
    return words_of(session.machine, pfn, (yield from find_predicted(session, pfn)))


def words_of(m: Machine, pfn: int, ahead: Prediction) -> str:
    """A prediction for frame `pfn` in words; empty for a frame that is poisoned or no memory."""
    if ahead.code in (outcomes.HOLE, outcomes.POISONED):
        return ""
    if ahead.code == outcomes.FILTERED:
        return f"If an error were injected: nothing would happen, because {why_filtered(ahead.filtered_by)}"
    if ahead.code == outcomes.PANICS:
        why = "init is killed" if ahead.hits else "memory_failure_recovery is 0"
        return f"If it broke: the machine would stop, {why}"
    if ahead.code == outcomes.FREE:
        return "If it broke: nothing is lost, and the allocator never hands it out again"
    hits, losses = [*_hits(m, ahead.hits), *_covering(ahead)], _losses(m, pfn, ahead)
    unknown = mappers_unknown(m, pfn)
    unhit = [not_known(m) if unknown else _NOBODY]
    parts = [*(hits or unhit * len(losses)), *losses]
    if hits and unknown:
        parts.insert(len(hits), not_known(m))
    if ahead.code in (outcomes.STUCK, outcomes.IGNORED):
        parts.insert(0, f"{ahead.result} ({ahead.kind})")
        if len(parts) == 1 and unknown:
            parts.append(not_known(m))
        elif len(parts) == 1:
            users = int(m.mapcount.view[pfn])
            bare = not m.page(pfn) and not m.refcount.get(pfn)
            parts.append("its users keep it" if users else "it is left as it is" if bare else "the kernel keeps it")
    head = "If it broke, by its flags alone: " if unknown and not captured_words(m) else "If it broke: "
    return head + ("; ".join(parts) or _silent(m, pfn))


def _hits(m: Machine, hits: dict[str, list[int]]) -> list[str]:
    """The impacts in words, with the processes that they hit."""
    dead, later = hits.get(DEAD, ()), hits.get(LATER, ())
    kills = [f"{len(who):,} {when}{_who(m, who)}" for who, when in ((dead, "now"), (later, "when touched")) if who]
    said = [f"kills {', '.join(kills)}"] if kills else []
    for impact in IMPACTS.values():
        if impact.ahead[0] and (who := hits.get(impact.kind)):
            said.append(impact.ahead[len(who) > 1].format(f"{len(who):,}") + _who(m, who))
    return said


def _covering(ahead: Prediction) -> list[str]:
    """Why more processes are signalled than map the frame."""
    count = len(ahead.covering)
    return [f"{count:,} of them only by a VMA, without a PTE"] if count else []


def _who(m: Machine, tgids: Sequence[int]) -> str:
    """Names of the processes if they are few."""
    return f" ({names([m.processes.view[tgid].label for tgid in tgids])})" if 0 < len(tgids) <= _MOST_NAMES else ""


def _losses(m: Machine, pfn: int, ahead: Prediction) -> list[str]:
    if not ahead.lost:
        return []
    size = HPAGE_PMD_NR if m.page(pfn) & pf.HUGE else 1
    inode = m.inode_of(m.compound_head(pfn))
    of = "anonymous memory" if inode is None else content_name(inode)
    return [f"loses {amount(size * FRAME_SIZE)} of {of}"]


def _silent(m: Machine, pfn: int) -> str:
    """Why no process is hit."""
    inode = m.inode_of(m.compound_head(pfn))
    if mappers_unknown(m, pfn):
        return not_known(m)
    if m.page(pfn) & pf.SWAPCACHE:
        return "no process is signalled; swap has a copy"
    if inode is not None:
        return "no process is signalled; " + (
            "its file still has the data" if can(inode, "writeback") else "nothing was written to it"
        )
    return "no process is signalled; nothing is lost"
