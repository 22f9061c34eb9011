"""Meaning of the kernel's log lines about memory errors, in the wordings from 2.6.32 to 7.2.

Each row of the tables has a pattern and what it is. A line that begins as the handler's do and fits no row is unknown.
Sources: mm/memory-failure.c, mm/hwpoison-inject.c, mm/madvise.c, arch/x86/mm/fault.c, arch/x86/kernel/cpu/mce/core.c,
drivers/edac/edac_mc.c, drivers/acpi/apei/ghes.c, drivers/firmware/efi/cper.c, drivers/ras/cec.c.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from hwpoison_gui.record import Record
from hwpoison_gui.sources.records import event as ev
from hwpoison_gui.sources.records.event import Task


class Meaning(Record):
    """Meaning of a line, without time and place. `pfn` is None where it names no frame."""

    what: str
    pfn: int | None = None
    kind: str = ""
    result: str = ""
    task: Task | None = None
    times: int = 1


_MEANT: Final = 1024  # characters; the kernel's own lines are shorter (LOG_LINE_MAX)
_Build = Callable[[re.Match[str]], Meaning]
_RESULT: Final = r"(?P<result>Ignored|Failed|Delayed|Recovered)"
_TASK: Final = r"(?P<comm>.{0,64}?):(?P<pid>\d{1,10})"
_HEX: Final = r"(?:0x)?(?P<pfn>[0-9a-fA-F]{1,16})"
_NAMED: Final = r"(?P<pfn>0x[0-9a-fA-F]{1,16}|0)"  # %#lx prints 0 without 0x
_NO_FRAME: Final = "memory outside kernel control"


def _pfn(match: re.Match[str]) -> int | None:
    text = match.groupdict().get("pfn")
    return int(text, 16) if text else None


def _is(what: str) -> _Build:
    return lambda match: Meaning(what, _pfn(match))


def _said(what: str) -> _Build:
    """The result is what the line says after its prefix."""
    return lambda match: Meaning(what, _pfn(match), result=match["said"].strip().rstrip(".!"))


def _result(match: re.Match[str]) -> Meaning:
    return Meaning(ev.RESULT, _pfn(match), match["kind"].strip(), match["result"])


def _signal(signal: str, how: str, what: str = ev.SIGNAL) -> _Build:
    return lambda match: Meaning(what, _pfn(match), task=Task(match["comm"], int(match["pid"]), signal, how))


# After "Memory failure: 0xPFN: ", "MCE 0xPFN: " or "MCE: 0xPFN: ". The first that fits counts.
_HANDLER: Final[tuple[tuple[str, _Build], ...]] = (
    (rf"recovery action for (?P<kind>.*): {_RESULT}$", _result),
    (rf"(?P<kind>.*page) recovery: {_RESULT}$", _result),
    (rf"(?P<kind>.*) recovery: {_RESULT}$", _result),
    (rf"Killing {_TASK} early due to hardware memory corruption", _signal("SIGBUS", "sent early")),
    (rf"(?:Killing|Sending SIGBUS to) {_TASK} due to hardware memory corruption", _signal("SIGBUS", "sent")),
    (rf"forcibly killing {_TASK} because of failure to unmap", _signal("SIGKILL", "forced")),
    (r"(?P<said>already hardware poisoned|memory outside kernel control|just unpoisoned|non anonymous thp"
     r"|thp split failed|driver reserved memory|free or high order kernel)", _said(ev.ENDED)),
    (r"(?:corrupted page was clean|keeping poisoned page in swap cache|unhandlable page|can't handle KSM"
     r"|failed to unmap page|.* still referenced by -?\d+ users|Unknown page state|Failed to punch page"
     r"|Failed to invalidate|[Ff]ailed to release buffers|Cannot send advisory machine check signal"
     r"|try_to_unmap retry needed|could not lock mapping|cannot catch tail|.*huge ?page|Unable to find user space"
     r"|unrecoverable page|already poisoned)", _is(ev.NOTE)),
)  # fmt: skip

_SOFT: Final = (
    r"(?P<said>(?:huge)?page already poisoned|invalidated|(?:hugepage )?(?:failed to isolate)|thp split failed"
    r"|failed to split THP|non anonymous thp|.*migration failed -?\d+|.*isolation failed|unknown non LRU page type"
    r"|page is device page|.*unknown zero refcount page type|free (?:huge|buddy) page)"
)
_UNPOISONED: Final = (
    r"(?P<said>[Ss]oftware-unpoisoned (?:free )?page|(?:[Pp]age was |unpoison: |page )?already unpoisoned"
    r"|[Ss]omeone (?:grabs|maps) the hwpoison page|the hwpoison page has non-NULL mapping|failed to grab page"
    r"|[Dd]isabled after HW memory failure|Memory failure is now running on(?: free hugepage)?"
    r"|disabled by .*|.*not supported.*|[Uu]npoisoned free page)"
)

_MCE: Final = r"(?:mce: )?\[Hardware Error\]: "
_GHES: Final = r"(?:\{\d+\})?\[Hardware Error\]: "


def _hardware(match: re.Match[str]) -> Meaning:
    """A line with a physical address."""
    return Meaning(ev.UNCORRECTED, ev.frame_of(int(match["address"], 16)))


# Lines with several free parts are taken apart piece by piece: one pattern could take time cubic in the length.
_EDAC: Final = re.compile(r"(?:(\d{1,9}) )?([CU]E)(?= )")
_EDAC_LABEL: Final = re.compile(r" on ([^(]{1,256}?) ?\(| labels? \"([^\"]{0,256})\"")
_EDAC_PAGE: Final = re.compile(r"page[: ]0x([0-9a-f]{1,16})")
_MC_EVENT: Final = re.compile(r"(\d{1,9}) (Corrected|Uncorrected|Deferred|Fatal|Info) errors?")
_MC_ADDRESS: Final = re.compile(r"\baddr(?:ess:0x|=0x| (?:0x)?)([0-9a-f]{1,16})")
_MC_LABEL: Final = re.compile(r" (?:on|at) (.{1,256}?) (?:\(mc:|location:)")


def _edac(text: str) -> Meaning | None:
    """A line of drivers/edac/edac_mc.c: `EDAC MC0: 1 CE memory read error on DIMM_A1 (… page:0x1c40 …)`."""
    severity, page, label = _EDAC.search(text), _EDAC_PAGE.search(text), _EDAC_LABEL.search(text)
    if severity is None or page is None:
        return None
    what = ev.CORRECTED if severity[2] == "CE" else ev.UNCORRECTED
    named = (label[1] or label[2] or "").strip() if label is not None else ""
    return Meaning(what, int(page[1], 16), kind=named, times=int(severity[1] or 1))


def mc_event(text: str) -> Meaning | None:
    """The tracepoint mc_event of include/ras/ras_event.h, or a line of `ras-mc-ctl --errors`."""
    severity, address, label = _MC_EVENT.search(text), _MC_ADDRESS.search(text), _MC_LABEL.search(text)
    if severity is None:
        return None
    what = ev.CORRECTED if severity[2] in ("Corrected", "Info") else ev.UNCORRECTED
    pfn = ev.frame_of(int(address[1], 16)) if address is not None else None
    return Meaning(what, pfn, kind=label[1] if label is not None else "", times=int(severity[1]))


# Whole lines, after the time stamp. Without `pfn`, the event names no frame.
_LINES: Final[tuple[tuple[str, _Build], ...]] = (
    (rf"(?:MCE: )?Killing {_TASK} due to hardware memory corruption fault at [0-9a-fx]+",
     _signal("SIGBUS", "at a page fault", ev.FAULT)),
    (rf"Injecting memory failure (?:at|for)(?: pfn| page)? ?{_HEX}\b", _is(ev.INJECTED)),
    (rf"Soft offlining (?:pfn|page) {_HEX} at process virtual address", _is(ev.INJECTED)),
    (rf"(?:Kernel panic - not syncing: )Memory failure(?: from trap \d+)? on page {_HEX}", _is(ev.PANIC)),
    (rf"(?:Kernel panic - not syncing: )Memory failure: {_NAMED}: unrecoverable page", _is(ev.PANIC)),
    (rf"(?:Unpoison|MCE): {_UNPOISONED}:? ?{_NAMED}", _said(ev.UNPOISON)),
    (rf"Unpoison: (?:unpoison )?{_NAMED}: {_UNPOISONED}", _said(ev.UNPOISON)),
    (rf"Unpoison: {_UNPOISONED}", _said(ev.UNPOISON)),
    (rf"(?:[Ss]oft[ _]offline(?:_\w+)?|get_any_page|\w*soft_offline\w*): {_NAMED}:? {_SOFT}", _said(ev.SOFT_OFFLINE)),
    (r"[Ss]oft offline: (?P<said>disabled by .*)", _said(ev.SOFT_OFFLINE)),
    (r"Memory failure: (?:Error sending signal to|Unable to find user space address|Out of memory while machine check)"
     r"|MCE: (?:Error sending signal to|Unable to find user space address|Out of memory while machine check)"
     r"|(?:memory_failure|Memory failure): buffer overflow when queuing", _is(ev.NOTE)),
    (rf"(?:RAS: )?Soft-offlining pfn: {_HEX}", _is(ev.CORRECTED)),
    (rf"(?:mce: )?Uncorrected memory error in page {_HEX} ignored", _is(ev.UNCORRECTED)),
    (r"(?:mce: )?(?:Uncorrected hardware memory error in user-access at|Kernel accessed poison in user space at)"
     r" (?P<address>[0-9a-f]+)", _hardware),
    (rf"{_MCE}.*\bADDR (?P<address>[0-9a-f]+)", _hardware),
    (rf"{_GHES} *(?:physical_address|physical address|Physical Address)\s*: ?0x(?P<address>[0-9a-fA-F]+)", _hardware),
)  # fmt: skip

_PREFIX: Final = re.compile(rf"(?:Memory failure: |MCE:? |mce: ){_NAMED}:? (?P<text>.*)$", re.DOTALL)
_HANDLER_LINES: Final = tuple((re.compile(pattern), build) for pattern, build in _HANDLER)
_WHOLE: Final = tuple((re.compile(pattern), build) for pattern, build in _LINES)

# Lines that begin so are the handler's own; one that no row knows is shown.
_OWN: Final = re.compile(
    r"Memory failure: |MCE:? 0x|[Uu]npoison: |[Ss]oft[ _]offline\w*: |MCE: (?:Software|Someone|Page|the hwpoison)"
)
# Lines about hardware errors that name no frame: kept out of "other things", and not unknown.
_HARDWARE: Final = re.compile(rf"{_MCE}|{_GHES}|mce: |RAS: |Memory error not recovered")

HARDWARE: Final = Meaning("hardware")
UNKNOWN: Final = Meaning(ev.UNKNOWN)


def meaning_of(text: str) -> Meaning | None:
    """Parse a line of the kernel log; None if it is unrelated to memory errors.

    Parameters
    ----------
    text
        A line without time stamp, host and level.
    """
    text = text[:_MEANT]
    found = _PREFIX.match(text)
    if found is not None:
        inner = found["text"]
        for pattern, build in _HANDLER_LINES:
            match = pattern.match(inner)
            if match is not None:
                return build(match)._replace(pfn=int(found["pfn"], 16))
    if text.startswith("EDAC "):
        return _edac(text) or HARDWARE
    for pattern, build in _WHOLE:
        match = pattern.match(text)
        if match is not None:
            return build(match)
    if _OWN.match(text):
        return UNKNOWN._replace(pfn=int(found["pfn"], 16) if found is not None else None)
    return HARDWARE if _HARDWARE.match(text) else None


def may_be_anywhere(result: str) -> bool:
    """Return whether the frame of a result may be outside of memory: the kernel says that it does not exist."""
    return result == _NO_FRAME
