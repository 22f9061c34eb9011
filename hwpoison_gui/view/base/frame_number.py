"""Understands a number, a physical address or a line of the kernel log as a frame.

One rule for all fields: hexadecimal with 0x, decimal without.
"""

from __future__ import annotations

import re
from typing import Final

from hwpoison_gui.kernel.records import PAGE_SHIFT
from hwpoison_gui.record import Record

_NUMBER: Final = re.compile(r"0[xX][0-9a-fA-F]{1,16}|[0-9]{1,20}", re.ASCII)
_BARE_HEX: Final = re.compile(r"[0-9a-fA-F]*[a-fA-F][0-9a-fA-F]*")
_HEX: Final = r"(0x[0-9a-f]{1,16})"
# Texts after which the kernel prints a pfn; in a log the time stands before it.
_LOG_LINES: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\bMCE {_HEX}\b",
        rf"\bmemory failure: {_HEX}\b",
        rf"\bsoft[ _]offline(?:_page)?: {_HEX}\b",
        rf"\bunpoison: .*?{_HEX}",
        rf"\bpfn[ :=]+{_HEX}\b",
        rf"\bpage:{_HEX}\b",  # EDAC
    )
)
# The kernel prints physical addresses of machine checks with and without 0x.
_ADDRESSES: Final = re.compile(
    r"\b(?:phys|physical[ _]address|addr(?:/misc(?:/synd)?)?|error in (?:user|kernel)-access at)[ :=]+"
    r"(?:0x)?([0-9a-f]{4,16})\b",
    re.IGNORECASE,
)


class TakenFrame(Record):
    """A frame, and what the text was taken for in words. `pfn` may lie past the last frame.

    `address`: the physical address in bytes, if the text is one.
    """

    pfn: int
    words: str
    address: int | None = None


def number_of(text: str) -> int | None:
    """The value of a number by the rule of all fields; None for anything else."""
    if not _NUMBER.fullmatch(text):
        return None
    return int(text, 16 if text[:2].lower() == "0x" else 10)


def frame_taken(text: str, frames: int) -> TakenFrame | None:
    """The frame that a text means.

    Parameters
    ----------
    text
        A pfn, a physical address in bytes, or a log line.
    frames
        The number of frames: what is no pfn of the machine may be a physical address.

    Returns
    -------
    TakenFrame or None
        None if the text is none of these, such as the name of a page.
    """
    text = text.strip()
    number = number_of(text.removeprefix("pfn:"))
    return frame_in_line(text) if number is None else frame_of_number(number, frames)


def frame_in_line(text: str) -> TakenFrame | None:
    """The frame that a line of a kernel log, of rasdaemon or of mcelog speaks of; None without one."""
    address = _ADDRESSES.search(text)
    if address is not None:
        return _of_address(int(address[1], 16))
    for line in _LOG_LINES:
        found = line.search(text)
        if found is not None:
            pfn = int(found[1], 16)
            return TakenFrame(pfn, f"frame {pfn:#x}, of the log line “{found[0]}”")
    return _in_other_wording(text)


def _in_other_wording(text: str) -> TakenFrame | None:
    """The frame of a line in a wording that only the reader of logs knows, such as that of early kernels."""
    from hwpoison_gui.sources.records.lines import meaning_of  # imported here to keep start-up fast
    from hwpoison_gui.sources.records.prefixes import stamped

    line = stamped(text).text
    meaning = meaning_of(line)
    if meaning is None or meaning.pfn is None:
        return None
    return TakenFrame(meaning.pfn, f"frame {meaning.pfn:#x}, of the log line “{line[:40]}…”")


def frame_of_number(number: int, frames: int) -> TakenFrame:
    """The frame of a number: a pfn, or a physical address in bytes if the machine has no such pfn."""
    if frames <= number and number >> PAGE_SHIFT < frames:
        return _of_address(number)
    return TakenFrame(number, f"frame {number:#x} = {number:,}")


def _of_address(address: int) -> TakenFrame:
    pfn = address >> PAGE_SHIFT
    return TakenFrame(pfn, f"frame {pfn:#x}, of the physical address {address:#x}", address)


def hint_for(text: str) -> str:
    """Return a hint for a hexadecimal number without 0x; empty for other texts."""
    text = text.strip()
    return f"a hexadecimal number is written 0x{text}" if _BARE_HEX.fullmatch(text) else ""
