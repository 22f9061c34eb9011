"""What came of an operation on many frames: one summary, and its frames, the worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.type import DELAYED, FAILED, IGNORED, RECOVERED
from hwpoison_gui.kernel.records import HPAGE_PMD_NR, PAGE_SHIFT
from hwpoison_gui.record import Record
from hwpoison_gui.session.many import named
from hwpoison_gui.session.recall import Question
from hwpoison_gui.session.session import Operation, Session
from hwpoison_gui.view.base.hits import SAFE, USES, counted_hits, when_touched, worse
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.outcome.impact import EFFECTS, find_before
from hwpoison_gui.view.outcome.loss_words import Lost, lost_words
from hwpoison_gui.view.outcome.matched_row import Matched, effect_of, find_table_step, matched_by
from hwpoison_gui.view.words.words import counted

I64 = npt.NDArray[np.int64]

_KILLED: Final = "killed"
_RESULTS: Final = (IGNORED, FAILED, DELAYED, RECOVERED)  # enum mf_result
_SUMMARY: Final = Question["Summary"]("summary of many frames", 2)


class OneFrame(Record):
    """One frame: its part of the operation, who was killed or signalled and lives, by label, and what was lost."""

    part: Operation
    killed: tuple[str, ...]
    signalled: tuple[str, ...]
    lost: Lost

    @property
    def pfn(self) -> int:
        """The frame that broke."""
        assert self.part.outcome.pfn is not None
        return self.part.outcome.pfn

    @property
    def words(self) -> str:
        """What came of it, in a few words."""
        if self.part.outcome.panic:
            return "panic"
        counts = ((len(self.killed), "killed"), (len(self.signalled), "signalled"))
        hit = [f"{count:,} {what}" for count, what in counts if count]
        return ", ".join(hit + ["data lost"] * self.lost.gone + ["left in use"] * self.lost.in_use) or "nothing is lost"

    @property
    def badness(self) -> tuple[bool, int, int, bool, bool]:
        """Panic, processes killed and signalled, lost data, a page left in use: more is worse, the first decides."""
        panic = self.part.outcome.panic
        return panic, len(self.killed), len(self.signalled), self.lost.gone, self.lost.in_use


class Summary(Record):
    """All frames of an operation, at its end.

    `frames`: the worst first. `results`: number of frames by the result of their line, empty for those without one.
    `impacts`: tgid -> the worst impact of all frames on the process (hits.MEANINGS), of its signals, and of what it
    runs into when it touches what it still maps. `asked`: number of frames named; a panic ends the operation early.
    """

    frames: tuple[OneFrame, ...]
    results: Mapping[str, int]
    impacts: Mapping[int, str]
    asked: int

    @property
    def lost(self) -> int:
        """The number of frames of which content is lost."""
        return sum(one.lost.gone for one in self.frames)

    @property
    def in_use(self) -> int:
        """The number of broken frames that were left to their users."""
        return sum(one.lost.in_use for one in self.frames)

    @property
    def panic(self) -> bool:
        """Whether one of the errors stopped the machine."""
        return self.frames[0].part.outcome.panic

    def processes(self, kind: str) -> list[int]:
        """The processes (tgids) with an impact."""
        return [tgid for tgid, impact in self.impacts.items() if impact == kind]


def summary_of(session: Session, operation: Operation) -> Summary:
    """The summary of a complete operation on many frames, as of its end."""
    return session.recall.answer(_SUMMARY, lambda: _find(session, operation), operation)


def _find(session: Session, operation: Operation) -> Summary:
    frames = sorted(_frames(session, operation)[::-1], key=lambda one: one.badness, reverse=True)
    with session.timeline.as_of(operation.last):
        impacts = _impacts(session, operation)
    results = Counter(part.outcome.result or "" for part in operation.parts)
    return Summary(tuple(frames), results, impacts, named(operation.args))


def _frames(session: Session, operation: Operation) -> list[OneFrame]:
    """Each frame with its loss, the last first: the machine walks back once."""
    found = []
    with ExitStack() as stack:
        for part in reversed(operation.parts):
            stack.enter_context(session.timeline.as_of(part.first))
            effects: dict[str, str] = {}
            for seen in part.outcome.signals:
                effects[seen.label] = _KILLED if _KILLED in (seen.effect, effects.get(seen.label)) else seen.effect
            killed = tuple(label for label, effect in effects.items() if effect == _KILLED)
            signalled = tuple(label for label, effect in effects.items() if effect != _KILLED)
            found.append(OneFrame(part, killed, signalled, _loss(session, part)))
    return found


def _loss(session: Session, part: Operation) -> Lost:
    """What was lost with a frame; the machine is as it was before its error."""
    m, outcome = session.machine, part.outcome
    assert outcome.pfn is not None
    marks = session.steps.marks[part.first : part.last]
    number = find_table_step(marks)
    matched = matched_by(marks[number], outcome.pfn) if number is not None else Matched(outcome.pfn, None)
    # Without its places: the handler has found out whether one of their entries is dirty.
    page = to_the_end(find_before(m, outcome.pfn, (), set())).page
    page = page._replace(dirty=page.dirty or bool((matched.word or 0) & pf.DIRTY))
    return lost_words(m, page, outcome.kind, outcome.result, effect_of(m.profile, matched.row))


def _impacts(session: Session, operation: Operation) -> dict[int, str]:
    """tgid -> the worst impact: of signals, of hwpoison entries for the frames, and of entries that still map them."""
    m, names = session.machine, session.world.task_names.view
    found = dict[int, str]()
    for seen in operation.outcome.signals:
        tgid = names[seen.task]
        found[tgid] = worse(found.get(tgid, ""), EFFECTS[seen.effect])
    if m.panicked:
        return found
    pfns = np.array(sorted(part.outcome.pfn or 0 for part in operation.parts), np.int64)
    for tgid, process in m.processes.view.items():
        if process.ended:
            continue
        entry, mapped = _still_there(m, process.mm, pfns)
        if entry or mapped:
            found[tgid] = worse(found.get(tgid, ""), when_touched(m, process) if entry else USES)
    return dict(sorted(found.items()))


def _still_there(m: Machine, mm: int, pfns: I64) -> tuple[bool, bool]:
    """Whether an address space has a hwpoison entry for one of the frames, and whether it still maps one."""
    _, words = m.ptes.arrays(mm)
    named, huge = words >> PAGE_SHIFT, (words & ptes.PSE) != 0
    first = np.searchsorted(pfns, named)
    last = np.searchsorted(pfns, named + np.where(huge, HPAGE_PMD_NR, 1))
    hit = last > first
    present = (words & ptes.PRESENT) != 0
    poison = ~present & ((words & ptes.HWPOISON) != 0) & ((words & ptes.SWAP) == 0)
    return bool((hit & poison).any()), bool((hit & present).any())


def brief(summary: Summary) -> list[str]:
    """The summary in a few clauses, the worst first: who is hit, what is lost, what stays in use."""
    found = counted_hits(kind for kind in summary.impacts.values() if kind != SAFE)
    if summary.lost:
        found.append(f"data of {counted(summary.lost, 'frame')} lost")
    if summary.in_use:
        found.append(f"{counted(summary.in_use, 'frame')} left in use, broken")
    return found


def said_of(summary: Summary) -> str:
    """The summary as a sentence."""
    done = len(summary.frames)
    if summary.panic:
        return f"The kernel gave up at frame {done:,} of {summary.asked:,}: nothing runs any more."
    return f"{', '.join(by_result(summary))}: {'; '.join(brief(summary)) or 'nothing is lost, no process is hit'}."


def worst_of(summary: Summary, most: int = 3) -> str:
    """The worst frames in one line; empty if none of them hurt."""
    bad = [one for one in summary.frames[:most] if any(one.badness)]
    return f"Worst: {', '.join(f'{one.pfn:#x} ({one.words})' for one in bad)}." if bad else ""


def by_result(summary: Summary) -> list[str]:
    """`500 Recovered, 12 Ignored`: frames by result, in the order of the kernel's codes; without a line last."""
    words = [f"{summary.results[result]:,} {result}" for result in _RESULTS if summary.results.get(result)]
    without = summary.results.get("", 0)
    return words + [f"{without:,} without a result line"] * bool(without)
