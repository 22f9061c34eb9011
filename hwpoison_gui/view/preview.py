"""Before the click: what breaking a frame would come to, in a line for the label beside the pointer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import HPAGE_PMD_NR
from hwpoison_gui.session.session import Session
from hwpoison_gui.view import outcomes
from hwpoison_gui.view.assess_cases import Cases
from hwpoison_gui.view.assess_one import Counting
from hwpoison_gui.view.assessment import Fate, fate_of, fate_of_case, frame_without_users, give_users
from hwpoison_gui.view.layout import FRAME_SIZE, amount
from hwpoison_gui.view.summary import summary

MANY: Final = 500  # mappings whose users are counted between other events


class Hover:
    """The label's text for a frame. The last one is kept: a label is painted much more often than it changes.

    Users of a frame that is mapped very often are counted in slices: `work`, until it says that it is done.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._key: tuple[int, int, int] | None = None
        self._summary = self._preview = ""
        self._counting: tuple[Cases, Counting, Iterator[None]] | None = None

    def __call__(self, pfn: int) -> str:
        session, m = self.session, self.session.machine
        key = pfn, session.position, len(session.operations)
        if key != self._key:
            self._key, self._counting = key, None
            self._summary = summary(m, pfn)
            users = int(m.mapcount.view[pfn])
            if users > MANY and not m.panicked:
                case, page = frame_without_users(m, pfn)
                counting = Counting(m, page)
                self._counting = case, counting, counting.work()
                self._preview = f"If it broke: {users:,} mappings are looked through…"
            else:
                self._preview = preview(m, pfn)
        return "\n".join(part for part in (self._summary, self._preview) if part)

    @property
    def counting(self) -> bool:
        """Whether the users of the last frame are still to be counted."""
        return self._counting is not None

    def work(self, seconds: float) -> None:
        """Counts on for a while; of no effect once the machine has changed."""
        session = self.session
        if self._counting is None or self._key is None:
            return
        if self._key[1:] != (session.position, len(session.operations)):
            self._counting = None
            return
        case, counting, slices = self._counting
        end = time.monotonic() + seconds
        for _ in slices:
            if time.monotonic() > end:
                return
        give_users(case, counting.counts)
        self._preview = told(session.machine, self._key[0], fate_of_case(case))
        self._counting = None


def preview(m: Machine, pfn: int) -> str:
    """What would come of it if the frame broke now; nothing for one that cannot break any more."""
    if m.panicked:
        return ""
    return told(m, pfn, fate_of(m, pfn))


def told(m: Machine, pfn: int, fate: Fate) -> str:
    """A fate in words."""
    if fate.code in (outcomes.HOLE, outcomes.POISONED):
        return ""
    if fate.code == outcomes.PANICS:
        return "If it broke: the machine would stop, memory_failure_recovery is 0"
    if fate.code == outcomes.FREE:
        return "If it broke: nobody would miss it, and the allocator never hands it out again"
    parts = [*_hits(fate), *_losses(m, pfn, fate)]
    if fate.code in (outcomes.STUCK, outcomes.IGNORED):
        parts.insert(0, f"{fate.result} ({fate.kind})")
        if not fate.signalled:
            users = int(m.mapcount.view[pfn])
            parts.append("its users go on with it" if users else "the kernel goes on with it")
    return "If it broke: " + ("; ".join(parts) or _silent(m, pfn))


def _hits(fate: Fate) -> list[str]:
    """Who is told, now and later."""
    living = fate.signalled - fate.dead
    hits = []
    if fate.dead or (fate.late and not living):
        hits.append(f"kills {fate.dead:,} now")
    if living:
        hits.append(f"signals {living:,} that live{'s' if living == 1 else ''} on")
    if fate.late:
        hits.append(f"hits {fate.late:,} when touched")
    return [", ".join(hits)] if hits else []


def _losses(m: Machine, pfn: int, fate: Fate) -> list[str]:
    if not fate.lost:
        return []
    size = HPAGE_PMD_NR if m.page(pfn) & pf.HUGE else 1
    inode = m.inode_of(m.compound_head(pfn))
    of = inode.path if inode is not None else "private memory"
    return [f"loses {amount(size * FRAME_SIZE)} of {of}"]


def _silent(m: Machine, pfn: int) -> str:
    """Why nobody is hit."""
    inode = m.inode_of(m.compound_head(pfn))
    if m.page(pfn) & pf.SWAPCACHE:
        return "nobody is told, swap has a copy"
    if inode is not None:
        return "nobody is told, its file still has it"
    return "nobody is told, nothing is lost"
