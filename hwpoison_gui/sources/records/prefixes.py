"""Strips time stamp, host and level from a log line.

Forms: dmesg (plain, -T, --time-format iso, -x, --raw), /dev/kmsg and extended netconsole, journalctl -o short and its
variants, syslog with old and new time stamps.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from hwpoison_gui.record import Record
from hwpoison_gui.sources.records.event import BOOT, NO_CLOCK, WALL
from hwpoison_gui.sources.records.event import UTC as UTC_CLOCK


class Stamped(Record):
    """A parsed line. `from_kernel` is False if the log names another program as its writer."""

    time: float | None
    clock: str
    host: str
    text: str
    from_kernel: bool = True


_MONTH_NAMES: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS: Final = {name: n for n, name in enumerate(_MONTH_NAMES, 1)}
_MONTH: Final = f"(?P<month>{'|'.join(_MONTH_NAMES)})"
_DAY: Final = r"(?P<day>[ \d]?\d)"
_CLOCK: Final = r"(?P<h>\d\d):(?P<m>\d\d):(?P<s>\d\d)(?:[.,](?P<fraction>\d{1,9}))?"
_DATE: Final = r"(?P<year>\d{4})-(?P<mo>\d\d)-(?P<day>\d\d)"
_ZONE: Final = r"(?P<zone>Z|[+-]\d\d:?\d\d)"

_LEVEL: Final = re.compile(r"(?:<\d{1,3}>(?=\S| *\[)(?:\d (?=\d{4}-))?|[a-z0-9]{2,9} {0,6}: ?[a-z]{3,6} {0,4}: ?)")
_CALLER: Final = re.compile(r"\[ {0,6}[TC]\d{1,7}\] ?")
_SENDER: Final = re.compile(r"(?P<host>\S{1,255}) (?P<who>[^ :\[\]]{1,64})(?:\[\d{1,10}\])?: ?")
_SECONDS: Final = re.compile(r"\[ {0,12}(?P<seconds>\d{1,12}\.\d{1,9})\] ?")
_KMSG: Final = re.compile(r"(?:[^ ,;]{1,64},)?\d{1,4},\d{1,20},(?P<micro>\d{1,19}),[-c+][^;]{0,200};")
_UNIX: Final = re.compile(r"(?P<seconds>\d{9,11}\.\d{3,9}) (?=\S+ \S)")

# Each with the clock of its time. Where there is no year or zone, the clock is a wall clock.
_DATES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\[\w{{3}} {_MONTH} {_DAY} {_CLOCK} (?P<year>\d{{4}})\] ?",  # dmesg -T
        rf"\[?{_DATE}[T ]{_CLOCK} ?{_ZONE}\]? ?",  # ISO, RFC 5424
        rf"\w{{3}} {_DATE} {_CLOCK} (?P<zone>UTC|[A-Z]{{3,5}}) ",  # journalctl -o short-full
        rf"\[?{_DATE}[T ]{_CLOCK}\]? ",
        rf"{_MONTH} {_DAY} (?:(?P<year>\d{{4}}) )?{_CLOCK} ",  # syslog
    )
)
NO_YEAR: Final = 1972  # of dates without one: a leap year, for the 29th of February


def stamped(line: str) -> Stamped:
    """Strip everything before the kernel's text; a line without a time stamp stays as it is."""
    level = _LEVEL.match(line)
    if level is not None:
        line = line[level.end() :]
    seconds = _SECONDS.match(line)
    if seconds is not None:
        return _after_seconds(line, seconds)
    kmsg = _KMSG.match(line)
    if kmsg is not None:
        return Stamped(int(kmsg["micro"]) / 1e6, BOOT, "", line[kmsg.end() :])
    unix = _UNIX.match(line)
    if unix is not None:
        return _sent(line[unix.end() :], float(unix["seconds"]), UTC_CLOCK)
    for pattern in _DATES:
        match = pattern.match(line)
        if match is not None:
            time, clock = _time_of(match)
            rest = line[match.end() :]
            if line.startswith("["):  # dmesg -T, which has no host
                return Stamped(time, clock, "", _without_caller(rest))
            return _sent(rest, time, clock)
    return Stamped(None, NO_CLOCK, "", line)


def _after_seconds(line: str, seconds: re.Match[str]) -> Stamped:
    rest = _without_caller(line[seconds.end() :])
    time = float(seconds["seconds"])
    sender = _SENDER.match(rest)
    if sender is not None and sender["who"] == "kernel":  # journalctl -o short-monotonic
        return Stamped(time, BOOT, sender["host"], rest[sender.end() :])
    return Stamped(time, BOOT, "", rest)


def _without_caller(text: str) -> str:
    caller = _CALLER.match(text)
    return text[caller.end() :] if caller is not None else text


def _sent(rest: str, time: float | None, clock: str) -> Stamped:
    """Parse what follows a date: host and program, then often the kernel's own stamp; or the text, as in dmesg."""
    sender = _SENDER.match(rest)
    if sender is None or (sender["who"][0] == "0" and sender["who"].startswith("0x")):
        return Stamped(time, clock, "", _without_stamp(rest))
    if sender["who"] != "kernel" and _is_kernels(rest):
        return Stamped(time, clock, "", rest)
    text = _without_stamp(rest[sender.end() :])
    return Stamped(time, clock, sender["host"], text, sender["who"] == "kernel")


_KERNELS: Final = re.compile(r"Memory failure|MCE|mce:|EDAC|Unpoison|[Ss]oft[ _]offline|RAS:|Injecting|Linux version")


def _is_kernels(text: str) -> bool:
    """Return whether a text from dmesg, which has no host, only looks as if it began with host and program."""
    return _KERNELS.match(text) is not None


def _without_stamp(text: str) -> str:
    seconds = _SECONDS.match(text)
    return _without_caller(text[seconds.end() :] if seconds is not None else text)


def _time_of(match: re.Match[str]) -> tuple[float | None, str]:
    """Seconds since 1970 and the clock of a date; None if there is no such day."""
    found = match.groupdict()
    month = _MONTHS[found["month"]] if found.get("month") else int(found["mo"])
    year = int(found["year"]) if found.get("year") else NO_YEAR
    try:
        when = datetime(year, month, int(found["day"]), int(found["h"]), int(found["m"]), min(59, int(found["s"])))
        zone = _zone(found.get("zone"))
        seconds = when.replace(tzinfo=zone or UTC).timestamp()
    except (ValueError, OverflowError):
        return None, NO_CLOCK
    fraction = float(f"0.{found['fraction']}") if found.get("fraction") else 0.0
    return seconds + fraction, WALL if zone is None else UTC_CLOCK


def _zone(text: str | None) -> timezone | None:
    """A time zone; None if its name does not say its offset."""
    if text in ("Z", "UTC", "GMT"):
        return UTC
    if text is None or text[0] not in "+-":
        return None
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)


def utc_of(text: str) -> tuple[float | None, str]:
    """Time and clock of a rasdaemon time stamp: `2026-11-28 06:56:44 +0000`, or without a zone."""
    for pattern in _DATES:
        match = pattern.match(f"{text} ")
        if match is not None:
            return _time_of(match)
    return None, NO_CLOCK
