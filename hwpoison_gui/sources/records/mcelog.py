"""Reads the text of mcelog, whose records have several lines: `CPU 2 BANK 7`, `MISC … ADDR …`, `TIME …`, a severity."""

from __future__ import annotations

import re
from typing import Final

from hwpoison_gui.sources.records import event as ev
from hwpoison_gui.sources.records.event import Event

_HEAD: Final = re.compile(r"Hardware event\. This is not a software error|MCE \d{1,9}$")
_CPU: Final = re.compile(r"(?:mcelog: )?CPU \d{1,6} (?:BANK \d{1,4}|\S.{0,40}$)")
_ADDRESS: Final = re.compile(r"(?:MISC [0-9a-f]{1,16} )?ADDR ([0-9a-f]{1,16})")
_TIME: Final = re.compile(r"TIME (\d{1,12}) ")
_STATUS: Final = re.compile(r"STATUS ([0-9a-f]{1,16})\b")
_OF_RECORD: Final = re.compile(
    r"(?:MCG status|MCi status|MCi_|Corrected error|Uncorrected error|Error enabled|Processor context|RIP|TSC |MCA: "
    r"|STATUS |MCGCAP |CPUID |PPIN |MICROCODE |Memory |SOCKET|Transaction|Large number|Running trigger|\(\w)"
)
_OFFLINED: Final = re.compile(r"(?:mcelog: )?(?:Offlining page|Corrected memory errors on page) ([0-9a-f]{1,16})\b")


class Mcelog:
    """Collects the lines of a record, which ends where another begins."""

    def __init__(self) -> None:
        self._open: Event | None = None

    def line(self, line: str, number: int) -> list[Event] | None:
        """The events that this line completes; None if it is not a line of mcelog."""
        page = _OFFLINED.match(line)
        if page is not None:
            pfn = ev.frame_of(int(page[1], 16))
            return [Event(ev.CORRECTED, None, ev.NO_CLOCK, pfn, "", "", None, 1, line, number)]
        if _HEAD.match(line):
            done = self.rest()
            self._open = Event(ev.UNCORRECTED, None, ev.NO_CLOCK, None, "", "", None, 1, "", number)
            return done
        if self._open is None:
            return None
        return [] if self._field(line) else None

    def _field(self, line: str) -> bool:
        """Add a field to the open record; False if the line is not a field."""
        assert self._open is not None
        address, time, status = _ADDRESS.match(line), _TIME.match(line), _STATUS.match(line)
        if _CPU.match(line):
            self._open = self._open._replace(kind=line.removeprefix("mcelog: ").strip(), text=line)
        elif address is not None:
            pfn = ev.frame_of(int(address[1], 16))
            self._open = self._open._replace(pfn=pfn if pfn <= ev.MOST_PFN else None)
        elif time is not None:
            self._open = self._open._replace(time=float(time[1]), clock=ev.UTC)
        elif status is not None:
            what = ev.UNCORRECTED if int(status[1], 16) & ev.MCI_STATUS_UC else ev.CORRECTED
            self._open = self._open._replace(what=what)
        else:
            return _OF_RECORD.match(line) is not None
        return True

    def rest(self) -> list[Event]:
        """The open record, unless it is empty."""
        done, self._open = self._open, None
        return [done] if done is not None and (done.pfn is not None or done.kind) else []
