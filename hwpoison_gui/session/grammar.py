"""Parsers for the strings of a scenario: addresses, pages, placeholders of log lines.

They check the form only. scenario/names.py checks that the names exist; world.py resolves them.
"""

from __future__ import annotations

import re
from typing import Final

from hwpoison_gui.record import Record


class Address(Record):
    """`AREA+PAGE` in a task: the name of a VMA, and a page from its start."""

    area: str
    page: int


class TaskPage(Record):
    """`TASK:AREA+PAGE`: the page that the PTE of an address leads to. TASK may be `COMM:PID`, as the kernel logs it."""

    task: str
    at: Address


class FilePage(Record):
    """`FILE@INDEX`: a page of a file in the page cache."""

    path: str
    page: int


class PfnPage(Record):
    """`pfn:0x1234`."""

    pfn: int


class NamedPage(Record):
    """`@NAME`: a page that was remembered."""

    name: str


class AnyPage(Record):
    """`any:KIND`: some page of a kind."""

    kind: str


BarePage = TaskPage | FilePage | PfnPage | NamedPage | AnyPage


class HeadPage(Record):
    """`head:FRAME`: the compound head of a page."""

    page: BarePage


Page = BarePage | HeadPage

PAGE_FORMS: Final = "TASK:AREA+PAGE, FILE@INDEX, pfn:0x1234, @NAME, any:KIND or head: before one of them"

FRAMES_FORMS: Final = "N, N+M for the M frames from N, or N+M/S for each S-th frame of them; 0x or decimal"

# Patterns are compiled when the first string is parsed, not at start-up.
_NUMBER: Final = r"(0|[1-9][0-9]{0,15})"
_ADDRESS: Final = rf"([^:+@/{{}}\x00-\x1f\x7f]+)\+{_NUMBER}"
_TASK: Final = r"[^:+@/{}\x00-\x1f\x7f]+(?::[0-9]{1,10})?"
_TASK_PAGE: Final = rf"({_TASK}):([^:]+)"
_FILE_PAGE: Final = rf"(.+)@{_NUMBER}"
_PFN: Final = r"0x([0-9a-fA-F]{1,16})"
_NAME: Final = r"[^:+@/{}\x00-\x1f\x7f]+"
_PATH: Final = r"[^@\x00-\x1f\x7f][^\x00-\x1f\x7f]*"
_COUNT: Final = r"(0[xX][0-9a-fA-F]{1,16}|0|[1-9][0-9]{0,15})"
_FRAMES: Final = rf"{_COUNT}(?:\+{_COUNT}(?:/{_COUNT})?)?"
_PREFIXES: Final = ("pfn:", "any:", "head:")
PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")


def is_name(text: str) -> bool:
    """Return whether `text` may name a task, a VMA or a remembered page: no character that the forms use."""
    return re.fullmatch(_NAME, text) is not None and f"{text}:" not in _PREFIXES


def is_task(text: str) -> bool:
    """Return whether `text` is a name, or `COMM:PID`: a process of a booted machine whose comm an older one has."""
    return re.fullmatch(_TASK, text) is not None and f"{text.partition(':')[0]}:" not in _PREFIXES


def is_path(text: str) -> bool:
    """Return whether a file may have that path: FILE@INDEX must not parse as another form."""
    return re.fullmatch(_PATH, text) is not None and not text.startswith(_PREFIXES)


def parse_address(text: str) -> Address | None:
    """Parse `AREA+PAGE`; None if it has another form."""
    found = re.fullmatch(_ADDRESS, text)
    return Address(found[1], int(found[2])) if found else None


def parse_page(text: str) -> Page | None:
    """Parse a page in any of PAGE_FORMS; None if it has none of them."""
    bare = text
    while bare.startswith("head:"):  # the head of a head is itself
        bare = bare.removeprefix("head:")
    page = _parse_bare(bare)
    return HeadPage(page) if page is not None and bare != text else page


def _parse_bare(text: str) -> BarePage | None:
    if text.startswith("pfn:"):
        digits = re.fullmatch(_PFN, text.removeprefix("pfn:"))
        return PfnPage(int(digits[1], 16)) if digits else None
    if text.startswith("any:"):
        return AnyPage(text.removeprefix("any:"))
    if text.startswith("@"):
        return NamedPage(text[1:]) if is_name(text[1:]) else None
    in_file = re.fullmatch(_FILE_PAGE, text)
    if in_file:
        return FilePage(in_file[1], int(in_file[2]))
    in_task = re.fullmatch(_TASK_PAGE, text)
    at = parse_address(in_task[2]) if in_task else None
    return TaskPage(in_task[1], at) if in_task and at else None


def parse_frames(text: str) -> range | None:
    """Parse a range of frames (FRAMES_FORMS); None if it has another form, or no frame."""
    found = re.fullmatch(_FRAMES, text)
    if found is None:
        return None
    first, frames, stride = (int(digits, 0) if digits else 1 for digits in found.groups())
    return range(first, first + frames, stride) if frames and stride else None


def frames_text(first: int, count: int, stride: int) -> str:
    """The range of `count` frames from `first` on, `stride` frames apart."""
    frames = f"{first:#x}+{(count - 1) * stride + 1:#x}"
    return frames if stride == 1 else f"{frames}/{stride:#x}"


def split_thread(name: str) -> tuple[str, int] | None:
    """Parse NAME or NAME/THREAD of a {pid:…} placeholder into task and thread; None if THREAD is no number."""
    task, slash, thread = name.partition("/")
    if not slash:
        return task, 0
    return (task, int(thread)) if re.fullmatch(_NUMBER, thread) else None
