"""Preview: the prediction for a frame in one line, for the label beside the pointer."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from typing import Final

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.filemap import can
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import HPAGE_PMD_NR
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.hits import CAUGHT, DEAD, IGNORED, LATER, PENDING, SIGNALLED, STALE, USES, ZEROS
from hwpoison_gui.view.base.naming import names
from hwpoison_gui.view.base.units import FRAME_SIZE, amount
from hwpoison_gui.view.outcome import classes as outcomes
from hwpoison_gui.view.outcome.loss_words import path_of
from hwpoison_gui.view.outcome.prediction import Prediction, find_prediction, predict
from hwpoison_gui.view.outcome.summary import summary

AT_ONCE: Final = 0.006  # seconds that a hover may take at once; the rest of a prediction is made between events
_MOST_NAMES: Final = 3

# Impacts in words, for one process and for several.
_SAID: Final = {
    SIGNALLED: ("signals {} that survives", "signals {} that survive"),
    PENDING: ("the signal stays pending for {}", "the signal stays pending for {}"),
    CAUGHT: ("signals {} when touched", "signals {} when touched"),
    IGNORED: ("{} ignores the signal and dies when touching it", "{} ignore the signal and die when touching it"),
    USES: ("{} keeps using it", "{} keep using it"),
    STALE: ("{} silently reads old data", "{} silently read old data"),
    ZEROS: ("{} silently reads zeros", "{} silently read zeros"),
}


class Hover:
    """The label's text for a frame. The last text is kept, since a label is painted much more often than it changes.

    The users of a frame with very many mappers are looked up in slices: call `work` until `counting` is False.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._pfn = -1
        self._stamp: tuple[int, int] | None = None  # of the machine that the text is about
        self._summary = self._preview = ""
        self._slices: Generator[None, None, Prediction] | None = None

    def __call__(self, pfn: int) -> tuple[str, str]:
        """What the frame is, and what an error in it would do (may be empty); the session must be at rest."""
        m, stamp = self.session.machine, self.session.stamp
        if (pfn, stamp) != (self._pfn, self._stamp):
            self._pfn, self._stamp, self._slices = pfn, stamp, None
            self._summary, self._preview = summary(m, pfn), ""
            if not m.panicked:
                self._slices = find_prediction(m, pfn)
                self._preview = "If it broke: looking up its users…"
                self.work(AT_ONCE)
        return self._summary, self._preview

    @property
    def counting(self) -> bool:
        """Whether the prediction for the last frame is still under way."""
        return self._slices is not None

    def work(self, seconds: float) -> None:
        """Go on for about so long; of no effect once the machine has changed."""
        if self._slices is None:
            return
        if self.session.stamp != self._stamp:
            self._slices = None
            return
        assert self.session.recording is None, "an operation is being recorded"
        end = time.monotonic() + seconds
        while True:
            try:
                next(self._slices)
            except StopIteration as stop:
                self._preview, self._slices = words_of(self.session.machine, self._pfn, stop.value), None
                return
            if time.monotonic() >= end:
                return


def preview(m: Machine, pfn: int) -> str:
    """The prediction for a frame in words; empty for a frame that is poisoned or no memory."""
    return words_of(m, pfn, predict(m, pfn)) if not m.panicked else ""


def words_of(m: Machine, pfn: int, ahead: Prediction) -> str:
    """A prediction for frame `pfn` in words."""
    if ahead.code in (outcomes.HOLE, outcomes.POISONED):
        return ""
    if ahead.code == outcomes.PANICS:
        return "If it broke: the machine would stop, memory_failure_recovery is 0"
    if ahead.code == outcomes.FREE:
        return "If it broke: nothing is lost, and the allocator never hands it out again"
    hits, losses = _hits(m, ahead.hits), _losses(m, pfn, ahead)
    parts = [*(hits or ["no process is signalled"] * len(losses)), *losses]
    if ahead.code in (outcomes.STUCK, outcomes.IGNORED):
        parts.insert(0, f"{ahead.result} ({ahead.kind})")
        if len(parts) == 1:
            users = int(m.mapcount.view[pfn])
            parts.append("its users keep it" if users else "the kernel keeps it")
    return "If it broke: " + ("; ".join(parts) or _silent(m, pfn))


def _hits(m: Machine, hits: dict[str, list[int]]) -> list[str]:
    """The impacts in words, with the processes that they hit."""
    dead, later = hits.get(DEAD, ()), hits.get(LATER, ())
    kills = [f"kills {len(dead):,} now{_who(m, dead)}"] if dead or later else []
    if later:
        kills.append(f"{len(later):,} when touched{_who(m, later)}")
    said = [", ".join(kills)] if kills else []
    for impact, words in _SAID.items():
        if impact in hits:
            said.append(words[len(hits[impact]) > 1].format(f"{len(hits[impact]):,}") + _who(m, hits[impact]))
    return said


def _who(m: Machine, tgids: Sequence[int]) -> str:
    """Names of the processes if they are few."""
    return f" ({names([m.processes.view[tgid].name for tgid in tgids])})" if 0 < len(tgids) <= _MOST_NAMES else ""


def _losses(m: Machine, pfn: int, ahead: Prediction) -> list[str]:
    if not ahead.lost:
        return []
    size = HPAGE_PMD_NR if m.page(pfn) & pf.HUGE else 1
    inode = m.inode_of(m.compound_head(pfn))
    of = "private memory" if inode is None else path_of(inode)
    return [f"loses {amount(size * FRAME_SIZE)} of {of}"]


def _silent(m: Machine, pfn: int) -> str:
    """Why no process is hit."""
    inode = m.inode_of(m.compound_head(pfn))
    if m.page(pfn) & pf.SWAPCACHE:
        return "no process is signalled, swap has a copy"
    if inode is not None:
        return "no process is signalled, " + (
            "its file still has it" if can(inode, "writeback") else "nothing was written to it"
        )
    return "no process is signalled, nothing is lost"
