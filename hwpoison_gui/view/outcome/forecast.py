"""Before an error: how each process would be hit, from what the handler would do and what the process has there.

The twin of outcome/loss.py, which says the same afterwards, from what was done.
"""

from __future__ import annotations

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.rmap import page_index
from hwpoison_gui.view.base.hits import DEAD, MEANINGS, SAFE, USES, told_and_touched, when_read_again, worse
from hwpoison_gui.view.outcome.cases import HWPOISON, NO_FILE, SWAP, Cases
from hwpoison_gui.view.outcome.one import BARE, HUGE, MAPS, SWAPPED, Person


def forecast(c: Cases, pfn: int, people: dict[Person, list[int]]) -> dict[str, list[int]]:
    """Way to be hit (hits.MEANINGS, the worst first) -> the address spaces of those who are, after `c` was run."""
    ahead, found = _Ahead(c, pfn), dict[str, list[int]]()
    for one, mms in people.items():
        found.setdefault(ahead.way_of(one), []).extend(mms)
    return {way: found[way] for way in MEANINGS if way in found}


class _Ahead:
    """What the handler leaves behind of the one frame of a case."""

    def __init__(self, c: Cases, pfn: int) -> None:
        m = c.m
        self._tells, self._force = bool(c.signalled[0] > 0), not c.unmapped[0]
        self._anon, self._split, self._cut = bool(c.anon[0]), bool(c.was_split[0]), bool(c.cut[0])
        self._entry = int(c.entry_for[0])
        self._in_swap_cache = bool(int(c.before[0]) & pf.SWAPCACHE) and not c.dropped[0]
        self._in_file = bool(c.fs[0] != NO_FILE) and not c.dropped[0]
        self._again = self._when_read(m, pfn) if c.lost[0] else SAFE

    @staticmethod
    def _when_read(m: Machine, pfn: int) -> str:
        inode = m.inode_of(m.compound_head(pfn))
        return when_read_again(m, inode, page_index(m, pfn)) if inode is not None else SAFE

    def way_of(self, one: Person) -> str:
        """The worst that becomes of a process."""
        met = ""
        for has in (MAPS, SWAPPED, BARE):
            if one.has & has:
                met = worse(met, self._met(one, has))
        met = met or SAFE
        listed = one.listed and (not self._split or not self._anon or one.has & HUGE)
        if not self._tells or not listed or (self._anon and not one.has & MAPS):
            return met
        return DEAD if self._force else told_and_touched(one.told, met)

    def _met(self, one: Person, has: int) -> str:
        """What it comes to that the process has an entry for the page, a swap entry or nothing."""
        if has == MAPS and not self._cut and not self._split:
            return USES
        if has == MAPS and self._split and not one.has & HUGE:
            return one.touched if self._anon else self._of_file(one)
        if has == MAPS and self._entry == HWPOISON and self._cut:
            return one.touched
        if has == SWAPPED or (has == MAPS and self._entry == SWAP):
            return one.touched if self._in_swap_cache else SAFE
        return self._of_file(one)

    def _of_file(self, one: Person) -> str:
        """Nothing stands in the page table: the next fault asks the file."""
        return one.touched if self._in_file else self._again
